"""Options that several commands have, and options of tools, from the JSON Schema of their parameters."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..descriptions import DIRECTIONS, MESH
from ..errors import FileError, Message, ParameterError
from ..parameters import color_of, properties_of
from ..recipe import MAX_SEED, MAX_VALUES, name_inputs
from ..schemas import limits_of, readable, readable_default
from ..settings import values_called
from ..system import untrusted
from ..system.untrusted import excerpt
from ..texture import check_metres
from ..tools import Input, Tool, without_effect

SIZE_PARAMETERS = ("width_px", "height_px")
"""Parameters that --size sets."""
RENAMED = {"start_from": "from"}
"""Parameters whose option has a shorter name, which is a keyword in Python."""
MOST_COUNT = 999_999
"""Default limit of a number of things."""
LEFT_OUT = "-"
"""Stands for a value that is left out."""


def add_command(commands: Any, name: str, text: str, example: str, run: Any) -> argparse.ArgumentParser:
    """A subparser with help and an example's arguments; `run(arguments, terminal)` carries the command out."""
    parser = commands.add_parser(name, help=text.replace("%", "%%"), description=text[0].upper() + text[1:] + ".")
    parser.epilog = f"example:\n  {parser.prog} {example}".rstrip()
    parser.set_defaults(run=run)
    return parser


def actions_of(parser: argparse.ArgumentParser) -> argparse._SubParsersAction:
    """Actions of a command, such as `list` of `impasto models`, to which `add_command` adds another."""
    return next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add --seed."""
    parser.add_argument(
        "--seed",
        type=whole_number(0, MAX_SEED),
        default=0,
        metavar="N",
        help=f"0 to {readable(MAX_SEED)}; each seed gives another result (default: 0)",
    )


def add_device(parser: argparse._ActionsContainer) -> None:
    """Add --device."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: auto)")


def add_engine(parser: argparse._ActionsContainer) -> None:
    """Add --engine."""
    text = "make it on another machine that has impasto: ssh://user@host, or ssh://host/path/to/python"
    parser.add_argument("--engine", type=some_text, metavar="ADDRESS", help=text)


def some_text(text: str) -> str:
    """The text. Raise ArgumentTypeError if it is empty, which mostly means that a variable of the shell is not set."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"{excerpt(text)} is empty; leave the option out for its default")
    return text


def whole_number(least: int = 1, most: int = MOST_COUNT) -> Callable[[str], int]:
    """A parser of whole numbers in a range. It raises ArgumentTypeError for others."""

    def parse(text: str) -> int:
        digits = text.removeprefix("-")
        if not (digits.isdecimal() and len(digits) < 12 and least <= int(text) <= most):
            limits = f"from {least} upwards" if most == MOST_COUNT else f"from {least} to {readable(most)}"
            raise argparse.ArgumentTypeError(f"{excerpt(text)} is no whole number {limits}")
        return int(text)

    return parse


def number(least: float, most: float) -> Callable[[str], float]:
    """A parser of numbers in a range. It raises ArgumentTypeError for others."""

    def parse(text: str) -> float:
        (value,) = numbers(limits := f"a number from {least:g} to {most:g}", 1)(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{excerpt(text)} is not {limits}")
        return value

    return parse


def parse_metres(text: str) -> float:
    """A real-world length in metres. Raise ArgumentTypeError if it is none."""
    try:
        check_metres("it", value := float(text))
    except (ValueError, ParameterError):
        message = f"{excerpt(text)} is not a width in metres; write 1.5 for one and a half"
        raise argparse.ArgumentTypeError(message) from None
    return value


def parse_size(text: str) -> tuple[int, int]:
    """(width, height) in pixels from "1024x512", or from "1024" for a square."""
    try:
        sides = [int(part) for part in text.lower().split("x")]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2) or min(sides) < 1:
        raise argparse.ArgumentTypeError(f"{excerpt(text)} is not a size; write 1024x1024, or 1024 for a square")
    return sides[0], sides[-1]


def numbers(what: str, count: int = 0) -> Callable[[str], tuple[float, ...]]:
    """A parser of `count` numbers joined by commas; 0: of any number of them. what: words for them in an error."""

    def parse(text: str) -> tuple[float, ...]:
        try:
            found = tuple(float(part) for part in text.split(","))
        except ValueError:
            found = ()
        if not found or len(found) != (count or len(found)):
            raise argparse.ArgumentTypeError(f"{excerpt(text)} is not {what}")
        return found

    return parse


def parse_json(text: str) -> dict[str, Any]:
    """Parameters written as a JSON object."""
    try:
        value = untrusted.parse_json(text, "it")
    except FileError:
        value = None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"{excerpt(text)} is not a JSON object")
    return value


def add_inputs(parser: argparse.ArgumentParser, tool: Tool) -> None:
    """Add an option for each input that is a file: --guide FILE, --style FILE --style FILE, --mesh FILE.glb."""
    for item in tool.inputs:
        if item.kind == "maps":
            parser.add_argument(
                _option(item.name),
                dest=f"input_{item.name}",
                action="append",
                metavar="FILE",
                required=item.required,
                help=f"{item.description}{_number_of_values(item)}".replace("%", "%%"),
            )
    _add_mesh(parser, tool)


def _add_mesh(parser: argparse.ArgumentParser, tool: Tool) -> None:
    """Add --mesh and --directions, unless the tool uses no mesh and no subject that could lie on one."""
    declared = next((item for item in tool.inputs if item.kind == "mesh"), None)
    if declared or tool.uses_subject:
        text = (
            "the object whose texture it is, with UVs (GLB, glTF, OBJ or PLY; FILE.glb/Material/NAME for a part): work "
            "goes on across the seams of its UVs"
        )
        needed = declared is not None and declared.required and tool.kind == "generator"
        if tool.kind != "generator":
            text += f" (default: that of a GLB as the source; {LEFT_OUT} for none)"
        parser.add_argument("--mesh", type=Path, metavar="FILE.glb", required=needed, help=text)
        flow = (
            "image in the mesh's UV space of where strokes and patterns point up: red along U, green along V, "
            "0.5 for none"
        )
        parser.add_argument("--directions", type=Path, metavar="FILE", help=flow)
    else:
        parser.set_defaults(mesh=None, directions=None)


def _number_of_values(item: Input) -> str:
    if item.for_each:
        return f"; the first is of the first {_option(item.for_each)}, and so on; {LEFT_OUT} leaves one out"
    if not item.many:
        return ""
    return f"; {item.least} to {MAX_VALUES} times" if item.least > 1 else f"; up to {MAX_VALUES} times"


def given_inputs(arguments: argparse.Namespace, tool: Tool) -> tuple[dict[str, str | list[str]], dict[str, Path]]:
    """Inputs of a step of the tool, and the files of its inputs, mesh and directions by their names in the recipe."""
    files: dict[str, list[Path | None]] = {}
    for item in tool.inputs:
        values = getattr(arguments, f"input_{item.name}", None) or []
        if len(values) > (most := MAX_VALUES if item.takes_many else 1):
            message = Message("{} is given {} times", _option(item.name), len(values))
            raise ParameterError(message, "give it {}", "once" if most == 1 else f"up to {most} times")
        files[item.name] = [None if item.for_each and file == LEFT_OUT else Path(file) for file in values]
    inputs, named = name_inputs(files)
    on_mesh = {MESH: arguments.mesh, DIRECTIONS: arguments.directions}
    return inputs, named | {name: file for name, file in on_mesh.items() if file and str(file) != LEFT_OUT}


def add_parameters(parser: argparse.ArgumentParser, tool: Tool) -> None:
    """Add an option for each parameter: --block-px, --variety, --no-feather; and --settings, if it has named ones."""
    group = parser.add_argument_group(f"parameters of {tool.name}")
    if named := [one["name"] for one in tool.settings()]:
        text = f"values for several parameters at once; options replace single ones: {', '.join(named)}"
        group.add_argument("--settings", metavar="NAME", default="", help=text)
    add_parameters_to(group, tool)


def add_parameters_to(
    group: argparse._ArgumentGroup, tool: Tool, prefix: str = "", leave_out: Sequence[str] = ()
) -> None:
    """Add an option for each parameter to a group. prefix: of the names of options, as in --source-crop."""
    properties = _properties(tool)
    for name, schema in properties.items():
        if name in leave_out:
            continue
        settings: dict[str, Any] = {
            "dest": _destination(prefix + name),
            "default": None,
            "help": _help(schema, properties),
        }
        settings |= _value_settings(name, schema)
        try:
            group.add_argument(_option(prefix + name), **settings)
        except argparse.ArgumentError:  # the command has an option of this name
            group.add_argument(f"--parameter-{name.replace('_', '-')}", **settings)


def given_parameters(arguments: argparse.Namespace, tool: Tool, prefix: str = "") -> dict[str, Any]:
    """The parameters from options and --settings, by name. The tool has defaults for the others."""
    named = "" if prefix else getattr(arguments, "settings", "")
    values = values_called(tool.name, tool.settings(), named) if named else {}
    return values | _options_given(arguments, tool, prefix)


def _options_given(arguments: argparse.Namespace, tool: Tool, prefix: str = "") -> dict[str, Any]:
    values = {name: getattr(arguments, _destination(prefix + name), None) for name in _properties(tool)}
    return {name: value for name, value in values.items() if value is not None}


def _properties(tool: Tool) -> dict[str, Mapping[str, Any]]:
    properties = properties_of(tool.parameters).items()
    return {name: schema for name, schema in properties if name not in SIZE_PARAMETERS}


def _option(name: str) -> str:
    return "--" + RENAMED.get(name, name).replace("_", "-")


def _destination(name: str) -> str:
    return f"parameter_{name}"


def unused_options(arguments: argparse.Namespace, tool: Tool) -> list[str]:
    """A sentence for each given option that has no effect because of another option."""
    properties, values = _properties(tool), _options_given(arguments, tool)
    return [
        f"{_option(name)} has no effect: it works only with {_conditions(properties[name], properties)}"
        for name in without_effect(tool, given_parameters(arguments, tool))
        if name in values
    ]


def _help(schema: Mapping[str, Any], properties: Mapping[str, Mapping[str, Any]]) -> str:
    about = [limits_of(schema), f"default: {readable_default(schema)}"]
    if "for_each" in schema:
        about.append(f"once for each {_option(schema['for_each'])}")
    if "visible_if" in schema:
        about.append(f"only with {_conditions(schema, properties)}")
    return f"{schema['description']} ({', '.join(filter(None, about))})".replace("%", "%%")


def _conditions(schema: Mapping[str, Any], properties: Mapping[str, Mapping[str, Any]]) -> str:
    """The options without which a parameter has no effect: `--preset modern and --statistics moments or gram`."""
    return " and ".join(_as_option(name, values, properties[name]) for name, values in schema["visible_if"].items())


def _as_option(name: str, values: Sequence[Any], schema: Mapping[str, Any]) -> str:
    if schema.get("type") == "boolean":
        return " or ".join(_option(name if value else f"no_{name}") for value in values)
    return f"{_option(name)} {' or '.join(map(readable, values))}"


def _value_settings(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `add_argument` by which argparse reads the value of a parameter."""
    if "enum" in schema:
        return {"choices": schema["enum"]}
    kind = schema.get("type")
    if kind == "boolean":
        return {"action": argparse.BooleanOptionalAction}
    if schema.get("format") == "color":
        return {"type": color_of, "metavar": "COLOUR"}
    if schema.get("format") == "sliders":
        return {"type": _named_numbers, "metavar": "NAME=N,…"}
    if "for_each" in schema:
        return {"type": float, "action": "append", "metavar": "N"}
    if schema.get("format") == "point":
        return {"type": float, "nargs": 2, "metavar": ("X", "Y")}
    if kind == "array":
        metavar = ",".join(item.get("title", "N").upper() for item in schema["prefixItems"])
        return {"type": numbers("numbers joined by commas"), "metavar": metavar}
    if kind == "string":
        return {"type": str, "metavar": "MODEL" if schema.get("format") == "model" else name.upper()}
    metavar = "DEGREES" if schema.get("format") in ("angle", "azimuth") else "N"
    return {"type": {"integer": int, "number": float}[str(kind)], "metavar": metavar}


def _named_numbers(text: str) -> dict[str, float]:
    """Values by name from "brightness=1.5,contrast=-1"."""
    pairs = [part.partition("=") for part in text.split(",")]
    try:
        return {name.strip(): float(value) for name, _, value in pairs}
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{excerpt(text)} is not NAME=NUMBER, such as brightness=1.5,contrast=-1"
        ) from None
