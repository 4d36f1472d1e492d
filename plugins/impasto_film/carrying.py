"""Paint that is carried through a shot: for each pixel, the painted frame that it is of, and the place in it.

Places are carried, never colours: each frame samples the paintings once, so strokes stay as sharp as they were painted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.ndimage import binary_opening, distance_transform_cdt

from impasto.surface.color import luma

from .memory import Surfaces
from .motion import Motion, largest, pixel_places, samples_at
from .passes import BROAD_REACH_PX, ShotFrame, broad

NONE, UNLIKE = -1, -2
"""Numbers of no painting: where none is known, and where the known one does not fit any more."""
MOST_PAINTINGS = 12
"""Limit of the paintings that are kept, so that memory does not grow with the shot."""
PAINTINGS_BYTES, PX_BYTES, LEAST_PAINTINGS = 2**30, 44, 4
"""Limit of their memory and what a pixel of one takes, if that allows more than the least number."""
LEAST_NEW, LEAST_RECALLED = 0.002, 0.0005
"""Shares of a frame that are worth painting, and recalling: less waits, with its neighbours' paint."""
SPECK_PX = 2
"""Half the width of a part that is worth painting."""
FEATHER_PX = 8
"""Width of the blend from one paint to another."""
SPREAD_PX = 4.0
"""Limit of the distance of the places of four neighbours that are of one surface."""
MOST_STRETCH = 2.25
"""Largest change of a stroke's area, before it is painted anew: half as wide and high again."""
MOST_CONTRAST, LEAST_VARIANCE = 2.0, 1e-4
"""Largest contrast with which paint follows the light, and variance of what has next to no light and shade."""
MOST_CHANGE = 0.12
"""Largest change of the broad colours of what is shown, such as by a shadow that passes."""
HALO, GONE = 1 / 12, 0.5
"""Width of the halo that an object has in a painting, relative to the frame's longer side, and the share of it by which
the object must have gone away before it is painted over."""


@dataclass(frozen=True)
class PaintedFrame:
    """A painted frame: its colours (H, W, 3), and what it showed, as of `ShotFrame`.

    surfaces: where in the world that was; None if the frame has no positions.
    """

    color: np.ndarray
    shown: np.ndarray
    surfaces: Surfaces | None

    @classmethod
    def of(cls, color: np.ndarray, frame: ShotFrame) -> PaintedFrame:
        """The painting of a frame."""
        return cls(color, frame.shown, Surfaces.of(frame))

    @cached_property
    def contrast(self) -> np.ndarray:
        """By how much its colours (3,) are brighter where what it shows is brighter by 1, in what is broad."""
        shown = luma(broad(self.shown[..., :3]))
        light = shown - shown.mean()
        slopes = (light[..., None] * broad(self.color)).mean((0, 1)) / (light.var() + LEAST_VARIANCE)
        return slopes.clip(0, MOST_CONTRAST).astype(np.float32)


Sampler = Callable[[PaintedFrame, np.ndarray, np.ndarray], np.ndarray]
"""Values (h, w, C) of a painting at places (h, w, 2) in it, with the light (h, w) since then."""


@dataclass
class CarriedPaint:
    """The paint of a frame (H, W): numbers of paintings, NONE where there is no paint, and places (H, W, 2) in them.

    light: by how much brighter what is shown has become since it was painted.
    """

    number: np.ndarray
    places: np.ndarray
    light: np.ndarray
    paintings: dict[int, PaintedFrame] = field(default_factory=dict)

    @classmethod
    def nothing(cls, size_px: tuple[int, int]) -> CarriedPaint:
        """No paint."""
        return cls(np.full(size_px, NONE, np.int32), pixel_places(size_px).copy(), np.zeros(size_px, np.float32))

    @property
    def is_empty(self) -> np.ndarray:
        """Whether a pixel (H, W) has no paint."""
        return self.number < 0

    def carry(self, motion: Motion, where: np.ndarray | None = None) -> CarriedPaint:
        """The paint in the next frame, where what it shows was seen before, is not stretched, looks alike, is no halo.

        motion: from that frame to the one that has this paint. where: pixels (H, W) at or beside which that is of use;
        paint may stay elsewhere.
        """
        number, places = self._moved(motion)
        number, light, frame = np.where(motion.is_known, number, NONE), np.zeros_like(self.light), motion.frame
        window = np.s_[:, :] if where is None else _window(np.nonzero(where), FEATHER_PX + BROAD_REACH_PX)
        if number[window].size:
            tested = CarriedPaint(number[window], places[window], light[window], self.paintings)
            tested._leave_unlike(frame.part(window), frame.size_px)
            light[window] = tested.light
        return CarriedPaint(number, places, light, self.paintings)

    def recall(self, frame: ShotFrame, moved: Collection[float], where: np.ndarray | bool = True) -> None:
        """Take paint for pixels of which none is known from what shows the same points of the world, the oldest first.

        moved: indices of objects that do not stand still, whose paint is not found by where they are. where: pixels
        (H, W) that are of use.
        """
        surfaces = Surfaces.of(frame)
        if surfaces is None:
            return
        is_sought = surfaces.is_still(moved) & (self.number == NONE) & where
        sought = np.stack(np.unravel_index(np.flatnonzero(is_sought), is_sought.shape), -1)
        tried = np.full(len(sought), NONE)
        while True:
            number, places = self._shown(surfaces, moved, sought, tried)
            is_shown = number != NONE
            if not is_shown.any():
                return
            sought, number, places = sought[is_shown], number[is_shown], places[is_shown]
            window = _window(sought.T, BROAD_REACH_PX)
            within = tuple((sought - [each.start for each in window]).T)
            part = frame.part(window)
            found = replace(CarriedPaint.nothing(part.size_px), paintings=self.paintings)
            found.number[within], found.places[within] = number, places
            found._leave_unlike(part, frame.size_px)
            is_taken = found.number[within] != UNLIKE
            taken = tuple(sought[is_taken].T)
            self.number[taken], self.places[taken] = number[is_taken], places[is_taken]
            self.light[taken] = found.light[within][is_taken]
            sought, tried = sought[~is_taken], number[~is_taken]

    def _shown(
        self, surfaces: Surfaces, moved: Collection[float], sought: np.ndarray, tried: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Numbers (N,) of the oldest paintings that show pixels (N, 2), newer than those tried, and places in them."""
        number, places = np.full(len(sought), NONE), np.zeros((len(sought), 2))
        least = LEAST_RECALLED * self.number.size
        for one, painting in sorted(self.paintings.items()):
            left = np.flatnonzero((number == NONE) & (tried < one))
            if painting.surfaces is None or left.size < least:
                continue
            here = tuple(sought[left].T)
            found = painting.surfaces.places_of(surfaces.position[here], surfaces.index[here], moved)
            is_shown = np.isfinite(found[:, 0])
            if np.count_nonzero(is_shown) >= least:
                number[left[is_shown]], places[left[is_shown]] = one, found[is_shown]
        return number, places

    def change(self, frame: ShotFrame) -> np.ndarray:
        """Difference (H, W) of what a frame shows from what its paintings show, in its broad colours."""
        return largest(np.abs(self._change(frame)[0]))

    def _change(self, frame: ShotFrame) -> tuple[np.ndarray, np.ndarray]:
        """The difference by channel (H, W, 3), and the distance (H, W) to an outline in what the paintings show."""
        shown = self._sampled(frame.shown, lambda painting, places, light: samples_at(painting.shown, places))
        return broad(frame.color - shown[..., :3]), shown[..., 3]

    def color(self, rest: np.ndarray, where: np.ndarray | bool = True) -> np.ndarray:
        """The colours (H, W, 3) of the paint of some pixels (H, W); `rest` of others, and where there is none.

        They follow the light, with the contrast of their painting: what has become brighter since then is so too.
        """

        def lit(painting: PaintedFrame, places: np.ndarray, light: np.ndarray) -> np.ndarray:
            return samples_at(painting.color, places, "bicubic") + painting.contrast * light[..., None]

        return self._sampled(rest, lit, where)

    def _sampled(self, rest: np.ndarray, sample: Sampler, where: np.ndarray | bool = True) -> np.ndarray:
        """Samples (H, W, C) of the paint of some pixels (H, W); `rest` of others, and where there is none."""
        values = rest.copy()
        flat, places, light = values.reshape(-1, values.shape[-1]), self.places.reshape(-1, 2), self.light.ravel()
        for number, painting in self.paintings.items():
            here = np.flatnonzero((self.number == number) & where)  # by masks, it takes twice as long
            if here.size:
                flat[here] = sample(painting, places.take(here, 0)[None], light.take(here)[None])[0]
        return values

    def paint(self, number: int, where: np.ndarray, painting: PaintedFrame) -> None:
        """Take the paint of the pixels `where` from this painting from now on."""
        self.number[where], self.light[where] = number, 0
        self.places[where] = pixel_places((where.shape[0], where.shape[1]))[where]
        self.keep({number: painting} if where.any() else {})

    def keep(self, others: Mapping[int, PaintedFrame]) -> None:
        """Keep other paintings too, and forget some that are not seen: those without positions, then near others."""
        known = {**self.paintings, **others}
        seen = self._seen(known)
        kept = sorted(number for number in known if number in seen or known[number].surfaces)
        while len(kept) > self._most and (unseen := [number for number in kept if number not in seen]):
            apart = dict(zip(kept, np.subtract([*kept[1:], np.inf], [-np.inf, *kept[:-1]]), strict=True))
            kept.remove(min(unseen, key=apart.__getitem__))
        self.paintings = {number: known[number] for number in kept}

    def filled(self, where: np.ndarray | bool = True) -> CarriedPaint:
        """The same with paint in all pixels `where`: each without it has what is beside its nearest neighbour's."""
        empty, number, places, light = self.is_empty, self.number.copy(), self.places.copy(), self.light.copy()
        here = np.nonzero(empty & where)
        if here[0].size and not empty.all():
            nearest = distance_transform_cdt(empty, return_distances=False, return_indices=True)
            beside = tuple(each[here] for each in nearest)
            number[here], light[here] = number[beside], light[beside]
            places[here] = places[beside] + np.stack(here, -1) - np.stack(beside, -1)
        return replace(self, number=number, places=places, light=light)

    def oldest(self) -> np.ndarray:
        """Pixels (H, W) of the oldest painting if there are too many, which are then taken from a newer one."""
        seen = self._seen(self.paintings)
        return self.number == min(seen) if len(seen) >= self._most else np.zeros(self.number.shape, bool)

    @property
    def _most(self) -> int:
        """Limit of the number of paintings of this size."""
        return max(LEAST_PAINTINGS, min(MOST_PAINTINGS, PAINTINGS_BYTES // (PX_BYTES * self.number.size)))

    def _seen(self, numbers: Iterable[int]) -> set[int]:
        """Those of these numbers whose paintings are seen."""
        return {number for number in numbers if (self.number == number).any()}

    def _leave_unlike(self, frame: ShotFrame, whole_px: tuple[int, int]) -> None:
        """Have no paint where it is stretched, shows what looks otherwise in the frame, or is a halo that has gone.

        whole_px: the size of the whole frame, of which this may be a part.
        """
        self.number[~self.is_empty & self._is_stretched()] = UNLIKE
        change, then = self._change(frame)
        self.light = luma(change)
        halo_px, now = HALO * max(whole_px), frame.outlines_px
        has_gone = (then < halo_px) & (now > then + GONE * halo_px)
        self.number[~self.is_empty & ((largest(np.abs(change)) > MOST_CHANGE) | has_gone)] = UNLIKE

    def _moved(self, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and places where pixels were: between four neighbours of one painting, else those of the nearest."""
        moved = samples_at(self.places, motion.inside)
        is_cut = ~self._is_whole.ravel()[motion.pixels(motion.inside)]
        inside = motion.inside[is_cut]
        moved[is_cut] = self.places.reshape(-1, 2)[motion.nearest[is_cut]] + inside - inside.round()
        return self.number.ravel()[motion.nearest], moved

    @property
    def _is_whole(self) -> np.ndarray:
        """Whether a pixel, the next to its right, and the two below them have paint of one surface, (H, W)."""
        return (_spread(self.number) == 0) & (largest(_spread(self.places)) <= SPREAD_PX)

    def _is_stretched(self) -> np.ndarray:
        """Whether strokes would be much larger or smaller than they were painted, (H, W)."""
        down, right = (_differences(self.places, axis) for axis in (0, 1))
        area = np.abs(down[..., 0] * right[..., 1] - down[..., 1] * right[..., 0])
        rows, columns = (
            np.abs(np.diff(self.number, axis=axis, prepend=self.number.take([0], axis))) for axis in (0, 1)
        )
        one = (rows + columns) == 0  # gradients are of one painting
        one[:-1] &= rows[1:] == 0
        one[:, :-1] &= columns[:, 1:] == 0
        return one & ((area > MOST_STRETCH) | (area < 1 / MOST_STRETCH))


def without_specks(where: np.ndarray) -> np.ndarray:
    """The pixels (H, W) that are not of parts too small to be worth painting."""
    padded = binary_opening(np.pad(where, SPECK_PX, mode="edge"), iterations=SPECK_PX)
    return padded[SPECK_PX:-SPECK_PX, SPECK_PX:-SPECK_PX] & where


def _window(pixels: Sequence[np.ndarray], margin_px: int) -> tuple[slice, slice]:
    """The least rectangle around pixels, by their rows and columns, and a margin; empty if there are none."""
    rows, columns = (
        slice(max(each.min() - margin_px, 0), each.max() + margin_px + 1) if each.size else slice(0, 0)
        for each in pixels
    )
    return rows, columns


def _differences(places: np.ndarray, axis: int) -> np.ndarray:
    """Differences of places (H, W, 2) along an axis; as of paint that was not moved, if that is of one pixel."""
    return np.gradient(places, axis=axis) if places.shape[axis] > 1 else np.broadcast_to(np.eye(2)[axis], places.shape)


def _spread(values: np.ndarray) -> np.ndarray:
    """The largest less the least of a pixel's values (H, W, ...), the next to its right, and the two below them."""
    high, low = values.copy(), values.copy()
    for here, later in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        high[here] = np.maximum(high[here], high[later])
        low[here] = np.minimum(low[here], low[later])
    return high - low
