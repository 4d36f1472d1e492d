"""Running the jobs of a batch on an executor: a bounded number at a time, with every result and failure recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass, replace

from ..errors import Cancelled, FileError, ImpastoError, WorkerError
from .engines import CrashError, Limits, make
from .job import BatchJob
from .progress import BatchProgress
from .record import Made, Record, failure_of

POLL_S = 0.1
UNWRITTEN = "cannot write"
"""Beginning of the messages of errors of a full disk, or one that may not be written to."""
MOST_UNWRITTEN = 3
"""Number of jobs in a row that fail so, after which no other is started."""


@dataclass(frozen=True)
class _Attempt:
    index: int
    job: BatchJob
    tries: int


class _BatchRun:
    """The jobs of a run that are on the executor."""

    def __init__(self, record: Record, progress: BatchProgress, submit: Callable[[BatchJob], Future[Made]], tries: int):
        self._record, self._progress, self._submit_job, self._tries = record, progress, submit, tries
        self._waiting: dict[Future[Made], _Attempt] = {}
        self._unwritten = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self, index: int, job: BatchJob) -> None:
        """Submit a job unless it is done."""
        try:
            if made := self._record.finished_result(job):
                self._progress.before += 1
                self._progress.kept.add(index, made)
                return
            begun = self._record.begin(job)
        except ImpastoError as error:  # its input has vanished, or its result was changed
            self._fail(_Attempt(index, job, 1), error, may_retry=False)
        else:
            self._submit(_Attempt(index, begun, 1))

    def _submit(self, attempt: _Attempt) -> None:
        self._waiting[self._submit_job(attempt.job)] = attempt

    def collect(self, limit_s: float) -> None:
        """Wait for jobs to end, at most limit_s, and record them. FileError if nothing can be written any more."""
        ended, _ = wait(self._waiting, timeout=limit_s, return_when=FIRST_COMPLETED)
        for future in ended:
            self._conclude(future, self._waiting.pop(future))

    def abandon(self) -> None:
        """Take back the jobs that have not begun, and record those that are made."""
        for future, attempt in self._waiting.items():
            future.cancel()
            if future.done() and not future.cancelled() and future.exception() is None:
                self._add(attempt, future.result())

    def _add(self, attempt: _Attempt, made: Made) -> None:
        self._record.add(made)
        self._progress.add_made(attempt.index, made)
        self._unwritten = 0

    def _conclude(self, future: Future[Made], attempt: _Attempt) -> None:
        try:
            made = future.result()
        except Cancelled:
            self._progress.is_stopped = True
        except ImpastoError as error:
            self._fail(attempt, error, may_retry=isinstance(error, CrashError))
        except (CancelledError, Exception) as error:  # noqa: BLE001  the executor's own, such as of a lost machine
            found = WorkerError(f"{type(error).__name__}: {error}", "try again; if it happens again, report it")
            self._fail(attempt, found, may_retry=True)
        else:
            self._add(attempt, made)

    def _fail(self, attempt: _Attempt, error: ImpastoError, *, may_retry: bool) -> None:
        if may_retry and attempt.tries < self._tries:
            job = replace(attempt.job, replace=not attempt.job.has_folder)  # the lost try may have written its files
            self._submit(replace(attempt, job=job, tries=attempt.tries + 1))
            return
        failure = failure_of(attempt.job, error, attempt.tries)
        self._record.fail(failure)
        self._progress.add_failure(attempt.index, failure, error.exit_code)
        is_unwritten = isinstance(error, FileError) and error.message.startswith(UNWRITTEN)
        self._unwritten = self._unwritten + 1 if is_unwritten else 0
        if self._unwritten >= MOST_UNWRITTEN:
            message = f"the last {MOST_UNWRITTEN} jobs could not write their files: {error.message}"
            raise FileError(message, f"{error.remedy}; then run the same command again: it goes on from here")


def run_jobs(
    jobs: Iterable[BatchJob],
    record: Record,
    executor: Executor,
    progress: BatchProgress,
    *,
    limits: Limits,
    in_flight: int,
    tries: int = 2,
    on_progress: Callable[[BatchProgress], None] = lambda progress: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Make the jobs that are not done, at most `in_flight` at a time, and record each result and each failure.

    jobs: taken one by one, as there is room. tries: for a job whose worker dies. Once `is_stopped()` is true, no job is
    started, and `progress.is_stopped`: the caller ends the executor. FileError if nothing can be written any more.
    """
    run = _BatchRun(record, progress, lambda job: executor.submit(make, job, limits), tries)
    coming = enumerate(jobs)
    following = next(coming, None)
    try:
        while following or len(run):
            while following and len(run) < in_flight and not is_stopped():
                run.start(*following)
                on_progress(progress)
                following = next(coming, None)
            if len(run):
                run.collect(POLL_S)
                on_progress(progress)
            if progress.is_stopped or is_stopped():
                progress.is_stopped = True
                break
    finally:
        run.abandon()
