# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions of images: seen tiled or shifted, painted or taken from a selection, and filled by the engine."""
