"""The record of a batch in its folder: jobs begun, done and failed in batch.jsonl, and why in failures.jsonl.

Lines are only appended, so that a crash can lose no more than the last one. A folder has one batch at a time.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from ..errors import FileError, ImpastoError, ProtocolError
from ..system.locks import held
from ..system.outside import explained, is_there, make_folder, open_file, parse_json, shown
from ..system.shapes import ANY_NUMBER, Integer, check
from ..system.transaction import recover, replace_files
from .job import BatchJob

DONE_FILE, FAILURES_FILE = "batch.jsonl", "failures.jsonl"
MAX_LINE_BYTES = 2**20
MARKS = ("begun", "failed")
"""Fields of the lines in batch.jsonl that hold no result."""
DONE = {"name": str, "key": str, "files": {str: Integer()}, "seconds": ANY_NUMBER}
FAILURE = {"row": Integer(), "name": str, "error": str, "message": str, "remedy": str, "tries": Integer(), "job": dict}


@dataclass(frozen=True)
class Made:
    """Result of a job. key: of `BatchJob.key`. files: sizes in bytes of the files in the job's folder, by name."""

    name: str
    key: str
    files: Mapping[str, int]
    seconds: float


@dataclass(frozen=True)
class Failure:
    """A job that failed for the last time, and its error."""

    row: int
    name: str
    error: str
    message: str
    remedy: str
    tries: int
    job: Mapping[str, Any]


class Record:
    """The record in a folder; a context manager for writing it, which holds the folder's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._places: dict[str, int] = {}
        """Offset of the last line about each job; -1 for one that was begun and is not known to be done."""
        self._stack = ExitStack()
        self._done: IO[bytes] | None = None
        self._failed: IO[bytes] | None = None
        self._failed_names: set[str] = set()
        for place, line in self._lines(DONE_FILE):
            if "failed" in line:
                self._failed_names.add(line["failed"])
            elif "begun" in line:
                self._places[line["begun"]] = -1
            else:
                self._places[line["name"]] = place
                self._failed_names.discard(line["name"])

    def __enter__(self) -> Record:
        make_folder(self.folder)
        self._stack.enter_context(held(self.folder / DONE_FILE))
        recover(self.folder)
        self._done, self._failed = self._appended(DONE_FILE), self._appended(FAILURES_FILE)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        recover(self.folder)

    @property
    def path(self) -> Path:
        """The file with the jobs that are done."""
        return self.folder / DONE_FILE

    def owns(self, name: str) -> bool:
        """Whether this batch has begun to make files of this name, so that it may replace them."""
        return name in self._places

    def made(self, name: str) -> Made | None:
        """The result that is recorded for a name, whatever its recipe was; None if there is none."""
        place = self._places.get(name, -1)
        if place < 0:
            return None
        with open_file(self.folder / DONE_FILE) as stream, explained(self.folder, "read"):
            stream.seek(place)
            line = _parsed(stream.readline(MAX_LINE_BYTES), DONE)
        return Made(line["name"], line["key"], line["files"], line["seconds"]) if line else None

    def done(self, job: BatchJob) -> Made | None:
        """The result of a job that is done: with its key, and all files there; None if it is not done."""
        made = self.made(job.name)
        is_there = made is not None and self._are_there(made) == len(made.files)
        return made if made and is_there and made.key == job.key() else None

    def begin(self, job: BatchJob) -> BatchJob:
        """Record that a job begins; return it with the permission to replace what this batch made before.

        FileError if somebody has changed a file since.
        """
        made = self.made(job.name)
        if made and not job.replace and self._are_there(made) is None:
            message = f"a file of {shown(job.name)} is there already, and has been changed since it was made"
            raise FileError(message, "move it away to keep it, or add --force")
        may_replace = job.replace or self.owns(job.name)
        self._append(self._done, {"begun": job.name})
        self._places[job.name] = -1
        return replace(job, replace=may_replace)

    def add(self, made: Made) -> None:
        """Record that a job is done."""
        self._places[made.name] = self._append(self._done, asdict(made))
        self._failed_names.discard(made.name)

    def fail(self, failure: Failure) -> None:
        """Record that a job failed."""
        self._append(self._done, {"failed": failure.name})
        self._append(self._failed, asdict(failure))
        self._failed_names.add(failure.name)

    def failures(self) -> dict[str, Failure]:
        """The failures of jobs that have not been made since, by name."""
        found = {}
        for _, line in self._lines(FAILURES_FILE):
            found[line["name"]] = Failure(**{name: line[name] for name in FAILURE})
        return {name: failure for name, failure in found.items() if name in self._failed_names}

    def tidy(self) -> Path | None:
        """Rewrite failures.jsonl with the failures that remain; its path, or None if there are none."""
        path, left = self.folder / FAILURES_FILE, self.failures()
        if self._failed is not None:
            self._failed.close()  # Windows replaces no open file
        if left:
            replace_files({path: b"".join(_line(asdict(failure)) for failure in left.values())})
            return path
        with explained(path, "remove"):
            path.unlink(missing_ok=True)
        return None

    def _are_there(self, made: Made) -> int | None:
        """Number of recorded files that are there; None if one has another size, so that somebody changed it."""
        count = 0
        for name, size_bytes in made.files.items():
            path = self.folder / name
            if is_there(path):
                with explained(path, "read"):
                    if path.stat().st_size != size_bytes:
                        return None
                count += 1
        return count

    def _lines(self, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Offset and content of each line; damaged ones are left out, such as the last one before a crash."""
        path = self.folder / name
        if not is_there(path):
            return
        shape = DONE if name == DONE_FILE else FAILURE
        with open_file(path) as stream, explained(path, "read"):
            place = 0
            while data := stream.readline(MAX_LINE_BYTES):
                if line := _parsed(data, shape):
                    yield place, line
                place += len(data)

    def _appended(self, name: str) -> IO[bytes]:
        """The file, open for appending; a line that a crash left unfinished is ended."""
        path = self.folder / name
        with explained(path):
            stream = self._stack.enter_context(path.open("ab+", buffering=0))
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":
                    stream.write(b"\n")
        return stream

    def _append(self, stream: IO[bytes] | None, data: Mapping[str, Any]) -> int:
        """Append a line; return its offset."""
        assert stream is not None, "the record is open"
        with explained(self.folder / DONE_FILE):
            place = stream.seek(0, os.SEEK_END)
            line = _line(data)
            if stream.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return place


def failure_of(job: BatchJob, error: ImpastoError, tries: int) -> Failure:
    """The failure of a job with its error."""
    kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == ImpastoError.__module__)
    return Failure(job.row, job.name, kind, error.message, error.remedy, tries, job.to_dict())


def jobs_of(failures: Mapping[str, Failure]) -> list[BatchJob]:
    """The jobs of failures, to be tried again."""
    return [BatchJob.from_dict(failure.job, f"{FAILURES_FILE}, {shown(name)}") for name, failure in failures.items()]


def _line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True).encode() + b"\n"


def _parsed(data: bytes, shape: Mapping[str, Any]) -> dict[str, Any] | None:
    """A line of the record; None if it is damaged."""
    try:
        line = parse_json(data, "a line", max_bytes=MAX_LINE_BYTES)
        check(line, dict, "a line")
        check(line, next(({mark: str} for mark in MARKS if mark in line), shape), "a line")
    except (FileError, ProtocolError):
        return None
    return line
