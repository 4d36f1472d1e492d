"""`impasto export`: map sets as the files that an engine expects."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FileError, ImpastoError
from ..io.gltf import Placement
from ..io.presets import packing_of
from ..plugins.registry import registry
from ..recipe import Recipe
from ..running.steps import part_of_progress
from ..system.locks import held
from ..tools import Result
from .options import add_command, numbers
from .output import add_files, packing_help, refuse_to_replace
from .sources import SOURCES_HELP, add_colorspace, add_maps, color_space_of, named_sources
from .terminal import Terminal

if TYPE_CHECKING:
    from ..options import Sink


def add_export(commands: Any) -> None:
    """`impasto export SET… --preset PRESET --out DIR`."""
    text = "write map sets as the files that an engine expects, with packed channels"
    parser = add_command(commands, "export", text, "textures/brick --preset unity-hdrp --out game/Textures", _export)
    parser.add_argument("sources", type=Path, nargs="+", metavar="SET", help=SOURCES_HELP)
    add_maps(parser)
    parser.add_argument("--preset", dest="export", required=True, metavar="PRESET", help=packing_help())
    group = parser.add_argument_group("output")
    add_files(group)
    text = (
        "part of the UVs that the pictures cover, for --preset gltf (KHR_texture_transform): offset, rotation in "
        "radians and scale"
    )
    five = numbers("offset, rotation and scale, such as 0,0,0,2,2", 5)
    group.add_argument("--transform", type=five, metavar="U,V,ANGLE,U,V", help=text)
    add_colorspace(parser)


def _export(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from ..options import Sink

    sources = named_sources(arguments.sources, arguments.name, maps=arguments.maps)
    if not arguments.force:
        for name in sources:
            refuse_to_replace(arguments, name)
    space = color_space_of(arguments)
    placement = None
    if arguments.transform:
        u, v, angle, across, up = arguments.transform
        placement = Placement(0, (u, v), angle, (across, up))
    results: dict[str, Result] = {}
    failed: list[tuple[Path, ImpastoError]] = []
    with terminal.progress() as show:
        for index, (name, source) in enumerate(sources.items()):
            sink = Sink(arguments.out, name, arguments.format, arguments.force, export=arguments.export)
            try:
                progress = part_of_progress(show, index, len(sources))
                results[name] = _write(source, sink, space, placement, progress)
            except ImpastoError as error:
                if len(sources) == 1:
                    raise
                failed.append((source, error))
    terminal.report_files([path for result in results.values() for path in result.paths], results, failed)
    if failed:
        sys.exit(failed[0][1].exit_code)


def _write(
    source: Path, sink: Sink, color_space: str, placement: Placement | None, progress: Callable[[float, str], None]
) -> Result:
    from ..io.files import read_maps, write_maps

    maps = read_maps(source, on_progress=lambda fraction: progress(fraction, source.name), color_space=color_space)
    exporter, packing = registry().exporter(sink.format), replace(packing_of(sink.export), placement=placement)
    with held(sink.folder / sink.name):
        where = sink.folder, sink.name, exporter, _recipe_in(source)
        files = write_maps(maps, *where, packing=packing, replace=sink.replace)
    return Result(paths=tuple(files), notes=(*maps.notes, *exporter.notes_on(maps, packing)))


def _recipe_in(source: Path) -> Recipe | None:
    """The recipe in the first file of a set; None if Impasto did not make it."""
    from ..io.files import read_recipe, source_files

    try:
        return read_recipe(source_files(source)[0])
    except FileError:
        return None
