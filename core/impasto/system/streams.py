"""This process's standard streams: there whoever closed them, and harmless whatever a stranger's text holds.

All that is written to stdout and stderr goes through `outside.printable`: usage errors, logs, warnings and tracebacks
too. A reader that went away ends nothing. Standard library only.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO, cast

from ..errors import FileError
from .outside import printable

GONE = (errno.EPIPE, errno.EINVAL, errno.EIO, errno.EBADF, errno.ECONNRESET)
"""What writing says when nobody reads any more: a closed pipe (EINVAL on Windows), a terminal that was closed."""


class SafeStream(io.TextIOWrapper):
    """Text to which writing never raises: once it fails, the rest is dropped. What its encoding lacks is escaped.

    `failure` says why it failed, unless only the reader went away.
    """

    failure: OSError | None = None

    def write(self, text: str) -> int:
        """Take the text; its length."""
        try:
            super().write(text)
        except OSError as error:
            self._drop(error)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        try:
            super().flush()
        except OSError as error:
            self._drop(error)

    def _drop(self, error: OSError) -> None:
        if error.errno not in GONE:
            self.failure = error
        _fill(self.fileno())


class PrintableStream(SafeStream):
    """Text in which what would control a terminal is shown as an escape."""

    def write(self, text: str) -> int:
        """Take the text; its length."""
        super().write(printable(text))
        return len(text)


def prepare() -> None:
    """Make stdin, stdout and stderr usable. Called once, when a process begins."""
    os.environ["PYTHON_COLORS"] = "0"  # argparse and tracebacks would be coloured by what is shown as escapes here
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # or else the next file that is opened is taken for the stream
            _fill(descriptor)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  is open for as long as the process runs
    sys.stdout = _printable(sys.stdout, 1)
    sys.stderr = _printable(sys.stderr, 2)


def check_output() -> None:
    """Raise FileError if some of what was written to stdout is lost, as on a full disk."""
    sys.stdout.flush()
    failure = getattr(sys.stdout, "failure", None)
    if failure is not None:
        message = f"cannot write the output: {failure.strerror}"
        raise FileError(message, "make room on the disk that it goes to, and run the command again")


def screen() -> SafeStream:
    """The terminal that stderr leads to, for what draws on it by control characters."""
    raw = open(sys.stderr.fileno(), "wb", closefd=False)  # noqa: SIM115  is closed with the stream
    return SafeStream(raw, encoding=sys.stderr.encoding, errors="backslashreplace")


def _printable(stream: TextIO | None, descriptor: int) -> TextIO:
    given = cast("io.TextIOWrapper", stream or open(descriptor, "w", closefd=False, encoding="utf-8"))  # noqa: SIM115
    how: dict[str, Any] = {"line_buffering": given.line_buffering, "write_through": given.write_through}
    return PrintableStream(given.detach(), encoding=given.encoding, errors="backslashreplace", **how)


def _fill(descriptor: int) -> None:
    """Let a descriptor lead to nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != descriptor:
        os.dup2(nothing, descriptor, inheritable=True)
        os.close(nothing)
