# SPDX-License-Identifier: GPL-3.0-or-later
"""Base of the panels for tools, in the Impasto tab of three editors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import bpy
import numpy as np

from ..bridge.mesh_masks import IMAGE, MASK
from ..engine import engine
from ..engine.catalogue import SIZE_PARAMETERS, catalogue, has_size, properties_of
from ..interface import previews
from ..interface.browsing import draw_image
from ..interface.drawing import draw_operator, draw_report, draw_text, name_place, poll_message
from ..jobs.task import Place
from ..library import draw_missing_weights
from ..material.drawing import draw_result
from ..parameters import inputs, model_values, points, properties
from ..parameters.groups import (
    AZIMUTH,
    POINT,
    belongs_to_model,
    chosen_model,
    component_labels,
    label_of,
    model_parameter,
)
from ..parameters.operators import draw_open_number, labelled_row, open_number, set_input
from ..setup.panel import draw_missing_engine
from ..windows import TAB
from . import lights
from .lists import MODEL, PHOTO, WORDS
from .live import Live

MAKES = {PHOTO: ("Photo", "IMAGE_DATA"), WORDS: ("Words", "FONT_DATA"), MODEL: ("Model", "OUTLINER_OB_POINTCLOUD")}
"""Texts and icons of the buttons that choose the source of a material."""
MAKES_HEIGHT = 1.5
LIVE_SCALE = 8.0
"""Size of a live preview, in button heights."""
LABEL = 0.25
"""Share of a row for an input's label: the image next to it has four buttons and a name."""


class Tab:
    """Mixin: a panel in the tab. intents: intents that show the panel; empty for all. place: place of its reports.

    A subclass with a place draws the panel in `draw_body`.
    """

    bl_category = TAB
    bl_region_type = "UI"
    bl_order = 4
    intents: tuple[str, ...] = ()
    place: Place
    layout: bpy.types.UILayout

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return not cls.intents or context.scene.impasto.intent in cls.intents

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        name_place(layout, self.place)
        if engine.find() is None:
            draw_missing_engine(layout.box(), self.place)
        self.draw_body(layout, context)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        raise NotImplementedError


class ToolPanel(Tab):
    """Mixin: a panel with a choice of tool at its top. settings: name of the scene's settings.

    A subclass draws the rest of the panel for the chosen tool in `draw_tool`.
    """

    settings: str

    def draw_tool(self, context: bpy.types.Context, settings: bpy.types.PropertyGroup, tool: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def draw_choice(self, layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
        """Draw the choice of the tool."""
        layout.prop(settings, "tool")

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = getattr(context.scene, self.settings)
        self.draw_choice(layout, settings)
        if settings.tool not in catalogue:
            layout.operator("impasto.refresh_tools", icon="FILE_REFRESH")
            return
        tool = catalogue[settings.tool]
        draw_missing_weights(layout, context, tool)
        self.draw_tool(context, settings, tool)


class InView3D:
    """Mixin: the panel is in the 3D view."""

    bl_space_type = "VIEW_3D"


class InShaderEditor(Tab):
    """Mixin: the panel is in the shader editor."""

    bl_space_type = "NODE_EDITOR"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.space_data.tree_type == "ShaderNodeTree" and super().poll(context)


class InImageEditor:
    """Mixin: the panel is in the image editor."""

    bl_space_type = "IMAGE_EDITOR"


EDITORS = {"view_3d": InView3D, "shader_editor": InShaderEditor, "image_editor": InImageEditor}


def in_editors(panel: type[Tab], name: str, editors: Iterable[str] = EDITORS) -> tuple[type, ...]:
    """Classes of a panel in each editor, called IMPASTO_PT_{name}_view_3d and so on."""
    return tuple(
        type("_".join(filter(None, ("IMPASTO_PT", name, editor))), (panel, EDITORS[editor], bpy.types.Panel), {})
        for editor in editors
    )


def section(
    layout: bpy.types.UILayout, name: str, label: str, *, closed: bool = False, button: tuple[str, str] = ("", "")
) -> bpy.types.UILayout | None:
    """Layout of a new section of a panel; None while it is collapsed.

    button: operator and icon of a button in its header.
    """
    header, body = layout.panel(name, default_closed=closed)
    header.label(text=label)
    if operator := button[0]:
        header.operator(operator, text="", icon=button[1], emboss=False)
    return body


def draw_makes(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the choice of the source of a material."""
    row = layout.row(align=True)
    row.use_property_split, row.scale_y = False, MAKES_HEIGHT
    for intent, (text, icon) in MAKES.items():
        row.prop_enum(context.scene.impasto, "intent", intent, text=text, icon=icon)


def draw_images(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    tool: Mapping[str, Any],
    wanted: Sequence[Mapping[str, Any]],
    settings: bpy.types.PropertyGroup | None,
    group: bpy.types.PropertyGroup | None = None,
) -> None:
    """Draw the images of some of a tool's inputs, one or many for each.

    settings: settings of the panel, with the kind of mask; None for an image. group: as for `draw_parameters`.
    """
    group = group or properties.group_of(context.scene, tool)
    for item in wanted:
        if settings and item["name"] == MASK and item["on_subject"]:
            layout.prop(settings, "mask_by")
            if settings.mask_by != IMAGE:
                continue
        if item["for_each"]:
            _draw_for_each(layout, group, item)
        else:
            draw_input(layout, group, item["name"])
        if item["many"]:
            draw_more(layout, context, tool, item["name"], draw_input, group)


def draw_input(layout: bpy.types.UILayout, value: bpy.types.PropertyGroup, name: str, of: str = "") -> None:
    """Draw the image of an input, to be chosen or opened. of: label, the name of the image to which it belongs."""
    row = layout.split(factor=LABEL)
    left = row.row()
    left.alignment = "RIGHT"
    left.label(text=of or label_of(name, {}), translate=not of)
    draw_image(row, value, inputs.pointer_to(name))


def _draw_for_each(layout: bpy.types.UILayout, group: bpy.types.PropertyGroup, item: Mapping[str, Any]) -> None:
    """Draw the images of an input that belong to the images of another input, such as a mask for each style."""
    others = inputs.values(group, item["for_each"])
    for value in others:
        image = getattr(value, inputs.pointer_to(item["for_each"]))
        draw_input(layout, value, item["name"], image.name if image and len(others) > 1 else "")


def draw_more(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    tool: Mapping[str, Any],
    name: str,
    draw: Callable[[bpy.types.UILayout, bpy.types.PropertyGroup, str], None],
    group: bpy.types.PropertyGroup | None = None,
) -> None:
    """Draw all but the first image of an input by `draw`, a number for each image, and buttons to add and remove.

    group: as for `draw_parameters`.
    """
    group = group or properties.group_of(context.scene, tool)
    values = inputs.values(group, name)
    numbers = [
        properties.identifier(key)
        for key, schema in properties_of(tool).items()
        if schema.get("for_each") == name and (len(values) > 1 or not schema["relative"])
    ]
    for index, value in enumerate(values):
        box = layout.box() if index else layout
        if index:
            draw(box, value, name)
        for number in numbers:
            box.prop(value, number)
        if index:
            button = box.operator("impasto.remove_image", icon="REMOVE")
            button.index = index - 1
            set_input(button, tool, name, group)
    if any(item["least"] > 1 for item in tool["inputs"] if item["name"] == name):
        set_input(layout.operator("impasto.open_images", icon="FILEBROWSER"), tool, name, group)
    row = layout.row()
    row.enabled = not inputs.is_full(group, name)
    set_input(row.operator("impasto.add_image", icon="ADD"), tool, name, group)


def draw_parameters(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    tool: Mapping[str, Any],
    only: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    group: bpy.types.PropertyGroup | None = None,
) -> None:
    """Draw the visible parameters of a tool, with the chosen model's names of sliders.

    group: property group with the parameters; by default the scene's group of the tool.
    """
    group = group or properties.group_of(context.scene, tool)
    column = layout.column()
    for name in properties.drawn_parameters(tool):
        is_wanted = name not in leave_out and (not only or name in only)
        if is_wanted and properties.is_visible(group, tool, name):
            _draw_parameter(column, group, tool, name)


def draw_size(
    column: bpy.types.UILayout, tool: Mapping[str, Any], group: bpy.types.PropertyGroup, *, has_source: bool
) -> None:
    """Draw the size of a tool's result, if the tool has one. "As the source" is offered only if there is a source."""
    for name in SIZE_PARAMETERS if has_size(tool) else ():
        schema = properties_of(tool)[name]
        number = open_number(name, schema)
        if number is None or (not has_source and getattr(group, name)):
            column.prop(group, name)
        else:
            text = number.text if has_source else f"{number.start} px"
            draw_open_number(column, group, name, number._replace(text=text), label_of(name, schema))


def _draw_parameter(
    column: bpy.types.UILayout, group: bpy.types.PropertyGroup, tool: Mapping[str, Any], name: str
) -> None:
    schema, identifier = properties_of(tool)[name], properties.identifier(name)
    if schema.get("format") == POINT:
        _draw_point(column, group, identifier, label_of(name, schema))
        return
    if labels := component_labels(schema):
        components = column.column(align=True)
        for index, label in enumerate(labels):
            components.prop(group, identifier, index=index, text=label)
        return
    if number := open_number(name, schema):
        draw_open_number(column, group, name, number, label_of(name, schema))
        if schema.get("format") == AZIMUTH and tool["name"] == catalogue.usual("maps"):
            lights.draw(column, group, name)
        return
    if name == model_parameter(tool):
        used = chosen_model(group, tool)  # where none is named: the first
        column.prop(group, identifier, placeholder=used["name"] if used else "")
        return
    if not belongs_to_model(schema):
        column.prop(group, identifier)
        return
    for own in model_values.property_names(group, tool, name):
        column.prop(model_values.group_of_model(group, tool), own, slider=True)


def _draw_point(column: bpy.types.UILayout, group: bpy.types.PropertyGroup, identifier: str, label: str) -> None:
    """Draw both coordinates of a point in one row."""
    right = labelled_row(column, label)
    right.prop(group, identifier, index=0, text="X")
    right.prop(group, identifier, index=1, text="Y")


def draw_place_points(layout: bpy.types.UILayout, context: bpy.types.Context, tool: Mapping[str, Any]) -> None:
    """Draw the button to drag the points of a tool on the panel's source, if the tool has points."""
    if points.visible_points(properties.group_of(context.scene, tool), tool):
        layout.operator("impasto.place_points", icon="TRACKER")


def draw_live(layout: bpy.types.UILayout, name: str, live: Live, picture: np.ndarray | None, repeats: int = 1) -> None:
    """Draw a live preview, or the reason why there is none. Its height is reserved before the first picture.

    name: name of the icon. repeats: as for `icon_of_pixels`.
    """
    if live.error:
        draw_text(layout, live.error, "ERROR")
        return
    icon = 0 if picture is None else previews.icon_of_pixels(name, picture, repeats)
    layout.template_icon(icon, scale=LIVE_SCALE)


def draw_run(
    layout: bpy.types.UILayout, operator: str, place: Place, icon: str, reports: bool = True, **look: Any
) -> None:
    """Draw the button that runs a tool and, if `reports`, its last report below it.

    The progress is shown at the top of the tab.
    """
    column = layout.column()
    draw_operator(column, operator, scale_y=1.5, icon=icon, **look)
    if reports:
        draw_outcome(column, operator, place)


def draw_outcome(layout: bpy.types.UILayout, operator: str, place: Place) -> None:
    """Draw the last report of an operator at a place, or the reason why the operator cannot run.

    It is below everything that must not move while the user touches it.
    """
    if engine.find() is not None:  # else the box at the top shows what is being done about it
        draw_report(layout, place, said=poll_message(operator))
        draw_result(layout, bpy.context, place)
