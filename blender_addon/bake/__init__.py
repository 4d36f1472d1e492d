# SPDX-License-Identifier: GPL-3.0-or-later
"""Texture baking: an object's materials, procedural or not, become a map set on its own UVs."""
