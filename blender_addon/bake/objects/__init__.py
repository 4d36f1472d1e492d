# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of a bake: which share a set, which high object belongs to which low one, and what may go wrong with them."""
