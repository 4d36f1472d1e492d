# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks from Blender's mask datablocks: the areas of their closed splines."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np
from mathutils.geometry import interpolate_bezier

from ..core.errors import ParameterError
from ..core.system.untrusted import excerpt
from . import shapes

STEPS = 24
"""Straight pieces of each curve between two points."""


def choice(context: bpy.types.Context, name: str) -> bpy.types.Mask:
    """Mask of this name, or else the image editor's, or the first. ParameterError if there is none."""
    if name:
        found = bpy.data.masks.get(name)
    else:
        found = getattr(context.space_data, "mask", None) or next(iter(bpy.data.masks), None)
    if found is None:
        what = f"there is no mask called {excerpt(name)}" if name else "there is no mask"
        raise ParameterError(what, "draw one in the image editor's Mask mode")
    return found


def mask_in(mask: bpy.types.Mask, size_px: shapes.Size) -> np.ndarray:
    """The areas of the visible layers' closed splines, at this size; feathers do not count."""
    found = np.zeros(size_px, bool)
    for layer in mask.layers:
        if not layer.hide:
            area = np.zeros(size_px, bool)
            for spline in layer.splines:
                if spline.use_cyclic and spline.use_fill:
                    area |= shapes.polygon(size_px, list(_outline(spline, size_px)))
            found |= ~area if layer.invert else area
    return found


def _outline(spline: bpy.types.MaskSpline, size_px: shapes.Size) -> Iterator[shapes.Position]:
    """Outline in pixels from the upper left: Blender's masks are square, and centred on the longer side."""
    height, width = size_px
    longest = max(size_px)
    points = list(spline.points)
    for start, end in zip(points, points[1:] + points[:1], strict=True):
        for x, y in _curve(start, end):
            yield (x - 0.5) * longest + width / 2, (0.5 - y) * longest + height / 2


def _curve(start: bpy.types.MaskSplinePoint, end: bpy.types.MaskSplinePoint) -> list[tuple[float, float]]:
    """Positions between two points, without the last."""
    knots = (start.co, start.handle_right, end.handle_left, end.co)
    return [(point[0], point[1]) for point in interpolate_bezier(*(knot.to_3d() for knot in knots), STEPS + 1)[:-1]]
