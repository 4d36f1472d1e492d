# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that a task runs. Their lines of text, or of JSON, become the progress of the task.

Such a program has a process group of its own, which ends with the task.
"""

from __future__ import annotations

import io
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, STDOUT
from typing import Any, TypedDict

import numpy as np

from ..core.errors import Cancelled, ImpastoError, ProtocolError, error_from_name, with_messages
from ..core.system.process import Stream, kill, start
from ..core.system.typed_json import as_kind
from ..core.system.untrusted import parse_json
from .task import Task

MAX_BYTES = 2**28
"""Limit of a line: the list of a batch of 100,000 jobs."""


class CommandLine(TypedDict, total=False):
    """Known fields of a line of a command's output. preview: file of an array, uint8 (H, W, 3)."""

    progress: float
    message: str
    preview: Path
    error: str
    remedy: str


def run_lines(
    task: Task,
    command: Sequence[str],
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
    *,
    stderr: Stream = STDOUT,
    folder: Path | None = None,
    grace_s: float = 0.0,
) -> int:
    """Run a program, call `on_line(line)` for each line that it prints, and return its exit code. For a task's `work`.

    environment: more variables. folder: the program's current folder. grace_s: time for the program to end by itself
    once the task is cancelled. Raise Cancelled if the task was cancelled before.
    """
    if task.is_cancelled:
        raise Cancelled
    running = start(command, environment, stdin=DEVNULL, stderr=stderr, folder=folder)
    killing = threading.Timer(grace_s, kill, [running])
    killing.daemon = True

    def cancel() -> None:
        if grace_s and os.name != "nt":  # Windows has no way to ask a process without a console
            running.send_signal(signal.SIGTERM)
            if killing.ident is None:
                killing.start()
        else:
            kill(running)

    task.on_cancel = cancel
    if task.is_cancelled:
        cancel()
    assert running.stdout is not None
    try:
        with io.TextIOWrapper(running.stdout, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                on_line(line)
        return running.wait()
    finally:
        killing.cancel()
        kill(running)  # it still runs only if its output could not be read
        running.wait()


def run_command(
    task: Task,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    grace_s: float = 0.0,
    despite: str = "",
    died: Callable[[int, str], ImpastoError] | None = None,
) -> dict[str, Any]:
    """Run a command and return its last line of JSON; earlier lines report progress. For a task's `work`.

    grace_s: time to end by itself once the task is cancelled. despite: field; an answer with this field is returned
    even if the exit code is an error. died(exit_code, output): makes the error of a command that reports none.
    Raise the error that the command reports.
    """
    said: dict[str, Any] = {}
    with tempfile.TemporaryFile() as log:

        def on_line(line: str) -> None:
            nonlocal said
            if answer := _object_in(line):
                said = answer
                if "progress" in said:
                    task.say(said.get("message", ""), said["progress"])
                if "preview" in said:
                    task.show(_picture(said["preview"]))
            else:
                os.write(log.fileno(), line.encode())

        code = run_lines(task, command, environment, on_line, stderr=log, grace_s=grace_s)
        log.seek(0)
        output = log.read().decode("utf-8", "replace").strip()
    if task.is_cancelled:
        raise Cancelled(*([said["message"]] if said.get("error") == Cancelled.__name__ else []))
    if code and not (despite and despite in said):
        if died and "error" not in said:
            raise died(code, output)
        message = said["message"] if "error" in said else output[-1000:]
        raise error_from_name(said.get("error", ""), message, said.get("remedy", ""))
    return said


def _picture(path: Path) -> np.ndarray:
    return np.load(path, allow_pickle=False)


def _object_in(line: str) -> dict[str, Any]:
    """JSON object in a line of the command's output; empty for other lines, such as a plugin's prints."""
    try:
        answer = parse_json(line, "what the engine says", kind=ProtocolError, max_bytes=MAX_BYTES)
        return {**as_kind(CommandLine, with_messages(answer), "what the engine says")}
    except ProtocolError:
        return {}
