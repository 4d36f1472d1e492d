# SPDX-License-Identifier: GPL-3.0-or-later
"""The Style panel: subject, styles and the stylizer's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..bridge import surfaces
from ..bridge.target import active_material
from ..core.errors import Message
from ..engine.catalogue import catalogue, properties_of
from ..interface.browsing import draw_image
from ..interface.drawing import draw_preferences_button, draw_text
from ..jobs.task import Place
from ..parameters import inputs, properties
from ..tools import presets
from ..tools.lists import RESTYLE
from ..tools.panel import (
    ToolPanel,
    draw_images,
    draw_input,
    draw_live,
    draw_more,
    draw_outcome,
    draw_parameters,
    draw_run,
    in_editors,
    section,
)
from . import gallery, preview
from .preview import previewer
from .request import chosen_image, other_materials, subject_poll_message
from .settings import IMAGE, KIND, MATERIAL, START

STRENGTH = "strength"
"""Parameter of stylizers that is always shown."""
FIRST = ("kind", "preservation", "strokes", "strokes_px", "detail", "color", "color_mix", "relief", "longest_px")
"""Parameters of stylizers that artists change most, shown first."""
START_PARAMETERS = ("start_from", "seamless")
MORE_SCALE = 4.0
"""Size of the thumbnail of a further style, in heights of a button."""


class StylePanel(ToolPanel):
    """Base of the panel: `in_editors` makes a class of it for each editor."""

    bl_label = "Restyle"
    intents = (RESTYLE,)
    settings = "impasto_style"
    place = Place.STYLE

    def draw_choice(self, layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
        """Draw the choice of a stylizer only if the chosen one is missing; otherwise it is in a section."""
        if settings.tool not in catalogue:
            super().draw_choice(layout, settings)

    def draw_tool(self, context: bpy.types.Context, settings: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> None:
        layout = self.layout
        _draw_subject(layout, context)
        for item in inputs.required_images(tool):
            _draw_style(layout, properties.group_of(context.scene, tool), item["name"], scale=6)
        if STRENGTH in properties_of(tool):
            draw_parameters(layout, context, tool, (STRENGTH,))
        draw_run(layout, "impasto.stylize", Place.STYLE, "BRUSH_DATA", reports=False, text="Make")
        if body := section(layout, "impasto_style_options", "Options", closed=True):
            _draw_options(body, context, tool)
        draw_outcome(layout, "impasto.stylize", Place.STYLE)


PANELS = in_editors(StylePanel, "style")


def _draw_options(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    """Draw settings with sensible defaults, in sections."""
    settings = context.scene.impasto_style
    if body := section(layout, "impasto_style_preview", "Preview"):
        _draw_preview(body, context)
    has_kinds = KIND in properties_of(tool)
    if has_kinds and (body := section(layout, "impasto_style_kinds", "Kinds of Style", closed=True)):
        preview.draw_kinds(body, context)
    _draw_more(layout, context, tool)
    _draw_controls(layout, context, tool)
    if body := section(layout, "impasto_style_result", "Result", closed=True):
        of_material = ("material", "across_seams", "directions") if settings.subject == MATERIAL else ()
        for name in (*of_material, "seed", "bits"):
            body.prop(settings, name)


def _draw_subject(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the subject. If it cannot be repainted, the reason is shown at Make."""
    settings = context.scene.impasto_style
    column = layout.column()
    row = column.row()
    row.use_property_split = False
    row.prop(settings, "subject", expand=True)
    if settings.subject == IMAGE:
        draw_image(column, settings, "image")
        image = chosen_image(context)
        if image and not settings.image:
            column.label(text=image.name, icon="IMAGE_DATA", translate=False)
    elif settings.subject == MATERIAL and (material := active_material(context)) and not subject_poll_message(context):
        maps = ", ".join(surfaces.map_nodes(material)).replace("_", " ")
        names = [one.name for one in (material, *other_materials(context))]
        draw_text(column, ", ".join(names), "MATERIAL")
        draw_text(column, maps, "BLANK1")


def _draw_style(
    layout: bpy.types.UILayout, value: bpy.types.PropertyGroup, name: str, scale: float = MORE_SCALE
) -> None:
    """Draw the thumbnails of an input, and the chosen image below them."""
    column = layout.column()
    names = inputs.beside(gallery.GALLERY, name)
    column.template_icon_view(value, names, show_labels=True, scale=scale, scale_popup=5.0)
    draw_image(column, value, inputs.pointer_to(name))


def _draw_more(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    """Draw sections for more styles with their weights, for masks, and for further images."""
    needed, settings = inputs.required_images(tool), context.scene.impasto_style
    masks = [item for item in inputs.image_inputs(tool) if item["for_each"]]
    others = [item for item in inputs.image_inputs(tool) if item not in (*needed, *masks) and item["name"] != START]
    if needed and (body := section(layout, "impasto_more_styles", "More Styles", closed=True)):
        for item in inputs.many_inputs(tool):
            draw_more(body, context, tool, item["name"], _draw_style)
        if gallery.folder() is None:
            draw_text(body, "Your pictures: set a folder of styles", "BLANK1")
            draw_preferences_button(body)
    for name, label, wanted in (("masks", "Masks", masks), ("style_images", "Images", others)):
        if wanted and (body := section(layout, f"impasto_{name}", label, closed=True)):
            draw_images(body, context, tool, wanted, settings)


def _draw_controls(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    """Draw the parameters that all stylizers share, then those of this stylizer."""
    known = properties_of(tool)
    first, start = ([name for name in names if name in known] for names in (FIRST, START_PARAMETERS))
    if body := section(layout, "impasto_style_controls", "Painting", closed=True):
        presets.draw(body, presets.STYLE)
        if first:
            draw_parameters(body, context, tool, first)
    has_start = START in [item["name"] for item in tool["inputs"]]
    if (start or has_start) and (body := section(layout, "impasto_style_start", "Start", closed=True)):
        if start:
            draw_parameters(body, context, tool, start)
        if has_start:
            draw_input(body, properties.group_of(context.scene, tool), START)
    own = [name for name in properties.drawn_parameters(tool) if name not in (STRENGTH, *first, *start)]
    if body := section(layout, "impasto_style_method", tool["label"], closed=True):
        body.prop(context.scene.impasto_style, "tool", text="")  # the name fills the width
        if own:
            draw_parameters(body, context, tool, own)


def _draw_preview(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the live preview, and the name of the stylizer that paints it."""
    settings, live, painter = context.scene.impasto_style, preview.live, previewer(context)
    if painter is None:
        draw_text(layout, live.poll_message(context), "INFO")
        return
    layout.prop(settings, "live_preview")
    if not settings.live_preview:
        return
    draw_live(layout, "live style", live, live.pixels)
    if painter["name"] != settings.tool:
        draw_text(layout, Message("A quick preview by {}", painter["label"]), "INFO")
