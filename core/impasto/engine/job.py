"""A job at the worker as its client holds it: a future with progress, and what it is given to work on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import Cancelled
from .answers import Preview, Progress, State


@dataclass(frozen=True)
class Pixels:
    """A picture as a host holds it: uint8, uint16 or float32 `arrays` (H, W, C) by map name; else as `Maps`."""

    arrays: Mapping[str, np.ndarray]
    name: str = ""
    width_m: float | None = None
    height_range_m: float | None = None


@dataclass(frozen=True)
class Data:
    """What a trainer learns from: a picture or a folder that the worker reads, with what its files may not say."""

    path: Path
    licence: str = ""
    width_m: float | None = None


Doing = Literal["waiting", "running", "pausing", "paused", "stopping", "cancelling"]


class Job(Future):
    """A job at the worker. `fraction`, `message` and `preview` (uint8 RGB, or None) are the latest reported.

    state: what it does as far as is known here. is_detached: the worker brings it to its end though its client is gone.
    """

    def __init__(self, id_: int, *, is_detached: bool = False) -> None:
        super().__init__()
        self.id, self.is_detached = id_, is_detached
        self.ask: Callable[[Job, str], None] = lambda job, what: None
        self.fraction, self.message = 0.0, "Waiting for the worker"
        self.preview: np.ndarray | None = None
        self.state: Doing = "waiting"

    def pause(self) -> None:
        """Let it wait where it next reports, until it is resumed, stopped or cancelled. Returns at once."""
        if self.state in ("waiting", "running"):
            self._request("pause", "pausing")

    def resume(self) -> None:
        """Go on after a pause. Returns at once."""
        if self.state in ("pausing", "paused"):
            self._request("resume", "running")

    def stop(self) -> None:
        """Ask it to finish early and keep what there is, as its result. Returns at once."""
        if self.state != "cancelling":
            self._request("stop", "stopping")

    def cancel(self) -> bool:
        """Ask the worker to give up; it is killed where it does not within the grace period. Returns at once."""
        if self.done():
            return self.cancelled()
        self.message = "Cancelling"
        self._request("cancel", "cancelling")
        return True

    def _request(self, what: str, state: Doing) -> None:
        if not self.done():
            self.state = state
            self.ask(self, what)

    def tell(self, news: Progress | Preview | State) -> None:
        """Called by the client with what the worker says; what was asked for since is more."""
        if isinstance(news, Preview):
            self.preview = news.pixels
        elif isinstance(news, Progress):
            if self.state != "cancelling":
                self.fraction, self.message = news.fraction, news.message
        elif self.state not in ("stopping", "cancelling") and not (self.state == "pausing" and news.state == "running"):
            self.state = news.state

    def wait(self) -> Any:
        """Block until the job ends; the result, or its error; Cancelled where it was cancelled."""
        try:
            return self.result()
        except CancelledError:
            raise Cancelled from None

    def end_cancelled(self) -> None:
        """Called by the client when the worker has stopped the job."""
        super().cancel()
        self.set_running_or_notify_cancel()
