# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to export: a material's maps are read, and the engine's command writes them for another engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ..bake.sources.contents import saved_options
from ..bake.sources.material_maps import maps_of
from ..bridge.materials import LABELS
from ..core.errors import ParameterError
from ..jobs.task import Report, Task
from ..paths import RELATIVE_PATH, absolute
from ..tools.arguments import argument
from ..tools.form import REPLACE
from ..tools.packed_files import FORMATS, PRESETS, PackedFiles

CUSTOM = "custom"


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
        folder = Path(absolute(self.out_dir))
        files = PackedFiles.prepare(folder, packing, self.format, replace=self.replace)
        maps = {one.name: one.png for one in maps_of(material, saved_options()) if one.name in LABELS}
        title = material.name
        return Task("Export", lambda task: files.write(task, title, maps), _report)


def _report(said: Mapping[str, Any]) -> Report:
    files: Sequence[str] = said["files"]
    names = ", ".join(Path(file).name for file in files)
    return Report("INFO", f"Exported {names}", files=tuple(files))
