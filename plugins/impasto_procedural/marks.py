"""The filter `marks`: traces of use on any surface, such as cracks, footprints, splatters of paint and graffiti."""

from __future__ import annotations

from typing import Literal

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Color, Field, Filter, Inputs, Parameters, display_hints

from .cover import UNKNOWN_WIDTH_M

LARGEST_SHARE = 0.3
"""Largest size of a mark, relative to the width of the picture."""


class MarksParameters(Parameters):
    """Kind, number, size and colour of the marks."""

    kind: Literal[
        "cracks", "scratches", "stains", "fading", "splatters", "graffiti",
        "lichen", "shells", "line", "hazard-stripes", "peeling-paint", "mould",
        "holes", "footprints", "paw-prints", "tyre-tracks", "fingerprints", "grime",
        "crumbling", "edging", "drapes", "carving",
        "streaks", "oil", "brushwork", "dimples", "glow", "dust",
        "flecks", "confetti", "grains", "pebbles", "leaves", "maple-leaves", "petals", "pods", "scraps", "flakes",
        "chips", "straw", "shavings", "turnings",
    ] = Field("cracks", description="What has left its traces")  # fmt: skip
    amount: float = Field(0.5, ge=0, le=1, description="Number and strength of the marks")
    size_m: float = Field(
        0.1,
        ge=0.001,
        le=10,
        title="Mark Size",
        description="Size of a mark, in metres; for cracks, their distance",
        json_schema_extra=display_hints(high=1, decimals=3),
    )
    color: Color = Field((0.2, 0.2, 0.22), description="Colour of paint, and of what stains")


class Marks(Filter):
    """Draws marks on its subject, with all maps."""

    name, label = "marks", "Marks"
    description = (
        "Marks of use and details on any material: cracks, stains, paint, prints, dirt in joints, "
        "crumbling mortar, streaks, oil, folds, flecks, glow or the look of brushwork"
    )
    group = "Age"
    needs = ("base_color", "height")
    parameters = MarksParameters

    def apply(self, subject: Maps, parameters: MarksParameters, inputs: Inputs, context: Context) -> Maps:
        """Draw the marks on the subject's maps; normals and occlusion follow from the new height."""
        from .canvas import Canvas
        from .cover import drawing_of, redrawn
        from .traces import TRACES

        context.progress(0.0, "Drawing {}", parameters.kind)
        width_m = min(max(subject.width_m or UNKNOWN_WIDTH_M, 0.001), 100.0)
        canvas = Canvas(subject.size_px, width_m, int(context.rng.integers(2**31)), context.device)
        size_m = min(parameters.size_m, LARGEST_SHARE * min(canvas.width_m, canvas.height_m))
        drawing = drawing_of(subject, canvas)
        if parameters.amount:
            color = canvas.color(parameters.color)
            drawing = TRACES[parameters.kind](canvas, drawing, parameters.amount, size_m, color)
        return redrawn(subject, drawing, canvas)
