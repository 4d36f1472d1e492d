"""`crop-period`: the part of a picture whose opposite borders continue each other best."""

from __future__ import annotations

from dataclasses import replace

from impasto.context import Context
from impasto.surface.wrapping import seam_z
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, Result

LEAST_PX = 16


class CropPeriodParameters(Parameters):
    """Smallest part of the picture to keep."""

    keep: float = Field(
        0.5, ge=0.1, le=1, description="Least part of the width and of the height that is kept; less may wrap better"
    )


class CropPeriod(Filter):
    """Crops all maps to whole periods of a regular pattern, or else where the borders happen to agree best."""

    name, label = "crop-period", "Crop to whole periods"
    description = "Crops bricks, tiles or weaves to whole periods, and other pictures where their borders agree best"
    rank = 28
    group = "Prepare"
    example = "bricks.jpg --keep 0.6 "
    parameters = CropPeriodParameters
    needs_source = True
    keeps_size = False

    def apply(self, subject: Maps, parameters: CropPeriodParameters, inputs: Inputs, context: Context) -> Result:
        """The cropped maps, with the visibility of the seam before and after as figures."""
        from .light import luma_of
        from .periods import best_crop, periods_of

        context.progress(0.0, "Looking for a pattern")
        height, width = subject.size_px
        if min(height, width) < LEAST_PX or parameters.keep == 1:
            return Result(subject)
        picture = luma_of(subject, context.device)
        periods = periods_of(picture)
        context.progress(0.3, "Comparing borders")
        top, left, rows, columns = best_crop(picture, periods, parameters.keep, context.check)
        down, across = (
            round(side / period) if period else 0 for side, period in zip((rows, columns), periods, strict=True)
        )
        if any(periods):
            context.note("periods kept: {} across and {} down", across, down)
        window = slice(top, top + rows), slice(left, left + columns)
        textures = {name: replace(one, pixels=one.pixels[window].copy()) for name, one in subject.items()}
        width_m = subject.width_m and subject.width_m * columns / width
        cropped = replace(subject, textures=textures, width_m=width_m)
        return Result(cropped, figures={"seam_before": _seam(subject), "seam_after": _seam(cropped)})


def _seam(maps: Maps) -> float:
    """The more visible of both seams, as a z-score."""
    name = "base_color" if "base_color" in maps else next(iter(maps))
    return max(seam_z(maps[name].pixels))
