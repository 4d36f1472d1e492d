"""Paint carried through a shot: each pixel has the number of a painted frame, and a place in that frame.

Places are carried, never colours. Each frame samples the paintings once, so strokes stay as sharp as they were painted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
from scipy.ndimage import binary_opening, distance_transform_cdt

from impasto.surface.color import luma

from .memory import Surfaces
from .motion import Motion, largest, pixel_places, samples_at
from .passes import BROAD_REACH_PX, ShotFrame, blur

MOST_PAINTINGS = 12
"""Most paintings that are kept, so that memory does not grow with the shot."""
PAINTINGS_BYTES, PX_BYTES, LEAST_PAINTINGS = 2**30, 44, 4
"""Memory limit of all paintings, memory of a painting per pixel, and number of paintings that are always kept."""
LEAST_NEW, LEAST_RECALLED = 0.002, 0.0005
"""Smallest shares of a frame that are painted, and recalled. Smaller parts take the paint of their neighbours."""
SPECK_PX = 2
"""Half the width of the smallest part that is painted."""
FEATHER_PX = 8
"""Width of the blend from one paint to another."""
SPREAD_PX = 4.0
"""Largest distance between the places of four neighbouring pixels that belong to one surface."""
MOST_STRETCH = 2.25
"""Largest change of a stroke's area before the part is painted anew: one and a half times as wide and high."""
MOST_CONTRAST, LEAST_VARIANCE = 2.0, 1e-4
"""Largest contrast with which paint follows the light, and brightness variance of a frame almost without shading."""
MOST_CHANGE = 0.12
"""Largest change of the broad (blurred) colours, for example by a passing shadow, at which paint is kept."""
HALO, GONE = 1 / 12, 0.5
"""Width of the halo around a painted object, relative to the frame's longer side; and distance that the object must
have moved away, relative to that width, before its halo is painted over."""


class PaintState(IntEnum):
    """Paint of a pixel: known; not known; or known, but no longer a match for the frame."""

    PAINTED = 0
    UNKNOWN = 1
    MISMATCHED = 2


@dataclass(frozen=True)
class PaintedFrame:
    """A painted frame: its colours (H, W, 3), and the `ShotFrame.appearance` before painting.

    surfaces: world positions of the pixels; None if the frame has no such pass.
    """

    color: np.ndarray
    appearance: np.ndarray
    surfaces: Surfaces | None

    @classmethod
    def of(cls, color: np.ndarray, frame: ShotFrame) -> PaintedFrame:
        """A frame together with its painted colours."""
        return cls(color, frame.appearance, Surfaces.of(frame))

    @cached_property
    def contrast(self) -> np.ndarray:
        """Increase (3,) of the paint's brightness where the frame is brighter by 1, measured on broad colours."""
        brightness = luma(blur(self.appearance[..., :3]))
        light = brightness - brightness.mean()
        slopes = (light[..., None] * blur(self.color)).mean((0, 1)) / (light.var() + LEAST_VARIANCE)
        return slopes.clip(0, MOST_CONTRAST).astype(np.float32)


Sampler = Callable[[PaintedFrame, np.ndarray, np.ndarray], np.ndarray]
"""Values (h, w, C) of a painting at places (h, w, 2) in it, with the change of light (h, w) since it was painted."""


@dataclass
class CarriedPaint:
    """The paint of a frame: for each pixel (H, W), the number of a painting and a place (H, W, 2) in it.

    light (H, W): increase in brightness around the pixel since it was painted. state (H, W): see `PaintState`. Number,
    place and light are valid only if the state is PAINTED.
    """

    number: np.ndarray
    places: np.ndarray
    light: np.ndarray
    state: np.ndarray
    paintings: dict[int, PaintedFrame] = field(default_factory=dict)

    @classmethod
    def nothing(cls, size_px: tuple[int, int]) -> CarriedPaint:
        """A frame without paint."""
        state, places = np.full(size_px, PaintState.UNKNOWN, np.uint8), pixel_places(size_px).copy()
        return cls(np.zeros(size_px, np.int32), places, np.zeros(size_px, np.float32), state)

    @property
    def is_empty(self) -> np.ndarray:
        """Whether a pixel (H, W) has no paint."""
        return self.state != PaintState.PAINTED

    def carry(self, motion: Motion, where: np.ndarray | None = None) -> CarriedPaint:
        """This paint in the next frame, without parts that were hidden before or that `_drop_mismatches` drops.

        motion: from the next frame back to this one. where: pixels (H, W) at which paint is needed; farther away,
        mismatches may stay.
        """
        carried, frame = self._moved_paint(motion), motion.frame
        window = np.s_[:, :] if where is None else _window(np.nonzero(where), FEATHER_PX + BROAD_REACH_PX)
        arrays = carried.number, carried.places, carried.light, carried.state
        number, places, light, state = (values[window] for values in arrays)  # views
        part = CarriedPaint(number, places, light, state, self.paintings)
        if number.size:
            part._drop_mismatches(frame.crop(window), frame.size_px)
        return carried

    def recall(self, frame: ShotFrame, moved: Collection[float], where: np.ndarray | bool = True) -> None:
        """Fill pixels without paint from paintings that show the same world points, oldest first.

        moved: indices of moving objects, whose paint cannot be found by world position. where: pixels (H, W) to fill.
        """
        surfaces = Surfaces.of(frame)
        if surfaces is None:
            return
        is_sought = surfaces.is_still(moved) & (self.state == PaintState.UNKNOWN) & where
        sought = np.stack(np.unravel_index(np.flatnonzero(is_sought), is_sought.shape), -1)
        tried = np.full(len(sought), -np.inf)
        while True:
            is_shown, number, places = self._oldest_places(surfaces, moved, sought, tried)
            if not is_shown.any():
                return
            sought, number, places = sought[is_shown], number[is_shown], places[is_shown]
            window = _window(sought.T, BROAD_REACH_PX)
            within = tuple((sought - [each.start for each in window]).T)
            part = frame.crop(window)
            found = replace(CarriedPaint.nothing(part.size_px), paintings=self.paintings)
            found.number[within], found.places[within], found.state[within] = number, places, PaintState.PAINTED
            found._drop_mismatches(part, frame.size_px)
            is_taken = found.state[within] == PaintState.PAINTED
            taken = tuple(sought[is_taken].T)
            self.number[taken], self.places[taken] = number[is_taken], places[is_taken]
            self.light[taken], self.state[taken] = found.light[within][is_taken], PaintState.PAINTED
            sought, tried = sought[~is_taken], number[~is_taken]

    def _oldest_places(
        self, surfaces: Surfaces, moved: Collection[float], sought: np.ndarray, tried: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Whether a painting shows the points of pixels (N, 2), number of the oldest such painting, and places in it.

        tried: numbers (N,) of paintings that are skipped, with all older ones.
        """
        is_shown = np.zeros(len(sought), bool)
        number, places = np.zeros(len(sought), np.int32), np.zeros((len(sought), 2))
        least = LEAST_RECALLED * self.number.size
        for one, painting in sorted(self.paintings.items()):
            left = np.flatnonzero(~is_shown & (tried < one))
            if painting.surfaces is None or left.size < least:
                continue
            here = tuple(sought[left].T)
            found = painting.surfaces.places_of(surfaces.position[here], surfaces.index[here], moved)
            is_found = np.isfinite(found[:, 0])
            if np.count_nonzero(is_found) >= least:
                new = left[is_found]
                is_shown[new], number[new], places[new] = True, one, found[is_found]
        return is_shown, number, places

    def change(self, frame: ShotFrame) -> np.ndarray:
        """Difference (H, W) in broad colours between a frame and the painted frames before painting."""
        return largest(np.abs(self._change(frame)[0]))

    def _change(self, frame: ShotFrame) -> tuple[np.ndarray, np.ndarray]:
        """Difference by channel (H, W, 3), and distance (H, W) to an outline in the painted frames."""
        paint = self._samples(frame.appearance, lambda painting, places, light: samples_at(painting.appearance, places))
        return blur(frame.color - paint[..., :3]), paint[..., 3]

    def color(self, rest: np.ndarray, where: np.ndarray | bool = True) -> np.ndarray:
        """Colours (H, W, 3) of the paint at the pixels `where` (H, W); `rest` elsewhere, and where there is no paint.

        Paint follows the light, with the contrast of its painting: it is brighter where the frame has become brighter.
        """

        def lit(painting: PaintedFrame, places: np.ndarray, light: np.ndarray) -> np.ndarray:
            return samples_at(painting.color, places, "bicubic") + painting.contrast * light[..., None]

        return self._samples(rest, lit, where)

    def _samples(self, rest: np.ndarray, sample: Sampler, where: np.ndarray | bool = True) -> np.ndarray:
        """Samples (H, W, C) of the paint at the pixels `where` (H, W); `rest` (H, W, C) elsewhere."""
        values, is_wanted = rest.copy(), ~self.is_empty & where
        flat, places, light = values.reshape(-1, values.shape[-1]), self.places.reshape(-1, 2), self.light.ravel()
        for number, painting in self.paintings.items():
            here = np.flatnonzero((self.number == number) & is_wanted)  # indexing by masks takes twice as long
            if here.size:
                flat[here] = sample(painting, places.take(here, 0)[None], light.take(here)[None])[0]
        return values

    def paint(self, number: int, where: np.ndarray, painting: PaintedFrame) -> None:
        """Give the pixels `where` (H, W) the paint of this painting. number: number of the painted frame."""
        self.number[where], self.light[where], self.state[where] = number, 0, PaintState.PAINTED
        self.places[where] = pixel_places((where.shape[0], where.shape[1]))[where]
        self.keep({number: painting} if where.any() else {})

    def keep(self, others: Mapping[int, PaintedFrame]) -> None:
        """Add paintings, and drop unused ones: first those without positions, then those closest to others in time."""
        known = {**self.paintings, **others}
        seen = self._seen(known)
        numbers = sorted(number for number in known if number in seen or known[number].surfaces)
        while len(numbers) > self._most and (unseen := [number for number in numbers if number not in seen]):
            apart = dict(zip(numbers, np.subtract([*numbers[1:], np.inf], [-np.inf, *numbers[:-1]]), strict=True))
            numbers.remove(min(unseen, key=apart.__getitem__))
        self.paintings = {number: known[number] for number in numbers}

    def gapless(self, where: np.ndarray | bool = True) -> CarriedPaint:
        """The same paint without gaps at the pixels `where`: the paint of the nearest pixel is extended."""
        empty, number, places, light = self.is_empty, self.number.copy(), self.places.copy(), self.light.copy()
        state = self.state.copy()
        here = np.nonzero(empty & where)
        if here[0].size and not empty.all():
            nearest = distance_transform_cdt(empty, return_distances=False, return_indices=True)
            beside = tuple(each[here] for each in nearest)
            number[here], light[here], state[here] = number[beside], light[beside], PaintState.PAINTED
            places[here] = places[beside] + np.stack(here, -1) - np.stack(beside, -1)
        return replace(self, number=number, places=places, light=light, state=state)

    def oldest(self) -> np.ndarray:
        """Pixels (H, W) of the oldest painting if there are too many paintings; none otherwise."""
        seen = self._seen(self.paintings)
        return ~self.is_empty & (self.number == min(seen)) if len(seen) >= self._most else np.zeros_like(self.is_empty)

    @property
    def _most(self) -> int:
        """Most paintings of this size that are kept."""
        return max(LEAST_PAINTINGS, min(MOST_PAINTINGS, PAINTINGS_BYTES // (PX_BYTES * self.number.size)))

    def _seen(self, numbers: Iterable[int]) -> set[int]:
        """Numbers among these that at least one painted pixel has."""
        painted = self.number[~self.is_empty]
        return {number for number in numbers if (painted == number).any()}

    def _drop_mismatches(self, frame: ShotFrame, whole_px: tuple[int, int]) -> None:
        """Drop paint that is stretched, no longer matches the frame, or belongs to an object's former halo.

        Also measure the change of light. whole_px: size of the whole frame, of which `frame` may be a part.
        """
        self.state[~self.is_empty & self._is_stretched()] = PaintState.MISMATCHED
        change, then = self._change(frame)
        self.light[:] = luma(change)
        halo_px, now = HALO * max(whole_px), frame.outline_distance_px
        has_gone = (then < halo_px) & (now > then + GONE * halo_px)
        self.state[~self.is_empty & ((largest(np.abs(change)) > MOST_CHANGE) | has_gone)] = PaintState.MISMATCHED

    def _moved_paint(self, motion: Motion) -> CarriedPaint:
        """Paint at each pixel's place before, interpolated between neighbours of one surface, or else the nearest."""
        moved = samples_at(self.places, motion.inside)
        is_cut = ~self._is_whole.ravel()[motion.pixels(motion.inside)]
        inside = motion.inside[is_cut]
        moved[is_cut] = self.places.reshape(-1, 2)[motion.nearest[is_cut]] + inside - inside.round()
        number, state = self.number.ravel()[motion.nearest], self.state.ravel()[motion.nearest]
        state[~motion.is_known] = PaintState.UNKNOWN
        return CarriedPaint(number, moved, np.zeros_like(self.light), state, self.paintings)

    @property
    def _is_whole(self) -> np.ndarray:
        """Whether a pixel (H, W) and its right, lower and lower right neighbours have paint of one surface."""
        is_alike = (_spread(self.number) == 0) & (_spread(self.state) == 0)
        return is_alike & (largest(_spread(self.places)) <= SPREAD_PX)

    def _is_stretched(self) -> np.ndarray:
        """Whether strokes at a pixel (H, W) would be much larger or smaller than they were painted."""
        down, right = (_differences(self.places, axis) for axis in (0, 1))
        area = np.abs(down[..., 0] * right[..., 1] - down[..., 1] * right[..., 0])
        rows, columns = (_changes(self.number, axis) | _changes(self.state, axis) for axis in (0, 1))
        is_one_painting = ~(rows | columns)  # across a border, gradients mean nothing
        is_one_painting[:-1] &= ~rows[1:]
        is_one_painting[:, :-1] &= ~columns[:, 1:]
        return is_one_painting & ((area > MOST_STRETCH) | (area < 1 / MOST_STRETCH))


def without_specks(where: np.ndarray) -> np.ndarray:
    """The pixels (H, W) without parts that are too small to be painted."""
    padded = binary_opening(np.pad(where, SPECK_PX, mode="edge"), iterations=SPECK_PX)
    return padded[SPECK_PX:-SPECK_PX, SPECK_PX:-SPECK_PX] & where


def _window(pixels: Sequence[np.ndarray], margin_px: int) -> tuple[slice, slice]:
    """Smallest rectangle around these rows and columns, widened by a margin; empty if there are none."""
    rows, columns = (
        slice(max(each.min() - margin_px, 0), each.max() + margin_px + 1) if each.size else slice(0, 0)
        for each in pixels
    )
    return rows, columns


def _changes(values: np.ndarray, axis: int) -> np.ndarray:
    """Whether a value (H, W) differs from the value before along an axis."""
    return np.diff(values, axis=axis, prepend=values.take([0], axis)) != 0


def _differences(places: np.ndarray, axis: int) -> np.ndarray:
    """Differences of places (H, W, 2) along an axis. They are 1 px, as without motion, if it is one pixel long."""
    return np.gradient(places, axis=axis) if places.shape[axis] > 1 else np.broadcast_to(np.eye(2)[axis], places.shape)


def _spread(values: np.ndarray) -> np.ndarray:
    """Range of the values (H, W, ...) of a pixel and its right, lower and lower right neighbours."""
    high, low = values.copy(), values.copy()
    for here, later in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        high[here] = np.maximum(high[here], high[later])
        low[here] = np.minimum(low[here], low[later])
    return high - low
