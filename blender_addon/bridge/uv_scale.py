# SPDX-License-Identifier: GPL-3.0-or-later
"""Choice of a mapping for textures of a known width: by UVs if these lie on objects at one scale and upright, or boxes.

UVs are measured in Blender's units of the world, so that objects that are scaled are measured as they are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from .meshes import values_in

EVEN = 1.6
"""Ratio of the lengths of one unit of UVs, on nine tenths of a surface, up to which their scale is one: bricks that are
longer by half on one side, as on a cylinder's, still look like bricks.
"""
UPRIGHT_SHARE = 0.9
"""Share of the upright surface whose textures must stand upright."""
LEVEL = 0.7
"""Height of a unit normal up to which a face counts as upright."""
SMALL = 1e-12
NO_UVS, UNEVEN, TURNED = "NO_UVS", "UNEVEN", "TURNED"
"""Reasons against UVs: there are none, they have several scales, they turn the texture on upright faces."""


@dataclass(frozen=True)
class UvScale:
    """Lengths of one unit of U and of V on objects, in Blender's units, about so where UVs have several.

    object and why: the reason against UVs.
    """

    unit: tuple[float, float] = (1.0, 1.0)
    object: str = ""
    why: str = ""


def of_objects(objects: Sequence[bpy.types.Object]) -> UvScale:
    """Scale of the UVs on the meshes among objects, of the faces in their active slot."""
    units: list[np.ndarray] = []
    reasons: list[tuple[str, str]] = []
    for item in objects:
        if item.type != "MESH" or not item.data.polygons:
            continue
        lengths, areas, is_turned = _lengths(item) if item.data.uv_layers else (np.empty((0, 2)), np.empty(0), False)
        if not len(areas):
            reasons.append((item.name, NO_UVS))
            continue
        low, middle, high = (_quantile(lengths, areas, share) for share in (0.05, 0.5, 0.95))
        units.append(middle)
        if (high > EVEN * low).any() or (np.maximum(middle, units[0]) > EVEN * np.minimum(middle, units[0])).any():
            reasons.append((item.name, UNEVEN))
        elif is_turned:
            reasons.append((item.name, TURNED))
    u, v = np.mean(units, 0) if units else (1.0, 1.0)
    return UvScale((float(u), float(v)), *(reasons[0] if reasons else ()))


def _lengths(item: bpy.types.Object) -> tuple[np.ndarray, np.ndarray, bool]:
    """Lengths (F, 2) of one unit of U and V on each face, their areas (F,), and whether they turn a texture."""
    mesh, count = item.data, len(item.data.polygons)
    layer = next((one for one in mesh.uv_layers if one.active_render), mesh.uv_layers[0])
    points = (
        values_in(mesh.vertices, "co", (len(mesh.vertices), 3), np.float32)
        @ np.array(item.matrix_world.to_3x3(), np.float32).T
    )
    uvs = values_in(layer.uv, "vector", (len(layer.uv), 2), np.float32)
    corners = values_in(mesh.loops, "vertex_index", (len(mesh.loops),), np.int32)
    starts = values_in(mesh.polygons, "loop_start", (count,), np.int32)
    areas = values_in(mesh.polygons, "area", (count,), np.float32).astype(np.float64)
    if len(item.material_slots) > 1:
        slots = values_in(mesh.polygons, "material_index", (count,), np.int32)
        is_own = slots == item.active_material_index
        if is_own.any():
            starts, areas = starts[is_own], areas[is_own]
    loops = starts[:, None] + np.arange(3)  # the first corners of a face stand for all
    a, b, c = np.moveaxis(points[corners[loops]], 1, 0).astype(np.float64)
    edges = np.stack([b - a, c - a], 1)  # (F, 2, 3)
    p, q, r = np.moveaxis(uvs[loops], 1, 0).astype(np.float64)
    spans = np.stack([q - p, r - p], 1)  # (F, 2, 2)
    normal = np.cross(edges[:, 0], edges[:, 1])
    size = np.linalg.norm(normal, axis=1)
    is_whole = (size > SMALL) & (np.abs(np.linalg.det(spans)) > SMALL)
    edges, spans, normal, size, areas = (one[is_whole] for one in (edges, spans, normal, size, areas))
    axes = np.linalg.solve(spans, edges)  # (F, 2, 3): along U and V
    lengths = np.linalg.norm(axes, axis=2)
    is_upright = np.abs(normal[:, 2]) < LEVEL * size
    stands = axes[:, 1, 2] / lengths[:, 1] > np.abs(axes[:, 0, 2] / lengths[:, 0])
    is_turned = areas[is_upright & ~stands].sum() > (1 - UPRIGHT_SHARE) * areas[is_upright].sum()
    return lengths, areas, bool(is_turned)


def _quantile(lengths: np.ndarray, areas: np.ndarray, share: float) -> np.ndarray:
    """Lengths of U and V (2,) below which this share of the area lies."""
    found = []
    for own in lengths.T:
        order = np.argsort(own)
        sums = np.cumsum(areas[order])
        found.append(own[order][min(np.searchsorted(sums, share * sums[-1]), len(own) - 1)])
    return np.array(found)
