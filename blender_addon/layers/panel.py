# SPDX-License-Identifier: GPL-3.0-or-later
"""The Layers panel: the stack, directly below it the active layer's parameters, then the source."""

from __future__ import annotations

import bpy

from ..bridge import images
from ..bridge.target import active_material, chosen_material
from ..core.errors import Message
from ..core.recipe import GROUP
from ..engine.catalogue import catalogue, properties_of
from ..interface.browsing import draw_image
from ..interface.drawing import draw_report, draw_text, name_place
from ..jobs.task import Place
from ..parameters import inputs, points, properties
from ..parameters.operators import WIDTH, draw_open_number
from ..tools import menu, presets
from ..tools.lists import LAYERS
from ..tools.panel import (
    Tab,
    draw_images,
    draw_live,
    draw_outcome,
    draw_parameters,
    draw_run,
    draw_size,
    in_editors,
    section,
)
from ..tools.sources import NONE, draw_source
from .masks import IMAGE as MASK_IMAGE
from .masks import NONE as NO_MASK
from .masks import names_of
from .order import top_of
from .preview import comparison, live
from .request import lowest_if_active

ROWS = 5


class IMPASTO_UL_layers(bpy.types.UIList):
    """Layers, the source's side at the bottom"""

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        stack: bpy.types.PropertyGroup,
        layer: bpy.types.PropertyGroup,
        _icon: int,
        _active_data: bpy.types.PropertyGroup,
        _active_name: str,
        place: int = 0,
    ) -> None:
        row = layout.row(align=True)
        if layer.in_group:
            row.separator(factor=2.0)
        row.prop(layer, "enabled", text="", icon="HIDE_OFF" if layer.enabled else "HIDE_ON", emboss=False)
        if layer.tool == GROUP:
            row.prop(layer, "is_open", text="", icon="TRIA_DOWN" if layer.is_open else "TRIA_RIGHT", emboss=False)
        name = row.row()
        name.active = layer.enabled and stack.layers[top_of(stack, place)].enabled
        name.prop(layer, "name", text="", emboss=False)
        if layer.mask.kind != NO_MASK:
            row.label(icon="MOD_MASK")
        if layer.seconds:
            time = row.row()
            time.alignment = "RIGHT"
            time.label(text=f"{layer.seconds:.2f} s", translate=False)

    def filter_items(
        self, _context: bpy.types.Context, data: bpy.types.PropertyGroup, name: str
    ) -> tuple[list[int], list[int]]:
        """Hide the members of folded groups; draw the first layer last, at the bottom."""
        layers = getattr(data, name)
        is_listed = [not layer.in_group or layers[top_of(data, place)].is_open for place, layer in enumerate(layers)]
        flags = [] if all(is_listed) else [self.bitflag_filter_item if one else 0 for one in is_listed]
        return flags, [len(layers) - 1 - place for place in range(len(layers))]


class IMPASTO_MT_layer_specials(bpy.types.Menu):
    bl_label = "Layer Specials"
    bl_description = "Duplicate, copy, paste and group layers"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        material = active_material(context)
        return material is not None and len(material.impasto_layers.layers) > 0

    def draw(self, context: bpy.types.Context) -> None:
        layout, stack = self.layout, chosen_material(context).impasto_layers
        layout.operator("impasto.duplicate_layer", icon="DUPLICATE")
        layout.operator("impasto.copy_layer", icon="COPYDOWN")
        layout.operator("impasto.paste_layers", icon="PASTEDOWN")
        layout.separator()
        layer = stack.layers[min(stack.active, len(stack.layers) - 1)]
        is_grouped = layer.in_group or layer.tool == GROUP
        layout.operator(
            "impasto.ungroup_layers" if is_grouped else "impasto.group_layer",
            icon="UNLINKED" if is_grouped else "FILE_FOLDER",
        )


class LayersPanel(Tab):
    """Base of the panel: `in_editors` makes a class of it for each editor."""

    bl_label = "Layers"
    place = Place.LAYERS
    intents = (LAYERS,)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        material = active_material(context)
        if not material or not material.impasto_layers.layers:
            draw_start(layout, context)
            return
        stack = material.impasto_layers
        _draw_list(layout, stack)
        draw_run(layout, "impasto.run_layers", Place.LAYERS, "PLAY", reports=False, text="Make")
        _draw_layer(layout, context, stack)
        if body := section(layout, "impasto_layers_source", "Source"):
            _draw_source(body.column(), stack)
        if body := section(layout, "impasto_layers_preview", "Preview", closed=True):
            _draw_preview(body, context)
        draw_outcome(layout, "impasto.run_layers", Place.LAYERS)


PANELS = in_editors(LayersPanel, "layers")


def draw_start(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the ways to begin layers: from the panel's settings, with a first tool, or from the material's recipe."""
    material = active_material(context)
    name_place(layout, Place.LAYERS)
    layout.operator("impasto.begin_layers", icon="RENDERLAYERS")
    row = layout.row(align=True)
    row.menu(menu.IMPASTO_MT_add_layer.__name__, text="Add Layer", icon="ADD")
    menu.draw_search(row, "", menu.IMPASTO_MT_add_layer.__name__)
    if material and material.get(images.RECIPE):
        layout.operator("impasto.edit_layers", icon="GREASEPENCIL").material = material.name
    draw_report(layout, Place.LAYERS)


def _draw_list(layout: bpy.types.UILayout, stack: bpy.types.PropertyGroup) -> None:
    row = layout.row()
    row.template_list(IMPASTO_UL_layers.__name__, "", stack, "layers", stack, "active", rows=ROWS)
    buttons = row.column(align=True)
    buttons.menu(menu.IMPASTO_MT_add_layer.__name__, text="", icon="ADD")
    buttons.operator("impasto.remove_layer", text="", icon="REMOVE")
    buttons.menu(IMPASTO_MT_layer_specials.__name__, text="", icon="DOWNARROW_HLT")
    for direction, icon in (("UP", "TRIA_UP"), ("DOWN", "TRIA_DOWN")):
        buttons.operator("impasto.move_layer", text="", icon=icon).direction = direction


def _draw_source(column: bpy.types.UILayout, stack: bpy.types.PropertyGroup) -> None:
    draw_source(column, stack)
    if stack.source_kind != NONE:
        draw_open_number(column, stack, "width_m", WIDTH, "Real Width")
        column.prop(stack, "across_seams")
    column.prop(stack, "seed")


def _draw_preview(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the live preview of the layers, and their comparison with those without the active one."""
    settings = context.scene.impasto
    row = layout.row()
    row.use_property_split = False
    row.prop(settings, "preview_layers")
    row.prop(settings, "tile_preview")
    if not settings.preview_layers:
        return
    whole = comparison.picture if settings.compare else None
    repeats = 2 if settings.tile_preview and whole is None else 1
    draw_live(layout, "layers", live, live.picture if whole is None else whole, repeats)
    row = layout.row()
    row.use_property_split = False
    row.prop(settings, "compare")
    split = row.row()
    split.active = whole is not None
    split.prop(settings, "split", slider=True)


def _draw_layer(layout: bpy.types.UILayout, context: bpy.types.Context, stack: bpy.types.PropertyGroup) -> None:
    """Draw the parameters of the active layer."""
    box, active = layout.box(), min(stack.active, len(stack.layers) - 1)
    layer = stack.layers[active]
    if layer.tool not in catalogue:
        draw_text(box, Message("There is no tool called {}", layer.tool), "ERROR")
        return
    tool = catalogue[layer.tool]
    group = properties.group_of(layer, tool)
    box.label(text=tool["label"], icon=menu.ICONS.get(tool["group"], "NONE"))
    column = box.column()
    draw_images(column, context, tool, inputs.image_inputs(tool), None, group)
    has_source = stack.source_kind != NONE or any(one.enabled for one in list(stack.layers)[:active])
    draw_size(column, tool, group, has_source=has_source)
    if properties_of(tool):
        presets.draw(column, presets.LAYER)
    draw_parameters(column, context, tool, group=group)
    if points.visible_points(group, tool) and stack.source_kind != NONE and lowest_if_active(stack):
        column.operator("impasto.place_points", icon="TRACKER").of_layer = True
    _draw_mask(layout.box(), context, layer.mask)


def _draw_mask(box: bpy.types.UILayout, context: bpy.types.Context, mask: bpy.types.PropertyGroup) -> None:
    """Draw how a layer is blended with those below, and its mask."""
    column = box.column()
    for name in ("blend", "opacity"):
        column.prop(mask, name)
    column.prop_menu_enum(mask, "maps", text="Some Maps" if mask.maps else "All Maps")
    column.prop(mask, "kind")
    if mask.kind == NO_MASK:
        return
    if mask.kind == MASK_IMAGE:
        draw_image(column, mask, "image")
        row = column.row(align=True)
        is_painting = context.mode == "PAINT_TEXTURE"
        text = {"text": "Finish Painting"} if is_painting else {}
        row.operator("impasto.paint_mask", icon="BRUSH_DATA", depress=is_painting, **text)
        row.operator_menu_enum("impasto.mask_from_mesh", "kind")
    for name in names_of(mask):
        column.prop(mask, name)
