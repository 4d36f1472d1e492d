"""`real-scale`: the width of a picture in metres, from a known length in it."""

from __future__ import annotations

import math
from dataclasses import replace

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters, Point, Result, display_hints

LEAST_PX = 0.25


class RealScaleParameters(Parameters):
    """A line in the picture, and its length in the world."""

    start: Point = Field((0.25, 0.5), description="One end of something whose length is known")
    end: Point = Field((0.75, 0.5), description="Its other end")
    length_m: float = Field(
        0.5,
        gt=0,
        le=1e6,
        description="Length between them in the world, in metres",
        json_schema_extra=display_hints(high=10, decimals=3),
    )


class RealScale(Filter):
    """Keeps the pixels and sets the width in metres; a relief with a known range keeps its proportions."""

    name, label = "real-scale", "Real-world scale"
    description = "Sets a picture's width in metres from a length that is known in it, such as that of a brick"
    rank, task = 27, "scale"
    group = "Prepare"
    example = "bricks.jpg --start 0.2 0.4 --end 0.45 0.4 --length-m 0.24 "
    parameters = RealScaleParameters
    needs_source = True

    def apply(self, subject: Maps, parameters: RealScaleParameters, inputs: Inputs, context: Context) -> Result:
        """The maps with their scale. Raise ParameterError if both ends are the same place."""
        context.progress(0.5, "Measuring the length")
        height, width = subject.size_px
        (x0, y0), (x1, y1) = parameters.start, parameters.end
        length_px = math.hypot((x1 - x0) * width, (y1 - y0) * height)
        if length_px < LEAST_PX:
            raise ParameterError("start and end are the same place", "put them at both ends of the known length")
        width_m = parameters.length_m * width / length_px
        range_m = subject.height_range_m
        if range_m is not None and subject.width_m:
            range_m *= width_m / subject.width_m
        return Result(replace(subject, width_m=width_m, height_range_m=range_m), figures={"width_m": width_m})
