# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders of a material, which change its look at once: a group of nodes gives factors and terms for the maps.

Maps do not pass through the group. Each map passes through a node of its own, as the first input, because Blender's USD
exporter takes the first image that it finds behind a socket, and does not look into groups.
"""

from __future__ import annotations

from collections.abc import Mapping

import bpy

from . import endless_nodes, shader_tree
from .shader_tree import NodeGraph

MARK = "impasto_sliders"
"""Custom property of the group of nodes."""
NODE = "Impasto Sliders"
TINT, AMOUNT, HEIGHT, ROUGHNESS = "Tint", "Tint Amount", "Height", "Roughness"
WEAR, WEAR_COLOR, HEIGHT_MAP = "Wear", "Wear Color", "Height Map"
CHANGED = {
    "base_color": ("VectorMath", "MULTIPLY_ADD", ("Color Factor", "Color Term")),
    "roughness": ("Math", "ADD", ("Roughness Term",)),
    "normal": ("VectorMath", "MULTIPLY_ADD", ("Relief Factor", "Normal Term")),
    "height": ("Math", "MULTIPLY_ADD", ("Relief Factor", "Height Term")),
}
"""Maps that sliders change: kind and operation of the node of a map, and the outputs of the group that it uses."""
SHOWN = {
    TINT: ("base_color",),
    AMOUNT: ("base_color",),
    HEIGHT: ("normal", "height"),
    ROUGHNESS: ("roughness",),
    WEAR: ("base_color", "height"),
    WEAR_COLOR: ("base_color", "height"),
}
"""Maps that each slider needs. Height needs one of its maps, and others need all."""
FLAT = (0.5, 0.5, 1.0)
"""Normal of a flat surface, encoded."""
MIDDLE = 0.5
"""Height that the slider Height does not change."""
WORN = (0.55, 0.5, 0.44)
COVER = 0.85
"""Share of the wear's own colour in the colour of worn places."""
SOFTNESS = 0.2
"""Range of heights over which wear begins."""
COLUMN_PX = 290


def find(tree: bpy.types.NodeTree | None) -> bpy.types.Node | None:
    """The node with the sliders of a material; None without sliders. Cheap enough for a panel."""
    node = tree.nodes.get(NODE) if tree else None
    return node if node and node.type == "GROUP" and node.node_tree and MARK in node.node_tree else None


def shown_sockets(tree: bpy.types.NodeTree) -> list[bpy.types.NodeSocket]:
    """Sliders that change a map of the material. Sliders that a link sets are left out."""
    node = find(tree)
    if node is None:
        return []
    maps = {name for name in CHANGED if _changing(tree, name)}
    is_shown = {name: all(one in maps for one in needed) for name, needed in SHOWN.items()}
    is_shown[HEIGHT] = any(one in maps for one in SHOWN[HEIGHT])
    return [node.inputs[name] for name, is_wanted in is_shown.items() if is_wanted and not node.inputs[name].is_linked]


def are_neutral(tree: bpy.types.NodeTree) -> bool:
    """Whether no slider changes a map; also True without sliders."""
    node = find(tree)
    if node is None:
        return True
    value = {name: node.inputs[name].default_value for name in SHOWN}
    is_tinted = value[AMOUNT] > 0 and tuple(value[TINT])[:3] != (1.0, 1.0, 1.0)
    is_joined = any(node.inputs[name].is_linked for name in SHOWN)
    return not (is_tinted or is_joined or value[WEAR] > 0 or value[ROUGHNESS] or value[HEIGHT] != 1.0)


def insert(tree: bpy.types.NodeTree, sockets: Mapping[str, bpy.types.NodeSocket]) -> list[bpy.types.Node]:
    """Put sliders between the sockets of maps and the sockets they are linked to. Existing sliders get further maps.

    Return the nodes that need room.
    """
    sockets = {name: _blended(socket) for name, socket in sockets.items() if name in CHANGED}
    if not sockets:
        return []
    left, top = (pick(socket.node.location[axis] for socket in sockets.values()) for axis, pick in ((0, max), (1, max)))
    group = find(tree)
    if group is None:
        group = tree.nodes.new("ShaderNodeGroup")
        group.node_tree, group.name, group.label, group.width = shared_tree(), NODE, "Sliders", 200
    group.parent = next((socket.node.parent for socket in sockets.values()), None)
    box = shader_tree.box_of(group)
    group.location = (left + COLUMN_PX, top + (box.top - box.bottom) + shader_tree.MARGIN_PX)
    for name, socket in sockets.items():
        targets = [link.to_socket for link in socket.links]
        if stale := _changing(tree, name):
            tree.nodes.remove(stale)
        node = _new_changing(tree, name, group)
        node.location, node.parent = (left + COLUMN_PX, socket.node.location.y), socket.node.parent
        tree.links.new(socket, node.inputs[0])
        for target in targets:
            tree.links.new(node.outputs[0], target)
    if "height" in sockets:
        tree.links.new(sockets["height"], group.inputs[HEIGHT_MAP])
    return [group, *(node for name in sockets if (node := _changing(tree, name)))]


def remove(tree: bpy.types.NodeTree) -> None:
    """Link the maps directly, and remove the sliders."""
    for node in filter(None, (_changing(tree, name) for name in CHANGED)):
        for link in list(node.outputs[0].links) if node.inputs[0].links else ():
            tree.links.new(node.inputs[0].links[0].from_socket, link.to_socket)
        tree.nodes.remove(node)
    if node := find(tree):
        group = node.node_tree
        tree.nodes.remove(node)
        if group.users == 0:
            bpy.data.node_groups.remove(group)


def _changing(tree: bpy.types.NodeTree, name: str) -> bpy.types.Node | None:
    return tree.nodes.get(f"{NODE} {name}")


def _blended(socket: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """Socket of a map after the group that makes a material endless, if there is one."""
    found = [link for link in socket.links if endless_nodes.is_endless(link.to_node)]
    return found[0].to_node.outputs[found[0].to_socket.name] if found else socket


def _new_changing(tree: bpy.types.NodeTree, name: str, group: bpy.types.Node) -> bpy.types.Node:
    kind, operation, outputs = CHANGED[name]
    node = tree.nodes.new(f"ShaderNode{kind}")
    node.name, node.operation, node.hide, node.select = f"{NODE} {name}", operation, True, False
    node.label = name.replace("_", " ").title()
    if name == "roughness":
        node.use_clamp = True
    for index, output in enumerate(outputs):
        tree.links.new(group.outputs[output], node.inputs[1 + index])
    return node


def shared_tree() -> bpy.types.NodeTree:
    """The group of sliders that all materials of this file share."""
    found = (one for one in bpy.data.node_groups if MARK in one and one.library is None)
    return next(found, None) or _new_tree()


def _new_tree() -> bpy.types.NodeTree:
    graph = NodeGraph.of_group(NODE)
    graph.tree[MARK] = True
    factor = {"subtype": "FACTOR", "min_value": 0.0, "max_value": 1.0}
    tint = graph.input(TINT, "Color", default_value=(1.0, 1.0, 1.0, 1.0))
    amount = graph.input(AMOUNT, "Float", **factor, default_value=1.0)
    height = graph.input(HEIGHT, "Float", default_value=1.0, min_value=0.0, max_value=4.0)
    roughness = graph.input(ROUGHNESS, "Float", default_value=0.0, min_value=-1.0, max_value=1.0)
    wear = graph.input(WEAR, "Float", **factor, default_value=0.0)
    wear_color = graph.input(WEAR_COLOR, "Color", default_value=(*WORN, 1.0))
    height_map = graph.input(HEIGHT_MAP, "Float", default_value=0.0, hide_value=True)

    lowest = graph.math("MULTIPLY_ADD", wear, -1.0 - SOFTNESS, 1.0 + SOFTNESS / 2)  # above all heights without wear
    limits = (lowest, graph.math("ADD", lowest, SOFTNESS), 0.0, COVER)
    worn = graph.node("MapRange", height_map, *limits, interpolation_type="SMOOTHSTEP").outputs[0]
    tinted = graph.vector("MULTIPLY_ADD", tint, amount, graph.math("SUBTRACT", 1.0, amount))
    factor_of_color = graph.vector("MULTIPLY", tinted, graph.math("SUBTRACT", 1.0, worn))
    rest = graph.math("SUBTRACT", 1.0, height)
    sockets = {
        "Color Factor": ("Vector", factor_of_color),
        "Color Term": ("Vector", graph.vector("MULTIPLY", wear_color, worn)),
        "Roughness Term": ("Float", roughness),
        "Relief Factor": ("Float", height),
        "Normal Term": ("Vector", graph.vector("MULTIPLY", FLAT, rest)),
        "Height Term": ("Float", graph.math("MULTIPLY", rest, MIDDLE)),
    }
    output = graph.outputs({name: kind for name, (kind, _) in sockets.items()})
    for name, (_, value) in sockets.items():
        graph.link(value, output.inputs[name])
    return graph.tree
