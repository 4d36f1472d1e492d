"""`detail-normals`: fine normals on top of a surface's own, by reoriented normal mapping."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Input, Parameters, display_hints

from .reoriented import normal_of, reorient, repeat, with_strength
from .subject import normals


class DetailNormalsParameters(Parameters):
    """Parameters of the detail."""

    scale: float = Field(
        1.0,
        ge=0.05,
        le=8,
        description="Size of the detail, which fits in a whole number of times; 1: its own pixels, 0.5: finer",
        json_schema_extra=display_hints(high=2),
    )
    strength: float = Field(
        1.0,
        ge=0,
        le=4,
        description="Steepness of the detail; 1: as its normals have it",
        json_schema_extra=display_hints(high=2),
    )


class DetailNormals(Filter):
    """Lays the normals of a second set over the subject's."""

    name, label = "detail-normals", "Detail normals"
    description = "Adds the relief of a second normal map to a first, such as pores to bricks"
    rank = 63
    group = "Maps"
    example = "brick_normal.png --detail pores_normal.png --scale 0.5 "
    parameters = DetailNormalsParameters
    needs = ("normal",)
    inputs = (Input("detail", "normal map of the detail, or a set that has one; it is repeated"),)

    def apply(
        self, subject: Maps, parameters: DetailNormalsParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Maps:
        """The subject with reoriented normals of unit length; its height does not have the detail."""
        context.progress(0.2, "repeating the detail")
        detail = normals(normal_of(inputs["detail"]))
        fine = repeat(detail, subject.size_px, parameters.scale)
        context.progress(0.6, "turning the detail onto the surface")
        combined = reorient(normals(subject), with_strength(fine, parameters.strength))
        if "height" in subject:
            context.note("the detail is in the normals only: the height is as before")
        return subject.with_arrays({"normal": np.clip(combined, 0, 1)})
