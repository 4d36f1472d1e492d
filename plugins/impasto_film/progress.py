"""Progress of a shot that the worker repaints: the time that is left, and the last frames that were painted."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from impasto.engine.delivery import PREVIEW_SIZE_PX
from impasto.texture import Maps
from impasto.training.loop import duration

SIDE, GAP_PX = 2, 2
"""Frames that are shown along each side of a contact sheet, and the width of the lines between them."""
CELL_PX = (PREVIEW_SIZE_PX - GAP_PX) // SIDE
"""Longer side of a frame there, with which the sheet is no larger than a preview."""


@dataclass
class ShotProgress:
    """Progress of a shot of `count` frames, passed on to `report(fraction, message)`.

    show(maps): gets a contact sheet of the last frames, whenever one is done.
    """

    count: int
    report: Callable[[float, str], None]
    show: Callable[[Maps], None]
    _done: int = 0
    _made: int = 0
    _began_s: float = field(default_factory=time.monotonic)
    """Time at which the first frame began that was not there yet."""
    _last: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=SIDE**2))

    def add(self, color: np.ndarray, is_new: bool) -> None:
        """Show a frame (H, W, 3) that is done. Those that were there before take no time worth counting."""
        self._done += 1
        self._made += is_new
        if not self._made:
            self._began_s = time.monotonic()
        step = -(-max(color.shape[:2]) // CELL_PX)
        self._last.append(color[::step, ::step].copy())  # no view, which would hold the whole frame
        self.show(Maps.from_arrays({"base_color": _sheet(self._last)}))

    def tell(self, fraction: float, message: str) -> None:
        """Report the progress, with the time that is left."""
        if self._made and self._done < self.count:
            left_s = (time.monotonic() - self._began_s) / self._made * (self.count - self._done)
            message = f"{message}, about {duration(left_s)} left"
        self.report(fraction, message)


def _sheet(frames: Iterable[np.ndarray]) -> np.ndarray:
    """Contact sheet of frames (h, w, 3), row by row, the newest last, and black where there is none yet."""
    cells = list(frames)
    height, width, channels = cells[0].shape
    sheet = np.zeros((SIDE * (height + GAP_PX) - GAP_PX, SIDE * (width + GAP_PX) - GAP_PX, channels), np.float32)
    for place, cell in enumerate(cells):
        top, left = place // SIDE * (height + GAP_PX), place % SIDE * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = cell
    return sheet
