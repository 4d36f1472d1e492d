"""The command's parser: mistakes are errors with a remedy; --json, -v and -q may precede or follow the action."""

from __future__ import annotations

import argparse
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..errors import ParameterError, choices
from ..plugins.registry import registry
from ..system.untrusted import SHOWN_CHARACTERS, excerpt, shorten

LONG_WORD = re.compile(rf"\S{{{SHOWN_CHARACTERS + 1},}}")
"""Pattern of a long word in a message of argparse, which quotes unknown arguments in full."""
LONGEST_MESSAGE = 3 * SHOWN_CHARACTERS
MORE = "; plugins add more, and `impasto doctor` lists those that are installed"
COMMANDS = {"generator": "generate", "stylizer": "stylize --tool", "trainer": "train", "group": "run RECIPE.json #"}
"""Actions that run a kind of tools. `apply` runs the others."""


class Parser(argparse.ArgumentParser):
    """A parser, or the subparser of an action, with the options common to all."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"formatter_class": argparse.RawDescriptionHelpFormatter, **more})
        group = self.add_argument_group("for every action")
        group.add_argument("--json", action="store_true", help="print the result as JSON, for scripts")
        group.add_argument("-v", "--verbose", action="count", help="log what is done; -vv: in more detail")
        group.add_argument("-q", "--quiet", action="store_true", help="no progress and no notes: results and errors")

        self.register("type", Path, _path)

    def error(self, message: str) -> NoReturn:
        """Raise the mistake as a ParameterError, so that it is reported like any other error, also as JSON."""
        words = LONG_WORD.sub(lambda found: shorten(found[0]), message)
        more = _hint() or (MORE if message.startswith("unrecognized arguments") else "")
        raise ParameterError(shorten(words, LONGEST_MESSAGE), f"see `{self.prog} --help`{more}")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """The value of a text. Type functions may raise ParameterError as well as the errors of argparse."""
        try:
            return super()._get_value(action, arg_string)  # type: ignore[misc]
        except ParameterError as error:
            raise argparse.ArgumentError(action, str(error)) from None

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is not among the choices. argparse would quote the value and all choices in full."""
        if action.choices is not None and value not in action.choices:
            remedy = choices(str(value), map(str, action.choices), f"`{self.prog} --help`")
            if isinstance(action, argparse._SubParsersAction):
                loaded = registry().tools if registry.cache_info().currsize else {}
                if tool := loaded.get(str(value)):
                    command = f"impasto {COMMANDS.get(tool.kind, 'apply')} {tool.name}"
                    raise ParameterError("{} belongs to another action", "write `{}`", tool.name, command)
                remedy += _hint() or MORE
            named = "/".join(action.option_strings) or action.metavar or action.dest
            raise ParameterError("there is no {} {}", remedy, named, excerpt(value))


def _hint() -> str:
    """The hint of the registry, if it is loaded. A mistake must not load the plugins."""
    return registry().hint() if registry.cache_info().currsize else ""


def _path(text: str) -> Path:
    """The path. An empty one is refused: it mostly means that a variable of the shell is not set."""
    if not text:
        raise argparse.ArgumentTypeError("'' is no file or folder; write . for the current folder")
    return Path(text)


@dataclass(frozen=True)
class EarlyOptions:
    """Options that are needed before parsing, and even if parsing fails.

    verbosity: number of times that -v was given. stylizer: the value of --tool, whose parameters become options.
    action: the first word that is no option; "" if there is none.
    """

    json: bool = False
    quiet: bool = False
    verbosity: int = 0
    stylizer: str = ""
    action: str = ""

    @classmethod
    def of(cls, arguments: Sequence[str]) -> EarlyOptions:
        """The early options in a command line, at any position."""
        options = list(arguments)
        options = options[: options.index("--")] if "--" in options else options
        short = [option[1:] for option in options if option.startswith("-") and set(option[1:]) <= set("vq")]
        verbosity = sum(option.count("v") for option in short) + options.count("--verbose")
        quiet = "--quiet" in options or any("q" in option for option in short)
        action = next((option for option in options if not option.startswith("-")), "")
        return cls("--json" in options, quiet, verbosity, _value_of("--tool", options), action)

    def start_log(self) -> None:
        """Log on stderr, as verbosely as requested."""
        if self.verbosity:
            level = logging.DEBUG if self.verbosity > 1 else logging.INFO
            logging.basicConfig(level=level, format="%(name)s: %(message)s")


def _value_of(option: str, options: Sequence[str]) -> str:
    for index, one_option in enumerate(options):
        if one_option == option:
            return options[index + 1] if index + 1 < len(options) else ""
        if one_option.startswith(f"{option}="):
            return one_option.partition("=")[2]
    return ""
