# SPDX-License-Identifier: GPL-3.0-or-later
"""Image editors: settings of their view and of the brush, positions in them, and the tiles that they show.

View positions are (x, y) in tiles from the lower left corner of the image, as Blender's own view has them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty

from ..bridge import image_editors
from ..bridge.tiles import TILED
from ..tools.form import Form, with_properties
from .regions import grid_of
from .shapes import Position

BRUSH, LASSO, BOX = "BRUSH", "LASSO", "BOX"
MOST_RADIUS_PX = 2048


def _view_changed(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    image_editors.redraw()


@with_properties(Form, "across_seams")
class RegionSettings(bpy.types.PropertyGroup):
    """View of the image editors, and the brush."""

    is_shifted: BoolProperty(
        name="Shifted by Half",
        description="Show images shifted by half in both directions, so that their borders meet in the middle. "
        "The images themselves stay as they are",
        update=_view_changed,
    )
    shape: EnumProperty(
        name="Shape",
        description="What a drag paints",
        items=(
            (BRUSH, "Brush", "A stroke of a round brush"),
            (LASSO, "Lasso", "The area around which you draw"),
            (BOX, "Box", "A rectangle from corner to corner"),
        ),
    )
    radius_px: IntProperty(
        name="Radius",
        description="Radius of the brush in pixels of the image",
        default=24,
        min=1,
        max=MOST_RADIUS_PX,
        soft_max=256,
        subtype="PIXEL",
    )


def settings_of(context: bpy.types.Context) -> RegionSettings:
    """The settings of the context's scene."""
    return context.scene.impasto_region


POINTER = (bpy.types.Scene, "impasto_region", RegionSettings)


FAR_PX = 4096
"""Distance over which the view is measured."""
MOST_TILES = 64
"""Tiles along each side that are drawn at most: more are specks."""
Rectangle = tuple[float, float, float, float]
"""Left, bottom, right, top."""
Tile = tuple[Rectangle, Rectangle]
"""Place at which something is drawn, in pixels of the region, and the part of the picture that is drawn there."""


@dataclass(frozen=True)
class EditorView:
    """View of an image in a region of an editor.

    scale: pixels of the screen in one tile; origin: where its lower left corner is. is_shifted: the picture is drawn
    shifted by half. repeats: it is shown beside itself, too. shape: rows and columns of tiles that a tiled image has
    (UDIM), which is never shifted or repeated.
    """

    scale: Position
    origin: Position
    is_shifted: bool = False
    repeats: bool = False
    shape: tuple[int, int] = (1, 1)

    @classmethod
    def of(cls, region: bpy.types.Region, space: bpy.types.SpaceImageEditor, is_shifted: bool) -> EditorView:
        """View of an image editor's main region."""
        low, high = (region.view2d.region_to_view(far, far) for far in (0, FAR_PX))
        across, up = (FAR_PX / (end - start) for start, end in zip(low, high, strict=True))
        scale, origin = (across, up), (-low[0] * across, -low[1] * up)
        if space.image and space.image.source == TILED:
            return cls(scale, origin, shape=grid_of(space.image).shape)
        return cls(scale, origin, is_shifted, space.show_repeat)

    @property
    def wraps(self) -> bool:
        """Whether what is painted beyond a border continues on the opposite side."""
        return self.is_shifted or self.repeats

    def to_screen(self, position: Position) -> Position:
        """Pixels of the region at a view position."""
        x, y = (start + side * part for start, side, part in zip(self.origin, self.scale, position, strict=True))
        return x, y

    def to_image(self, at: Position, size_px: tuple[int, int]) -> Position:
        """Pixel of the image (x, y from the upper left) that is shown at a pixel of the region.

        Where the view wraps it may lie beyond the image, so that strokes stay connected.
        """
        x, y = ((part - start) / side for start, side, part in zip(self.origin, self.scale, at, strict=True))
        shift = 0.5 if self.is_shifted else 0.0
        (rows, columns), (height, width) = self.shape, size_px
        return (x + shift) * width / columns, (rows - y - shift) * height / rows

    def pixel_scale(self, size_px: tuple[int, int]) -> Position:
        """Pixels of the screen in one pixel of the image, across and up."""
        (rows, columns), (height, width) = self.shape, size_px
        return self.scale[0] * columns / width, self.scale[1] * rows / height

    def tiles(self, window_px: tuple[int, int]) -> list[Tile]:
        """Tiles in which the picture is drawn in a region of this (width, height).

        A picture that is shifted by half is cut there: no rectangle has a border of the picture within it.
        """
        if self.shape != (1, 1):
            return [((*self.to_screen((0, 0)), *self.to_screen(self.shape[::-1])), (0.0, 0.0, 1.0, 1.0))]
        parts = []
        for axis in (0, 1):
            low, high = -self.origin[axis] / self.scale[axis], (window_px[axis] - self.origin[axis]) / self.scale[axis]
            parts.append(_parts(self.is_shifted, math.floor(low), math.ceil(high), self.repeats))
        return [
            ((*self.to_screen((x0, y0)), *self.to_screen((x1, y1))), (u0, v0, u1, v1))
            for y0, y1, v0, v1 in parts[1]
            for x0, x1, u0, u1 in parts[0]
        ]


def _parts(is_shifted: bool, low: int, high: int, repeats: bool) -> list[tuple[float, float, float, float]]:
    """Parts of one axis: from, to, and which part of the picture they show, between two whole tiles."""
    whole = [(0.0, 0.5, 0.5, 1.0), (0.5, 1.0, 0.0, 0.5)] if is_shifted else [(0.0, 1.0, 0.0, 1.0)]
    tiles = range(max(low, -MOST_TILES // 2), min(high, MOST_TILES // 2)) if repeats else range(1)
    return [(tile + start, tile + end, u0, u1) for tile in tiles for start, end, u0, u1 in whole]
