# SPDX-License-Identifier: GPL-3.0-or-later
"""The Style panel's settings in each scene."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, PointerProperty, StringProperty

from ..bridge.target import ACTIVE, NEW, NONE
from ..engine.catalogue import catalogue, properties_of
from ..jobs.session import jobs
from ..jobs.task import Place
from ..parameters import inputs, properties
from ..parameters.groups import identifier
from ..parameters.properties import STYLE, preview_update
from ..tools.form import DIRECTIONS, with_properties
from ..tools.lists import items_of
from ..tools.request import Request

IMAGE, MATERIAL, RENDER = "IMAGE", "MATERIAL", "RENDER"
SUBJECTS = (
    (IMAGE, "Image", "An image of this .blend file"),
    (MATERIAL, "Material", "The textures of the active object's material"),
    (RENDER, "Render", "The render result"),
)
LONGEST, STROKES, RELIEF, KIND, START = "longest_px", "strokes_px", "relief", "kind", "start"
"""Parameters and an input of stylizers that the extension uses by name."""
AUTO_KIND, NO_KIND = "auto", "none"
"""Values of the kind of style: recognised automatically, and none."""


def _carry_over(settings: StyleSettings, context: bpy.types.Context) -> None:
    """Copy the settings that the former and the chosen stylizer share; forget the former's report."""
    former, settings.former = settings.former or catalogue.usual("stylize"), settings.tool
    if former in catalogue and settings.tool in catalogue:
        copy_settings(settings.id_data, catalogue[former], catalogue[settings.tool])
    jobs.forget(Place.STYLE)
    preview_update(STYLE)(settings, context)


def copy_settings(scene: bpy.types.Scene, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Copy parameters and inputs of the same name and type from one tool's settings to another's."""
    known = properties_of(before)
    shared = [
        identifier(name)
        for name, schema in properties_of(now).items()
        if name in known and _range_of(known[name]) == _range_of(schema)
    ]
    names = {item["name"] for item in inputs.image_inputs(before)}
    shared += [inputs.pointer_to(item["name"]) for item in inputs.image_inputs(now) if item["name"] in names]
    group, other = properties.group_of(scene, now), properties.group_of(scene, before)
    for name in shared:
        if other.is_property_set(name):
            setattr(group, name, getattr(other, name))
        else:
            group.property_unset(name)
    inputs.copy_more(scene, before, now)


def _range_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Schema of a parameter's values, without default, description and title."""
    return {key: value for key, value in schema.items() if key not in ("default", "description", "title")}


class ResultProperties:
    """Destination of the results, for the scene's settings and for the operator."""

    material: EnumProperty(
        name="Result",
        description="Where repainted textures go",
        items=(
            (NEW, "New Material", "A copy of the material, in its place on the selected objects"),
            (ACTIVE, "Same Material", "The material itself; its former images stay in the file"),
            (NONE, "Images", "New images, no material"),
        ),
    )


@with_properties(Request, "seed", update=preview_update(STYLE))
@with_properties(Request, "bits", "across_seams", "mask_by")
class StyleSettings(ResultProperties, bpy.types.PropertyGroup):
    """Settings of the Style panel, in each scene."""

    tool: EnumProperty(
        name="Stylizer", description="How it is repainted", items=items_of("stylizer"), update=_carry_over
    )
    former: StringProperty(options={"HIDDEN"})
    subject: EnumProperty(name="Repaint", description="What is repainted", items=SUBJECTS, update=preview_update(STYLE))
    image: PointerProperty(
        name="Image",
        description="The image that is repainted; in the image editor, without one: the image that is shown",
        type=bpy.types.Image,
        update=preview_update(STYLE),
    )
    directions: PointerProperty(type=bpy.types.Image, update=preview_update(STYLE), **DIRECTIONS)
    live_preview: BoolProperty(
        name="Live Preview", description="Show a small preview whenever something changes", update=preview_update(STYLE)
    )


POINTER = (bpy.types.Scene, "impasto_style", StyleSettings)
