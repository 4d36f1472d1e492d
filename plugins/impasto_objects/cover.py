"""`cover-object`: lays or grows a texture over an object in real size, across its UV seams."""

from __future__ import annotations

from dataclasses import replace

from impasto.atlas.mesh import Mesh
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Inputs

from .erase_seams import MESH
from .parameters import CoverObjectParameters


class CoverObject(Generator):
    """Unrolls the charts of an object, and fills them with a texture, or with synthesised texture of its kind."""

    name, label = "cover-object", "Cover object"
    description = "Covers an object with a texture, or with more of its kind, in metres and across UV seams"
    rank = 60
    subgroup = "From a photo"
    example = "--source bricks --mesh house.glb --repeat-m 1.5 --size 2048x2048 --out house-of-bricks.glb"
    parameters = CoverObjectParameters
    inputs = (MESH,)
    needs_source = True

    def apply(self, subject: Maps, parameters: CoverObjectParameters, inputs: Inputs, context: Context) -> Maps:
        """The object's texture, with the subject's maps."""
        from .covering import covering

        mesh: Mesh = inputs["mesh"]
        result = covering(subject, mesh, parameters, context)
        return replace(result, name=subject.name)
