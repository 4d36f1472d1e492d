"""Sliced optimal transport of colours: their distributions are matched along one set of axes after another.

Pitié et al. 2005, "N-dimensional probability density function transfer and its application to colour transfer".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

SAMPLED = 2**13
"""Approximate number of sampled pixels of a picture."""
QUANTILES = 64
SIDE = 33
"""Number of entries of a colour table along each axis of RGB."""


@dataclass(frozen=True)
class ColorSample:
    """Colours (3, N) and their weights (N,), on the CPU."""

    colors: Tensor
    weights: Tensor

    @classmethod
    def of(cls, x: Tensor, mask: Tensor | None = None, count: int = SAMPLED) -> ColorSample:
        """About `count` regularly spaced pixels of (1, 3, H, W), weighted by a mask (1, 1, H, W) unless it is empty."""
        step = max(1, round((x.shape[2] * x.shape[3] / count) ** 0.5))
        colors = x[0, :, ::step, ::step].flatten(1).float().cpu()
        if mask is None:
            return cls(colors, torch.ones_like(colors[0]))
        weights = mask[0, 0, ::step, ::step].flatten().float().cpu()
        seen = weights > 0
        return cls(colors[:, seen], weights[seen]) if seen.any() else cls(colors, torch.ones_like(weights))

    def quantiles(self, axes: Tensor, count: int = QUANTILES) -> Tensor:
        """Quantiles (3, count) of the colours projected on the rows of axes (3, 3)."""
        values = axes @ self.colors
        order = torch.from_numpy(np.argsort(values.numpy(), axis=1))  # several times as fast as PyTorch
        values = values.gather(1, order)
        counted = self.weights[order].cumsum(1)
        wanted = torch.linspace(0, 1, count) * counted[:, -1:]
        return values.gather(1, torch.searchsorted(counted, wanted).clamp_max(values.shape[1] - 1))


def mixture(samples: Sequence[ColorSample], shares: Sequence[float]) -> ColorSample:
    """The mixture of samples with these weights."""
    used = [(sample, share) for sample, share in zip(samples, shares, strict=True) if share]
    weights = [share / sample.weights.sum() * sample.weights for sample, share in used]
    return ColorSample(torch.cat([sample.colors for sample, _ in used], 1), torch.cat(weights))


def sliced_transport(
    colors: Tensor,
    painted: ColorSample,
    sources: Sequence[ColorSample],
    shares: Sequence[float],
    rotations: Iterable[Tensor],
    count: int = QUANTILES,
) -> Tensor:
    """Colours (3, N) after the transport that maps the painted colours to the distribution of the sources.

    shares: weights, of sum 1, by which quantiles of the sources are mixed. rotations: axes (3, 3) to match along.
    """
    used = [(share, source) for share, source in zip(shares, sources, strict=True) if share]
    for axes in rotations:
        here = painted.quantiles(axes, count)
        shift = torch.stack([share * source.quantiles(axes, count) for share, source in used]).sum(0) - here
        colors = colors + axes.T @ _interpolate(axes @ colors, here, shift)
        moved = painted.colors + axes.T @ _interpolate(axes @ painted.colors, here, shift)
        painted = ColorSample(moved, painted.weights)
    return colors


def color_table() -> Tensor:
    """The identity colour table (3, SIDE³), ordered by blue, green, red."""
    ramp = torch.linspace(0, 1, SIDE)
    blue, green, red = torch.meshgrid(ramp, ramp, ramp, indexing="ij")
    return torch.stack([red, green, blue]).flatten(1)


def used_entries(x: Tensor) -> Tensor:
    """Whether a picture (1, 3, H, W) in [0, 1] uses each entry (SIDE³,) of a colour table; most are unused."""
    red, green, blue = (x[0].flatten(1).cpu() * (SIDE - 1)).long().clamp(0, SIDE - 2)
    used = torch.zeros(SIDE**3, dtype=torch.bool)
    used[(blue * SIDE + green) * SIDE + red] = True
    used = used.view(SIDE, SIDE, SIDE)
    for axis in range(3):  # interpolation uses the entries on both sides of a colour
        used = used | used.roll(1, axis)
    return used.flatten()


def look_up(table: Tensor, x: Tensor) -> Tensor:
    """A picture (1, 3, H, W) in [0, 1] after a colour table (3, SIDE³)."""
    places = 2 * x.permute(0, 2, 3, 1)[:, None] - 1  # (1, 1, H, W, 3): red is the table's last axis
    table = table.view(1, 3, SIDE, SIDE, SIDE).to(x.device)
    return grid_sample(table, places, mode="bilinear", padding_mode="border", align_corners=True)[:, :, 0]


def _interpolate(values: Tensor, knots: Tensor, heights: Tensor) -> Tensor:
    """Piecewise linear functions, one per row, through knots and heights (3, K), at values (3, N); constant outside."""
    rows = zip(values.numpy(), knots.numpy(), heights.numpy(), strict=True)
    return torch.from_numpy(np.stack([np.interp(*row) for row in rows])).to(values.dtype)
