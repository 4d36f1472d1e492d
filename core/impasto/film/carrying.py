"""Paint that is carried through a shot: for each pixel, the painted frame that it is of, and the place in it.

Places are carried, never colours: each frame samples the paintings once, so strokes stay as sharp as they were painted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from ..io.passes import ShotFrame
from .memory import Surfaces
from .motion import is_known, pixel_places, samples_at

NONE, UNLIKE = -1, -2
"""Numbers of no painting: where none is known, and where the known one does not fit any more."""
MOST_PAINTINGS = 12
"""Limit of the paintings that are kept, so that memory does not grow with the shot."""
SPREAD_PX = 4.0
"""Limit of the distance of the places of four neighbours that are of one surface."""
MOST_STRETCH = 2.25
"""Largest change of a stroke's area, before it is painted anew: half as wide and high again."""
CHANGE_PX, MOST_CHANGE = 2.0, 0.12
"""Largest change of what is shown, blurred by so many pixels, such as by a shadow that passes."""
HALO, GONE = 1 / 12, 0.5
"""Width of the halo that an object has in a painting, relative to the frame's longer side, and the share of it by which
the object must have gone away before it is painted over."""


@dataclass(frozen=True)
class Painting:
    """A painted frame: its colours (H, W, 3), what it showed, and each pixel's distance (H, W, 1) to an outline.

    surfaces: where in the world that was; None if the frame has no positions.
    """

    color: np.ndarray
    shown: np.ndarray
    outlines: np.ndarray
    surfaces: Surfaces | None

    @classmethod
    def of(cls, color: np.ndarray, frame: ShotFrame) -> Painting:
        """The painting of a frame."""
        return cls(color, frame.color, frame.outlines_px[..., None], Surfaces.of(frame))


@dataclass
class CarriedPaint:
    """The paint of a frame (H, W): numbers of paintings, NONE where there is no paint, and places (H, W, 2) in them."""

    number: np.ndarray
    places: np.ndarray
    paintings: dict[int, Painting] = field(default_factory=dict)

    @classmethod
    def nothing(cls, size_px: tuple[int, int]) -> CarriedPaint:
        """No paint."""
        return cls(np.full(size_px, NONE), pixel_places(size_px))

    @property
    def is_empty(self) -> np.ndarray:
        """Whether a pixel (H, W) has no paint."""
        return self.number < 0

    def carry(self, frame: ShotFrame, before: ShotFrame) -> CarriedPaint:
        """The paint in the next frame, where what it shows was seen before, is not stretched, looks alike, is no halo.

        before: the frame that has this paint. To carry paint backwards, both are `ShotFrame.reversed`.
        """
        known = is_known(frame, before)
        number, places = self._moved(pixel_places(frame.size_px) + frame.to_previous)
        carried = CarriedPaint(np.where(known, number, NONE), places, self.paintings)
        carried._leave_unlike(frame)
        return carried

    def recall(self, frame: ShotFrame, moved: Collection[float]) -> None:
        """Take paint for pixels of which none is known from what shows the same points of the world, the oldest first.

        moved: indices of objects that do not stand still, whose paint is not found by where they are.
        """
        surfaces = Surfaces.of(frame)
        if surfaces is None:
            return
        is_still = surfaces.is_still(moved)
        for number, painting in sorted(self.paintings.items()):
            sought = (self.number == NONE) & is_still
            if painting.surfaces is None or not sought.any():
                continue
            found = replace(CarriedPaint.nothing(frame.size_px), paintings={number: painting})
            found.places[sought] = painting.surfaces.places_of(surfaces.position[sought], frame.index[sought], moved)
            found.number[sought & np.isfinite(found.places).all(-1)] = number
            found._leave_unlike(frame)
            taken = ~found.is_empty
            self.number[taken], self.places[taken] = number, found.places[taken]

    def change(self, frame: ShotFrame) -> np.ndarray:
        """Difference (H, W) of what a frame shows from what its paintings show, in its broad colours."""
        return np.abs(_blurred(frame.color) - _blurred(self.gathered("shown", frame.color))).max(-1)

    def gathered(self, what: str, rest: np.ndarray) -> np.ndarray:
        """A field of the paintings at the places, (H, W, C); `rest` where there is no paint."""
        result = rest.copy()
        for number, painting in self.paintings.items():
            here = self.number == number
            if here.any():
                result[here] = samples_at(getattr(painting, what), self.places[here][None], "bicubic")[0]
        return result

    def paint(self, number: int, where: np.ndarray, painting: Painting) -> None:
        """Take the paint of the pixels `where` from this painting from now on."""
        self.number[where] = number
        self.places[where] = pixel_places((where.shape[0], where.shape[1]))[where]
        self.keep({number: painting} if where.any() else {})

    def keep(self, others: Mapping[int, Painting]) -> None:
        """Keep other paintings too, and forget some that are not seen: those without positions, then near others."""
        known, seen = {**self.paintings, **others}, self._seen
        kept = sorted(number for number in known if number in seen or known[number].surfaces)
        while len(kept) > MOST_PAINTINGS and (unseen := [number for number in kept if number not in seen]):
            apart = dict(zip(kept, np.subtract([*kept[1:], np.inf], [-np.inf, *kept[:-1]]), strict=True))
            kept.remove(min(unseen, key=apart.__getitem__))
        self.paintings = {number: known[number] for number in kept}

    def filled(self) -> CarriedPaint:
        """The same with paint everywhere: each pixel without has that beside its nearest neighbour's."""
        empty = self.is_empty
        if empty.all() or not empty.any():
            return self
        nearest = distance_transform_edt(empty, return_distances=False, return_indices=True)
        offset = pixel_places((empty.shape[0], empty.shape[1])) - np.stack(list(nearest), -1)
        places = (self.places[tuple(nearest)] + offset).astype(np.float32)
        return replace(self, number=self.number[tuple(nearest)], places=places)

    def oldest(self) -> np.ndarray:
        """Pixels (H, W) of the oldest painting if there are too many, which are then taken from a newer one."""
        seen = self._seen
        return self.number == min(seen) if len(seen) >= MOST_PAINTINGS else np.zeros(self.number.shape, bool)

    @property
    def _seen(self) -> set[int]:
        """Numbers of the paintings that are seen."""
        return set(np.unique(self.number).tolist()) - {NONE, UNLIKE}

    def _leave_unlike(self, frame: ShotFrame) -> None:
        """Have no paint where it is stretched, shows what looks otherwise in the frame, or is a halo that has gone."""
        self.number[~self.is_empty & self._is_stretched()] = UNLIKE
        self.number[~self.is_empty & (self.change(frame) > MOST_CHANGE)] = UNLIKE
        halo_px, now = HALO * max(frame.size_px), frame.outlines_px
        then = self.gathered("outlines", now[..., None])[..., 0]
        self.number[(then < halo_px) & (now > then + GONE * halo_px)] = UNLIKE

    def _moved(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and places at these places: between four neighbours of one painting, else those of the nearest."""
        height, width = self.number.shape
        limits = np.array([height - 1, width - 1])
        inside = places.clip(0, limits)
        low = np.minimum(np.floor(inside).astype(int), np.maximum(limits - 1, 0))
        corners = np.stack([np.minimum(low + offset, limits) for offset in ((0, 0), (0, 1), (1, 0), (1, 1))])
        numbers, there = (values[corners[..., 0], corners[..., 1]] for values in (self.number, self.places))
        down, right = np.split(inside - low, 2, -1)
        weights = np.stack([(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right])
        nearest = weights.argmax(0)[None]
        number = np.take_along_axis(numbers, nearest[..., 0], 0)[0]
        own, origin = (np.take_along_axis(values, np.repeat(nearest, 2, -1), 0)[0] for values in (there, corners))
        is_whole = (numbers == numbers[:1]).all(0) & (np.ptp(there, 0).max(-1) <= SPREAD_PX)
        moved = np.where(is_whole[..., None], (weights * there).sum(0), own + inside - origin)
        return number, moved.astype(np.float32)

    def _is_stretched(self) -> np.ndarray:
        """Whether strokes would be much larger or smaller than they were painted, (H, W)."""
        down, right = (np.gradient(self.places, axis=axis) for axis in (0, 1))
        area = np.abs(down[..., 0] * right[..., 1] - down[..., 1] * right[..., 0])
        rows, columns = (
            np.abs(np.diff(self.number, axis=axis, prepend=self.number.take([0], axis))) for axis in (0, 1)
        )
        one = (rows + columns) == 0  # gradients are of one painting
        one[:-1] &= rows[1:] == 0
        one[:, :-1] &= columns[:, 1:] == 0
        return one & ((area > MOST_STRETCH) | (area < 1 / MOST_STRETCH))


def _blurred(color: np.ndarray) -> np.ndarray:
    return gaussian_filter(color, (CHANGE_PX, CHANGE_PX, 0), mode="nearest")
