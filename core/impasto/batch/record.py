"""The record of a batch in its folder: batch.jsonl lists its jobs, and failures.jsonl why some have failed.

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
class BegunJob:
    """A job that was begun, by its name."""

    begun: str


@dataclass(frozen=True)
class BegunFolder:
    """A job that was begun and whose result is a folder. A job with the same key continues it."""

    begun: str
    key: str


@dataclass(frozen=True)
class FailedJob:
    """A job that failed on its last try, by its name."""

    failed: str


@dataclass(frozen=True)
class BatchResult:
    """Result of a job. key: from `BatchJob.key`. files: size of each in bytes, by NAME or FOLDER/NAME.

    export: the packing of the files, as for `packing_of`. notes: for the user.
    """

    name: str
    key: str
    files: Mapping[str, Count]
    seconds: float
    export: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class RecordedFailure:
    """A job that failed on its last try, and its error."""

    row: Count
    name: str
    error: str
    message: str
    remedy: str
    tries: Count
    job: Mapping[str, Any]


class Record:
    """The record in a folder. As a context manager, it holds the folder's lock and can be written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kinds = BegunFolder, BegunJob, FailedJob, BatchResult
        self._done: Lines[BegunFolder | BegunJob | FailedJob | BatchResult] = Lines(folder / DONE_FILE, *kinds)
        self._why = Lines(folder / FAILURES_FILE, RecordedFailure)
        self._stack = ExitStack()
        self._read()

    def _read(self) -> None:
        self._places: dict[str, int] = {}
        """Offset of the last line about each job; -1 for a job that was begun and is not recorded as done."""
        self._folders: dict[str, str] = {}
        """Key of the last job of each folder."""
        self._failed: set[str] = set()
        self._why.check()
        for place, line in self._done:
            if isinstance(line, FailedJob):
                self._failed.add(line.failed)
            elif isinstance(line, BegunJob | BegunFolder):
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
        """Whether this batch has begun to make files with this name, so that it may replace them."""
        return name in self._places

    def recorded_result(self, name: str) -> BatchResult | None:
        """The recorded result with a name, whatever its recipe was; None if there is none."""
        place = self._places.get(name, -1)
        line = self._done.at(place) if place >= 0 else None
        return line if isinstance(line, BatchResult) and all(map(_is_inside, line.files)) else None

    def results(self) -> Iterator[BatchResult]:
        """All recorded results whose files exist."""
        for name in sorted(self._places):
            result = self.recorded_result(name)
            if result is not None and self._count(result) == len(result.files):
                yield result

    def finished_result(self, job: BatchJob) -> BatchResult | None:
        """The recorded result of a job, if it has the job's key and all its files exist; None otherwise."""
        result = self.recorded_result(job.name)
        is_whole = result is not None and self._count(result) == len(result.files)
        return result if result and is_whole and result.key == job.key() else None

    def begin(self, job: BatchJob) -> BatchJob:
        """Record that a job begins. The returned job may replace files that this batch made before.

        A folder that the same job has begun is continued instead. Raise FileError if somebody has changed a file since.
        """
        result = self.recorded_result(job.name)
        if result and not job.replace and self._count(result) is None:
            message = "a file of {} is there already, and has been changed since it was made"
            raise FileError(message, "move it away to keep it, or add --force", excerpt(job.name))
        may_replace = job.replace or self.owns(job.name)
        if job.has_folder:
            key = job.key()
            may_replace = job.replace or self._folders.get(job.name) != key
            self._folders[job.name] = key
            self._stack.callback(recover, self.folder / job.name)
        self._done.append(BegunFolder(job.name, key) if job.has_folder else BegunJob(job.name))
        self._places[job.name] = -1
        return replace(job, replace=may_replace)

    def add(self, result: BatchResult) -> None:
        """Record that a job is done."""
        self._places[result.name] = self._done.append(result)
        self._failed.discard(result.name)

    def fail(self, failure: RecordedFailure) -> None:
        """Record that a job failed."""
        self._done.append(FailedJob(failure.name))
        self._why.append(failure)
        self._failed.add(failure.name)

    def failures(self) -> Iterator[RecordedFailure]:
        """The last failure of each job that has no result since."""
        places = {failure.name: place for place, failure in self._why if failure.name in self._failed}
        yield from filter(None, map(self._why.at, places.values()))

    def tidy(self) -> Path | None:
        """Rewrite failures.jsonl with the remaining failures. Return its path, or None if there are none."""
        path = self._why.path
        self._why.close()  # Windows replaces no open file
        if next(self.failures(), None) is None:
            with explain(path, "remove"):
                path.unlink(missing_ok=True)
            return None
        with stage([path]) as parts, explain(path), parts[path].open("wb") as stream:
            stream.writelines(line_of(asdict(failure)) for failure in self.failures())
        return path

    def _count(self, result: BatchResult) -> int | None:
        """Number of recorded files that exist; None if one has another size, and so was changed."""
        count = 0
        for name, size_bytes in result.files.items():
            path = self.folder / name
            if is_there(path):
                with explain(path, "read"):
                    if path.stat().st_size != size_bytes:
                        return None
                count += 1
        return count


def _is_inside(name: str) -> bool:
    """Whether a name is NAME or FOLDER/NAME, with no way out of the folder of the batch."""
    return all(map(is_file_name, name.split("/", 1)))


def failure_of(job: BatchJob, error: ImpastoError, tries: int) -> RecordedFailure:
    """The failure of a job with its error."""
    kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == ImpastoError.__module__)
    return RecordedFailure(job.row, job.name, kind, error.message, error.remedy, tries, job.to_dict())


def jobs_of(failures: Iterable[RecordedFailure]) -> Iterator[tuple[int, BatchJob | ImpastoError]]:
    """The job of each failure, to try it again, or the mistake in it, after its row."""
    for failure in failures:
        try:
            yield failure.row, job_from(failure.job, f"{FAILURES_FILE}, {excerpt(failure.name)}")
        except ImpastoError as error:
            yield failure.row, error
