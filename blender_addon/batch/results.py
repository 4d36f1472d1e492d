# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of a batch: its report, what the panel lists of it, and new materials of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import bpy

from ..assets.marking import mark
from ..bridge import images, materials, replaced, tiles
from ..core.descriptions import MESH
from ..core.errors import FileError, Message, ProtocolError, series
from ..core.io.udim import tile_number, without_number
from ..core.system.typed_json import as_kind
from ..core.system.untrusted import files_in, parse_json, read_bytes, read_json
from ..jobs.session import jobs, push_undo
from ..jobs.task import TaskReport

FAILURES, SHEET = "failures.jsonl", "contact_sheet.png"
MOST_BYTES = 2**30
SHOWN = 20
"""Most jobs that the panel lists."""


class BatchFailure(TypedDict):
    """A failed job, as in the command's answer and in failures.jsonl."""

    name: str
    message: str
    remedy: str


@dataclass(frozen=True)
class BatchResults:
    """Results in a folder, by name and format, of which materials are made.

    assets: file with the catalogues of results that are assets. file_epoch: epoch of the open .blend file.
    """

    names: Sequence[str]
    folder: Path
    format: str
    assets: Path
    file_epoch: int = field(default_factory=lambda: jobs.file_epoch)

    def put(self, said: Mapping[str, Any]) -> TaskReport:
        """Make the materials, and return a report on what the batch made. said: the answer of `impasto batch`."""
        latest.failures, latest.epoch = said["failures"], jobs.file_epoch
        new_materials: list[bpy.types.Material] = []
        notes = []
        if self.names and self.file_epoch != jobs.file_epoch:
            notes.append("another file was opened: there are no new materials")
        elif self.names:
            new_materials = list(self._new_materials())
        if new_materials:
            push_undo("Impasto: Batch")
            notes.append(Message("new materials: {}", len(new_materials)))
        counts = Message("{} made, {} done before, {} failed", said["made"], said["done_before"], said["failed"])
        return TaskReport(
            "WARNING" if said["failed"] else "INFO",
            series("; ", [counts, *notes]),
            materials=tuple(material.name for material in new_materials),
            files=tuple(said["files"]),
        )

    def _new_materials(self) -> Iterator[bpy.types.Material]:
        """New materials. If a material of the same files exists, only its images are reloaded."""
        suffix = ".exr" if self.format == "exr" else ".png"
        failed, catalogs = set(failed_names(self.folder)), _catalogs(self.assets)
        images_in_use = {node.image for material in bpy.data.materials for node in _image_nodes(material)}
        found: dict[Path, dict[int, Path]] = {}
        for file in files_in(self.folder):
            found.setdefault(without_number(file), {})[tile_number(file)] = file
        for name in self.names:
            files = {map_: found.get(self.folder / f"{name}_{map_}{suffix}") for map_ in materials.LABELS}
            if name in failed:
                continue
            maps = {map_: tiles.load(own, map_, None) for map_, own in files.items() if own}
            if maps and not images_in_use & set(maps.values()):
                yield _material(name, maps, catalogs.get(name))


@dataclass
class Latest:
    """First jobs of the last list, and failures of the last batch, for the panel."""

    jobs: Sequence[Mapping[str, Any]] = ()
    more: int = 0
    failures: Sequence[BatchFailure] = ()
    epoch: int = -1


latest = Latest()


def forget() -> None:
    """Forget what the panel shows."""
    latest.jobs, latest.more, latest.failures, latest.epoch = (), 0, (), jobs.file_epoch


def list_jobs(said: Mapping[str, Any]) -> TaskReport:
    """Keep the list of jobs for the panel, and return a report on their number. said: answer of a dry run."""
    every = said["jobs"]
    latest.jobs, latest.more, latest.epoch = every[:SHOWN], max(0, len(every) - SHOWN), jobs.file_epoch
    done = len(every) - said["to_make"]
    return TaskReport("INFO", Message("{} to make, {} done before", said["to_make"], done))


def failed_names(folder: Path) -> list[str]:
    """Names of the jobs that failed, from the record in the folder of the results."""
    path = folder / FAILURES
    if not path.is_file():
        return []
    found = []
    for line in read_bytes(path, MOST_BYTES).splitlines():
        try:
            found.append(as_kind(BatchFailure, parse_json(line, FAILURES), FAILURES)["name"])
        except (FileError, ProtocolError):  # a crash left this line unfinished
            continue
    return list(dict.fromkeys(found))


def _image_nodes(material: bpy.types.Material) -> list[bpy.types.Node]:
    nodes = material.node_tree.nodes if material.node_tree else ()
    return [node for node in nodes if node.type == "TEX_IMAGE" and node.image]


def _material(name: str, maps: Mapping[str, bpy.types.Image], catalog: str | None) -> bpy.types.Material:
    """New material of these maps. catalog: id of its asset catalogue; None: it is no asset."""
    first = next(iter(maps.values()))
    about = images.metadata_of(first)
    width, height = first.size
    recipe, relief_m = images.recipe_of(first), about.get("height_range_m")
    if first.source == tiles.TILED or MESH in recipe.inputs:  # the UVs are used as they are
        look = materials.Look(materials.unit_m(), relief_m=relief_m)
    else:
        look = materials.Look(about.get("width_m") or 1.0, height / max(width, 1), relief_m)
    material = materials.new(name)
    materials.apply_maps(material, maps, look)
    for item in (material, *maps.values()):
        item[images.RECIPE] = recipe.to_json()
    replaced.keep([material])
    replaced.note(material)
    if catalog is not None:
        mark(material)
        material.asset_data.catalog_id = catalog
    return material


def _catalogs(path: Path) -> dict[str, str]:
    try:
        return as_kind(dict[str, str], read_json(path), path.name)
    except (FileError, ProtocolError):
        return {}
