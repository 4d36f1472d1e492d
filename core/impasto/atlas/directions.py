"""Directions of strokes and patterns on a mesh, from a flow map in UV space.

Red is the component of a direction along U, green that along V; 0.5 is 0.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import ParameterError
from ..texture import LINEAR_FORMATS, Maps
from .charts import slopes_of
from .mesh import Mesh, unit_vectors

LEAST = 0.02
"""Length of a vector below which it is no direction: 8 bits cannot represent 0.5."""
PARTS = 6
"""Divisions of each side of a triangle, for samples of the image at the centres of the small triangles."""
REMEDY = "save it as PNG, with red along U and green along V, where 0.5 is no direction"


def directed(mesh: Mesh, image: Maps) -> Mesh:
    """The mesh with directions from an image, averaged over each triangle; its own ones where the image has none.

    Raise ParameterError if the image cannot contain directions: it is grey, or its values were encoded as colours.
    """
    texture = image.textures.get("base_color")
    if texture is None or image.name.lower().endswith(LINEAR_FORMATS) or texture.color_space == "linear":
        raise ParameterError("{} is no flow map: its values are no plain ones", REMEDY, image.name or "the picture")
    if not np.ptp(texture.pixels, axis=2).any():
        raise ParameterError("{} is grey, so it has no directions", REMEDY, image.name or "the picture")
    flow = texture.pixels[..., :2].astype(np.float64) * 2 - 1
    flow[np.linalg.norm(flow, axis=2) < LEAST] = 0
    uvs = mesh.uvs if image.sheet is None else image.sheet.uvs_of(mesh.uvs)
    vectors = _means(flow, uvs.astype(np.float64))
    if image.sheet is not None:
        vectors[image.sheet.numbers_of(mesh.uvs) == 0] = 0
    found = (vectors[:, None] @ _tangents(mesh))[:, 0]
    has_any = np.linalg.norm(vectors, axis=1) >= LEAST
    own = np.zeros_like(mesh.positions) if mesh.directions is None else mesh.directions
    directions = np.where(has_any[:, None, None], found[:, None], own).astype(np.float32)
    return replace(mesh, directions=directions) if directions.any() else mesh


def _means(values: np.ndarray, uvs: np.ndarray) -> np.ndarray:
    """Means (T, C) of values (H, W, C), which repeat, over triangles with UVs (T, 3, 2)."""
    height, width = values.shape[:2]
    total = np.zeros((len(uvs), values.shape[2]))
    corner, *edges = uvs[:, 0], uvs[:, 1] - uvs[:, 0], uvs[:, 2] - uvs[:, 0]
    places = [(a + third, b + third) for third in (1 / 3, 2 / 3) for a in range(PARTS) for b in range(PARTS)]
    inside = [(a / PARTS, b / PARTS) for a, b in places if a + b < PARTS]
    for a, b in inside:
        u, v = (corner + a * edges[0] + b * edges[1]).T
        row, column = np.floor((1 - v) * height).astype(np.int64) % height, np.floor(u * width).astype(np.int64) % width
        total += values[row, column]
    return total / len(inside)


def _tangents(mesh: Mesh) -> np.ndarray:
    """Unit vectors (T, 2, 3) in space, along U and, at a right angle, towards V; 0 without an area in UV space."""
    slopes = slopes_of(mesh.uvs, mesh.positions.astype(np.float64), 1e-18)
    along = unit_vectors(slopes[:, 0])
    across = slopes[:, 1] - (slopes[:, 1] * along).sum(1, keepdims=True) * along
    return np.stack([along, unit_vectors(across)], 1)
