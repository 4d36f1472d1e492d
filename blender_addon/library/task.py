# SPDX-License-Identifier: GPL-3.0-or-later
"""Task in which the engine's own command changes the installed models or weights."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from typing import Any

from ..core.errors import Cancelled, ProtocolError, error_from_name
from ..core.system.outside import parse_json
from ..core.system.shapes import ANY_NUMBER, check
from ..engine import engine
from ..jobs.description import use_description
from ..jobs.session import connect
from ..jobs.task import Report, Task


def library_task(label: str, *arguments: str) -> Task:
    """Task that runs `impasto models …` or `impasto weights …`; it can be cancelled if that reports progress."""
    connected, command = connect(), engine.require().command("impasto", *arguments, "--json")
    environment = engine.clean_environment() | engine.settings_environment()

    def work(task: Task) -> tuple[str, Mapping[str, Any]]:
        client = connected()  # checks the engine
        task.say(label)
        said = _run(task, command, environment)
        return "; ".join(f"{what} {path}" for what, path in said.items()), client.describe().wait()

    def apply(result: tuple[str, Mapping[str, Any]]) -> Report:
        use_description(result[1])
        return Report("INFO", f"{label}: {result[0]}")

    return Task(label, work, apply)


SAID = {"progress?": ANY_NUMBER, "message?": str, "error?": str, "remedy?": str}
"""Shape of a line of the command's output; other fields say what it did."""


def _run(task: Task, command: list[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Run the command and return its last line of JSON; those before report progress."""
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
            errors="replace",
            creationflags=engine.NO_CONSOLE,
        )
        task.on_cancel = running.kill  # what came of a download is kept, and the next one goes on from there
        if task.is_cancelled:
            running.kill()
        assert running.stdout is not None
        said: dict[str, Any] = {}
        try:
            for line in running.stdout:
                said = _told(line) or said
                if "progress" in said:
                    task.say(said.get("message", ""), said["progress"])
        except BaseException:
            running.kill()
            raise
        code = running.wait()
        if task.is_cancelled:
            raise Cancelled
        if code:
            log.seek(0)
            trace = log.read().decode("utf-8", "replace").strip()[-1000:]
            raise error_from_name(said.get("error", ""), said.get("message", trace), said.get("remedy", ""))
    return said


def _told(line: str) -> dict[str, Any]:
    """Object in a line of the command's output; empty for other lines, such as those that a plugin prints."""
    try:
        told = parse_json(line, "what the engine says", kind=ProtocolError)
        check(told, SAID, "what the engine says")
    except ProtocolError:
        return {}
    return told
