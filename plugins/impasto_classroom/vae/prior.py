"""Priors of the latents: N(0, I), and a Gaussian field fitted to the aggregate posterior of the training pictures.

The KL term pulls q(z|x) towards N(0, I) for each cell by itself, and never all the way: over the data, cells correlate
with their neighbours, and variances differ from 1 (the aggregate posterior is not the prior: Hoffman & Johnson 2016).
The field has the mean and the autocovariance of the aggregate posterior; its marginals are normal, its phases random.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from impasto.numerics.borders import TORUS, with_margin

REACH = 5
"""Largest distance in cells over which latents correlate: 80 texels."""
SIDE = 17
"""Side of the kernel in cells: that of the covariance, 11, and room for the tails of its root."""


def autocovariance(latents: Sequence[Tensor], mean: Tensor, variance: Tensor) -> Tensor:
    """Autocovariance (C, C, 11, 11) of latents z = μ + σε, of the μ (C, h, w), lag 0 in the middle.

    variance (C,): mean of σ², which is added at lag 0. Tapered linearly, so that it is positive definite.
    """
    channels, span = len(mean), 2 * REACH + 1
    total, count = torch.zeros(channels, channels, span, span, dtype=torch.float64), 0
    for mu in latents:
        centred = (mu - mean.view(-1, 1, 1)).double()
        size = [side + REACH for side in mu.shape[1:]]
        spectrum = torch.fft.fft2(centred, size)
        products = torch.fft.ifft2(spectrum[:, None] * spectrum[None].conj()).real  # sums over all cells, by lag
        lags = torch.arange(-REACH, REACH + 1)
        total += products[:, :, lags[:, None] % size[0], lags % size[1]]
        count += mu[0].numel()
    taper = 1 - torch.arange(-REACH, REACH + 1).abs() / (REACH + 1)
    covariance = total / count * taper[:, None] * taper
    covariance[:, :, REACH, REACH] += variance.double().diag()
    return covariance


def root(covariance: Tensor) -> Tensor:
    """Kernel (C, C, 17, 17) that gives white noise an autocovariance (C, C, 11, 11), by the root of its spectrum."""
    grid = torch.zeros(*covariance.shape[:2], SIDE, SIDE, dtype=covariance.dtype)
    inner = slice(SIDE // 2 - REACH, SIDE // 2 + REACH + 1)
    grid[:, :, inner, inner] = covariance
    spectrum = torch.fft.fft2(torch.fft.ifftshift(grid, dim=(2, 3))).permute(2, 3, 0, 1)  # (17, 17, C, C), Hermitian
    values, vectors = torch.linalg.eigh((spectrum + spectrum.mH) / 2)
    halves = vectors * values.clamp(min=0).sqrt()[..., None, :] @ vectors.mH
    kernel = torch.fft.ifft2(halves.permute(2, 3, 0, 1)).real
    return torch.fft.fftshift(kernel, dim=(2, 3)).float()


def gaussian_field(mean: Tensor, kernel: Tensor, noise: Tensor) -> Tensor:
    """Latents (C, h, w) on a torus from white noise (C, h, w): mean (C,) plus the noise filtered by the kernel."""
    flipped = kernel.flip(2, 3)  # conv2d correlates
    return mean.view(-1, 1, 1) + conv2d(with_margin(noise[None], SIDE // 2, TORUS), flipped)[0]


def prior_gap(mean: Tensor, covariance: Tensor) -> dict[str, float]:
    """Difference of the aggregate posterior from N(0, I), given its autocovariance (C, C, 11, 11).

    prior_kl: KL(N(mean, covariance of a cell) ‖ N(0, I)) in nats a cell. neighbour_correlation: mean over the channels
    of the correlation of cells beside each other; 0 for N(0, I). Taper undone.
    """
    cell = covariance[:, :, REACH, REACH]
    kl = 0.5 * (cell.trace() + mean.double().square().sum() - len(cell) - cell.logdet())
    beside = (covariance[:, :, REACH, REACH + 1] + covariance[:, :, REACH + 1, REACH]).diagonal() / 2
    correlation = beside / cell.diagonal() * (REACH + 1) / REACH
    return {"prior_kl": float(kl.clamp(min=0)), "neighbour_correlation": float(correlation.mean())}
