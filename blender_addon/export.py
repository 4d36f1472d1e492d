# SPDX-License-Identifier: GPL-3.0-or-later
"""Export of a material's maps as files for another program, such as a game engine: settings, operator and panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from .bake.process import background
from .bake.render.baked_maps import BakedMap, bake_set
from .bake.settings import BakeOptions
from .bake.sources.material_maps import image_maps, shows_images, subject_of
from .bake.sources.provenance import sources_of, with_recipes
from .bridge.materials import LABELS
from .bridge.meshes import gltf_transform
from .bridge.target import active_material, chosen_material, object_called
from .core.errors import Message, ParameterError
from .jobs.operator import TaskOperator
from .jobs.session import jobs
from .jobs.task import Place, Task, TaskReport
from .paths import FOLDER_PATH, absolute
from .tools.form import Form, argument, same_as, values_over, with_properties
from .tools.lists import EXPORT
from .tools.packed_files import FORMATS, PRESETS, PackedFiles
from .tools.panel import Tab, draw_run, in_editors

CUSTOM = "custom"


@dataclass(frozen=True)
class Export:
    """Settings of an export. pictures: packed textures to write besides those of the preset, such as `orm=…`."""

    preset: str = argument(
        PRESETS[0][0],
        "Engine",
        "Files, channels and normals as this engine expects them",
        items=(*PRESETS, (CUSTOM, "Custom", "Only the packed textures below")),
    )
    pictures: str = argument(
        "",
        "Packed",
        "Further textures with a map in each channel: NAME=CHANNEL,CHANNEL,…, of maps, 1-MAP, MAP.g or "
        "numbers, such as orm=ambient_occlusion,roughness,metallic smooth=1-roughness",
    )
    out_dir: str = argument("", "Folder", "Folder for the files", **FOLDER_PATH)
    format: str = argument(FORMATS[0][0], "Format", "Format of the files", items=FORMATS)
    replace: bool = same_as(Form, "replace")

    def task(self, material: bpy.types.Material, obj: bpy.types.Object | None = None) -> Task:
        """Task that writes the material's maps. Raise ParameterError if there is no folder, or no texture to write.

        obj: object to bake the material on. None: use the material's images, or else the object of `subject_of`. A
        background Blender bakes if a worker is connected, or if this Blender has a window that must not freeze.
        """
        if not self.out_dir:
            raise ParameterError("no folder for the files is given", "choose one")
        packing = " ".join(filter(None, ["" if self.preset == CUSTOM else self.preset, self.pictures.strip()]))
        if not packing:
            raise ParameterError("no pictures are given", "write orm=ambient_occlusion,roughness,metallic, or choose")
        folder = Path(absolute(self.out_dir))
        files = PackedFiles.prepare(folder, packing, self.format, replace=self.replace)
        title, maps = material.name, _maps(material, obj)
        is_baked = obj or not shows_images(material)  # a bake includes the transform of the nodes
        transform = "" if is_baked else gltf_transform(material)

        def work(task: Task) -> tuple[Mapping[str, Any], list[BakedMap]]:
            baked = maps(task)
            pngs = {one.name: one.png for one in baked if one.name in LABELS}
            return files.write(task, title, pngs, transform), baked

        return Task("Export", work, _report)


def _maps(material: bpy.types.Material, obj: bpy.types.Object | None) -> Callable[[Task], list[BakedMap]]:
    """Function that returns the material's maps. It may be called on any thread."""
    if pictures := [] if obj else image_maps(material):
        return lambda _: pictures
    options = BakeOptions.of(bpy.context.scene.impasto_bake)
    subject, sources = subject_of(material, options, obj), sources_of([material])
    with subject.as_set(material, options) as (baked_set, options):
        if jobs.clients or not bpy.app.background:
            written = background.prepare([baked_set], options)
            return lambda task: subject.noted(with_recipes(background.bake_all(task, written)[0], sources))
        baked = list(bake_set(baked_set, options))
    return lambda _: subject.noted(with_recipes(baked, sources))


def _report(exported: tuple[Mapping[str, Any], Sequence[BakedMap]]) -> TaskReport:
    answer, maps = exported
    files: Sequence[str] = answer["files"]
    names = ", ".join(Path(file).name for file in files)
    notes = dict.fromkeys(note for one in maps for note in one.notes)
    return TaskReport.noted(Message("Exported {}", names), notes, files=tuple(files))


@with_properties(Export)
class ExportSettings(bpy.types.PropertyGroup):
    """Settings of the Export panel, in each scene."""


@with_properties(Export)
class IMPASTO_OT_export(TaskOperator, bpy.types.Operator):
    """Write the maps of the active object's material as the files that an engine expects"""

    bl_label = "Export Maps"
    place = Place.EXPORT

    material: StringProperty(name="Material", description="Name of the material; empty: the active object's")
    object: StringProperty(
        name="Object", description="Name of the object to bake the material on; empty: chosen as the material needs it"
    )

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        if active_material(context) is None:
            return "Select an object with a material"
        return "" if context.scene.impasto_export.out_dir else "Choose a folder for the files"

    def task(self, context: bpy.types.Context) -> Task:
        export = Export(**values_over(Export, context.scene.impasto_export, self))
        return export.task(chosen_material(context, self.material), object_called(self.object))


class ExportPanel(Tab):
    """Base of the panel: `in_editors` makes a class of it for each editor."""

    bl_label = "Export"
    place = Place.EXPORT
    intents = (EXPORT,)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = context.scene.impasto_export
        column = layout.column()
        column.prop(settings, "preset")
        column.prop(settings, "pictures", placeholder="mr=metallic,roughness")
        for name in ("out_dir", "format", "replace"):
            column.prop(settings, name)
        draw_run(layout, "impasto.export", Place.EXPORT, "EXPORT")


PANELS = in_editors(ExportPanel, "export")


POINTER = (bpy.types.Scene, "impasto_export", ExportSettings)
