"""A job at the worker as its client holds it: a future with progress, and what it delivers in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any

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
        try:
            return self.result()
        except CancelledError:
            raise Cancelled from None

    def end_cancelled(self) -> None:
        """Called by the client when the worker has stopped the job."""
        super().cancel()
        self.set_running_or_notify_cancel()
