# SPDX-License-Identifier: GPL-3.0-or-later
"""Endless materials: nodes that blend random pieces of a material's maps, and their bake into plain ones."""
