"""Converts normals to OpenGL's sign."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.surface.heights import slopes_from_normal
from impasto.surface.orientation import flip, orientation
from impasto.tools import Field

Green = Literal["auto", "up", "down"]


def green_field() -> Any:
    """`green: Green = green_field()`."""
    return Field("auto", description="Direction of the green channel: find it, up (OpenGL), or down (DirectX)")


def as_opengl(
    normal: np.ndarray, height: np.ndarray | None, green: Green, context: Context, *, must_know: bool
) -> np.ndarray:
    """Normals (H, W, 3) in OpenGL's convention; a note names a detected sign.

    height: (H, W) of the same surface, if there is one. must_know: ParameterError if the sign cannot be determined;
    otherwise such normals count as OpenGL's.
    """
    if green == "auto":
        context.progress(0.1, "finding the sign of the normals")
        found = orientation(slopes_from_normal(normal), height)
        if found.by == "flat":
            return normal
        if found.sign is None and must_know:
            message = "the sign of these normals cannot be determined: OpenGL and DirectX fit them equally"
            raise ParameterError(message, "say whether green points up or down, or add the surface's height map")
        if found.sign is None:
            context.note("the sign of the normals cannot be determined: they count as OpenGL's")
        elif must_know or found.sign == "directx":
            name = {"opengl": "OpenGL", "directx": "DirectX"}[found.sign]
            context.note("the normals are those of {} (confidence {:.0%})", name, found.confidence)
        green = "down" if found.sign == "directx" else "up"
    return flip(normal) if green == "down" else normal
