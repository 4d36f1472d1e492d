"""Noise as a function of position: any window of a torus, in any order, with the same values on every machine.

A generator that makes a picture in tiles draws each tile's noise from here, so that tiles agree with each other and
with the picture made at once. Counter-based, as in Salmon et al. 2011 ("Parallel random numbers: as easy as 1, 2, 3"):
a value is a hash of seed, stream, channel, row and column, and nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

LEVELS_BITS = 16
"""Values are drawn from a table of 2¹⁶ equally likely ones, up to ±4.3, which fits in the processor's cache."""

BLOCK_VALUES = 2**16
"""Number of values hashed at a time, few enough to stay in the cache."""


@dataclass(frozen=True)
class NoiseField:
    """Standard normal noise at every position of a torus of any size, from a seed ≥ 0; channels are independent."""

    seed: int

    def normal(
        self, stream: int, channels: int, size: tuple[int, int], window: tuple[int, int, int, int] | None = None
    ) -> np.ndarray:
        """Noise (channels, height, width) float32 in `window` (top, left, height, width) of a torus of `size`.

        `size` is (height, width); without a window, the whole torus is returned. Rows and columns are taken modulo the
        size, so a window may start before 0 and wrap around more than once; the size affects values in no other way.
        `stream` ≥ 0 selects independent noise, such as for the layers of a network. Bit-identical on every machine:
        integer hashes and a table.
        """
        top, left, height, width = window or (0, 0, *size)
        rows = np.arange(top, top + height) % size[0]
        columns = np.arange(left, left + width) % size[1]
        keys = np.random.SeedSequence((self.seed, stream)).generate_state(4 * channels).reshape(channels, 4)
        row_hashes = _hash(rows, keys[:, 0:1], keys[:, 1:2])  # (C, H)
        column_hashes = _hash(columns, keys[:, 2:3], keys[:, 3:4])  # (C, W)
        noise = np.empty((channels, height, width), np.float32)
        table = _normal_table()
        for block in _blocks(*noise.shape):
            places = _mix(row_hashes[block][..., None] ^ column_hashes[block[0], None])
            places >>= np.uint32(32 - LEVELS_BITS)
            np.take(table, places, out=noise[block], mode="clip")
        return noise


def _blocks(channels: int, height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Slices of channels and rows that together cover all, about `BLOCK_VALUES` each."""
    rows = min(max(BLOCK_VALUES // width, 1), height)
    together = max(BLOCK_VALUES // (rows * width), 1)
    for channel in range(0, channels, together):
        for top in range(0, height, rows):
            yield slice(channel, channel + together), slice(top, top + rows)


def _hash(index: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Hashes (C, N) of row or column indices (N,) with each channel's keys (C, 1), without collisions."""
    return _mix(_mix(index.astype(np.uint32) + first) + second)


def _mix(x: np.ndarray) -> np.ndarray:
    """Hash uint32 values in place, a bijection: Wellons' lowbias32 with its better constants.

    https://github.com/skeeto/hash-prospector, public domain; "[16 21f0aaad 15 d35a2d97 15] = 0.10760229515479501".
    """
    shifted = x >> np.uint32(16)
    x ^= shifted
    x *= np.uint32(0x21F0AAAD)
    x ^= np.right_shift(x, np.uint32(15), out=shifted)
    x *= np.uint32(0xD35A2D97)
    x ^= np.right_shift(x, np.uint32(15), out=shifted)
    return x


@lru_cache(maxsize=1)
def _normal_table() -> np.ndarray:
    """Midpoints of 2¹⁶ equally likely intervals of the normal distribution, float32, scaled to a variance of 1."""
    half = 2 ** (LEVELS_BITS - 1)
    inverse = NormalDist().inv_cdf
    upper = np.array([inverse(0.5 + (index + 0.5) / (2 * half)) for index in range(half)])
    upper /= np.sqrt(np.mean(upper**2))
    return np.concatenate([-upper[::-1], upper]).astype(np.float32)
