"""The client of the worker: starts it, sends jobs, keeps its log, ends it. Blender and scripts use this.

A `Job` is a `concurrent.futures.Future`: headless code waits for `result()`, an interface polls it.
Standard library and NumPy only; nothing here blocks the caller.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ProtocolError, WorkerError, error_from_name
from .job import Answer, Data, Job, Pixels
from .process import describe_exit, end, keep_log, kill, start
from .recipe import Recipe
from .texture import Maps
from .wire import PROTOCOL, read_frame, write_frame

CANCEL_GRACE_S = 2.0
START_LIMIT_S = 60.0
REPAIR = "repair the engine in Impasto's preferences, or install the same version of impasto there"


@dataclass
class _Process:
    """A running worker, the frames that wait to be sent to it, and the jobs that it owes an answer."""

    popen: subprocess.Popen
    outbox: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    jobs: dict[int, Job] = field(default_factory=dict)
    hello: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    failure: WorkerError | None = None
    is_left: bool = False


class Client:
    """Starts the worker when there is a job, restarts it after a crash, ends it when it was idle for `idle_s`.

    command: the worker's, e.g. [python, "-m", "impasto.worker"], or with `ssh host` before it.
    log_path: a rotating file for all that the worker prints. environment: variables that the worker gets too.
    grace_s: how long a cancelled job may take to end before the worker is killed. outlives: its jobs may go on after
    this process (`submit(detach=True)`); the log is then a file of the worker's own, one for each time it starts.
    """

    def __init__(
        self,
        command: Sequence[str],
        log_path: Path,
        *,
        idle_s: float = 300.0,
        environment: Mapping[str, str] | None = None,
        grace_s: float = CANCEL_GRACE_S,
        outlives: bool = False,
    ) -> None:
        self._command, self._log_path, self._idle_s = list(command), Path(log_path), idle_s
        self._environment, self._grace_s, self._outlives = dict(environment or {}), grace_s, outlives
        self._ids = itertools.count(1)
        self._lock = threading.RLock()
        self._process: _Process | None = None
        self._idle_timer: threading.Timer | None = None

    def describe(self) -> Job:
        """A job whose result is the worker's description (dict)."""
        return self._submit({"type": "describe"}, {})

    def submit(
        self,
        recipe: Recipe,
        inputs: Mapping[str, Maps | Pixels | Data | Path] | None = None,
        *,
        deliver: Mapping[str, Any] | None = None,
        device: str = "auto",
        scale: Mapping[str, float] | None = None,
        supersedes: str = "",
        detach: bool = False,
    ) -> Job:
        """A job whose result is an `Answer`. Inputs are maps, pixels, data, or paths that the worker reads.

        deliver: {"as": "arrays"}, {"as": "preview", "longest_px"} (uint8 RGB: the result under a light, scaled down),
        {"as": "encoded", "format": "png"} or {"as": "files", "folder", "name", "format"}. scale: `width_m` and
        `height_range_m` of the source where its file does not say.
        supersedes: a key; older jobs of the same key are cancelled. detach: go on after this process, see `outlives`.
        """
        described: dict[str, dict[str, Any]] = {}
        arrays: dict[str, np.ndarray] = {}
        for name, given in (inputs or {}).items():
            if isinstance(given, (Maps, Pixels)):
                known = {"name": given.name, "width_m": given.width_m, "height_range_m": given.height_range_m}
                described[name] = known
                pixels = given.arrays() if isinstance(given, Maps) else given.arrays
                arrays.update({f"{name}/{key}": array for key, array in pixels.items()})
            elif isinstance(given, Data):
                described[name] = {"path": str(given.path), "licence": given.licence, "width_m": given.width_m}
            else:
                described[name] = {"path": str(given)}
        if scale and "source" in described:
            described["source"].update(scale)
        header = {
            "type": "job",
            "recipe": recipe.to_dict(),
            "inputs": described,
            "deliver": dict(deliver or {"as": "arrays"}),
            "device": device,
            "supersedes": supersedes,
            "detach": detach and self._outlives,
        }
        return self._submit(header, arrays)

    def close(self, grace_s: float = 3.0) -> None:
        """End the worker: its stdin is closed, so that it cancels and exits; it is killed after the grace period.

        Where a job is detached, the worker is left alone instead.
        """
        with self._lock:
            process, self._process = self._process, None
            self._stop_idle_timer()
        if process is None:
            return
        process.is_left = any(job.is_detached for job in list(process.jobs.values()))
        process.outbox.put(None)
        if process.is_left:
            process.ended.wait(grace_s)  # it closes its pipes and goes on: no thread of ours is left that waits for it
        else:
            end(process.popen, grace_s)

    @property
    def pid(self) -> int | None:
        """The process id of the running worker, or None."""
        process = self._process
        return process.popen.pid if process and process.popen.poll() is None else None

    def _submit(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Job:
        with self._lock:
            self._stop_idle_timer()
            job = Job(next(self._ids), self._ask, is_detached=header.get("detach", False))
            try:
                process = self._running()
            except WorkerError as error:
                job.set_exception(error)
                return job
            process.jobs[job.id] = job
            process.outbox.put(({**header, "id": job.id}, arrays))
            return job

    def _running(self) -> _Process:
        if self._process is None or self._process.popen.poll() is not None:
            self._process = self._start()
        return self._process

    def _start(self) -> _Process:
        try:
            popen = start(self._command, self._environment, self._log_path if self._outlives else None)
        except OSError as error:
            message = f"the engine cannot be started: {self._command[0]}: {error.strerror or error}"
            raise WorkerError(message, "choose a Python with impasto installed in the preferences") from error
        process = _Process(popen)
        for target in (self._read, self._write, self._end_if_silent, *(() if self._outlives else (self._log,))):
            threading.Thread(target=target, args=(process,), daemon=True).start()
        return process

    def _end_if_silent(self, process: _Process) -> None:
        if not process.hello.wait(START_LIMIT_S) and process.popen.poll() is None:
            process.failure = WorkerError(f"the worker did not start within {START_LIMIT_S:.0f} s", self._see_log())
            kill(process.popen)

    def _write(self, process: _Process) -> None:
        """Send what is in the outbox, in a thread of its own, so that no caller waits for a full pipe."""
        stdin = process.popen.stdin
        assert stdin is not None
        try:
            while (frame := process.outbox.get()) is not None:
                try:
                    write_frame(stdin, *frame)
                except ProtocolError as error:
                    self._fail(process, frame[0]["id"], error)
        except (OSError, ValueError):
            pass  # the worker is gone: the reading thread sees its end and fails the jobs
        finally:
            with contextlib.suppress(OSError):
                stdin.close()

    def _fail(self, process: _Process, id_: int, error: WorkerError) -> None:
        job = process.jobs.pop(id_, None)
        if job is not None:
            job.set_exception(error)

    def _read(self, process: _Process) -> None:
        """Hand every frame to its job until the worker ends, then fail the jobs that are left."""
        stdout = process.popen.stdout
        assert stdout is not None
        try:
            while (frame := read_frame(stdout)) is not None:
                self._receive(process, *frame)
        except ProtocolError as error:
            process.failure = process.failure or error
        finally:
            stdout.close()
            process.hello.set()  # nobody needs to wait for it any more
        with self._lock:
            if self._process is process:
                self._process = None
        process.outbox.put(None)
        code = 0 if process.is_left else end(process.popen, at_once=process.failure is not None)
        died = process.failure or WorkerError(f"the worker died ({describe_exit(code)})", self._see_log())
        for job in [process.jobs.pop(id_) for id_ in list(process.jobs)]:
            if job.state == "cancelling" or (code == 0 and process.failure is None):
                job.end_cancelled()
            else:
                job.set_exception(died)
        process.ended.set()

    def _receive(self, process: _Process, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        kind = header.get("type")
        if kind == "hello":
            process.hello.set()
            if header.get("protocol") != PROTOCOL:
                raise ProtocolError(f"the engine speaks protocol {header.get('protocol')}, Blender {PROTOCOL}", REPAIR)
            return
        job = process.jobs.get(int(header.get("id", 0)))
        if job is None:
            return
        if kind == "progress":
            if job.state != "cancelling":
                job.fraction, job.message = float(header["fraction"]), str(header["message"])
            return
        if kind == "preview":
            job.preview = arrays["preview"]
            return
        if kind == "state":
            job.tell_state(header["state"])
            return
        with self._lock:
            process.jobs.pop(job.id, None)
            self._start_idle_timer(process)
        if kind == "done":
            job.set_result(Answer(header, arrays))
        elif kind == "described":
            job.set_result(header["description"])
        elif kind == "cancelled":
            job.end_cancelled()
        elif kind == "error":
            job.set_exception(error_from_name(header["error"], header["message"], header["remedy"]))
        else:
            raise ProtocolError(f"there is no frame of type {kind!r}", REPAIR)

    def _ask(self, job: Job, what: str) -> None:
        """Send a job's pause, resume, stop or cancel; a worker that does not heed the last is killed."""
        process = self._process
        if process is None or job.id not in process.jobs:
            return
        process.outbox.put(({"type": what, "id": job.id}, {}))
        if what == "cancel":
            self._insist(process, job)

    def _insist(self, process: _Process, job: Job) -> None:
        def insist() -> None:
            if not job.done():
                kill(process.popen)

        timer = threading.Timer(self._grace_s, insist)
        timer.daemon = True
        timer.start()

    def _start_idle_timer(self, process: _Process) -> None:
        self._stop_idle_timer()
        if not process.jobs:
            self._idle_timer = threading.Timer(self._idle_s, self._end_if_idle, (process,))
            self._idle_timer.daemon = True
            self._idle_timer.start()

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _end_if_idle(self, process: _Process) -> None:
        with self._lock:
            if process.jobs or self._process is not process:
                return
            self._process = None
            process.outbox.put(None)

    def _log(self, process: _Process) -> None:
        assert process.popen.stderr is not None
        keep_log(process.popen.stderr, self._log_path)

    def _see_log(self) -> str:
        return f"try again; if it happens again, see {self._log_path}"
