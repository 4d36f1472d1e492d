# SPDX-License-Identifier: GPL-3.0-or-later
"""Map sets as the files that an engine expects, written by the command `impasto export`."""

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
    ("materialx", "MaterialX", "A picture for each map, and a document with a standard surface"),
)
"""Presets of the engine's `impasto export`."""
FORMATS = (
    ("png", "PNG, 8 bits", "Small and fast"),
    ("png16", "PNG, 16 bits", "Smooth heights"),
    ("png-auto", "PNG", "8 bits a channel, 16 where 8 would show as steps"),
    ("exr", "OpenEXR", "Half float"),
)


@dataclass(frozen=True)
class PackedFiles:
    """Folder, packing and format of files for an engine, and the Python that writes them."""

    folder: Path
    packing: str
    format: str
    replace: bool
    found: engine.Engine
    version: str
    environment: Mapping[str, str]

    @classmethod
    def prepare(cls, folder: Path, packing: str, format_name: str, *, replace: bool) -> PackedFiles:
        """Find the engine, on the main thread. Raise WorkerError if there is none."""
        found, version = engine.require(here=True), catalogue.version
        environment = engine.settings_environment()
        return cls(folder.absolute(), packing, format_name, replace, found, version, environment)

    def write(self, task: Task, title: str, maps: Mapping[str, bytes], transform: str = "") -> Mapping[str, Any]:
        """Write a set's maps, PNG files by map, under this title; the command's answer has the `files`.

        transform: of the textures on UVs, as the command takes it.
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
