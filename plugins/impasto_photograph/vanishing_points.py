"""Vanishing points of a photographed wall or floor, whose straight edges are parallel or converge to a point.

As `impasto.patterns.rows` does with brightness, the picture is projected along the lines of every candidate; here it
is the strength of edges, so that joints count however short they are, and nothing needs to repeat. A lens bends lines:
its curvature is the one without which they are straightest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.patterns.correlation import normalise

SEARCH_PX, MIDDLE_PX = 128, 256
"""Longer sides of the reduced copies for the first two searches."""
TILTS, KEYSTONES = [i * 0.03 for i in range(-20, 21)], [i * 0.085 for i in range(-10, 11)]
"""Candidates of the first search: up to 31 degrees, and lines that converge to less than half of their distance."""
FARTHEST = 1.02
"""Largest tilt and keystone relative to these; beyond, the lines have another direction."""
APART, CANDIDATES, FINALISTS = 2, 8, 4
"""Smallest distance of candidates in that grid, their number, and the number refined on the middle copy."""
GRAINS = (0.004, 0.002, 0.001, 0.0005)
"""Step sizes of the tilt on the full copy; those of keystone and curvature are twice and four times as large."""
CURVATURES = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2)
MOST_STEPS = 6
LEAST_PX = 48
"""Smallest side of a picture for the search."""
SURE, LIKELY = 3.0, 2.2
"""Smallest prominence of a single point, and of a second one perpendicular to a sure one."""

Candidate = tuple[float, ...]
"""Tilt and keystone, and optionally the curvature k1, of lines along x."""


@dataclass(frozen=True)
class VanishingPoint:
    """The point of lines that run along x or along y, within 31 degrees; parallel ones meet at infinity.

    position (3,): homogeneous (x, y, w) in pixels from the picture's centre; w is 0 for parallel lines.
    prominence: variance of edge strength that the lines explain, relative to lines in any direction: up to 1.9 by
    chance. k1: curvature of the lens (Fitzgibbon 2001): what is seen at r would be at r / (1 + k1 r²), with r in halves
    of the picture's diagonal.
    """

    position: np.ndarray
    prominence: float
    k1: float = 0.0


@dataclass(frozen=True)
class _Edges:
    """Strength (h, w) of the edges along x, of mean 0, at y and x in halves of the picture's diagonal."""

    strength: Tensor
    y: Tensor
    x: Tensor

    def share(self, candidate: Candidate) -> float:
        """Fraction of the variance that the means of lines explain: y + tilt x = c (1 + keystone x) for every c."""
        tilt, keystone, *k1 = candidate
        y, x = self.y, self.x
        if k1:
            straight = 1 / (1 + k1[0] * (y.square() + x.square()))
            y, x = y * straight, x * straight
        along = (y + tilt * x) / (1 + keystone * x)
        low, high = along.min(), along.max()
        index = ((along - low) * (self.strength.shape[0] / (high - low))).round().long().flatten()
        counts = torch.bincount(index)
        sums = torch.bincount(index, weights=self.strength.flatten())
        explained = (sums.square() / counts.clamp(min=1)).sum() / self.strength.numel()
        return float(explained / self.strength.square().mean())

    def at_size(self, longest_px: int) -> _Edges:
        """A smaller copy."""
        factor = -(-max(self.strength.shape) // longest_px)
        return _Edges(*(avg_pool2d(one[None, None], factor)[0, 0] for one in (self.strength, self.y, self.x)))


def find_vanishing_points(
    luminance: Tensor, check: Callable[[], None] = lambda: None
) -> tuple[VanishingPoint | None, VanishingPoint | None]:
    """The vanishing points of lines along x and along y in luminance (H, W); None if no lines stand out.

    check: called now and then, and may raise Cancelled.
    """
    found = []
    for edges in _edges_along_both(luminance):
        check()
        best = _best(edges, [(tilt, keystone) for tilt in TILTS for keystone in KEYSTONES], check)
        found.append(_vanishing_point(edges, best, luminance))
    return _prominent_points(found)


def find_curvature(luminance: Tensor, check: Callable[[], None] = lambda: None) -> float | None:
    """The curvature k1 of the lens, by lines along x and y in luminance (H, W); None if no lines stand out."""
    found = []
    for edges in _edges_along_both(luminance):
        starts, small = [], edges.at_size(SEARCH_PX)
        for k1 in CURVATURES:
            check()
            near = max(((tilt, keystone, k1) for tilt in TILTS[::2] for keystone in KEYSTONES[::2]), key=small.share)
            starts.append(near)
        found.append(_vanishing_point(edges, _best(edges, starts, check), luminance))
    points = [point for point in _prominent_points(found) if point]
    weights = [point.prominence for point in points]
    return float(np.average([point.k1 for point in points], weights=weights)) if points else None


def _edges_along_both(luminance: Tensor) -> list[_Edges]:
    """Edges along x, and those along y with x and y exchanged; none in small or single-coloured pictures."""
    if min(luminance.shape) < LEAST_PX or float(luminance.std()) < 1e-4:
        return []
    image = normalise(luminance)[0]
    return [_edges(one) for one in (image, image.T)]


def _edges(image: Tensor) -> _Edges:
    smooth = avg_pool2d(image[None, None], 3, 1)[0, 0]
    strength = (smooth[2:, 1:-1] - smooth[:-2, 1:-1]).abs()
    half = float(np.hypot(*image.shape)) / 2
    y, x = ((torch.arange(side, device=image.device) - (side - 1) / 2) / half for side in strength.shape)
    return _Edges(strength - strength.mean(), *torch.meshgrid(y, x, indexing="ij"))


def _vanishing_point(edges: _Edges, best: Candidate, luminance: Tensor) -> VanishingPoint | None:
    """A candidate's vanishing point; None at the limits of the search, where lines have another direction."""
    tilt, keystone, *k1 = best
    if abs(tilt) > FARTHEST * TILTS[-1] or abs(keystone) > FARTHEST * KEYSTONES[-1]:
        return None
    usual = float(np.median([edges.share(pair) for pair in product(TILTS[::5], KEYSTONES[::5])]))
    slope = keystone / (float(np.hypot(*luminance.shape)) / 2)  # per pixel: lines meet at x = -1 / slope
    return VanishingPoint(np.array([-1, tilt, slope]), edges.share(best) / max(usual, 1e-9), *k1)


def _prominent_points(found: Sequence[VanishingPoint | None]) -> tuple[VanishingPoint | None, VanishingPoint | None]:
    """Prominent vanishing points of lines along x and y, from candidates along x and, exchanged, along y."""
    prominence = [point.prominence if point else 0.0 for point in found] or [0.0]
    least = LIKELY if max(prominence) >= SURE else np.inf
    along_x, along_y = (point if point and point.prominence >= least else None for point in found or (None, None))
    if along_y is not None:
        along_y = replace(along_y, position=along_y.position[[1, 0, 2]])
    return along_x, along_y


def _best(edges: _Edges, candidates: Sequence[Candidate], check: Callable[[], None]) -> Candidate:
    """The candidate whose lines explain most, refined coarse to fine."""
    small, middle = edges.at_size(SEARCH_PX), edges.at_size(MIDDLE_PX)
    near = sorted((_refine(small, one, 0.015) for one in _peaks(small, candidates)), key=small.share, reverse=True)
    check()
    best = max((_refine(middle, one, 0.0075) for one in near[:FINALISTS]), key=middle.share)
    for grain in GRAINS:
        check()
        best = _refine(edges, best, grain)
    return best


def _peaks(edges: _Edges, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best candidates that are far enough apart in the grid of tilts and keystones."""
    left = sorted(candidates, key=edges.share, reverse=True)
    peaks: list[Candidate] = []
    steps = np.array([TILTS[1] - TILTS[0], KEYSTONES[1] - KEYSTONES[0], CURVATURES[1] - CURVATURES[0]])
    for one in left:
        distances = [np.abs(np.subtract(one, peak) / steps[: len(one)]).max() for peak in peaks]
        if min(distances, default=np.inf) > APART - 1.5 * (len(one) > 2):
            peaks.append(one)
        if len(peaks) == CANDIDATES:
            break
    return peaks


def _refine(edges: _Edges, best: Candidate, grain: float) -> Candidate:
    """The local maximum reached from this candidate, to within a grain."""
    steps = (grain, 2 * grain, 4 * grain)[: len(best)]
    for _ in range(MOST_STEPS):
        moves = product((0, -1, 1), repeat=len(best))
        near = [tuple(b + s * m for b, s, m in zip(best, steps, move, strict=True)) for move in moves]
        higher = max(near, key=edges.share)
        if higher == best:
            break
        best = higher
    return best
