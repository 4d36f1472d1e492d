"""`--compare PARAMETER`: small results with each value of a parameter, side by side on a sheet."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import FileError, ParameterError
from ..parameters import properties_of
from ..recipe import Recipe
from ..system.untrusted import is_there
from ..texture import Maps
from ..tools import Tool
from .terminal import Terminal

SIDE_PX = 160
"""Shorter side of the results, so that eight of them take some seconds."""
LONGEST, STROKES = "longest_px", "strokes_px"
"""Parameters in pixels, of all stylizers whose results have another size than their subject."""
COLUMNS = 4
GAP_PX = 4
AUTO = "auto"
"""The value with which a tool chooses another one; it is left out."""


def add_comparison(parser: argparse.ArgumentParser, tool: Tool) -> None:
    """Add --compare, for the parameters of the tool that have a list of values."""
    if names := _with_values(tool):
        text = "instead, paint small with each value of this parameter, side by side on one sheet for each picture"
        parser.add_argument("--compare", choices=names, metavar="PARAMETER", help=f"{text}: {', '.join(names)}")
    else:
        parser.set_defaults(compare=None)


def _with_values(tool: Tool) -> list[str]:
    known = properties_of(tool.parameters)
    return [name for name, schema in known.items() if "enum" in schema and LONGEST in known]


def compare(
    recipe: Recipe,
    sources: Mapping[str, Path],
    files: Mapping[str, Path],
    tool: Tool,
    arguments: argparse.Namespace,
    terminal: Terminal,
) -> None:
    """Write a sheet for each source: small results of the recipe's last step, with each value of --compare."""
    from ..io.files import read_maps
    from ..running.inputs import SOURCE
    from ..running.runner import run
    from ..surface.grid import cell, grid
    from ..system.transaction import replace_files

    if arguments.engine:
        raise ParameterError("--compare works on this machine only", "leave --engine out")
    values = [value for value in properties_of(tool.parameters)[arguments.compare]["enum"] if value != AUTO]
    paths = {name: arguments.out / f"{name}_{arguments.compare}.png" for name in sources}
    for path in paths.values():
        if is_there(path) and not arguments.force:
            raise FileError(f"{path} is there already", "choose another --out or --name, or add --force")
    inputs = {name: read_maps(path) for name, path in files.items()}
    with terminal.progress() as on_progress:
        for index, (name, source) in enumerate(sources.items()):
            given = {SOURCE: read_maps(source), **inputs}
            cells: list[Any] = []
            for value in values:
                on_progress((index + len(cells) / len(values)) / len(sources), value)
                made = run(_small(recipe, arguments.compare, value, given[SOURCE]), given, device=arguments.device)
                cells.append(cell(value, made.maps["base_color"].pixels, SIDE_PX))
            replace_files({paths[name]: grid(cells, COLUMNS, GAP_PX)})
    terminal.written(list(paths.values()), [])


def _small(recipe: Recipe, parameter: str, value: str, source: Maps) -> Recipe:
    """The recipe with this value in its last step, and with a small result; strokes are scaled with it."""
    *before, step = recipe.steps
    longest_px = round(SIDE_PX * max(source.size_px) / min(source.size_px))
    given: dict[str, Any] = dict(step.parameters)
    parameters = {**given, parameter: value, LONGEST: longest_px}
    if given_px := given.get(STROKES):
        full_px = given.get(LONGEST) or max(source.size_px)
        parameters[STROKES] = max(1, round(given_px * longest_px / full_px))
    return Recipe((*before, replace(step, parameters=parameters)), recipe.seed)
