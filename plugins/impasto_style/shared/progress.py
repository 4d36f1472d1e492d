"""Progress of work that has several stages."""

from __future__ import annotations

from collections.abc import Sequence

from impasto.context import Context
from impasto.errors import Message


class WorkProgress:
    """Counts work, in pixels or any other unit, and reports the fraction done to the context.

    stages: amount of work in each stage. A stage that ends early counts as done.
    """

    def __init__(self, context: Context, stages: Sequence[float]) -> None:
        self.context, self.stages, self.message = context, stages, ""
        self.begun, self.done = 0, 0.0

    def begin(self, message: str, *values: object) -> None:
        """Begin the next stage."""
        self.done = sum(self.stages[: self.begun])
        self.begun, self.message = self.begun + 1, Message(message, *values)
        self.advance()

    def advance(self, work: float = 0, note: str = "", *values: object) -> None:
        """Add finished work, or 0 to show that work continues. Raise Cancelled if the job was cancelled."""
        self.done += work
        self.context.progress(self.done / sum(self.stages), "{}{}", self.message, Message(note, *values))
