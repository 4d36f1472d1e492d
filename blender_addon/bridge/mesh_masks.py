# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks of textures from meshes: selected faces, a vertex group or all faces with a material, at their UVs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy
import numpy as np

from ..core.atlas.raster import NONE, rasterization
from ..core.engine.messages import JobInput
from ..core.errors import ParameterError
from ..core.surface.color import linear_to_srgb
from ..core.udim import square, tile_key, tile_numbers
from .meshes import MeshSurface, selected_faces, values_in
from .tiles import sizes_of

IMAGE, GROUP, COLORS, FACES, MATERIAL = "IMAGE", "GROUP", "COLORS", "FACES", "MATERIAL"
ITEMS = (
    (IMAGE, "Image", "Where the image of the tool's mask is white; without one, everywhere"),
    (GROUP, "Vertex Group", "By the weights of each object's active vertex group"),
    (COLORS, "Color Attribute", "By the lightness of each object's active color attribute"),
    (FACES, "Selected Faces", "On the faces that are selected in edit mode"),
    (MATERIAL, "Material", "On all faces that have the material, where others share its texture"),
)
"""Kinds of masks that restrict a result."""
MASK = "mask"
"""Name of the input with the mask."""
MARGIN_PX = 8
"""Margin of a mask around UV islands, as in a bake."""


@dataclass(frozen=True)
class MeshMask:
    """Mask for an image that is the texture of a surface. kind: a kind of `ITEMS` other than `IMAGE`."""

    kind: str
    surface: MeshSurface
    image: bpy.types.Image

    def is_empty(self, context: bpy.types.Context) -> bool:
        """Whether the mask is black."""
        return not self._weights(context)[1].any()

    def _weights(self, context: bpy.types.Context) -> list[np.ndarray]:
        """UVs (T, 3, 2) and weights (T, 3) of the corners of all triangles."""
        parts = self.surface.corners(context, WEIGHTS[self.kind]).values()
        return [np.concatenate([getattr(part, name) for part in parts]) for name in ("uvs", "weights")]

    def read(self, context: bpy.types.Context, may_be_empty: bool = False) -> Callable[[], JobInput]:
        """Read the mask. The returned function draws it, on any thread. Raise ParameterError for a black mask."""
        uvs, weights = self._weights(context)
        if not (may_be_empty or weights.any()):
            raise ParameterError(*EMPTY[self.kind])
        name, sizes = f"{self.image.name} {self.kind.lower()}", sizes_of(self.image)

        def draw() -> JobInput:
            arrays = {
                tile_key("base_color", number): _drawn(size, number, uvs, weights) for number, size in sizes.items()
            }
            return JobInput(arrays=arrays, name=name)

        return draw


EMPTY = {
    GROUP: ("no selected object has weights in its active vertex group", "choose a group, and paint weights"),
    COLORS: ("no object has colors that are not black", "paint vertices, or add a color attribute"),
    FACES: ("no face is selected", "select faces in edit mode"),
    MATERIAL: ("no face has the material", "assign it to some"),
}
"""Messages and remedies for masks that are black."""


def _on_vertices(item: bpy.types.Object, mesh: bpy.types.Mesh, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Weights in the active vertex group; 0 without one."""
    index = item.vertex_groups.active_index if item.vertex_groups else -1
    found = ((one.weight for one in vertex.groups if one.group == index) for vertex in mesh.vertices)
    return np.array([next(weights, 0.0) for weights in found], np.float32)[vertices]


def _on_colors(item: bpy.types.Object, mesh: bpy.types.Mesh, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Lightness of the active color attribute, as the mean of the corners of a vertex. 0 without one."""
    attribute, count = mesh.color_attributes.active_color, len(mesh.vertices)
    if attribute is None:
        return np.zeros(vertices.shape, np.float32)
    light = values_in(attribute.data, "color", (len(attribute.data), 4), np.float32)[:, :3].mean(1)
    if attribute.domain == "CORNER":
        owners = values_in(mesh.loops, "vertex_index", (len(mesh.loops),), np.int32)
        light = np.bincount(owners, light, count) / np.maximum(np.bincount(owners, minlength=count), 1)
    return linear_to_srgb(light.clip(0, 1).astype(np.float32))[vertices]


def _on_selected(item: bpy.types.Object, mesh: bpy.types.Mesh, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    return np.repeat(selected_faces(mesh)[faces], 3).reshape(-1, 3).astype(np.float32)


def _everywhere(item: bpy.types.Object, mesh: bpy.types.Mesh, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    return np.ones(vertices.shape, np.float32)


WEIGHTS = {GROUP: _on_vertices, COLORS: _on_colors, FACES: _on_selected, MATERIAL: _everywhere}
"""Functions that return weights (T, 3), by kind. They take the arguments of `Weigh`."""


def _drawn(size_px: tuple[int, int], number: int, uvs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mask of a tile, uint8 (H, W, 3), from UVs (T, 3, 2) and weights (T, 3) of the corners of triangles."""
    if number:
        is_here = tile_numbers(np.floor(uvs.mean(1))) == number
        uvs, weights = uvs[is_here] - square(number), weights[is_here]
    sides = np.array([size_px[1], size_px[0]])
    corners = uvs.astype(np.float64) * (sides * (1, -1)) + (0, size_px[0])
    texels = grow(rasterization(corners, size_px, wraps=not number)[0] + 1, MARGIN_PX) - 1
    y, x = np.nonzero(texels != NONE)
    own, places = corners[texels[y, x]], np.stack([x, y], 1) + 0.5
    places += np.round((own.mean(1) - places) / sides) * sides  # the repeat that the triangle lies in
    edges = (own[:, 1:] - own[:, :1]).swapaxes(1, 2)
    is_flat = np.abs(np.linalg.det(edges)) < 1e-9
    edges[is_flat] = np.eye(2)
    shares = np.linalg.solve(edges, (places - own[:, 0])[..., None])[..., 0]
    shares = np.concatenate([1 - shares.sum(1, keepdims=True), shares], 1).clip(0, 1)
    values = (shares * weights[texels[y, x]]).sum(1) / np.maximum(shares.sum(1), 1e-9)
    mask = np.zeros((*size_px, 3), np.uint8)
    mask[y, x] = np.round(values * 255).astype(np.uint8)[:, None]
    return mask


def grow(labels: np.ndarray, margin_px: int) -> np.ndarray:
    """Labels (H, W), grown by a margin into pixels without a label (0), also across the borders of the picture."""
    for _ in range(margin_px):
        grown = labels.copy()
        for axis in (0, 1):
            for step in (1, -1):
                beside = np.roll(labels, step, axis)
                grown = np.where(grown == 0, beside, grown)
        labels = grown
    return labels
