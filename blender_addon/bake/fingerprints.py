# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of data in the .blend, and images of earlier bakes with the fingerprint of all that they depend on.

Fingerprints are equal for equal data, where the bytes of a .blend never are. A map with a known one is not baked again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from bpy.types import Image, Material, Mesh, Node, NodeTree, Object

from ..bridge.images import values_of
from ..bridge.meshes import values_in
from ..core.about import VERSION
from .maps.geometry import CURVATURE_MAPS
from .objects.sets import BakeSet, provenance_of
from .render.scene import BakeScene
from .settings import OF_MATERIALS, BakeOptions

PARTS = {"node_tree", "nodes", "inputs", "outputs", "image", "image_user", "texture_mapping", "color_mapping"}
PARTS |= {"color_ramp", "elements", "mapping", "curves", "points", "colorspace_settings"}
"""Properties that belong to what they are in; of others that refer to data only the name counts."""
LAYOUT = {"location", "location_absolute", "width", "height", "select", "hide", "label", "color", "use_custom_color"}
LAYOUT |= {"show_options", "show_preview", "show_texture"}
"""Properties of nodes that a result does not depend on."""
DETAILS = {"use_fake_user", "tag", "preview_render_type", *(["use_nodes"] if bpy.app.version >= (5, 0) else [])}
"""Properties of other data that a result does not depend on."""
VALUES = {
    "FLOAT_VECTOR": ("vector", 3),
    "FLOAT2": ("vector", 2),
    "FLOAT_COLOR": ("color", 4),
    "BYTE_COLOR": ("color", 4),
}
VALUES |= {"INT32_2D": ("value", 2), "INT16_2D": ("value", 2), "QUATERNION": ("value", 4), "FLOAT4X4": ("value", 16)}
"""Property and length of an attribute's values, where they are more than one number."""


def materials_fingerprint(materials: Iterable[Material], contents: Mapping[Image, str] | None = None) -> str:
    """SHA-256 of all that the materials' nodes are set to, with their groups and packed images.

    Of other data that they refer to, such as an object, only the name counts; of files outside, the path.
    contents: hashes of images, which then count instead of their names and paths.
    """
    known = contents or {}
    described = [_describe(material, (), known) for material in sorted(materials, key=lambda item: item.name)]
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _describe(item: bpy.types.bpy_struct, within: tuple[str, ...], contents: Mapping[Image, str]) -> dict[str, Any]:
    """All values of an item but those of add-ons; within: the groups that it is in, so that none describes itself."""
    if item in contents:
        return {"contents": contents[item], "color_space": item.colorspace_settings.name, "alpha": item.alpha_mode}
    left_out = LAYOUT if isinstance(item, Node) else DETAILS
    properties = [prop for prop in item.bl_rna.properties if not (prop.identifier in left_out or prop.is_runtime)]
    known = {prop.identifier: _value(item, prop, within, contents) for prop in properties}
    known["kind"] = item.bl_rna.identifier
    if isinstance(item, Image) and item.packed_file:
        known["packed"] = hashlib.sha256(item.packed_file.data).hexdigest()
    if isinstance(item, NodeTree):
        known["joined"] = sorted(
            (link.from_node.name, link.from_socket.identifier, link.to_node.name, link.to_socket.identifier)
            for link in item.links
        )
    return known


def _value(
    item: bpy.types.bpy_struct, prop: bpy.types.Property, within: tuple[str, ...], contents: Mapping[Image, str]
) -> Any:
    is_part = prop.identifier in PARTS
    if prop.type in ("POINTER", "COLLECTION"):
        value = getattr(item, prop.identifier) if is_part or not prop.is_readonly else None
        if value is None or prop.type == "COLLECTION":
            return [_describe(one, within, contents) for one in value] if value is not None and is_part else None
        name = getattr(value, "name_full", "")
        return _describe(value, (*within, name), contents) if is_part and (not name or name not in within) else name
    if prop.is_readonly:
        return None
    value = getattr(item, prop.identifier)
    if isinstance(value, set):
        return sorted(value)
    return list(value) if getattr(prop, "is_array", False) else value


def mesh_fingerprint(mesh: Mesh) -> str:
    """SHA-256 of a mesh's faces, normals and attributes, UVs among them, but not of what is selected or hidden."""
    found = hashlib.sha256(repr([layer.active_render for layer in mesh.uv_layers]).encode())
    for items, name, shape, kind in (
        (mesh.loops, "vertex_index", (), np.int32),
        (mesh.polygons, "loop_start", (), np.int32),
        (mesh.corner_normals, "vector", (3,), np.float32),
    ):
        found.update(values_in(items, name, (len(items), *shape), kind).data)
    colors = mesh.color_attributes
    found.update(repr((colors.active_color_index, colors.render_color_index)).encode())
    for attribute in mesh.attributes:
        if attribute.name.startswith(".") or attribute.data_type == "STRING":
            continue
        name, width = VALUES.get(attribute.data_type, ("value", 1))
        number = np.int32 if "INT" in attribute.data_type else np.float32
        of_all = values_in(
            attribute.data, name, (len(attribute.data), width), bool if attribute.data_type == "BOOLEAN" else number
        )
        found.update(f"{attribute.name} {attribute.domain} {attribute.data_type}".encode())
        found.update(of_all.data)
    return found.hexdigest()


def object_state(evaluated: Object) -> list[Any]:
    """Shape and place of an evaluated mesh object, without its materials, as JSON."""
    properties = [(name, value) for name, value in evaluated.items() if not name.startswith("impasto_")]
    named = [(name, value) for name, value in properties if not hasattr(value, "to_dict")]
    values = sorted((name, repr(value.to_list() if hasattr(value, "to_list") else value)) for name, value in named)
    place = [list(row) for row in evaluated.matrix_world]
    return [mesh_fingerprint(evaluated.data), place, list(evaluated.color), evaluated.pass_index, values]


def images_of(*objects: Object) -> set[Image]:
    """Images in objects' materials."""
    materials = {slot.material for obj in objects for slot in obj.material_slots if slot.material}
    trees = [material.node_tree for material in materials if material.node_tree]
    return {image for tree in trees for image in images_in(tree)}


def images_in(tree: NodeTree, *, used_only: bool = False) -> Iterator[Image]:
    """Images in the nodes of a tree and of its groups; used_only: those of nodes with linked outputs."""
    for node in nodes_in(tree, used_only=used_only):
        if getattr(node, "image", None) is not None:
            yield node.image


def nodes_in(tree: NodeTree, *, used_only: bool = False) -> Iterator[Node]:
    """Nodes of a tree and of its groups; used_only: those with linked outputs."""
    for node in tree.nodes:
        if used_only and not any(output.is_linked for output in node.outputs):
            continue
        yield node
        if node.type == "GROUP" and node.node_tree is not None:
            yield from nodes_in(node.node_tree, used_only=used_only)


def contents_of(image: Image) -> Path | bytes | np.ndarray:
    """The file of an image, or its bytes if it is packed or tiled; the pixels of one that was changed since."""
    if image.source == "TILED" and not image.is_dirty:
        return b"".join(_tiles(image))
    if image.packed_file and not image.is_dirty:
        return image.packed_file.data
    path = Path(bpy.path.abspath(image.filepath, library=image.library)) if image.filepath else None
    if path and path.is_file() and not image.is_dirty:
        return path
    return values_of(image)


def _tiles(image: Image) -> Iterator[bytes]:
    """Files of a tiled image, those that are there."""
    if image.packed_files:
        yield from (one.packed_file.data for one in image.packed_files)
        return
    pattern = bpy.path.abspath(image.filepath, library=image.library)
    paths = [Path(pattern.replace("<UDIM>", str(tile.number))) for tile in image.tiles]
    yield from (path.read_bytes() for path in paths if path.is_file())


def sha256(contents: Path | bytes | np.ndarray) -> str:
    """SHA-256 of what `contents_of` returns; for any thread."""
    if isinstance(contents, Path):
        with contents.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    return hashlib.sha256(contents if isinstance(contents, bytes) else contents.data).hexdigest()


NOT_OF_PIXELS = ("maps", "inputs", "file_format", "edge_radius", "thickness_range", "unit_m")
"""Options that change no map's image, or only some maps'."""


def fingerprints(bake: BakeScene, set_: BakeSet, options: BakeOptions, uv_maps: Sequence[str]) -> dict[str, str]:
    """SHA-256 of all that each map depends on: shapes as they are rendered, places, materials, images, and settings."""
    slots = [[slot.material for slot in item.material_slots] for item in set_.sources]
    materials = {one for used in slots for one in used if one}
    scene, depsgraph = bake.scene, bake.scene.view_layers[0].depsgraph
    places = {item: str(place) for place, item in enumerate(set_.all_objects)}
    shared = {
        "versions": (VERSION, bpy.app.version_string),
        "set": set_.to_json(places.__getitem__),  # a linked object and its override have one name, elsewhere two
        "options": {name: value for name, value in asdict(options).items() if name not in NOT_OF_PIXELS},
        "uv_maps": uv_maps,
        "slots": [[one.name if one else "" for one in used] for used in slots],
        "objects": [object_state(item.evaluated_get(depsgraph)) for item in bake.scene.collection.objects],
    }
    contents = {image: sha256(contents_of(image)) for image in images_of(*set_.sources)}
    nodes = {node for one in materials if one.node_tree for node in nodes_in(one.node_tree)}
    others = {node.object for node in nodes if getattr(node, "object", None)}
    of_materials = {
        "materials": materials_fingerprint(materials, contents),
        "others": sorted(
            (one.name, repr(list(map(list, one.evaluated_get(depsgraph).matrix_world)))) for one in others
        ),
        "frame": (scene.frame_current, scene.frame_subframe)
        if any(map(_changes, (*materials, *nodes, *contents)))
        else None,
    }
    return {
        name: hashlib.sha256(json.dumps([name, shared, _own(name, set_, options, of_materials)]).encode()).hexdigest()
        for name in options.maps
    }


def _own(name: str, bake_set: BakeSet, options: BakeOptions, of_materials: dict[str, Any]) -> Any:
    """Names of objects, data of materials, and options that only this map and a few others depend on."""
    if name in OF_MATERIALS:
        return of_materials, options.unit_m if name == "height" else None
    own: dict[str, Any] = dict.fromkeys(CURVATURE_MAPS, options.edge_radius)
    own |= {"thickness": options.thickness_range, "object_id": [item.name for item in bake_set.sources]}
    return own.get(name)


def _changes(item: Any) -> bool:
    """Whether a material, a node's tree or an image changes with the frame."""
    trees = [item, getattr(item, "node_tree", None)]
    is_moving = isinstance(item, Image) and item.source in ("MOVIE", "SEQUENCE")
    return is_moving or any(getattr(one, "animation_data", None) for one in trees)


def kept_images() -> dict[str, Image]:
    """Images of earlier bakes that have not been changed since, by their fingerprints."""
    found = {}
    for image in bpy.data.images:
        about = provenance_of(image)
        if "fingerprint" in about and not image.is_dirty and about.get("bytes") == packed_bytes(image):
            found[about["fingerprint"]] = image
    return found


def packed_bytes(image: Image) -> int:
    """Size of an image's packed files: a cheap sign that it was painted on and packed again."""
    return sum(one.packed_file.size for one in image.packed_files)
