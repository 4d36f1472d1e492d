# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers: the recipe of a material as a stack of tools, which can be changed and run again."""
