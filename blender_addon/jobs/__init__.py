# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that run beside Blender, and the operators that start them."""
