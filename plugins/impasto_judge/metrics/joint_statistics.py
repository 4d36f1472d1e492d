"""Joint statistics of complex wavelet coefficients (Portilla & Simoncelli 2000), which no tool here optimises.

Each statistic of a window of a picture is compared with its mean over windows of the real texture, in units of its
spread between real windows. Departures from the paper: correlations instead of covariances, with the bands' energies
apart; several channels, with correlations between them; the mean of all kinds of statistics, however many of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from impasto.numerics.borders import periodic_component

from .steerable import enlarge, scale_count, steerable_pyramid

NEIGHBOURHOOD = 3
"""Largest lag of autocorrelations in pixels of their scale: 7x7 as in the paper."""
LEAST_SPREAD = 0.02
"""Smallest spread in which differences of correlations, logarithms and standardised values are measured."""
EPSILON = 1e-8

Statistics = Mapping[str, np.ndarray]
"""Statistics (windows, n) by kind: values, energies, autocorrelations, magnitudes, across, phases."""


def joint_statistics(windows: Sequence[np.ndarray]) -> Statistics:
    """Statistics of square windows (S, S, C) of one size, a multiple of 16 px; channels should have unit deviation.

    values: moments and quantiles of pixels, and moments of low-passes. energies: logarithm of each band's deviation.
    autocorrelations: of low-passes. magnitudes: autocorrelations of the bands' magnitudes. across: correlations of
    magnitudes between orientations, scales and channels. phases: of bands with the coarser bands at doubled phase.
    """
    with torch.inference_mode():
        parts = [_of_window(torch.from_numpy(np.ascontiguousarray(one.transpose(2, 0, 1)))) for one in windows]
    return {kind: np.stack([torch.cat(part[kind]).numpy() for part in parts]) for kind in parts[0]}


def _of_window(window: Tensor) -> dict[str, list[Tensor]]:
    """Statistics of a window (C, S, S), by kind."""
    channels = periodic_component(window)
    pyramid = steerable_pyramid(channels, scale_count(channels.shape[1]))
    magnitudes = [_standardise(band.abs()) for band in pyramid.bands]  # (C, K, h, w)
    energies = [band.abs().square().mean((2, 3)).flatten() for band in pyramid.bands]
    energies.append(pyramid.high.square().mean((1, 2)))
    found: dict[str, list[Tensor]] = {
        "values": [*_marginals(window), *(part for low in pyramid.low for part in _moments(low)[2:])],
        "energies": [0.5 * torch.log(energy + EPSILON) for energy in energies],
        "autocorrelations": [_autocorrelation(_standardise(low)) for low in pyramid.low],
        "magnitudes": [_autocorrelation(magnitude.flatten(0, 1)) for magnitude in magnitudes],
        "across": [],
        "phases": [],
    }
    for scale, magnitude in enumerate(magnitudes):
        found["across"] += [_correlations_within(magnitude), _correlations_within(magnitude.transpose(0, 1))]
        if scale + 1 < len(magnitudes):
            coarser = enlarge(pyramid.bands[scale + 1])
            found["across"].append(_correlations(magnitude, _standardise(coarser.abs())))
            found["phases"].append(_phases(pyramid.bands[scale], coarser))
    return found


def _marginals(channels: Tensor) -> list[Tensor]:
    """Moments and extreme percentiles of each channel (C, H, W), and the correlations between them."""
    levels = torch.tensor([0.01, 0.99], dtype=channels.dtype)
    between = _correlations_within(_standardise(channels)[None])
    return [*_moments(channels), torch.quantile(channels.flatten(1), levels, dim=1).flatten(), between]


def _moments(channels: Tensor) -> list[Tensor]:
    """Mean, deviation, skewness and log of kurtosis of each channel (C, H, W)."""
    values = _standardise(channels)
    mean, deviation = channels.mean((1, 2)), channels.std((1, 2))
    return [mean, deviation, values.pow(3).mean((1, 2)), torch.log(values.pow(4).mean((1, 2)) + EPSILON)]


def _standardise(bands: Tensor) -> Tensor:
    """Bands (..., h, w) with zero mean and unit deviation each."""
    deviations = bands - bands.mean((-2, -1), keepdim=True)
    return deviations / (deviations.square().mean((-2, -1), keepdim=True).sqrt() + EPSILON)


def _autocorrelation(bands: Tensor) -> Tensor:
    """Circular autocorrelation of standardised bands (B, h, w) at half of the lags; the other half is the same."""
    power = torch.fft.fft2(bands).abs().square()
    lags = torch.fft.ifft2(power).real / bands[0].numel()
    n = NEIGHBOURHOOD
    near = lags.roll((n, n), (1, 2))[:, : 2 * n + 1, : 2 * n + 1].flatten(1)
    return near[:, : near.shape[1] // 2].flatten()


def _correlations_within(bands: Tensor) -> Tensor:
    """Correlations of standardised bands (B, K, h, w) with each other, for each of B."""
    matrix = torch.einsum("bkhw,blhw->bkl", bands, bands) / bands[0, 0].numel()
    row, column = torch.triu_indices(matrix.shape[1], matrix.shape[2], offset=1)
    return matrix[:, row, column].flatten()


def _correlations(bands: Tensor, others: Tensor) -> Tensor:
    """Correlations of standardised bands (C, K, h, w) with other bands of that shape, for each channel."""
    return (torch.einsum("bkhw,blhw->bkl", bands, others) / bands[0, 0].numel()).flatten()


def _phases(bands: Tensor, coarser: Tensor) -> Tensor:
    """Correlations of bands' real parts with both parts of the coarser ones at doubled phase (section 2.2.4)."""
    doubled = coarser.square() / (coarser.abs() + EPSILON)
    fine = _standardise(bands.real)
    return torch.cat([_correlations(fine, _standardise(part)) for part in (doubled.real, doubled.imag)])


@dataclass(frozen=True)
class RealStatistics:
    """Means and spreads of the statistics of real windows, by kind, (n,) each."""

    means: Statistics
    spreads: Statistics

    @classmethod
    def of(cls, known: Statistics, everything: Statistics) -> RealStatistics:
        """Means over the windows to compare with, and spreads over all windows of the photograph."""
        means = {kind: values.mean(0) for kind, values in known.items()}
        return cls(means, {kind: np.maximum(values.std(0), LEAST_SPREAD) for kind, values in everything.items()})

    def distances(self, found: Statistics) -> dict[str, float]:
        """RMS difference of each kind, in spreads, averaged over windows; "all" is that of all kinds together.

        It is about 1 for windows of the same texture.
        """
        squares = {
            kind: np.square((values - self.means[kind]) / self.spreads[kind]).mean(1)
            for kind, values in found.items()
            if values.shape[1]
        }
        everything = np.sqrt(np.mean(list(squares.values()), 0)).mean()
        return {kind: float(np.sqrt(square).mean()) for kind, square in squares.items()} | {"all": float(everything)}
