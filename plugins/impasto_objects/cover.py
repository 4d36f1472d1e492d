"""`cover-object`: a texture laid or grown over an object in its real size, across the object's UV seams."""

from __future__ import annotations

from dataclasses import replace

from impasto.atlas.mesh import Mesh
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Inputs

from .erase_seams import MESH
from .parameters import CoverObjectParameters


class CoverObject(Generator):
    """Lays charts of an object out as if it were unrolled, and fills them with a texture, or with more of its kind."""

    name, label = "cover-object", "Cover object"
    description = "Covers an object with a texture, or with more of its kind, in metres and across UV seams"
    rank = 60
    subgroup = "From a photo"
    example = "--source bricks --mesh house.glb --repeat-m 1.5 --size 2048x2048 --out house-of-bricks.glb"
    parameters = CoverObjectParameters
    inputs = (MESH,)
    needs_source = True

    def apply(self, subject: Maps, parameters: CoverObjectParameters, inputs: Inputs, context: Context) -> Maps:
        """The texture of the object, with the subject's maps."""
        from .covering import covering

        mesh: Mesh = inputs["mesh"]
        made = covering(subject, mesh, parameters, context)
        return replace(made, name=subject.name)
