# SPDX-License-Identifier: GPL-3.0-or-later
"""The request for a batch, from plain values to a table of jobs and a task that runs the engine's command on it.

The table and its files are in a folder next to the results, so that the command can also run on another machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from bpy.props import EnumProperty, PointerProperty, StringProperty

from ..assets.catalogs import search_catalogs
from ..bake.sources.material_maps import shows_images
from ..bridge.meshes import MeshSurface
from ..core.batch.names import check_pattern, fill_in, fold
from ..core.descriptions import MESH
from ..core.errors import ParameterError
from ..core.system.names import usable_name
from ..core.system.transaction import replace_files
from ..core.system.untrusted import make_folder
from ..engine import engine
from ..engine.catalogue import catalogue
from ..jobs.command import run_command
from ..jobs.task import Task, TaskReport
from ..parameters.groups import suggestions
from ..paths import FILE_PATH, FOLDER_PATH, absolute
from ..tools.form import Form, argument, same_as, with_properties
from ..tools.packed_files import FORMATS, PRESETS
from . import results
from .chosen import CATALOG, FILE, IMAGE, RECIPE, SELECTED, STYLE, TEXTURE, AppliedRecipe, ChosenMaterial, choose

FILES, MATERIALS = "FILES", "MATERIALS"
MAPS = "MAPS"
FOLDER, TABLE, ASSETS = "from_blender", "table.jsonl", "table.assets.json"
"""Folder next to the results, its table of jobs, and a file with the asset catalogues by names of results."""
GRACE_S = 10.0
"""Time for a cancelled batch to record the finished jobs."""


@dataclass(frozen=True)
class BatchOutput:
    """Destination and processes of a batch, with the command line's names and defaults."""

    out_dir: str = argument(
        "",
        "Folder",
        "Folder for the results and their record. The same batch goes on here after an interruption",
        **FOLDER_PATH,
    )
    format: str = argument("png", "Format", "Format of the files", items=FORMATS)
    export: str = argument(
        MAPS,
        "Engine",
        "Files, channels and normals as this engine expects them",
        items=((MAPS, "File for Each Map", "As Impasto names them"), *PRESETS),
    )
    result: str = argument(
        FILES,
        "Result",
        "What becomes of the files",
        items=(
            (FILES, "Files Only", "Nothing is added to this .blend file"),
            (MATERIALS, "New Materials", "New materials of them too; those of assets are assets of the same catalogue"),
        ),
    )
    workers: int = argument(
        0,
        "Workers",
        "Processes that work beside each other; 0: one for each processor core or graphics card",
        min=0,
        max=256,
    )
    cluster: str = argument(
        "",
        "Cluster",
        "Address of a Dask scheduler, tcp://host:8786, whose workers see the same folders; empty: this computer",
    )
    device: str = ""

    @property
    def folder(self) -> Path:
        """Folder of the results. Raise ParameterError if none is given."""
        return out_folder(self.out_dir)

    def retry_task(self) -> Task:
        """Task that runs the failed jobs again."""
        return self.run("Retry Failures", ["--retry"], results.failed_names(self.folder))

    def run(self, label: str, arguments: Sequence[str], names: Sequence[str]) -> Task:
        """Task that runs the command, and makes materials of the named results if the settings ask for them.

        Raise ParameterError if materials are wanted of files for another engine.
        """
        if self.result == MATERIALS and self.export != MAPS:
            message = "files for another engine do not become materials of this .blend file"
            raise ParameterError(message, "choose Files Only, or File for Each Map")
        wanted = results.BatchResults(
            names if self.result == MATERIALS else (), self.folder, self.format, self.folder / FOLDER / ASSETS
        )
        return self.task(label, arguments, wanted.put)

    def task(self, label: str, arguments: Sequence[str], apply: Callable[[Mapping[str, Any]], TaskReport]) -> Task:
        """Task that runs the command."""
        found, version = engine.require(here=True), catalogue.version
        command = found.command("impasto", "batch", *arguments, *self._options(), "--json")
        environment = engine.settings_environment()

        def work(task: Task) -> Mapping[str, Any]:
            engine.check(found, version)
            return run_command(task, command, environment, grace_s=GRACE_S, despite="failed")

        results.forget()
        return Task(label, work, apply)

    def _options(self) -> list[str]:
        workers = ["--workers", str(self.workers)] if self.workers and not self.cluster else []
        cluster = ["--cluster", self.cluster] if self.cluster else []
        device = ["--device", self.device or engine.preferences().device]
        export = ["--export", self.export] if self.export != MAPS else []
        return ["--out", str(self.folder), "--format", self.format, *export, *device, *workers, *cluster]


@dataclass(frozen=True)
class BatchRequest:
    """A recipe for many materials in plain values."""

    applied: AppliedRecipe
    output: BatchOutput
    what: str = argument(
        SELECTED,
        "Materials",
        "The materials that the recipe is applied to",
        items=(
            (SELECTED, "Selected", "The materials of the selected objects"),
            (FILE, "File", "All materials of the open file"),
            (CATALOG, "Catalogue", "The material assets of a catalogue, and of those in it"),
        ),
    )
    library: str = argument(
        "",
        "Library",
        "Name of an asset library of the preferences; empty: the assets of the open file",
        **suggestions(lambda: bpy.context.preferences.filepaths.asset_libraries.keys()),
    )
    catalog: str = argument(
        "",
        "Catalogue",
        "Path of the catalogue, such as Stone/Brick; empty: all material assets",
        search=search_catalogs,
        search_options={"SUGGESTION"},
    )
    pattern: str = argument(
        "{name}", "Names", "Names of the files, of {name}, {index}, {seed}, {recipe} and {tool}; {index:04} writes 0001"
    )

    across_seams: bool = same_as(Form, "across_seams", default=True)

    def task(self, context: bpy.types.Context) -> Task:
        """Task that runs the batch. Raise ImpastoError if it cannot be started."""
        table, names = self._write(context)
        return self.output.run("Batch", [str(table)], names)

    def list_task(self, context: bpy.types.Context) -> Task:
        """Task that lists what the batch would make."""
        table, _names = self._write(context)
        return self.output.task("Listing", [str(table), "--dry-run"], results.list_jobs)

    def _write(self, context: bpy.types.Context) -> tuple[Path, list[str]]:
        """Write the table and its files into the folder; return the table's path, and the names of the results."""
        check_pattern(self.pattern)
        folder = make_folder(self.output.folder / FOLDER)
        chosen = choose(context, self.what, self.library, self.catalog, folder)
        recipe, inputs = self.applied.write(folder)
        named = self._by_result_name(chosen)
        rows = []
        for name, one in named.items():
            files = inputs | self._mesh(context, folder, name, one)
            rows.append({"name": name, "recipe": recipe, "source": one.source, **({"inputs": files} if files else {})})
        assets = {name: one.catalog for name, one in named.items() if one.catalog is not None}
        table = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        replace_files({folder / TABLE: table.encode(), folder / ASSETS: json.dumps(assets).encode()})
        return folder / TABLE, list(named)

    def _mesh(self, context: bpy.types.Context, folder: Path, name: str, chosen: ChosenMaterial) -> dict[str, str]:
        """Path of the mesh of the selected objects with a material, by the name of the input; empty without a mesh."""
        material = bpy.data.materials.get(chosen.name)
        kinds = {catalogue[step.tool]["kind"] for step in self.applied.recipe.steps}
        if not self.across_seams or self.what != SELECTED or "generator" in kinds:
            return {}
        if material is None or not shows_images(material):  # a material that is baked on a plane has lost its mapping
            return {}
        with suppress(ParameterError):
            (data,) = MeshSurface(material, context.selected_objects).read(context)().files.values()
            file = make_folder(folder / MESH) / f"{name}.ply"
            replace_files({file: data.tobytes()})
            return {MESH: file.relative_to(folder).as_posix()}
        return {}

    def _by_result_name(self, chosen: Sequence[ChosenMaterial]) -> dict[str, ChosenMaterial]:
        """Materials by the names of their results; equal names are numbered."""
        named: dict[str, ChosenMaterial] = {}
        taken: set[str] = set()
        recipe = self.applied.recipe
        for index, one in enumerate(chosen, start=1):
            own = {"index": index, "seed": recipe.seed, "recipe": self.applied.name, "tool": recipe.steps[0].tool}
            name = plain = fill_in(self.pattern, name=usable_name(one.name), **own)
            number = 1
            while fold(name) in taken:
                number += 1
                name = f"{plain}_{number}"
            taken.add(fold(name))
            named[name] = one
        return named


def out_folder(out_dir: str) -> Path:
    """Folder of the results. Raise ParameterError if none is given."""
    if not out_dir:
        raise ParameterError("no folder for the results is given", "choose one")
    return Path(absolute(out_dir)).absolute()


@with_properties(BatchRequest)
@with_properties(BatchOutput)
class BatchProperties:
    """Settings of a batch: in each scene, and as properties of the operator."""

    apply: EnumProperty(
        name="Recipe",
        description="What is done with each material",
        items=(
            (TEXTURE, "Impasto Panel", "The tool of the Impasto panel, as it is set there"),
            (STYLE, "Style Panel", "The stylizer of the Style panel, with its styles, as it is set there"),
            (RECIPE, "Recipe File", "The recipe in a file, such as one that the command has written"),
            (IMAGE, "Image", "The recipe that made an image of this .blend file"),
        ),
        default=STYLE,
    )
    recipe: StringProperty(
        name="Recipe",
        description="A recipe (.json); its other pictures are images of this .blend, or lie beside it",
        **FILE_PATH,
    )


class BatchSettings(BatchProperties, bpy.types.PropertyGroup):
    """Settings of the Batch panel, in each scene."""

    image: PointerProperty(name="Image", description="An image that Impasto made", type=bpy.types.Image)


POINTER = (bpy.types.Scene, "impasto_batch", BatchSettings)
