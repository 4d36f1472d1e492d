# SPDX-License-Identifier: GPL-3.0-or-later
"""The button that gives a tool's parameters random values."""

from __future__ import annotations

import colorsys
import math
import random
from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import IntProperty

from ..engine.catalogue import SIZE_PARAMETERS, catalogue, properties_of
from ..jobs.operator import poll, report_result
from ..jobs.task import TaskReport
from ..parameters import properties, schemas
from ..parameters.groups import belongs_to_model

OFTEN = 0.7
"""Share of the sliders that are off by default, such as moss, that stay off."""
SPREAD = 0.35
"""Range of random hues, saturations and values around a colour."""


class IMPASTO_OT_randomize(bpy.types.Operator):
    """Give the parameters of the chosen tool random values, and take another seed"""

    bl_label = "Randomize"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012  as Blender wants it

    seed: IntProperty(
        name="Random Seed", description="Another number, other values; 0: a new one each time", min=0, max=2**31 - 1
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        tool = context.scene.impasto.tool
        has_any = tool in catalogue and any(_is_drawn(schema) for schema in properties_of(catalogue[tool]).values())
        return poll(cls, "" if has_any else "This tool has no parameters that could be random")

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.impasto
        tool = catalogue[settings.tool]
        group = properties.group_of(context.scene, tool)
        chance = random.Random(self.seed or None)
        for name, schema in properties_of(tool).items():
            if name not in SIZE_PARAMETERS and _is_drawn(schema):
                value = random_value(name, schema, chance)
                setattr(group, properties.identifier(name), value)
        settings.seed = chance.randrange(properties.MAX_INT)
        return report_result(self, TaskReport("INFO", f"The seed is {settings.seed}"))


def _is_drawn(schema: Mapping[str, Any]) -> bool:
    """Whether random values make sense: not for models, texts, numbers of images, or what a photograph shows."""
    is_open = schema.get("type") == "string" and not schemas.choices_of(schema)
    is_fact = schema.get("format") in (schemas.AZIMUTH, schemas.POINT)
    return not (
        is_open or is_fact or belongs_to_model(schema) or "for_each" in schema or schema.get("type") == "object"
    )


def random_value(name: str, schema: Mapping[str, Any], chance: random.Random) -> Any:
    """A value as Blender's property of this parameter takes it: shares anywhere, lengths near the default."""
    default = schema["default"]
    if choices := schemas.choices_of(schema):
        return str(chance.choice(choices))
    if schema["type"] == "boolean":
        return chance.random() < 0.5
    if schema.get("format") == "color":
        return _random_color(default, chance)
    if schema["type"] == "array":
        return default
    low, high = schema.get("minimum", default), schema.get("maximum", default)
    low, high = schema.get("soft_minimum", low), schema.get("soft_maximum", high)
    if default == low and chance.random() < OFTEN:
        value = default
    elif name.endswith("_m"):
        value = min(max(default * 2 ** chance.uniform(-1, 1), low), high)
    else:
        value = chance.uniform(low, high)
    if schema["type"] == "integer":
        return round(value)
    return math.radians(value) if schemas.is_angle(schema) else value


def _random_color(default: tuple[float, float, float], chance: random.Random) -> tuple[float, float, float]:
    hue, saturation, value = colorsys.rgb_to_hsv(*default)
    hue = (hue + chance.gauss(0, SPREAD / 3)) % 1
    saturation, value = (min(max(x * (1 + chance.uniform(-SPREAD, SPREAD)), 0), 1) for x in (saturation, value))
    return colorsys.hsv_to_rgb(hue, saturation, value)
