# SPDX-License-Identifier: GPL-3.0-or-later
"""Solids of known form for tests of high to low: spheres of cube faces, cubes, and normals read from baked maps."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import numpy as np

PADDING = 0.02
CHAMFER = 0.3
WAVES = np.array([[4.0, 0.0, 1.0], [-1.0, 5.0, 0.0], [0.0, 2.0, 4.0]])
"""Wave vectors of the displacement."""
HEIGHT = 0.03
FACES = [
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
    ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
    ((0, 0, -1), (0, 1, 0), (1, 0, 0)),
]
"""Normal, and directions of U and V, of the faces of a cube."""


def cube(steps: int, form: Callable[[np.ndarray], np.ndarray], name: str, *, smooth: bool) -> bpy.types.Object:
    """A cube from -1 to 1 of steps² quads on each face, its points (V, 3) mapped by a form; islands of 3 by 2 faces."""
    grid = np.linspace(-1, 1, steps + 1)
    v, u = np.meshgrid(grid, grid, indexing="ij")
    points, quads, uvs = [], [], []
    first = np.arange(steps * (steps + 1)).reshape(steps, steps + 1)[:, :-1]
    quad = np.stack([first, first + 1, first + steps + 2, first + steps + 1], axis=-1).reshape(-1, 4)
    for index, (normal, right, up) in enumerate(np.array(FACES, float)):
        points.append((normal + u[..., None] * right + v[..., None] * up).reshape(-1, 3))
        quads.append(quad + index * (steps + 1) ** 2)
        place = np.stack([(u + 1) / 2, (v + 1) / 2], axis=-1) * (1 - 2 * PADDING) + PADDING
        uvs.append((place * (1 / 3, 1 / 2) + (index % 3 / 3, index // 3 / 2)).reshape(-1, 2))
    places, welded = np.unique(np.round(np.concatenate(points), 9), axis=0, return_inverse=True)
    quads, uvs = np.concatenate(quads), np.concatenate(uvs)
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(form(places).tolist(), [], welded.reshape(-1)[quads].tolist())
    mesh.uv_layers.new(name="UVMap").data.foreach_set("uv", uvs[quads].astype(np.float32).ravel())
    mesh.polygons.foreach_set("use_smooth", np.full(len(mesh.polygons), smooth))
    made = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(made)
    return made


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def sphere(points: np.ndarray) -> np.ndarray:
    return unit(np.tan(points * np.pi / 4))


def displacement(directions: np.ndarray) -> np.ndarray:
    return HEIGHT * np.sin(directions @ WAVES.T).sum(axis=-1, keepdims=True)


def displaced(points: np.ndarray) -> np.ndarray:
    """A sphere of radius 1 displaced along its normals."""
    directions = sphere(points)
    return directions * (1 + displacement(directions))


def displaced_normals(directions: np.ndarray) -> np.ndarray:
    """Normals of the displaced sphere: the gradient of |p| - displacement(p / |p|)."""
    slope = HEIGHT * np.cos(directions @ WAVES.T) @ WAVES
    slope -= (slope * directions).sum(axis=-1, keepdims=True) * directions
    return unit(directions - slope / (1 + displacement(directions)))


def chamfered(name: str) -> bpy.types.Object:
    """A cube whose edges and corners are cut off by planes."""
    made = cube(1, lambda points: points, name, smooth=False)
    modifier = made.modifiers.new("Chamfer", "BEVEL")
    modifier.width, modifier.segments, modifier.offset_type, modifier.limit_method = CHAMFER, 1, "OFFSET", "NONE"
    return made


def chamfered_normals(points: np.ndarray) -> np.ndarray:
    """Normals of the chamfered cube where a line from a point to the centre meets it: of the first plane."""
    signs = np.array(np.meshgrid(*[(-1, 0, 1)] * 3)).reshape(3, -1).T
    signs = signs[np.abs(signs).sum(axis=1) > 0]
    count = np.abs(signs).sum(axis=1)
    distances = np.array([0, 1, 2 - CHAMFER, 3 - 2 * CHAMFER])[count]
    along = points @ signs.T
    return unit(signs.astype(float))[np.argmin(np.where(along > 1e-9, distances / np.maximum(along, 1e-9), 9), axis=1)]


def choose(active: bpy.types.Object, *others: bpy.types.Object) -> None:
    """Select these objects only."""
    for item in bpy.context.selected_objects:
        item.select_set(False)
    for item in (active, *others):
        item.select_set(True)
    bpy.context.view_layer.objects.active = active


def read_normals(low: bpy.types.Object, baked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) of a low object at pixels' centres, and the baked normals (N, 3) there, in its own space."""
    mesh, size = low.data, baked.shape[0]
    mesh.calc_tangents(uvmap="UVMap")
    points, normals = [], []
    for triangle in mesh.loop_triangles:
        loops = list(triangle.loops)
        uv = np.array([mesh.uv_layers["UVMap"].uv[loop].vector for loop in loops]) * size - 0.5
        low_px, high_px = np.ceil(uv.min(axis=0)).astype(int), np.floor(uv.max(axis=0)).astype(int)
        x, y = (
            axis.ravel() for axis in np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low_px, high_px, strict=True)))
        )
        weights = np.linalg.solve(np.vstack([uv.T, np.ones(3)]), np.vstack([x, y, np.ones(len(x))])).T
        inside = (weights > 0.01).all(axis=1)
        weights, x, y = weights[inside], x[inside], y[inside]
        corner = [mesh.loops[loop] for loop in loops]
        position, normal, tangent = (
            weights @ np.array(values)
            for values in (
                [mesh.vertices[one.vertex_index].co for one in corner],
                [one.normal for one in corner],
                [one.tangent for one in corner],
            )
        )
        bitangent = corner[0].bitangent_sign * np.cross(normal, tangent)
        local = baked[y, x, :3] * 2 - 1
        points.append(position)
        normals.append(local[:, :1] * tangent + local[:, 1:2] * bitangent + local[:, 2:] * normal)
    mesh.free_tangents()
    return np.concatenate(points), unit(np.concatenate(normals))


def angles(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Angles (N) in degrees between unit vectors (N, 3)."""
    return np.degrees(np.arccos(np.clip((first * second).sum(axis=-1), -1, 1)))
