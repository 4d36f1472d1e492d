"""Appearance space: windows of a few channels as vectors of few dimensions (Lefebvre & Hoppe 2006).

All numbers are whole and small, so that sums are exact in single precision in any order: a seed then gives the same
picture in every run and on every device, although the last bits of convolutions and matrix products differ.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad, unfold

from ..numerics.pyramid import binomial_half
from .features import RADIUS_PX, window_weights

DIMENSIONS = 10
SAMPLES = 16384
"""Number of windows whose principal components are taken."""
FINE = 2047
"""Largest value of channels in a pyramid."""
COARSE = 127
"""Largest value of channels in windows, and of the weights of principal components."""
LARGEST = 511
"""Largest value of the source's vectors, whose squared distances stay below 2^24."""
CLIPPED = 4
"""Values beyond this many standard deviations are clipped."""


def whole_numbers(channels: Tensor, largest: int, sample: Tensor | None = None) -> Tensor:
    """Channels, scaled by one factor for all to whole numbers up to `largest`; by the deviation of a sample, if given.

    Of any shape.
    """
    deviation = float((channels if sample is None else sample).double().square().mean().sqrt())
    scale = largest / (CLIPPED * deviation) if deviation > 1e-6 else 0.0
    return (channels * scale).round_().clamp_(-largest, largest)


def half_size(channels: Tensor) -> Tensor:
    """Whole-numbered channels (C, h, w) at half the size, blurred by a binomial filter, as whole numbers."""
    return binomial_half(channels[None])[0].round()


class Appearance:
    """Principal components of windows as a convolution, and the unit in which vectors are whole numbers."""

    def __init__(self, kernel: Tensor, unit: float) -> None:
        self.kernel, self._unit = kernel, unit

    @classmethod
    def of_channels(cls, channels: Tensor) -> tuple[Appearance, Tensor]:
        """The appearance of the windows of channels (C, h, w), and the vector of each window (h w, D)."""
        padded = pad(channels[None], (RADIUS_PX,) * 4, mode="replicate")
        kernel = _principal_components(padded)
        projected = conv2d(padded, kernel)[0]
        appearance = cls(kernel, max(float(projected.abs().max()) / LARGEST, 1.0))
        return appearance, appearance._whole_numbers(projected)

    def of(self, padded: Tensor) -> Tensor:
        """Vectors of every second window in both directions, from channels (C, h, w) with margins of `RADIUS_PX`."""
        return self._whole_numbers(conv2d(padded[None], self.kernel, stride=2)[0])

    def _whole_numbers(self, projected: Tensor) -> Tensor:
        most = LARGEST * 1.2
        return (projected / self._unit).round().clamp(-most, most).flatten(1).T.contiguous()


def _principal_components(padded: Tensor) -> Tensor:
    """Whole-numbered convolution kernel (D, C, n, n) of windows that count less away from their centres."""
    side = 2 * RADIUS_PX + 1
    windows = _some_windows(padded, side)  # (N, C n n)
    channels = padded.shape[1]
    weights = window_weights().flatten().repeat(channels)
    weighted = (windows - windows.mean(0)) * weights
    _, directions = torch.linalg.eigh(weighted.T @ weighted)
    kernel = directions[:, -DIMENSIONS:].T * weights
    kernel = (kernel * (COARSE / kernel.abs().max())).round()
    return kernel.view(-1, channels, side, side).to(padded)


def _some_windows(padded: Tensor, side: int) -> Tensor:
    """At most `SAMPLES` windows (N, C n n) in double precision, evenly spread over padded channels (1, C, h, w)."""
    height, width = (length - side + 1 for length in padded.shape[2:])
    step = max(1, round((height * width / SAMPLES) ** 0.5))
    return unfold(padded, side, stride=step)[0].T.cpu().double()
