"""The worker process: reads job frames on stdin, runs recipes, answers on stdout. `python -m impasto.worker`.

It keeps the wire to itself: what plugins print goes to stderr, which the client keeps as the log. At the
end of stdin it cancels what is running and exits; only a job with `"detach": true` is brought to its end first.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import queue
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from .delivery import deliver, preview_pixels, read_inputs
from .errors import Cancelled, ImpastoError, ProtocolError
from .recipe import Recipe
from .texture import Maps
from .wire import PROTOCOL, read_frame, write_frame

if TYPE_CHECKING:
    from .dataset import Dataset

PREVIEW_INTERVAL_S = 0.25
PROGRESS_INTERVAL_S = 0.05
EXIT_GRACE_S = 10.0
LOW_PRIORITY = "--low-priority"

log = logging.getLogger("impasto.worker")


@dataclass
class Job:
    """A job as received. The reading thread sets its events, the running tool asks for them; `resumed`: not paused."""

    id: int
    header: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]
    cancelled: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    resumed: threading.Event = field(default_factory=threading.Event)
    is_running: bool = False

    def __post_init__(self) -> None:
        self.resumed.set()

    @property
    def goes_on_alone(self) -> bool:
        """Whether it is brought to its end though the client is gone."""
        return bool(self.header.get("detach")) and self.resumed.is_set()


class Worker:
    """Two threads: `serve` reads frames and answers at once, `_work` runs one job after the other."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source, self._sink = source, sink
        self._sending = threading.Lock()
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._jobs: dict[int, Job] = {}
        self._starting = threading.Lock()

    def serve(self) -> None:
        """Answer frames until the client closes the pipe, then cancel what does not go on without it."""
        from . import about

        working = threading.Thread(target=self._work, name="job", daemon=True)
        working.start()
        self._send(
            {"type": "hello", "protocol": PROTOCOL, "version": about.VERSION, "python": platform.python_version()}
        )
        try:
            while (frame := read_frame(self._source)) is not None:
                self._receive(*frame)
        except ProtocolError:
            log.exception("the client sent no frame")
        jobs = list(self._jobs.values())
        is_left_alone = any(job.goes_on_alone for job in jobs)
        for job in jobs:
            if not job.goes_on_alone:
                self._cancel(job.id)
        self._queue.put(None)
        if is_left_alone:
            log.info("the client is gone, the job goes on")
            self._close_sink()
        working.join(None if is_left_alone else EXIT_GRACE_S)

    def _receive(self, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        kind, id_ = header.get("type"), int(header.get("id", 0))
        if kind in ("job", "describe"):
            if key := header.get("supersedes"):
                self._supersede(key)
            self._jobs[id_] = Job(id_, header, arrays)
            self._queue.put(self._jobs[id_])
        elif kind in ("pause", "resume"):
            self._pause(id_, kind == "pause")
        elif kind == "stop":
            self._stop(id_)
        elif kind == "cancel":
            self._cancel(id_)
        else:
            raise ProtocolError(f"there is no frame of type {kind!r}")

    def _supersede(self, key: str) -> None:
        """Cancel older jobs of the same key: nobody looks at their pictures any more."""
        for job in list(self._jobs.values()):
            if job.header.get("supersedes") == key:
                self._cancel(job.id)

    def _pause(self, id_: int, is_paused: bool) -> None:
        """Let the job wait where it next asks whether it was cancelled, or go on from there."""
        job = self._jobs.get(id_)
        if job is not None and is_paused:
            job.resumed.clear()
        elif job is not None:
            job.resumed.set()

    def _stop(self, id_: int) -> None:
        """Ask the running job to finish early and keep what there is; one that still waits has nothing to keep."""
        job = self._jobs.get(id_)
        if job is None:
            return
        if job.is_running:
            job.stopped.set()
            job.resumed.set()
        else:
            self._cancel(id_)

    def _cancel(self, id_: int) -> None:
        """Ask the running job to give up; answer for one that still waits, since its turn may be far away."""
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
            del job  # and with it the arrays that came with it, before the next one is waited for

    def _answer(self, job: Job) -> None:
        try:
            answer = _describe() if job.header["type"] == "describe" else self._run(job)
            self._send({"id": job.id, **answer[0]}, answer[1])
        except Cancelled:
            self._send({"type": "cancelled", "id": job.id})
        except BaseException as error:  # noqa: BLE001  whatever a plugin raises becomes this job's error; the worker goes on
            self._send({"id": job.id, **_describe_error(error)})
        finally:
            self._jobs.pop(job.id, None)

    def _run(self, job: Job) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        from .runner import run, run_to_files
        from .streaming import Sink

        started = time.monotonic()
        self._send({"type": "state", "id": job.id, "state": "running"})
        recipe = Recipe.from_dict(job.header.get("recipe"))
        inputs = self._inputs(job, recipe)
        how = {
            "device": job.header.get("device", "auto"),
            "on_progress": _throttled(
                PROGRESS_INTERVAL_S,
                lambda fraction, message: self._send(
                    {"type": "progress", "id": job.id, "fraction": fraction, "message": message}
                ),
            ),
            "on_preview": _throttled(
                PREVIEW_INTERVAL_S,
                lambda maps: self._send({"type": "preview", "id": job.id}, {"preview": preview_pixels(maps)}),
            ),
            "is_cancelled": lambda: self._is_cancelled(job),
            "is_stopped": job.stopped.is_set,
        }
        wanted = job.header.get("deliver", {"as": "arrays"})
        if wanted["as"] == "files":
            sink = Sink(Path(wanted["folder"]), wanted["name"], wanted.get("format", "png"))
            result = run_to_files(recipe, inputs, sink, tile_by_tile=wanted.get("tile_by_tile"), **how)
        else:
            result = run(recipe, inputs, **how)
        log.info("job %d took %.2f s", job.id, time.monotonic() - started)
        return deliver(result, wanted)

    def _inputs(self, job: Job, recipe: Recipe) -> dict[str, Maps | Dataset]:
        """The inputs that came with the job: maps, or a dataset where a step's tool declares one."""

        def tell(fraction: float, name: str) -> None:
            if self._is_cancelled(job):
                raise Cancelled
            say({"type": "progress", "id": job.id, "fraction": 0.0, "message": f"looking at {name}"})

        say = _throttled(PROGRESS_INTERVAL_S, self._send)
        return read_inputs(recipe, job.header.get("inputs", {}), job.arrays, tell)

    def _is_cancelled(self, job: Job) -> bool:
        """What the running tool asks; it waits here while the job is paused."""
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
    from .about import description

    return {"type": "described", "description": description()}, {}


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


def _yield_to_others() -> None:
    """Take only the processor time that others leave: a training must not slow down what the artist waits for."""
    if sys.platform == "win32":
        import ctypes

        below_normal = 0x4000
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)
    else:
        os.nice(5)


def main() -> None:
    """Serve the wire on this process's stdin and stdout; with `--low-priority`, after all else that runs."""
    if LOW_PRIORITY in sys.argv[1:]:
        _yield_to_others()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    source = os.fdopen(os.dup(0), "rb", buffering=2**20)
    sink = os.fdopen(os.dup(1), "wb", buffering=2**20)
    os.dup2(2, 1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    if sys.platform == "win32":
        import msvcrt

        for stream in (source, sink):
            msvcrt.setmode(stream.fileno(), os.O_BINARY)
    Worker(source, sink).serve()
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
