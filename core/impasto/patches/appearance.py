"""Appearance space: windows of a few channels as vectors of few dimensions (Lefebvre & Hoppe 2006).

All numbers are whole and small, so that sums are exact in single precision in any order: a seed then gives the same
picture in every run and on every device, although the last bits of convolutions and matrix products differ.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad, unfold

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


def whole_numbers(channels: Tensor, largest: int) -> Tensor:
    """Channels (C, h, w), scaled by one factor for all to whole numbers up to `largest`."""
    deviation = float(channels.double().square().mean().sqrt())
    scale = largest / (CLIPPED * deviation) if deviation > 1e-6 else 0.0
    return (channels * scale).round().clamp(-largest, largest)


def half_size(channels: Tensor) -> Tensor:
    """Whole-numbered channels (C, h, w) at half the size, blurred by a binomial filter, as whole numbers."""
    line = torch.tensor([1.0, 3.0, 3.0, 1.0], device=channels.device)
    count, height, width = channels.shape
    kernel = (line[:, None] * line).expand(count, 1, 4, 4)
    even = channels[None, :, : height // 2 * 2, : width // 2 * 2]
    return (conv2d(pad(even, (1, 1, 1, 1), mode="replicate"), kernel, stride=2, groups=count)[0] / 64).round()


class Appearance:
    """Principal components of the windows of `channels` (C, h, w), and the vector of each window (h w, D)."""

    def __init__(self, channels: Tensor) -> None:
        margin = (RADIUS_PX,) * 4
        padded = pad(channels[None], margin, mode="replicate")
        self.kernel = _principal_components(padded)
        projected = conv2d(padded, self.kernel)[0]
        self._unit = max(float(projected.abs().max()) / LARGEST, 1.0)
        self.vectors = self._rounded(projected)

    def of(self, padded: Tensor) -> Tensor:
        """Vectors of every second window in both directions, from channels (C, h, w) with margins of `RADIUS_PX`."""
        return self._rounded(conv2d(padded[None], self.kernel, stride=2)[0])

    def _rounded(self, projected: Tensor) -> Tensor:
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
