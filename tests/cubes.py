"""Cubes whose faces are UV islands of their own, and textures of them, as tests of meshes need them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from impasto.atlas.charts import Charts
from impasto.atlas.mesh import Mesh
from impasto.atlas.raster import NONE
from impasto.atlas.sampling import nearest_values
from impasto.texture import Maps

SIZE = (192, 192)


def cube(
    size_m: float = 1.0,
    sides: Sequence[float] = (0.3,) * 6,
    turns: Sequence[int] = (0,) * 6,
    mirrored: Sequence[bool] = (False,) * 6,
) -> Mesh:
    """A cube around the origin, seen from outside, whose six faces are islands.

    sides: width of each island in UV space. turns: quarter turns of each. mirrored: whether its UVs are.
    """
    positions, uvs = [], []
    for number, (side, quarters, is_mirrored) in enumerate(zip(sides, turns, mirrored, strict=True)):
        axis, end = divmod(number, 2)
        square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
        others = [(axis + 1) % 3, (axis + 2) % 3]
        corners = np.full((4, 3), float(end))
        corners[:, others] = square if end else square[:, ::-1]
        places = square - 0.5
        places = places * (-1, 1) if is_mirrored else places
        angle = quarters * np.pi / 2
        places = places @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        places = (places + 0.5) * side + (number % 3 / 3 + 0.01, number // 3 / 2 + 0.01)
        for triangle in ([0, 1, 2], [0, 2, 3]):
            positions.append((corners[triangle] - 0.5) * size_m)
            uvs.append(places[triangle])
    return Mesh(np.array(positions, np.float32), np.array(uvs, np.float32), "cube")


def positions_of(mesh: Mesh, size_px=SIZE) -> np.ndarray:
    """Position on a mesh (H, W, 3) of each texel of its texture; 0 where it shows none."""
    charts = Charts.of(mesh, size_px)
    y, x = np.nonzero(charts.texels != NONE)
    triangle = charts.texels[y, x]
    corners = charts.corners[triangle]
    weights = np.linalg.solve(
        (corners[:, 1:] - corners[:, :1]).swapaxes(1, 2), (np.stack([x, y], 1) + 0.5 - corners[:, 0])[..., None]
    )[..., 0]
    weights = np.concatenate([1 - weights.sum(1, keepdims=True), weights], 1)
    found = np.zeros((*size_px, 3), np.float32)
    found[y, x] = (weights[..., None] * mesh.positions[triangle]).sum(1)
    return found


def colors_of(mesh: Mesh, size_px=SIZE) -> Maps:
    """A smooth colour at each position, so that it is the same on both sides of each seam; with a margin."""
    colors = nearest_values(0.5 + 0.4 * np.sin(3 * positions_of(mesh, size_px)), Charts.of(mesh, size_px).texels)
    return Maps.from_arrays({"base_color": colors})
