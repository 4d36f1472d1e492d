"""Denoising by hard thresholds of sliding cosine transforms (Yu & Sapiro 2011, "DCT image denoising")."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

from impasto.numerics.borders import with_margin

PATCH_PX = 8
THRESHOLD = 2.5
"""Smallest kept coefficient, relative to the noise; the paper's 2.7 smooths the texture of ground."""
BAND_PX = 2**16
"""Number of pixels processed at a time; each has 64 coefficients."""


def noise_of(x: Tensor) -> float:
    """Standard deviation of the noise of (H, W): the least principal component of its patches (Pyatykh et al. 2013).

    Texture leaves some directions of patches empty, and noise none. The covariances of pixels at all displacements
    within a patch follow from the autocorrelation on the torus.
    """
    x = (x - x.mean()).double()
    spectrum = torch.fft.rfft2(x)
    correlation = torch.fft.irfft2(spectrum.abs().square(), s=x.shape) / x.numel()
    side = torch.arange(min(PATCH_PX, *x.shape), device=x.device)
    down = side[:, None, None, None] - side[:, None]  # (n, 1, n, 1)
    along = side[:, None, None] - side  # (n, 1, n)
    covariance = correlation[down % x.shape[0], along % x.shape[1]]  # (n, n, n, n)
    return float(torch.linalg.eigvalsh(covariance.reshape(len(side) ** 2, -1))[0].clamp_min(0).sqrt())


def denoise(x: Tensor, strength: float, wraps: tuple[bool, bool], on_progress: Callable[[float], None]) -> Tensor:
    """x (C, H, W) without noise, which is measured for each channel. strength: multiplies the measured noise."""
    thresholds = [THRESHOLD * strength * noise_of(channel) for channel in x]
    margin = PATCH_PX - 1
    around = with_margin(x, margin, wraps)
    rows = max(1, BAND_PX // around.shape[2])
    smooth = torch.empty_like(x)
    for index, threshold in enumerate(thresholds):
        for top in range(0, x.shape[1], rows):
            on_progress((index + top / x.shape[1]) / len(x))
            band = around[index, top : top + rows + 2 * margin]
            smooth[index, top : top + rows] = _shrunk(band, threshold)
    return smooth


def colors_apart(x: Tensor) -> Tensor:
    """Colours (3, H, W) in the axes of the cosine transform, orthonormal: grey first. The same for all pictures."""
    return torch.einsum("ij,jhw->ihw", cosine_transform(3).to(x), x)


def colors_together(x: Tensor) -> Tensor:
    """The inverse of `colors_apart`."""
    return torch.einsum("ji,jhw->ihw", cosine_transform(3).to(x), x)


def cosine_transform(n: int) -> Tensor:
    """Orthonormal basis (n, n) of the cosine transform of n values, one in each row."""
    k, i = torch.arange(n)[:, None], torch.arange(n)[None]
    basis = torch.cos(math.pi * (i + 0.5) * k / n) * math.sqrt(2 / n)
    basis[0] /= math.sqrt(2)
    return basis


def _shrunk(band: Tensor, threshold: float) -> Tensor:
    """The inside (h, w) of a band (h + 14, w + 14), averaged over all patches; sparse ones have more weight."""
    basis = cosine_transform(PATCH_PX).to(band)
    patches = torch.einsum("ai,bj->abij", basis, basis).reshape(-1, 1, PATCH_PX, PATCH_PX)
    coefficients = conv2d(band[None, None], patches)  # (1, 64, h + 7, w + 7)
    is_large = coefficients.abs() > threshold
    is_large[:, 0] = True
    weights = 1 / is_large.sum(1, keepdim=True)
    total = conv_transpose2d(coefficients * is_large * weights, patches)
    whole = total / conv_transpose2d(weights, torch.ones_like(patches[:1]))
    margin = PATCH_PX - 1
    return whole[0, 0, margin:-margin, margin:-margin]
