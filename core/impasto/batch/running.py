"""Running the jobs of a batch on an executor, a limited number at a time, and the progress of a batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass, field, replace

from ..errors import Cancelled, FileError, ImpastoError, Message, WorkerError, series
from .engines import CrashError, Limits, make
from .job import BatchJob
from .record import BatchResult, Record, RecordedFailure, failure_of
from .units import readable_time

POLL_S = 0.1
UNWRITTEN = "cannot write"
"""Beginning of the messages of errors for a disk that is full or read-only."""
MOST_UNWRITTEN = 3
"""Number of such failures in a row after which the batch ends."""
FAILURES_KEPT, NOTES_KEPT = 20, 20
ENOUGH = 10
"""Number of results after which the remaining time is estimated from their rate alone."""


class ResultSample:
    """Every n-th result of a batch, at most `LIMIT`. The order in which jobs end does not matter."""

    LIMIT = 100

    def __init__(self) -> None:
        self._stride = 1
        self._items: dict[int, BatchResult | RecordedFailure] = {}

    def add(self, index: int, item: BatchResult | RecordedFailure) -> None:
        """Add an item if its index in the batch belongs to the sample."""
        if index % self._stride == 0:
            self._items[index] = item
        while len(self._items) > self.LIMIT:
            self._stride *= 2
            self._items = {index: item for index, item in self._items.items() if index % self._stride == 0}

    @property
    def items(self) -> list[BatchResult | RecordedFailure]:
        """The sampled items in the order of their jobs."""
        return [self._items[index] for index in sorted(self._items)]


@dataclass
class BatchProgress:
    """State of a running batch: numbers of jobs that were made now, were made before, and failed.

    failures: the first ones. notes: the first notes on results, each with the first result and the number of results
    that have it. exit_code: of the first failure. sample: results and failures for the contact sheet.
    started_s, first_s: time of the clock at the start and at the first result.
    """

    total: int
    made: int = 0
    before: int = 0
    failed: int = 0
    failures: list[RecordedFailure] = field(default_factory=list)
    notes: dict[str, tuple[str, int]] = field(default_factory=dict)
    exit_code: int = 0
    is_stopped: bool = False
    sample: ResultSample = field(default_factory=ResultSample)
    started_s: float = field(default_factory=time.monotonic)
    first_s: float | None = None

    @property
    def handled(self) -> int:
        """Number of jobs that are done or failed."""
        return self.made + self.before + self.failed

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self.started_s

    @property
    def left_s(self) -> float | None:
        """Time for the remaining jobs at the rate so far; None until the first one ends.

        After `ENOUGH` results, the rate is measured from the first result on, since engines start before it.
        """
        finished = self.made + self.failed
        if self.first_s is None or not finished:
            return None
        since_first_s = time.monotonic() - self.first_s
        seconds_each = since_first_s / (finished - 1) if finished > ENOUGH else self.seconds / finished
        return seconds_each * (self.total - self.handled)

    def add_made(self, index: int, result: BatchResult) -> None:
        """Count a result of the job at this index."""
        self.first_s = self.first_s or time.monotonic()
        self.made += 1
        self.sample.add(index, result)
        for note in result.notes:
            if note in self.notes or len(self.notes) < NOTES_KEPT:
                name, count = self.notes.get(note, (result.name, 0))
                self.notes[note] = name, count + 1

    def add_failure(self, index: int, failure: RecordedFailure, exit_code: int) -> None:
        """Count a failure of the job at this index."""
        self.first_s = self.first_s or time.monotonic()
        self.failed += 1
        self.sample.add(index, failure)
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(failure)
        self.exit_code = self.exit_code or exit_code

    @property
    def words(self) -> str:
        """The progress in words: 12/60, 1 failed, 3 min left."""
        left = [] if self.left_s is None else [Message("{} left", readable_time(self.left_s))]
        failed = [Message("{} failed", self.failed)] if self.failed else []
        return series(", ", [f"{self.handled}/{self.total}", *failed, *left])

    @property
    def summary(self) -> str:
        """The outcome in words."""
        counts = Message("{} made, {} done before, {} failed", self.made, self.before, self.failed)
        return Message("{}, in {}", counts, readable_time(self.seconds))


@dataclass(frozen=True)
class _Attempt:
    index: int
    job: BatchJob
    tries: int


class _BatchRun:
    """The jobs of a run that are on the executor."""

    def __init__(
        self, record: Record, progress: BatchProgress, submit: Callable[[BatchJob], Future[BatchResult]], tries: int
    ):
        self._record, self._progress, self._submit_job, self._tries = record, progress, submit, tries
        self._waiting: dict[Future[BatchResult], _Attempt] = {}
        self._unwritten = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self, index: int, job: BatchJob) -> None:
        """Submit a job unless it is done."""
        try:
            if result := self._record.finished_result(job):
                self._progress.before += 1
                self._progress.sample.add(index, result)
                return
            begun = self._record.begin(job)
        except ImpastoError as error:  # an input has vanished, or a file of the result was changed
            self._fail(_Attempt(index, job, 1), error, may_retry=False)
        else:
            self._submit(_Attempt(index, begun, 1))

    def _submit(self, attempt: _Attempt) -> None:
        self._waiting[self._submit_job(attempt.job)] = attempt

    def collect(self, limit_s: float) -> None:
        """Wait for jobs to end, at most limit_s, and record them. Raise FileError if nothing more can be written."""
        ended, _ = wait(self._waiting, timeout=limit_s, return_when=FIRST_COMPLETED)
        for future in ended:
            self._conclude(future, self._waiting.pop(future))

    def abandon(self) -> None:
        """Cancel the jobs that have not begun, and record those that are done."""
        for future, attempt in self._waiting.items():
            future.cancel()
            if future.done() and not future.cancelled() and future.exception() is None:
                self._add(attempt, future.result())

    def _add(self, attempt: _Attempt, result: BatchResult) -> None:
        self._record.add(result)
        self._progress.add_made(attempt.index, result)
        self._unwritten = 0

    def _conclude(self, future: Future[BatchResult], attempt: _Attempt) -> None:
        try:
            result = future.result()
        except Cancelled:
            self._progress.is_stopped = True
        except ImpastoError as error:
            self._fail(attempt, error, may_retry=isinstance(error, CrashError))
        except (CancelledError, Exception) as error:  # noqa: BLE001  the executor's own, such as of a lost machine
            found = WorkerError("{}: {}", "try again; if it happens again, report it", type(error).__name__, error)
            self._fail(attempt, found, may_retry=True)
        else:
            self._add(attempt, result)

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
            message = Message("the last {} jobs could not write their files: {}", MOST_UNWRITTEN, error.message)
            raise FileError(message, "{}; then run the same command again: it goes on from here", error.remedy)


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

    jobs: are taken one by one as there is room. tries: for a job whose worker dies. Once `is_stopped()` is true, no job
    is started and `progress.is_stopped` is set; the caller ends the executor. Raise FileError if the disk is full.
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
