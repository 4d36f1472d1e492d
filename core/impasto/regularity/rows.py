"""Rows, as of bricks: means along one direction repeat, even if the joints within rows do not.

Found by projecting the picture onto one axis, for every small tilt and keystone (parallel lines that converge in a
photograph), and keeping the projection with the largest variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

import torch

LEAST_PX = 24
"""Least shorter side of a picture that is searched."""
CORRELATION, VARIANCE_SHARE = 0.6, 0.035
"""Least correlation of a profile of rows after one period, and least fraction of the picture's variance."""
KEYSTONE_SHARE = 3 * VARIANCE_SHARE
"""Least fraction that converging lines explain: with two more degrees of freedom, noise too has a profile."""
KEYSTONE_GAIN, LEAST_KEYSTONE = 1.25, 0.03
"""Least variance of converging lines relative to parallel ones, and least keystone."""
LEVEL_SHARE = 0.97
"""Rows count as level if level ones explain at least this fraction of the variance that the best tilt explains."""
SEARCH_PX = 192
"""Longer side of the reduced copy for the first search for tilt and keystone."""
KEPT_PX = 256
"""Longest side of pictures whose lines are kept, 30 MB for a size: previews of one size come again and again."""
TILTS, KEYSTONES = [i / 50 for i in range(-6, 7)], [i / 25 for i in range(-8, 9)]
"""Candidates of that search: up to 7 degrees, and lines that converge by a third of their distance."""
REFINEMENTS = (0.01, 0.005, 0.0025)
"""Step sizes of tilt and keystone for refining the best candidate at full size."""
REACH = 0.6
"""Largest shift of a profile's autocorrelation, relative to its length."""
LEAST_PERIOD_PX = 6
PEAK, TALLEST_SHARE, SURE = 0.3, 0.8, 0.85
"""Least correlation of a peak; of the first relative to the tallest; and of one without a second at a multiple."""


@dataclass(frozen=True)
class Rows:
    """Rows along y (or with y and x exchanged): (y + tilt x) / (1 + keystone x) repeats every `period` pixels.

    Coordinates are centred, in pixels of the picture; for `keystone`, x is relative to half the picture's width.
    variance_share: fraction of the picture's variance that the means of lines explain.
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

    level: look only for rows without tilt and keystone.
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


def _coordinates(size_px: tuple[int, int], tilt: float, keystone: float, device: torch.device) -> torch.Tensor:
    """Projection of each pixel (h, w) onto the axis, in pixels from the centre."""
    height, width = size_px
    y = torch.arange(height, device=device)[:, None] - (height - 1) / 2
    x = torch.arange(width, device=device)[None] - (width - 1) / 2
    return (y + tilt * x) / (1 + keystone * x * 2 / width)


def _lines(
    size_px: tuple[int, int], tilt: float, keystone: float, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """The pixel of the axis that each pixel is projected into (h · w,), and how many are projected into each (n,)."""
    along = _coordinates(size_px, tilt, keystone, device)
    index = (along - along.min()).round().to(torch.int16 if max(size_px) <= KEPT_PX else torch.int64).flatten()
    return index, torch.bincount(index)


_kept_lines = lru_cache(maxsize=512)(_lines)


def _profile(image: torch.Tensor, tilt: float, keystone: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Means (n,) and counts (n,) of the pixels projected into each pixel of the axis."""
    lines = _kept_lines if max(image.shape) <= KEPT_PX else _lines
    index, counts = lines((image.shape[0], image.shape[1]), tilt, keystone, image.device)
    sums = torch.bincount(index, weights=image.flatten())
    return (sums / counts.clamp(min=1)).to(image.dtype), counts


def _straightest(image: torch.Tensor) -> tuple[float, float, float]:
    """Tilt and keystone of the profile that explains the largest fraction of the variance, and that fraction."""
    step = max(1, max(image.shape) // SEARCH_PX)
    small = torch.nn.functional.avg_pool2d(image[None, None], step)[0, 0]
    total = float(image.square().mean())

    @cache
    def share_of(axis: tuple[float, float], of: torch.Tensor) -> float:
        return _explained_share(of, axis, total)

    best: tuple[float, float] = max(product(TILTS, KEYSTONES), key=lambda pair: share_of(pair, small))
    straight = max(product(TILTS, [0.0]), key=lambda pair: share_of(pair, small))
    converges = share_of(best, small) > KEYSTONE_GAIN * share_of(straight, small) and abs(best[1]) > LEAST_KEYSTONE
    best = best if converges else straight
    for grain in REFINEMENTS:
        sides = (-grain, 0.0, grain) if converges else (0.0,)
        near = [(best[0] + a, best[1] + b) for a in (0.0, -grain, grain) for b in sides]
        best = max(near, key=lambda pair: share_of(pair, image))
    level = (0.0, best[1])
    if share_of(level, image) > LEVEL_SHARE * share_of(best, image):
        best = level
    return *best, share_of(best, image)


def _explained_share(image: torch.Tensor, axis: tuple[float, float], total: float | None = None) -> float:
    """Fraction of the variance (`total`, or the image's own) that means of lines with a tilt and a keystone explain."""
    means, counts = _profile(image, *axis)
    explained = float((means.square() * counts).sum() / counts.sum())
    return explained / max(float(image.square().mean()) if total is None else total, 1e-9)


def _profile_correlation(image: torch.Tensor, tilt: float, keystone: float) -> torch.Tensor:
    """Autocorrelation (n,) of the profile at shifts up to `REACH` of its length, 1 at shift 0."""
    means, counts = _profile(image, tilt, keystone)
    weight = (counts > 0.5 * counts.float().quantile(0.5)).to(means.dtype)  # without the corners of a tilted picture
    means = (means - (means * weight).sum() / weight.sum()) * weight
    length = 2 * len(means)
    products = torch.fft.irfft(torch.fft.rfft(means, n=length).abs().square(), n=length)
    overlaps = torch.fft.irfft(torch.fft.rfft(weight, n=length).abs().square(), n=length).clamp(min=1)
    correlation = (products / overlaps)[: int(REACH * float(weight.sum()))].cpu()
    return correlation / correlation[0].clamp(min=1e-9)


def _period(correlation: torch.Tensor, threshold: float) -> float | None:
    """The shortest shift that correlates about as well as the best; two multiples must, or a single one very well."""
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
