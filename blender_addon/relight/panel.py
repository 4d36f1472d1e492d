# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators that show a material or a preview under a light, and let the light turn; their panel."""

from __future__ import annotations

import math
from collections.abc import Mapping

import bpy
import numpy as np
from bpy.props import BoolProperty, EnumProperty, FloatProperty

from ..bridge import replaced, surfaces
from ..bridge.target import active_material
from ..core.engine.client import Client
from ..core.engine.messages import JobInput, JobResult, ResultView
from ..core.errors import Message
from ..engine import engine
from ..engine.catalogue import catalogue
from ..generate import variations
from ..generate.request import request_poll_message
from ..interface import previews
from ..interface.drawing import draw_text
from ..jobs.operator import TaskOperator, poll
from ..jobs.session import connect
from ..jobs.task import Place, Task, TaskReport
from ..tools.action import WorkerAction
from ..tools.lists import MORE
from ..tools.panel import Tab, draw_run, in_editors
from .turntable import FORMER, NOW, MovingLight, ShownMaps, light_of, render, turntable

MATERIAL, PREVIEW = "MATERIAL", "PREVIEW"
LONGEST_PX = 512
"""Longer side of the maps as they are shown."""


def relight_task(context: bpy.types.Context, light: MovingLight) -> Task:
    """Task that reads what is chosen, and shows it under the light. Raise ImpastoError if it cannot be read."""
    is_material = context.scene.impasto_relight.subject == MATERIAL
    name, subjects = _of_material(context) if is_material else _of_preview(context)
    connected, plain = connect(), WorkerAction.as_it_is()

    def work(task: Task) -> tuple[ShownMaps, np.ndarray]:
        client = connected()
        subject_maps = ShownMaps(name, {which: maps_of(task, client, one) for which, one in subjects.items()})
        return subject_maps, render(task, client, plain, subject_maps, light)

    def apply(rendered: tuple[ShownMaps, np.ndarray]) -> TaskReport:
        turntable.show(rendered[0], light, rendered[1])
        return TaskReport("INFO", Message("{} is shown under a light", name))

    return Task("Relight", work, apply)


def maps_of(task: Task, client: Client, subject: WorkerAction) -> JobInput:
    """Small maps of an action's result. For a task's `work`."""
    return _pixels(subject.answer(task, client, ResultView("small", LONGEST_PX)))


def subject_of_material(material: bpy.types.Material) -> WorkerAction:
    """The maps of a material as they are. Raise ParameterError if it has no base colour."""
    surfaces.base_color_of(material)
    names = surfaces.lit_maps(surfaces.map_nodes(material))
    return WorkerAction.as_it_is(surfaces.read(material, names, LONGEST_PX))


def _of_material(context: bpy.types.Context) -> tuple[str, dict[str, WorkerAction]]:
    """Name of the material, and what to show of it: its maps, and those before the last result if they are left."""
    material = active_material(context)
    surfaces.base_color_of(material)
    assert material is not None  # else there is no base colour
    found = {NOW: subject_of_material(material)}
    if before := replaced.images_of(material):
        found[FORMER] = subject_of_images(before)
    return material.name, found


def subject_of_images(maps: Mapping[str, surfaces.MapImage]) -> WorkerAction:
    """Images of maps, among them the base colour."""
    lit = {name: image for name, image in maps.items() if name in surfaces.lit_maps(maps)}
    return WorkerAction.as_it_is(surfaces.read_images(maps["base_color"].image, lit, {}, LONGEST_PX))


def _of_preview(context: bpy.types.Context) -> tuple[str, dict[str, WorkerAction]]:
    """Label of the panel's tool, and its result."""
    return catalogue[context.scene.impasto.tool]["label"], {NOW: variations.live.action(context)}


def _pixels(answer: JobResult) -> JobInput:
    arrays = {name: array for name, array in answer.arrays.items() if name in ("base_color", *surfaces.LIT)}
    return JobInput(arrays=arrays, name=answer.name, width_m=answer.width_m, height_range_m=answer.height_range_m)


class IMPASTO_OT_relight(TaskOperator, bpy.types.Operator):
    """See the textures on a ball and on a plane under a light that you can move"""

    bl_label = "Show under Light"
    place = Place.RELIGHT

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        if context.scene.impasto_relight.subject == MATERIAL:
            surfaces.base_color_of(active_material(context))
            return engine.poll_message()
        chosen = context.scene.impasto.tool
        has_seeds = chosen in catalogue and variations.has_seeds(catalogue[chosen])
        return (
            variations.live.poll_message(context)
            if has_seeds
            else engine.poll_message() or request_poll_message(context)
        )

    def task(self, context: bpy.types.Context) -> Task:
        turntable.freeze()
        return relight_task(context, light_of(context.scene))


class IMPASTO_OT_turn_light(bpy.types.Operator):
    """Let the light go around, or stop it where it is"""

    bl_label = "Turn Light"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return poll(cls, "" if turntable.view else "Press Show under Light first")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        if turntable.is_playing:
            turntable.pause()
        else:
            turntable.play()
        return {"FINISHED"}


def _light_moved(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    turntable.ask()


class RelightSettings(bpy.types.PropertyGroup):
    """Subject that is shown under a light, and the direction of the light."""

    subject: EnumProperty(
        name="Show",
        description="What is seen under the light",
        items=(
            (MATERIAL, "Material", "The textures of the active object's material"),
            (PREVIEW, "Preview", "What the Impasto panel is set to make"),
        ),
    )
    azimuth: FloatProperty(
        name="Azimuth",
        description="Where the light comes from: 0° from the right, 90° from the top",
        subtype="ANGLE",
        min=0.0,
        max=2 * math.pi,
        default=math.radians(135),
        update=_light_moved,
    )
    elevation: FloatProperty(
        name="Elevation",
        description="Height of the light above the surface; low light shows relief",
        subtype="ANGLE",
        min=math.radians(2),
        max=math.pi / 2,
        default=math.radians(35),
        update=_light_moved,
    )
    show_former: BoolProperty(
        name="Before", description="Show the maps that the last result replaced", update=_light_moved
    )


POINTER = (bpy.types.Scene, "impasto_relight", RelightSettings)


SCALE = 9.0
"""Size of the ball and of the plane, in rows of the panel."""


class RelightPanel(Tab):
    """Base of the panel: `in_editors` makes a class of it for each editor."""

    bl_label = "Relight"
    place = Place.RELIGHT
    intents = (MORE,)
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it
    bl_order = 6

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = context.scene.impasto_relight
        layout.row().prop(settings, "subject", expand=True)
        draw_run(layout, "impasto.relight", Place.RELIGHT, "LIGHT_SUN")
        if view := turntable.view:
            _draw_pictures(layout)
            _draw_light(layout, settings, FORMER in view.maps)


PANELS = in_editors(RelightPanel, "relight")


def _draw_pictures(layout: bpy.types.UILayout) -> None:
    """Draw the ball above the plane: beside each other they would be too small to judge relief by."""
    box = layout.box().column(align=True)
    for what, pixels in zip(("ball", "plane"), turntable.pictures[turntable.index], strict=True):
        box.template_icon(previews.icon_of_pixels(f"relit-{what}-{turntable.index}", pixels), scale=SCALE)
    if turntable.is_rendering:
        box.progress(factor=turntable.fraction, text="")
    if turntable.error:
        draw_text(box, turntable.error, "ERROR", boxes=1)


def _draw_light(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, has_former: bool) -> None:
    """Draw where the light is, and whether it turns; has_former: whether there are maps from before, too."""
    column = layout.column(align=True)
    column.prop(settings, "azimuth")
    column.prop(settings, "elevation")
    row = layout.row(align=True)
    icon = "PAUSE" if turntable.is_playing else "PLAY"
    row.operator("impasto.turn_light", icon=icon, depress=turntable.is_playing)
    if has_former:
        row.prop(settings, "show_former", toggle=True)
