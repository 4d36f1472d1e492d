"""Alpha of an object in front of a background: parts that differ from the picture's border, with soft edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad

from impasto.numerics.filters import guided_filter

from .bleeding import spread
from .islands import without_specks

FRAME = 0.04
"""Width of the border that shows the background, relative to the shorter side."""
ROBUST_STEPS = 4
LEAST_DEVIATION = 1.5
"""Least standard deviation of the background, in units of CIELAB."""
LEAST_DISTANCE = 3.0
"""Least distance of an object from the background, in its standard deviations."""
SPECK = 1e-3
"""Parts with a smaller area, relative to the picture, are noise."""
EPSILON = 1e-4
"""Differences above this variance of colour count as edges in the guided filter."""
CLEAR_SPAN = 0.01
"""Colours on the sides of an edge show alpha if their squared difference is larger than this."""
BINS = 256
BORDER_SAMPLES = 100_000
BAND_PX = 256
MARGIN_EDGES = 8
"""Rows beyond a band that are processed with it, in widths of the edge."""
Progress = Callable[[float], None]


def _nothing(fraction: float) -> None:
    """Default for `on_progress`: ignore the fraction done."""


@dataclass(frozen=True)
class Background:
    """Colours of a picture's border in CIELAB: a quadratic function of the position, and deviations.

    fit: (6, 3) coefficients of `_terms`. precision: (3, 3) inverse covariance of the colours around it.
    """

    fit: Tensor
    precision: Tensor

    @classmethod
    def of_border(cls, color: np.ndarray) -> Background:
        """The background fitted to colours (H, W, 3), robust against things that cross the border."""
        height, width = color.shape[:2]
        frame = max(1, round(FRAME * min(height, width)))
        is_border = np.ones((height, width), bool)
        is_border[frame : height - frame, frame : width - frame] = False
        chosen = np.flatnonzero(is_border)
        chosen = chosen[:: -(-len(chosen) // BORDER_SAMPLES)]
        rows, columns = np.divmod(chosen, width)
        A = _terms(torch.from_numpy(rows), torch.from_numpy(columns), (height, width)).double()
        b = _lab(color[rows, columns][None])[0].double()
        weight = torch.ones(len(A), 1, dtype=torch.float64)
        ridge = 1e-6 * len(A) * torch.eye(6, dtype=torch.float64)
        for _ in range(ROBUST_STEPS):
            fit = torch.linalg.solve(A.T @ (weight * A) + ridge, A.T @ (weight * b))
            square = (b - A @ fit).square().sum(1, keepdim=True)
            weight = 1 / (1 + square / square.median().clamp_min(LEAST_DEVIATION**2))
        residual = b - A @ fit
        covariance = (weight * residual).T @ residual / weight.sum() + LEAST_DEVIATION**2 * torch.eye(3).double()
        return cls(fit.float(), covariance.inverse().float())

    def distance(self, color: np.ndarray, top: int, size_px: tuple[int, int]) -> np.ndarray:
        """Mahalanobis distance (h, W) of a band of colours (h, W, 3), whose first row is `top`, in a picture."""
        rows, columns = torch.arange(top, top + len(color)), torch.arange(size_px[1])
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        away = _lab(color) - _terms(y, x, size_px) @ self.fit
        return ((away @ self.precision) * away).sum(2).clamp_min(0).sqrt().numpy()


def _terms(rows: Tensor, columns: Tensor, size_px: tuple[int, int]) -> Tensor:
    """Terms (..., 6) of a quadratic function of the position."""
    y, x = (2 * place.float() / max(size - 1, 1) - 1 for place, size in zip((rows, columns), size_px, strict=True))
    return torch.stack([torch.ones_like(x), x, y, x * y, x * x, y * y], -1)


def _lab(color: np.ndarray) -> Tensor:
    """Colours (h, w, 3) in CIELAB."""
    from kornia.color import rgb_to_lab

    x = torch.from_numpy(np.ascontiguousarray(color.transpose(2, 0, 1), np.float32))
    return rgb_to_lab(x[None])[0].permute(1, 2, 0)


def bands(height: int) -> Iterator[tuple[int, int]]:
    """First and last rows of bands, so that a large picture needs little memory."""
    return ((top, min(height, top + BAND_PX)) for top in range(0, height, BAND_PX))


def object_in(color: np.ndarray, tolerance: float, on_progress: Progress = _nothing) -> np.ndarray:
    """Whether a pixel (H, W) stands out from the border. tolerance: factor of the smallest distance."""
    size_px = color.shape[:2]
    background = Background.of_border(color)
    distance = np.empty(size_px, np.float32)
    for top, bottom in bands(size_px[0]):
        on_progress(top / size_px[0])
        wide = color[max(0, top - 1) : bottom + 1]
        distance[top:bottom] = background.distance(_local_means(wide), max(0, top - 1), size_px)[min(1, top) :][
            : bottom - top
        ]
    mask = distance > tolerance * max(LEAST_DISTANCE, float(np.expm1(_otsu(np.log1p(distance)))))
    return without_specks(mask, max(4, round(SPECK * mask.size)))


def _local_means(color: np.ndarray) -> np.ndarray:
    """Means (h, w, 3) of squares of three pixels, in which noise is fainter."""
    x = torch.from_numpy(np.ascontiguousarray(color.transpose(2, 0, 1), np.float32))[None]
    return _mean(x, 1)[0].permute(1, 2, 0).numpy()


def _otsu(values: np.ndarray) -> float:
    """The threshold that splits values into two classes with the smallest variances (Otsu 1979)."""
    counts, edges = np.histogram(values, BINS)
    below = np.cumsum(counts)
    above = below[-1] - below
    centres = (edges[1:] + edges[:-1]) / 2
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1 + int(np.nanargmax(np.where(above > 0, between, 0)))])


def alpha_of(color: np.ndarray, mask: np.ndarray, edge_px: int, on_progress: Progress = _nothing) -> np.ndarray:
    """Alpha (H, W) of a mask (H, W), soft across `edge_px` to either side of its border, by colours (H, W, 3)."""
    alpha = mask.astype(np.float32)
    if not edge_px:
        return alpha
    height, margin = len(mask), MARGIN_EDGES * edge_px
    for top, bottom in bands(height):
        on_progress(top / height)
        first, last = max(0, top - margin), min(height, bottom + margin)
        here = mask[first:last]
        if here.any() and not here.all():
            alpha[top:bottom] = _alpha_of_band(color[first:last], here, edge_px)[top - first : bottom - first]
    return alpha


def _alpha_of_band(color: np.ndarray, mask: np.ndarray, edge_px: int) -> np.ndarray:
    """Alpha as the place of a colour between those of background and object beyond the edge.

    It is smoothed by a guided filter (He et al. 2010), guided by the picture.
    """
    m = torch.from_numpy(mask.astype(np.float32))[None, None]
    inside = 1 - max_pool2d(_extend(1 - m, edge_px), 2 * edge_px + 1, 1)
    outside = 1 - max_pool2d(_extend(m, edge_px), 2 * edge_px + 1, 1)
    F, B = (spread(color, one[0, 0].numpy()) for one in (inside, outside))
    span = ((F - B) ** 2).sum(2)
    line = np.clip(((color - B) * (F - B)).sum(2) / np.maximum(span, 1e-6), 0, 1)
    sure = np.clip(span / CLEAR_SPAN, 0, 1)  # where both have about the same colour, the mask alone decides
    alpha = torch.from_numpy(mask + sure * (line - mask)).float()[None, None]
    alpha = torch.where(inside > 0, 1.0, torch.where(outside > 0, 0.0, alpha))
    guide = torch.from_numpy(np.ascontiguousarray(color.transpose(2, 0, 1), np.float32))[None]
    radius_px = max(1, edge_px // 2)
    smooth = guided_filter(guide, alpha, lambda x: _mean(x, radius_px), EPSILON).clamp(0, 1)
    alpha = torch.where(inside > 0, 1.0, torch.where(outside > 0, 0.0, smooth))
    return alpha[0, 0].numpy()


def _mean(x: Tensor, radius_px: int) -> Tensor:
    """Mean of each square of x (1, C, H, W)."""
    return avg_pool2d(_extend(x, radius_px), 2 * radius_px + 1, 1)


def _extend(x: Tensor, margin_px: int) -> Tensor:
    return pad(x, (margin_px,) * 4, "replicate")
