"""A pseudo-terminal for tests of what commands show on one."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest


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
