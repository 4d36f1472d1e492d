"""Long-term memory of a shot: where a frame shows points that stand still in the world, by Blender's Position pass."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import binary_dilation
from scipy.spatial import cKDTree

from ..io.passes import OUTLINE_PX, ShotFrame
from .motion import is_known

REACH_PX, OFF_PX = 1.0, 0.25
"""Farthest that a point may be from the pixel beside it: along the surface, and off it in its smaller pixels."""
EDGE_PX = 2
"""Distance to what moves within which pixels may show that too."""
STILL_PX, MOST_MOVED = 0.1, 0.25
"""Farthest way in a frame of what stands still, and largest share of a still object that seems to go farther."""
MOST_TESTED, DOUBT = 10_000, 20
"""Limit of the pixels of a frame whose ways are tested, and still ones that each object is taken to have besides."""
LEAST_AREA = 1e-6
"""Least area of a pixel on a surface, relative to the square of its sides."""


@dataclass(frozen=True)
class Surfaces:
    """Positions in the world (H, W, 3) that a frame shows, and the object of each pixel (H, W)."""

    position: np.ndarray
    index: np.ndarray

    @classmethod
    def of(cls, frame: ShotFrame) -> Surfaces | None:
        """The surfaces of a frame; None if it has no positions."""
        return None if frame.position is None else cls(frame.position, frame.index)

    @property
    def is_there(self) -> np.ndarray:
        """Whether a pixel (H, W) has a position: the world has 0, and what is no number is of no use."""
        return np.isfinite(self.position).all(-1) & (self.position != 0).any(-1)

    def is_still(self, moved: Collection[float]) -> np.ndarray:
        """Whether a pixel (H, W) shows a surface, and none of these objects, nor is beside one."""
        return self.is_there & ~binary_dilation(np.isin(self.index, list(moved)), iterations=EDGE_PX)

    @cached_property
    def _tree(self) -> tuple[cKDTree, np.ndarray]:
        pixels = np.argwhere(self.is_there)
        return cKDTree(self.position[self.is_there], balanced_tree=False, compact_nodes=False), pixels

    def places_of(self, points: np.ndarray, index: np.ndarray, moved: Collection[float] = ()) -> np.ndarray:
        """Rows and columns (N, 2) of points (N, 3) of these objects (N,), in parts of a pixel; NaN if not shown.

        moved: indices of objects of which, and beside which, nothing is found.
        """
        tree, pixels = self._tree
        if not len(pixels):
            return np.full((len(points), 2), np.nan)
        beside = pixels[tree.query(points)[1]]
        here = tuple(beside.T)
        is_shown = (self.index[here] == index) & self.is_still(moved)[here]
        return np.where(is_shown[:, None], self.places_beside(points, beside), np.nan)

    def places_beside(self, points: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Rows and columns (N, 2) of points (N, 3) on the surfaces beside these pixels (N, 2); NaN if not there."""
        down, right = (self._side(pixels, np.array(step)) for step in ((1, 0), (0, 1)))
        away = points.astype(float) - self.position[tuple(pixels.T)]
        down_down, down_right, right_right = ((a * b).sum(-1) for a, b in ((down, down), (down, right), (right, right)))
        away_down, away_right = (away * down).sum(-1), (away * right).sum(-1)
        area = down_down * right_right - down_right**2
        area[area <= LEAST_AREA * down_down * right_right] = np.nan
        rows = (away_down * right_right - away_right * down_right) / area
        columns = (away_right * down_down - away_down * down_right) / area
        off = away - rows[:, None] * down - columns[:, None] * right
        is_near = (off**2).sum(-1) <= OFF_PX**2 * np.minimum(down_down, right_right)
        is_near &= np.maximum(np.abs(rows), np.abs(columns)) <= REACH_PX
        return np.where(is_near[:, None], pixels + np.stack([rows, columns], -1), np.nan)

    def _side(self, pixels: np.ndarray, step: np.ndarray) -> np.ndarray:
        """The way (N, 3) to the next pixel, by the nearer of two neighbours: the other may be of another surface."""
        here, limits = self.position[tuple(pixels.T)].astype(float), np.array(self.index.shape) - 1
        ahead, behind = (
            np.where(
                ((to >= 0) & (to <= limits)).all(-1)[:, None],
                sign * (self.position[tuple(to.clip(0, limits).T)] - here),
                np.inf,
            )
            for sign, to in ((1, pixels + step), (-1, pixels - step))
        )
        is_ahead = np.linalg.norm(ahead, axis=-1) <= np.linalg.norm(behind, axis=-1)
        return np.where(is_ahead[:, None], ahead, behind)


def moving_objects(frame: ShotFrame, before: ShotFrame) -> set[float]:
    """Indices of objects that have moved in the world since the frame before, or of which a part has."""
    surfaces, there = Surfaces.of(frame), Surfaces.of(before)
    if surfaces is None or there is None:
        return set()
    known = is_known(frame, before) & surfaces.is_there & (frame.outlines_px > 2 * OUTLINE_PX)
    tested = np.argwhere(known)[:: known.sum() // MOST_TESTED + 1]
    here = tuple(tested.T)
    places = tested + frame.to_previous[here]
    still = there.places_beside(surfaces.position[here], places.round().astype(int))
    has_moved = ~(np.abs(still - places).max(-1) <= STILL_PX)
    objects, which = np.unique(frame.index[here], return_inverse=True)
    shares = np.bincount(which, has_moved) / (np.bincount(which) + DOUBT)
    return set(objects[shares > MOST_MOVED].tolist())
