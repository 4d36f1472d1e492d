"""The client of the worker: starts it, sends jobs, keeps its log, ends it. Blender and scripts use this.

A `Job` is a `concurrent.futures.Future`: headless code waits for `result()`, an interface polls it.
Standard library and NumPy only; nothing here blocks the caller.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import logging.handlers
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .errors import Cancelled, ProtocolError, WorkerError, error_from_name
from .recipe import Recipe
from .texture import Maps
from .wire import PROTOCOL, read_frame, write_frame

CANCEL_GRACE_S = 2.0
START_LIMIT_S = 60.0
REPAIR = "repair the engine in Impasto's preferences, or install the same version of impasto there"


@dataclass(frozen=True)
class Pixels:
    """A picture as a host holds it: uint8, uint16 or float32 `arrays` (H, W, C) by map name; else as `Maps`."""

    arrays: Mapping[str, np.ndarray]
    name: str = ""
    width_m: float | None = None
    height_range_m: float | None = None


@dataclass(frozen=True)
class Answer:
    """What a job delivered: the worker's `header` and the arrays (pixels or encoded files) by map name."""

    header: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]

    @property
    def recipe(self) -> Recipe:
        return Recipe.from_dict(self.header["recipe"])

    @property
    def maps(self) -> Maps:
        """The maps of a job that delivered `arrays`."""
        scale = {key: self.header[key] for key in ("width_m", "height_range_m", "name")}
        return Maps.from_arrays(self.arrays, **scale)


class Job(Future):
    """A job at the worker. `fraction`, `message` and `preview` (uint8 RGB, or None) are the latest reported."""

    def __init__(self, id_: int, ask_to_cancel: Callable[[Job], None]) -> None:
        super().__init__()
        self.id = id_
        self.fraction, self.message = 0.0, "Waiting for the worker"
        self.preview: np.ndarray | None = None
        self.is_cancelling = False
        self._ask_to_cancel = ask_to_cancel

    def cancel(self) -> bool:
        """Ask the worker to stop; it is killed where it does not within the grace period. Returns at once."""
        if self.done():
            return self.cancelled()
        self.is_cancelling = True
        self.message = "Cancelling"
        self._ask_to_cancel(self)
        return True

    def wait(self) -> Any:
        """Block until the job ends; the result, or its error; Cancelled where it was cancelled."""
        from concurrent.futures import CancelledError

        try:
            return self.result()
        except CancelledError:
            raise Cancelled from None

    def end_cancelled(self) -> None:
        """Called by the client when the worker has stopped the job."""
        super().cancel()
        self.set_running_or_notify_cancel()


@dataclass
class _Process:
    """A running worker, the frames that wait to be sent to it, and the jobs that it owes an answer."""

    popen: subprocess.Popen
    outbox: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    jobs: dict[int, Job] = field(default_factory=dict)
    hello: threading.Event = field(default_factory=threading.Event)
    failure: WorkerError | None = None


class Client:
    """Starts the worker when there is a job, restarts it after a crash, ends it when it was idle for `idle_s`.

    command: the worker's, e.g. [python, "-m", "impasto.worker"], or with `ssh host` before it.
    log_path: a rotating file for all that the worker prints. environment: variables that the worker gets too.
    """

    def __init__(
        self,
        command: Sequence[str],
        log_path: Path,
        *,
        idle_s: float = 300.0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command, self._log_path, self._idle_s = list(command), Path(log_path), idle_s
        self._environment = dict(environment or {})
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
        inputs: Mapping[str, Maps | Pixels | Path] | None = None,
        *,
        deliver: Mapping[str, Any] | None = None,
        device: str = "auto",
        scale: Mapping[str, float] | None = None,
    ) -> Job:
        """A job whose result is an `Answer`. Inputs are maps, pixels, or paths that the worker reads.

        deliver: {"as": "arrays"}, {"as": "encoded", "format": "png"} or {"as": "files", "folder", "name",
        "format"}. scale: `width_m` and `height_range_m` of the source where its file does not say.
        """
        described: dict[str, dict[str, Any]] = {}
        arrays: dict[str, np.ndarray] = {}
        for name, given in (inputs or {}).items():
            if isinstance(given, (Maps, Pixels)):
                known = {"name": given.name, "width_m": given.width_m, "height_range_m": given.height_range_m}
                described[name] = known
                pixels = given.arrays() if isinstance(given, Maps) else given.arrays
                arrays.update({f"{name}/{key}": array for key, array in pixels.items()})
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
        }
        return self._submit(header, arrays)

    def close(self, grace_s: float = 3.0) -> None:
        """End the worker: its stdin is closed, so that it cancels and exits; it is killed after the grace period."""
        with self._lock:
            process, self._process = self._process, None
            self._stop_idle_timer()
        if process is None:
            return
        process.outbox.put(None)
        _end(process.popen, grace_s)

    @property
    def pid(self) -> int | None:
        """The process id of the running worker, or None."""
        process = self._process
        return process.popen.pid if process and process.popen.poll() is None else None

    def _submit(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Job:
        with self._lock:
            self._stop_idle_timer()
            job = Job(next(self._ids), self._cancel)
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
            popen = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_without_python(os.environ) | self._environment,
                **_separate(),
            )
        except OSError as error:
            message = f"the engine cannot be started: {self._command[0]}: {error.strerror or error}"
            raise WorkerError(message, "choose a Python with impasto installed in the preferences") from error
        process = _Process(popen)
        for target in (self._read, self._write, self._keep_log, self._end_if_silent):
            threading.Thread(target=target, args=(process,), daemon=True).start()
        return process

    def _end_if_silent(self, process: _Process) -> None:
        if not process.hello.wait(START_LIMIT_S) and process.popen.poll() is None:
            process.failure = WorkerError(f"the worker did not start within {START_LIMIT_S:.0f} s", self._see_log())
            _kill(process.popen)

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
        code = _end(process.popen, at_once=process.failure is not None)
        died = process.failure or WorkerError(f"the worker died ({_describe_exit(code)})", self._see_log())
        for job in [process.jobs.pop(id_) for id_ in list(process.jobs)]:
            if job.is_cancelling or (code == 0 and process.failure is None):
                job.end_cancelled()
            else:
                job.set_exception(died)

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
            if not job.is_cancelling:
                job.fraction, job.message = float(header["fraction"]), str(header["message"])
            return
        if kind == "preview":
            job.preview = arrays["preview"]
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

    def _cancel(self, job: Job) -> None:
        process = self._process
        if process is None or job.id not in process.jobs:
            return
        process.outbox.put(({"type": "cancel", "id": job.id}, {}))

        def insist() -> None:
            if not job.done():
                _kill(process.popen)

        timer = threading.Timer(CANCEL_GRACE_S, insist)
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

    def _keep_log(self, process: _Process) -> None:
        stderr = process.popen.stderr
        assert stderr is not None
        try:
            self._log_path.parent.mkdir(parents=True, exist_ok=True)
            handler: logging.Handler = logging.handlers.RotatingFileHandler(
                self._log_path, maxBytes=2**20, backupCount=2, encoding="utf-8", delay=True
            )
        except OSError:
            handler = logging.NullHandler()
        for line in stderr:
            text = line.decode("utf-8", "replace").rstrip()
            handler.handle(logging.LogRecord("worker", logging.INFO, "", 0, text, None, None))
        handler.close()
        stderr.close()

    def _see_log(self) -> str:
        return f"try again; if it happens again, see {self._log_path}"


def _without_python(environment: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in environment.items() if not key.startswith("PYTHON")}


def _separate() -> dict[str, Any]:
    """Popen's options for a process group of its own, and no console window on Windows."""
    if os.name == "nt":
        return {"creationflags": 0x08000000 | 0x00000200}  # CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP
    return {"start_new_session": True}


def _kill(popen: subprocess.Popen) -> None:
    """End the worker and all that it started, now."""
    if popen.poll() is not None:
        return
    if os.name == "nt":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(popen.pid)], capture_output=True, check=False)
        return
    try:
        os.killpg(popen.pid, signal.SIGKILL)
    except ProcessLookupError:
        popen.kill()


def _end(popen: subprocess.Popen, grace_s: float = 3.0, *, at_once: bool = False) -> int:
    """Wait for the worker to exit, kill it after the grace period; its exit code."""
    try:
        if not at_once:
            return popen.wait(grace_s)
    except subprocess.TimeoutExpired:
        pass
    _kill(popen)
    return popen.wait()


def _describe_exit(code: int) -> str:
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
