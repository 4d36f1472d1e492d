"""Statistics of a small picture: its colours, and the variation of lightness over scales, orientations and distances.

They are magnitudes of log-Gabor filters (Field 1987) with their sparseness, asymmetry and correlations, as Portilla and
Simoncelli (2000) describe textures, and the autocorrelation along rows and columns.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from impasto.numerics.borders import periodic_component

SIDE_PX = 128
"""Side of the pictures that are measured."""
WAVELENGTHS_PX = (2.8, 5.6, 11.2, 22.4, 44.8)
ORIENTATIONS = 6
LAGS_PX = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 23, 26, 29, 32, 36, 40, 45, 50, 56, 63)
QUANTILES = 32
COLOR_FEATURES = 12
"""Number of the first features, which describe colours and not their arrangement."""
LEAST_DEVIATION = 0.004
"""A picture with less deviation of lightness, the rounding of 8 bits, has no pattern."""


def features_of(lab: Tensor) -> Tensor:
    """Features (F,) of a picture (3, SIDE_PX, SIDE_PX) in Oklab; the first `COLOR_FEATURES` describe its colours."""
    lightness, deviation = lab[0], lab[0].std().clamp_min(LEAST_DEVIATION)
    pattern = periodic_component(lab - lab.mean((1, 2), keepdim=True))
    pattern = pattern / deviation
    return torch.cat([_of_colors(lab), _of_bands(pattern), _of_lags(pattern[0]), _of_tones(lightness, deviation)])


def _of_colors(lab: Tensor) -> Tensor:
    """Means, deviations and correlations in Oklab, and the lightness's deciles."""
    means, deviations = lab.mean((1, 2)), lab.std((1, 2)) + 1e-3
    normal = (lab - means[:, None, None]) / deviations[:, None, None]
    light, a, b = normal.flatten(1)
    deciles = torch.quantile(lab[0].flatten(), lab.new_tensor([0.05, 0.5, 0.95]))
    return torch.cat([means, deviations.log(), torch.stack([light @ a, light @ b, a @ b]) / a.numel(), deciles])


def _of_tones(lightness: Tensor, deviation: Tensor) -> Tensor:
    """Skewness and flatness of the distribution of lightness."""
    normal = (lightness - lightness.mean()) / deviation
    return torch.stack([normal.pow(3).mean().clamp(-4, 4), normal.pow(4).mean().clamp(0, 20).sqrt()])


def _of_bands(pattern: Tensor) -> Tensor:
    """For each band: energy, sparseness, skewness and energy of colours; and the correlations of magnitudes."""
    filters = _filters(pattern.shape[-1])  # (S, K, H, W), one-sided
    spectra = torch.fft.fft2(pattern)
    bands = torch.fft.ifft2(spectra[0] * filters)
    magnitudes = bands.abs()
    means = magnitudes.mean((2, 3)) + 1e-4
    sparse = magnitudes.square().mean((2, 3)) / means.square()
    whole = bands.real.sum(1)  # (S, H, W)
    skewness = whole.pow(3).mean((1, 2)) / (whole.square().mean((1, 2)).pow(1.5) + 1e-6)
    flatness = whole.pow(4).mean((1, 2)) / (whole.square().mean((1, 2)).square() + 1e-6)
    colors = (spectra[1:, None].abs() * filters.sum(1)).square().mean((2, 3)) / pattern[0].numel()
    scales = magnitudes.sum(1).flatten(1)
    return torch.cat(
        [
            means.log().flatten(),
            sparse.log().flatten(),
            skewness.clamp(-4, 4),
            flatness.clamp(1, 30).log(),
            (colors + 1e-4).log().flatten(),
            _correlations(scales),
            _correlations(magnitudes.sum(0).flatten(1)),
        ]
    )


def _correlations(rows: Tensor) -> Tensor:
    """Correlations of all pairs of N rows (N, M): N (N - 1) / 2 numbers."""
    normal = rows - rows.mean(1, keepdim=True)
    normal = normal / (normal.norm(dim=1, keepdim=True) + 1e-6)
    above = torch.triu_indices(len(rows), len(rows), 1)
    return (normal @ normal.T)[above[0], above[1]]


def _of_lags(pattern: Tensor) -> Tensor:
    """Autocorrelation of lightness along rows and columns, and of its sums across these."""
    power = torch.fft.fft2(pattern).abs().square()
    power[0, 0] = 0
    everywhere = torch.fft.ifft2(power).real
    across, down = (torch.fft.ifft(line).real for line in (power[0], power[:, 0]))
    lags = list(LAGS_PX)
    whole = everywhere[0, 0] + 1e-6
    return torch.cat(
        [
            everywhere[0, lags] / whole,
            everywhere[lags, 0] / whole,
            across[lags] / (across[0] + 1e-6),
            down[lags] / (down[0] + 1e-6),
        ]
    )


@lru_cache(maxsize=2)
def _filters(side: int) -> Tensor:
    """Transfer functions (S, K, side, side) of one-sided log-Gabor filters."""
    frequencies = torch.fft.fftfreq(side)
    fy, fx = frequencies[:, None], frequencies[None]
    radius, angle = torch.hypot(fy, fx).clamp_min(1e-9), torch.atan2(fy, fx)
    found = []
    for wavelength in WAVELENGTHS_PX:
        radial = torch.exp(-((radius * wavelength).log() ** 2) / (2 * math.log(0.6) ** 2))
        for k in range(ORIENTATIONS):
            turned = torch.remainder(angle - math.pi * k / ORIENTATIONS + math.pi, 2 * math.pi) - math.pi
            found.append(radial * torch.exp(-(turned**2) / (2 * (0.6 * math.pi / ORIENTATIONS) ** 2)))
    return torch.stack(found).view(len(WAVELENGTHS_PX), ORIENTATIONS, side, side)


def color_quantiles(lab: Tensor) -> Tensor:
    """Quantiles (A, QUANTILES) of colours (3, H, W) along fixed axes: Oklab's, and others between them."""
    projected, _ = (_axes() @ lab.flatten(1)[:, ::4]).sort(dim=1)
    places = ((torch.arange(QUANTILES) + 0.5) / QUANTILES * projected.shape[1]).long()
    return projected[:, places]


@lru_cache(maxsize=1)
def _axes() -> Tensor:
    """Axes (A, 3) in Oklab; a and b are weighted more, since eyes see small differences of hue."""
    axes = [
        (1, 0, 0),
        (0, 2, 0),
        (0, 0, 2),
        (0.7, 1.4, 0),
        (0.7, -1.4, 0),
        (0.7, 0, 1.4),
        (0.7, 0, -1.4),
        (0, 1.4, 1.4),
    ]
    return torch.tensor(axes, dtype=torch.float32)
