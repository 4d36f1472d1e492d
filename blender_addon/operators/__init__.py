# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators: they gather, call and report."""

from __future__ import annotations

from . import assets, assigning, bake, engine, generate, images, models, stylize, train, variations, weights

MODULES = (generate, assigning, images, engine, bake, train, models, variations, stylize, weights, assets)
CLASSES = tuple(cls for module in MODULES for cls in module.CLASSES)
