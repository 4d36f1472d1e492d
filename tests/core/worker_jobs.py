"""Recipes for the tests of the worker, waiting with a limit, processes that run, and one on a pseudo-terminal."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from impasto import Recipe, Step

CHECKER = Recipe((Step("checker", {"width_px": 64, "height_px": 48}),), 3)


def recipe(tool: str, **parameters) -> Recipe:
    return Recipe((Step(tool, parameters),))


def wait_until(condition, limit_s: float = 120.0) -> None:
    ended = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < ended, "waited too long"
        time.sleep(0.01)


def processes(*words: str, below: int | None = None) -> list[psutil.Process]:
    """Processes that a process, or this one, has started, whose commands have all these words."""
    found = []
    for process in psutil.Process(below).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended since it was listed
            if all(word in " ".join(process.cmdline()) for word in words):
                found.append(process)
    return found


def is_alive(process: psutil.Process | int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return (psutil.Process(process) if isinstance(process, int) else process).status() != psutil.STATUS_ZOMBIE
    return False


class OnTerminal:
    """A Python command in a process of its own, on a pseudo-terminal; `shown` is what it has shown so far."""

    def __init__(
        self, python: Path | str, *arguments: object, columns: int = 100, environment: Mapping[str, str] | None = None
    ) -> None:
        pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")
        self._ours, theirs = pty.openpty()
        pytest.importorskip("termios").tcsetwinsize(theirs, (24, columns))
        command = [python, "-P", *map(str, arguments)]
        self.process = subprocess.Popen(command, stderr=theirs, stdout=theirs, env=os.environ | (environment or {}))
        os.close(theirs)
        self.shown = b""

    def read_until(self, text: bytes) -> None:
        """Read what it shows until the text is there; OSError, or an empty read, if it ended before."""
        while text not in self.shown:
            more = os.read(self._ours, 65536)
            assert more, self.shown
            self.shown += more

    def ended(self) -> int:
        """Read the rest; return the exit code."""
        with contextlib.suppress(OSError):  # Linux says so at the end of a terminal
            while more := os.read(self._ours, 65536):
                self.shown += more
        os.close(self._ours)
        return self.process.wait(10)
