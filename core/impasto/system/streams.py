"""Standard streams of this process: always open, and safe for untrusted text.

All text on stdout and stderr passes through `untrusted.printable`, including usage errors, logs, warnings and
tracebacks. Writing to a closed pipe raises nothing. Standard library only.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO, cast

from ..errors import FileError
from .untrusted import printable

GONE = (errno.EPIPE, errno.EINVAL, errno.EIO, errno.EBADF, errno.ECONNRESET)
"""Errors of writing to a closed pipe (EINVAL on Windows) or a closed terminal."""


class SafeStream(io.TextIOWrapper):
    """Text stream whose writes never raise: after a failure, further text is dropped.

    failure: the reason; None if only the reader is gone.
    """

    failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write the text; return its length."""
        try:
            super().write(text)
        except OSError as error:
            self._drop(error)
        return len(text)

    def flush(self) -> None:
        """Write buffered text."""
        try:
            super().flush()
        except OSError as error:
            self._drop(error)

    def _drop(self, error: OSError) -> None:
        if error.errno not in GONE:
            self.failure = error
        _fill(self.fileno())


class PrintableStream(SafeStream):
    """Text stream that shows terminal control characters as escapes."""

    def write(self, text: str) -> int:
        """Write the text; return its length."""
        super().write(printable(text))
        return len(text)


def prepare() -> None:
    """Make stdin, stdout and stderr usable. Called once, when a process begins."""
    os.environ["PYTHON_COLORS"] = "0"  # the colours of argparse and tracebacks would be shown as escapes
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:  # else the next file that is opened would become the stream
            _fill(descriptor)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  is open for as long as the process runs
    sys.stdout = _printable(sys.stdout, 1)
    sys.stderr = _printable(sys.stderr, 2)


def silence_libraries() -> None:
    """Discard what C libraries such as libpng and FFmpeg write to stderr; Python's own stderr stays where it is.

    For the process of a command, once, before it has threads. Child processes that inherit stderr are silent, too.
    """
    sys.stderr.flush()
    own = open(os.dup(2), "w", closefd=False, encoding=sys.stderr.encoding)  # noqa: SIM115  as long as the process runs
    sys.stderr = _printable(own, own.fileno())
    _fill(2)


def check_output() -> None:
    """Raise FileError if output on stdout was lost, as on a full disk."""
    sys.stdout.flush()
    failure = getattr(sys.stdout, "failure", None)
    if failure is not None:
        message = "cannot write the output: {}"
        raise FileError(message, "make room on the disk that it goes to, and run the command again", failure.strerror)


def screen() -> SafeStream:
    """The terminal behind stderr, for output with control characters."""
    raw = open(sys.stderr.fileno(), "wb", closefd=False)  # noqa: SIM115  is closed with the stream
    return SafeStream(raw, encoding=sys.stderr.encoding, errors="backslashreplace")


def _printable(stream: TextIO | None, descriptor: int) -> TextIO:
    wrapped = cast("io.TextIOWrapper", stream or open(descriptor, "w", closefd=False, encoding="utf-8"))  # noqa: SIM115
    how: dict[str, Any] = {"line_buffering": wrapped.line_buffering, "write_through": wrapped.write_through}
    return PrintableStream(wrapped.detach(), encoding=wrapped.encoding, errors="backslashreplace", **how)


def _fill(descriptor: int) -> None:
    """Connect a descriptor to the null device."""
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != descriptor:
        os.dup2(nothing, descriptor, inheritable=True)
        os.close(nothing)
