# SPDX-License-Identifier: GPL-3.0-or-later
"""Map sets as files for another program, such as a game engine, written by the command `impasto export`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bridge import naming
from ..core.system.transaction import temporary_folder
from ..core.system.untrusted import explain, make_folder
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.command import run_command
from ..jobs.task import Task

PRESETS = (
    ("gltf", "glTF 2.0", "Occlusion, roughness and metallic in one picture; OpenGL normals"),
    ("unreal", "Unreal Engine", "Occlusion, roughness and metallic in one picture; DirectX normals"),
    ("unity-urp", "Unity URP", "Metallic and smoothness in one picture; OpenGL normals"),
    ("unity-hdrp", "Unity HDRP", "A mask map; OpenGL normals"),
    ("godot", "Godot 4", "Occlusion, roughness and metallic in one picture; OpenGL normals"),
    ("materialx", "MaterialX", "A picture for each map, and a document with OpenPBR"),
)
"""Presets of `impasto export`."""
FORMATS = (
    ("png", "PNG, 8 bits", "Small and fast"),
    ("png16", "PNG, 16 bits", "Smooth heights"),
    ("png-auto", "PNG", "8 bits a channel, 16 where 8 would show as steps"),
    ("exr", "OpenEXR", "Half float"),
)


@dataclass(frozen=True)
class PackedFiles:
    """Folder, packing and format of exported files. found, version: Impasto's engine, which writes the files."""

    folder: Path
    packing: str
    format: str
    replace: bool
    found: engine.Engine
    version: str
    environment: Mapping[str, str]

    @classmethod
    def prepare(cls, folder: Path, packing: str, format_name: str, *, replace: bool) -> PackedFiles:
        """Find Impasto's engine, on the main thread. Raise WorkerError if there is none."""
        found, version = engine.require(here=True), catalogue.version
        environment = engine.settings_environment()
        return cls(folder.absolute(), packing, format_name, replace, found, version, environment)

    def write(self, task: Task, title: str, maps: Mapping[str, bytes], transform: str = "") -> Mapping[str, Any]:
        """Write a map set with this title. Return the command's answer, which has the `files`. maps: PNG files by map.

        transform: transform of the textures on UVs, in the form of the command's option.
        """
        engine.check(self.found, self.version)
        name = naming.of_files(title)
        options = ["--preset", self.packing, "--out", str(self.folder), "--format", self.format, "--json"]
        options += [f"--transform={transform}"] if transform else []
        with temporary_folder() as temporary:
            source = _write({f"{name}_{map_}.png": png for map_, png in maps.items()}, temporary / name)
            free = name if self.replace else naming.free_for_engine(self.folder, name)
            named = ["--force", "--name", free] if self.replace else ["--name", free]
            command = self.found.command("impasto", "export", str(source), *options, *named)
            return run_command(task, command, self.environment)


def _write(files: Mapping[str, bytes], folder: Path) -> Path:
    make_folder(folder)
    for name, data in files.items():
        with explain(folder / name):
            (folder / name).write_bytes(data)
    return folder
