"""A filter for tests that measures the surface which its subject lies on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Filter, Input, Result


class Survey(Filter):
    """Counts triangles, islands and seams of the mesh, and changes nothing."""

    name, label, description = "survey", "Survey", "Counts triangles, islands and seams, for tests"
    rank = 98
    inputs = (Input("mesh", "the object that the picture lies on", required=False, kind="mesh"),)

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Any], context: Context) -> Result:
        mesh = inputs.get("mesh")
        if mesh is None:
            return Result(subject, figures={"triangles": 0.0})
        seams, _ = mesh.seams
        figures = {"triangles": len(mesh), "islands": mesh.islands.max() + 1, "seams": len(seams)}
        return Result(subject, figures={name: float(value) for name, value in figures.items()})
