"""Noise as a function of position: any window of a torus, in any order, with the same values on every device.

A generator that makes a picture in tiles takes the noise of each tile from here. So tiles agree with each other, and
with the picture that is made at once. It is counter-based, as in Salmon et al. 2011 ("Parallel random numbers: as easy
as 1, 2, 3"): a value is a hash of seed, stream, channel, row and column, and nothing is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import torch
from torch import Tensor

LEVELS_BITS = 16
"""Values come from a table of 2¹⁶ equally likely ones, up to ±4.3. Half of a hash selects one."""
CHANNELS_PER_HASH = 2
BLOCK_HASHES = 2**16
"""Number of hashes that a CPU computes at a time, few enough to stay in its cache."""


@dataclass(frozen=True)
class NoiseField:
    """Standard normal noise at every position of a torus of any size, from a seed ≥ 0. Channels are independent.

    device: a torch device string, of the results.
    """

    seed: int
    device: str = "cpu"

    def normal(
        self, stream: int, channels: int, size: tuple[int, int], window: tuple[int, int, int, int] | None = None
    ) -> Tensor:
        """Noise (channels, height, width) float32 in `window` (top, left, height, width) of a torus of `size`.

        `size` is (height, width). Without a window, the result is the whole torus. Rows and columns are taken modulo
        the size, so a window may start before 0 and wrap around more than once. The size affects values in no other
        way. `stream` ≥ 0 selects independent noise, such as for the layers of a network. The values come from integer
        hashes and a table, so they are bit-identical on every device. In memory, channels are innermost (torch's
        `channels_last`).
        """
        top, left, height, width = window or (0, 0, *size)
        rows = _line_hashes(self.seed, stream, channels, 0, size[0], top, height, self.device)
        columns = _line_hashes(self.seed, stream, channels, 1, size[1], left, width, self.device)
        table, pairs = _normal_table(self.device), len(rows)
        noise = table.new_empty(height, width, CHANNELS_PER_HASH * pairs)
        count = max(BLOCK_HASHES // (width * pairs), 1) if table.device.type == "cpu" else height
        for block, row_hashes in zip(noise.split(count), rows.split(count, 1), strict=True):
            hashes = rows.new_empty(len(block), width, pairs)
            for pair in range(pairs):  # several times as fast as one operation with pairs innermost
                torch.bitwise_xor(row_hashes[pair, :, None], columns[pair], out=hashes[:, :, pair])
            places = _mix(hashes).view(torch.int16).int().add_(2 ** (LEVELS_BITS - 1))
            torch.index_select(table, 0, places.flatten(), out=block.view(-1))
        return noise[:, :, :channels].permute(2, 0, 1)


@lru_cache(maxsize=64)
def _line_hashes(
    seed: int, stream: int, channels: int, axis: int, size: int, first: int, count: int, device: str
) -> Tensor:
    """Hashes (P, count) int32 of rows (axis 0) or columns (axis 1) from `first` on, for each pair of channels.

    There are no collisions. Hashes are cached, since all bands of a picture have the same columns.
    """
    pairs = -(-channels // CHANNELS_PER_HASH)
    keys = np.random.SeedSequence((seed, stream)).generate_state(4 * pairs).reshape(pairs, 4).view(np.int32)
    keys_on_device = torch.from_numpy(keys).to(device)
    index = torch.arange(first, first + count, dtype=torch.int32, device=device) % size
    return _mix(_mix(index + keys_on_device[:, 2 * axis, None]) + keys_on_device[:, 2 * axis + 1, None])


def _mix(x: Tensor) -> Tensor:
    """Hash 32-bit values, held as int32, in place. It is a bijection: Wellons' lowbias32 with its better constants.

    https://github.com/skeeto/hash-prospector, public domain; "[16 21f0aaad 15 d35a2d97 15] = 0.10760229515479501".
    """
    shifted = torch.empty_like(x)
    for bits, factor in ((16, 0x21F0AAAD), (15, 0xD35A2D97 - 2**32), (15, 1)):
        torch.bitwise_right_shift(x, bits, out=shifted).bitwise_and_(2 ** (32 - bits) - 1)  # without the sign's copies
        x.bitwise_xor_(shifted).mul_(factor)
    return x


@lru_cache(maxsize=4)
def _normal_table(device: str) -> Tensor:
    """Midpoints of 2¹⁶ equally likely intervals of the normal distribution, float32, scaled to a variance of 1."""
    half = 2 ** (LEVELS_BITS - 1)
    inverse = NormalDist().inv_cdf
    upper = np.array([inverse(0.5 + (index + 0.5) / (2 * half)) for index in range(half)])
    upper /= np.sqrt(np.mean(upper**2))
    return torch.from_numpy(np.concatenate([-upper[::-1], upper]).astype(np.float32)).to(device)
