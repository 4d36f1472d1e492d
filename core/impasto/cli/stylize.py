"""The command `impasto stylize`: pictures, or the maps of materials, repainted in the style of others.

`--compare PARAMETER` writes a sheet instead, with a small result for each value of the parameter.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..descriptions import MESH
from ..errors import FileError, ParameterError
from ..matchers import Match
from ..parameters import properties_of
from ..plugins.registry import registry
from ..recipe import Recipe, Step
from ..system.interruption import Stop
from ..system.untrusted import is_there
from ..texture import Maps
from ..tools import Tool
from .glb import is_glb, own_mesh
from .options import add_command, add_inputs, add_parameters, add_seed, given_inputs, given_parameters, unused_options
from .output import add_output, carry_out
from .sources import SOURCES_HELP, add_preparation, color_spaces_of, named_sources, preparing_steps
from .terminal import Terminal

EXAMPLES = {
    "": "cat.jpg --style night.jpg --out painted",
    "relief": "wall-maps --style night.jpg --relief 0.7 --out painted",
    "weight": "cat.jpg --style night.jpg --style wave.jpg --weight 1 --weight 0.5 --out painted",
    "mask": "cat.jpg --style night.jpg --style wave.jpg --mask fur.png --mask background.png --out painted",
    "start": "cat.jpg --style night.jpg --start painted/cat_base_color.png --longest-px 2048 --out large",
    "mesh": "asset.glb --style night.jpg --out asset-painted.glb",
    "kind": "cat.jpg --style night.jpg --compare kind --out painted",
    "style": "shots/street --film --style night.jpg --out painted",
}
"""Example arguments, by the input or parameter that a tool must have. The key "" is for all tools."""
CONTROL_C = "Control-C stops early and keeps what is painted; pressed again, it cancels."
COMPARED_PX = 160
"""Shorter side of each result on a sheet. Eight results of this size take some seconds."""
LONGEST, STROKES = "longest_px", "strokes_px"
"""Names of the parameters in pixels that a comparison scales down."""
COLUMNS = 4
GAP_PX = 4
AUTO = "auto"
"""Value of a parameter that leaves the choice to the tool. A comparison omits this value."""


def add_stylize(commands: Any, chosen: str = "") -> None:
    """Add `impasto stylize PHOTO… --style PAINTING --out DIR`, with the chosen stylizer's parameters as options."""
    stylizers = {tool.name: tool for tool in registry().tools_for("stylize")}
    if not stylizers:
        return
    usual = next(iter(stylizers))
    tool = stylizers.get(chosen, stylizers[usual])
    parser = add_command(
        commands, "stylize", "repaint pictures, or the maps of materials, in the style of a painting", "", _stylize
    )
    parser.epilog = _epilog(tool, usual)
    parser.set_defaults(tool=tool)
    parser.add_argument("sources", type=Path, nargs="+", metavar="PHOTO", help=SOURCES_HELP)
    text = f"stylizer that paints (default: {usual}); --tool NAME --help shows the parameters of another"
    parser.add_argument("--tool", dest="stylizer", choices=list(stylizers), default=usual, help=text)
    add_seed(parser)
    add_inputs(parser, tool)
    add_comparison(parser, tool)
    add_preparation(parser)
    add_output(parser, can_stream=False)
    add_parameters(parser, tool)


def _epilog(tool: Tool, usual: str) -> str:
    """End of the command's help: examples that fit the tool, and the effect of Control-C."""
    known = {"", "mesh", *tool.parameters.model_fields, *(item.name for item in tool.inputs)}
    chosen = "" if tool.name == usual else f" --tool {tool.name}"
    lines = [f"  impasto stylize{chosen} {rest}" for needed, rest in EXAMPLES.items() if needed in known]
    return "\n".join(["examples:", *lines, "", CONTROL_C])


def repainting(arguments: argparse.Namespace) -> tuple[Recipe, dict[str, Path]]:
    """The recipe for the arguments of `impasto stylize`, and the files of its inputs other than the source."""
    tool: Tool = arguments.tool
    inputs, files = given_inputs(arguments, tool)
    step = Step(tool.name, given_parameters(arguments, tool), inputs)
    return Recipe((*preparing_steps(arguments), step), arguments.seed), dict(files)


def _stylize(arguments: argparse.Namespace, terminal: Terminal) -> None:
    tool: Tool = arguments.tool
    recipe, files = repainting(arguments)
    sources = named_sources(arguments.sources, arguments.name, bool(arguments.mesh), arguments.maps)
    for sentence in unused_options(arguments, tool):
        terminal.warn(sentence)
    if arguments.compare:
        compare(recipe, sources, files, tool, arguments, terminal)
        return
    stop = Stop(lambda: terminal.note("\nimpasto: finishing early; Control-C again cancels"))
    matches = dict.fromkeys(sources, Match(recipe))
    carry_out(matches, dict(sources), files, arguments, terminal, is_stopped=stop.is_set)
    if stop.is_set():
        terminal.note("impasto: stopped early; what was painted is kept")


def add_comparison(parser: argparse.ArgumentParser, tool: Tool) -> None:
    """Add --compare if the tool has parameters with a list of values, and can make small results."""
    if names := _comparable_parameters(tool):
        text = "instead, paint small results with each value of this parameter, on one sheet for each picture"
        parser.add_argument("--compare", choices=names, metavar="PARAMETER", help=f"{text}: {', '.join(names)}")
    else:
        parser.set_defaults(compare=None)


def _comparable_parameters(tool: Tool) -> list[str]:
    """Names of the parameters with a list of values; none for a tool without `longest_px`."""
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
    """Write a sheet for each source, with a result for each value of the parameter that --compare names."""
    from ..io.files import read_maps
    from ..options import RunOptions
    from ..running.inputs import SOURCE, read_input
    from ..running.runner import run
    from ..surface.thumbnail import cell, grid
    from ..system.transaction import replace_files

    if arguments.engine:
        raise ParameterError("--compare works on this machine only", "leave --engine out")
    if is_glb(arguments.out):
        raise ParameterError("--compare writes a sheet, not a GLB", "name a folder as --out")
    values = [value for value in properties_of(tool.parameters)[arguments.compare]["enum"] if value != AUTO]
    paths = {name: arguments.out / f"{name}_{arguments.compare}.png" for name in sources}
    for path in paths.values():
        if is_there(path) and not arguments.force:
            raise FileError("{} is there already", "choose another --out or --name, or add --force", path)
    spaces = color_spaces_of(arguments, {SOURCE, *files})
    inputs = {name: read_input(name, path, color_space=spaces.get(name, "")) for name, path in files.items()}
    with terminal.progress() as on_progress:
        for index, (name, source) in enumerate(sources.items()):
            subject = read_maps(source, color_space=spaces.get(SOURCE, ""))
            on_mesh = {MESH: read_input(MESH, mesh)} if (mesh := own_mesh(arguments, recipe, source)) else {}
            cells: list[Any] = []
            for value in values:
                on_progress((index + len(cells) / len(values)) / len(sources), value)
                small = _small_recipe(recipe, arguments.compare, value, subject)
                result = run(small, {SOURCE: subject, **on_mesh, **inputs}, RunOptions(device=arguments.device))
                cells.append(cell(value, result.maps["base_color"].pixels, COMPARED_PX))
            replace_files({paths[name]: grid(cells, COLUMNS, GAP_PX)})
    terminal.report_files(list(paths.values()), {})


def _small_recipe(recipe: Recipe, parameter: str, value: str, source: Maps) -> Recipe:
    """Recipe of a small result: the last step has this value, and strokes that shrink with the picture."""
    *before, step = recipe.steps
    longest_px = round(COMPARED_PX * max(source.size_px) / min(source.size_px))
    values: dict[str, Any] = dict(step.parameters)
    parameters = {**values, parameter: value, LONGEST: longest_px}
    if given_px := values.get(STROKES):
        full_px = values.get(LONGEST) or max(source.size_px)
        parameters[STROKES] = max(1, round(given_px * longest_px / full_px))
    return Recipe((*before, replace(step, parameters=parameters)), recipe.seed)
