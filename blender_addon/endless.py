# SPDX-License-Identifier: GPL-3.0-or-later
"""Endless materials: reasons against one, the engine's answer and the nodes of both, the operators and their panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
from bpy.props import IntProperty, StringProperty

from .bake.sources.provenance import BAKE
from .bridge import endless_nodes, images, materials, surfaces
from .bridge.endless_nodes import COLORS, COMPONENTS, MAPS, Ingredients
from .bridge.inputs import SOURCE
from .bridge.surfaces import MapNode
from .bridge.target import active_material, by_uid, chosen_material
from .core.descriptions import MESH
from .core.engine.messages import LOOKUP, JobResult, ResultView
from .core.errors import Message, ParameterError, series
from .core.recipe import Recipe, Step
from .engine import engine
from .engine.catalogue import catalogue
from .jobs.operator import InstantOperator, TaskOperator
from .jobs.session import jobs, push_undo
from .jobs.task import Place, Task, TaskReport
from .tools.action import WorkerAction, result_task
from .tools.form import Form, argument, given_properties, values_of, values_over, with_properties
from .tools.lists import MORE
from .tools.panel import Tab, draw_run, in_editors

REGULAR = "impasto_regular"
"""Custom property of images in which the engine found a regular pattern."""
WHY_REGULAR = "its pattern is regular, and random pieces would break it"
SIZE_PX = IntProperty(
    name="Size", description="Width and height of the baked maps in pixels", min=16, max=16384, default=4096
)
REMEDY = "make it seamless with a tool that keeps patterns, or turn Break Patterns on"


def check_can_be_endless(material: bpy.types.Material, *, insist: bool) -> None:
    """Raise ParameterError if the material cannot be made endless; reads no pixels."""
    materials.check_editable(material)
    color = surfaces.base_color_of(material)
    if endless_nodes.find(material):
        raise ParameterError("the material {} is endless already", "make it plain first", material.name)
    for name, one in used_maps(material).items():
        if one.node.projection != "FLAT":
            message = "the image of the {} is not mapped by UVs"
            raise ParameterError(message, "unwrap the object, and set the image's projection to Flat", MAPS[name])
    if _is_atlas(images.recipe_in(color)):
        message = "the textures of {} are an atlas of a mesh, which cannot be repeated"
        raise ParameterError(message, "choose a material whose textures tile", material.name)
    if color.get(REGULAR) and not insist:
        raise ParameterError("{}: {}", REMEDY, material.name, WHY_REGULAR)


def _is_atlas(recipe: Recipe | None) -> bool:
    """Whether a recipe makes textures for one mesh alone: it bakes them, or generates them on it."""
    tool = recipe.steps[0].tool if recipe else ""
    is_generated = tool in catalogue and catalogue[tool]["kind"] == "generator"
    return recipe is not None and (tool == BAKE or (is_generated and MESH in recipe.inputs))


def used_maps(material: bpy.types.Material) -> dict[str, MapNode]:
    """Image nodes of maps that the shader uses, in the order of the group's sockets."""
    found = surfaces.map_nodes(material)
    return {
        name: found[name]
        for name in MAPS
        if name in found and (socket := found[name].value_socket) is not None and socket.is_linked
    }


@dataclass(frozen=True)
class GaussianMaps:
    """The engine's answer about a material: files of Gaussian maps, their tables, and whether it has a pattern."""

    answer: JobResult

    @property
    def is_regular(self) -> bool:
        return bool(self.answer.figures["is_regular"])

    def ingredients(self, name: str, used: Mapping[str, MapNode]) -> Ingredients:
        """New images of the maps that are used. On the main thread."""
        rows, row, added = {}, 0, {}
        for map_, data in self.answer.arrays.items():
            if map_ == LOOKUP:
                continue
            if map_ in used:
                added[map_] = images.add(f"{name}_{map_}_gaussian", f"gaussian_{map_}", data.tobytes(), None)
                rows[map_] = row
            row += COMPONENTS.get(map_, 1)
        height, width = self.answer.size_px or (1, 1)
        shorter, figures = min(height, width), self.answer.figures
        return Ingredients(
            {map_: added[map_] for map_ in MAPS if map_ in added},
            endless_nodes.lookup_image(f"{name}_lookup", self.answer.arrays[LOOKUP]),
            rows,
            (width / shorter, height / shorter),
            (bool(figures["wraps_across"]), bool(figures["wraps_down"])),
            frozenset(map_ for map_ in added if map_ in COLORS and not used[map_].image.colorspace_settings.is_data),
        )


@dataclass(frozen=True)
class EndlessRequest:
    """Layout of an endless material in plain values."""

    cell_size: float = argument(
        0.2857,
        "Cell Size",
        "Width of the cells relative to the shorter side of the source; larger keeps larger shapes whole",
        min=0.05,
        max=0.5,
        precision=3,
    )
    sharpness: float = argument(
        4.0, "Sharpness", "How quickly one piece gives way to the next: 1 blends over whole cells", min=1.0, max=8.0
    )
    seed: int = argument(0, "Seed", "Another seed, another layout", min=0, max=1 << 20)
    insist: bool = argument(
        False, "Break Patterns", "Make it endless even if a regular pattern was found, which will be broken"
    )

    def task(self, material: bpy.types.Material) -> Task:
        """Task that makes a material endless. Raise ParameterError if it cannot be."""
        check_can_be_endless(material, insist=self.insist)
        maps = surfaces.read(material, [name for name in used_maps(material) if name != "base_color"])
        uid, epoch = material.session_uid, jobs.file_epoch

        def apply(answer: JobResult) -> TaskReport:
            found = by_uid(bpy.data.materials, uid) if epoch == jobs.file_epoch else None
            maps = GaussianMaps(answer)
            if found is None:
                return TaskReport("WARNING", "the material was deleted meanwhile")
            if maps.is_regular:
                surfaces.base_color_of(found)[REGULAR] = True
            check_can_be_endless(found, insist=self.insist)
            return self._insert(found, maps)

        return WorkerAction.as_it_is(maps).task("Make Endless", apply, ResultView("gaussian"))

    def _insert(self, material: bpy.types.Material, maps: GaussianMaps) -> TaskReport:
        used = {name: one for name, one in used_maps(material).items() if name in maps.answer.arrays}
        sockets: dict[str, Any] = {name: one.value_socket for name, one in used.items()}
        links = surfaces.map_nodes(material)["base_color"].node.inputs["Vector"].links
        ingredients = maps.ingredients(material.name, used)
        grid = endless_nodes.Grid(self.cell_size, self.sharpness, self.seed)
        endless_nodes.insert(material.node_tree, sockets, links[0].from_socket if links else None, ingredients, grid)
        push_undo(f"Impasto: {material.name}")
        notes = ["its pattern is regular, and was broken"] if maps.is_regular else []
        text = series("; ", [Message("The material {} is endless", material.name), *notes])
        new = (*ingredients.images.values(), ingredients.lookup)
        return TaskReport("INFO", text, materials=(material.name,), images=tuple(image.name for image in new))


@with_properties(EndlessRequest)
class EndlessSettings(bpy.types.PropertyGroup):
    """Settings for making a material endless, and for baking it, in each scene."""

    size_px: SIZE_PX


POINTER = (bpy.types.Scene, "impasto_endless", EndlessSettings)


NAMED = StringProperty(name="Material", description="Name of the material; empty: the active object's")


@with_properties(EndlessRequest)
class IMPASTO_OT_make_endless(TaskOperator, bpy.types.Operator):
    """Let the material's textures go on without repeats, by nodes that blend random pieces of them"""

    bl_label = "Make Endless"
    place = Place.ENDLESS

    source: NAMED

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        check_can_be_endless(chosen_material(context), insist=context.scene.impasto_endless.insist)
        return engine.poll_message()

    def task(self, context: bpy.types.Context) -> Task:
        values = values_over(EndlessRequest, context.scene.impasto_endless, self)
        return EndlessRequest(**values).task(chosen_material(context, self.source))


class IMPASTO_OT_make_plain(InstantOperator, bpy.types.Operator):
    """Remove the nodes that make the material endless, and show its textures as they are"""

    bl_label = "Make Plain"

    source: NAMED

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if bpy.data.materials else "There is no material yet"

    def do(self, context: bpy.types.Context) -> TaskReport:
        material = chosen_material(context, self.source)
        endless_nodes.remove(material.node_tree, _endless(material))
        return TaskReport("INFO", Message("The material {} is plain again", material.name), materials=(material.name,))


@with_properties(Form, "material", "out_dir", "replace")
class IMPASTO_OT_bake_endless(TaskOperator, bpy.types.Operator):
    """Make seamless textures of the endless material's layout, for other programs and renderers"""

    bl_label = "Bake Endless"
    place = Place.ENDLESS

    source: NAMED
    size_px: SIZE_PX
    name: StringProperty(name="Name", description="What the results are called (default: as the material)")

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        _endless(chosen_material(context))
        return engine.poll_message()

    def task(self, context: bpy.types.Context) -> Task:
        settings = context.scene.impasto_endless
        size_px = given_properties(self, ("size_px",)).get("size_px", settings.size_px)
        material = chosen_material(context, self.source)
        tool = catalogue.usual("endless")
        if not tool:
            raise ParameterError("no tool can bake endless materials", "install the plugin impasto_synthesis")
        parameters = _layout(_endless(material)) | {"width_px": size_px, "height_px": size_px}
        names = [name for name in surfaces.map_nodes(material) if name != "base_color"]
        maps = surfaces.read(material, names)
        displaced = material.displacement_method != "BUMP"
        form = Form(**values_of(Form, self, is_whole=True), use_displacement=displaced)
        target = form.target_called(context, form.name or f"{material.name}_baked")
        action = WorkerAction.of(form, Recipe((Step(tool, parameters),)), {SOURCE: maps})
        return result_task("Bake Endless", action, target, form)


def _endless(material: bpy.types.Material) -> bpy.types.Node:
    """The node that makes a material endless. Raise ParameterError for a plain one."""
    node = endless_nodes.find(material)
    if node is None:
        raise ParameterError("the material {} is not endless", "press Make Endless first", material.name)
    return node


def _layout(node: bpy.types.Node) -> dict[str, Any]:
    """The tool's parameters for the layout that a node shows."""
    cell_size, sharpness = (round(node.inputs[label].default_value, 6) for label in ("Cell Size", "Sharpness"))
    return {
        "cell_size": cell_size,
        "sharpness": sharpness,
        "layout": node.inputs["Seed"].default_value,
        "pattern": "insist",
    }


class EndlessPanel(Tab):
    """Base of the panel: `in_editors` makes a class of it for each editor."""

    bl_label = "Endless"
    place = Place.ENDLESS
    intents = (MORE,)
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it
    bl_order = 7

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = context.scene.impasto_endless
        material = active_material(context)
        node = endless_nodes.find(material)
        if node is None:
            for name in ("cell_size", "sharpness", "seed", "insist"):
                layout.prop(settings, name)
            draw_run(layout, "impasto.make_endless", Place.ENDLESS, "MOD_ARRAY")
            return
        for label in ("Cell Size", "Sharpness", "Seed"):
            layout.prop(node.inputs[label], "default_value", text=label)
        layout.operator("impasto.make_plain", icon="LOOP_BACK")
        layout.prop(settings, "size_px")
        draw_run(layout, "impasto.bake_endless", Place.ENDLESS, "RENDER_STILL")


PANELS = in_editors(EndlessPanel, "endless", ("view_3d", "shader_editor"))
