# SPDX-License-Identifier: GPL-3.0-or-later
"""A command of the engine that says what it does in lines of JSON: its progress becomes a task's."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..core.errors import Cancelled, ProtocolError, error_from_name
from ..core.system.shapes import ANY_NUMBER, check
from ..core.system.untrusted import parse_json
from .task import Task

SAID = {"progress?": ANY_NUMBER, "message?": str, "error?": str, "remedy?": str}
"""Shape of a line of the command's output; other fields say what it did."""
MAX_BYTES = 2**28
"""Limit of a line: the list of a batch of 100,000 jobs."""


def run_command(
    task: Task, command: Sequence[str], environment: Mapping[str, str], *, grace_s: float = 0.0, despite: str = ""
) -> dict[str, Any]:
    """Run the command and return its last line of JSON; those before report progress. For a task's `work`.

    grace_s: time to end by itself once the task is cancelled. despite: field of an answer that counts as one even if
    the exit code does not say success. Raises the command's own error.
    """
    with tempfile.TemporaryFile() as log:
        with _started(task, command, environment, log, grace_s) as running:
            assert running.stdout is not None
            said: dict[str, Any] = {}
            for line in running.stdout:
                said = _told(line) or said
                if "progress" in said:
                    task.say(said.get("message", ""), said["progress"])
            code = running.wait()
        if task.is_cancelled:
            raise Cancelled(*([said["message"]] if said.get("error") == Cancelled.__name__ else []))
        if code and not (despite and despite in said):
            log.seek(0)
            trace = log.read().decode("utf-8", "replace").strip()[-1000:]
            message = said["message"] if "error" in said else trace
            raise error_from_name(said.get("error", ""), message, said.get("remedy", ""))
    return said


@contextmanager
def _started(
    task: Task, command: Sequence[str], environment: Mapping[str, str], log: Any, grace_s: float
) -> Iterator[subprocess.Popen[str]]:
    """The running command, in a group of its own; `task.cancel` ends it, and so does an exception."""
    from ..core.system.process import kill, separate

    running = subprocess.Popen(
        list(command),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        encoding="utf-8",
        errors="replace",
        **separate(),
    )
    killing = threading.Timer(grace_s, kill, [running])
    killing.daemon = True

    def cancel() -> None:
        if grace_s and os.name != "nt":  # Windows has no way to ask a process without a console
            running.send_signal(signal.SIGTERM)
            killing.start()
        else:
            kill(running)

    task.on_cancel = cancel
    if task.is_cancelled:
        cancel()
    try:
        yield running
    except BaseException:
        kill(running)
        raise
    finally:
        killing.cancel()


def _told(line: str) -> dict[str, Any]:
    """Object in a line of the command's output; empty for other lines, such as those that a plugin prints."""
    try:
        told = parse_json(line, "what the engine says", kind=ProtocolError, max_bytes=MAX_BYTES)
        check(told, SAID, "what the engine says")
    except ProtocolError:
        return {}
    return told
