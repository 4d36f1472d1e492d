# SPDX-License-Identifier: GPL-3.0-or-later
"""The Impasto panel's settings in each scene."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, PointerProperty, StringProperty

from ..engine.catalogue import SIZE_PARAMETERS, catalogue, has_size
from ..jobs.session import jobs
from ..jobs.task import Place
from ..parameters.groups import chosen_model, group_of
from ..parameters.properties import LAYERS, SPLIT, TEXTURE, choose_model, preview_update
from ..tools.form import DIRECTIONS, with_properties
from ..tools.lists import MODELS, PICTURED, Intents, items_of, keep_tool
from ..tools.request import Request
from ..tools.sources import A_FILE, AN_IMAGE, NONE, RecipeStack

CHANGED = preview_update(TEXTURE)


def _keep_size(settings: ImpastoSettings, context: bpy.types.Context) -> None:
    """Keep the size of the result when another tool is chosen; forget the former tool's match and report."""
    before, now = settings.sized or catalogue.usual("seamless"), settings.tool
    if now in catalogue and has_size(catalogue[now]):
        settings.sized = now
        if before in catalogue:
            former, group = (group_of(settings.id_data, catalogue[name]) for name in (before, now))
            for name in SIZE_PARAMETERS:
                setattr(group, name, getattr(former, name))
    settings.matched = ""
    keep_tool(settings)
    jobs.forget(Place.TEXTURE)
    CHANGED(settings, context)


def _gallery_number(settings: ImpastoSettings) -> int:
    """Number of the chosen tool."""
    return next((item[4] for item in items_of(PICTURED)(settings, None) if item[0] == settings.tool), 0)


def _choose_pictured(settings: ImpastoSettings, number: int) -> None:
    settings.tool = next(item[0] for item in items_of(PICTURED)(settings, None) if item[4] == number)


def _model_number(settings: ImpastoSettings) -> int:
    """Number of the chosen tool's model; -1 if it has none, or the model has no picture."""
    tool = catalogue[settings.tool] if settings.tool in catalogue else None  # noqa: SIM401  it has no get
    model = chosen_model(group_of(settings.id_data, tool), tool) if tool else None
    return next((item[4] for item in items_of(MODELS)(settings, None) if model and item[0] == model["name"]), -1)


def _choose_model(settings: ImpastoSettings, number: int) -> None:
    name = next(item[0] for item in items_of(MODELS)(settings, None) if item[4] == number)
    tool = choose_model(settings.id_data, name)
    assert tool is not None  # else it would not be listed
    settings.tool = tool["name"]


@with_properties(Request, "bits", "material", "mapping", "use_displacement", "use_ambient_occlusion", "keep_light")
@with_properties(Request, "across_seams", "mask_by")
class ImpastoSettings(RecipeStack, Intents, bpy.types.PropertyGroup):
    """Settings of the Impasto panel, in each scene."""

    tool: EnumProperty(name="Tool", description="What makes the texture", items=items_of("tool"), update=_keep_size)
    pictured: EnumProperty(
        name="Material",
        description="A procedural material, by its picture",
        items=items_of(PICTURED),
        get=_gallery_number,
        set=_choose_pictured,
    )
    pictured_model: EnumProperty(
        name="Model",
        description="A trained model, by a picture of what it makes",
        items=items_of(MODELS),
        get=_model_number,
        set=_choose_model,
    )
    sized: StringProperty(options={"HIDDEN"})  # the last tool with a size
    matched: StringProperty(options={"HIDDEN"})  # record of the match that found the tool's parameters, as JSON
    found_for: StringProperty(options={"HIDDEN"})  # key of the words or the picture that found the parameters
    source_kind: EnumProperty(
        name="Source",
        description="The picture to start from",
        items=(A_FILE, AN_IMAGE, (NONE, "None", "No source: for tools that make textures from nothing")),
        update=CHANGED,
    )
    directions: PointerProperty(type=bpy.types.Image, update=CHANGED, **DIRECTIONS)
    lock_seed: BoolProperty(
        name="Lock Seed", description="Keep the seed; unlocked, Make takes another one each time", default=True
    )
    live_preview: BoolProperty(
        name="Live Preview",
        description="Show the result, scaled down and under a light, whenever something changes",
        update=preview_update(TEXTURE),
    )
    preview_layers: BoolProperty(
        name="Live Preview",
        description="Show a small version of the layers on the object whenever something changes",
        default=True,
        update=preview_update(LAYERS),
    )
    tile_preview: BoolProperty(
        name="Tiled",
        description="Show previews and variations beside themselves, two by two, as they repeat",
        update=preview_update(SPLIT),
    )
    compare: BoolProperty(
        name="Compare",
        description="Show beside the picture of the layers what they are without the active one",
        update=preview_update(LAYERS),
    )
    split: FloatProperty(
        name="Split",
        description="Where the picture is split: left of it, the active layer is left out",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=preview_update(SPLIT),
    )
    variety: FloatProperty(
        name="Variety", description="0: between the favourites; 1: far around them", default=0.5, min=0.0, max=1.0
    )
    estimator: EnumProperty(
        name="Other Maps",
        description="What estimates the maps that the tool does not make",
        items=items_of("estimator"),
    )


POINTER = (bpy.types.Scene, "impasto", ImpastoSettings)
