"""The command `impasto stylize`: pictures, or the maps of materials, repainted in the style of others."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import ParameterError
from ..plugins import registry
from ..recipe import Recipe, Step
from ..system.interruption import Stop
from ..tools import Tool
from .making import add_output, carry_out
from .options import add_command, add_inputs, add_parameters, add_seed, given_inputs, given_parameters, void_options
from .sources import SOURCES_HELP, add_preparation, named_sources, preparing_steps
from .terminal import Terminal

STYLE, MASK = "style", "mask"
NO_MASK = "-"

EXAMPLES = {
    "": "cat.jpg --style night.jpg --out painted",
    "relief": "bricks --style night.jpg --relief 0.7 --out painted",
    "weight_2": "cat.jpg --style night.jpg --style wave.jpg --weight-2 0.5 --color picture --out painted",
    "mask_2": "cat.jpg --style night.jpg --style wave.jpg --mask fur.png --mask background.png --out painted",
    "start": "cat.jpg --style night.jpg --start painted/cat_base_color.png --longest-px 2048 --out large",
}
"""By the input or parameter that a tool needs to have for it."""

CONTROL_C = "Control-C stops early and keeps what is painted; pressed again, it cancels."


def add_stylize(commands: Any, chosen: str = "") -> None:
    """`impasto stylize PHOTO… --style PAINTING --out DIR`, with the parameters of the chosen stylizer as options."""
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
    text = f"what paints (default: {usual}); --tool NAME --help shows the parameters of another"
    parser.add_argument("--tool", dest="stylizer", choices=list(stylizers), default=usual, help=text)
    styles, masks = ordered_inputs(tool, STYLE), ordered_inputs(tool, MASK)
    if styles:
        text = f"a picture whose hand is taken over; up to {len(styles)} times"
        repeated: dict[str, Any] = {"action": "append", "type": Path, "required": True}
        parser.add_argument("--style", dest="styles", metavar="PAINTING", help=text, **repeated)
    if masks:
        text = f"where a style is painted, white: the first of the first style, and so on; {NO_MASK} for none"
        parser.add_argument("--mask", dest="masks", action="append", default=[], metavar="FILE", help=text)
    add_seed(parser)
    add_inputs(parser, tool, besides=(*styles, *masks))
    add_preparation(parser)
    add_output(parser, can_stream=False)
    add_parameters(parser, tool)


def _epilog(tool: Tool, usual: str) -> str:
    """The examples that fit the tool."""
    known = {"", *tool.parameters.model_fields, *(item.name for item in tool.inputs)}
    chosen = "" if tool.name == usual else f" --tool {tool.name}"
    lines = [f"  impasto stylize{chosen} {rest}" for needed, rest in EXAMPLES.items() if needed in known]
    return "\n".join(["examples:", *lines, "", CONTROL_C])


def ordered_inputs(tool: Tool, kind: str) -> list[str]:
    """The tool's inputs of a kind in their order: style, style_2, style_3."""
    return [item.name for item in tool.inputs if item.name == kind or item.name.startswith(f"{kind}_")]


def _stylize(arguments: argparse.Namespace, terminal: Terminal) -> None:
    tool: Tool = arguments.tool
    files = _given_files(arguments, tool)
    step = Step(tool.name, given_parameters(arguments, tool), {name: name for name in files})
    recipe = Recipe((*preparing_steps(arguments), step), arguments.seed)
    sources = named_sources(arguments.sources, arguments.name)
    for sentence in void_options(arguments, tool):
        terminal.warn(sentence)
    stop = Stop(lambda: terminal.note("\nimpasto: finishing early; Control-C again cancels"))
    carry_out(recipe, dict(sources), files, arguments, terminal, is_stopped=stop.is_set)
    if stop.is_set():
        terminal.note("impasto: stopped early; what was painted is kept")


def _given_files(arguments: argparse.Namespace, tool: Tool) -> dict[str, Path]:
    """The file of each input, by its name."""
    files = _in_order("styles", getattr(arguments, "styles", []), ordered_inputs(tool, STYLE))
    files |= _in_order("masks", getattr(arguments, "masks", []), ordered_inputs(tool, MASK))
    given = {name: Path(file) for name, file in files.items() if str(file) != NO_MASK}
    return given | given_inputs(arguments, tool)


def _in_order(what: str, given: Sequence[Path | str], inputs: Sequence[str]) -> dict[str, Path | str]:
    """What was given for inputs that have an order. ParameterError where it is too much."""
    if len(given) > len(inputs):
        raise ParameterError(f"{len(given)} {what} are given", f"give up to {len(inputs)}")
    return dict(zip(inputs, given, strict=False))
