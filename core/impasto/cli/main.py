"""The `impasto` command. Options of all tools, including those of plugins, come from their parameters' JSON Schema."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from string import Formatter
from typing import Any

from ..about import VERSION
from ..errors import (
    Cancelled,
    DeviceError,
    FileError,
    ImpastoError,
    ModelError,
    ParameterError,
    PluginError,
    WorkerError,
    out_of_memory,
)
from ..matchers import Match
from ..plugins.installation import findings
from ..plugins.registry import registry
from ..recipe import Recipe
from ..system.interruption import say_by
from ..system.streams import check_output, silence_libraries
from ..system.untrusted import excerpt, read_json
from ..tools import TASKS, by_group, by_rank, describe
from . import tables
from .batch import add_batch
from .check import add_check
from .data import add_prepare
from .export import add_export
from .models import add_models, add_train
from .options import add_command, add_device, parse_metres
from .output import add_output, carry_out, result_name
from .parser import EarlyOptions, Parser
from .plugins import add_plugins
from .relight import add_relight
from .sources import add_named_inputs, named_files
from .stereo import add_stereo
from .stylize import add_stylize
from .terminal import Terminal
from .tools import add_apply, add_generate, add_maps, add_seamless
from .weights import add_weights

EXAMPLES = (
    "seamless brick.jpg --size 2048x2048 --out textures",
    "generate {seamless} --source brick.jpg --seed 7 --out textures",
    "prepare walls --out looked-at",
    "train {train} wall.jpg --name my-wall",
    "generate {generate} --model my-wall --size 2048x2048 --out textures",
    "maps wall.png --out textures --relief 0.8",
    "stereo north.jpg east.jpg south.jpg west.jpg --angles 12 3 6 9 --out textures",
    "stylize cat.jpg --style night.jpg --out painted",
    "stylize asset.glb --style night.jpg --out asset-painted.glb",
    "batch brick.json photos --out textures",
    "export textures/brick --preset unity-hdrp --out game",
    "relight textures/brick --frames 24 --out looked-at",
    "check textures/brick",
    "rerun textures/brick_base_color.png --out again",
    "weights download squeezenet",
    "tools {seamless}",
)
"""Lines of the command's help. A word in braces is a task, and stands for the tool that does it."""
EXIT_CODES: Mapping[int, str] = {
    0: "done",
    1: "a bug; its traceback is on stderr",
    ParameterError.exit_code: "wrong usage, or an impossible parameter",
    FileError.exit_code: "a file cannot be read or written, or `check` found an error",
    PluginError.exit_code: "a plugin is broken",
    ModelError.exit_code: "a model is missing, damaged, or does not fit",
    DeviceError.exit_code: "the device is missing, or its memory is full",
    WorkerError.exit_code: "the worker could not start, or died",
    Cancelled.exit_code: "cancelled by Control-C",
    143: "ended by SIGTERM",
    129: "ended by SIGHUP",
}
"""Meaning of each exit code."""
SHELLS = ("bash", "zsh", "fish")
"""Shells for which shtab makes a script that completes words with Tab."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    early = EarlyOptions.of(words)
    if arguments is None and not early.verbosity:
        silence_libraries()
    early.start_log()
    terminal = Terminal(json=early.json, quiet=early.quiet)
    say_by(lambda message: terminal.fail("Cancelled", message, ""))
    try:
        parsed = make_parser(early.action, early.stylizer).parse_args(words)
        parsed.run(parsed, terminal)
        check_output()
    except Cancelled as stop:
        terminal.fail("Cancelled", str(stop), "")
        sys.exit(stop.exit_code)
    except Exception as raised:
        error = out_of_memory(raised) or raised
        if not isinstance(error, ImpastoError):
            raise
        terminal.fail(type(error).__name__, error.message, error.remedy)
        sys.exit(error.exit_code)


def make_parser(action: str = "", stylizer: str = "") -> Parser:
    """The parser of the whole command, or of this action alone. stylizer: the value of --tool.

    An unknown action gets the parser of the whole command, which reports the mistake.
    """
    parser, commands = _empty_parser()
    if action and action not in ACTIONS:
        registry().add_commands(commands)
        if action in commands.choices:
            return parser
        parser, commands = _empty_parser()
    actions: Mapping[str, Callable[..., None]] = {**ACTIONS, "stylize": partial(add_stylize, chosen=stylizer)}
    for name in [action] if action in ACTIONS else ACTIONS:
        actions[name](commands)
        if name not in WITHOUT_PLUGINS and name in commands.choices:
            registry().add_options(name, commands.choices[name])
    if action not in ACTIONS:
        parser.epilog = _epilog()
        _add_completion(commands, parser)
        registry().add_commands(commands)
    return parser


def _empty_parser() -> tuple[Parser, argparse._SubParsersAction[Parser]]:
    """The parser of the command without actions, and what they are added to."""
    description = "Seamless PBR materials from your own pictures, on your own computer."
    parser = Parser(prog="impasto", description=description)
    parser.add_argument("--version", action="version", version=f"impasto {VERSION}")
    return parser, parser.add_subparsers(metavar="COMMAND", required=True)


def _epilog() -> str:
    """Examples with the installed tools, and the exit codes."""
    tools = {task: tool.name for task in TASKS for tool in registry().tools_for(task)[:1]}
    fitting = [line for line in EXAMPLES if all(task in tools for _, task, *_ in Formatter().parse(line) if task)]
    examples = (f"  impasto {line.format(**tools)}" for line in fitting)
    codes = (f"  {code:<5}{meaning}" for code, meaning in EXIT_CODES.items())
    return "\n".join(["examples:", *examples, "", "exit codes:", *codes])


def _add_run(commands: Any) -> None:
    parser = add_command(commands, "run", "run a recipe", "brick.json --input source=brick.jpg --out textures", _run)
    parser.add_argument("recipe", type=Path, metavar="RECIPE.json", help="a recipe: steps, seed")
    add_named_inputs(parser)
    parser.add_argument(
        "--width-m", type=parse_metres, metavar="METRES", help="real-world width of the source in metres"
    )
    add_output(parser)


def _run(arguments: argparse.Namespace, terminal: Terminal) -> None:
    recipe = Recipe.from_dict(read_json(arguments.recipe, f"the recipe in {excerpt(arguments.recipe)}"))
    files = named_files(arguments.input)
    source = files.pop("source", None)
    name = arguments.name or result_name((recipe.active_steps or recipe.steps)[0], source, engine=arguments.engine)
    carry_out({name: Match(recipe)}, {name: source}, files, arguments, terminal)


def _add_rerun(commands: Any) -> None:
    text = "make a file again from the recipe inside it"
    parser = add_command(commands, "rerun", text, "textures/brick_normal.png --out again", _rerun)
    parser.add_argument("file", type=Path, metavar="FILE", help="any file that Impasto wrote")
    add_named_inputs(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder without files of these names")
    add_device(parser)


def _rerun(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from ..host import Host
    from ..options import RunOptions
    from ..running.rerun import rerun

    with terminal.progress() as on_progress:
        again = rerun(
            arguments.file,
            arguments.out,
            named_files(arguments.input),
            RunOptions(arguments.device),
            Host(on_progress=on_progress),
        )
    terminal.report_rerun(again)


def _add_tools(commands: Any) -> None:
    example = next((tool.name for tool in by_rank(registry().tools.values())), "")
    parser = add_command(commands, "tools", "list the tools, or one tool's parameters", example, _tools)
    parser.add_argument("tool", nargs="?", metavar="TOOL", help="show this tool's parameters")


def _tools(arguments: argparse.Namespace, terminal: Terminal) -> None:
    known = registry()
    if arguments.tool:
        described = [describe(known.tool(arguments.tool))]
        terminal.say({"tools": described}, tables.tool(described[0]))
    else:
        described = [describe(tool) for tools in by_group(known.tools.values()).values() for tool in tools]
        terminal.say({"tools": described}, tables.tools(described))


def _add_doctor(commands: Any) -> None:
    add_command(commands, "doctor", "check versions, devices and plugins, and suggest fixes", "", _doctor)


def _doctor(arguments: argparse.Namespace, terminal: Terminal) -> None:
    found = findings()
    terminal.say(found, tables.findings(found))
    if found["problems"]:
        sys.exit(PluginError.exit_code)


def _add_completion(commands: Any, whole: argparse.ArgumentParser) -> None:
    text = "print a script for your shell that completes what you type when you press Tab"
    parser = add_command(commands, "completion", text, "bash > impasto.bash", partial(_completion, whole))
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def _completion(whole: argparse.ArgumentParser, arguments: argparse.Namespace, terminal: Terminal) -> None:
    import shtab

    script = shtab.complete(whole, shell=arguments.shell)
    terminal.say({"shell": arguments.shell, "script": script}, [script])


ACTIONS: Mapping[str, Callable[..., None]] = {
    "tools": _add_tools,
    "run": _add_run,
    "generate": add_generate,
    "seamless": add_seamless,
    "maps": add_maps,
    "stereo": add_stereo,
    "apply": add_apply,
    "stylize": add_stylize,
    "batch": add_batch,
    "export": add_export,
    "rerun": _add_rerun,
    "prepare": add_prepare,
    "train": add_train,
    "models": add_models,
    "weights": add_weights,
    "relight": add_relight,
    "check": add_check,
    "plugins": add_plugins,
    "doctor": _add_doctor,
}
"""The function that adds the parser of each action, in the order of the command's help."""
WITHOUT_PLUGINS = ("check", "relight", "weights", "doctor")
"""Actions that plugins add no options to, so that those need not be loaded first."""
