"""The command `impasto stylize`: pictures, or the maps of materials, repainted in the style of others."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..plugins.registry import registry
from ..recipe import Recipe, Step
from ..system.interruption import Stop
from ..tools import Tool
from .comparing import add_comparison, compare
from .options import add_command, add_inputs, add_parameters, add_seed, given_inputs, given_parameters, void_options
from .output import add_output, carry_out
from .sources import SOURCES_HELP, add_preparation, named_sources, preparing_steps
from .terminal import Terminal

EXAMPLES = {
    "": "cat.jpg --style night.jpg --out painted",
    "relief": "wall-maps --style night.jpg --relief 0.7 --out painted",
    "weight": "cat.jpg --style night.jpg --style wave.jpg --weight 1 --weight 0.5 --out painted",
    "mask": "cat.jpg --style night.jpg --style wave.jpg --mask fur.png --mask background.png --out painted",
    "start": "cat.jpg --style night.jpg --start painted/cat_base_color.png --longest-px 2048 --out large",
    "kind": "cat.jpg --style night.jpg --compare kind --out painted",
}
"""Examples by the input or parameter that they need."""

CONTROL_C = "Control-C stops early and keeps what is painted; pressed again, it cancels."


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
    text = f"what paints (default: {usual}); --tool NAME --help shows the parameters of another"
    parser.add_argument("--tool", dest="stylizer", choices=list(stylizers), default=usual, help=text)
    add_seed(parser)
    add_inputs(parser, tool)
    add_comparison(parser, tool)
    add_preparation(parser)
    add_output(parser, can_stream=False)
    add_parameters(parser, tool)


def _epilog(tool: Tool, usual: str) -> str:
    """Examples of the tool's inputs and parameters."""
    known = {"", *tool.parameters.model_fields, *(item.name for item in tool.inputs)}
    chosen = "" if tool.name == usual else f" --tool {tool.name}"
    lines = [f"  impasto stylize{chosen} {rest}" for needed, rest in EXAMPLES.items() if needed in known]
    return "\n".join(["examples:", *lines, "", CONTROL_C])


def _stylize(arguments: argparse.Namespace, terminal: Terminal) -> None:
    tool: Tool = arguments.tool
    inputs, files = given_inputs(arguments, tool)
    step = Step(tool.name, given_parameters(arguments, tool), inputs)
    recipe = Recipe((*preparing_steps(arguments), step), arguments.seed)
    sources = named_sources(arguments.sources, arguments.name)
    for sentence in void_options(arguments, tool):
        terminal.warn(sentence)
    if arguments.compare:
        compare(recipe, sources, files, tool, arguments, terminal)
        return
    stop = Stop(lambda: terminal.note("\nimpasto: finishing early; Control-C again cancels"))
    carry_out(recipe, dict(sources), files, arguments, terminal, is_stopped=stop.is_set)
    if stop.is_set():
        terminal.note("impasto: stopped early; what was painted is kept")
