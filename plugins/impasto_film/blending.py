"""The paint of a frame: blended from what is carried from before and from after, and what is painted anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import distance_transform_cdt

from .carrying import FEATHER_PX, HALO, LEAST_NEW, CarriedPaint, without_specks
from .motion import largest
from .passes import OUTLINE_PX, ShotFrame

NEARER = 8.0
"""Weight of a difference in what two keyframes show, in the blend between them."""
LEAST_OVERLAP = 0.1
"""Share of a frame that must be carried, far from outlines and their halos, for its colours to be compared."""


@dataclass
class FramePaint:
    """Paint of a frame: carried from the keyframe before it, and from the one after it.

    share: of the newer paint where there is both. It is 0 where the newer goes on from the older, and grows to 1 where
    both were painted by hand.
    """

    frame: ShotFrame
    older: CarriedPaint
    newer: CarriedPaint
    share: float = 0.0

    @cached_property
    def newer_weight(self) -> np.ndarray:
        """Weight (H, W) of the paint from after: 1 where there is none from before, more where it shows the like."""
        alone = _weight(self.older.is_empty, self.frame)
        if not self.share:
            return alone
        nearer = self.older.change(self.frame) - self.newer.change(self.frame)
        both = (self.share + NEARER * min(self.share, 1 - self.share) * nearer).clip(0, 1)
        return np.maximum(alone, np.where(self.newer.is_empty, 0, both))

    @cached_property
    def fresh_weight(self) -> np.ndarray:
        """Weight (H, W) of paint of its own: 1 in parts with none from before or after, if they are worth painting."""
        empty = self.older.is_empty & self.newer.is_empty
        if empty.mean() < LEAST_NEW:  # which is soon told
            return np.zeros(empty.shape, np.float32)
        weight = _weight(empty, self.frame)
        return weight if (weight == 1).mean() >= LEAST_NEW else np.zeros_like(weight)

    @property
    def is_certain(self) -> np.ndarray:
        """Whether a pixel (H, W) has paint, far from outlines and their halos."""
        is_far = self.frame.outlines_px > HALO * max(self.frame.size_px)
        return is_far & ~(self.older.is_empty & self.newer.is_empty)

    def color(self) -> np.ndarray:
        """Colours (H, W, 3) of the carried paint; pixels without paint have that beside the nearest."""
        weight = self.newer_weight
        color = self.older.filled(weight < 1).color(self.frame.color)
        where = weight > 0
        if where.any():
            newer, here = self.newer.filled(where).color(color, where), np.flatnonzero(where)
            flat, others, shares = color.reshape(-1, 3), newer.reshape(-1, 3), weight.reshape(-1, 1)
            flat[here] += shares[here] * (others[here] - flat[here])
        return color.clip(0, 1)

    def with_fresh(self, fresh: np.ndarray) -> np.ndarray:
        """The colours with those (H, W, 3) of a painting of the frame itself, like the carried ones, blended in."""
        color, known = self.color(), self.is_certain
        if known.mean() >= LEAST_OVERLAP:
            fresh = like(fresh, *(each[known].T.copy() for each in (fresh, color)))  # reduced faster so
        return color + self.fresh_weight[..., None] * (fresh - color)


def _weight(empty: np.ndarray, frame: ShotFrame) -> np.ndarray:
    """Weight (H, W) of other paint: 1 in parts without paint that are no specks, less beside them on their surface."""
    new = without_specks(empty)
    if not new.any():
        return np.zeros(new.shape, np.float32)
    distance, nearest = distance_transform_cdt(~new, return_indices=True)
    near = distance < FEATHER_PX
    beside = tuple(nearest[:, near])
    apart = largest(np.abs(frame.to_previous[near] - frame.to_previous[beside]))
    is_same = (frame.index[near] == frame.index[beside]) & (apart <= OUTLINE_PX)
    weight = np.zeros(new.shape, np.float32)
    weight[near] = np.where(is_same, 1 - distance[near] / FEATHER_PX, 0)
    return weight


def like(fresh: np.ndarray, here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) moved and scaled so that those `here` (3, N) get the mean and deviation of those `there`."""
    scale = (there.std(1) + 1e-3) / (here.std(1) + 1e-3)
    return ((fresh - here.mean(1)) * scale + there.mean(1)).clip(0, 1).astype(np.float32)
