# SPDX-License-Identifier: GPL-3.0-or-later
"""The placing of a tool's points on an image: which one it is, and the values to go back to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..engine.catalogue import catalogue
from ..parameters.groups import group_of, identifier
from ..parameters.points import points_of


class Placing:
    """The tool whose points are being placed, by name, and the session id of the image; empty and 0 for none.

    number: counts the times that it began.
    """

    def __init__(self) -> None:
        self.tool = ""
        self.image = 0
        self.number = 0
        self._before: dict[str, tuple[float, float]] = {}

    def begin(self, scene: bpy.types.Scene, tool: Mapping[str, Any], image: bpy.types.Image) -> None:
        """Show the handles of a tool on an image."""
        self.tool, self.image, self.number = tool["name"], image.session_uid, self.number + 1
        group = group_of(scene, tool)
        self._before = {name: tuple(getattr(group, identifier(name))) for name in points_of(tool)}

    def end(self) -> None:
        """Hide them."""
        self.tool, self.image, self._before = "", 0, {}

    def restore(self, scene: bpy.types.Scene) -> bool:
        """Put all points back to where they began; return whether any had moved."""
        group, has_moved = group_of(scene, catalogue[self.tool]), False
        for name, value in self._before.items():
            if tuple(getattr(group, identifier(name))) != value:
                setattr(group, identifier(name), value)
                has_moved = True
        return has_moved


placing = Placing()
