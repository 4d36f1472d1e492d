"""Colours distributed as in other pictures, through a table of colours that is looked up.

Pitié et al. 2005, "N-dimensional probability density function transfer": one axis after another is matched, along
random directions, which the means and covariances of features leave open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from impasto.context import Context

TURNS = 6
"""So many times three axes are matched."""
QUANTILES = 64
SIDE = 33
"""Entries of the table on each axis of RGB."""
SAMPLED = 2**13
"""About so many pixels of a picture are looked at."""


@dataclass(frozen=True)
class Sample:
    """Colours (3, N) and how much each of them counts (N,), on the CPU."""

    colors: Tensor
    weights: Tensor

    @classmethod
    def of(cls, x: Tensor, mask: Tensor | None = None) -> Sample:
        """Regularly spaced pixels of (1, 3, H, W), weighted by a mask (1, 1, H, W)."""
        step = max(1, int((x.shape[2] * x.shape[3] / SAMPLED) ** 0.5))
        colors = x[0, :, ::step, ::step].flatten(1).float().cpu()
        if mask is None:
            return cls(colors, torch.ones_like(colors[0]))
        return cls(colors, mask[0, 0, ::step, ::step].flatten().float().cpu())

    def quantiles(self, axes: Tensor) -> Tensor:
        """(3, QUANTILES) of the colours on axes (3, 3)."""
        values, order = (axes @ self.colors).sort(dim=1)
        counted = self.weights[order].cumsum(1)
        wanted = torch.linspace(0, 1, QUANTILES) * counted[:, -1:]
        return values.gather(1, torch.searchsorted(counted, wanted).clamp_max(values.shape[1] - 1))


def palette_table(painted: Sample, sources: Sequence[Sample], shares: Sequence[float], context: Context) -> Tensor:
    """A table (1, 3, SIDE, SIDE, SIDE) over blue, green and red: what each colour becomes.

    Colours that are distributed as those painted then are as the sources' are; of several sources the quantiles are
    mixed by their shares, whose sum is 1.
    """
    ramp = torch.linspace(0, 1, SIDE)
    blue, green, red = torch.meshgrid(ramp, ramp, ramp, indexing="ij")
    table = torch.stack([red, green, blue]).flatten(1)  # (3, SIDE³)
    used = [(share, source) for share, source in zip(shares, sources, strict=True) if share]
    for _ in range(TURNS):
        axes, _ = torch.linalg.qr(context.noise(3, 3).cpu())
        here = painted.quantiles(axes)
        shift = torch.stack([share * source.quantiles(axes) for share, source in used]).sum(0) - here
        table = table + axes.T @ _interpolate(axes @ table, here, shift)
        moved = painted.colors + axes.T @ _interpolate(axes @ painted.colors, here, shift)
        painted = Sample(moved, painted.weights)
    return table.view(1, 3, SIDE, SIDE, SIDE)


def look_up(table: Tensor, x: Tensor) -> Tensor:
    """What the colours of (1, 3, H, W) in [0, 1] become."""
    places = 2 * x.permute(0, 2, 3, 1)[:, None] - 1  # (1, 1, H, W, 3): red is the table's last axis
    return grid_sample(table.to(x.device), places, mode="bilinear", padding_mode="border", align_corners=True)[:, :, 0]


def _interpolate(values: Tensor, knots: Tensor, heights: Tensor) -> Tensor:
    """Piecewise linear functions, one a row, through knots and heights (3, K), at values (3, N); level outside."""
    after = torch.searchsorted(knots, values.contiguous()).clamp(1, knots.shape[1] - 1)
    low, high = knots.gather(1, after - 1), knots.gather(1, after)
    share = ((values - low) / (high - low).clamp_min(1e-6)).clamp(0, 1)
    return torch.lerp(heights.gather(1, after - 1), heights.gather(1, after), share)
