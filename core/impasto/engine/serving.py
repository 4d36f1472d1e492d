"""The worker's service: reads requests from its client, runs recipes one after the other, and answers.

A malformed request is answered with an error. At the end of the stream the worker cancels its jobs, except for those
with `"detach": true`, which it finishes first.
"""

from __future__ import annotations

import contextlib
import logging
import platform
import queue
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ..about import VERSION
from ..errors import Cancelled, ImpastoError, ProtocolError
from ..system.shapes import ID
from .delivery import deliver, preview_pixels, read_inputs, read_picture
from .requests import JobRequest, MatchRequest, MoreLikeRequest, Request, request_of
from .wire import PROTOCOL, FrameError, FrameReader, write_frame

if TYPE_CHECKING:
    from ..data.dataset import Dataset
    from ..matchers import Match
    from ..texture import Maps
    from ..tools import Result

PREVIEW_INTERVAL_S = 0.25
PROGRESS_INTERVAL_S = 0.05
EXIT_GRACE_S = 10.0
END_GRACE_S = 1.0
"""Time for jobs to end after a signal; the process ends after `interruption.GRACE_S` in any case."""

log = logging.getLogger("impasto.worker")


@dataclass
class Job:
    """A request that takes time. The reading thread sets its events, the running tool checks them.

    resumed: cleared while the job is paused.
    """

    request: Request
    cancelled: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    resumed: threading.Event = field(default_factory=threading.Event)
    is_running: bool = False

    def __post_init__(self) -> None:
        self.resumed.set()

    @property
    def id(self) -> int:
        return self.request.id

    @property
    def key(self) -> str:
        """Key by which a newer job supersedes this one; "" if none does."""
        return getattr(self.request, "supersedes", "")

    @property
    def continues_alone(self) -> bool:
        """Whether the job is finished even if the client is gone."""
        return isinstance(self.request, JobRequest) and self.request.detach and self.resumed.is_set()


class Worker:
    """Two threads: `serve` reads frames and answers at once, `_work` runs one job after the other."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._reader, self._sink = FrameReader(source), sink
        self._sending = threading.Lock()
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._jobs: dict[int, Job] = {}
        self._starting = threading.Lock()
        self._working = threading.Thread(target=self._work, name="job", daemon=True)

    def serve(self) -> None:
        """Answer frames until the client closes the pipe, then cancel the jobs that do not continue without it."""
        self._working.start()
        self._send({"type": "hello", "protocol": PROTOCOL, "version": VERSION, "python": platform.python_version()})
        while self._read_one():
            pass
        continues_alone = any(job.continues_alone for job in list(self._jobs.values()))
        if continues_alone:
            log.info("the client is gone, the job goes on")
            self._close_sink()
        self._finish(None if continues_alone else EXIT_GRACE_S)

    def end(self) -> None:
        """Cancel all jobs, even detached ones, and give them a moment to save their results so far."""
        for job in list(self._jobs.values()):
            self._cancel(job.id)
        self._finish(END_GRACE_S)

    def _finish(self, grace_s: float | None) -> None:
        for job in list(self._jobs.values()):
            if not job.continues_alone:
                self._cancel(job.id)
        self._queue.put(None)
        self._working.join(grace_s)

    def _read_one(self) -> bool:
        """Read a request and carry it out, or answer it with an error; return False at the end of the stream."""
        id_: object = None
        try:
            if (frame := self._reader.read()) is None:
                return False
            id_ = frame[0].get("id")
            self._receive(request_of(*frame))
        except FrameError as error:
            self._refuse(error.id, ProtocolError(error.message, error.remedy))
        except ImpastoError as error:
            self._refuse(id_, error)
        except OSError:
            log.info("the client is gone", exc_info=True)
            return False
        except Exception as error:  # noqa: BLE001  a bug in handling one request must not end the others
            self._refuse(id_, error)
        return True

    def _refuse(self, id_: object, error: Exception) -> None:
        known = id_ if ID.allows(id_) else None
        self._send({"id": known, **_describe_error(error)})

    def _receive(self, request: Request) -> None:
        if request.kind in ("pause", "resume"):
            self._pause(request.id, request.kind == "pause")
        elif request.kind == "stop":
            self._stop(request.id)
        elif request.kind == "cancel":
            self._cancel(request.id)
        else:
            self._accept(Job(request))

    def _accept(self, job: Job) -> None:
        if job.id in self._jobs:
            raise ProtocolError(f"a job with the id {job.id} is there already", "give each job an id of its own")
        for older in list(self._jobs.values()):
            if job.key and older.key == job.key:
                self._cancel(older.id)
        self._jobs[job.id] = job
        self._queue.put(job)

    def _pause(self, id_: int, is_paused: bool) -> None:
        """Pause the job at its next check for cancellation, or let it continue."""
        job = self._jobs.get(id_)
        if job is not None and is_paused:
            job.resumed.clear()
        elif job is not None:
            job.resumed.set()

    def _stop(self, id_: int) -> None:
        """Ask the running job to finish early with its result so far; cancel one that has not started."""
        job = self._jobs.get(id_)
        if job is None:
            return
        if job.is_running:
            job.stopped.set()
            job.resumed.set()
        else:
            self._cancel(id_)

    def _cancel(self, id_: int) -> None:
        """Ask the running job to stop; remove and answer one that has not started, since its turn may be far away."""
        with self._starting:
            job = self._jobs.get(id_)
            if job is None:
                return
            job.cancelled.set()
            job.resumed.set()
            if not job.is_running:
                del self._jobs[id_]
        if not job.is_running:
            self._send({"type": "cancelled", "id": id_})

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            with self._starting:
                job.is_running = job.id in self._jobs
            if job.is_running:
                self._answer(job)
            del job  # frees the arrays that came with it while waiting for the next one

    def _answer(self, job: Job) -> None:
        try:
            answer = self._answer_of(job)
            self._send({"id": job.id, **answer[0]}, answer[1])
        except Cancelled:
            self._send({"type": "cancelled", "id": job.id})
        except BaseException as error:  # noqa: BLE001  whatever a plugin raises becomes this job's error; the worker goes on
            self._send({"id": job.id, **_describe_error(error)})
        finally:
            self._jobs.pop(job.id, None)

    def _answer_of(self, job: Job) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        if isinstance(job.request, JobRequest):
            return self._run(job.request, job)
        if isinstance(job.request, MoreLikeRequest):
            return _more_like(job.request)
        return self._match(job.request, job) if isinstance(job.request, MatchRequest) else _describe()

    def _match(self, request: MatchRequest, job: Job) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        from ..matching import match

        self._send({"type": "state", "id": job.id, "state": "running"})
        found = match(
            request.matcher,
            read_picture(request.inputs["picture"]) if request.inputs else request.text,
            seed=request.seed,
            start=request.start,
            device=request.device,
            on_progress=self._teller(job),
            is_cancelled=lambda: self._is_cancelled(job),
        )
        return _matched(found)

    def _teller(self, job: Job) -> Callable[[float, str], None]:
        """A function that reports a job's progress to the client, at most every `PROGRESS_INTERVAL_S`."""
        return _throttled(
            PROGRESS_INTERVAL_S,
            lambda fraction, message: self._send(
                {"type": "progress", "id": job.id, "fraction": fraction, "message": message}
            ),
        )

    def _run(self, request: JobRequest, job: Job) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        from ..io.streaming import Sink
        from ..runner import run, run_to_files

        started = time.monotonic()
        self._send({"type": "state", "id": job.id, "state": "running"})
        report = self._teller(job)

        def tell(fraction: float, message: str) -> None:
            if self._is_cancelled(job):
                raise Cancelled
            report(fraction, message)

        inputs = read_inputs(request.recipe, request.inputs, lambda _, name: tell(0.0, f"looking at {name}"))
        self._warn(job, inputs)
        how = {
            "device": request.device,
            "on_progress": report,
            "on_preview": _throttled(
                PREVIEW_INTERVAL_S,
                lambda maps: self._send({"type": "preview", "id": job.id}, {"preview": preview_pixels(maps)}),
            ),
            "is_cancelled": lambda: self._is_cancelled(job),
            "is_stopped": job.stopped.is_set,
        }
        wanted = request.delivery
        if wanted.kind == "preview":
            how["enough_px"] = wanted.longest_px
        if wanted.kind == "files":
            where = Path(wanted.folder)
            sink = Sink(where, wanted.name, wanted.format, wanted.replace, wanted.wait_s, wanted.export)
            result = run_to_files(request.recipe, inputs, sink, tile_by_tile=wanted.tile_by_tile, **how)
        else:
            result = run(request.recipe, inputs, **how)
            result = self._with_report(job, result, inputs, how)
        log.info("job %d took %.2f s", job.id, time.monotonic() - started)
        return deliver(result, wanted, tell)

    def _warn(self, job: Job, inputs: Mapping[str, Maps | Dataset]) -> None:
        """Tell the user what the job's datasets lack, before it learns from them for long."""
        from ..data.class_warnings import class_warnings
        from ..data.dataset import Dataset

        found = [said for data in inputs.values() if isinstance(data, Dataset) for said in class_warnings(data)]
        if found:
            self._send({"type": "warnings", "id": job.id, "warnings": found})

    def _with_report(
        self, job: Job, result: Result, inputs: Mapping[str, Maps | Dataset], how: dict[str, Any]
    ) -> Result:
        """The result of a training with the report of its model, unless the user cancels or stops it by now."""
        from ..data.dataset import Dataset

        data = next((value for value in inputs.values() if isinstance(value, Dataset)), None)
        if data is None or not result.models:
            return result
        from ..training.reporting import add_report

        was_stopped = job.stopped.is_set()

        def is_over() -> bool:
            return self._is_cancelled(job) or (job.stopped.is_set() and not was_stopped)

        return add_report(result, data, device=how["device"], on_progress=how["on_progress"], is_cancelled=is_over)

    def _is_cancelled(self, job: Job) -> bool:
        """Whether the job was cancelled; blocks while it is paused."""
        if not job.resumed.is_set():
            self._send({"type": "state", "id": job.id, "state": "paused"})
            job.resumed.wait()
            self._send({"type": "state", "id": job.id, "state": "running"})
        return job.cancelled.is_set()

    def _send(self, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> None:
        try:
            with self._sending:
                if not self._sink.closed:
                    write_frame(self._sink, header, arrays)
        except OSError:  # Windows has no BrokenPipeError here
            log.info("the client is gone")

    def _close_sink(self) -> None:
        with self._sending, contextlib.suppress(OSError):
            self._sink.close()


def _describe() -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    from ..installation import description

    return {"type": "described", "description": description()}, {}


def _more_like(request: MoreLikeRequest) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    from ..evolution import more_like

    given = request.favourites
    return _matched(more_like(given, seed=request.seed, variety=request.variety, locked=request.locked))


def _matched(found: Match) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    recipe, notes = found.recipe.to_dict(), list(found.notes)
    return {"type": "matched", "recipe": recipe, "notes": notes, "figures": dict(found.figures)}, {}


def _describe_error(error: BaseException) -> dict[str, Any]:
    trace = "".join(traceback.format_exception(error))
    log.error("job failed\n%s", trace)
    if isinstance(error, ImpastoError):
        name, message, remedy = type(error).__name__, error.message, error.remedy
    elif isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        name, message, remedy = "DeviceError", f"out of memory: {error}", "choose a smaller size, or the CPU"
    else:
        name, message, remedy = "WorkerError", f"{type(error).__name__}: {error}", "this is a bug: report the log"
    return {"type": "error", "error": name, "message": message, "remedy": remedy, "trace": trace}


def _throttled(interval_s: float, function: Any) -> Any:
    """The function, called at most once per interval; calls in between are dropped."""
    last = [-interval_s]

    def call(*arguments: Any) -> None:
        now = time.monotonic()
        if now - last[0] >= interval_s:
            last[0] = now
            function(*arguments)

    return call
