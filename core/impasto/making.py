"""What the commands that make files share: the options of their output, and carrying out a recipe."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .errors import FileError
from .options import add_device
from .plugins import registry
from .recipe import Recipe, Step
from .terminal import Terminal
from .texture import MAP_CHANNELS
from .tools import model_parameter


def add_output(parser: argparse.ArgumentParser, can_stream: bool = True) -> None:
    """--out, --name, --format, --force, --stream where tools may make tiles, --device."""
    group = parser.add_argument_group("output")
    group.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    group.add_argument("--name", help="start of the files' names (default: the source's)")
    formats = sorted(registry().exporters)
    group.add_argument("--format", choices=formats, default="png", help="file format (default: png)")
    group.add_argument("--force", action="store_true", help="replace files of the same name")
    if can_stream:
        text = "write tile by tile, in little memory (default: beyond 4096x4096 pixels, with tools that make tiles)"
        group.add_argument("--stream", action=argparse.BooleanOptionalAction, default=None, help=text)
    else:
        parser.set_defaults(stream=False)
    add_device(group)


def carry_out(
    recipe: Recipe, files: Mapping[str, Path], arguments: argparse.Namespace, terminal: Terminal, **how: Any
) -> None:
    """Run the recipe on files and write what it makes. `how` is as for `run`."""
    from .files import read_maps
    from .runner import run_to_files
    from .streaming import Sink

    inputs = {name: read_maps(path) for name, path in files.items()}
    if arguments.width_m and "source" in inputs:
        inputs["source"] = replace(inputs["source"], width_m=arguments.width_m)
    name = arguments.name or _result_name(recipe.steps[0], files.get("source"))
    if not arguments.force:
        _refuse_to_replace(arguments.out, name, registry().exporter(arguments.format).suffix)
    with terminal.progress() as on_progress:
        result = run_to_files(
            recipe,
            inputs,
            Sink(arguments.out, name, arguments.format, arguments.force),
            tile_by_tile=arguments.stream,
            device=arguments.device,
            on_progress=on_progress,
            **how,
        )
    terminal.written(result.paths, result)


def _result_name(step: Step, source: Path | None) -> str:
    """What a result is called: as its source, or else as the model that made it."""
    from .files import set_name
    from .models import find_model

    tool = registry().tool(step.tool)
    if source and tool.uses_subject:
        return set_name(source)
    if parameter := model_parameter(tool):
        return find_model(str(step.parameters.get(parameter, "")), tool.name).name
    return "texture"


def _refuse_to_replace(folder: Path, name: str, suffix: str) -> None:
    """Say so before the work is done, not after."""
    for map_ in MAP_CHANNELS:
        path = folder / f"{name}_{map_}{suffix}"
        if path.exists():
            raise FileError(f"{path} is there already", "choose another --out or --name, or add --force")
