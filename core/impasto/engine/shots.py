"""Progress of a shot that the worker repaints: the time that is left, and the last frame that was painted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..texture import Maps
from ..training.loop import duration


@dataclass
class ShotProgress:
    """Progress of a shot of `count` frames, passed on to `report(fraction, message)`; `show(maps)` gets each frame."""

    count: int
    report: Callable[[float, str], None]
    show: Callable[[Maps], None]
    _done: int = 0
    _made: int = 0
    _began_s: float = field(default_factory=time.monotonic)
    """Time at which the first frame began that was not there yet."""

    def add(self, color: np.ndarray, is_new: bool) -> None:
        """Show a frame (H, W, 3) that is done. Those that were there before take no time worth counting."""
        self._done += 1
        self._made += is_new
        if not self._made:
            self._began_s = time.monotonic()
        self.show(Maps.from_arrays({"base_color": color}))

    def tell(self, fraction: float, message: str) -> None:
        """Report the progress, with the time that is left."""
        if self._made and self._done < self.count:
            left_s = (time.monotonic() - self._began_s) / self._made * (self.count - self._done)
            message = f"{message}, about {duration(left_s)} left"
        self.report(fraction, message)
