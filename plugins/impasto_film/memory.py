"""Long-term memory of a shot: finds world points that do not move in other frames, by Blender's Position pass.

The camera is found from the positions by the direct linear transform (Hartley and Zisserman 2004, algorithm 7.1).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.ndimage import binary_dilation

from .motion import Motion, largest, squared_length
from .passes import OUTLINE_PX, ShotFrame

REACH_PX, OFF_PX = 1.0, 0.25
"""Largest distance of a point from its nearest pixel: along the surface, and off the surface, in pixel widths."""
EDGE_PX = 2
"""Distance from a moving object within which pixels may show the object as well."""
STILL_PX, MOST_MOVED = 0.1, 0.25
"""Largest motion of a still point, and largest share of a still object's points that seem to move farther."""
MOST_TESTED, DOUBT = 10_000, 20
"""Most pixels of a frame whose motion is tested, and number of still pixels that are added to each object."""
MOST_FITTED, LEAST_FITTED = 2_000, 12
"""Most and fewest pixels to which a camera is fitted."""
ROUNDS = 4
"""Number of fits of the camera. Each leaves out the outliers of the fit before."""
FLAT = 1e-4
"""Depth of points, relative to their extent, below which they lie in one plane."""
MOST_OFF_PX = 1.0
"""Largest median distance between the pixel of a point and its projection by the fitted camera."""
LEAST_AREA = 1e-6
"""Smallest area of a pixel on a surface, relative to the product of its sides."""


@dataclass(frozen=True)
class Surfaces:
    """World positions (H, W, 3) of a frame's pixels, and the object index of each (H, W).

    still: cached result of `is_still` for the last set of moving objects.
    """

    position: np.ndarray
    index: np.ndarray
    still: dict[frozenset[float], np.ndarray] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, frame: ShotFrame) -> Surfaces | None:
        """The surfaces of a frame; None if it has no positions."""
        return None if frame.position is None else cls(frame.position, frame.index)

    @cached_property
    def is_there(self) -> np.ndarray:
        """Whether a pixel (H, W) has a position. The world background has 0; NaN and infinity are ignored."""
        farthest = largest(np.abs(self.position))  # NaN if a coordinate is NaN
        return np.isfinite(farthest) & (farthest != 0)

    def is_still(self, moved: Collection[float]) -> np.ndarray:
        """Whether a pixel (H, W) shows a surface, and is neither on nor next to one of the moved objects."""
        known = frozenset(moved)
        if known not in self.still:
            is_moving = np.isin(self.index, list(moved))
            beside = binary_dilation(is_moving, iterations=EDGE_PX) if is_moving.any() else is_moving
            self.still.clear()  # the cached result is for fewer objects
            self.still[known] = self.is_there & ~beside
        return self.still[known]

    @cached_property
    def _camera(self) -> np.ndarray | None:
        """The camera (3, 4); None if there are too few points, or no pinhole or parallel camera fits them."""
        pixels = np.argwhere(self.is_there)
        pixels = pixels[:: len(pixels) // MOST_FITTED + 1]
        points, is_near, camera = self.position[tuple(pixels.T)].astype(float), np.ones(len(pixels), bool), None
        for _ in range(ROUNDS):
            camera = camera_of(points[is_near], pixels[is_near])
            if camera is None:
                return None
            off_px = np.sqrt(squared_length(projection(camera, points) - pixels))
            is_near = off_px <= max(MOST_OFF_PX, 2 * np.median(off_px))  # other points lie on outlines
        return camera if np.median(off_px) <= MOST_OFF_PX else None

    def places_of(self, points: np.ndarray, index: np.ndarray, moved: Collection[float] = ()) -> np.ndarray:
        """Subpixel rows and columns (N, 2) of points (N, 3) of these objects (N,); NaN if a point is hidden.

        moved: indices of moving objects; no points are found on them or next to them.
        """
        places = np.full((len(points), 2), np.nan)
        if self._camera is None:
            return places
        beside = projection(self._camera, points.astype(float)).round()
        inside = np.flatnonzero(np.logical_and(*(beside == beside.clip(0, np.array(self.index.shape) - 1)).T))
        beside = beside[inside].astype(np.intp)
        here = tuple(beside.T)
        is_shown = (self.index[here] == index[inside]) & self.is_still(moved)[here]
        inside, beside = inside[is_shown], beside[is_shown]
        places[inside] = self.places_beside(points[inside], beside)
        return places

    def places_beside(self, points: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Rows and columns (N, 2) of points (N, 3) on the surfaces at pixels (N, 2); NaN for points too far away."""
        down, right = (self._side(pixels, axis) for axis in (0, 1))
        away = points.astype(float) - self.position[tuple(pixels.T)]
        pairs = ((down, down), (down, right), (right, right), (away, down), (away, right))
        down_down, down_right, right_right, away_down, away_right = (np.einsum("nc,nc->n", *pair) for pair in pairs)
        area = down_down * right_right - down_right**2
        area[area <= LEAST_AREA * down_down * right_right] = np.nan
        rows = (away_down * right_right - away_right * down_right) / area
        columns = (away_right * down_down - away_down * down_right) / area
        off = away - rows[:, None] * down - columns[:, None] * right
        is_near = squared_length(off) <= OFF_PX**2 * np.minimum(down_down, right_right)
        is_near &= np.maximum(np.abs(rows), np.abs(columns)) <= REACH_PX
        return np.where(is_near[:, None], pixels + np.stack([rows, columns], -1), np.nan)

    def _side(self, pixels: np.ndarray, axis: int) -> np.ndarray:
        """World offset (N, 3) to the next pixel, by the nearer neighbour: the farther one may show another surface."""
        here, at = self.position[tuple(pixels.T)].astype(float), pixels[:, axis]
        step = np.arange(2) == axis
        is_inside = at < self.index.shape[axis] - 1, at > 0
        ahead = self.position[tuple((pixels + step * is_inside[0][:, None]).T)] - here
        behind = here - self.position[tuple((pixels - step * is_inside[1][:, None]).T)]
        lengths = [
            np.where(inside, squared_length(way), np.inf)
            for inside, way in zip(is_inside, (ahead, behind), strict=True)
        ]
        return np.where((lengths[0] <= lengths[1])[:, None], ahead, behind)


def camera_of(points: np.ndarray, pixels: np.ndarray) -> np.ndarray | None:
    """The camera (3, 4) that best projects points (N, 3) to these pixels (N, 2); None if it is not determined.

    Points in one plane determine a homography; other points are first projected onto that plane.
    """
    if len(points) < LEAST_FITTED:
        return None
    middle, ones = points.mean(0), np.ones(len(points))
    _, extents, axes = np.linalg.svd(points - middle, full_matrices=False)
    is_wide = extents > FLAT * extents[0]
    if is_wide.sum() < 2:
        return None
    in_plane = axes[is_wide] * np.sqrt(len(points)) / extents[is_wide, None]  # (2 or 3, 3)
    to_known = np.block([[in_plane, -(in_plane @ middle)[:, None]], [np.zeros(3), 1.0]])
    known = np.c_[points, ones] @ to_known.T
    center, deviation = pixels.mean(0), pixels.std(0) + 1e-9
    down, right = ((pixels - center) / deviation).T
    none = np.zeros_like(known)
    equations = np.block([[known, none, -down[:, None] * known], [none, known, -right[:, None] * known]])
    solution = np.linalg.svd(equations, full_matrices=False)[2][-1].reshape(3, -1)
    to_pixels = np.block([[np.diag(deviation), center[:, None]], [np.zeros(2), 1.0]])
    return to_pixels @ solution @ to_known


def projection(camera: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Rows and columns (N, 2) of points (N, 3) in a camera (3, 4); not finite for points in the camera's plane."""
    seen = points @ camera[:, :3].T + camera[:, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        return seen[:, :2] / seen[:, 2:]


def moving_objects(motion: Motion) -> set[float]:
    """Indices of objects that have moved in the world since the frame before, at least in part."""
    frame = motion.frame
    surfaces, there = Surfaces.of(frame), Surfaces.of(motion.before)
    if surfaces is None or there is None:
        return set()
    known = motion.is_known & surfaces.is_there & (frame.outline_distance_px > 2 * OUTLINE_PX)
    tested = np.flatnonzero(known)
    here = np.unravel_index(tested[:: len(tested) // MOST_TESTED + 1], known.shape)
    places = motion.places[here]
    still = there.places_beside(surfaces.position[here], places.round().astype(int))
    has_moved = ~(np.abs(still - places).max(-1) <= STILL_PX)
    objects, which = np.unique(frame.index[here], return_inverse=True)
    shares = np.bincount(which, has_moved) / (np.bincount(which) + DOUBT)
    return set(objects[shares > MOST_MOVED].tolist())
