"""The filter `marks`: traces of use on any surface, such as cracks, footprints, splatters of paint and graffiti."""

from __future__ import annotations

from typing import Any

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Filter, Inputs, Parameters

from .catalogue import FILTERS, parameters_of
from .cover import UNKNOWN_WIDTH_M

LARGEST_SHARE = 0.3
"""Largest size of a mark, relative to the width of the picture."""


class Marks(Filter):
    """Draws marks on its subject, with all maps."""

    name, label = "marks", "Marks"
    description = (
        "Marks of use and details on any material: cracks, stains, paint, prints, dirt in joints, "
        "crumbling mortar, streaks, oil, folds, flecks, glow or the look of brushwork"
    )
    group = "Age"
    needs = ("base_color", "height")
    parameters = parameters_of("Marks", FILTERS["marks"], Parameters, {})

    def apply(self, subject: Maps, parameters: Any, inputs: Inputs, context: Context) -> Maps:
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
