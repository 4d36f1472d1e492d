# SPDX-License-Identifier: GPL-3.0-or-later
"""Mapping of a result's textures to a surface: by UVs, from the sides of a box, or from above.

The mapping is stored only in the material's nodes, so it can be changed after a result is made. Textures of a known
width are mapped by UVs if the UVs have one scale on the objects and are upright, else from the sides of a box. UVs are
measured in Blender units of the scene, which includes the scale of objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from bpy.props import EnumProperty, FloatProperty

from ..core.errors import Message
from . import endless_nodes, materials, shader_tree, surfaces
from .meshes import values_in

EVEN = 1.6
"""Largest ratio of lengths of one unit of UVs, on nine tenths of a surface, that counts as one scale. Bricks that are
longer by half in some places, as on a cylinder, still look like bricks.
"""
UPRIGHT_SHARE = 0.9
"""Least share of the upright surface on which textures must be upright."""
LEVEL = 0.7
"""Largest Z of the normal of an upright face."""
SMALL = 1e-12
NO_UVS, UNEVEN, TURNED = "NO_UVS", "UNEVEN", "TURNED"
"""Reasons against UVs: no UVs, several scales, or textures that are not upright on upright faces."""


@dataclass(frozen=True)
class UvScale:
    """Lengths of one unit of U and one of V on objects, in Blender units: the mean of the objects.

    object, why: object with a reason against UVs, and the reason; empty if there is none.
    """

    unit: tuple[float, float] = (1.0, 1.0)
    object: str = ""
    why: str = ""


def uv_scale_of(objects: Sequence[bpy.types.Object]) -> UvScale:
    """Scale of the UVs on those objects that are meshes, on the faces with the active material slot."""
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
    """Lengths (F, 2) of one unit of U and V on faces, areas (F,) of the faces, and whether textures are not upright."""
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
    loops = starts[:, None] + np.arange(3)  # the first three corners of each face
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
    """Lengths of U and V (2,) that this share of the area does not exceed."""
    found = []
    for own in lengths.T:
        order = np.argsort(own)
        sums = np.cumsum(areas[order])
        found.append(own[order][min(np.searchsorted(sums, share * sums[-1]), len(own) - 1)])
    return np.array(found)


AUTO = "AUTO"
UV, BOX, ABOVE = "UV", "BOX", "ABOVE"
ITEMS = (
    (UV, "UV", "By the UV map of each object"),
    (BOX, "Box", "From the six sides of a box in each object's own space: upright on walls, without UVs"),
    (ABOVE, "From Above", "Along each object's Z axis, for floors and terrain, without UVs"),
)
KINDS = tuple(item[0] for item in ITEMS)
CHOICES = (
    (AUTO, "Automatic", "By UVs that lie at one scale and upright on the objects, else from the sides of a box"),
    *ITEMS,
)
WHY = "impasto_mapped"
"""Custom property of a material with an automatic mapping: the object that decided it, and the reason."""
UNKNOWN = "UNKNOWN"
"""Reason for unscaled UVs: the width of the textures is not known."""
BLEND = 0.2
"""Width of the blend between two sides of a box."""
NARROWEST = 1e-4
"""Least width of a tile, in Blender units."""


def is_offered(material: bpy.types.Material) -> bool:
    """Whether a material has the nodes of Impasto by which its mapping can be changed. Cheap enough for a panel."""
    tree = material.node_tree
    if tree is None or not material.is_editable or endless_nodes.find(material):
        return False
    own = [_node_called(tree, name) for name in ("Coordinates", "Mapping")]
    return all((*own, shader_tree.principled_of(tree), shader_tree.output_of(tree)))


def of_material(material: bpy.types.Material) -> str:
    """Mapping of a material; UV if it is not known."""
    tree = material.node_tree
    coordinates = _node_called(tree, "Coordinates") if tree else None
    if coordinates is None or not coordinates.outputs["Object"].is_linked:
        return UV
    return BOX if any(node.projection == "BOX" for node in _images(tree)) else ABOVE


def change(material: bpy.types.Material, kind: str) -> None:
    """Map a material's textures in another way, at the same scale. The material must pass `is_offered`.

    Normal maps need UVs for their tangents. With other mappings, relief is shown as bump.
    """
    tree, before = material.node_tree, of_material(material)
    coordinates, mapping = (tree.nodes[f"{materials.FRAME} {name}"] for name in ("Coordinates", "Mapping"))
    scale = mapping.inputs["Scale"]
    across, up = scale.default_value[0], scale.default_value[2 if before == BOX else 1]
    for end, sign in ((before, -1), (kind, 1)):
        if end == UV:
            across, up = (one * unit**sign for one, unit in zip((across, up), materials.uv_unit(mapping), strict=True))
    scale.default_value = (across, across, up) if kind == BOX else (across, up, 1.0)
    tree.links.new(coordinates.outputs["UV" if kind == UV else "Object"], mapping.inputs["Vector"])
    for node in _images(tree):
        node.projection, node.projection_blend = ("BOX", BLEND) if kind == BOX else ("FLAT", 0.0)
    _join_relief(material, by_normals=kind == UV)


def choose(material: bpy.types.Material, objects: Sequence[bpy.types.Object], *, has_width: bool) -> None:
    """Map a new result by UVs or, if its width is known and `uv_scale_of` finds a reason against UVs, by a box."""
    found = uv_scale_of(objects) if has_width else UvScale()
    material[WHY] = [found.object, found.why if has_width else UNKNOWN]
    set_unit(material, found.unit)
    if found.why:
        change(material, BOX)


def set_unit(material: bpy.types.Material, unit: tuple[float, float]) -> None:
    """Scale textures that are mapped by UVs. unit: lengths of one unit of U and one of V on the objects."""
    node = node_of(material)
    for index, (before, now) in enumerate(zip(materials.uv_unit(node), unit, strict=True)):
        node.inputs["Scale"].default_value[index] *= now / before
    node[materials.UV_UNIT] = unit


def is_chosen(material: bpy.types.Material) -> bool:
    """Whether a user chose the mapping, or the file is older than the choice."""
    return is_offered(material) and WHY not in material


def why(material: bpy.types.Material) -> str:
    """Sentence on the reason for an automatic mapping; empty if a user chose it, or the width is not known."""
    if WHY not in material or not is_offered(material):
        return ""
    name, reason = material[WHY]
    unit = materials.length_text(materials.uv_unit(node_of(material))[0] * materials.unit_m())
    texts = {
        NO_UVS: Message("Box: {} has no UVs", name),
        UNEVEN: Message("Box: the UVs of {} have several scales", name),
        TURNED: Message("Box: the UVs of {} turn the texture", name),
        "": Message("UV: one unit of UVs is {}", unit),
    }
    return texts.get(reason, "")


def node_of(material: bpy.types.Material) -> bpy.types.Node:
    """The Mapping node of a material that passes `is_offered`."""
    return material.node_tree.nodes[f"{materials.FRAME} Mapping"]


def texel_density(material: bpy.types.Material) -> float:
    """Pixels of a material's texture in one Blender unit; 0 if it has none."""
    images = (node.image for node in surfaces.map_nodes(material).values())
    image = next(images, None)
    return image.size[0] / _width(material) if image else 0.0


def _width(material: bpy.types.Material) -> float:
    """Width of one tile in Blender units; 1 if it is not known."""
    return materials.width_of(material.node_tree) / materials.unit_m() if is_offered(material) else 1.0


def _set_width(material: bpy.types.Material, width: float) -> None:
    if not is_offered(material):
        return
    factor, scale = _width(material) / max(width, NARROWEST), node_of(material).inputs["Scale"].default_value
    for index in range(3 if of_material(material) == BOX else 2):
        scale[index] *= factor


def _join_relief(material: bpy.types.Material, *, by_normals: bool) -> None:
    """Link the normal map if it can be used, and the displacement if it is used or nothing else shows the relief."""
    tree = material.node_tree
    normal, displacement = (_node_called(tree, name) for name in ("Normal Map", "Displacement"))
    shader, output = shader_tree.principled_of(tree), shader_tree.output_of(tree)
    assert shader is not None  # `is_offered` has checked both
    assert output is not None
    if normal:
        _link(tree, normal.outputs["Normal"], shader.inputs["Normal"], is_wanted=by_normals)
    if displacement:
        is_wanted = material.displacement_method != "BUMP" or not (normal and by_normals)
        _link(tree, displacement.outputs["Displacement"], output.inputs["Displacement"], is_wanted=is_wanted)


def _link(tree: bpy.types.NodeTree, start: bpy.types.NodeSocket, end: bpy.types.NodeSocket, *, is_wanted: bool) -> None:
    if is_wanted:
        tree.links.new(start, end)
        return
    for link in [link for link in end.links if link.from_socket == start]:
        tree.links.remove(link)


def _node_called(tree: bpy.types.NodeTree, name: str) -> bpy.types.Node | None:
    """The node that `materials` made with this name."""
    return tree.nodes.get(f"{materials.FRAME} {name}")


def _images(tree: bpy.types.NodeTree) -> list[bpy.types.Node]:
    """Image nodes of the maps, which all follow the same Mapping node."""
    mapping = _node_called(tree, "Mapping")
    links = mapping.outputs["Vector"].links if mapping else ()
    return [link.to_node for link in links if link.to_node.type == "TEX_IMAGE"]


def _get(material: bpy.types.Material) -> int:
    return KINDS.index(of_material(material))


def _set(material: bpy.types.Material, value: int) -> None:
    if is_offered(material):
        material.pop(WHY, None)
        change(material, KINDS[value])


MAPPING = EnumProperty(
    name="Mapping", description="How the textures are mapped to surfaces", items=ITEMS, get=_get, set=_set
)
TILE_WIDTH = FloatProperty(
    name="Tile Width",
    description="Width of one tile of the textures, if one unit of UVs is one of length",
    min=NARROWEST,
    soft_max=10.0,
    unit="LENGTH",
    subtype="DISTANCE",
    get=_width,
    set=_set_width,
)
PROPERTIES = ((bpy.types.Material, "impasto_mapping", MAPPING), (bpy.types.Material, "impasto_tile_width", TILE_WIDTH))
