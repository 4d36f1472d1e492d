"""Rows, such as those of bricks: means along one direction repeat, even if joints within rows do not.

The picture is projected onto one axis, for each small tilt and keystone (parallel lines that converge in a photograph);
the projection with the largest variance is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

LEAST_PX = 24
"""Least shorter side of a picture for a search."""
CORRELATION, VARIANCE_SHARE = 0.6, 0.035
"""Least correlation of a profile of rows after one period, and least share of the variance of the picture."""
KEYSTONE_SHARE = 3 * VARIANCE_SHARE
"""Least share that converging lines explain: with two more degrees of freedom, noise has a profile, too."""
KEYSTONE_GAIN, LEAST_KEYSTONE = 1.25, 0.03
"""Least variance of converging lines, relative to parallel ones, and least keystone."""
LEVEL_SHARE = 0.97
"""Share of the variance of the best tilt that level rows must explain to be preferred."""
SEARCH_PX = 192
"""Longer side of the reduced copy for the first search for tilt and keystone."""
CACHED_PX = 256
"""Longest side of pictures whose projections are cached, 30 MB for a size: previews have one size again and again."""
TILTS, KEYSTONES = [i / 50 for i in range(-6, 7)], [i / 25 for i in range(-8, 9)]
"""Candidates of that search, up to 7 degrees, and lines that converge by a third of their distance."""
REFINEMENTS = (0.01, 0.005, 0.0025)
"""Step sizes of tilt and keystone for refining the best candidate at full size."""
REACH = 0.6
"""Largest shift of a profile's autocorrelation, relative to its length."""
LEAST_PERIOD_PX = 6
PEAK, TALLEST_SHARE, SURE = 0.3, 0.8, 0.85
"""Least correlation of a peak; of the first, relative to the tallest; and of one without a second at a multiple."""


@dataclass(frozen=True)
class Rows:
    """Rows along y (or with y and x exchanged): (y + tilt x) / (1 + keystone x) repeats every `period` pixels.

    Coordinates are centred, in pixels of the picture; for `keystone`, x is relative to half the picture's width.
    variance_share: share of the variance of the picture that the means of lines explain.
    """

    period: float
    tilt: float
    keystone: float
    variance_share: float

    def wave_vector(self, axis: int) -> torch.Tensor:
        """Wave vector (2,) of rows that follow each other along y (axis 0) or x (1), in cycles per pixel (y, x)."""
        along = torch.tensor([1.0, self.tilt])
        return (along if axis == 0 else along.flip(0)) / self.period


def find_rows(image: torch.Tensor, sensitivity: float = 1.0, level: bool = False) -> Rows | None:
    """Rows that follow each other along y in a normalised picture (h, w); thresholds are divided by `sensitivity`.

    level: search only for rows without tilt and keystone.
    """
    if min(image.shape) < LEAST_PX:
        return None
    tilt, keystone, share = (0.0, 0.0, _explained_share(image, (0.0, 0.0))) if level else _straightest(image)
    if keystone and share < KEYSTONE_SHARE:
        return None
    correlation = _profile_correlation(image, tilt, keystone)
    if share < VARIANCE_SHARE / sensitivity:
        return None
    period = _period(correlation, CORRELATION / sensitivity)
    return None if period is None else Rows(period, tilt, keystone, share)


Axis: TypeAlias = "tuple[float, float]"
"""Tilt and keystone of lines."""


@dataclass(frozen=True)
class Projections:
    """Projections of all pixels (h, w) onto several axes: bins (axes, h·w), and the numbers of pixels in their bins."""

    bins: np.ndarray
    counts: Sequence[np.ndarray]

    @classmethod
    def of(cls, size_px: tuple[int, int], axes: tuple[Axis, ...]) -> Projections:
        """Projections along lines, in bins of one pixel."""
        bins = np.stack([_bins(size_px, *axis) for axis in axes])
        return cls(bins, [np.bincount(own) for own in bins])

    def means(self, image: np.ndarray) -> list[np.ndarray]:
        """For each axis, the means (n,) of the pixels of an image (h, w) in its bins; 0 in empty bins."""
        sums = (np.bincount(own, image.ravel()) for own in self.bins)
        return [total / np.maximum(counts, 1) for total, counts in zip(sums, self.counts, strict=True)]

    def energies(self, image: np.ndarray) -> np.ndarray:
        """Mean squares (axes,) of an image (h, w) after lines along each axis are replaced by their means."""
        means = zip(self.means(image), self.counts, strict=True)
        return np.array([(np.square(own) * counts).sum() for own, counts in means]) / image.size


def _bins(size_px: tuple[int, int], tilt: float, keystone: float) -> np.ndarray:
    """Bin of the axis, from 0, into which each pixel is projected (h · w,)."""
    height, width = size_px
    y = torch.arange(height)[:, None] - (height - 1) / 2
    x = torch.arange(width)[None] - (width - 1) / 2
    along = (y + tilt * x) / (1 + keystone * x * 2 / width)
    return (along - along.min()).round().flatten().numpy().astype(np.uint16)


_cached_projections = lru_cache(maxsize=40)(Projections.of)


def _projections(image: np.ndarray, axes: Iterable[Axis]) -> Projections:
    of = _cached_projections if max(image.shape) <= CACHED_PX else Projections.of
    return of((image.shape[0], image.shape[1]), tuple(axes))


def _straightest(image: torch.Tensor) -> tuple[float, float, float]:
    """Tilt and keystone of the profile that explains the largest share of the variance, and that share."""
    step = max(1, max(image.shape) // SEARCH_PX)
    small, whole = (_pixels(avg_pool2d(image[None, None], side)[0, 0]) for side in (step, 1))
    energies = _energies(small)
    tilt, keystone = np.unravel_index(energies.argmax(), energies.shape)
    straight = energies[:, KEYSTONES.index(0.0)]
    converges = energies.max() > KEYSTONE_GAIN * straight.max() and abs(KEYSTONES[keystone]) > LEAST_KEYSTONE
    best = (TILTS[tilt], KEYSTONES[keystone]) if converges else (TILTS[straight.argmax()], 0.0)
    for grain in REFINEMENTS:
        sides = (-grain, 0.0, grain) if converges else (0.0,)
        near = [(best[0] + a, best[1] + b) for a in (0.0, -grain, grain) for b in sides]
        best = near[_projections(whole, near).energies(whole).argmax()]
    level = (0.0, best[1])
    leveled, tilted = _projections(whole, (level, best)).energies(whole)
    axis, energy = (level, leveled) if leveled > LEVEL_SHARE * tilted else (best, tilted)
    return *axis, float(energy / max(np.square(whole).mean(), 1e-9))


def _energies(image: np.ndarray) -> np.ndarray:
    """`Projections.energies` (TILTS, KEYSTONES) of an image (h, w)."""
    mirrored = np.ascontiguousarray(image[:, ::-1])  # for negative keystones, to cache half as much
    columns = []
    for keystone in KEYSTONES:
        projections = _projections(image, [(tilt, abs(keystone)) for tilt in TILTS])
        columns.append(projections.energies(image) if keystone >= 0 else projections.energies(mirrored)[::-1])
    return np.stack(columns, 1)


def _pixels(image: torch.Tensor) -> np.ndarray:
    return image.cpu().numpy().astype(np.float64)


def _explained_share(image: torch.Tensor, axis: Axis) -> float:
    """Share of the variance of an image (h, w) that means of lines with a tilt and a keystone explain."""
    pixels = _pixels(image)
    (energy,) = _projections(pixels, [axis]).energies(pixels)
    return float(energy / max(np.square(pixels).mean(), 1e-9))


def _profile_correlation(image: torch.Tensor, tilt: float, keystone: float) -> torch.Tensor:
    """Autocorrelation (n,) of the profile at shifts up to `REACH` of its length, 1 at shift 0."""
    pixels = _pixels(image)
    projection = _projections(pixels, [(tilt, keystone)])
    means, counts = (torch.from_numpy(one) for one in (projection.means(pixels)[0], projection.counts[0]))
    means = means.to(image.dtype)
    weight = (counts > 0.5 * counts.float().quantile(0.5)).to(means.dtype)  # without the corners of a tilted picture
    means = (means - (means * weight).sum() / weight.sum()) * weight
    length = 2 * len(means)
    products = torch.fft.irfft(torch.fft.rfft(means, n=length).abs().square(), n=length)
    overlaps = torch.fft.irfft(torch.fft.rfft(weight, n=length).abs().square(), n=length).clamp(min=1)
    correlation = (products / overlaps)[: int(REACH * float(weight.sum()))].cpu()
    return correlation / correlation[0].clamp(min=1e-9)


def _period(correlation: torch.Tensor, threshold: float) -> float | None:
    """The shortest shift with nearly the best correlation; it needs two multiples, or a very high correlation."""
    reach = len(correlation)
    values = correlation.tolist()
    peaks = [k for k in range(LEAST_PERIOD_PX, reach - 1) if values[k] >= max(*values[max(0, k - 3) : k + 4], PEAK)]
    near = [k for k in peaks if k < reach / 2]
    if not near:
        return None
    highest = max(values[k] for k in near)
    if highest < threshold:
        return None
    period: float = next(k for k in near if values[k] > TALLEST_SHARE * highest)
    for _ in range(2):  # least squares over the peaks near its multiples
        multiples = [(round(k / period), k) for k in peaks if abs(k / period - round(k / period)) < 0.2]
        period = sum(n * k for n, k in multiples) / sum(n * n for n, _ in multiples)
    verified = len({n for n, _ in multiples}) >= 2
    return period if verified or highest > SURE else None
