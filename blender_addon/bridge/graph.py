# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of shader nodes, built as functions from sockets to sockets."""

from __future__ import annotations

from typing import Any

import bpy

COLUMN_PX, LINE_PX = 190, 50

Value = bpy.types.NodeSocket | float
Given = Value | tuple[float, ...]


class Graph:
    """Nodes of a group, as functions from sockets to sockets, laid out in columns by the depth of their inputs."""

    def __init__(self, name: str) -> None:
        self.tree = bpy.data.node_groups.new(name, "ShaderNodeTree")
        self.source = self.tree.nodes.new("NodeGroupInput")
        self._depths = {self.source.name: 0}
        self._lines: dict[int, int] = {}

    def input(self, name: str, kind: str, **settings: Any) -> bpy.types.NodeSocket:
        """New input of the group; settings: its limits and default."""
        socket = self.tree.interface.new_socket(name, in_out="INPUT", socket_type=f"NodeSocket{kind}")
        for key, value in settings.items():
            setattr(socket, key, value)
        return self.source.outputs[name]

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
                depth = max(depth, self._depths[value.node.name] + 1)
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
