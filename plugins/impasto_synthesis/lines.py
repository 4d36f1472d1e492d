"""Straight lines down and across a picture, such as the joints between boards: thin, faint, and followed by the eye.

A derivative that is averaged along a line keeps the line and loses the grain, whose signs alternate.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

LENGTH = 1 / 16
"""Length over which derivatives are averaged, relative to the shorter side."""
GRAIN, STRONGEST, WEIGHT = 0.7, 4.7, 3.0
"""Strength of lines up to which they are grain, and beyond which all are alike; and weight of what lies between,
relative to features whose variances sum to 1: a joint is a few pixels wide, but must outweigh the boards beside it."""
CROSSING = 2.0
"""Cost that a cut across the grain has in addition, relative to one along it, where all lines run in one direction."""


def line_strength(image: Tensor) -> Tensor:
    """Strength (2, h, w) of lines across and down an image (C, h, w), in standard deviations of its derivatives."""
    length = _length(image)
    derivatives = _derivatives(image)
    deviation = torch.stack([one.square().sum(0).mean() for one in derivatives]).mean().sqrt().clamp(min=1e-6)
    means = [_mean(one, *box) for one, box in zip(derivatives, ((1, length), (length, 1)), strict=True)]
    return torch.stack([mean.square().sum(0).sqrt() for mean in means]) / deviation


def with_lines(features: Tensor) -> Tensor:
    """Features (C, h, w) and two more channels, in which lines differ from everything else, and from each other."""
    return torch.cat([features, WEIGHT * (line_strength(features).clamp(GRAIN, STRONGEST) - GRAIN)])


def grain_weights(image: Tensor) -> Tensor:
    """Weights (2, h, w) of cuts that run down and across an image (C, h, w): 1, or more where they cross its grain."""
    length = _length(image)
    down, across = (_mean(one.square().sum(0, keepdim=True), length, length)[0] for one in _derivatives(image))
    lean = (down - across) / (down + across).clamp(min=1e-9)  # 1: all lines run across
    return 1 + CROSSING * torch.stack([lean, -lean]).clamp(min=0)


def _length(image: Tensor) -> int:
    return 2 * round(0.5 * LENGTH * min(image.shape[1:])) + 1


def _derivatives(image: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences (C, h, w) down and across an image."""
    wide = pad(image[None], (1, 1, 1, 1), mode="replicate")[0]
    return wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1], wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2]


def _mean(image: Tensor, height: int, width: int) -> Tensor:
    """Means (C, h, w) of an image in the part of a box around each pixel that is inside."""
    for axis, side in ((1, height), (2, width)):
        length = image.shape[axis]
        sums = torch.cat([torch.zeros_like(image.narrow(axis, 0, 1)).double(), image.double().cumsum(axis)], axis)
        here = torch.arange(length, device=image.device)
        first, last = (here - side // 2).clamp(min=0), (here + side // 2 + 1).clamp(max=length)
        shape = (1, -1, 1) if axis == 1 else (1, 1, -1)
        total = sums.index_select(axis, last) - sums.index_select(axis, first)
        image = (total / (last - first).view(shape)).float()
    return image
