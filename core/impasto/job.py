"""A job at the worker as its client holds it: a future with progress, and what it delivers in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .errors import Cancelled
from .recipe import Recipe
from .texture import Maps


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


State = Literal["waiting", "running", "pausing", "paused", "stopping", "cancelling"]


class Job(Future):
    """A job at the worker. `fraction`, `message` and `preview` (uint8 RGB, or None) are the latest reported.

    state: what it does as far as is known here. is_detached: the worker brings it to its end though its client is gone.
    """

    def __init__(self, id_: int, ask: Callable[[Job, str], None], *, is_detached: bool = False) -> None:
        super().__init__()
        self.id, self.is_detached = id_, is_detached
        self.fraction, self.message = 0.0, "Waiting for the worker"
        self.preview: np.ndarray | None = None
        self.state: State = "waiting"
        self._ask = ask

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

    def _request(self, what: str, state: State) -> None:
        if not self.done():
            self.state = state
            self._ask(self, what)

    def tell_state(self, state: State) -> None:
        """Called by the client with what the worker says; what was asked for since is more."""
        if self.state not in ("stopping", "cancelling") and not (self.state == "pausing" and state == "running"):
            self.state = state

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
