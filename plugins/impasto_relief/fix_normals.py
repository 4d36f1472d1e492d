"""`fix-normals`: gives normals unit length and OpenGL's sign."""

from __future__ import annotations

from typing import Literal

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Inputs, Parameters

from .signs import Green, as_opengl, green_field
from .subject import normals, with_blue


class FixNormalsParameters(Parameters):
    """Present convention of the normals, and the wanted one."""

    green: Green = green_field()
    blue: Literal["keep", "rebuild"] = Field(
        "keep", description="Keep the blue channel, or compute it from red and green, as maps of two channels need"
    )
    renormalise: bool = Field(True, description="Give every normal unit length")


class FixNormals(Filter):
    """Turns DirectX normals into OpenGL's, as all tools expect, and gives them unit length."""

    name, label = "fix-normals", "Fix normals"
    description = "Turns a normal map for DirectX into one for OpenGL, and gives normals unit length"
    rank = 64
    group = "Maps"
    example = "brick_normal.png --format png16 "
    parameters = FixNormalsParameters
    needs = ("normal",)

    def apply(self, subject: Maps, parameters: FixNormalsParameters, inputs: Inputs, context: Context) -> Maps:
        """The subject with fixed normals. Raise ParameterError if their sign has to be detected and cannot be."""
        from impasto.surface.orientation import unit_normals

        height = subject["height"].pixels[..., 0] if "height" in subject else None
        subject_normals = normals(with_blue(subject) if parameters.blue == "rebuild" else subject)
        normal = as_opengl(subject_normals, height, parameters.green, context, must_know=True)
        context.progress(0.7, "giving the normals unit length")
        normal = unit_normals(normal) if parameters.renormalise else normal
        return subject.with_arrays({"normal": np.ascontiguousarray(normal)})
