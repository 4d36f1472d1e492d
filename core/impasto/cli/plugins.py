"""`impasto plugins check`: runs the checks that hold for every tool on those of a plugin."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ..errors import ParameterError, PluginError
from ..plugins.registry import Registry, registry
from ..system.untrusted import excerpt
from ..tools import Tool
from . import tables
from .options import add_command
from .terminal import Terminal


def add_plugins(commands: Any) -> None:
    """`impasto plugins check`."""
    parser = commands.add_parser("plugins", help="check plugins", description="Check plugins.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    text = "run the checks that hold for every tool: seeds, odd sizes, cancelling"
    check = add_command(actions, "check", text, "impasto_finish", _check)
    check.add_argument("plugin", metavar="MODULE", help="an installed plugin: its module, package or entry point")


def _check(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from ..inspection.behaviour import BehaviourFinding, check

    findings: list[BehaviourFinding] = []
    tools = tools_of(arguments.plugin, registry())
    with terminal.progress() as on_progress:
        for index, tool in enumerate(tools):
            on_progress(index / len(tools), f"Checking {tool.name}")
            findings += check(tool)
    terminal.say({"checks": findings}, tables.checks(findings))
    if any(finding.problem for finding in findings):
        sys.exit(PluginError.exit_code)


def tools_of(name: str, known: Registry) -> list[Tool]:
    """The tools of an installed plugin. Raise PluginError if it is not loaded, ParameterError for an unknown name."""
    modules = {status.name: {type(known.tools[tool]).__module__ for tool in status.tools} for status in known.plugins}
    for status in known.plugins:
        tops = {module.partition(".")[0] for module in modules[status.name]}
        if name in {status.name, *([] if status.distribution == "impasto" else [status.distribution]), *tops}:
            if status.error:
                raise PluginError(status.error, status.remedy)
            return [known.tools[tool] for tool in status.tools]
    names = ", ".join(status.name for status in known.plugins)
    message = "no plugin called {} is installed"
    raise ParameterError(message, "install it with pip, or choose from {}", excerpt(name), names)
