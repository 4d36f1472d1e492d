"""The command `impasto stylize`: a picture, or the maps of a material, repainted in the hand of others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import ParameterError
from .interruption import Stop
from .making import add_output, carry_out
from .options import add_command, add_parameters, add_seed, add_width, given_parameters
from .plugins import registry
from .recipe import Recipe, Step
from .terminal import Terminal
from .tools import Tool

STYLE, MASK = "style", "mask"
NO_MASK = "-"

EXAMPLES = {
    "": "cat.jpg night.jpg --out painted",
    "relief": "bricks/ night.jpg --relief 0.7 --out painted",
    "weight_2": "cat.jpg night.jpg wave.jpg --weight-2 0.5 --color picture --out painted",
    "mask_2": "cat.jpg night.jpg wave.jpg --mask fur.png --mask background.png --out painted",
    "start": "cat.jpg night.jpg --start painted/cat_base_color.png --longest-px 2048 --out large",
}
"""By the input or parameter that a tool needs to have for it."""

CONTROL_C = "Control-C stops early and keeps what is painted; pressed again, it cancels."


def add_stylize(commands: Any) -> None:
    """`impasto stylize TOOL CONTENT STYLE… --out DIR`, with a subparser for each stylizer."""
    text = "repaint a picture, or the maps of a material, in the hand of a painting"
    parser = commands.add_parser("stylize", help=text, description=text[0].upper() + text[1:] + ".")
    tools = parser.add_subparsers(metavar="TOOL", required=True)
    for tool in registry().tools.values():
        if tool.kind == "stylizer":
            _add_stylizer(tools, tool)


def _add_stylizer(tools: Any, tool: Tool) -> None:
    one = add_command(tools, tool.name, tool.description, "", _stylize)
    one.epilog = _epilog(tool)
    one.set_defaults(tool=tool)
    one.add_argument("content", type=Path, metavar="CONTENT", help="a picture, or a folder of maps")
    if styles := _inputs(tool, STYLE):
        text = f"a picture whose hand is taken over; up to {len(styles)}"
        one.add_argument("styles", type=Path, nargs="+", metavar="STYLE", help=text)
    if _inputs(tool, MASK):
        text = f"where a style is painted, white: the first of the first style, and so on; {NO_MASK} for none"
        one.add_argument("--mask", dest="masks", action="append", default=[], metavar="FILE", help=text)
    for item in tool.inputs:
        if item.name not in _inputs(tool, STYLE) + _inputs(tool, MASK):
            one.add_argument(f"--{item.name}", dest=f"input_{item.name}", metavar="FILE", help=item.description)
    add_width(one)
    add_seed(one)
    add_output(one, can_stream=False)
    add_parameters(one, tool)


def _epilog(tool: Tool) -> str:
    """The examples that fit the tool."""
    known = {"", *tool.parameters.model_fields, *(item.name for item in tool.inputs)}
    lines = [f"  impasto stylize {tool.name} {rest}" for needed, rest in EXAMPLES.items() if needed in known]
    return "\n".join(["examples:", *lines, "", CONTROL_C])


def _inputs(tool: Tool, kind: str) -> list[str]:
    """The tool's inputs of a kind in their order: style, style_2, style_3."""
    return [item.name for item in tool.inputs if item.name == kind or item.name.startswith(f"{kind}_")]


def _stylize(arguments: argparse.Namespace, terminal: Terminal) -> None:
    tool: Tool = arguments.tool
    files = _given_files(arguments, tool)
    step = Step(tool.name, given_parameters(arguments, tool), {name: name for name in files})
    recipe = Recipe.from_dict(Recipe((step,), arguments.seed).to_dict())
    stop = Stop(patient=True)
    carry_out(recipe, {"source": arguments.content, **files}, arguments, terminal, is_stopped=stop.is_set)
    if stop.is_set():
        print("impasto: stopped early; what was painted is kept", file=sys.stderr)


def _given_files(arguments: argparse.Namespace, tool: Tool) -> dict[str, Path]:
    """The file of each input, by its name."""
    files = _in_order("styles", getattr(arguments, "styles", []), _inputs(tool, STYLE))
    files |= _in_order("masks", getattr(arguments, "masks", []), _inputs(tool, MASK))
    others = {item.name: getattr(arguments, f"input_{item.name}", None) for item in tool.inputs}
    files |= {name: file for name, file in others.items() if file is not None}
    return {name: Path(file) for name, file in files.items() if str(file) != NO_MASK}


def _in_order(what: str, given: Sequence[Path | str], inputs: Sequence[str]) -> dict[str, Path | str]:
    """What was given for inputs that have an order. ParameterError where it is too much."""
    if len(given) > len(inputs):
        raise ParameterError(f"{len(given)} {what} are given", f"give up to {len(inputs)}")
    return dict(zip(inputs, given, strict=False))
