# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's data as maps and back: images, materials, render results. Row order and colour management end here."""
