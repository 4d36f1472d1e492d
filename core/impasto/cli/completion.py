"""`impasto completion SHELL`: a script that completes actions, tools and options with Tab, made by shtab."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from .options import add_command
from .terminal import Terminal

SHELLS = ("bash", "zsh", "fish")


def add_completion(commands: Any, whole: argparse.ArgumentParser) -> None:
    """`impasto completion bash|zsh|fish`, for the parser of the whole command."""
    text = "print a script for your shell that completes what you type when you press Tab"
    parser = add_command(commands, "completion", text, "bash > impasto.bash", partial(_run, whole))
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def _run(whole: argparse.ArgumentParser, arguments: argparse.Namespace, terminal: Terminal) -> None:
    import shtab

    terminal.completion(arguments.shell, shtab.complete(whole, shell=arguments.shell))
