# SPDX-License-Identifier: GPL-3.0-or-later
"""Cover of a set of objects: all their faces on their UVs as one mesh, round whose islands Blender spreads the margin.

A margin of each object by itself would cover the islands of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from bpy.types import Image, Material, Mesh, Object

from ...bridge.images import values_of
from ...bridge.meshes import values_in
from .tiles import Tiles

TEMPORARY = "Impasto Bake"


@dataclass(frozen=True)
class Cover:
    """One mesh of all faces of a set. Baked, it shows the picture pixel by pixel."""

    subject: Object
    picture: Image
    material: Material


def make_cover(meshes: Sequence[tuple[Mesh, str]], tiles: Tiles, image: Image, made: list[bpy.types.ID]) -> Cover:
    """Make the cover of meshes with the UV map of each, which is baked to the image, the canvas of the tiles."""
    picture = bpy.data.images.new(TEMPORARY, *image.size, alpha=True, float_buffer=True, is_data=True)
    made.append(picture)
    picture.alpha_mode = "CHANNEL_PACKED"
    material = bpy.data.materials.new(TEMPORARY)
    made.append(material)
    _show(picture, material, image)
    mesh = bpy.data.meshes.new(TEMPORARY)
    made.append(mesh)
    _join(meshes, tiles, mesh)
    mesh.materials.append(material)
    subject = bpy.data.objects.new(TEMPORARY, mesh)
    made.append(subject)
    return Cover(subject, picture, material)


def _join(meshes: Sequence[tuple[Mesh, str]], tiles: Tiles, joined: Mesh) -> None:
    """Put the faces of meshes and their UVs into one."""
    vertices = [values_in(mesh.vertices, "co", (len(mesh.vertices), 3), np.float32) for mesh, _ in meshes]
    corners = [values_in(mesh.loops, "vertex_index", (len(mesh.loops),), np.int32) for mesh, _ in meshes]
    faces = [values_in(mesh.polygons, "loop_start", (len(mesh.polygons),), np.int32) for mesh, _ in meshes]
    uvs = np.concatenate([tiles.canvas(*one) for one in meshes]).astype(np.float32)
    firsts = np.cumsum([0, *map(len, vertices)])
    starts = np.cumsum([0, *map(len, corners)])
    joined.vertices.add(int(firsts[-1]))
    joined.loops.add(int(starts[-1]))
    joined.polygons.add(sum(map(len, faces)))
    joined.vertices.foreach_set("co", np.concatenate(vertices).ravel())
    numbered = [one + first for one, first in zip(corners, firsts[:-1], strict=True)]
    joined.loops.foreach_set("vertex_index", np.concatenate(numbered).astype(np.int32))
    begun = [one + start for one, start in zip(faces, starts[:-1], strict=True)]
    joined.polygons.foreach_set("loop_start", np.concatenate(begun).astype(np.int32))
    joined.update(calc_edges=True)
    joined.uv_layers.new(name=TEMPORARY).data.foreach_set("uv", uvs.ravel())


def _show(picture: Image, material: Material, image: Image) -> None:
    """Have a material emit the picture, and be baked to the image."""
    if bpy.app.version < (5, 0):
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    kinds = ("ShaderNodeTexImage", "ShaderNodeEmission", "ShaderNodeOutputMaterial", "ShaderNodeTexImage")
    shown, emission, output, baked = (tree.nodes.new(kind) for kind in kinds)
    shown.image, shown.interpolation, baked.image = picture, "Closest", image
    tree.nodes.active = baked
    tree.links.new(shown.outputs["Color"], emission.inputs["Color"])
    tree.links.new(emission.outputs[0], output.inputs["Surface"])


def pixels_of(image: Image) -> np.ndarray:
    """The pixels (H, W, 4) as Blender holds them, row 0 at the bottom, linear, alpha 0 where no face is."""
    return values_of(image).reshape(image.size[1], image.size[0], 4)


def fill(pixels: np.ndarray, missed: np.ndarray) -> None:
    """Fill missed pixels (H, W) of an image (H, W, 4) from the baked ones around them, in place."""
    known = (pixels[..., 3] > 0) & ~missed
    pixels[missed, :3] = _spread(pixels[..., :3] * known[..., None], known.astype("float32"))[missed]


def _spread(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means of weighted values (H, W, C) over the smallest squares of 2ⁿ pixels with any weight (H, W)."""
    height, width = weights.shape
    means = values / np.maximum(weights, 1e-12)[..., None]
    if height * width == 1 or (weights > 0).all():
        return means
    padded = np.pad(np.dstack([values, weights]), ((0, height % 2), (0, width % 2), (0, 0)))
    sums = padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]
    coarse = _spread(sums[..., :-1], sums[..., -1]).repeat(2, axis=0).repeat(2, axis=1)
    return np.where((weights > 0)[..., None], means, coarse[:height, :width])


def clear(image: Image) -> None:
    """Make an image black and transparent."""
    image.pixels.foreach_set(np.zeros(len(image.pixels), np.float32))
