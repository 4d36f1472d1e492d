# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that previews reuse for the pixels of images.

On the main thread, memory that is new takes several times as long to fill as reading the pixels does.
"""

from __future__ import annotations

import threading
from functools import partial

import numpy as np

MOST = 2
"""Number of buffers that are kept: for a source and a mask."""


class PixelBuffers:
    """Unused buffers. A buffer is used by one caller at a time, who gives it back."""

    def __init__(self) -> None:
        self._spare: list[np.ndarray] = []
        self._lock = threading.Lock()

    def take(self, count: int) -> np.ndarray:
        """Return a buffer of `count` float32 values: an unused buffer, or new memory."""
        with self._lock:
            found = next((index for index, one in enumerate(self._spare) if len(one) == count), None)
            return np.empty(count, np.float32) if found is None else self._spare.pop(found)

    def give_back(self, values: np.ndarray) -> None:
        """Keep a buffer that is no longer used. It may be called on any thread."""
        with self._lock:
            self._spare.append(values)
            del self._spare[:-MOST]

    def prepare(self, count: int) -> threading.Thread:
        """Make a buffer on another thread, so that the first reading is as quick as later ones."""
        touched = partial(np.full, count, 0, np.float32)  # unlike zeros, writes all of it
        thread = threading.Thread(target=lambda: self.give_back(touched()), name="pixel buffer", daemon=True)
        thread.start()
        return thread

    def clear(self) -> None:
        """Free all buffers."""
        with self._lock:
            self._spare.clear()


buffers = PixelBuffers()
