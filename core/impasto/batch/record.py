"""The record of a batch in its folder: jobs begun, done and failed in batch.jsonl, and why in failures.jsonl.

A folder has one batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import FileError, ImpastoError
from ..io.map_files import DONE_FILE
from ..system.locks import held
from ..system.names import is_file_name
from ..system.transaction import recover, stage
from ..system.typed_json import Count
from ..system.untrusted import excerpt, explain, is_there, make_folder
from .job import BatchJob, job_from
from .lines import Lines, line_of

FAILURES_FILE = "failures.jsonl"


@dataclass(frozen=True)
class Begun:
    """A job that was begun, by its name."""

    begun: str


@dataclass(frozen=True)
class BegunFolder:
    """A folder of files that was begun, and the key of its job: files that were made of the same are gone on from."""

    begun: str
    key: str


@dataclass(frozen=True)
class GivenUp:
    """A job that failed for the last time, by its name."""

    failed: str


@dataclass(frozen=True)
class Made:
    """Result of a job. key: of `BatchJob.key`. files: sizes in bytes of those in its folder, by name or FOLDER/NAME.

    export: the packing of the files, as for `packing_of`. notes: what the user should know of the result.
    """

    name: str
    key: str
    files: Mapping[str, Count]
    seconds: float
    export: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class RecordedFailure:
    """A job that failed for the last time, and its error."""

    row: Count
    name: str
    error: str
    message: str
    remedy: str
    tries: Count
    job: Mapping[str, Any]


class Record:
    """The record in a folder; a context manager for writing it, which holds the folder's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kinds = BegunFolder, Begun, GivenUp, Made
        self._done: Lines[BegunFolder | Begun | GivenUp | Made] = Lines(folder / DONE_FILE, *kinds)
        self._why = Lines(folder / FAILURES_FILE, RecordedFailure)
        self._stack = ExitStack()
        self._read()

    def _read(self) -> None:
        self._places: dict[str, int] = {}
        """Offset of the last line about each job; -1 for one that was begun and is not known to be done."""
        self._folders: dict[str, str] = {}
        """Key of the last job of each folder that was begun."""
        self._failed: set[str] = set()
        self._why.check()
        for place, line in self._done:
            if isinstance(line, GivenUp):
                self._failed.add(line.failed)
            elif isinstance(line, Begun | BegunFolder):
                self._places[line.begun] = -1
                if isinstance(line, BegunFolder):
                    self._folders[line.begun] = line.key
            else:
                self._places[line.name] = place
                self._failed.discard(line.name)

    def __enter__(self) -> Record:
        make_folder(self.folder)
        self._stack.enter_context(held(self.folder / DONE_FILE))
        self._read()  # again: another batch may have ended meanwhile
        recover(self.folder)
        for lines in (self._done, self._why):
            lines.open()
            self._stack.callback(lines.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        recover(self.folder)

    @property
    def path(self) -> Path:
        """The file with the jobs that are done."""
        return self._done.path

    def owns(self, name: str) -> bool:
        """Whether this batch has begun to make files of this name, so that it may replace them."""
        return name in self._places

    def recorded_result(self, name: str) -> Made | None:
        """The result that is recorded for a name, whatever its recipe was; None if there is none."""
        place = self._places.get(name, -1)
        line = self._done.at(place) if place >= 0 else None
        return line if isinstance(line, Made) and all(map(_is_inside, line.files)) else None

    def results(self) -> Iterator[Made]:
        """All results that are recorded and whose files are there."""
        for name in sorted(self._places):
            made = self.recorded_result(name)
            if made is not None and self._count(made) == len(made.files):
                yield made

    def finished_result(self, job: BatchJob) -> Made | None:
        """The result of a job that is done: with its key, and all files there; None if it is not done."""
        made = self.recorded_result(job.name)
        is_whole = made is not None and self._count(made) == len(made.files)
        return made if made and is_whole and made.key == job.key() else None

    def begin(self, job: BatchJob) -> BatchJob:
        """Record that a job begins; return it with the permission to replace what this batch made before.

        A folder of files is gone on from instead, if the same job has begun it. FileError if somebody has changed
        a file since.
        """
        made = self.recorded_result(job.name)
        if made and not job.replace and self._count(made) is None:
            message = f"a file of {excerpt(job.name)} is there already, and has been changed since it was made"
            raise FileError(message, "move it away to keep it, or add --force")
        may_replace = job.replace or self.owns(job.name)
        if job.has_folder:
            key = job.key()
            may_replace = job.replace or self._folders.get(job.name) != key
            self._folders[job.name] = key
            self._stack.callback(recover, self.folder / job.name)
        self._done.append(BegunFolder(job.name, key) if job.has_folder else Begun(job.name))
        self._places[job.name] = -1
        return replace(job, replace=may_replace)

    def add(self, made: Made) -> None:
        """Record that a job is done."""
        self._places[made.name] = self._done.append(made)
        self._failed.discard(made.name)

    def fail(self, failure: RecordedFailure) -> None:
        """Record that a job failed."""
        self._done.append(GivenUp(failure.name))
        self._why.append(failure)
        self._failed.add(failure.name)

    def failures(self) -> Iterator[RecordedFailure]:
        """The last failure of each job that has not been made since."""
        places = {failure.name: place for place, failure in self._why if failure.name in self._failed}
        yield from filter(None, map(self._why.at, places.values()))

    def tidy(self) -> Path | None:
        """Rewrite failures.jsonl with the failures that remain; its path, or None if there are none."""
        path = self._why.path
        self._why.close()  # Windows replaces no open file
        if next(self.failures(), None) is None:
            with explain(path, "remove"):
                path.unlink(missing_ok=True)
            return None
        with stage([path]) as parts, explain(path), parts[path].open("wb") as stream:
            stream.writelines(line_of(asdict(failure)) for failure in self.failures())
        return path

    def _count(self, made: Made) -> int | None:
        """Number of recorded files that are there; None if one has another size, so that somebody changed it."""
        count = 0
        for name, size_bytes in made.files.items():
            path = self.folder / name
            if is_there(path):
                with explain(path, "read"):
                    if path.stat().st_size != size_bytes:
                        return None
                count += 1
        return count


def _is_inside(name: str) -> bool:
    """Whether the name is that of a file in a folder, or in a folder there."""
    return all(map(is_file_name, name.split("/", 1)))


def failure_of(job: BatchJob, error: ImpastoError, tries: int) -> RecordedFailure:
    """The failure of a job with its error."""
    kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == ImpastoError.__module__)
    return RecordedFailure(job.row, job.name, kind, error.message, error.remedy, tries, job.to_dict())


def jobs_of(failures: Iterable[RecordedFailure]) -> Iterator[tuple[int, BatchJob | ImpastoError]]:
    """The jobs of failures, to be tried again, or what is wrong with them, by their rows."""
    for failure in failures:
        try:
            yield failure.row, job_from(failure.job, f"{FAILURES_FILE}, {excerpt(failure.name)}")
        except ImpastoError as error:
            yield failure.row, error
