"""`impasto completion SHELL`: a script that completes actions, tools and options with Tab, made by shtab."""

from __future__ import annotations

import argparse
from typing import Any

from .options import add_command
from .terminal import Terminal

SHELLS = ("bash", "zsh", "fish")


def add_completion(commands: Any) -> None:
    """`impasto completion bash|zsh|fish`."""
    text = "print a script for your shell that completes what you type when you press Tab"
    parser = add_command(commands, "completion", text, "bash > impasto.bash", _run)
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def _run(arguments: argparse.Namespace, terminal: Terminal) -> None:
    import shtab

    from .main import make_parser

    terminal.completion(arguments.shell, shtab.complete(make_parser(), shell=arguments.shell))
