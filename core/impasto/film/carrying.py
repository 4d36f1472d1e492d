"""Paint that is carried through a shot: for each pixel, the painted frame that it is of, and the place in it.

Places are carried, never colours: each frame samples the paintings once, so strokes stay as sharp as they were painted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from .motion import pixel_places, samples_at

NONE = -1
"""Number of no painting."""
MOST_PAINTINGS = 12
"""Limit of the paintings that are kept, so that memory does not grow with the shot."""
SPREAD_PX = 4.0
"""Limit of the distance of the places of four neighbours that are of one surface."""
MOST_STRETCH = 2.25
"""Largest change of a stroke's area, before it is painted anew: half as wide and high again."""
CHANGE_PX, MOST_CHANGE = 2.0, 0.12
"""Largest change of what is shown, blurred by so many pixels, such as by a shadow that passes."""


@dataclass
class Carried:
    """The paint of a frame (H, W): numbers of paintings, NONE where there is no paint, and places (H, W, 2) in them.

    paintings: by frame, its painted colours (H, W, 3) and what it showed before.
    """

    number: np.ndarray
    places: np.ndarray
    paintings: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def carry(self, to_previous: np.ndarray, known: np.ndarray, shown: np.ndarray) -> Carried:
        """The paint in the next frame, which shows (H, W, 3), where it is `known`, not stretched, and looks alike."""
        number, places = self._moved(pixel_places(size_of(known)) + to_previous)
        carried = Carried(np.where(known, number, NONE), places, self.paintings)
        carried.number[carried._is_stretched()] = NONE
        change = np.abs(_blurred(shown) - _blurred(carried.gathered(1, shown))).max(-1)
        carried.number[change > MOST_CHANGE] = NONE
        return carried

    def gathered(self, which: int, rest: np.ndarray) -> np.ndarray:
        """Colours (H, W, 3) of the paintings (0), or of what they showed (1), at the places; `rest` without paint."""
        result = rest.copy()
        for number, pair in self.paintings.items():
            here = self.number == number
            if here.any():
                result[here] = samples_at(pair[which], self.places, "bicubic")[here].clip(0, 1)
        return result

    def paint(self, frame: int, where: np.ndarray, painted: np.ndarray, shown: np.ndarray) -> None:
        """Take the paint of the pixels `where` from this frame from now on, and forget paintings that are not seen."""
        self.number[where] = frame
        self.places[where] = pixel_places(size_of(where))[where]
        kept = set(np.unique(self.number)) - {NONE}
        self.paintings = {number: pair for number, pair in self.paintings.items() if number in kept}
        if frame in kept:
            self.paintings[frame] = painted, shown

    def fill(self, where: np.ndarray) -> None:
        """Give the pixels `where` (H, W) the paint beside that of their nearest neighbour that has some."""
        if not where.any():
            return
        nearest = distance_transform_edt(self.number == NONE, return_distances=False, return_indices=True)
        offset = pixel_places(size_of(where)) - np.stack(list(nearest), -1)
        places = self.places[tuple(nearest)] + offset
        self.number[where], self.places[where] = self.number[tuple(nearest)][where], places[where]

    def oldest(self) -> np.ndarray:
        """Pixels (H, W) of the oldest painting if there are too many, which are then taken from a newer one."""
        is_full = len(self.paintings) >= MOST_PAINTINGS
        return self.number == min(self.paintings) if is_full else np.zeros(self.number.shape, bool)

    def _moved(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and places at these places: between four neighbours of one painting, else those of the nearest."""
        height, width = self.number.shape
        limits = np.array([height - 1, width - 1])
        inside = places.clip(0, limits)
        low = np.minimum(np.floor(inside).astype(int), np.maximum(limits - 1, 0))
        share = inside - low
        corners = [np.minimum(low + offset, limits) for offset in ((0, 0), (0, 1), (1, 0), (1, 1))]
        numbers = np.stack([self.number[corner[..., 0], corner[..., 1]] for corner in corners])
        there = np.stack([self.places[corner[..., 0], corner[..., 1]] for corner in corners])
        down, right = share[..., :1], share[..., 1:]
        weights = np.stack([(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right])
        nearest = weights.argmax(0)
        number = np.take_along_axis(numbers, nearest.transpose(2, 0, 1), 0)[0]
        own = np.take_along_axis(there, np.repeat(nearest[None], 2, -1), 0)[0]
        origin = np.take_along_axis(np.stack(corners), np.repeat(nearest[None], 2, -1), 0)[0]
        is_whole = (numbers == numbers[:1]).all(0) & (np.ptp(there, 0).max(-1) <= SPREAD_PX)
        return number, np.where(is_whole[..., None], (weights * there).sum(0), own + inside - origin).astype(np.float32)

    def _is_stretched(self) -> np.ndarray:
        """Where strokes would be much larger or smaller than they were painted, (H, W)."""
        down, right = (np.gradient(self.places, axis=axis) for axis in (0, 1))
        area = np.abs(down[..., 0] * right[..., 1] - down[..., 1] * right[..., 0])
        rows, columns = (
            np.abs(np.diff(self.number, axis=axis, prepend=self.number.take([0], axis))) for axis in (0, 1)
        )
        one = (rows + columns) == 0  # gradients are of one painting
        one[:-1] &= rows[1:] == 0
        one[:, :-1] &= columns[:, 1:] == 0
        return one & ((area > MOST_STRETCH) | (area < 1 / MOST_STRETCH))


def size_of(values: np.ndarray) -> tuple[int, int]:
    """(height, width) of values (H, W)."""
    return values.shape[0], values.shape[1]


def nothing(size_px: tuple[int, int]) -> Carried:
    """No paint."""
    return Carried(np.full(size_px, NONE), pixel_places(size_px))


def _blurred(color: np.ndarray) -> np.ndarray:
    return gaussian_filter(color, (CHANGE_PX, CHANGE_PX, 0), mode="nearest")
