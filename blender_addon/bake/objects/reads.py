# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of an object, and image files, that a material's nodes read. Nodes that do not affect its output are ignored."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import bpy
from bpy.types import Image, Material, Node, NodeSocket, Object

from ...core.errors import FileError, Message
from ...core.system.untrusted import excerpt
from ...core.udim import square


class Kind(Enum):
    """Kind of the data that a node reads.

    BOX: coordinates that any object has. LOST: data that is missing in every bake, such as that of particles.
    """

    SHAPE = auto()
    ATTRIBUTE = auto()
    PROPERTY = auto()
    UV_MAP = auto()
    BOX = auto()
    LOST = auto()


@dataclass(frozen=True)
class Read:
    """Data that a node reads. node: name of the node for people. name: name of an attribute, property or UV map."""

    node: str
    kind: Kind
    name: str = ""


OF_SHAPE: Mapping[str, Collection[str]] = {
    "NEW_GEOMETRY": ("position", "normal", "tangent", "true_normal", "parametric", "pointiness", "random_per_island"),
    "TEX_COORD": ("object", "normal"),
}
"""Outputs that depend on the object's shape or place, by the type of the node. Its other outputs do not."""
SHAPES = ("OBJECT_INFO", "WIREFRAME", "BEVEL", "AMBIENT_OCCLUSION")
"""Types of nodes all of whose outputs depend on the object's shape or place."""
LOST = ("HAIR_INFO", "PARTICLE_INFO", "POINT_INFO")
ATTRIBUTE_KINDS = {"GEOMETRY": Kind.ATTRIBUTE, "OBJECT": Kind.PROPERTY, "INSTANCER": Kind.PROPERTY}


def uses_nodes(material: Material) -> bool:
    """Whether Cycles reads the material's nodes; from 5.0 on it always does."""
    return bpy.app.version >= (5, 0) or material.use_nodes


def output_node(material: Material) -> Node | None:
    """The Material Output that Cycles uses."""
    return material.node_tree.get_output_node("CYCLES") if material.node_tree else None


def used_outputs(material: Material) -> Iterator[tuple[Node, NodeSocket]]:
    """Nodes on which a material's surface and displacement depend, with the outputs that are used."""
    output = output_node(material) if uses_nodes(material) else None
    waiting: list[tuple[NodeSocket, tuple[Node, ...]]] = (
        [(output.inputs[name], ()) for name in ("Surface", "Displacement")] if output else []
    )
    seen = set()
    while waiting:
        target, groups = waiting.pop()
        for link in target.links:
            node, source = link.from_node, link.from_socket
            key = (tuple(one.name for one in groups), node.name, source.identifier)
            if link.is_muted or not link.is_valid or key in seen:
                continue
            seen.add(key)
            if node.mute:
                passed = [inner.from_socket for inner in node.internal_links if inner.to_socket == source]
                waiting += [(one, groups) for one in passed]
            elif node.type == "GROUP":
                ends = node.node_tree.nodes if node.node_tree else ()
                inner = [end.inputs for end in ends if end.type == "GROUP_OUTPUT" and end.is_active_output]
                waiting += [(one, (*groups, node)) for one in _called(inner, source)]
            elif node.type == "GROUP_INPUT" and groups:
                waiting += [(one, groups[:-1]) for one in _called([groups[-1].inputs], source)]
            else:
                yield node, source
                waiting += [(one, groups) for one in node.inputs if one.is_linked]


def _called(sockets: Sequence[bpy.types.NodeInputs], source: NodeSocket) -> Iterator[NodeSocket]:
    """Those of the sockets inside or outside a node group that correspond to `source` on its other side."""
    return (one for inputs in sockets for one in inputs if one.identifier == source.identifier)


def reads_of(material: Material) -> list[Read]:
    """All that a material reads of the object that shows it, each once."""
    return list(dict.fromkeys(read for node, output in used_outputs(material) for read in _reads(node, output)))


def _reads(node: Node, output: NodeSocket) -> Iterator[Read]:
    title, name = node.label or node.name, output.identifier.lower().replace(" ", "_")
    if node.type == "ATTRIBUTE":
        yield Read(title, ATTRIBUTE_KINDS.get(node.attribute_type, Kind.LOST), node.attribute_name)
    elif node.type == "VERTEX_COLOR":
        yield Read(title, Kind.ATTRIBUTE, node.layer_name)
    elif node.type in LOST:
        yield Read(title, Kind.LOST)
    elif node.type in SHAPES or name in OF_SHAPE.get(node.type, ()):
        yield Read(title, Kind.SHAPE)
    elif node.type == "TANGENT":
        is_radial = node.direction_type == "RADIAL"
        yield Read(title, Kind.SHAPE) if is_radial else Read(title, Kind.UV_MAP, node.uv_map)
    elif node.type == "NORMAL_MAP":
        yield Read(title, Kind.UV_MAP, node.uv_map) if node.space == "TANGENT" else Read(title, Kind.SHAPE)
    elif node.type == "UVMAP":
        yield Read(title, Kind.UV_MAP, node.uv_map)
    elif node.type == "TEX_COORD" and name in ("uv", "generated"):
        yield Read(title, Kind.UV_MAP if name == "uv" else Kind.BOX)
    elif node.type.startswith("TEX_") and "Vector" in node.inputs and not node.inputs["Vector"].is_linked:
        is_flat = node.type == "TEX_IMAGE" and node.projection == "FLAT"
        yield Read(title, Kind.UV_MAP if is_flat else Kind.BOX)


def missing_of(reads: Sequence[Read], obj: Object) -> list[Read]:
    """Reads that give black, because an evaluated object lacks their attribute, property or UV map."""
    mesh = obj.data
    known = {
        Kind.ATTRIBUTE: lambda name: name in mesh.attributes or (not name and len(mesh.color_attributes)),
        Kind.PROPERTY: lambda name: any(_has(owner, name) for owner in (obj, mesh)),
        Kind.UV_MAP: lambda name: not name or name in mesh.uv_layers,
        Kind.LOST: lambda _: False,
    }
    return [read for read in reads if read.kind in known and not known[read.kind](read.name)]


def _has(owner: bpy.types.ID, name: str) -> bool:
    """Whether a datablock has a property, its own or one of Blender's, by its path."""
    if name in owner:
        return True
    try:
        return bool(name) and owner.path_resolve(name) is not None
    except ValueError:
        return False


def missing_notes(material: Material, obj: Object, name: str, *, is_plane: bool = False) -> Iterator[str]:
    """Warnings about what an evaluated object of this name lacks for a material; of a plane, what every bake lacks."""
    for read in missing_of(reads_of(material), obj):
        if is_plane and read.kind != Kind.LOST:
            continue
        node, title, wanted = read.node, material.name, excerpt(read.name)
        if read.kind == Kind.LOST:
            yield Message("the node {} of {} reads what no bake has, and gives 0", node, title)
        elif read.kind == Kind.UV_MAP:
            text = "the node {} of {} reads the UV map {}, which {} lacks, and gives 0"
            yield Message(text, node, title, wanted, name)
        else:
            text = "the node {} of {} reads the attribute {}, which {} lacks, and gives 0"
            yield Message(text, node, title, wanted, name)


def check_images(material: Material) -> None:
    """Raise FileError if the file of an image that a material shows is missing: it would be baked magenta."""
    for node, _ in used_outputs(material):
        image = getattr(node, "image", None)
        if image and (path := _missing_file(image)):
            remedy = "find it (File > External Data > Find Missing Files), or unlink its node"
            raise FileError("the image {} of {} lacks its file {}", remedy, image.name, material.name, path)


def _missing_file(image: Image) -> Path | None:
    """The first file that an image needs and that is not there. Before 4.5, Cycles reads tiles from files alone."""
    is_tiled = image.source == "TILED"
    in_memory = image.has_data and not image.filepath and (not is_tiled or bpy.app.version >= (4, 5))
    is_held = image.packed_files or in_memory or (image.is_dirty and not is_tiled)
    if image.source not in ("FILE", "TILED", "SEQUENCE", "MOVIE") or is_held:
        return None
    path = Path(bpy.path.abspath(image.filepath, library=image.library))
    if image.source == "SEQUENCE":  # its frames have numbers
        return None if any(path.parent.glob(f"*{path.suffix}")) else path
    names = [_tile_name(path.name, tile.number) for tile in (image.tiles if is_tiled else ())] or [path.name]
    return next((one for name in names if not (one := path.parent / name).is_file()), None)


def _tile_name(pattern: str, number: int) -> str:
    column, row = square(number)
    return pattern.replace("<UDIM>", str(number)).replace("<UVTILE>", f"u{column + 1}_v{row + 1}")
