# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on the layers of the active object's material: add, remove, move, duplicate, run, open again."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from ..bridge import images, mapping, materials, replaced, surfaces
from ..bridge.inputs import image_called
from ..bridge.recipe_inputs import missing_inputs, sources_of
from ..bridge.target import active_material, assignable_objects, chosen_material
from ..core.descriptions import MESH
from ..core.errors import Message, ParameterError
from ..core.recipe import GROUP, Recipe, Step
from ..engine.catalogue import catalogue
from ..jobs.operator import InstantOperator, TaskOperator
from ..jobs.task import Place, Task, TaskReport
from ..material.using import NAMED
from ..parameters.properties import LAYERS as CHANGED_LAYERS
from ..parameters.properties import preview_update
from ..paths import FILE_PATH, absolute
from ..tools.form import ensure_known
from ..tools.lists import LAYERS
from ..tools.sources import MATERIAL, NONE
from . import preview
from .order import OnLayers, active_layer, animation_kept, dissolve, move, top_of, unit
from .request import (
    add_layer,
    check_recipe,
    copy_layer,
    of_size,
    put_recipe,
    request_poll_message,
    task_of,
    text_of_layer,
)

UP, DOWN = "UP", "DOWN"
_copied = ""
"""JSON of the layer that was copied last."""


class ChangesLayers(OnLayers):
    """Mixin: an operator that changes the list of layers."""

    def do(self, context: bpy.types.Context) -> TaskReport:
        material = chosen_material(context)
        materials.check_editable(material)
        with animation_kept(material.impasto_layers):
            said = self.change(material.impasto_layers)
        preview_update(CHANGED_LAYERS)(material.impasto_layers, context)
        return TaskReport("INFO", said, materials=(material.name,))

    def change(self, stack: bpy.types.PropertyGroup) -> str:
        """Change the layers; return a sentence on what was done."""
        raise NotImplementedError


class IMPASTO_OT_add_layer(ChangesLayers, bpy.types.Operator):
    """Add a layer above the active one: a tool that changes what the layers below it make"""

    bl_label = "Add Layer"

    tool: StringProperty(name="Tool", description="Name of the tool")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if active_material(context) or assignable_objects(context) else "Select an object for the material"

    def do(self, context: bpy.types.Context) -> TaskReport:
        ensure_known(self.tool)
        if active_material(context) is None:
            new_material(context)
        return super().do(context)

    def change(self, stack: bpy.types.PropertyGroup) -> str:
        if not stack.layers and stack.source_kind == NONE and catalogue[self.tool]["kind"] != "generator":
            stack.material = stack.material or replaced.textures_of(stack.id_data)  # what is there is changed
            stack.source_kind = MATERIAL if stack.material else NONE
        return Message("Added the layer {}", add_layer(stack, Step(self.tool)).name)


class IMPASTO_OT_remove_layer(ChangesLayers, bpy.types.Operator):
    """Remove the active layer; a group with its layers"""

    bl_label = "Remove Layer"

    def change(self, stack: bpy.types.PropertyGroup) -> str:
        name, own = stack.layers[stack.active].name, unit(stack, stack.active)
        for place in reversed(own):
            stack.layers.remove(place)
        stack.active = max(0, min(own.start, len(stack.layers) - 1))
        return Message("Removed the layer {}", name)


class IMPASTO_OT_duplicate_layer(ChangesLayers, bpy.types.Operator):
    """Add a copy of the active layer above it"""

    bl_label = "Duplicate Layer"

    def change(self, stack: bpy.types.PropertyGroup) -> str:
        return Message("Added the layer {}", copy_layer(stack).name)


class IMPASTO_OT_copy_layer(OnLayers, bpy.types.Operator):
    """Copy the active layer with its mask, as a recipe: it is pasted into other materials, files, or a text editor"""

    bl_label = "Copy Layer"

    def do(self, context: bpy.types.Context) -> TaskReport:
        global _copied
        stack = chosen_material(context).impasto_layers
        _copied = text_of_layer(stack)
        context.window_manager.clipboard = _copied
        return TaskReport("INFO", Message("Copied the layer {}", stack.layers[stack.active].name))


class IMPASTO_OT_paste_layers(InstantOperator, bpy.types.Operator):
    """Add the layers of the recipe in the clipboard above the active one"""

    bl_label = "Paste Layers"
    place = Place.LAYERS

    def do(self, context: bpy.types.Context) -> TaskReport:
        text = context.window_manager.clipboard or _copied  # without a window there is no clipboard
        if not text.lstrip().startswith("{"):
            raise ParameterError("there is no layer in the clipboard", "copy one first")
        recipe = Recipe.from_json(text)
        check_recipe(recipe)
        material = active_material(context) or new_material(context)
        materials.check_editable(material)
        with animation_kept(material.impasto_layers):
            missing = put_recipe(material.impasto_layers, recipe, sources_of(recipe), above=True)
        preview_update(CHANGED_LAYERS)(material.impasto_layers, context)
        return _report(Message("Pasted layers: {}", len(recipe.steps)), missing, material)


class IMPASTO_OT_move_layer(ChangesLayers, bpy.types.Operator):
    """Move the active layer up, so that it is run later, or down; into a group, or out of it"""

    bl_label = "Move Layer"

    direction: EnumProperty(
        name="Direction",
        description="Where the layer goes",
        items=((UP, "Up", "To be run later"), (DOWN, "Down", "To be run earlier")),
    )

    def change(self, stack: bpy.types.PropertyGroup) -> str:
        move(stack, up=self.direction == UP)
        return Message("Moved the layer {}", stack.layers[stack.active].name)


class IMPASTO_OT_group_layer(ChangesLayers, bpy.types.Operator):
    """Put the active layer into a new group: its layers are blended, masked and hidden as one. Move others into it"""

    bl_label = "Group Layer"

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        if reason := super().poll_message(context):
            return reason
        layer = active_layer(context)
        return "Groups do not nest" if layer.in_group or layer.tool == GROUP else ""

    def change(self, stack: bpy.types.PropertyGroup) -> str:
        layer = add_layer(stack, Step(GROUP))
        stack.layers[stack.active - 1].in_group = True
        return Message("Added the layer {}", layer.name)


class IMPASTO_OT_ungroup_layers(ChangesLayers, bpy.types.Operator):
    """Remove the active group, and keep its layers"""

    bl_label = "Ungroup Layers"

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        if reason := super().poll_message(context):
            return reason
        layer = active_layer(context)
        return "" if layer.in_group or layer.tool == GROUP else "Choose a group, or a layer in one"

    def change(self, stack: bpy.types.PropertyGroup) -> str:
        name = stack.layers[top_of(stack, stack.active)].name
        dissolve(stack)
        return Message("Removed the layer {}", name)


class IMPASTO_OT_run_layers(TaskOperator, bpy.types.Operator):
    """Run all enabled layers, from the first that has changed, and put their maps into the material"""

    bl_label = "Run Layers"
    place = Place.LAYERS
    can_wait = True

    material: StringProperty(name="Material", description="Name of the material; empty: the active object's")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return request_poll_message(context)

    def task(self, context: bpy.types.Context) -> Task:
        preview.live.cancel()
        return task_of(context, chosen_material(context, self.material))


class IMPASTO_OT_edit_layers(InstantOperator, bpy.types.Operator):
    """Open the recipe of a result as the layers of the active material, to be changed and run again"""

    bl_label = "Edit Layers"
    place = Place.LAYERS

    material: StringProperty(name="Material", description="Name of a material that Impasto made, which gets the layers")
    image: StringProperty(name="Image", description="Name of an image that Impasto made")
    filepath: StringProperty(name="File", description="A file that Impasto made", **FILE_PATH)
    recipe: StringProperty(name="Recipe", description="A recipe as JSON")

    def do(self, context: bpy.types.Context) -> TaskReport:
        recipe, image = self._recipe(context)
        check_recipe(recipe)
        named = self.material or not (self.image or self.filepath or self.recipe)
        material = chosen_material(context, self.material) if named else active_material(context)
        material = material or new_material(context)
        materials.check_editable(material)
        missing = put_recipe(material.impasto_layers, recipe, sources_of(recipe, image))
        if not material.impasto_layers.width_m and material.get(mapping.WHY, [mapping.UNKNOWN])[-1] != mapping.UNKNOWN:
            material.impasto_layers.width_m = material.impasto_tile_width  # it was guessed
        context.scene.impasto.intent = LAYERS
        return _report(Message("{} has the layers of its recipe", material.name), missing, material)

    def _recipe(self, context: bpy.types.Context) -> tuple[Recipe, bpy.types.Image | None]:
        """The recipe, and an image that it made, if any. Raise ParameterError without a recipe."""
        if self.recipe:
            return Recipe.from_json(self.recipe), None
        if self.filepath or self.image:
            path = absolute(self.filepath)
            image = image_called(self.image) if self.image else bpy.data.images.load(path, check_existing=True)
            return images.recipe_of(image), image
        material = chosen_material(context, self.material)
        recipe = images.recipe_in(material)
        if recipe is None:
            raise ParameterError("the material {} has no recipe", "choose one that Impasto made", material.name)
        images_shown = [node.image for node in surfaces.map_nodes(material).values()]
        return recipe, next(iter(images_shown), None)


class IMPASTO_OT_generate_asset(TaskOperator, bpy.types.Operator):
    """Make all maps of this material by its recipe, in place of the small ones of the asset library"""

    bl_label = "Generate Maps"
    place = Place.LAYERS
    can_wait = True

    material: NAMED
    size_px: IntProperty(
        name="Size", description="Side of the maps", default=1024, min=16, max=16384, subtype="PIXEL", step=64
    )

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        material = active_material(context)
        return "" if material and images.RECIPE in material else "Choose a material from Impasto's asset library"

    def task(self, context: bpy.types.Context) -> Task:
        material = chosen_material(context, self.material)
        recipe = images.recipe_in(material)
        if recipe is None:
            raise ParameterError("the material {} has no recipe", "choose one that Impasto made", material.name)
        materials.check_editable(material)
        if missing := missing_inputs(recipe, {MESH}):
            raise ParameterError("the recipe of {} needs {}", "choose it by Edit Layers", material.name, missing[0])
        put_recipe(material.impasto_layers, of_size(recipe, self.size_px), {})
        return task_of(context, material)


def _report(said: str, missing: Sequence[str], material: bpy.types.Material) -> TaskReport:
    """Report on a material's new layers, with the inputs that were not found."""
    notes = [Message("choose its input {}, which was not found", name) for name in missing]
    return TaskReport.noted(said, notes, materials=(material.name,))


def new_material(context: bpy.types.Context) -> bpy.types.Material:
    """A new material on the selected objects."""
    material = materials.new("Impasto")
    for item in assignable_objects(context):
        replaced.assign(item, material)
    return material
