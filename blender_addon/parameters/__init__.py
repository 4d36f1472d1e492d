# SPDX-License-Identifier: GPL-3.0-or-later
"""A tool's JSON Schema as Blender properties of each scene."""
