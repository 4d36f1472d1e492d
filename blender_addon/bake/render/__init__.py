# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking here: a temporary scene of copies, Cycles, and the maps that come of it."""
