"""Guides for the choice of patches: orientation, blurred colours, local contrast of fine detail, and edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from impasto.numerics.borders import with_margin
from impasto.numerics.filters import central_differences, gaussian_blur

from ..shared.resampling import resized_linear

BROAD_PX = 2.5
"""Least width of a blur of a reduced picture."""
DETAIL_PX = 1.5
"""Width of the blur that separates fine detail."""
FORM_PX = 2.0
GRADIENT_PX = 1.0
"""Width of the blur before gradients are taken."""
EVEN = 1e-4
"""A place with less energy of gradients, per pixel, has hardly any orientation."""
EDGE_QUANTILE = 0.9
"""Quantile of local deviations at which an edge has full strength."""
CALM = 0.35
"""Share of the picture's own contrast in the wanted contrast. With 0, a calm sky is painted with leaves because the
style has leaves."""
QUANTILES = np.linspace(0, 1, 257)
SAMPLES = 2**16
LEAST_MASK = 0.5


def broad_blur(x: Tensor, sigma_px: float, seamless: bool = False) -> Tensor:
    """Gaussian blur of (B, C, H, W); a wide one is that of a smaller picture, which takes a fraction of the time."""
    size = [max(1, side // max(1, int(sigma_px / BROAD_PX))) for side in x.shape[2:]]
    if size == list(x.shape[2:]):
        return gaussian_blur(x, sigma_px, seamless)
    small = gaussian_blur(resized_linear(x, size, seamless), sigma_px * max(size) / max(x.shape[2:]), seamless)
    return resized_linear(small, x.shape[2:], seamless)


def deviation(x: Tensor, sigma_px: float, seamless: bool = False) -> Tensor:
    """Local standard deviation (B, 1, H, W) of (B, C, H, W) under a Gaussian window, over all channels."""
    mean = gaussian_blur(x, sigma_px, seamless)
    return (gaussian_blur(x.square(), sigma_px, seamless) - mean.square()).clamp_min(0).sum(1, keepdim=True).sqrt()


def detail_contrast(x: Tensor, sigma_px: float, seamless: bool = False) -> Tensor:
    """Local contrast of fine detail (B, 1, H, W) in (B, 3, H, W): the root of its blurred deviation."""
    return broad_blur(deviation(x, DETAIL_PX, seamless), sigma_px, seamless).sqrt()


def orientation(x: Tensor, sigma_px: float, seamless: bool = False) -> Tensor:
    """Orientation (1, 2, H, W) of the strongest changes around each pixel of (1, 3, H, W): cos 2θ and sin 2θ.

    From the smoothed structure tensor (Förstner & Gülch 1987; Bigün & Granlund 1987); its length is the coherence, from
    0 for no orientation to 1 for parallel lines.
    """
    smooth = gaussian_blur(x.mean(1, keepdim=True), GRADIENT_PX, seamless)
    down, right = central_differences(with_margin(smooth, 1, seamless))
    tensor = torch.cat([right.square() - down.square(), 2 * right * down, right.square() + down.square()], 1)
    tensor = broad_blur(tensor, sigma_px, seamless)
    return tensor[:, :2] / (tensor[:, 2:] + EVEN)


def edges(x: Tensor, seamless: bool = False) -> Tensor:
    """Strength (1, 1, H, W), from 0 to 1, of the edges of (1, 3, H, W) that must be kept (Elad & Milanfar 2017)."""
    varying = deviation(x, FORM_PX, seamless)
    strongest = varying.flatten().sort().values[int(EDGE_QUANTILE * (varying.numel() - 1))]
    return (varying / strongest.clamp_min(1e-3)).clamp(0, 1).sqrt()


def match_histogram(values: np.ndarray, known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Values mapped by the histogram matching of `known` to `wanted`."""
    moved = np.interp(values, np.quantile(known, QUANTILES), np.quantile(wanted, QUANTILES))
    return moved.astype(np.float32, copy=False)


def with_calm(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """A picture's contrasts, mixed with the wanted ones."""
    return CALM * values + (1 - CALM) * wanted


def values_inside(values: np.ndarray, mask: Tensor | None) -> np.ndarray:
    """The values (H·W, ...) where a mask is mostly white; all of them without a mask."""
    if mask is None:
        return values
    inside = values[mask.flatten().cpu().numpy() > LEAST_MASK]
    return inside if len(inside) else values


def mixture_of(values: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """A sample of the values (n, ...) of several styles, in proportion to their weights."""
    total = sum(weights)
    pairs = zip(values, weights, strict=True)
    return np.concatenate([_sample(own, int(SAMPLES * weight / total)) for own, weight in pairs if weight])


def _sample(values: np.ndarray, count: int) -> np.ndarray:
    """At most `count` of the values (n, ...), evenly spaced."""
    return values[:: max(1, -(-len(values) // max(1, count)))]
