"""Functions that a worker of a Dask cluster runs: a job with the files that it needs, and answers about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Cancelled, FileError, ModelError, WorkerError
from ..io.datablocks import Datablock
from ..io.files import unpack
from ..plugins.registry import registry
from ..running.recording import versions_of
from ..system.transaction import temporary_folder
from ..system.untrusted import make_folder
from .engines import CrashError, Limits, make
from .job import BatchJob
from .record import Made
from .running import UNWRITTEN

Files = dict[str, bytes]
"""Content of the files of an input, by name."""


class FullError(CrashError):
    """A worker cannot write to its own disk; its address is `worker`."""

    def __init__(self, message: str, remedy: str, worker: str) -> None:
        super().__init__(message, remedy)
        self.worker = worker

    def __reduce__(self):
        return type(self), (self.message, self.remedy, self.worker)


@dataclass(frozen=True)
class Carried:
    """A result, and the content of its files if they were not written to a folder that is seen here."""

    made: Made
    contents: Mapping[str, bytes]


def make_there(job: BatchJob, limits: Limits, key: str, sent: Mapping[str, tuple[str, Files]] | None) -> Carried:
    """Make a job on a worker; `key` is the job's where it was submitted. sent: inputs that are not files there.

    ModelError if a model or a version is another one there, so that the result would differ.
    """
    is_cancelled = _task_watch()
    try:
        if sent is None:
            _check_key(job, key)
            return Carried(make(job, limits, is_cancelled), {})
        with temporary_folder() as folder:
            files = {name: unpack(files, folder / name, set_name) for name, (set_name, files) in sent.items()}
            inputs = {name: _path_here(job.inputs[name], path) for name, path in files.items()}
            near = replace(job, inputs=inputs, folder=make_folder(folder / "made"))
            _check_key(near, key)
            made = make(near, limits, is_cancelled)
            return Carried(made, {name: (near.folder / name).read_bytes() for name in made.files})
    except FileError as error:
        if sent is not None and error.message.startswith(UNWRITTEN):
            from distributed import get_worker

            address = get_worker().address
            raise FullError(f"on the worker {address}: {error.message}", error.remedy, address) from error
        raise
    except Cancelled:
        raise WorkerError("the job was taken back", "run the same command again") from None


def _task_watch() -> Callable[[], bool]:
    """A function that says whether this thread's task was taken back: by its command, or because that is gone.

    Dask cannot stop a thread, but it knows; a call to all workers could overtake the jobs that are on their way.
    """
    from distributed import get_worker

    worker = get_worker()
    tasks, key = worker.state.tasks, worker.get_current_task()
    return lambda: key not in tasks or tasks[key].state == "cancelled"


def _path_here(source: Path, file: Path) -> Path:
    """The path of a source whose file is another one here: that, or a datablock in it."""
    datablock = Datablock.at(source)
    return replace(datablock, file=file).path if datablock else file


def _check_key(job: BatchJob, key: str) -> None:
    if job.key() != key:
        message = "its models, inputs or versions are others on the worker"
        raise ModelError(message, "install the same models and versions on all machines")


def installed_versions() -> dict[str, str]:
    """Versions of impasto and of what its tools need, which decide about a result's bytes."""
    return versions_of(list(registry().tools.values()))


def sees(probe: Path) -> bool:
    """Whether a file of the other machine is here under the same path."""
    return probe.exists()
