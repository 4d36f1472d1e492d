"""Triplanar projection: a pattern projected along X, Y and Z, blended by the surface's direction."""

from __future__ import annotations

import numpy as np

from impasto.atlas.charts import Charts, linear_map, slopes_of
from impasto.atlas.gutters import centres
from impasto.atlas.sampling import nearest_values, samples
from impasto.texture import NORMAL_MAPS, Maps

PROJECTIONS = ((1, 2), (0, 2), (0, 1))
"""Spatial axes along the pattern's U and V, for projection along X, Y and Z."""


def triplanar(subject: Maps, charts: Charts, repeat_m: float, turn: float, sharpness: float) -> Maps:
    """The subject's maps on a mesh's texture, blended by the normals' components to the power of `sharpness`.

    Normals are blended as slopes along the surface (UDN). turn: rotation of the pattern in each projection, in degrees.
    """
    surface = _Surface.of(charts)
    weights = np.abs(surface.normals) ** sharpness
    weights /= weights.sum(-1, keepdims=True)
    height, width = subject.size_px
    angle = np.deg2rad(turn)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    arrays = {}
    for name, texture in subject.items():
        total = np.zeros((*charts.size_px, texture.pixels.shape[2]), np.float32)
        for axis, (across, up) in enumerate(PROJECTIONS):
            flat = linear_map(surface.positions[..., [across, up]], rotation)
            places = np.stack([flat[..., 0] / repeat_m, -flat[..., 1] / (repeat_m * height / width)], -1)
            values = samples(texture.pixels, places, width / repeat_m * surface.texel_m)
            if name in NORMAL_MAPS:
                slopes = linear_map(values[..., :2] * 2 - 1, rotation.T)
                values = surface.normals_along(slopes, across, up)
            total += weights[..., axis, None].astype(np.float32) * values
        arrays[name] = total
    return Maps.from_arrays(arrays, height_range_m=subject.height_range_m)


class _Surface:
    """Positions and normals (H, W, 3) of a texture's texels in space, and their tangents along U and V."""

    def __init__(self, positions: np.ndarray, normals: np.ndarray, tangents: np.ndarray, texel_m: np.ndarray) -> None:
        self.positions, self.normals, self.tangents, self.texel_m = positions, normals, tangents, texel_m

    @classmethod
    def of(cls, charts: Charts) -> _Surface:
        triangle = nearest_values(charts.texels, charts.texels)
        mesh, corners = charts.mesh, charts.corners
        slopes = slopes_of(corners, np.broadcast_to(np.eye(3), (len(mesh), 3, 3)), 1e-12)
        there, sides = centres(charts.size_px), np.array(charts.size_px)[::-1]
        there += np.round((corners.mean(1)[triangle] - there) / sides) * sides
        weights = np.einsum("hwi,hwik->hwk", there - corners[triangle, 0], slopes[triangle])
        weights[..., 0] += 1  # barycentric
        inside = weights.clip(0, 1)  # normals do not continue beyond the triangle
        positions = np.einsum("hwk,hwkc->hwc", weights, mesh.positions[triangle])
        normals = np.einsum("hwk,hwkc->hwc", inside, mesh.smooth_normals[triangle])
        normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
        along_u, along_down = np.moveaxis((slopes @ mesh.positions)[triangle], -2, 0)
        tangent = along_u - (along_u * normals).sum(-1, keepdims=True) * normals
        tangent /= np.maximum(np.linalg.norm(tangent, axis=-1, keepdims=True), 1e-12)
        bitangent = np.cross(normals, tangent)
        bitangent *= np.where((bitangent * along_down).sum(-1, keepdims=True) > 0, -1, 1)
        texel_m = charts.texel_areas[charts.chart[triangle]] ** 0.5
        return cls(positions, normals, np.stack([tangent, bitangent], -2), texel_m)

    def normals_along(self, slopes: np.ndarray, across: int, up: int) -> np.ndarray:
        """Encoded tangent-space normals of vectors (H, W, 2) along two axes of space."""
        vector = np.zeros((*slopes.shape[:2], 3))
        vector[..., across], vector[..., up] = slopes[..., 0], slopes[..., 1]
        flat = np.einsum("hwc,hwkc->hwk", vector, self.tangents)
        upwards = np.sqrt(np.maximum(1 - (flat**2).sum(-1, keepdims=True), 0.0))
        return (np.concatenate([flat, upwards], -1) * 0.5 + 0.5).astype(np.float32)
