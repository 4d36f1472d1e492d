# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees of shader nodes: their Principled BSDF and Material Output, room for new nodes, nodes built as functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy

SOCKET_PX, HEAD_PX, HIDDEN_PX, MARGIN_PX = 22.0, 60.0, 40.0, 40.0
SETTINGS_PX = {"TEX_IMAGE": 150.0, "MAPPING": 220.0, "VALTORGB": 200.0, "CURVE_RGB": 260.0, "MIX": 80.0}
"""Height of a node's widgets in addition to its sockets, by type."""
MENUS_PX = 60.0  # of other nodes: a menu or two


@dataclass(frozen=True)
class Box:
    left: float
    right: float
    bottom: float
    top: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.left < other.right + MARGIN_PX
            and other.left < self.right + MARGIN_PX
            and self.bottom < other.top + MARGIN_PX
            and other.bottom < self.top + MARGIN_PX
        )

    def box_below(self, by_px: float) -> Box:
        return Box(self.left, self.right, self.bottom - by_px, self.top - by_px)


def make_room(tree: bpy.types.NodeTree, new: Sequence[bpy.types.Node]) -> None:
    """Move the new nodes down together until none overlaps an older node."""
    movable = [node for node in new if node.type != "FRAME"]
    others = [box_of(node) for node in tree.nodes if node not in new and node.type != "FRAME"]
    boxes, lowered_px = [box_of(node) for node in movable], 0.0
    if len(movable) < len(new):  # the frame around them must not overlap other nodes
        boxes = [_round_all(boxes)]
    while hit := [(box, other) for box in boxes for other in others if box.box_below(lowered_px).overlaps(other)]:
        lowered_px = max(box.top - other.bottom for box, other in hit) + MARGIN_PX
    for node in movable:
        node.location.y -= lowered_px


def _round_all(boxes: Sequence[Box]) -> Box:
    return Box(
        min(box.left for box in boxes),
        max(box.right for box in boxes),
        min(box.bottom for box in boxes),
        max(box.top for box in boxes),
    )


def box_of(node: bpy.types.Node) -> Box:
    """Rectangle of a node in the tree, whatever frames it is in."""
    left, top = node.location
    frame = node.parent
    while frame:
        left, top, frame = left + frame.location.x, top + frame.location.y, frame.parent
    sockets = sum(not socket.hide and socket.enabled for socket in (*node.inputs, *node.outputs))
    height_px = HEAD_PX + sockets * SOCKET_PX + SETTINGS_PX.get(node.type, MENUS_PX)
    return Box(left, left + node.width, top - (HIDDEN_PX if node.hide else height_px), top)


PREVIEW = "Impasto Preview"
"""Beginning of the names of the nodes of a preview, which are not part of the material."""

LABELS = {
    "base_color": "Base Color",
    "ambient_occlusion": "Ambient Occlusion",
    "metallic": "Metallic",
    "roughness": "Roughness",
    "opacity": "Opacity",
    "emission": "Emission",
    "transmission_weight": "Transmission Weight",
    "normal": "Normal",
    "height": "Height",
    "confidence": "Confidence",
    "bent_normal": "Bent Normal",
}
"""Labels of the maps, in the order of their sockets on the Principled BSDF."""


def ends(tree: bpy.types.NodeTree) -> tuple[bpy.types.Node, bpy.types.Node]:
    """Principled BSDF and Material Output, which are added if they are missing."""
    output = output_of(tree)
    nodes = []
    if output is None:
        output = tree.nodes.new("ShaderNodeOutputMaterial")
        output.location = (300, 300)
        nodes.append(output)
    shader = principled_of(tree)
    if shader is None:
        shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
        shader.location = (output.location.x - 290, output.location.y)
        tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
        nodes.append(shader)
    make_room(tree, nodes)
    return shader, output


def output_of(tree: bpy.types.NodeTree) -> bpy.types.Node | None:
    """The active Material Output."""
    return tree.get_output_node("ALL") or tree.get_output_node("CYCLES") or tree.get_output_node("EEVEE")


def principled_of(tree: bpy.types.NodeTree) -> bpy.types.Node | None:
    """Principled BSDF of the surface, linked directly or through mixes."""
    output = output_of(tree)
    waiting = [output] if output else []
    seen = set()
    while waiting:
        node = waiting.pop(0)
        if node.type == "BSDF_PRINCIPLED" and not node.name.startswith(PREVIEW):
            return node
        seen.add(node.name)
        sockets = [node.inputs["Surface"]] if node == output else node.inputs
        sources = [link.from_node for socket in sockets if socket.type == "SHADER" for link in socket.links]
        waiting += [source for source in sources if source.name not in seen]
    return None


COLUMN_PX, LINE_PX = 190, 50

Value = bpy.types.NodeSocket | float
Given = Value | tuple[float, ...]


class NodeGraph:
    """Builder of nodes by functions from sockets to sockets. Each node is in a column to the right of its inputs."""

    def __init__(self, tree: bpy.types.NodeTree) -> None:
        self.tree = tree
        self._depths: dict[str, int] = {}
        self._lines: dict[int, int] = {}

    @classmethod
    def of_group(cls, name: str) -> NodeGraph:
        """Nodes of a new group."""
        return cls(bpy.data.node_groups.new(name, "ShaderNodeTree"))

    def input(self, name: str, kind: str, **settings: Any) -> bpy.types.NodeSocket:
        """New input of the group. settings: limits and default of the input."""
        socket = self.tree.interface.new_socket(name, in_out="INPUT", socket_type=f"NodeSocket{kind}")
        for key, value in settings.items():
            setattr(socket, key, value)
        found = next((node for node in self.tree.nodes if node.type == "GROUP_INPUT"), None)
        return (found or self.tree.nodes.new("NodeGroupInput")).outputs[name]

    def outputs(self, kinds: dict[str, str]) -> bpy.types.Node:
        """The group's output node, with sockets of these kinds."""
        for name, kind in kinds.items():
            self.tree.interface.new_socket(name, in_out="OUTPUT", socket_type=f"NodeSocket{kind}")
        node = self.tree.nodes.new("NodeGroupOutput")
        node.location = ((max(self._lines, default=0) + 1) * COLUMN_PX, 0)
        return node

    def node(self, kind: str, *values: Given, **settings: Any) -> bpy.types.Node:
        """New node with its inputs linked or set in order."""
        node = self.tree.nodes.new(f"ShaderNode{kind}")
        for key, value in settings.items():
            setattr(node, key, value)
        depth = 1
        for socket, value in zip(node.inputs, values, strict=False):
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, socket)
                depth = max(depth, self._depths.get(value.node.name, 0) + 1)
            else:
                socket.default_value = value
        line = self._lines.get(depth, 0)
        self._depths[node.name], self._lines[depth] = depth, line + 1
        node.location, node.hide = (depth * COLUMN_PX, -line * LINE_PX), True
        return node

    def group(self, tree: bpy.types.NodeTree, *values: Given) -> bpy.types.Node:
        return self.node("Group", *values, node_tree=tree)

    def math(self, operation: str, *values: Value) -> bpy.types.NodeSocket:
        return self.node("Math", *values, operation=operation).outputs[0]

    def vector(self, operation: str, *values: Given) -> bpy.types.NodeSocket:
        return self.node("VectorMath", *values, operation=operation).outputs[0]

    def dot(self, *values: Given) -> bpy.types.NodeSocket:
        return self.node("VectorMath", *values, operation="DOT_PRODUCT").outputs["Value"]

    def combine(self, *values: Value) -> bpy.types.NodeSocket:
        return self.node("CombineXYZ", *values).outputs[0]

    def separate(self, vector: bpy.types.NodeSocket) -> tuple[bpy.types.NodeSocket, ...]:
        return tuple(self.node("SeparateXYZ", vector).outputs)

    def link(self, value: bpy.types.NodeSocket, target: bpy.types.NodeSocket) -> None:
        self.tree.links.new(value, target)
