"""Progress of a shot that the worker repaints: the time that is left, and the last frame that was painted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    _began: tuple[float, float] | None = None
    """Time and fraction at which the first new frame began."""

    def tell(self, fraction: float, message: str) -> None:
        """Report the progress before a frame, and show the frame before it."""
        done = int(fraction * len(self.outs) + 0.5)
        if self._began is None and not is_there(self.outs[min(done, len(self.outs) - 1)]):
            self._began = (time.monotonic(), fraction)
        if done > 0 and is_there(self.outs[done - 1]):
            self.show(Maps.from_arrays({"base_color": read_frame(self.outs[done - 1]).color}))
        if self._began is not None and fraction > self._began[1]:
            began_s, start = self._began
            left_s = (time.monotonic() - began_s) * (1 - fraction) / (fraction - start)
            message = f"{message}, about {duration(left_s)} left"
        self.report(fraction, message)
