"""Progress of a running batch, and the part of its results that the contact sheet shows."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from .record import Made, RecordedFailure
from .units import readable_time

FAILURES_KEPT, NOTES_KEPT = 20, 20
ENOUGH = 10
"""Number of results after which their rate says how long the others take."""


class ResultSample:
    """Every n-th result of a batch, at most `LIMIT`: the same ones in whatever order they end."""

    LIMIT = 100

    def __init__(self) -> None:
        self._stride = 1
        self._items: dict[int, Made | RecordedFailure] = {}

    def add(self, index: int, item: Made | RecordedFailure) -> None:
        """Keep an item if its index in the batch is among those to be kept."""
        if index % self._stride == 0:
            self._items[index] = item
        while len(self._items) > self.LIMIT:
            self._stride *= 2
            self._items = {index: item for index, item in self._items.items() if index % self._stride == 0}

    @property
    def items(self) -> list[Made | RecordedFailure]:
        """The kept items in the order of their jobs."""
        return [self._items[index] for index in sorted(self._items)]


@dataclass
class BatchProgress:
    """State of a running batch: numbers of jobs made now, made before and failed.

    failures: the first of them. notes: the first of the notes on results, with the first and the number of these.
    exit_code: of the first failure. kept: results and failures for the contact sheet.
    started_s, first_s: of the clock, at the start and at the first result.
    """

    total: int
    made: int = 0
    before: int = 0
    failed: int = 0
    failures: list[RecordedFailure] = field(default_factory=list)
    notes: dict[str, tuple[str, int]] = field(default_factory=dict)
    exit_code: int = 0
    is_stopped: bool = False
    kept: ResultSample = field(default_factory=ResultSample)
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
        """Time for the remaining jobs at the rate so far; None until the first ends.

        Once there are enough, the rate is that since the first result: before it, engines started.
        """
        finished = self.made + self.failed
        if self.first_s is None or not finished:
            return None
        since_first_s = time.monotonic() - self.first_s
        seconds_each = since_first_s / (finished - 1) if finished > ENOUGH else self.seconds / finished
        return seconds_each * (self.total - self.handled)

    def add_made(self, index: int, made: Made) -> None:
        """Count a result of the job at this index."""
        self.first_s = self.first_s or time.monotonic()
        self.made += 1
        self.kept.add(index, made)
        for note in made.notes:
            if note in self.notes or len(self.notes) < NOTES_KEPT:
                name, count = self.notes.get(note, (made.name, 0))
                self.notes[note] = name, count + 1

    def add_failure(self, index: int, failure: RecordedFailure, exit_code: int) -> None:
        """Count a failure of the job at this index."""
        self.first_s = self.first_s or time.monotonic()
        self.failed += 1
        self.kept.add(index, failure)
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(failure)
        self.exit_code = self.exit_code or exit_code

    @property
    def words(self) -> str:
        """The progress in words: 12/60, 1 failed, 3 min left."""
        left = "" if self.left_s is None else f", {readable_time(self.left_s)} left"
        return f"{self.handled}/{self.total}{f', {self.failed} failed' * bool(self.failed)}{left}"

    @property
    def summary(self) -> str:
        """The outcome in words."""
        counts = f"{self.made} made, {self.before} done before, {self.failed} failed"
        return f"{counts}, in {readable_time(self.seconds)}"
