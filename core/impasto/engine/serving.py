"""The worker's service: reads requests from its client, carries them out one after the other, and answers.

A wrong request is answered with an error. Bytes that are no frame end the worker, because it cannot know where the next
frame begins. At the end of the stream, the worker cancels its jobs, except for jobs with `"detach": true`.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from typing import IO

from ..about import VERSION
from ..errors import Cancelled, ImpastoError, ProtocolError, WorkerError, error_fields, out_of_memory
from ..system.typed_json import MAX_ID
from .execution import Execution, RunningJob
from .messages import ActionRequest, CancelReply, Failure, Hello, Reply, Request, frame_of, request_of
from .wire import PROTOCOL, read_frame, write_frame

EXIT_GRACE_S = 10.0
END_GRACE_S = 1.0
"""Time for jobs to end after a signal. The process ends after `interruption.GRACE_S` in any case."""

log = logging.getLogger("impasto.worker")


class Worker:
    """Two threads: `serve` reads frames and answers at once, `_work` runs one job after the other."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source, self._sink = source, sink
        self._sending = threading.Lock()
        self._queue: queue.SimpleQueue[RunningJob | None] = queue.SimpleQueue()
        self._jobs: dict[int, RunningJob] = {}
        self._starting = threading.Lock()
        self._working = threading.Thread(target=self._work, name="job", daemon=True)

    def serve(self) -> None:
        """Answer frames until the client closes the pipe. Then cancel the jobs that do not continue without it."""
        self._working.start()
        self._send(Hello(PROTOCOL, VERSION))
        while self._read_one():
            pass
        continues_alone = any(job.continues_alone for job in list(self._jobs.values()))
        if continues_alone:
            log.info("the client is gone, the job goes on")
            with self._sending, contextlib.suppress(OSError):
                self._sink.close()
        self._finish(None if continues_alone else EXIT_GRACE_S)

    def end(self) -> None:
        """Cancel all jobs, even detached ones, and give them a moment to save what they have done."""
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
        """Read a request, and carry it out or answer with an error. Return whether to read on."""
        try:
            frame = read_frame(self._source)
        except ProtocolError as error:  # never while the client checks its frames before it sends them
            self._send(_failure(None, error))
            return False
        except OSError:
            log.info("the client is gone", exc_info=True)
            return False
        if frame is None:
            return False
        try:
            self._receive(request_of(frame))
        except Exception as error:  # noqa: BLE001  a bug in handling one request must not end the others
            id_ = frame.get("id")
            self._send(_failure(id_ if type(id_) is int and 0 <= id_ <= MAX_ID else None, error))
        return True

    def _receive(self, request: Request) -> None:
        if isinstance(request, ActionRequest):
            self._accept(RunningJob(request))
        elif request.wish == "stop":
            self._stop(request.id)
        elif request.wish == "cancel":
            self._cancel(request.id)
        elif (job := self._jobs.get(request.id)) and request.wish == "pause":
            job.resumed.clear()  # the job waits at its next check for cancellation
        elif job:
            job.resumed.set()

    def _accept(self, job: RunningJob) -> None:
        if job.id in self._jobs:
            raise ProtocolError("a job with the id {} is there already", "give each job an id of its own", job.id)
        for older in list(self._jobs.values()):
            if job.request.supersedes and older.request.supersedes == job.request.supersedes:
                self._cancel(older.id)
        self._jobs[job.id] = job
        self._queue.put(job)

    def _stop(self, id_: int) -> None:
        """Ask the running job to finish early with its result so far. A job that has not started is cancelled."""
        job = self._jobs.get(id_)
        if job is None:
            return
        if job.is_running:
            job.stopped.set()
            job.resumed.set()
        else:
            self._cancel(id_)

    def _cancel(self, id_: int) -> None:
        """Ask the running job to end. A job that has not started is answered now, because its turn may be far away."""
        with self._starting:
            job = self._jobs.get(id_)
            if job is None:
                return
            job.cancelled.set()
            job.resumed.set()
            if not job.is_running:
                del self._jobs[id_]
        if not job.is_running:
            self._send(CancelReply(id_))

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            with self._starting:
                job.is_running = job.id in self._jobs
            if job.is_running:
                self._answer(job)
            del job  # frees the arrays that came with it while waiting for the next one

    def _answer(self, job: RunningJob) -> None:
        try:
            self._send(Execution(job, self._send).reply())
        except Cancelled:
            self._send(CancelReply(job.id))
        except BaseException as error:  # noqa: BLE001  whatever a plugin raises becomes this job's error; the worker goes on
            self._send(_failure(job.id, error))
        finally:
            self._jobs.pop(job.id, None)

    def _send(self, reply: Reply) -> None:
        try:
            with self._sending:
                if not self._sink.closed:
                    write_frame(self._sink, frame_of(reply))
        except OSError:  # Windows has no BrokenPipeError here
            log.info("the client is gone")


def _failure(id_: int | None, error: BaseException) -> Failure:
    log.error("job failed", exc_info=error)
    error = out_of_memory(error) or error
    if not isinstance(error, ImpastoError):
        error = WorkerError("{}: {}", "this is a bug: report the log", type(error).__name__, error)
    return Failure(id_, **error_fields(error))
