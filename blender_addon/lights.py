# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator that shows a photograph's relief under eight lights: of the image, the panel's source, or a layer."""

from __future__ import annotations

from dataclasses import replace

import bpy
from bpy.props import StringProperty

from .bridge.image_editors import is_image_editor, shown_image
from .bridge.inputs import SOURCE
from .core.engine.messages import JobResult, ResultView
from .core.errors import ParameterError
from .core.recipe import GROUP
from .engine.catalogue import catalogue
from .generate.request import from_scene
from .jobs.operator import TaskOperator, clicked_panel
from .jobs.session import connect
from .jobs.task import Place, Task, TaskReport
from .layers.request import action_of
from .tools import lights
from .tools.action import WorkerAction
from .windows import redraw

LONGEST_PX = 4096


class IMPASTO_OT_show_lights(TaskOperator, bpy.types.Operator):
    """Show the relief as it is if the light came from each of eight sides, and click on the one that looks right"""

    bl_label = "Show Eight Lights"

    path: StringProperty(name="Path", description="Data path of the property, from the scene")
    material: StringProperty(options={"HIDDEN"})  # whose layer has the azimuth

    def task(self, context: bpy.types.Context) -> Task:
        path, material, connected = self.path, self.material, connect()
        action = replace(_of_layer(context, material, path) if material else _of_panel(context), kind="lights")

        def finish(result: JobResult) -> TaskReport:
            lights.keep(path, material, result.arrays["base_color"])
            redraw()
            return TaskReport("INFO", next(iter(result.notes), "Choose the relief that looks right"))

        view = ResultView("small", LONGEST_PX)
        return Task(self.bl_label, lambda task: action.answer(task, connected(), view), finish)


def _of_panel(context: bpy.types.Context) -> WorkerAction:
    """Action on the image of the editor for a click in This Image, else on the source of the Texture panel."""
    request = from_scene(context)
    is_of_image = is_image_editor(context) and clicked_panel(context, Place.IMAGE) == Place.IMAGE
    source = shown_image(context) if is_of_image else request.source
    if source is None:
        raise ParameterError("no image is given", "choose a picture")
    usual = catalogue.usual("maps")
    request = replace(request, tool=usual, source=source, parameters={}, inputs={}, width_px=0, height_px=0)
    return WorkerAction.of(request, request.recipe(), request.read_inputs())


def _of_layer(context: bpy.types.Context, material: str, path: str) -> WorkerAction:
    """Action on what the layers below that with the azimuth make."""
    action = action_of(context, bpy.data.materials[material])
    assert action.recipe is not None
    *below, step = action.recipe.steps[: int(path.partition("[")[2].partition("]")[0]) + 1]
    single = (replace(one, in_group=False) for one in below if one.tool != GROUP)
    steps = (*single, replace(step, in_group=False, enabled=True, mask=None))
    names = {SOURCE, *(name for one in steps for name in one.input_names)}
    inputs = {name: value for name, value in action.inputs.items() if name in names}
    return replace(action, recipe=replace(action.recipe, steps=steps), inputs=inputs)
