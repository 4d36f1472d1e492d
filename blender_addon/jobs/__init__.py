# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that run in the background of Blender, and the operators that start them."""
