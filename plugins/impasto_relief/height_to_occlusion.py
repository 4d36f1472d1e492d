"""`height-to-occlusion`: how much of the sky is visible from each point of a height map."""

from __future__ import annotations

from dataclasses import replace

from impasto.context import Context
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, display_hints

from .subject import range_field, scale_m, values


class HeightToOcclusionParameters(Parameters):
    """Parameters of the occlusion."""

    radius: float = Field(
        0.06,
        ge=0.002,
        le=0.5,
        description="Distance over which things shade each other, relative to the picture's width",
        json_schema_extra=display_hints(high=0.2, decimals=3),
    )
    strength: float = Field(1.0, ge=0, le=4, description="Darkness of crevices; 1: as an even sky lights them")
    bent_normals: bool = Field(
        False, description="Also make bent normals, which point to the open sky, for renderers that light by them"
    )
    height_range_m: float = range_field()
    tiling: Tiling = tiling_field()


class HeightToOcclusion(Filter):
    """Computes ambient occlusion from the horizons of a height map."""

    name, label = "height-to-occlusion", "Height to occlusion"
    description = "Makes the ambient occlusion of a height map, from the horizon around each point"
    rank = 62
    group = "Maps"
    example = "brick_height.png --height-range-m 0.02 "
    parameters = HeightToOcclusionParameters
    needs = ("height",)

    def apply(self, subject: Maps, parameters: HeightToOcclusionParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with `ambient_occlusion`, optionally `bent_normal`, and the height range used for both."""
        import torch

        from impasto.numerics.borders import with_margin
        from impasto.surface.relief import sky_over, without_rounding

        height = values(subject, "height")[..., 0]
        if height.max() == height.min():
            context.note("the height is flat, so nothing shades it")
        width_m, range_m = scale_m(subject, parameters.height_range_m)
        wraps = tiles(subject, parameters.tiling)
        smooth = without_rounding(torch.from_numpy(height).to(context.device))
        rows, columns = subject.size_px
        height_px = smooth * (range_m / width_m * columns)
        radius_px = parameters.radius * columns
        margin = 0 if all(wraps) else int(radius_px) + 1
        on_progress = lambda fraction: context.progress(0.05 + 0.9 * fraction, "looking for the horizon")  # noqa: E731
        sky = sky_over(with_margin(height_px, margin, wraps), radius_px, on_progress)
        inner = (..., slice(margin, margin + rows), slice(margin, margin + columns))
        arrays = {"ambient_occlusion": (sky.occlusion[inner] ** parameters.strength).cpu().numpy()}
        if parameters.bent_normals:
            arrays["bent_normal"] = (0.5 + 0.5 * sky.bent_normal[inner]).permute(1, 2, 0).cpu().numpy()
        maps = subject.with_arrays(arrays)
        return replace(maps, width_m=width_m, height_range_m=range_m)
