"""`height-to-normal`: the normals of a height map."""

from __future__ import annotations

from dataclasses import replace

from impasto.context import Context
from impasto.data.tiling import Tiling, tiles, tiling_field
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, display_hints

from .subject import range_field, scale_m, values


class HeightToNormalParameters(Parameters):
    """Parameters of the normals."""

    strength: float = Field(
        1.0,
        ge=-16,
        le=16,
        description="Steepness; 1: as the height has it, 2: twice as steep, below 0: upside down",
        json_schema_extra=display_hints(low=0, high=4),
    )
    height_range_m: float = range_field()
    tiling: Tiling = tiling_field()


class HeightToNormal(Filter):
    """Derives normals from height by central differences."""

    name, label = "height-to-normal", "Height to normal"
    description = "Makes the normal map of a height map"
    rank = 61
    group = "Maps"
    example = "brick_height.png --height-range-m 0.02 --format png16 "
    parameters = HeightToNormalParameters
    needs = ("height",)

    def apply(self, subject: Maps, parameters: HeightToNormalParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with `normal`, and the height range used for it."""
        import torch

        from impasto.numerics.borders import with_margin
        from impasto.surface.relief import normal_from_height, without_rounding

        height = values(subject, "height")[..., 0]
        if height.max() == height.min():
            context.note("the height is flat, and so are the normals")
        width_m, range_m = scale_m(subject, parameters.height_range_m)
        wraps = tiles(subject, parameters.tiling)
        context.progress(0.3, "turning height into normals")
        smooth = without_rounding(torch.from_numpy(height).to(context.device))
        height_px = smooth * (parameters.strength * range_m / width_m * subject.size_px[1])
        normal = normal_from_height(with_margin(height_px, 1, wraps, is_odd=True))[:, 1:-1, 1:-1]
        maps = subject.with_arrays({"normal": normal.permute(1, 2, 0).cpu().numpy()})
        return replace(maps, width_m=width_m, height_range_m=range_m)
