# SPDX-License-Identifier: GPL-3.0-or-later
"""The Endless panel's settings in each scene."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty, PointerProperty

CELL_SIZE = FloatProperty(
    name="Cell Size",
    description="Width of the cells relative to the shorter side of the source; larger keeps larger shapes whole",
    min=0.05,
    max=0.5,
    default=0.2857,
    precision=3,
)
SHARPNESS = FloatProperty(
    name="Sharpness",
    description="How quickly one piece gives way to the next: 1 blends over whole cells",
    min=1.0,
    max=8.0,
    default=4.0,
)
SEED = IntProperty(name="Seed", description="Another seed, another layout", min=0, max=1 << 20)
INSIST = BoolProperty(
    name="Break Patterns", description="Make it endless even if a regular pattern was found, which will be broken"
)
SIZE_PX = IntProperty(
    name="Size", description="Width and height of the baked maps in pixels", min=16, max=16384, default=4096
)


class EndlessSettings(bpy.types.PropertyGroup):
    """Settings for making a material endless, and for baking it."""

    cell_size: CELL_SIZE
    sharpness: SHARPNESS
    seed: SEED
    insist: INSIST
    size_px: SIZE_PX


def register() -> None:
    bpy.utils.register_class(EndlessSettings)
    bpy.types.Scene.impasto_endless = PointerProperty(type=EndlessSettings)


def unregister() -> None:
    del bpy.types.Scene.impasto_endless
    bpy.utils.unregister_class(EndlessSettings)
