# SPDX-License-Identifier: GPL-3.0-or-later
"""Bake: the active object's materials, procedural or not, to images on its own UVs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from .. import materials, orders
from ..baking import process, results
from ..baking.checks import MAPS, BakeOptions, check, chosen_objects
from ..baking.maps import BakedMap, bake_maps
from ..baking.sources import labelled, sources_of
from ..core.errors import ImpastoError
from ..jobs import jobs
from ..tasks import Place, Report, Task
from .working import Working, poll, tell, why_busy_or_rendering, why_not_clicked

DEFAULTS = BakeOptions()
RELATIVE = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5) else set()
LABELS = {
    "base_color": ("Base Color", "The colour without any light"),
    "roughness": ("Roughness", "How matt the surface is"),
    "metallic": ("Metallic", "Where the surface is metal"),
    "emission": ("Emission", "The light that the surface gives"),
    "opacity": ("Opacity", "The alpha of the surface"),
    "height": ("Height", "The displacement or bump, in 16 bits; with the range that it spans"),
    "normal": ("Normal", "Tangent-space normals (OpenGL, +Y up), with bump and displacement, in 16 bits"),
    "ambient_occlusion": ("Ambient Occlusion", "How much the object's own shape leaves open"),
}


MAP_ITEMS = tuple((name, *LABELS[name], "", 1 << bit) for bit, name in enumerate(MAPS))
# Not within the class: Blender evaluates annotations where a comprehension does not see this module's names.


class BakeProperties:
    """What a bake is set to: the scene's settings, and the same as the operator's properties."""

    maps: EnumProperty(
        name="Maps",
        description="The maps to bake",
        items=MAP_ITEMS,
        options={"ENUM_FLAG"},
        default=set(DEFAULTS.maps),
    )
    width_px: IntProperty(
        name="Width", description="Width of the maps", default=DEFAULTS.width_px, min=1, max=16384, subtype="PIXEL"
    )
    height_px: IntProperty(
        name="Height", description="Height of the maps", default=DEFAULTS.height_px, min=1, max=16384, subtype="PIXEL"
    )
    margin_px: IntProperty(
        name="Margin",
        description="How far the maps go on beyond the edges of UV islands",
        default=DEFAULTS.margin_px,
        min=0,
        max=1024,
        subtype="PIXEL",
    )
    margin_type: EnumProperty(
        name="Margin Type",
        description="What the margin is filled with",
        items=(
            ("EXTEND", "Extend", "The pixels at the edge, drawn out"),
            ("ADJACENT_FACES", "Adjacent Faces", "The pixels beyond the seam"),
        ),
        default=DEFAULTS.margin_type,
    )
    samples: IntProperty(
        name="Samples",
        description="Samples of each pixel: 1 is fast, more smooth the edges in the pattern",
        default=DEFAULTS.samples,
        min=1,
        max=4096,
    )
    uv_map: StringProperty(name="UV Map", description="The UV map to bake to; empty: the active one")
    material: EnumProperty(
        name="Material",
        description="What to make of the baked maps",
        items=(
            (results.NONE, "Images Only", "Only images"),
            (results.NEW, "New Material", "A new material, which the object does not use yet"),
            (results.ASSIGN, "Replace Materials", "A new material in all slots of the object"),
        ),
        default=results.NONE,
    )
    out_dir: StringProperty(
        name="Folder",
        description="Also save the maps as files here; empty: only in the .blend",
        subtype="DIR_PATH",
        options=RELATIVE,
    )
    replace: BoolProperty(
        name="Replace", description="Replace files of the same name in the folder, which otherwise get a number"
    )


class BakeSettings(BakeProperties, bpy.types.PropertyGroup):
    """What the bake panel is set to, in each scene."""


@dataclass(frozen=True)
class Plan:
    """What is to become of what is baked. notes: what the user should know of it."""

    options: BakeOptions
    targets: Sequence[results.Target]
    folder: Path | None
    replaces: bool
    notes: Sequence[str]

    def save(self, baked: list[list[BakedMap]]) -> list[list[BakedMap]]:
        """The maps, which are also written as files where they are wanted."""
        for maps in baked if self.folder else ():
            results.save(maps, self.folder, replace=self.replaces)
        return baked

    def put(self, baked: list[list[BakedMap]]) -> Report:
        """Make images and materials of the maps."""
        return results.put(list(zip(baked, self.targets, strict=True)), self.notes)


class IMPASTO_OT_bake(BakeProperties, Working, bpy.types.Operator):
    """Bake the selected objects' materials to new images, each object on its own UVs"""

    bl_idname = "impasto.bake"
    bl_label = "Bake Maps"
    place = Place.BAKE

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        try:
            chosen_objects(context)
        except ImpastoError as error:
            return str(error)
        return ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll(cls, ("" if bpy.app.background else why_busy_or_rendering()) or why_not_clicked(cls, context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bake here and now; for scripts, and wherever there is no window.

        Where a worker's threads run, a Blender of its own does it, as Cycles is called within `temp_override`, which
        crashes beside them (see `jobs.push_undo`).
        """
        if jobs.clients:
            return super().execute(context)
        try:
            plan, objects = self._plan(context)
            baked = [labelled(list(bake_maps(obj, plan.options)), sources_of(obj)) for obj in objects]
            report = plan.put(plan.save(baked))
        except ImpastoError as error:
            report = Report("ERROR", str(error))
        return tell(self, report)

    def task(self, context: bpy.types.Context) -> Task:
        """The same in a Blender in the background for each object, which a click in a window starts."""
        plan, objects = self._plan(context)
        for obj in objects:
            check(obj, plan.options)
        sources = [sources_of(obj) for obj in objects]
        given = process.hand_over(objects, plan.options)

        def work(task: Task) -> list[list[BakedMap]]:
            maps = process.bake_all(task, given)
            return plan.save([labelled(*one) for one in zip(maps, sources, strict=True)])

        return Task("Bake", work, plan.put)

    def _plan(self, context: bpy.types.Context) -> tuple[Plan, list[bpy.types.Object]]:
        objects, notes = chosen_objects(context)
        targets = [results.target_of(obj, self._value(context, "material")) for obj in objects]
        folder = self._value(context, "out_dir")
        path = Path(orders.absolute(folder)) if folder else None
        return Plan(self._options(context), targets, path, self._value(context, "replace"), notes), objects

    def _options(self, context: bpy.types.Context) -> BakeOptions:
        names = ("width_px", "height_px", "margin_px", "margin_type", "samples", "uv_map")
        chosen = self._value(context, "maps")
        maps = tuple(name for name in MAPS if name in chosen)
        return BakeOptions(maps, unit_m=materials.unit_m(), **{name: self._value(context, name) for name in names})

    def _value(self, context: bpy.types.Context, name: str) -> object:
        """A property as the call gives it, else as the scene is set to."""
        source = self if self.properties.is_property_set(name) else context.scene.impasto_bake
        return getattr(source, name)


CLASSES = (BakeSettings, IMPASTO_OT_bake)


def register() -> None:
    bpy.types.Scene.impasto_bake = bpy.props.PointerProperty(type=BakeSettings)


def unregister() -> None:
    del bpy.types.Scene.impasto_bake
