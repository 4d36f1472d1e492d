"""Options of commands that write files, and running a recipe on several sources."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..descriptions import MESH
from ..errors import Cancelled, FileError, ImpastoError
from ..matchers import Match
from ..plugins.registry import registry
from ..recipe import Recipe, Step
from ..running.steps import part_of_progress
from ..system.names import usable_name
from ..system.untrusted import excerpt, is_there
from ..texture import Maps
from ..tools import Result, model_parameter
from ..udim import tile_suffix
from .glb import FILES, GlbTarget, is_glb, own_mesh, working_folder
from .options import add_device, add_engine, some_text
from .sources import SOURCE, add_colorspace, color_spaces_of
from .terminal import Terminal

if TYPE_CHECKING:
    from ..host import Host
    from ..options import Sink


def add_output(parser: argparse.ArgumentParser, can_stream: bool = True, is_batch: bool = False) -> None:
    """Add --out, --format, --export, --force and --device; not for a batch: --name and --engine; optional: --stream."""
    group = parser.add_argument_group("output")
    add_files(group, is_batch, can_glb=not is_batch)
    add_colorspace(parser)
    group.add_argument("--export", default="", metavar="PRESET", help=packing_help())
    if can_stream:
        text = "write tile by tile, in little memory (default: beyond 4096x4096 pixels, with tools that make tiles)"
        group.add_argument("--stream", action=argparse.BooleanOptionalAction, default=None, help=text)
    else:
        parser.set_defaults(stream=False)
    add_device(group)
    if not is_batch:
        add_engine(group)


def add_files(group: argparse._ActionsContainer, is_batch: bool = False, can_glb: bool = False) -> None:
    """Add --out, --format, --force, and --name unless for a batch. can_glb: --out may be a file."""
    text = "folder for the files" + ("; or FILE.glb: a GLB source, or --mesh, with the new textures" if can_glb else "")
    kind = Path if can_glb else folder_path
    group.add_argument("--out", type=kind, required=True, metavar="DIR", help=text)
    if not is_batch:
        text = "start of the files' names (default: the source's)"
        group.add_argument("--name", type=some_text, metavar="NAME", help=text)
    formats = sorted(registry().exporters)
    group.add_argument("--format", choices=formats, default="png", help="file format (default: png)")
    group.add_argument("--force", action="store_true", help="replace files of the same name")


def folder_path(text: str) -> Path:
    """A folder. Raise ArgumentTypeError for the name of a GLB, which this command does not write."""
    if is_glb(path := Path(text)):
        raise argparse.ArgumentTypeError(f"{excerpt(text)} is no folder; this command writes no GLB")
    return path


def packing_help() -> str:
    """Help of an option for `packing_of`."""
    from ..io.presets import PRESETS

    return (
        f"files as an engine expects them: {', '.join(PRESETS)}; or pictures packed of channels, such as "
        "'orm=ambient_occlusion,roughness,metallic smooth=1-roughness'; or a preset and such pictures"
    )


def carry_out(
    matches: Mapping[str, Match],
    sources: Mapping[str, Path | None],
    files: Mapping[str, Path],
    arguments: argparse.Namespace,
    terminal: Terminal,
    models_folder: Path | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Run a recipe on each source and write the results.

    matches, sources: recipes and sources by the names of their results. The notes and figures of a match are added to
    those of its result. A source is None for a recipe without one. files: the other inputs. If one of several sources
    fails, it is reported and the others still run; the exit code is that of the first failure. models_folder,
    is_stopped: as in `RunOptions` and `Host`.
    """
    from ..host import Host
    from ..options import Sink

    target = GlbTarget.of(arguments, sources, files) if is_glb(arguments.out) else None
    for name, source in sources.items():
        if not arguments.force and not target:
            refuse_to_replace(arguments, name, source)
    results: dict[str, Result] = {}
    failed: list[tuple[Path, ImpastoError]] = []
    with (
        working_folder(arguments.out) as folder,
        _local_or_remote_run(files, any(sources.values()), arguments, models_folder) as make,
        terminal.progress() as on_progress,
    ):
        for index, (name, source) in enumerate(sources.items()):
            if results and is_stopped():
                break
            progress = part_of_progress(on_progress, index, len(sources))
            try:
                where = (folder / name, FILES) if target else (folder, name)
                form = arguments.format, arguments.force
                sink = Sink(*where, *form, export=arguments.export, tile_by_tile=arguments.stream)
                found = matches[name]
                result = make(found.recipe, source, sink, Host(on_progress=progress, is_stopped=is_stopped))
                results[name] = replace(
                    result,
                    maps=Maps(),  # the pixels are in files, and would fill the memory
                    notes=found.notes + result.notes,
                    figures={**found.figures, **result.figures},
                )
            except Cancelled as stop:
                if results and not stop.args:
                    raise Cancelled(f"cancelled; {len(results)} of {len(sources)} were made before") from None
                raise
            except ImpastoError as error:
                if len(sources) == 1 or source is None:
                    raise
                failed.append((source, error))
        if target and results:
            steps = next(iter(matches.values())).recipe.active_steps
            is_new = any(registry().tool(step.tool).kind == "generator" for step in steps)
            for note in target.write(folder, results, is_new=is_new, form=arguments.format, force=arguments.force):
                terminal.warn(note)
    paths = [arguments.out] if target else [path for result in results.values() for path in result.paths]
    terminal.report_files(paths if results else [], results, failed)
    if failed:
        sys.exit(failed[0][1].exit_code)


@contextmanager
def _local_or_remote_run(
    files: Mapping[str, Path], has_source: bool, arguments: argparse.Namespace, models_folder: Path | None
) -> Iterator[Callable[[Recipe, Path | None, Sink, Host], Result]]:
    """A function that runs a recipe on a source: in this process, or by the engine that --engine names."""
    from ..io.files import read_maps
    from ..options import RunOptions
    from ..running.inputs import read_input
    from ..running.runner import run
    from ..running.wanted import wanted_by

    prepares = not getattr(arguments, "keep_light", True)
    if arguments.engine:
        from .remote import refuse_locals, remote_client, run_there

        def make_there(recipe: Recipe, source: Path | None, sink: Sink, host: Host) -> Result:
            mesh = own_mesh(arguments, recipe, source)
            inputs = ({MESH: mesh} if mesh else {}) | ({SOURCE: source} if source else {}) | dict(files)
            options = RunOptions(arguments.device, sink=sink, prepares=prepares)
            spaces = color_spaces_of(arguments, inputs)
            return run_there(client, recipe, inputs, options, host, width_m=arguments.width_m, color_spaces=spaces)

        refuse_locals(models_folder, arguments.stream, arguments.export)
        with remote_client(arguments.engine) as client:
            yield make_there
        return
    spaces = color_spaces_of(arguments, {*files, *([SOURCE] if has_source else [])})
    others = {name: read_input(name, path, color_space=spaces.get(name, "")) for name, path in files.items()}

    def make(recipe: Recipe, source: Path | None, sink: Sink, host: Host) -> Result:
        mesh = own_mesh(arguments, recipe, source)
        inputs = {MESH: read_input(MESH, mesh), **others} if mesh else others
        if source is not None:
            wanted = wanted_by(recipe, has_mesh=MESH in inputs)
            maps = read_maps(source, color_space=spaces.get(SOURCE, ""), wanted=wanted)
            inputs = {SOURCE: maps.with_width(arguments.width_m) if arguments.width_m else maps, **inputs}
        return run(recipe, inputs, RunOptions(arguments.device, models_folder, sink=sink, prepares=prepares), host)

    yield make


def result_name(step: Step, source: Path | None, models_folder: Path | None = None, engine: str | None = None) -> str:
    """Name of a result: that of its source, or else of its model, or of its tool. `engine` may have other models."""
    from ..io.files import source_name

    tool = registry().tool(step.tool)
    if source and tool.uses_subject:
        return source_name(source)
    if parameter := model_parameter(tool):
        wanted = str(step.parameters.get(parameter, ""))
        if engine and wanted:
            return usable_name(wanted)
        return registry().model_library(models_folder).find(wanted, tool.name).name
    return "texture" if tool.uses_subject else tool.name


def refuse_to_replace(arguments: argparse.Namespace, name: str, source: Path | None = None) -> None:
    """Raise FileError if a result would replace files. This comes before the work, not after."""
    from ..io.map_files import tiles_in
    from ..io.presets import packing_of

    suffix, packing = registry().exporter(arguments.format).suffix, packing_of(arguments.export)
    numbers = tiles_in(source) if source else {}
    files = (file for number in numbers or (0,) for file in packing.file_names(name, tile_suffix(suffix, number)))
    for path in (arguments.out / file for file in files):
        if is_there(path):
            raise FileError("{} is there already", "choose another --out or --name, or add --force", path)
