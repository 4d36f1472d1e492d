"""Progress of a shot that the worker repaints: the time that is left, and the last frame that was painted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..io.passes import read_frame
from ..system.untrusted import is_there
from ..texture import Maps
from ..training.loop import duration


@dataclass
class ShotProgress:
    """Progress of a shot, passed on to `report(fraction, message)`; `show(maps)` is called with each frame.

    outs: the files of its painted frames. Those that are there at the beginning take no time worth counting.
    """

    outs: Sequence[Path]
    report: Callable[[float, str], None]
    show: Callable[[Maps], None]
    _began: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), 0.0))
    """Time and fraction at which the first new frame began."""
    _is_new: bool = False

    def tell(self, fraction: float, message: str) -> None:
        """Report the progress before a frame, and show the frame before it."""
        done = int(fraction * len(self.outs) + 0.5)
        self._is_new = self._is_new or not is_there(self.outs[min(done, len(self.outs) - 1)])
        if not self._is_new:
            self._began = (time.monotonic(), fraction)
        if done > 0 and is_there(self.outs[done - 1]):
            self.show(Maps.from_arrays({"base_color": read_frame(self.outs[done - 1]).color}))
        began, start = self._began
        if fraction > start:
            left_s = (time.monotonic() - began) * (1 - fraction) / (fraction - start)
            message = f"{message}, about {duration(left_s)} left"
        self.report(fraction, message)
