# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes as textures need them: the faces that show a material, with the UVs that its base colour is mapped by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix

from ..core.engine.requests import JobInput
from ..core.errors import ParameterError
from . import materials, surfaces

if TYPE_CHECKING:
    import numpy as np

    from ..core.atlas.mesh import Mesh

REMEDY = "let UVs give the coordinates of its textures, by a Mapping node of the type Point at most, or bake it first"
FILE = "mesh.ply"


@dataclass(frozen=True)
class UvMapping:
    """UV map that textures follow ("": the one that is rendered), and the matrix from it to the texture."""

    uv_map: str
    matrix: Matrix

    def to_texture(self, uvs: np.ndarray) -> np.ndarray:
        """Positions in the texture of UVs (…, 2)."""
        import numpy as np

        matrix = np.array(self.matrix)
        return uvs @ matrix[:2, :2].T + matrix[:2, 3]


def uv_mapping(material: bpy.types.Material) -> UvMapping:
    """Mapping of a material's base colour. ParameterError if it has no image, or its nodes do more than that."""
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
            is_flat = bool(links)  # else one position for all
    if not is_flat:
        raise ParameterError(f"the textures of {material.name} are not mapped by UVs alone", REMEDY)
    return UvMapping(uv_map, matrix)


def _matrix(node: bpy.types.Node) -> Matrix:
    """Matrix of a Mapping node. ParameterError if other nodes give its values."""
    sockets = [node.inputs[name] for name in ("Location", "Rotation", "Scale")]
    if any(socket.is_linked for socket in sockets):
        raise ParameterError(f"other nodes set the values of {node.name}", REMEDY)
    return Matrix.LocRotScale(*(socket.default_value for socket in sockets))


def values_in(items: bpy.types.bpy_prop_collection, name: str, shape: tuple[int, ...], kind: type) -> np.ndarray:
    """Values of one property of all items."""
    import numpy as np

    values: np.ndarray = np.empty(shape, kind)
    items.foreach_get(name, values.ravel())
    return values


def slots(mesh: bpy.types.Mesh, count: int) -> np.ndarray:
    """Material slot of each face, as it is rendered: the last of `count` for numbers beyond it."""
    import numpy as np

    return np.minimum(values_in(mesh.polygons, "material_index", (len(mesh.polygons),), np.int32), count - 1)


def triangles(mesh: bpy.types.Mesh, uv_map: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """UVs (T, 3, 2), vertices (T, 3) and faces (T,) of a mesh's triangles. uv_map: "" for the rendered one."""
    import numpy as np

    layer = mesh.uv_layers.get(uv_map) if uv_map else next((one for one in mesh.uv_layers if one.active_render), None)
    if layer is None:
        raise ParameterError(f"{mesh.name} has no UVs", "unwrap it")
    mesh.calc_loop_triangles()
    count = len(mesh.loop_triangles)
    loops = values_in(mesh.loop_triangles, "loops", (count, 3), np.int32)
    uvs = values_in(layer.data, "uv", (len(mesh.loops), 2), np.float32)
    vertices = values_in(mesh.loops, "vertex_index", (len(mesh.loops),), np.int32)
    return uvs[loops], vertices[loops], values_in(mesh.loop_triangles, "polygon_index", (count,), np.int32)


def file_name(item: bpy.types.Object | bpy.types.Material) -> str:
    """Name of the mesh of an object, or of all that show a material, as in recipes."""
    return f"{item.name}.ply"


def chosen_objects(context: bpy.types.Context) -> set[bpy.types.Object]:
    """The selected and the active objects."""
    return {*context.selected_objects, context.active_object} - {None}


def read(
    context: bpy.types.Context, material: bpy.types.Material, objects: Iterable[bpy.types.Object]
) -> Callable[[], JobInput]:
    """Read the faces of objects that show a material, as an input of a recipe.

    The returned function packs them, on any thread. ParameterError as for `mesh_of`.
    """
    mesh = mesh_of(context, material, objects)

    def to_file() -> JobInput:
        import numpy as np

        from ..core.io.meshes import ply_of

        return JobInput(files={FILE: np.frombuffer(ply_of(mesh), np.uint8)}, name=mesh.name)

    return to_file


def mesh_of(context: bpy.types.Context, material: bpy.types.Material, objects: Iterable[bpy.types.Object]) -> Mesh:
    """Faces of objects, after their modifiers, that show a material: where they are in the scene, and in its textures.

    ParameterError if no mesh object among them shows it, one has no UVs, or its nodes do more than map it by UVs.
    """
    import numpy as np

    from ..core.atlas.mesh import Mesh

    placed = uv_mapping(material)
    found = sorted((item for item in objects if item.type == "MESH"), key=lambda item: item.name)
    for item in found:
        if item.mode == "EDIT":
            item.update_from_editmode()
        item.data.update_tag()  # scripts change UVs without Blender's noticing
    depsgraph = context.evaluated_depsgraph_get()
    parts = {item.name: part for item in found if (part := _corners(item, material, placed, depsgraph)) is not None}
    if not parts:
        raise ParameterError(f"no selected mesh object shows the material {material.name}", "select those that do")
    shown = [item for item in found if item.name in parts]
    name = file_name(shown[0] if len(shown) == 1 else material)
    positions, uvs = (np.concatenate(one).astype(np.float32) for one in zip(*parts.values(), strict=True))
    return Mesh(positions, uvs, name)


def _corners(
    item: bpy.types.Object, material: bpy.types.Material, placed: UvMapping, depsgraph: bpy.types.Depsgraph
) -> tuple[np.ndarray, np.ndarray] | None:
    """Positions (T, 3, 3) in metres and texture coordinates (T, 3, 2) of faces with a material; None without any."""
    import numpy as np

    evaluated = item.evaluated_get(depsgraph)
    shown = [slot.material is not None and slot.material.original == material for slot in evaluated.material_slots]
    if not any(shown):
        return None
    mesh = evaluated.to_mesh(preserve_all_data_layers=True, depsgraph=depsgraph)
    try:
        has_material = np.array(shown)[slots(mesh, len(shown))]
        if not has_material.any():
            return None
        uvs, vertices, faces = triangles(mesh, placed.uv_map)
        places = values_in(mesh.vertices, "co", (len(mesh.vertices), 3), np.float32)
    finally:
        evaluated.to_mesh_clear()
    matrix = np.array(evaluated.matrix_world)
    world = (places @ matrix[:3, :3].T + matrix[:3, 3]) * materials.unit_m()
    order = slice(None, None, -1 if np.linalg.det(matrix[:3, :3]) < 0 else 1)  # a mirrored object keeps its outside
    wanted = has_material[faces]
    return world[vertices[wanted]][:, order], placed.to_texture(uvs[wanted])[:, order]
