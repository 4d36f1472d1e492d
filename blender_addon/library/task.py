# SPDX-License-Identifier: GPL-3.0-or-later
"""Task in which the engine's own command changes the installed models or weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine import engine
from ..jobs.command import run_command
from ..jobs.description import use_description
from ..jobs.session import connect
from ..jobs.task import Report, Task


def library_task(label: str, *arguments: str) -> Task:
    """Task that runs `impasto models …` or `impasto weights …`; it can be cancelled if that reports progress."""
    connected, command = connect(), engine.require().command("impasto", *arguments, "--json")
    environment = engine.settings_environment()

    def work(task: Task) -> tuple[str, Mapping[str, Any]]:
        client = connected()  # checks the engine
        task.say(label)
        said = run_command(task, command, environment)
        return "; ".join(f"{what} {path}" for what, path in said.items()), client.describe().wait()

    def apply(result: tuple[str, Mapping[str, Any]]) -> Report:
        use_description(result[1])
        return Report("INFO", f"{label}: {result[0]}")

    return Task(label, work, apply)
