"""Connection to a running worker: threads write to it, read from it, watch the clock, and keep its log.

An error in any thread ends the worker and fails every job, so that nobody waits for ever. Standard library and NumPy
only.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..about import VERSION
from ..errors import ImpastoError, Message, ProtocolError, WorkerError, error_from_name
from ..system.process import describe_exit, end, keep_log, kill, kill_group
from .job import Job
from .messages import CancelReply, Failure, Hello, JobNews, JobResult, JobWish, Reply, Request, Wish, frame_of, reply_of
from .wire import PROTOCOL, CutFrameError, read_frame, write_frame

WATCH_INTERVAL_S = 0.1
PIPE_LIMIT_S = 2.0
"""Time to read the last output of a worker that has ended. A process that it started may hold the pipe open longer."""
EXTRA_LIMIT_S = 1.0
"""Further time for the threads to end once their pipes are closed."""
EXIT_LIMIT_S = 15.0
"""Time for an idle worker to exit before it is killed. `close` has a grace period of its own."""
KILLED = 9
"""Number of SIGKILL, which the signal module of Windows lacks."""
REPAIR = "repair the engine in Impasto's preferences, or install the same version of impasto there"

LAST_LINES = 20
"""Number of lines of a worker's stderr that are kept to explain its end."""
Explain = Callable[[int, Sequence[str]], WorkerError | None]


@dataclass(frozen=True)
class ConnectionLimits:
    """Time limits of a worker: to say hello, to be idle, and to obey a cancellation."""

    start_s: float
    idle_s: float
    grace_s: float


class Connection:
    """A worker's process and its unanswered jobs. The worker's stderr is written to `log_path`.

    `explain(exit_code, last_lines_of_stderr)` returns the error for the jobs of a worker that ended by itself. If it is
    missing or returns None, the error refers to the log.
    """

    def __init__(
        self, popen: subprocess.Popen, limits: ConnectionLimits, log_path: Path, explain: Explain | None = None
    ) -> None:
        assert popen.stdout is not None
        self.popen = popen
        self.ended = threading.Event()
        self._limits, self._log_path, self._explain = limits, log_path, explain or (lambda code, said: None)
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._log_ended = threading.Event()
        self._see_log = Message("try again; if it happens again, see {}", log_path)
        remedy = "its memory may have been full, so choose a smaller size; if it happens again, see {}"
        self._try_smaller = Message(remedy, log_path)
        self._threads: list[threading.Thread] = []
        self._outbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._cancelled_at: dict[int, float] = {}
        self._started_at = self._idle_since = time.monotonic()
        self._closed_at: float | None = None
        self._has_greeted = self._is_left = self._is_finished = False
        self._failure: WorkerError | None = None

    def run(self, job: Job, request: Request) -> None:
        """Start the threads with a first job. The job fails if the worker has already ended."""
        self._jobs[job.id] = job
        self._send(job, request)
        for target in (self._read, self._write, self._watch, self._keep_log):
            self._threads.append(threading.Thread(target=target, daemon=True))
            self._threads[-1].start()

    @property
    def is_open(self) -> bool:
        """Whether the worker accepts jobs."""
        return self._closed_at is None and self.popen.poll() is None

    def add(self, job: Job, request: Request) -> bool:
        """Send a job; return False if the worker is about to end."""
        with self._lock:
            if not self.is_open:
                return False
            self._jobs[job.id] = job
        self._send(job, request)
        return True

    def _send(self, job: Job, request: Request) -> None:
        job.ask = self._ask
        self._outbox.put(request)

    def close(self, grace_s: float) -> None:
        """Tell the worker to end, and kill it after the grace period. A worker with a detached job is left running.

        Afterwards no thread of this connection runs, unless a process that the worker started holds a pipe open. Python
        can then exit safely: Blender 4.2's bpy wheel crashes if Python exits while a thread runs.
        """
        with self._lock:
            self._is_left = any(job.is_detached for job in self._jobs.values())
            self._close()
        if not self._is_left:  # a worker that is left running closes its pipes by itself
            end(self.popen, grace_s)
        deadline = time.monotonic() + (grace_s if self._is_left else PIPE_LIMIT_S + EXTRA_LIMIT_S)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _close(self) -> None:
        self._closed_at = time.monotonic()
        self._outbox.put(None)

    def _fail(self, error: WorkerError) -> None:
        """Kill the worker. All its jobs then fail with this error."""
        self._failure = self._failure or error
        kill(self.popen)

    def _write(self) -> None:
        """Send the frames in the outbox. This runs in a thread, so that no caller waits for a full pipe."""
        stdin = self.popen.stdin
        assert stdin is not None
        try:
            while (request := self._outbox.get()) is not None:
                try:
                    write_frame(stdin, frame_of(request))
                except ProtocolError as error:
                    if job := self._pop_job(request.id):
                        job.set_exception(error)
        except OSError:
            pass  # the worker is gone: the reading thread notices and fails the jobs
        except Exception as error:  # noqa: BLE001  a half-written frame cannot be completed
            self._fail(_unexpected_error("a job cannot be sent to the worker", error))
        finally:
            with contextlib.suppress(OSError):
                stdin.close()

    def _read(self) -> None:
        """Pass every answer to its job until the worker ends, then fail the remaining jobs."""
        assert self.popen.stdout is not None
        try:
            while (frame := read_frame(self.popen.stdout)) is not None:
                self._receive(reply_of(frame))
        except CutFrameError:
            pass  # the worker died while it wrote: `_finish` says how
        except ProtocolError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  no bug may leave the jobs waiting
            self._fail(_unexpected_error("the worker's answer cannot be used", error))
        self._finish()
        self.popen.stdout.close()

    def _keep_log(self) -> None:
        if self.popen.stderr is not None:
            keep_log(self.popen.stderr, self._log_path, self._last_lines.append)
        self._log_ended.set()

    def _receive(self, reply: Reply) -> None:
        if isinstance(reply, Hello):
            if reply.protocol != PROTOCOL:
                raise ProtocolError("the engine speaks protocol {}, Blender {}", REPAIR, reply.protocol, PROTOCOL)
            if reply.version != VERSION:
                raise ProtocolError("the engine has impasto {}, this is {}", REPAIR, reply.version, VERSION)
            self._has_greeted = True
            return
        if not self._has_greeted:
            raise ProtocolError("the worker began without saying hello", REPAIR)
        if isinstance(reply, Failure) and reply.id is None:
            raise ProtocolError("the worker refused a request: {}", reply.remedy, reply.message)
        assert reply.id is not None
        if isinstance(reply, JobNews):
            if job := self._jobs.get(reply.id):
                job.record(reply)
        elif job := self._pop_job(reply.id):
            _settle(job, reply)

    def _pop_job(self, id_: int) -> Job | None:
        """Remove the job of this id, which now has its answer, and return the job; None if it is not there."""
        with self._lock:
            self._cancelled_at.pop(id_, None)
            self._idle_since = time.monotonic()
            return self._jobs.pop(id_, None)

    def _finish(self) -> None:
        """Fail the remaining jobs, once."""
        with self._lock:
            if self._is_finished:
                return
            self._is_finished, was_closed = True, self._closed_at is not None
            self._close()
        code = 0 if self._is_left else end(self.popen, at_once=self._failure is not None)
        if (died := self._failure) is None:
            self._log_ended.wait(EXTRA_LIMIT_S)
            # when memory is full, Linux kills the process that uses most of it
            remedy = self._try_smaller if code == -KILLED else self._see_log
            said = list(self._last_lines)
            died = self._explain(code, said) or WorkerError("the worker died ({})", remedy, describe_exit(code))
        for job in [job for id_ in list(self._jobs) if (job := self._pop_job(id_))]:
            if job.state == "cancelling" or (was_closed and self._failure is None):
                job.end_cancelled()
            else:
                job.set_exception(died)
        self.ended.set()

    def _ask(self, job: Job, what: Wish) -> None:
        """Ask the worker to pause, resume, stop or cancel a job. A worker that ignores a cancel is killed."""
        if job.id not in self._jobs:
            return
        self._outbox.put(JobWish(job.id, what))
        if what == "cancel":
            self._cancelled_at.setdefault(job.id, time.monotonic())

    def _watch(self) -> None:
        """End a worker that exceeds its time limits."""
        exited_at = None
        while not self.ended.wait(WATCH_INTERVAL_S):
            now = time.monotonic()
            self._check_time(now)
            if self.popen.poll() is not None:
                exited_at = exited_at or now
                if now - exited_at > PIPE_LIMIT_S:
                    kill_group(self.popen)
                    self._finish()

    def _check_time(self, now: float) -> None:
        limits = self._limits
        ignores_cancel = any(now - cancelled_at > limits.grace_s for cancelled_at in list(self._cancelled_at.values()))
        is_closing = self._closed_at is not None and not self._is_left
        if not self._has_greeted and now - self._started_at > limits.start_s:
            self._fail(WorkerError("the worker did not start within {:.0f} s", self._see_log, limits.start_s))
        elif ignores_cancel or (is_closing and now - (self._closed_at or now) > EXIT_LIMIT_S):
            kill(self.popen)
        with self._lock:
            if self._closed_at is None and not self._jobs and now - self._idle_since > limits.idle_s:
                self._close()


def _settle(job: Job, reply: JobResult | CancelReply | Failure) -> None:
    if isinstance(reply, CancelReply):
        job.end_cancelled()
    elif isinstance(reply, Failure):
        job.set_exception(error_from_name(reply.error, reply.message, reply.remedy))
    else:
        try:
            job.set_result(job.finish(reply))
        except ImpastoError as error:
            job.set_exception(error)
        except Exception as error:  # noqa: BLE001  no bug may leave the job waiting
            job.set_exception(_unexpected_error("the result cannot be used", error))


def _unexpected_error(what: str, error: Exception) -> ProtocolError:
    said = error.message if isinstance(error, ImpastoError) else Message("{}: {}", type(error).__name__, error)
    return ProtocolError("{}: {}", REPAIR, what, said)
