# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that make a material endless or plain again, and bake an endless one."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import StringProperty

from ..bridge import endless_nodes, surfaces
from ..bridge.inputs import SOURCE
from ..bridge.target import chosen_material
from ..core.errors import ParameterError
from ..core.recipe import Recipe, Step
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.operator import InstantOperator, TaskOperator
from ..jobs.task import Place, Task, TaskReport
from ..tools.action import WorkerAction, result_task
from ..tools.form import Form, given_properties, values_of, values_over, with_properties
from .request import SIZE_PX, EndlessRequest, check

NAMED = StringProperty(name="Material", description="Name of the material; empty: the active object's")


@with_properties(EndlessRequest)
class IMPASTO_OT_make_endless(TaskOperator, bpy.types.Operator):
    """Let the material's textures go on without repeats, by nodes that blend random pieces of them"""

    bl_label = "Make Endless"
    place = Place.ENDLESS

    source: NAMED

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        check(chosen_material(context), insist=context.scene.impasto_endless.insist)
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
        return TaskReport("INFO", f"The material {material.name} is plain again", materials=(material.name,))


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
        given = surfaces.read(material, names)
        displaced = material.displacement_method != "BUMP"
        form = Form(**values_of(Form, self, is_whole=True), use_displacement=displaced)
        target = form.target_called(context, form.name or f"{material.name}_baked")
        action = WorkerAction.of(form, Recipe((Step(tool, parameters),)), {SOURCE: given})
        return result_task("Bake Endless", action, target, form)


def _endless(material: bpy.types.Material) -> bpy.types.Node:
    """The node that makes a material endless. ParameterError for a plain one."""
    node = endless_nodes.find(material)
    if node is None:
        raise ParameterError(f"the material {material.name} is not endless", "press Make Endless first")
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
