# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators: they gather, call and report."""

from __future__ import annotations

from . import bake, engine, generate, images

CLASSES = (*generate.CLASSES, *images.CLASSES, *engine.CLASSES, *bake.CLASSES)
