# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory for the pixels of images that previews read again and again.

Pixels are read on the main thread, where new memory, page by page, costs several times as much as reading does.
"""

from __future__ import annotations

import threading
from functools import partial

import numpy as np

MOST = 2
"""Buffers that are kept: a source and a mask."""


class PixelBuffers:
    """Buffers that nobody uses now. Each is handed out once, until it is given back."""

    def __init__(self) -> None:
        self._spare: list[np.ndarray] = []
        self._lock = threading.Lock()

    def take(self, count: int) -> np.ndarray:
        """A buffer of so many float32 values: a spare one, or new memory."""
        with self._lock:
            found = next((index for index, one in enumerate(self._spare) if len(one) == count), None)
            return np.empty(count, np.float32) if found is None else self._spare.pop(found)

    def give_back(self, values: np.ndarray) -> None:
        """Keep a buffer that is not looked at any more; for any thread."""
        with self._lock:
            self._spare.append(values)
            del self._spare[:-MOST]

    def prepare(self, count: int) -> threading.Thread:
        """Make a buffer beside the main thread, so that the first reading is as quick as all others."""
        touched = partial(np.full, count, 0, np.float32)  # unlike zeros, writes all of it
        thread = threading.Thread(target=lambda: self.give_back(touched()), name="pixel buffer", daemon=True)
        thread.start()
        return thread

    def clear(self) -> None:
        """Free all."""
        with self._lock:
            self._spare.clear()


buffers = PixelBuffers()
