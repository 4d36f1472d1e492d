"""`impasto export`: map sets as the files that an engine expects."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FileError, ImpastoError
from ..io.gltf_textures import Placement
from ..io.presets import packing_of
from ..plugins.registry import registry
from ..recipe import Recipe
from ..system.locks import held
from ..system.untrusted import excerpt
from ..tools import Result
from .options import add_command
from .output import add_files, packing_help, refuse_to_replace
from .sources import SOURCE, SOURCES_HELP, add_colorspace, add_maps, color_spaces_of, named_sources
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
    group.add_argument("--transform", type=parse_placement, metavar="U,V,ANGLE,U,V", help=text)
    add_colorspace(parser)


def _export(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from ..options import Sink

    sources = named_sources(arguments.sources, arguments.name, maps=arguments.maps)
    if not arguments.force:
        for name in sources:
            refuse_to_replace(arguments, name)
    space = color_spaces_of(arguments, (SOURCE,)).get(SOURCE, "")
    results: list[Result] = []
    failed: list[tuple[Path, ImpastoError]] = []
    with terminal.progress() as show:
        for index, (name, source) in enumerate(sources.items()):
            sink = Sink(arguments.out, name, arguments.format, arguments.force, export=arguments.export)
            try:
                tell = partial(_tell_overall, show, index, len(sources), source.name)
                results.append(_write(source, sink, space, arguments.transform, tell))
            except ImpastoError as error:
                if len(sources) == 1:
                    raise
                failed.append((source, error))
    terminal.report_files([path for result in results for path in result.paths], results, failed)
    if failed:
        sys.exit(failed[0][1].exit_code)


def _tell_overall(show: Callable[[float, str], None], done: int, count: int, name: str, fraction: float) -> None:
    show((done + fraction) / count, name)


def parse_placement(text: str) -> Placement:
    """A placement of "0,0,0,2,2". ArgumentTypeError if it is none."""
    try:
        u, v, angle, across, up = (float(part) for part in text.split(","))
    except ValueError:
        message = f"{excerpt(text)} is not offset, rotation and scale, such as 0,0,0,2,2"
        raise argparse.ArgumentTypeError(message) from None
    return Placement(0, (u, v), angle, (across, up))


def _write(
    source: Path, sink: Sink, color_space: str, placement: Placement | None, on_progress: Callable[[float], None]
) -> Result:
    from ..io.files import read_maps, write_maps

    maps = read_maps(source, on_progress=on_progress, color_space=color_space)
    where = sink.folder, sink.name, registry().exporter(sink.format)
    with held(sink.folder / sink.name):
        packing = replace(packing_of(sink.export), placement=placement)
        files = write_maps(maps, *where, _recipe_in(source), packing=packing, replace=sink.replace)
    return Result(paths=tuple(files), notes=maps.notes)


def _recipe_in(source: Path) -> Recipe | None:
    """The recipe in the first file of a set; None if Impasto did not make it."""
    from ..io.files import read_recipe, source_files

    try:
        return read_recipe(source_files(source)[0])
    except FileError:
        return None
