# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes under textures: the faces that show a material, with the UVs by which its base colour is mapped."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import atan2, cos, hypot, sin
from typing import NamedTuple

import bpy
import numpy as np
from mathutils import Matrix

from ..core.atlas.mesh import Mesh
from ..core.engine.messages import JobInput
from ..core.errors import ParameterError
from ..core.io.ply import ply_of
from . import materials, surfaces

REMEDY = "let UVs give the coordinates of its textures, by a Mapping node of the type Point at most, or bake it first"
FILE = "mesh.ply"
DIRECTION = "direction"
"""Vector attribute of vertices: the direction of patterns and strokes."""


@dataclass(frozen=True)
class UvMapping:
    """Name of the UV map of textures ("" for the rendered UV map), and the matrix from its UVs to the texture."""

    uv_map: str
    matrix: Matrix

    def to_texture(self, uvs: np.ndarray) -> np.ndarray:
        """Positions in the texture for UVs (…, 2)."""
        matrix = np.array(self.matrix)
        return uvs @ matrix[:2, :2].T + matrix[:2, 3]


def gltf_transform(material: bpy.types.Material) -> str:
    """Offset, rotation and scale of a material's textures on UVs, with V downwards, as in glTF; "" for none."""
    try:
        matrix = uv_mapping(material).matrix
    except ParameterError:  # not mapped by UVs alone
        return ""
    across, angle = hypot(matrix[0][0], matrix[1][0]), atan2(matrix[1][0], matrix[0][0])
    up = (matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0]) / across if across else matrix[1][1]
    u, v = matrix[0][3] - up * sin(angle), 1 - matrix[1][3] - up * cos(angle)
    values = [round(value, 6) + 0.0 for value in (u, v, angle, across, up)]
    return "" if values == [0, 0, 0, 1, 1] else ",".join(map(str, values))


def uv_mapping(material: bpy.types.Material) -> UvMapping:
    """Mapping of a material's base colour. Raise ParameterError without an image, or with other nodes than Mapping."""
    surfaces.base_color_of(material)
    node = surfaces.map_nodes(material)["base_color"].node
    uv_map, matrix, links = "", Matrix.Identity(4), node.inputs["Vector"].links
    is_flat = node.projection == "FLAT" and node.extension != "MIRROR"
    while is_flat and links:
        source, socket = links[0].from_node, links[0].from_socket
        if source.type == "UVMAP" or (source.type == "TEX_COORD" and socket.name == "UV"):
            uv_map = getattr(source, "uv_map", "")
            break
        is_flat = source.type == "REROUTE" or (source.type == "MAPPING" and source.vector_type == "POINT")
        if is_flat:
            matrix = matrix @ _matrix(source) if source.type == "MAPPING" else matrix
            links = source.inputs[0].links
            is_flat = bool(links)  # else all pixels have one position
    if node.projection == "BOX":
        message = "the textures of {} are projected from the sides of a box"
        raise ParameterError(message, "choose the mapping UV for it first, or bake it", material.name)
    if not is_flat:
        raise ParameterError("the textures of {} are not mapped by UVs alone", REMEDY, material.name)
    return UvMapping(uv_map, matrix)


def _matrix(node: bpy.types.Node) -> Matrix:
    """Matrix of a Mapping node. Raise ParameterError if other nodes set its values."""
    sockets = [node.inputs[name] for name in ("Location", "Rotation", "Scale")]
    if any(socket.is_linked for socket in sockets):
        raise ParameterError("other nodes set the values of {}", REMEDY, node.name)
    return Matrix.LocRotScale(*(socket.default_value for socket in sockets))


def values_in(items: bpy.types.bpy_prop_collection, name: str, shape: tuple[int, ...], kind: type) -> np.ndarray:
    """Values of one property of all items."""
    values: np.ndarray = np.empty(shape, kind)
    items.foreach_get(name, values.ravel())
    return values


def slots(mesh: bpy.types.Mesh, count: int) -> np.ndarray:
    """Material slot of each face, as rendered: the last of `count` slots for greater numbers."""
    return np.minimum(values_in(mesh.polygons, "material_index", (len(mesh.polygons),), np.int32), count - 1)


def uv_layer(mesh: bpy.types.Mesh, uv_map: str) -> bpy.types.MeshUVLoopLayer:
    """The UV map of this name, or else the rendered UV map. Raise ParameterError if the mesh has no UVs."""
    layer = mesh.uv_layers.get(uv_map) or next((one for one in mesh.uv_layers if one.active_render), None)
    if layer is None:
        raise ParameterError("{} has no UVs", "unwrap it", mesh.name)
    return layer


def selected_faces(mesh: bpy.types.Mesh) -> np.ndarray:
    """Whether each face (F,) is selected and visible."""
    selected, hidden = (values_in(mesh.polygons, name, (len(mesh.polygons),), bool) for name in ("select", "hide"))
    return selected & ~hidden


def triangles(mesh: bpy.types.Mesh, uv_map: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """UVs (T, 3, 2), vertices (T, 3) and faces (T,) of a mesh's triangles. uv_map: "" for the rendered UV map."""
    layer = uv_layer(mesh, uv_map)
    mesh.calc_loop_triangles()
    count = len(mesh.loop_triangles)
    loops = values_in(mesh.loop_triangles, "loops", (count, 3), np.int32)
    uvs = values_in(layer.data, "uv", (len(mesh.loops), 2), np.float32)
    vertices = values_in(mesh.loops, "vertex_index", (len(mesh.loops),), np.int32)
    return uvs[loops], vertices[loops], values_in(mesh.loop_triangles, "polygon_index", (count,), np.int32)


def _directions(mesh: bpy.types.Mesh) -> np.ndarray:
    """The attribute `direction` of the vertices (V, 3), in the object's space; 0 without one."""
    found = mesh.attributes.get(DIRECTION)
    if found is None or found.domain != "POINT" or found.data_type != "FLOAT_VECTOR":
        return np.zeros((len(mesh.vertices), 3), np.float32)
    return values_in(found.data, "vector", (len(mesh.vertices), 3), np.float32)


def component_numbers(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Number of the island of each face, from 1. Faces that share a point are in the same island.

    points, faces: numbers (N,) of the point and of the face of each corner.
    """
    label = np.arange(int(faces.max(initial=-1)) + 1)
    while True:
        least = np.full(int(points.max(initial=-1)) + 1, len(label))
        np.minimum.at(least, points, label[faces])
        new = label.copy()
        np.minimum.at(new, faces, least[points])
        new = new[new]
        if (new == label).all():
            return np.unique(label, return_inverse=True)[1] + 1
        label = new


def file_name(item: bpy.types.Object | bpy.types.Material) -> str:
    """Name in recipes for the mesh of an object, or for the meshes of all objects that show a material."""
    return f"{item.name}.ply"


def as_input(mesh: Mesh) -> Callable[[], JobInput]:
    """Function that packs a mesh as an input of a recipe, on any thread."""

    def to_file() -> JobInput:
        return JobInput(files={FILE: np.frombuffer(ply_of(mesh), np.uint8)}, name=mesh.name)

    return to_file


Weigh = Callable[[bpy.types.Object, bpy.types.Mesh, "np.ndarray", "np.ndarray"], "np.ndarray"]
"""Function of an object, its evaluated mesh, and vertices (T, 3) and faces (T,) of its triangles: weights (T, 3)."""


class Corners(NamedTuple):
    """Corners of triangles: positions (T, 3, 3) in metres, texture coordinates (T, 3, 2), directions, and weights.

    directions: directions of strokes (T, 3, 3), 0 for any direction. weights: weights (T, 3) of a mask, 1 without one.
    """

    positions: np.ndarray
    uvs: np.ndarray
    directions: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class MeshSurface:
    """Faces under a texture: faces of objects that show the material, or all faces if the material is None."""

    material: bpy.types.Material | None
    objects: Collection[bpy.types.Object]

    @classmethod
    def chosen(
        cls, context: bpy.types.Context, material: bpy.types.Material | None, item: bpy.types.Object | None = None
    ) -> MeshSurface:
        """The surface of the selected objects, the active object and `item`."""
        return cls(material, {*context.selected_objects, context.active_object, item} - {None})

    def read(self, context: bpy.types.Context) -> Callable[[], JobInput]:
        """Read the faces as an input of a recipe. The returned function packs them, on any thread.

        Errors are those of `mesh`.
        """
        return as_input(self.mesh(context))

    def mesh(self, context: bpy.types.Context) -> Mesh:
        """Faces after modifiers, with positions in the scene and in the material's textures.

        Raise ParameterError if there are no faces, if an object has no UVs, or for nodes that `uv_mapping` refuses.
        """
        parts = self.corners(context)
        name = file_name(self.material if self.material and len(parts) > 1 else next(iter(parts)))
        positions, uvs, directions = (
            np.concatenate(one).astype(np.float32) for one in list(zip(*parts.values(), strict=True))[:3]
        )
        return Mesh(positions, uvs, name, directions if directions.any() else None)

    def corners(self, context: bpy.types.Context, weigh: Weigh | None = None) -> dict[bpy.types.Object, Corners]:
        """Corners of the faces by object, with the weights of `weigh`. Errors are those of `mesh`."""
        mapping = uv_mapping(self.material) if self.material else UvMapping("", Matrix.Identity(4))
        found = sorted((item for item in self.objects if item.type == "MESH"), key=lambda item: item.name)
        for item in found:
            if item.mode == "EDIT":
                item.update_from_editmode()
            item.data.update_tag()  # scripts change UVs without Blender's noticing
        depsgraph = context.evaluated_depsgraph_get()
        corners = {item: self._corners(item.evaluated_get(depsgraph), mapping, depsgraph, weigh) for item in found}
        parts = {item: part for item, part in corners.items() if part is not None}
        if not parts:
            raise self._error()
        return parts

    def _corners(
        self, item: bpy.types.Object, mapping: UvMapping, depsgraph: bpy.types.Depsgraph, weigh: Weigh | None
    ) -> Corners | None:
        """Corners of the faces of an evaluated object that show the material; None if there are none."""
        uses_material = [self._is_material(slot.material) for slot in item.material_slots] or [self.material is None]
        if not any(uses_material):
            return None
        mesh = item.to_mesh(preserve_all_data_layers=True, depsgraph=depsgraph)
        try:
            is_shown = np.array(uses_material)[slots(mesh, len(uses_material))]
            if not is_shown.any():
                return None
            uvs, vertices, faces = triangles(mesh, mapping.uv_map)
            places = values_in(mesh.vertices, "co", (len(mesh.vertices), 3), np.float32)
            directions = _directions(mesh)
            weights = weigh(item.original, mesh, vertices, faces) if weigh else np.ones(vertices.shape)
        finally:
            item.to_mesh_clear()
        matrix = np.array(item.matrix_world)
        world = (places @ matrix[:3, :3].T + matrix[:3, 3]) * materials.unit_m()
        order = slice(None, None, -1 if np.linalg.det(matrix[:3, :3]) < 0 else 1)  # a mirrored object keeps its outside
        wanted = is_shown[faces]
        turned = directions @ matrix[:3, :3].T
        found = world[vertices[wanted]], mapping.to_texture(uvs[wanted]), turned[vertices[wanted]], weights[wanted]
        return Corners(*(one[:, order] for one in found))

    @property
    def is_shown(self) -> bool:
        """Whether one of the objects has the material in a slot."""
        slots = (slot for item in self.objects for slot in item.material_slots)
        return any(self._is_material(slot.material) for slot in slots)

    def _error(self) -> ParameterError:
        if self.material is None:
            return ParameterError("no mesh object with faces is selected", "select one")
        message = "no selected mesh object shows the material {}"
        return ParameterError(message, "select those that do", self.material.name)

    def _is_material(self, material: bpy.types.Material | None) -> bool:
        return self.material is None or (material is not None and material.original == self.material)
