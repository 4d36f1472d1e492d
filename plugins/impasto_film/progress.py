"""Progress of a shot in the worker: the remaining time, and a contact sheet of the last painted frames."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from impasto.engine.delivery import PREVIEW_SIZE_PX
from impasto.errors import Message
from impasto.texture import Maps
from impasto.training.loop import duration

SIDE, GAP_PX = 2, 2
"""Number of frames along each side of a contact sheet, and width of the lines between them."""
CELL_PX = (PREVIEW_SIZE_PX - GAP_PX) // SIDE
"""Longer side of a frame on the sheet, which is no larger than a preview."""


@dataclass
class ShotProgress:
    """Progress of a shot of `count` frames, passed on to `on_progress(fraction, message)`.

    show: called with a contact sheet of the last frames whenever a frame is done.
    """

    count: int
    on_progress: Callable[[float, str], None]
    show: Callable[[Maps], None]
    _done: int = 0
    _made: int = 0
    _began_s: float = field(default_factory=time.monotonic)
    """Time at which the first new frame began."""
    _last: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=SIDE**2))

    def add(self, color: np.ndarray, is_new: bool) -> None:
        """Show a finished frame (H, W, 3). Existing frames do not count for the remaining time."""
        self._done += 1
        self._made += is_new
        if not self._made:
            self._began_s = time.monotonic()
        step = -(-max(color.shape[:2]) // CELL_PX)
        self._last.append(color[::step, ::step].copy())  # a view would keep the whole frame in memory
        self.show(Maps.from_arrays({"base_color": _sheet(self._last)}))

    def report(self, fraction: float, message: str) -> None:
        """Report the progress, with the remaining time."""
        if self._made and self._done < self.count:
            left_s = (time.monotonic() - self._began_s) / self._made * (self.count - self._done)
            message = Message("{}, about {} left", message, duration(left_s))
        self.on_progress(fraction, message)


def _sheet(frames: Iterable[np.ndarray]) -> np.ndarray:
    """Contact sheet of frames (h, w, 3), row by row, the newest last; unused cells are black."""
    cells = list(frames)
    height, width, channels = cells[0].shape
    sheet = np.zeros((SIDE * (height + GAP_PX) - GAP_PX, SIDE * (width + GAP_PX) - GAP_PX, channels), np.float32)
    for place, cell in enumerate(cells):
        top, left = place // SIDE * (height + GAP_PX), place % SIDE * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = cell
    return sheet
