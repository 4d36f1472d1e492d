# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of panels: the active object's material with its sliders and buttons, and pictures of other results."""

from __future__ import annotations

import bpy

from ..bridge import images, mapping, materials, replaced, sliders, surfaces
from ..bridge.target import active_material, chosen_material
from ..core.errors import Message, ParameterError
from ..interface import previews
from ..interface.drawing import draw_text
from ..jobs.operator import InstantOperator
from ..jobs.session import jobs
from ..jobs.task import Place, TaskReport
from ..translations.texts import sentence
from ..windows import TAB
from .using import NAMED, views_without_materials

MOST_PICTURES = 4
PICTURE_SCALE, LIT_SCALE, MORE_SCALE = 7.0, 5.0, 3.5
"""Sizes of pictures, in heights of a button: of one result, on a ball and a plane, and of several."""
STAND_IN_SIZES_PX = (1024, 2048, 4096)
SCALED = 1e-3
"""Difference from 1 from which an object's scale is seen in its texture."""


def draw_result(layout: bpy.types.UILayout, context: bpy.types.Context, place: Place) -> None:
    """Draw pictures of what the last task from this place has made, unless This Material shows it."""
    report = jobs.report_at(place)
    if report is None:
        return
    report_materials = [found for name in report.materials if (found := bpy.data.materials.get(name))]
    pictures = report_materials or [found for name in report.images[:1] if (found := bpy.data.images.get(name))]
    if pictures != [active_material(context)]:
        _draw_pictures(layout, pictures[:MOST_PICTURES])


def draw_material(layout: bpy.types.UILayout, context: bpy.types.Context, material: bpy.types.Material | None) -> None:
    """Draw a material's pictures or what the running task has of them, its name, its mapping; or as much free space."""
    row, icon = layout.row(align=True), previews.icon_of(jobs.shown_task) if jobs.shown_task else 0
    if icon or material is None:
        row.template_icon(icon, scale=LIT_SCALE)
    else:
        _draw_lit(row, material)
    row = layout.row(align=True)
    row.label(text=material.name if material else sentence("No material"), icon="MATERIAL", translate=False)
    if material is None:
        layout.label(text="")
    else:
        if choices := replaced.choices(material, context.active_object):
            row.operator("impasto.restore", text="", icon="LOOP_BACK").former = choices[0].name
            row.operator("impasto.paint_with_result", text="", icon="BRUSH_DATA")
        _draw_mapping(layout, material)
    row = layout.row()
    row.enabled = bool(views_without_materials(context))
    row.operator("impasto.material_preview", icon="SHADING_TEXTURE")


def _draw_lit(row: bpy.types.UILayout, material: bpy.types.Material) -> None:
    """Draw a material on a ball and, beside it, on a plane that is tiled two by two, or else its colours."""
    for index, pixels in enumerate(jobs.lit.get(material.name, ())):
        icon = previews.icon_of_pixels(f"lit-{material.name}-{index}", pixels, repeats=index + 1)
        row.template_icon(icon, scale=LIT_SCALE)
    if material.name not in jobs.lit:
        image = surfaces.picture_of(material)
        icon = previews.icon_of_image(image) if image else material.preview_ensure().icon_id
        row.template_icon(icon, scale=LIT_SCALE)


def draw_adjustments(layout: bpy.types.UILayout, context: bpy.types.Context, material: bpy.types.Material) -> None:
    """Draw the sliders of a material, what is to be known of its mapping, and what it has replaced."""
    if why := mapping.why(material):
        draw_text(layout, why, "INFO")
    item = context.active_object
    if mapping.of_material(material) != mapping.UV and any(abs(factor - 1) > SCALED for factor in item.scale):
        draw_text(layout, Message("{} is scaled, and its texture with it: apply its scale (Ctrl+A)", item.name), "INFO")
    draw_sliders(layout, material)
    _draw_replaced(layout, context)


def _draw_pictures(layout: bpy.types.UILayout, results: list[bpy.types.Material | bpy.types.Image]) -> None:
    row = layout.row()
    for one in results:
        if image := surfaces.picture_of(one):
            scale = PICTURE_SCALE if len(results) == 1 else MORE_SCALE
            row.template_icon(previews.icon_of_image(image), scale=scale)


def _draw_mapping(layout: bpy.types.UILayout, material: bpy.types.Material) -> None:
    """Draw it also where there are no maps yet, so that all below stays where it is when they come."""
    row = layout.row(align=True)
    row.use_property_split, row.enabled = False, mapping.is_offered(material)
    row.prop(material, "impasto_mapping", expand=True)
    row.popover(IMPASTO_PT_mapping.__name__, text="", icon="OPTIONS")


def draw_stand_in(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw what makes the maps of the active object's material, if that is a small stand-in from an asset library."""
    material = active_material(context)
    if material is None or images.STAND_IN not in material:
        return
    box = layout.box()
    draw_text(box, Message("{} is a small stand-in: make its maps, in pixels", material.name), "ASSET_MANAGER")
    row = box.row(align=True)
    for size_px in STAND_IN_SIZES_PX:
        row.operator("impasto.generate_asset", text=str(size_px), translate=False).size_px = size_px


def _draw_replaced(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw buttons that give the active object back what its material has replaced, or let go of that."""
    material = active_material(context)
    for one in replaced.choices(material, context.active_object):
        row = layout.row(align=True)
        text = f"{sentence('Restore')}: {one.name}"
        button = row.operator("impasto.restore", text=text, icon="LOOP_BACK", translate=False)
        button.former = one.name
        row.operator("impasto.forget_former", text="", icon="X")


class IMPASTO_PT_mapping(bpy.types.Panel):
    """Mapping of the textures of the active object's material, in a popover."""

    bl_label = "Mapping"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = TAB
    bl_options = {"INSTANCED"}  # noqa: RUF012  as Blender wants it

    def draw(self, context: bpy.types.Context) -> None:
        layout, material = self.layout, active_material(context)
        layout.use_property_split = True
        layout.use_property_decorate = False
        if material is None or not mapping.is_offered(material):
            layout.label(text="Select an object with the material", icon="INFO")
            return
        layout.prop(material, "impasto_tile_width")
        inputs = mapping.node_of(material).inputs
        layout.prop(inputs["Rotation"], "default_value", index=2, text="Rotation")
        column = layout.column(align=True)
        for index, axis in enumerate(("X", "Y")):
            text = f"{sentence('Offset')} {axis}"
            column.prop(inputs["Location"], "default_value", index=index, text=text, translate=False)
        density = mapping.texel_density(material) / materials.unit_m()
        row = layout.row()
        row.label(text="Texel density")
        row.label(text=f"{density:.0f} px/m", translate=False)


def draw_sliders(layout: bpy.types.UILayout, material: bpy.types.Material) -> None:
    """Draw the sliders of a material, or a button that adds them to one of ours."""
    sockets = sliders.shown_sockets(material.node_tree)
    if not sockets and mapping.is_offered(material):
        layout.operator("impasto.add_sliders", icon="ADD").material = material.name
        return
    column = layout.column()
    column.use_property_split = True
    for socket in sockets:
        column.prop(socket, "default_value", text=socket.name)


class ChangesSliders(InstantOperator):
    """Mixin: an operator on the sliders of a material."""

    material: NAMED

    def do(self, context: bpy.types.Context) -> TaskReport:
        material = chosen_material(context, self.material)
        materials.check_editable(material)
        return TaskReport("INFO", self.change(material), materials=(material.name,))

    def change(self, material: bpy.types.Material) -> str:
        """Change the sliders; a sentence on what was done."""
        raise NotImplementedError


class IMPASTO_OT_add_sliders(ChangesSliders, bpy.types.Operator):
    """Add sliders to the material that stay live: tint, height, roughness and wear, which can have keyframes"""

    bl_label = "Add Sliders"

    def change(self, material: bpy.types.Material) -> str:
        materials.add_sliders(material)
        if sliders.find(material.node_tree) is None:
            raise ParameterError("the material {} has no maps of Impasto's", "generate some for it", material.name)
        return Message("The material {} has sliders", material.name)


class IMPASTO_OT_remove_sliders(ChangesSliders, bpy.types.Operator):
    """Join the images to the shader directly, as exporters to FBX and OBJ need it"""

    bl_label = "Remove Sliders"

    def change(self, material: bpy.types.Material) -> str:
        if sliders.find(material.node_tree) is None:
            raise ParameterError("the material {} has no sliders", "choose one that has", material.name)
        sliders.remove(material.node_tree)
        return Message("The material {} has no sliders", material.name)


class IMPASTO_PT_sliders(bpy.types.Panel):
    """Sliders of the active object's material, in Blender's material properties."""

    bl_label = "Impasto"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "material"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        material = active_material(context)
        return material is not None and bool(sliders.find(material.node_tree) or mapping.is_offered(material))

    def draw(self, context: bpy.types.Context) -> None:
        material = active_material(context)
        if material is None:
            return
        draw_sliders(self.layout, material)
        if sliders.find(material.node_tree):
            self.layout.operator("impasto.remove_sliders", icon="X")
