# SPDX-License-Identifier: GPL-3.0-or-later
"""Painted frames in the compositor: an Image node, in time with the scene."""

from __future__ import annotations

import contextlib
from pathlib import Path

import bpy

from .passes import LAYER
from .request import SequenceRequest, frames_of, set_frames

IS_GROUP = bpy.app.version >= (5, 0)
"""Whether the compositor is a node group, with the output of one."""
IMAGE, RENDER = "CompositorNodeImage", "CompositorNodeRLayers"
OUTPUT = "NodeGroupOutput" if IS_GROUP else "CompositorNodeComposite"
APART = 350.0
"""Distance from one node to the next."""


def poll_message(scene: bpy.types.Scene) -> str:
    """Reason why there are no painted frames to be added; empty if there are. ParameterError as for a shot."""
    if not painted(scene):
        return "There is no painted sequence yet: press Repaint Sequence"
    group = scene.compositing_node_group if IS_GROUP else None
    return "The compositor is linked from another file: make it local" if group and group.library else ""


def painted(scene: bpy.types.Scene) -> bpy.types.Image | None:
    """Image of the scene's painted frames, that which begins first; None without one. ParameterError as for a shot."""
    request = SequenceRequest.from_scene(scene)
    shot, folder = request.shot(scene), request.folder(scene).resolve()
    begin = shot.name.partition("#")[0] if "#" in shot.name else ""
    found = {}
    for image in (one for one in bpy.data.images if one.source == "SEQUENCE"):
        path = Path(bpy.path.abspath(image.filepath))
        if path.name.startswith(begin) and path.parent.resolve() == folder:
            found[path.name] = image
    return found[min(found)] if found else None


def add(scene: bpy.types.Scene, image: bpy.types.Image) -> list[str]:
    """Select the image's node, which is added unless there is one; return notes. OSError if its frames are gone.

    A compositor without nodes gets an output for it; others stay as they are. Its Render Layers are not connected, but
    without them Blender would render the shot again without its passes.
    """
    first, count = frames_of(image)
    tree, notes = _tree(scene), []
    node = next((one for one in tree.nodes if one.bl_idname == IMAGE and one.image == image), None)
    if node is None:
        others = list(tree.nodes)
        node = tree.nodes.new(IMAGE)
        node.image = image
        if others:
            node.location = min(one.location.x for one in others) - APART, max(one.location.y for one in others)
            notes.append("the other nodes are as they were: connect it to them")
        else:
            _connect(tree, node)
            notes.append("renders show it")
    with contextlib.suppress(TypeError):  # so Blender says that the frames have no such layer
        node.layer = LAYER
    set_frames(node, first, count)
    for one in tree.nodes:
        one.select = one == node
    tree.nodes.active = node
    return notes


def _tree(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    """The scene's compositor; if it had no nodes, it is switched on and has none."""
    if IS_GROUP:
        if scene.compositing_node_group is None:
            scene.compositing_node_group = bpy.data.node_groups.new(scene.name, "CompositorNodeTree")
        return scene.compositing_node_group
    if scene.node_tree is None or not scene.node_tree.nodes:
        scene.use_nodes = True
        scene.node_tree.nodes.clear()
    return scene.node_tree


def _connect(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    """Make a node the output of a tree that has no other."""
    tree.nodes.new(RENDER).location.x = -APART
    if IS_GROUP and not tree.interface.items_tree:
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    output = tree.nodes.new(OUTPUT)
    output.location.x = APART
    tree.links.new(node.outputs[0], output.inputs[0])
