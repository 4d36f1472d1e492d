# SPDX-License-Identifier: GPL-3.0-or-later
"""UVs for painting into a material's textures, whatever their mapping, on any mesh.

Blender paints only by the active UV map. For textures that are repeated, turned or projected from a box, a temporary UV
map is added that follows the mapping of the nodes.
"""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix

from ..bridge import mapping, meshes, surfaces
from ..core.errors import ParameterError

NAME = "Impasto Painting"
FORMER = "impasto_former_uv_map"
"""Custom property of a mesh: name of the UV map that was active before."""
TURNED = {0: (1, 2, -1), 1: (0, 2, 1), 2: (1, 0, 1)}
"""For faces along each axis: the axes of U and V, and the sign of the normal for which U runs backwards."""


def activate(item: bpy.types.Object, material: bpy.types.Material) -> None:
    """Activate UVs that follow a material's mapping. Raise ParameterError if the mapping is not known."""
    mesh: bpy.types.Mesh = item.data
    if not surfaces.has_base_color(material):  # nothing is mapped yet
        return
    if mapping.is_offered(material) and mapping.of_material(material) != mapping.UV:
        _add(mesh, _projected(mesh, material))
        return
    found = meshes.uv_mapping(material)
    layer = meshes.uv_layer(mesh, found.uv_map)
    if found.matrix == Matrix.Identity(4):
        mesh[FORMER], mesh.uv_layers.active = mesh.uv_layers.active.name, layer
    else:
        _add(mesh, found.to_texture(meshes.values_in(layer.uv, "vector", (len(mesh.loops), 2), float)))


def put_back(mesh: bpy.types.Mesh) -> None:
    """Remove the UV map for painting, and activate the UV map that was active before."""
    if own := mesh.uv_layers.get(NAME):
        mesh.uv_layers.remove(own)
    if former := mesh.uv_layers.get(str(mesh.pop(FORMER, ""))):
        mesh.uv_layers.active = former


def _add(mesh: bpy.types.Mesh, uvs: np.ndarray) -> None:
    if not mesh.is_editable:
        raise ParameterError("the mesh {} is linked from another file", "make it local", mesh.name)
    put_back(mesh)
    mesh[FORMER] = mesh.uv_layers.active.name if mesh.uv_layers else ""
    if mesh.uv_layers.new(name=NAME, do_init=False) is None:
        raise ParameterError("{} has no room for another UV map", "remove one", mesh.name)
    layer = mesh.uv_layers[NAME]
    layer.uv.foreach_set("vector", uvs.astype("f4").ravel())
    mesh.uv_layers.active = layer


def _projected(mesh: bpy.types.Mesh, material: bpy.types.Material) -> np.ndarray:
    """UVs (loops, 2) of textures that are projected along an axis of the object, or along the axis of each face."""
    node = mapping.node_of(material)
    matrix = np.array(
        Matrix.LocRotScale(*(node.inputs[name].default_value for name in ("Location", "Rotation", "Scale")))
    )
    corners = meshes.values_in(mesh.loops, "vertex_index", (len(mesh.loops),), np.int32)
    places = meshes.values_in(mesh.vertices, "co", (len(mesh.vertices), 3), np.float32)[corners]
    places = places @ matrix[:3, :3].T + matrix[:3, 3]
    if mapping.of_material(material) == mapping.ABOVE:
        return places[:, :2]
    normals = meshes.values_in(mesh.polygons, "normal", (len(mesh.polygons), 3), np.float32)
    counts = meshes.values_in(mesh.polygons, "loop_total", (len(mesh.polygons),), np.int32)
    normals = np.repeat(normals, counts, 0)
    axes, uvs = np.abs(normals).argmax(1), np.empty((len(places), 2))
    for axis, (u, v, sign) in TURNED.items():
        chosen = axes == axis
        backwards = normals[chosen, axis] * sign > 0
        uvs[chosen, 0] = np.where(backwards, 1 - places[chosen, u], places[chosen, u])
        uvs[chosen, 1] = places[chosen, v]
    return uvs
