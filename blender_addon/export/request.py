# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to export: a material's maps are read, and the engine's command writes them for another engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ..bake.contents import saved_options
from ..bake.material_maps import maps_of
from ..bridge import naming
from ..core.errors import ParameterError
from ..core.system.transaction import temporary_folder
from ..core.system.untrusted import explain, make_folder
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.command import run_command
from ..jobs.task import Report, Task
from ..paths import RELATIVE_PATH, absolute
from ..tools.arguments import argument
from ..tools.form import REPLACE

CUSTOM = "custom"
PRESETS = (
    ("gltf", "glTF 2.0", "Occlusion, roughness and metallic in one picture; OpenGL normals"),
    ("unreal", "Unreal Engine", "Occlusion, roughness and metallic in one picture; DirectX normals"),
    ("unity-urp", "Unity URP", "Metallic and smoothness in one picture; OpenGL normals"),
    ("unity-hdrp", "Unity HDRP", "A mask map; OpenGL normals"),
    ("godot", "Godot 4", "Occlusion, roughness and metallic in one picture; OpenGL normals"),
    ("materialx", "MaterialX", "A picture for each map, and a document with a standard surface"),
)
"""Presets of the engine's `impasto export`."""
FORMATS = (
    ("png", "PNG, 8 bits", "Small and fast"),
    ("png16", "PNG, 16 bits", "Smooth heights"),
    ("exr", "OpenEXR", "Half float"),
)


@dataclass(frozen=True)
class Export:
    """Files for an engine, in plain values. pictures: further ones, as the command's help describes them."""

    preset: str = field(
        metadata=argument(
            EnumProperty,
            "Engine",
            "Files, channels and normals as this engine expects them",
            items=(*PRESETS, (CUSTOM, "Custom", "Only the packed textures below")),
        )
    )
    pictures: str = field(
        metadata=argument(
            StringProperty,
            "Packed Textures",
            "Further textures with a map in each channel: NAME=CHANNEL,CHANNEL,…, of maps, 1-MAP, MAP.g or "
            "numbers, such as orm=ambient_occlusion,roughness,metallic smooth=1-roughness",
        )
    )
    out_dir: str = field(
        metadata=argument(StringProperty, "Folder", "Folder for the files", subtype="DIR_PATH", options=RELATIVE_PATH)
    )
    format: str = field(metadata=argument(EnumProperty, "Format", "Format of the files", items=FORMATS))
    replace: bool = field(metadata=REPLACE)

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
                source = _write(files, temporary / name)
                named = (
                    ["--force", "--name", name] if self.replace else ["--name", naming.free_for_engine(folder, name)]
                )
                command = found.command("impasto", "export", str(source), *options, *named)
                return run_command(task, command, environment)

        return Task("Export", work, _report)


def _write(files: Mapping[str, bytes], folder: Path) -> Path:
    make_folder(folder)
    for name, data in files.items():
        with explain(folder / name):
            (folder / name).write_bytes(data)
    return folder


def _report(said: Mapping[str, Any]) -> Report:
    files: Sequence[str] = said["files"]
    names = ", ".join(Path(file).name for file in files)
    return Report("INFO", f"Exported {names}", files=tuple(files))
