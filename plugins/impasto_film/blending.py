"""Paint of a frame: a blend of paint carried from earlier frames, paint carried from later frames, and new paint."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import distance_transform_cdt

from impasto.surface.resizing import broad_means

from .carrying import FEATHER_PX, HALO, LEAST_NEW, CarriedPaint, without_specks
from .motion import largest
from .passes import OUTLINE_PX, ShotFrame

NEARER = 8.0
"""Preference of the blend of two keyframes for the keyframe that looks more like the frame."""
LEAST_OVERLAP = 0.1
"""Least share of a frame with carried paint, away from outlines, to which colours of new paint are matched."""


@dataclass
class FramePaint:
    """Paint of a frame: `older` is carried from the keyframe before the frame, and `newer` from the keyframe after it.

    share: weight of the newer paint at pixels that have both. It is 0 if the newer keyframe continues the older paint,
    and grows to 1 towards a keyframe that was painted by hand.
    """

    frame: ShotFrame
    older: CarriedPaint
    newer: CarriedPaint
    share: float = 0.0

    @cached_property
    def newer_weight(self) -> np.ndarray:
        """Weight (H, W) of the newer paint: 1 where there is no older paint, more where it matches the frame better."""
        if not self.share:
            return _weight(self.older.is_empty, self.frame)
        alone, gone = (_weight(one.is_empty, self.frame, self._reach_px) for one in (self.older, self.newer))
        return np.minimum(np.maximum(alone, self._both), 1 - gone)

    @cached_property
    def _both(self) -> np.ndarray:
        """Weight (H, W) of the newer paint at pixels that have both, and `share` at the others."""
        nearer = ~self._is_alone * (self.older.change(self.frame) - self.newer.change(self.frame))
        return (self.share + NEARER * min(self.share, 1 - self.share) * nearer).clip(0, 1)

    @property
    def _is_alone(self) -> np.ndarray:
        return self.older.is_empty | self.newer.is_empty

    @property
    def _reach_px(self) -> float:
        return HALO * max(self.frame.size_px)

    @cached_property
    def fresh_weight(self) -> np.ndarray:
        """Weight (H, W) of new paint: 1 in parts without carried paint, or 0 everywhere if they are too small."""
        empty = self.older.is_empty & self.newer.is_empty
        if empty.mean() < LEAST_NEW:  # a quick test first
            return np.zeros(empty.shape, np.float32)
        weight = _weight(empty, self.frame)
        return weight if (weight == 1).mean() >= LEAST_NEW else np.zeros_like(weight)

    @property
    def is_certain(self) -> np.ndarray:
        """Whether a pixel (H, W) has paint, far from outlines and their halos."""
        is_far = self.frame.outline_distance_px > self._reach_px
        return is_far & ~(self.older.is_empty & self.newer.is_empty)

    def color(self) -> np.ndarray:
        """Colours (H, W, 3) of the carried paint. Pixels without paint extend the paint of the nearest pixel."""
        weight = self.newer_weight
        where = weight > 0
        color = self.older.gapless((weight < 1) | bool(self.share)).color(self.frame.color)
        if where.any():
            newer, here = self.newer.gapless(where).color(color, where), np.flatnonzero(where)
            tone = self._apart(newer - color) * (self._both - weight)[..., None] if self.share else 0
            flat, others, shares = color.reshape(-1, 3), newer.reshape(-1, 3), weight.reshape(-1, 1)
            flat[here] += shares[here] * (others[here] - flat[here])
            color += tone
        return color.clip(0, 1)

    def _apart(self, difference: np.ndarray) -> np.ndarray:
        """Broad difference (H, W, 3) of the two paints where an object has both, continued to the rest of the object.

        With it, paint that stands alone gets the tone of the mixture around it: a static wall changes as a whole.
        """
        found = np.zeros_like(difference)
        for index in np.unique(self.frame.index[self.newer_weight != self._both]):
            own = self.frame.index == index
            found[own] = broad_means(difference, own & ~self._is_alone, self._reach_px)[own]
        return found

    def with_fresh(self, fresh: np.ndarray) -> np.ndarray:
        """The colours with a new painting (H, W, 3) of the frame blended in, matched to the carried colours."""
        color, known = self.color(), self.is_certain
        if known.mean() >= LEAST_OVERLAP:
            here, there = (each[known].T.copy() for each in (fresh, color))  # copies are faster to reduce
            fresh = match_colors(fresh, here, there)
        return color + self.fresh_weight[..., None] * (fresh - color)


def _weight(empty: np.ndarray, frame: ShotFrame, reach_px: float = FEATHER_PX) -> np.ndarray:
    """Weight (H, W) of other paint: 1 in empty parts larger than specks, fading out around them on the same surface."""
    new = without_specks(empty)
    if not new.any():
        return np.zeros(new.shape, np.float32)
    distance, nearest = distance_transform_cdt(~new, return_indices=True)
    near = distance < reach_px
    beside = tuple(nearest[:, near])
    apart = largest(np.abs(frame.to_previous[near] - frame.to_previous[beside]))
    is_same = (frame.index[near] == frame.index[beside]) & (apart <= OUTLINE_PX)
    weight = np.zeros(new.shape, np.float32)
    weight[near] = np.where(is_same, 1 - distance[near] / reach_px, 0)
    return weight


def match_colors(fresh: np.ndarray, here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) shifted and scaled so that the samples `here` (3, N) get the mean and deviation of `there`."""
    scale = (there.std(1) + 1e-3) / (here.std(1) + 1e-3)
    return ((fresh - here.mean(1)) * scale + there.mean(1)).clip(0, 1).astype(np.float32)
