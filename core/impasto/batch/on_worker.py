"""Functions that run on a worker of a Dask cluster: making a job, and answers about the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Cancelled, FileError, Message, ModelError, WorkerError
from ..io.datablocks import Datablock
from ..io.files import unpack
from ..plugins.registry import registry
from ..running.recording import versions_of
from ..system.transaction import temporary_folder
from ..system.untrusted import make_folder
from .engines import CrashError, Limits, make
from .job import BatchJob
from .record import BatchResult
from .running import UNWRITTEN

Files = dict[str, bytes]
"""Contents of the files of an input, by name."""


class FullError(CrashError):
    """The disk of a worker is full. worker: its address."""

    def __init__(self, message: str, remedy: str, worker: str) -> None:
        super().__init__(message, remedy)
        self.worker = worker

    def __reduce__(self):
        return type(self), (self.message, self.remedy, self.worker)


@dataclass(frozen=True)
class SentResult:
    """A result, with the contents of its files if they were not written to a shared folder."""

    result: BatchResult
    contents: Mapping[str, bytes]


def make_there(job: BatchJob, limits: Limits, key: str, sent: Mapping[str, tuple[str, Files]] | None) -> SentResult:
    """Make a job on a worker. key: of the job where it was submitted. sent: contents of inputs that the worker lacks.

    Raise ModelError if the worker has another model, input or version, so that the result would differ.
    """
    is_cancelled = _cancellation_check()
    try:
        if sent is None:
            _check_key(job, key)
            return SentResult(make(job, limits, is_cancelled), {})
        with temporary_folder() as folder:
            files = {name: unpack(files, folder / name, set_name) for name, (set_name, files) in sent.items()}
            inputs = {name: _path_here(job.inputs[name], path) for name, path in files.items()}
            near = replace(job, inputs=inputs, folder=make_folder(folder / "made"))
            _check_key(near, key)
            result = make(near, limits, is_cancelled)
            return SentResult(result, {name: (near.folder / name).read_bytes() for name in result.files})
    except FileError as error:
        if sent is not None and error.message.startswith(UNWRITTEN):
            from distributed import get_worker

            address = get_worker().address
            raise FullError(Message("on the worker {}: {}", address, error.message), error.remedy, address) from error
        raise
    except Cancelled:
        raise WorkerError("the job was taken back", "run the same command again") from None


def _cancellation_check() -> Callable[[], bool]:
    """A function that returns whether this thread's task was cancelled, by its command or because that has ended.

    Dask cannot stop a thread, but it knows the task's state. A message to all workers could overtake waiting jobs.
    """
    from distributed import get_worker

    worker = get_worker()
    tasks, key = worker.state.tasks, worker.get_current_task()
    return lambda: key not in tasks or tasks[key].state == "cancelled"


def _path_here(source: Path, file: Path) -> Path:
    """The path of a source here: its file, or the datablock in that file."""
    datablock = Datablock.at(source)
    return replace(datablock, file=file).path if datablock else file


def _check_key(job: BatchJob, key: str) -> None:
    if job.key() != key:
        message = "its models, inputs or versions are others on the worker"
        raise ModelError(message, "install the same models and versions on all machines")


def installed_versions() -> dict[str, str]:
    """Versions of impasto and of the packages of its tools, on which the bytes of a result depend."""
    return versions_of(list(registry().tools.values()))


def sees(probe: Path) -> bool:
    """Whether a file of the other machine exists here under the same path."""
    return probe.exists()
