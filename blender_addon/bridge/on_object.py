# SPDX-License-Identifier: GPL-3.0-or-later
"""A preview on the object itself: small images in nodes of their own, in the place of some maps for a while.

The images keep their size, so that only their pixels change. The images of a material are still found as they are, and
nothing is kept outside the nodes: what an undo brings back is taken back as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import bpy

from .. import handlers
from ..windows import areas
from . import endless_nodes, materials, shader_tree

if TYPE_CHECKING:
    import numpy as np

NAME = "Impasto Preview"
"""Beginning of the names of nodes."""
SOCKETS = {"base_color": "Base Color", "roughness": "Roughness", "normal": ""}
"""Maps that are shown, and the shader's input of each that has no image yet; normals need nodes of their own."""
MARK = "impasto_preview"
"""Custom property of the images: the map."""
SIDE_PX = 256
SETTINGS = ("projection", "projection_blend", "extension", "interpolation")


def show(material: bpy.types.Material, maps: Mapping[str, np.ndarray]) -> None:
    """Show maps, uint8 (H, W, C), on all that has a material, if that is Impasto's or has no base colour."""
    tree = material.node_tree if material.is_editable else None
    if tree is None or (not _is_in(tree) and not _is_ours(material, tree)):
        take_back()
        return
    if not _is_in(tree):
        _take_back_nodes()
    for name in SOCKETS:
        node = tree.nodes.get(_node_name(name))
        if name not in maps:
            _take_back_node(tree, name)
        elif node := node or _inserted(tree, name):
            _write(node.image, maps[name])
    for area in areas():
        if area.type == "VIEW_3D":
            area.tag_redraw()


def take_back(*_: object) -> None:
    """Show all materials as they are."""
    _take_back_nodes()
    for image in [one for one in bpy.data.images if MARK in one and not one.users]:
        bpy.data.images.remove(image)


def _node_name(name: str) -> str:
    return f"{NAME} {materials.LABELS[name]}"


def _is_in(tree: bpy.types.NodeTree) -> bool:
    return any(_node_name(name) in tree.nodes for name in SOCKETS)


def _is_ours(material: bpy.types.Material, tree: bpy.types.NodeTree) -> bool:
    """Whether the base colour is an image of Impasto's, or there is none yet."""
    shader = shader_tree.principled_of(tree)
    if shader is None or endless_nodes.find(material):
        return False
    own = _own(tree, "base_color")
    return own.outputs["Color"].is_linked if own else not shader.inputs["Base Color"].is_linked


def _own(tree: bpy.types.NodeTree, name: str) -> bpy.types.Node | None:
    """The node of a map."""
    return tree.nodes.get(f"{materials.FRAME} {materials.LABELS[name]}")


def _inserted(tree: bpy.types.NodeTree, name: str) -> bpy.types.Node | None:
    """A new node that takes the place of a map; None if the material has no place for it."""
    own, shader = _own(tree, name), shader_tree.principled_of(tree)
    if shader is None:
        return None
    socket = shader.inputs.get(SOCKETS[name])
    if own is None and (socket is None or socket.is_linked):
        return None
    node = tree.nodes.new("ShaderNodeTexImage")
    node.name, node.label, node.image, node.select = _node_name(name), "Preview", _image_of(name), False
    if own is None:
        node.location = (shader.location.x - materials.COLUMN_PX, shader.location.y)
        tree.links.new(node.outputs["Color"], socket)
        return node
    node.parent, node.location = own.parent, own.location
    for setting in SETTINGS:
        setattr(node, setting, getattr(own, setting))
    for link in own.inputs["Vector"].links:
        tree.links.new(link.from_socket, node.inputs["Vector"])
    _move_links(tree, own, node)
    return node


def _move_links(tree: bpy.types.NodeTree, start: bpy.types.Node, end: bpy.types.Node) -> None:
    for target in [link.to_socket for link in start.outputs["Color"].links]:
        tree.links.new(end.outputs["Color"], target)


def _take_back_nodes() -> None:
    for material in bpy.data.materials:
        for name in SOCKETS if material.node_tree else ():
            _take_back_node(material.node_tree, name)


def _take_back_node(tree: bpy.types.NodeTree, name: str) -> None:
    """Remove the node of a preview, and join the map again that it took the place of."""
    if node := tree.nodes.get(_node_name(name)):
        if own := _own(tree, name):
            _move_links(tree, node, own)
        tree.nodes.remove(node)


def _image_of(name: str) -> bpy.types.Image:
    """The image that shows a map."""
    if found := next((one for one in bpy.data.images if one.get(MARK) == name), None):
        return found
    image = bpy.data.images.new(_node_name(name), SIDE_PX, SIDE_PX, is_data=name != "base_color")
    image[MARK] = name
    return image


def _write(image: bpy.types.Image, array: np.ndarray) -> None:
    """Write a map (H, W, C) into an image, scaled to its size, with row 0 at the top."""
    import numpy as np

    rows, columns = (np.arange(SIDE_PX) * side // SIDE_PX for side in array.shape[:2])
    pixels = np.ones((SIDE_PX, SIDE_PX, 4), np.float32)
    pixels[..., :3] = array[rows[::-1]][:, columns] / np.float32(255)
    image.pixels.foreach_set(pixels.ravel())
    image.update()


HANDLERS = tuple(
    (event, bpy.app.handlers.persistent(take_back)) for event in ("save_pre", "undo_post", "redo_post", "load_post")
)


def register() -> None:
    handlers.add(HANDLERS)


def unregister() -> None:
    handlers.remove(HANDLERS)
    take_back()
