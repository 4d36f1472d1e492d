# SPDX-License-Identifier: GPL-3.0-or-later
"""Placement of new nodes in a tree: below those that are there, so that none overlap.

Blender knows how high nodes are only once it has drawn them: here it is estimated from their sockets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy

SOCKET_PX, HEAD_PX, HIDDEN_PX, MARGIN_PX = 22.0, 60.0, 40.0, 40.0
SETTINGS_PX = {"TEX_IMAGE": 150.0, "MAPPING": 220.0, "VALTORGB": 200.0, "CURVE_RGB": 260.0, "MIX": 80.0}
"""Height of the widgets of some nodes beside their sockets; others have a menu or two."""
MENUS_PX = 60.0


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
    """Move the new nodes down together until none overlaps a node that was there."""
    movable = [node for node in new if node.type != "FRAME"]
    others = [box_of(node) for node in tree.nodes if node not in new and node.type != "FRAME"]
    boxes, lowered_px = [box_of(node) for node in movable], 0.0
    if len(movable) < len(new):  # their frame is drawn round them all, and shall hold no other node
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
    """Position of a node, independent of the frames that it is in."""
    left, top = node.location
    frame = node.parent
    while frame:
        left, top, frame = left + frame.location.x, top + frame.location.y, frame.parent
    sockets = sum(not socket.hide and socket.enabled for socket in (*node.inputs, *node.outputs))
    height_px = HEAD_PX + sockets * SOCKET_PX + SETTINGS_PX.get(node.type, MENUS_PX)
    return Box(left, left + node.width, top - (HIDDEN_PX if node.hide else height_px), top)
