# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.export`: reads a material's maps, and has the engine's command write them for another engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ..bake.contents import saved_options
from ..bake.material_maps import maps_of
from ..bridge import naming
from ..bridge.target import active_material, chosen_material
from ..core.errors import ParameterError
from ..core.system.transaction import temporary_folder
from ..core.system.untrusted import explained, make_folder
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.command import run_command
from ..jobs.operator import TaskOperator
from ..jobs.task import Place, Report, Task
from ..paths import absolute
from ..tools.arguments import given_to
from .settings import CUSTOM, ExportProperties

CHOICE = ("preset", "pictures", "out_dir", "format", "replace")


@dataclass(frozen=True)
class Export:
    """A request to export in plain values. pictures: further ones, as the command's help describes them."""

    preset: str
    pictures: str
    out_dir: str
    format: str
    replace: bool

    def task(self, material: bpy.types.Material) -> Task:
        """Task that writes the material's maps. ParameterError if there is no folder, or nothing to write."""
        if not self.out_dir:
            raise ParameterError("no folder for the files is given", "choose one")
        packing = " ".join(filter(None, ["" if self.preset == CUSTOM else self.preset, self.pictures.strip()]))
        if not packing:
            raise ParameterError("no pictures are given", "write orm=ambient_occlusion,roughness,metallic, or choose")
        name, folder = naming.of_files(material.name), Path(absolute(self.out_dir)).absolute()
        found, version = engine.require(here=True), catalogue.version
        environment = engine.settings_environment()
        files = {f"{name}_{one.name}.png": one.png for one in maps_of(material, saved_options())}
        options = ["--preset", packing, "--out", str(folder), "--format", self.format, "--json"]

        def work(task: Task) -> Mapping[str, Any]:
            engine.check(found, version)
            with temporary_folder() as temporary:
                source = _written(files, temporary / name)
                named = (
                    ["--force", "--name", name] if self.replace else ["--name", naming.free_for_engine(folder, name)]
                )
                command = found.command("impasto", "export", str(source), *options, *named)
                return run_command(task, command, environment)

        return Task("Export", work, _report)


def _written(files: Mapping[str, bytes], folder: Path) -> Path:
    make_folder(folder)
    for name, data in files.items():
        with explained(folder / name):
            (folder / name).write_bytes(data)
    return folder


def _report(said: Mapping[str, Any]) -> Report:
    files: Sequence[str] = said["files"]
    names = ", ".join(Path(file).name for file in files)
    return Report("INFO", f"Exported {names}", files=tuple(files))


class IMPASTO_OT_export(ExportProperties, TaskOperator, bpy.types.Operator):
    """Write the maps of the active object's material as the files that an engine expects"""

    bl_idname = "impasto.export"
    bl_label = "Export Maps"
    place = Place.EXPORT

    material: StringProperty(name="Material", description="Name of the material; empty: the active object's")

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        if active_material(context) is None:
            return "Select an object with a material"
        return "" if context.scene.impasto_export.out_dir else "Choose a folder for the files"

    def task(self, context: bpy.types.Context) -> Task:
        settings = context.scene.impasto_export
        choice = {name: getattr(settings, name) for name in CHOICE} | given_to(self, CHOICE)
        return Export(**choice).task(chosen_material(context, self.material))


CLASSES = (IMPASTO_OT_export,)
