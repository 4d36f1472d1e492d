"""Rotates, crops and scales all maps of a surface, to prepare a source for another tool."""

from __future__ import annotations

from typing import Annotated

from impasto import hookimpl
from impasto.context import Context
from impasto.surface.resizing import PixelArt
from impasto.texture import Maps
from impasto.tools import Angle, Field, Filter, Inputs, Parameters, Tool, display_hints

Left = Annotated[float, Field(title="Left", ge=0, le=1)]
Top = Annotated[float, Field(title="Top", ge=0, le=1)]
Right = Annotated[float, Field(title="Right", ge=0, le=1)]
Bottom = Annotated[float, Field(title="Bottom", ge=0, le=1)]


class TransformParameters(Parameters):
    """The steps of the transformation, in order."""

    rotate: Angle = Field(
        0.0,
        ge=-360,
        le=360,
        description="Turn counter-clockwise; unless that is a multiple of 90°, the largest upright part with the same "
        "proportions is kept",
    )
    crop: tuple[Left, Top, Right, Bottom] = Field(
        (0.0, 0.0, 1.0, 1.0),
        description="Left, top, right and bottom of the part to keep: 0, 0, 0.75, 1 leaves out the right quarter",
    )
    scale: float = Field(
        1.0,
        ge=0.001,
        le=16,
        description="New size relative to the picture's: 0.25 makes 1024 pixels of 4096",
        json_schema_extra=display_hints(high=1, decimals=4),
    )
    pixel_art: PixelArt = Field(
        "auto",
        description="Copy pixels instead of blending them, so that there are no new colours: if the picture has few, "
        "always, or never",
    )


class Transform(Filter):
    """Rotates, crops and scales maps; their width in metres becomes that of the remaining part."""

    name, label = "transform", "Rotate, crop, scale"
    description = "Rotates, crops and scales a picture or a map set, normals included"
    group = "Prepare"
    task = "prepare"
    parameters = TransformParameters
    needs_source = True

    def apply(self, subject: Maps, parameters: TransformParameters, inputs: Inputs, context: Context) -> Maps:
        """The transformed maps; only `scale` changes the texels' size in metres."""
        from impasto.data.prepare import maps_at_scale
        from impasto.surface.resizing import copies_pixels

        from .geometry import crop_maps, rotate_maps

        context.progress(0.0, "Rotating")
        resamples = parameters.scale != 1 or parameters.rotate % 90
        least = 3 if parameters.scale < 1 or parameters.rotate % 90 else 2
        nearest = bool(resamples) and copies_pixels(subject, parameters.pixel_art, context.note, least)
        maps = rotate_maps(subject, parameters.rotate, nearest)
        maps = crop_maps(maps, parameters.crop)
        context.progress(0.7, "Scaling")
        return maps_at_scale(maps, parameters.scale, nearest)


@hookimpl
def impasto_tools() -> list[Tool]:
    return [Transform()]
