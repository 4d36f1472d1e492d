# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say which objects share a set of maps."""

from __future__ import annotations

from dataclasses import dataclass, field

from bpy.props import EnumProperty

from ..tools.arguments import argument

EACH, ONE = "EACH", "ONE"


@dataclass(frozen=True)
class BakeTargets:
    """Which of the selected objects share a set of maps."""

    target: str = field(
        default=EACH,
        metadata=argument(
            EnumProperty,
            "Target",
            "Which objects share a set of maps",
            items=(
                (EACH, "Each Object", "A set of maps for each selected object"),
                (ONE, "All in One", "One set of maps for all selected objects, whose UV islands share the square"),
            ),
        ),
    )
