"""The `impasto` command. Each tool's options come from its parameters' JSON Schema, as a plugin's do too.

Exit codes: 0 done; 1 a bug; 2 wrong usage or parameters; 3 files; 4 plugins; 5 models; 6 device; 7 worker;
130 cancelled by Control-C; 128 and its number for another signal.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import about
from .data_commands import add_prepare
from .errors import Cancelled, ImpastoError, ParameterError, PluginError
from .evaluation_commands import add_evaluate
from .interruption import Ended
from .making import add_output, carry_out
from .model_commands import add_models, add_train
from .models import SUFFIX
from .options import (
    add_command,
    add_device,
    add_parameters,
    add_seed,
    add_width,
    given_parameters,
    parse_json,
    parse_size,
)
from .outside import read_json, shown
from .plugins import registry
from .recipe import Recipe, Step
from .streams import check_output
from .stylize_command import add_stylize
from .terminal import Terminal
from .texture import Maps
from .tools import Tool, describe
from .weights_commands import add_weights

ESTIMATOR = "photo-maps"
QUILT = "quilt"

EXAMPLES = """examples:
  impasto seamless brick.jpg --size 2048x2048 --out textures
  impasto generate quilt --source brick.jpg --seed 7 --out textures
  impasto prepare bricks --out looked-at
  impasto train train-torus wall.jpg --name my-wall
  impasto generate torus --model my-wall --size 2048x2048 --out textures
  impasto maps wall.png --out textures --normal-strength 0.8
  impasto stylize patches-style cat.jpg night.jpg --out painted
  impasto rerun textures/brick_base_color.png --out again
  impasto weights download squeezenet
  impasto tools quilt

exit codes: 0 done, 1 a bug, 2 usage or parameters, 3 files, 4 plugins, 5 models, 6 device, 7 worker,
130 cancelled by Control-C, 143 ended by SIGTERM, 129 by SIGHUP
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    terminal = Terminal()
    try:
        parsed = make_parser().parse_args(arguments)
        terminal.json = getattr(parsed, "json", False)
        parsed.run(parsed, terminal)
        check_output()
    except (Cancelled, Ended, KeyboardInterrupt) as stop:
        terminal.fail("Cancelled", str(stop) or "cancelled; nothing was written", "")
        sys.exit(getattr(stop, "exit_code", Cancelled.exit_code))
    except ImpastoError as error:
        terminal.fail(type(error).__name__, error.message, error.remedy)
        sys.exit(error.exit_code)


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command, with a subparser for each tool."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="impasto",
        description="Seamless PBR materials from your own pictures, on your own computer.",
        epilog=EXAMPLES,
        formatter_class=raw,
    )
    parser.add_argument("--version", action="version", version=f"impasto {about.VERSION}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_tools(commands)
    _add_run(commands)
    _add_generate(commands)
    _add_on_image(commands, "seamless", QUILT, "make an image seamless, and of any size")
    _add_on_image(commands, "maps", ESTIMATOR, "estimate the maps of an image: height, normal, roughness, occlusion")
    add_stylize(commands)
    _add_rerun(commands)
    add_prepare(commands)
    add_train(commands)
    add_models(commands)
    add_weights(commands)
    add_evaluate(commands)
    _add_doctor(commands)
    registry().hook.impasto_commands(subparsers=commands)
    return parser


def _add_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=parse_size, metavar="WxH", help="size in pixels (default: the source's)")


def _add_estimator(parser: argparse.ArgumentParser, default: str) -> None:
    names = sorted(name for name, tool in registry().tools.items() if tool.kind == "estimator")
    text = f"tool for the missing maps (default: {default}; none where the result is written tile by tile)"
    parser.add_argument("--estimator", choices=[*names, "none"], help=text)
    parser.set_defaults(usual_estimator=default)
    text = """the estimator's parameters, such as '{"normal_strength": 0.5}'"""
    parser.add_argument("--estimator-parameters", type=parse_json, default={}, metavar="JSON", help=text)


def _add_run(commands: Any) -> None:
    parser = add_command(commands, "run", "run a recipe", "brick.json --input source=brick.jpg --out textures", _run)
    parser.add_argument("recipe", type=Path, metavar="RECIPE.json", help="a recipe: steps, seed")
    _add_inputs(parser)
    add_width(parser)
    add_output(parser)


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="an input by its name in the recipe (a picture, or a folder of maps); may be repeated",
    )


def _add_generate(commands: Any) -> None:
    text = "generate a material with a generator"
    parser = commands.add_parser("generate", help=text, description=text[0].upper() + text[1:] + ".")
    tools = parser.add_subparsers(metavar="TOOL", required=True)
    for tool in registry().tools.values():
        if tool.kind == "generator":
            one = add_command(tools, tool.name, tool.description, "", _generate)
            from_what = "--model my-wall" if "model" in tool.parameters.model_fields else "--source brick.jpg"
            one.epilog = f"example:\n  impasto generate {tool.name} {from_what} --size 1024x1024 --out textures"
            one.add_argument("--source", type=Path, metavar="IMAGE", help="a picture, or a folder of maps")
            _add_tool_options(one, tool, estimator=ESTIMATOR)


def _add_on_image(commands: Any, name: str, tool_name: str, text: str) -> None:
    tool = registry().tools.get(tool_name)
    if tool is None:
        return
    parser = add_command(commands, name, text, "brick.jpg --out textures", _generate)
    parser.add_argument("source", type=Path, metavar="IMAGE", help="a picture, or a folder of maps")
    _add_tool_options(parser, tool, estimator="none")


def _add_tool_options(parser: argparse.ArgumentParser, tool: Tool, estimator: str) -> None:
    parser.set_defaults(tool=tool)
    add_width(parser)
    properties = tool.parameters.model_fields
    if "width_px" in properties:
        _add_size(parser)
    add_seed(parser)
    if tool.kind == "generator":
        _add_estimator(parser, estimator)
    else:
        parser.set_defaults(estimator="none")
    add_output(parser)
    add_parameters(parser, tool)


def _generate(arguments: argparse.Namespace, terminal: Terminal) -> None:
    parameters = given_parameters(arguments, arguments.tool)
    if getattr(arguments, "size", None):
        parameters["width_px"], parameters["height_px"] = arguments.size
    models_folder = None
    if str(parameters.get("model", "")).endswith(SUFFIX):  # a recipe holds a model's name, never a path
        file = Path(parameters["model"])
        parameters["model"], models_folder = file.stem, file.parent
    steps = [Step(arguments.tool.name, parameters)]
    if (estimator := _estimator(arguments, steps[0])) != "none":
        steps.append(Step(estimator, arguments.estimator_parameters))
    recipe = Recipe.from_dict(Recipe(tuple(steps), arguments.seed).to_dict())
    inputs = {"source": arguments.source} if arguments.source else {}
    carry_out(recipe, inputs, arguments, terminal, models_folder=models_folder)


def _estimator(arguments: argparse.Namespace, generate: Step) -> str:
    """The chosen one; without a choice none for what is written tile by tile, since it needs the whole."""
    from .streaming import should_stream

    if arguments.estimator:
        return arguments.estimator
    stream = arguments.stream
    if stream is None:
        stream = should_stream(Recipe((generate,)), Maps(), arguments.format)
    return "none" if stream else arguments.usual_estimator


def _run(arguments: argparse.Namespace, terminal: Terminal) -> None:
    recipe = Recipe.from_dict(read_json(arguments.recipe, f"the recipe in {shown(arguments.recipe)}"))
    carry_out(recipe, _named_files(arguments.input), arguments, terminal)


def _named_files(given: Sequence[str]) -> dict[str, Path]:
    files = {}
    for item in given:
        name, separator, file = item.partition("=")
        if not (name and separator and file):
            raise ParameterError(f"--input got {item!r}", "write --input NAME=FILE, such as --input source=brick.jpg")
        files[name] = Path(file)
    return files


def _add_rerun(commands: Any) -> None:
    text = "make a file again from the recipe inside it"
    parser = add_command(commands, "rerun", text, "textures/brick_normal.png --out again", _rerun)
    parser.add_argument("file", type=Path, metavar="FILE", help="any file that Impasto wrote")
    _add_inputs(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder without files of these names")
    add_device(parser)


def _rerun(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from .rerun import rerun

    with terminal.progress() as on_progress:
        again = rerun(
            arguments.file,
            arguments.out,
            _named_files(arguments.input),
            device=arguments.device,
            on_progress=on_progress,
        )
    terminal.written(again.paths, again.result, differences=again.differences, identical=again.identical)


def _add_tools(commands: Any) -> None:
    parser = add_command(commands, "tools", "list the tools, or one tool's parameters", "quilt", _tools)
    parser.add_argument("tool", nargs="?", metavar="TOOL", help="show this tool's parameters")


def _tools(arguments: argparse.Namespace, terminal: Terminal) -> None:
    known = registry()
    chosen = [known.tool(arguments.tool)] if arguments.tool else list(known.tools.values())
    terminal.tools([describe(tool) for tool in chosen], in_detail=bool(arguments.tool))


def _add_doctor(commands: Any) -> None:
    add_command(commands, "doctor", "check versions, devices and plugins, and say how to mend them", "", _doctor)


def _doctor(arguments: argparse.Namespace, terminal: Terminal) -> None:
    found = about.findings()
    terminal.findings(found)
    if found["problems"]:
        sys.exit(PluginError.exit_code)
