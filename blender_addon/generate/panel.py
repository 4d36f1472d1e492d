# SPDX-License-Identifier: GPL-3.0-or-later
"""The Impasto panel in the 3D view, the shader editor and the image editor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..bridge.target import NONE
from ..core.descriptions import FROM_PHOTOGRAPHS, MESH
from ..engine.catalogue import catalogue, properties_of
from ..interface.drawing import draw_report, draw_text
from ..jobs.task import Place
from ..parameters import inputs, properties
from ..parameters.groups import chosen_model
from ..parameters.operators import WIDTH, draw_open_number
from ..tools import menu, presets
from ..tools.lists import MAKES, MODEL, WORDS, is_pictured
from ..tools.panel import (
    ToolPanel,
    draw_images,
    draw_live,
    draw_makes,
    draw_outcome,
    draw_parameters,
    draw_place_points,
    draw_run,
    draw_size,
    in_editors,
    section,
)
from ..tools.sources import draw_chosen_source, draw_kind_of_source
from . import variations
from .favourites import draw_grid
from .request import request_poll_message
from .settings import ImpastoSettings

DETAIL, EXEMPLAR = "texture_transfer", "exemplar"
"""Parameter and input of tools that can build results from pieces of their model's training picture."""


class ImpastoPanel(ToolPanel):
    """Base of the panel: `in_editors` makes a class of it for each editor."""

    bl_label = "Texture"
    intents = MAKES
    bl_order = 5
    settings = "impasto"
    place = Place.TEXTURE

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether the panel is shown. In From Words it is shown only for procedural materials, which words find."""
        settings = context.scene.impasto
        return super().poll(context) and (settings.intent != WORDS or is_pictured(settings.tool))

    def draw_choice(self, layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
        """Draw the choice of a tool: by group, by search, or by thumbnail. Models have thumbnails, too."""
        if settings.intent != WORDS:  # whose panel has it
            draw_makes(layout, bpy.context)
        menu.draw(layout, catalogue[settings.tool] if settings.tool in catalogue else None)  # noqa: SIM401  it has no get
        if is_pictured(settings.tool):
            layout.template_icon_view(settings, "pictured", show_labels=True, scale=6, scale_popup=4)
        if settings.intent == MODEL and settings.pictured_model:
            layout.template_icon_view(settings, "pictured_model", show_labels=True, scale=6, scale_popup=4)

    def draw_tool(self, context: bpy.types.Context, settings: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> None:
        layout = self.layout
        column = layout.column()
        if tool["uses_subject"]:
            draw_chosen_source(column, settings)
        draw_images(column, context, tool, inputs.required_images(tool), settings)
        is_found = settings.intent == WORDS and bool(context.scene.impasto_match.text)
        if settings.intent != WORDS:  # whose own panel makes what the sliders below it show
            draw_run(layout, "impasto.generate", Place.TEXTURE, "TEXTURE", reports=False, text="Make")
        if variations.has_seeds(tool) and not is_found:
            layout.operator("impasto.variations", icon="IMGDISPLAY")
        button = ("impasto.randomize", "FILE_REFRESH")
        if body := section(layout, "impasto_parameters", "Parameters", closed=True, button=button):
            _draw_parameters(body, context, tool)
        if body := section(layout, "impasto_options", "Options", closed=True):
            _draw_options(body, context, tool)
        if variations.has_seeds(tool) and not is_found:
            _draw_variations(layout, context)
        if settings.intent != WORDS:
            draw_outcome(layout, "impasto.generate", Place.TEXTURE)
        else:
            draw_report(layout, Place.MATCH)


PANELS = in_editors(ImpastoPanel, "")


def _draw_options(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    """Draw what has a sensible default: the source's kind and width, the size, the seed, and the result's form."""
    settings = context.scene.impasto
    column = layout.column()
    if tool["uses_subject"]:
        draw_kind_of_source(column, settings)
        if tool["task"] in FROM_PHOTOGRAPHS:
            column.prop(settings, "keep_light")
        if "width_m" not in properties_of(tool):  # the tool's own width is that of its result
            draw_open_number(column, settings, "width_m", WIDTH, "Real Width")
    optional = [item for item in inputs.image_inputs(tool) if not item["required"]]
    draw_images(column, context, tool, optional, settings)
    has_source = tool["uses_subject"] and settings.source_kind != "NONE"
    draw_size(column, tool, properties.group_of(context.scene, tool), has_source=has_source)
    draw_place_points(column, context, tool)
    if variations.has_seeds(tool):
        row = column.row(align=True)
        row.prop(settings, "seed")
        row.prop(settings, "lock_seed", text="", icon="LOCKED" if settings.lock_seed else "UNLOCKED")
    _draw_form(layout, context, tool)


def _draw_origin_of_detail(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    """Draw a note if results are built from pieces of the chosen model's training picture."""
    group = properties.group_of(context.scene, tool)
    model = chosen_model(group, tool)
    if model and model.get("exemplar") and getattr(group, DETAIL) and not getattr(group, inputs.pointer_to(EXEMPLAR)):
        draw_text(layout, "Copies pieces of the training picture", "INFO")
        draw_text(layout, "Turn Texture Transfer off to use the network alone", "NONE")


def _draw_parameters(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    has_parameters = properties.drawn_parameters(tool)
    if has_parameters:
        presets.draw(layout)
        _draw_origin_of_detail(layout, context, tool)
    if variations.has_preview(tool):
        _draw_preview(layout, context.scene.impasto, tool)
    if has_parameters:
        draw_parameters(layout, context, tool)


def _draw_preview(layout: bpy.types.UILayout, settings: ImpastoSettings, tool: Mapping[str, Any]) -> None:
    """Draw the live preview, directly above the sliders that it follows."""
    row = layout.row()
    row.use_property_split = False
    row.prop(settings, "live_preview")
    row.prop(settings, "tile_preview")
    if settings.live_preview:
        draw_live(layout, "live", variations.live, variations.live.picture, 2 if settings.tile_preview else 1)
    if settings.live_preview and variations.has_seeds(tool) and not settings.lock_seed:
        draw_text(layout, "The seed is not locked: Make takes another one", "INFO")


def _draw_variations(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the four variations to choose from."""
    settings = context.scene.impasto
    if (why := variations.live.poll_message(context)) != request_poll_message(context):  # which is said at Make
        draw_text(layout, why, "INFO")
    latest = variations.variations_of(settings.tool)
    draw_grid(layout, settings, latest)
    if latest and variations.are_of_other_settings(context):
        draw_text(layout, "These were made before something was changed", "INFO")


def _draw_form(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    """Draw the form of the result, the estimator of further maps, and the material."""
    settings = context.scene.impasto
    layout.prop(settings, "bits")
    if tool["kind"] == "generator" and not tool["makes_all_maps"]:
        layout.prop(settings, "estimator")
        if settings.estimator in catalogue:
            draw_parameters(layout, context, catalogue[settings.estimator])
    column = layout.column()
    column.row().prop(settings, "material", expand=True)
    if tool["kind"] != "generator":
        column.prop(settings, "across_seams")
    if tool["kind"] != "generator" or any(item["kind"] == MESH for item in tool["inputs"]):
        column.prop(settings, "directions")
    if settings.material != NONE:
        for name in ("mapping", "use_displacement", "use_ambient_occlusion"):
            column.prop(settings, name)
