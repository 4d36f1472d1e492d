# SPDX-License-Identifier: GPL-3.0-or-later
"""A preview on the object itself: small images in temporary nodes replace some maps.

In one of Impasto's materials each image replaces its map, so that sliders still apply. In any other material the
preview has a shader of its own, which hides the material's. The images keep their size: only their pixels change. Other
code still finds the material's own images. All state is in the nodes, so a preview that comes back by undo, or from a
file that was saved automatically before a crash, is removed as well.
"""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np

from ..windows import areas
from . import endless_nodes, materials, shader_tree

NAME = shader_tree.PREVIEW
"""Beginning of the names of the preview's nodes."""
STAND_IN, MIX, BUMPS = f"{NAME} Shader", f"{NAME} Mix", f"{NAME} Normals"
"""Names of the nodes that hide the shader of a material that Impasto did not make."""
SOCKETS = {"base_color": "Base Color", "roughness": "Roughness", "normal": ""}
"""Shown maps, and the shader's input for each; normals need a Normal Map node between."""
MARK = "impasto_preview"
"""Custom property of the preview's images: the name of the map."""
SIDE_PX = 256
SETTINGS = ("projection", "projection_blend", "extension", "interpolation")


def show(material: bpy.types.Material, maps: Mapping[str, np.ndarray]) -> None:
    """Show maps, uint8 (H, W, C), on everything with this material. A linked material shows no preview."""
    tree = material.node_tree if material.is_editable else None
    output = shader_tree.output_of(tree) if tree else None
    if tree is None or output is None:
        take_back()
        return
    if not _is_in(tree):
        _take_back_nodes()
        if not _is_ours(material, tree):
            _put_before(tree, output)
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
    """Remove the preview from all materials."""
    _take_back_nodes()
    for image in [one for one in bpy.data.images if MARK in one and not one.users]:
        bpy.data.images.remove(image)


def _node_name(name: str) -> str:
    return f"{NAME} {materials.LABELS[name]}"


def _is_in(tree: bpy.types.NodeTree) -> bool:
    return MIX in tree.nodes or any(_node_name(name) in tree.nodes for name in SOCKETS)


def _put_before(tree: bpy.types.NodeTree, output: bpy.types.Node) -> None:
    """Show a shader of the preview instead of the material's shader, which stays linked to a Mix Shader."""
    mix, shader = tree.nodes.new("ShaderNodeMixShader"), tree.nodes.new("ShaderNodeBsdfPrincipled")
    mix.name, shader.name = MIX, STAND_IN
    for node, below_px in ((mix, 0), (shader, 200)):
        node.label, node.select = "Preview", False
        node.location = (output.location.x, output.location.y + 400 - below_px)
    mix.inputs[0].default_value = 1.0
    for link in list(output.inputs["Surface"].links):
        tree.links.new(link.from_socket, mix.inputs[1])
    tree.links.new(shader.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], output.inputs["Surface"])


def _mapped_as(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    """Map an image of the preview like the first image of the material. In an endless material, the image repeats."""
    endless = next((one for one in tree.nodes if endless_nodes.is_endless(one)), None)
    images = (one for one in tree.nodes if one.type == "TEX_IMAGE" and not one.name.startswith(NAME))
    first = next(images, None)
    if mapped := endless or first:
        _map(tree, node, first, mapped.inputs["Vector"])


def _map(
    tree: bpy.types.NodeTree, node: bpy.types.Node, template: bpy.types.Node | None, vector: bpy.types.NodeSocket
) -> None:
    """Map an image like the image node `template`, if any. vector: input with the coordinates."""
    for setting in SETTINGS if template else ():
        setattr(node, setting, getattr(template, setting))
    for link in vector.links:
        tree.links.new(link.from_socket, node.inputs["Vector"])


def _is_ours(material: bpy.types.Material, tree: bpy.types.NodeTree) -> bool:
    """Whether Impasto made the image of the base colour, or nothing is linked to it yet."""
    shader = shader_tree.principled_of(tree)
    if shader is None or endless_nodes.find(material):
        return False
    own = _own(tree, "base_color")
    return own.outputs["Color"].is_linked if own else not shader.inputs["Base Color"].is_linked


def _own(tree: bpy.types.NodeTree, name: str) -> bpy.types.Node | None:
    """Impasto's node of a map; None if there is none."""
    return tree.nodes.get(f"{materials.FRAME} {materials.LABELS[name]}")


def _inserted(tree: bpy.types.NodeTree, name: str) -> bpy.types.Node | None:
    """New node that shows a map of the preview; None if the material cannot show that map."""
    stand_in = tree.nodes.get(STAND_IN)
    own, shader = (None, stand_in) if stand_in else (_own(tree, name), shader_tree.principled_of(tree))
    if shader is None:
        return None
    socket = shader.inputs.get(SOCKETS[name]) if SOCKETS[name] else _normals_of(tree, shader) if stand_in else None
    if own is None and (socket is None or socket.is_linked):
        return None
    node = tree.nodes.new("ShaderNodeTexImage")
    node.name, node.label, node.image, node.select = _node_name(name), "Preview", _image_of(name), False
    if own is None:
        node.location = (shader.location.x - materials.COLUMN_PX, shader.location.y)
        tree.links.new(node.outputs["Color"], socket)
        if stand_in:
            _mapped_as(tree, node)
        return node
    node.parent, node.location = own.parent, own.location
    _map(tree, node, own, own.inputs["Vector"])
    _move_links(tree, own.outputs["Color"], node.outputs["Color"])
    return node


def _normals_of(tree: bpy.types.NodeTree, shader: bpy.types.Node) -> bpy.types.NodeSocket:
    """Input for a normal map of the preview's shader."""
    node = tree.nodes.get(BUMPS) or tree.nodes.new("ShaderNodeNormalMap")
    node.name, node.select, node.location = BUMPS, False, shader.location
    tree.links.new(node.outputs["Normal"], shader.inputs["Normal"])
    return node.inputs["Color"]


def _move_links(tree: bpy.types.NodeTree, start: bpy.types.NodeSocket, end: bpy.types.NodeSocket) -> None:
    """Move all links from one output to another."""
    for target in [link.to_socket for link in start.links]:
        tree.links.new(end, target)


def _take_back_nodes() -> None:
    for material in bpy.data.materials:
        if tree := material.node_tree:
            for name in SOCKETS:
                _take_back_node(tree, name)
            mix = tree.nodes.get(MIX)  # an output that showed nothing shows nothing again
            for link in mix.inputs[1].links if mix else ():
                _move_links(tree, mix.outputs[0], link.from_socket)
            for node in [one for one in tree.nodes if one.name.startswith(NAME)]:
                tree.nodes.remove(node)


def _take_back_node(tree: bpy.types.NodeTree, name: str) -> None:
    """Remove a node of the preview, and link the map again that it replaced."""
    if node := tree.nodes.get(_node_name(name)):
        if own := _own(tree, name):
            _move_links(tree, node.outputs["Color"], own.outputs["Color"])
        tree.nodes.remove(node)


def _image_of(name: str) -> bpy.types.Image:
    """The preview's image for a map, new if needed."""
    if found := next((one for one in bpy.data.images if one.get(MARK) == name), None):
        return found
    image = bpy.data.images.new(_node_name(name), SIDE_PX, SIDE_PX, is_data=name != "base_color")
    image[MARK] = name
    return image


def _write(image: bpy.types.Image, array: np.ndarray) -> None:
    """Write a map (H, W, C), with row 0 at the top, into an image, scaled to the image."""
    rows, columns = (np.arange(SIDE_PX) * side // SIDE_PX for side in array.shape[:2])
    pixels = np.ones((SIDE_PX, SIDE_PX, 4), np.float32)
    pixels[..., :3] = array[rows[::-1]][:, columns] / np.float32(255)
    image.pixels.foreach_set(pixels.ravel())
    image.update()


HANDLERS = tuple((event, take_back) for event in ("save_pre", "render_init", "undo_post", "redo_post", "load_post"))


def unregister() -> None:
    take_back()
