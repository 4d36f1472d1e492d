# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.run`, the stable call for scripts; Make, Randomize and From These Settings of the Impasto panel."""

from __future__ import annotations

import colorsys
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import bpy
from bpy.props import IntProperty, StringProperty

from ..bridge.inputs import SOURCE
from ..bridge.materials import check_editable, length_text, unit_m
from ..bridge.target import ACTIVE, NONE, Target, chosen_material
from ..core.engine.messages import JobResult
from ..core.errors import Message
from ..core.recipe import name_inputs
from ..engine.catalogue import SIZE_PARAMETERS, catalogue, properties_of
from ..jobs.operator import InstantOperator, TaskOperator
from ..jobs.task import Place, Task, TaskReport
from ..layers.operators import new_material
from ..layers.request import add_recipe, put_recipe
from ..parameters import properties
from ..parameters.groups import AZIMUTH, POINT, belongs_to_model, choices_of, is_angle
from ..parameters.properties import MAX_INT
from ..paths import FILE_PATH
from ..tools import source_maps
from ..tools.form import ensure_known, source_of, values_of, with_properties
from ..tools.lists import LAYERS
from ..tools.request import Request
from . import variations
from .request import from_scene, matcher_of, name_of_match, request_poll_message

SCALE = "scale"
"""Task of the tool that measures the width of a picture (see `impasto.tools.TASKS`)."""


@with_properties(Request)
class RequestProperties:
    """Properties of both `run` and `generate`, with the command line's names and defaults."""

    source: StringProperty(
        name="Source",
        description="Path of a picture, a folder of maps, one of its sets (FOLDER/brick_*), or a set file (.maps.json)",
        **FILE_PATH,
    )
    image: StringProperty(name="Image", description="Name of an image of this .blend file, instead of a source")


class IMPASTO_OT_run(RequestProperties, TaskOperator, bpy.types.Operator):
    """Run a tool and put what it makes into this .blend file. For scripts: nothing depends on the panel"""

    bl_label = "Run Tool"

    def task(self, context: bpy.types.Context) -> Task:
        tool = self.tool or catalogue.usual("seamless")
        ensure_known(tool)
        request = Request(**{**values_of(Request, self), "tool": tool, "source": source_of(self.image, self.source)})
        return request.task(request.target(context))


class IMPASTO_OT_generate(RequestProperties, TaskOperator, bpy.types.Operator):
    """Make the texture that the panel is set to, and a material of it for the selected objects"""

    bl_label = "Generate"
    can_wait = True

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return request_poll_message(context)

    def task(self, context: bpy.types.Context) -> Task:
        variations.live.cancel()
        settings = context.scene.impasto
        if self.tool:
            ensure_known(self.tool)
            settings.tool = self.tool
        overrides = self._overrides()
        if not settings.lock_seed and "seed" not in overrides:
            settings.seed = random.randrange(MAX_INT)
        of_match = {"name": name_of_match(settings), "matched": matcher_of(settings)}
        request = replace(from_scene(context), **{**of_match, **overrides})
        notes = [] if request.source is None or "source" in overrides else source_maps.notes_of(settings)
        is_scale = catalogue[request.tool]["task"] == SCALE
        target = _target(request, context)

        def then(result: JobResult, materials: Sequence[bpy.types.Material]) -> Sequence[str]:
            added = add_recipe(result, materials) if target.painted else ()
            return [*notes, *(_keep_width(result) if is_scale else []), *added]

        return request.task(target, then)

    def _overrides(self) -> dict[str, Any]:
        """Fields of the request that were given in this call, which override the panel."""
        values = values_of(Request, self)
        values.pop("tool", None)
        if self.source or self.image:
            values["source"] = source_of(self.image, self.source)
        if "estimator" in values:
            values.setdefault("estimator_parameters", {})
        return values


def _target(request: Request, context: bpy.types.Context) -> Target:
    """Target of the result. A changed picture replaces its source in editors if no material is made."""
    target, source = request.target(context), request.source
    if (
        request.material != NONE
        or catalogue[request.tool]["kind"] != "filter"
        or not isinstance(source, bpy.types.Image)
    ):
        return target
    return replace(target, image=source.session_uid, is_picture=True)


def _keep_width(result: JobResult) -> list[str]:
    """Keep a measured width for the textures that are made next; return a note on it."""
    if not result.width_m:
        return []
    bpy.context.scene.impasto.width_m = result.width_m / unit_m()
    return [Message("Real Width is now {}", length_text(result.width_m))]


class IMPASTO_OT_begin_layers(InstantOperator, bpy.types.Operator):
    """The settings of the Impasto panel, as layers of a material"""

    bl_label = "From These Settings"
    place = Place.LAYERS

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if context.scene.impasto.tool in catalogue else "Choose a tool"

    def do(self, context: bpy.types.Context) -> TaskReport:
        """Open the settings as layers of the active material if results go there, else of a new material."""
        request = from_scene(context)
        material = chosen_material(context) if request.material == ACTIVE else new_material(context)
        check_editable(material)
        named = name_inputs(request.inputs)[1]
        sources = named if request.source is None else {SOURCE: request.source, **named}
        put_recipe(material.impasto_layers, request.recipe(), sources)
        material.impasto_layers.width_m = context.scene.impasto.width_m
        context.scene.impasto.intent = LAYERS
        return TaskReport("INFO", Message("{} has the layers of its recipe", material.name), materials=(material.name,))


OFTEN = 0.7
"""Probability that a slider stays off if it is off by default, such as moss."""
SPREAD = 0.35
"""Range of random saturations and values around a colour; hues vary by a third of it."""


class IMPASTO_OT_randomize(InstantOperator, bpy.types.Operator):
    """Give the parameters of the chosen tool random values, and take another seed"""

    bl_label = "Randomize"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012  as Blender wants it

    seed: IntProperty(
        name="Random Seed", description="Another number, other values; 0: a new one each time", min=0, max=2**31 - 1
    )

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        tool = context.scene.impasto.tool
        has_any = tool in catalogue and any(_is_drawn(schema) for schema in properties_of(catalogue[tool]).values())
        return "" if has_any else "This tool has no parameters that could be random"

    def do(self, context: bpy.types.Context) -> TaskReport:
        settings = context.scene.impasto
        tool = catalogue[settings.tool]
        group = properties.group_of(context.scene, tool)
        chance = random.Random(self.seed or None)
        for name, schema in properties_of(tool).items():
            if name not in SIZE_PARAMETERS and _is_drawn(schema):
                value = random_value(name, schema, chance)
                setattr(group, properties.identifier(name), value)
        settings.seed = chance.randrange(properties.MAX_INT)
        return TaskReport("INFO", Message("The seed is {}", settings.seed))


def _is_drawn(schema: Mapping[str, Any]) -> bool:
    """Whether a random value makes sense: not for models, texts, numbers of each image, or facts about a photograph."""
    is_open = schema.get("type") == "string" and not choices_of(schema)
    is_fact = schema.get("format") in (AZIMUTH, POINT)
    return not (
        is_open or is_fact or belongs_to_model(schema) or "for_each" in schema or schema.get("type") == "object"
    )


def random_value(name: str, schema: Mapping[str, Any], chance: random.Random) -> Any:
    """Random value in the units of Blender's property: within the limits; lengths near the default."""
    default = schema["default"]
    if choices := choices_of(schema):
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
    return math.radians(value) if is_angle(schema) else value


def _random_color(default: tuple[float, float, float], chance: random.Random) -> tuple[float, float, float]:
    hue, saturation, value = colorsys.rgb_to_hsv(*default)
    hue = (hue + chance.gauss(0, SPREAD / 3)) % 1
    saturation, value = (min(max(x * (1 + chance.uniform(-SPREAD, SPREAD)), 0), 1) for x in (saturation, value))
    return colorsys.hsv_to_rgb(hue, saturation, value)
