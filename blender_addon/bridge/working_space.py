# SPDX-License-Identifier: GPL-3.0-or-later
"""The file's working space, in which Blender holds float images and bakes: Rec.709, or since 5.0 Rec.2020 or ACEScg.

Impasto's colours are linear Rec.709 or sRGB. Both are the same to Blender before 5.0.
"""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Color

ROUNDING = 1e-5
"""Difference from the identity below which a matrix is the identity."""


def name() -> str:
    """Name of the open file's working space; empty before Blender 5.0."""
    return bpy.data.colorspace.working_space if hasattr(bpy.data, "colorspace") else ""


def to_rec709() -> np.ndarray | None:
    """Matrix (3, 3) from scene-linear colours to linear Rec.709, by Blender's conversion; None if they are the same."""
    return _matrix("from_scene_linear_to_rec709_linear")


def from_rec709() -> np.ndarray | None:
    """Matrix (3, 3) from linear Rec.709 to scene-linear colours, by Blender's conversion; None if they are the same."""
    return _matrix("from_rec709_linear_to_scene_linear")


def _matrix(conversion: str) -> np.ndarray | None:
    """Matrix of a conversion that `Color` has since Blender 5.0: its columns are what red, green and blue become."""
    if not hasattr(Color, conversion):
        return None
    columns = [getattr(Color(primary), conversion)() for primary in np.eye(3)]
    matrix = np.array(columns, np.float32).T
    return None if np.abs(matrix - np.eye(3)).max() < ROUNDING else matrix


def convert(colors: np.ndarray, matrix: np.ndarray | None) -> np.ndarray:
    """Colours (…, 3) times a matrix of this module."""
    return colors if matrix is None else colors @ matrix.T
