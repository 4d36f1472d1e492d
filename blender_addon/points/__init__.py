# SPDX-License-Identifier: GPL-3.0-or-later
"""Points of tools as handles on the picture."""
