# SPDX-License-Identifier: GPL-3.0-or-later
"""Materials and objects of a .blend as sources, and the recipe that remembers what a bake came of."""
