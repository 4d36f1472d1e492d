"""Landmarks of a source: the squares that are most unlike all others, which show that a result repeats.

Landmarks are spent: where one is shown, it may be shown again only at a distance.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, unfold

from .features import COARSE, whole_numbers
from .layout import Place

SIDE = 1 / 13
"""Side of a landmark, relative to the shorter side of the source."""
WINDOW = 5
"""Side of the windows in which landmarks are compared, in pixels of a reduced source."""
MOST, LEAST = 32, 0.3
"""Largest number of landmarks, and least distance of one from all else, relative to the mean of any two places."""
APART = (0.65, 1.2)
"""Least distances between two copies of the last and of the first landmark, in shorter sides of the source."""
LEAST_POINTS = 4
"""Least number of a landmark's nine points that a place must show."""
STRIDE = 2
"""Step between the windows that are compared with all others."""


class Landmarks:
    """Landmarks of features (C, h, w), and where a torus of `size_px` shows them. places: (K, 2), centres in pixels."""

    def __init__(self, features: Tensor, size_px: tuple[int, int]) -> None:
        self.source_px, self.size_px = np.array(features.shape[1:]), np.array(size_px)
        self.side_px = int(SIDE * self.source_px.min())
        self.places = _unlike_all(features, max(1, self.side_px // WINDOW))
        self.apart_px = self.source_px.min() * np.linspace(*APART[::-1], len(self.places))
        self.copies: list[np.ndarray] = [np.zeros((0, 2), int)] * len(self.places)

    def add(self, corner: Place, source: Place, block: Place, margin: Place) -> None:
        """Record the landmarks that a block from `source` shows at `corner`, all (y, x), within its margins."""
        low, high = np.add(source, margin), np.add(source, block) - margin
        for index in np.flatnonzero(((self.places >= low) & (self.places < high)).all(1)):
            place = (self.places[index] - source + corner) % self.size_px
            self.copies[index] = np.concatenate([self.copies[index], place[None]])

    def penalty(self, corner: Place, shape: tuple[int, ...], scale: int, block: Place, margin: Place) -> np.ndarray:
        """Number, of `shape`, of landmarks that a block at `corner` would show too close to where they are shown.

        Positions are multiples of `scale`. Copies that are closer count more, up to twice.
        """
        penalty = np.zeros(shape, np.float32)
        lows = np.ceil((self.places - block + margin) / scale).clip(0).astype(int)
        highs = np.ceil((self.places - margin) / scale).clip(0).astype(int)
        middle = np.add(corner, block) - np.array(block) // 2
        distances = self._distances(np.concatenate([np.zeros((0, 2), int), *self.copies]), middle)
        nearest = np.full(len(self.places), np.inf)
        np.minimum.at(nearest, np.repeat(np.arange(len(nearest)), [len(own) for own in self.copies]), distances)
        for index in np.flatnonzero(nearest < self.apart_px):
            (top, left), (bottom, right) = lows[index], highs[index]
            penalty[top:bottom, left:right] += 2 - nearest[index] / self.apart_px[index]
        return penalty

    def surplus(self, origin: Tensor) -> list[tuple[np.ndarray, np.ndarray]]:
        """Copies that are too close to others: places on a torus, which shows flat indices `origin` (H, W), and source.

        All other copies are recorded instead of what was recorded before.
        """
        found = []
        for index, places in enumerate(self._copies(origin)):
            apart = np.zeros((0, 2), int)
            for place in places:
                if (self._distances(apart, place) < self.apart_px[index]).any():
                    found.append((place, self.places[index]))
                else:
                    apart = np.concatenate([apart, place[None]])
            self.copies[index] = apart
        return found

    def _distances(self, places: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Distances (n,) of places (n, 2) from a place, in pixels, around the torus."""
        half = self.size_px // 2
        return np.hypot(*((places - place + half) % self.size_px - half).T)

    def _copies(self, origin: Tensor) -> list[np.ndarray]:
        """Places (n, 2) at which the torus shows a good part of each landmark."""
        step = np.arange(-1, 2) * (self.side_px // 3)
        points = np.stack(np.meshgrid(step, step, indexing="ij"), -1).reshape(-1, 2)  # (9, 2)
        inside = (self.places[:, None] + points).clip(0, self.source_px - 1)  # (K, 9, 2)
        lookup = torch.full((int(self.source_px.prod()),), -1, dtype=torch.int16, device=origin.device)
        flat = torch.from_numpy(inside[..., 0] * self.source_px[1] + inside[..., 1]).to(lookup.device)
        lookup[flat.flatten()] = torch.arange(flat.numel(), dtype=torch.int16, device=lookup.device)
        numbers = lookup[origin]
        y, x = (numbers >= 0).nonzero().T
        index, point = np.divmod(numbers[y, x].cpu().numpy(), len(points))
        places = (torch.stack([y, x], 1).cpu().numpy() - points[point]) % self.size_px
        found, counts = np.unique(np.column_stack([index, places]), axis=0, return_counts=True)
        found = found[counts >= LEAST_POINTS]
        return [found[found[:, 0] == number, 1:] for number in range(len(self.places))]


def _unlike_all(features: Tensor, reduction: int) -> np.ndarray:
    """Centres (K, 2), in pixels, of the windows of reduced features that are farthest from all other windows."""
    features = features / features.var((1, 2), keepdim=True).clamp(min=1e-6) ** 0.25  # a rare hue counts, too
    mean = avg_pool2d(features[None], reduction)
    peaks = torch.cat([max_pool2d(sign * features[None, -1:], reduction) - sign * mean[:, -1:] for sign in (1, -1)], 1)
    small = torch.cat([mean, peaks - peaks.mean((2, 3), keepdim=True)], 1)
    rows, columns = (side - WINDOW + 1 for side in small.shape[2:])
    if min(rows, columns) <= WINDOW:
        return np.zeros((0, 2), int)
    windows = unfold(whole_numbers(small, COARSE), WINDOW)[0].T.contiguous()  # (n, 25 C), whole, so that sums are exact
    squares = windows.square().sum(1)
    unlike = np.zeros((rows, columns), np.float32)
    for row in range(0, rows, STRIDE):
        part = torch.arange(row * columns, (row + 1) * columns, STRIDE, device=windows.device)
        distances = (squares - 2 * windows[part] @ windows.T).view(-1, rows, columns)
        for column, one in enumerate(distances):
            around = slice(max(0, STRIDE * column - WINDOW + 1), STRIDE * column + WINDOW)
            one[max(0, row - WINDOW + 1) : row + WINDOW, around] = torch.inf
        unlike[row, ::STRIDE] = (distances.amin((1, 2)) + squares[part]).cpu().numpy()
    unlike /= max(1.0, 2 * float(squares.mean()))
    found = list[np.ndarray]()
    while len(found) < MOST and unlike.max() > LEAST:
        place = np.array(np.unravel_index(unlike.argmax(), unlike.shape))
        found.append(place * reduction + WINDOW * reduction // 2)
        low = (place - WINDOW + 1).clip(0)
        unlike[low[0] : place[0] + WINDOW, low[1] : place[1] + WINDOW] = 0
    return np.array(found, int).reshape(-1, 2)
