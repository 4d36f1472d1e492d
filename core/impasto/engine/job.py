"""A job on the client's side, as a future with progress."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, Literal

import numpy as np

from ..errors import Cancelled
from .messages import JobNews, Wish

JobState = Literal["waiting", "running", "pausing", "paused", "stopping", "cancelling"]


class Job(Future):
    """A job at the worker. `fraction`, `message` and `preview` (uint8 RGB, or None) are from its latest report.

    warnings: sentences about inputs, such as classes of a dataset without usable pictures. state: the last state
    that the client knows. is_detached: whether the worker finishes the job even if its client is gone.
    """

    def __init__(self, id_: int, *, is_detached: bool = False) -> None:
        super().__init__()
        self.id, self.is_detached = id_, is_detached
        self.ask: Callable[[Job, Wish], None] = lambda job, what: None
        self.finish: Callable[[Any], Any] = lambda result: result  # converts the result before anybody gets it
        self.fraction, self.message = 0.0, "Waiting for the worker"
        self.preview: np.ndarray | None = None
        self.warnings: tuple[str, ...] = ()
        self.state: JobState = "waiting"

    def pause(self) -> None:
        """Pause the job at its next report of progress, until it is resumed, stopped or cancelled. Return at once."""
        if self.state in ("waiting", "running"):
            self._request("pause", "pausing")

    def resume(self) -> None:
        """Continue after a pause. Return at once."""
        if self.state in ("pausing", "paused"):
            self._request("resume", "running")

    def stop(self) -> None:
        """Ask the job to finish early with its result so far. Return at once."""
        if self.state != "cancelling":
            self._request("stop", "stopping")

    def cancel(self) -> bool:
        """Ask the worker to abandon the job, and kill the worker after a grace period. Return at once."""
        if self.done():
            return self.cancelled()
        self.message = "Cancelling"
        self._request("cancel", "cancelling")
        return True

    def _request(self, what: Wish, state: JobState) -> None:
        if not self.done():
            self.state = state
            self.ask(self, what)

    def record(self, news: JobNews) -> None:
        """Record news from the worker; called by the client. Later requests of the user take precedence."""
        self.preview = self.preview if news.preview is None else news.preview
        self.warnings = news.warnings or self.warnings
        if news.fraction is not None and self.state != "cancelling":
            self.fraction, self.message = min(max(news.fraction, 0.0), 1.0), news.message
        is_late = self.state in ("stopping", "cancelling") or (self.state == "pausing" and news.state == "running")
        self.state = self.state if is_late or news.state is None else news.state

    def wait(self) -> Any:
        """Wait until the job ends, and return its result. Raise the error of the job, or Cancelled."""
        try:
            return self.result()
        except CancelledError:
            raise Cancelled from None

    def end_cancelled(self) -> None:
        """Mark the job as cancelled. The client calls this when the worker has ended the job."""
        super().cancel()
        self.set_running_or_notify_cancel()
