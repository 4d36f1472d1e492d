"""Files of JSON lines to which one process appends. A crash can damage the last line only."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import FileError, ProtocolError
from ..system.typed_json import as_kind
from ..system.untrusted import check_file, excerpt, explain, is_there, open_file, parse_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
MAX_LINE_BYTES = 2**20
MAX_BYTES = 2**30
"""Limit of a file. 200,000 failed rows take half of it."""


class Lines(Generic[T]):
    """A file of lines. Each holds one of these dataclasses: the first one whose fields it has."""

    def __init__(self, path: Path, *kinds: type[T]) -> None:
        self.path = path
        self._kinds = kinds
        self._stream: IO[bytes] | None = None

    def check(self) -> None:
        """Raise FileError for a link, which could point to a file that must not change, and for a long file."""
        if self.path.is_symlink():
            raise FileError("{} is a link", "remove it, or choose another folder", excerpt(self.path))
        if is_there(self.path):
            check_file(self.path, MAX_BYTES)

    def __iter__(self) -> Iterator[tuple[int, T]]:
        """Offset and content of each line, without damaged ones. Raise FileError for a link."""
        self.check()
        if not is_there(self.path):
            return
        with open_file(self.path) as stream, explain(self.path, "read"):
            place = 0
            while data := stream.readline(MAX_LINE_BYTES):
                if line := self._line_of(data):
                    yield place, line
                place += len(data)

    def at(self, place: int) -> T | None:
        """The line at an offset; None if it is damaged."""
        with open_file(self.path) as stream, explain(self.path, "read"):
            stream.seek(place)
            return self._line_of(stream.readline(MAX_LINE_BYTES))

    def open(self) -> None:
        """Open the file for appending. End a line that a crash left unfinished. Raise FileError for a link or pipe."""
        self.check()
        with explain(self.path):
            self._stream = os.fdopen(_appendable(self.path), "ab+", buffering=0)
            if self._stream.tell():
                self._stream.seek(-1, os.SEEK_END)
                if self._stream.read(1) != b"\n":
                    self._stream.write(b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()

    def append(self, line: T) -> int:
        """Append a line; return its offset. Raise FileError if it cannot be written."""
        assert self._stream is not None, "the file is open"
        with explain(self.path):
            place, data = self._stream.seek(0, os.SEEK_END), line_of(asdict(line))
            if self._stream.write(data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return place

    def _line_of(self, data: bytes) -> T | None:
        try:
            line = parse_json(data, "a line", max_bytes=MAX_LINE_BYTES)
            known = as_kind(dict, line, "a line").keys()
            kind = next((one for one in self._kinds if one.__annotations__.keys() <= known), self._kinds[-1])
            return as_kind(kind, line, "a line")
        except (FileError, ProtocolError):
            return None


def _appendable(path: Path) -> int:
    """Open a regular file that is no link, without waiting for a pipe; its descriptor. Raise OSError."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file")
    return descriptor


def line_of(data: Mapping[str, Any]) -> bytes:
    """A line with the data."""
    return json.dumps(data, sort_keys=True).encode() + b"\n"
