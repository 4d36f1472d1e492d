# SPDX-License-Identifier: GPL-3.0-or-later
"""A preview on the object itself: one small image in a node of its own, in the place of the base colour for a while.

The image keeps its size, so that only its pixels change. The images of a material are still found as they are, and
nothing is kept outside the nodes: what an undo brings back is taken back as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from .. import handlers
from ..windows import areas
from . import endless_nodes, materials

if TYPE_CHECKING:
    import numpy as np

NAME = "Impasto Preview"
"""Name of the node."""
MARK = "impasto_preview"
"""Custom property of the image."""
SIDE_PX = 256
SETTINGS = ("projection", "projection_blend", "extension", "interpolation")


def show(material: bpy.types.Material | None, color: np.ndarray) -> None:
    """Show a base colour, uint8 (H, W, 3), on all that has a material, if that is Impasto's or has no base colour."""
    tree = material.node_tree if material and material.is_editable else None
    if tree is None or (not _is_in(tree) and not _is_ours(material, tree)):
        take_back()
        return
    image = next((one for one in bpy.data.images if MARK in one), None) or _new_image()
    _write(image, color)
    if not _is_in(tree):
        _take_back_nodes()
        _insert(tree, image)
    for area in areas():
        if area.type == "VIEW_3D":
            area.tag_redraw()


def take_back(*_: object) -> None:
    """Show all materials as they are."""
    _take_back_nodes()
    for image in [one for one in bpy.data.images if MARK in one and not one.users]:
        bpy.data.images.remove(image)


def _is_in(tree: bpy.types.NodeTree) -> bool:
    return NAME in tree.nodes


def _is_ours(material: bpy.types.Material, tree: bpy.types.NodeTree) -> bool:
    """Whether the base colour is an image of Impasto's, or there is none yet."""
    shader = materials.principled_of(tree)
    if shader is None or endless_nodes.find(material):
        return False
    own = _own(tree)
    return own.outputs["Color"].is_linked if own else not shader.inputs["Base Color"].is_linked


def _own(tree: bpy.types.NodeTree) -> bpy.types.Node | None:
    """The node of the base colour."""
    return tree.nodes.get(f"{materials.FRAME} {materials.LABELS['base_color']}")


def _insert(tree: bpy.types.NodeTree, image: bpy.types.Image) -> None:
    node, own = tree.nodes.new("ShaderNodeTexImage"), _own(tree)
    node.name, node.label, node.image, node.select = NAME, "Preview", image, False
    if own is None:
        shader = materials.principled_of(tree)
        assert shader is not None  # else the material is not ours
        node.location = (shader.location.x - materials.COLUMN_PX, shader.location.y)
        tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        return
    node.parent, node.location = own.parent, own.location
    for setting in SETTINGS:
        setattr(node, setting, getattr(own, setting))
    for link in own.inputs["Vector"].links:
        tree.links.new(link.from_socket, node.inputs["Vector"])
    _move_links(tree, own, node)


def _move_links(tree: bpy.types.NodeTree, start: bpy.types.Node, end: bpy.types.Node) -> None:
    for target in [link.to_socket for link in start.outputs["Color"].links]:
        tree.links.new(end.outputs["Color"], target)


def _take_back_nodes() -> None:
    for material in bpy.data.materials:
        tree = material.node_tree
        node = tree.nodes.get(NAME) if tree else None
        if node:
            if own := _own(tree):
                _move_links(tree, node, own)
            tree.nodes.remove(node)


def _new_image() -> bpy.types.Image:
    image = bpy.data.images.new(NAME, SIDE_PX, SIDE_PX)
    image[MARK] = True
    return image


def _write(image: bpy.types.Image, color: np.ndarray) -> None:
    """Write a picture (H, W, 3) into an image, scaled to its size, with row 0 at the top."""
    import numpy as np

    rows, columns = (np.arange(SIDE_PX) * side // SIDE_PX for side in color.shape[:2])
    pixels = np.ones((SIDE_PX, SIDE_PX, 4), np.float32)
    pixels[..., :3] = color[rows[::-1]][:, columns] / np.float32(255)
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
