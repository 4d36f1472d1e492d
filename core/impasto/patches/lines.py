"""Straight lines down and across a picture, such as the joints between boards: thin, faint, and followed by the eye.

A derivative that is averaged along a line keeps the line and loses the grain, whose signs alternate.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from ..numerics.blur import box_mean

LENGTH = 1 / 16
"""Length over which derivatives are averaged, relative to the shorter side."""
GRAIN, STRONGEST, WEIGHT = 0.7, 4.7, 3.0
"""Strength of lines up to which they are grain, that from which all are alike, and their weight beside the features."""
CROSSING = 2.0
"""Cost that a cut across the grain has in addition, relative to one along it, where all lines run in one direction."""
THROUGH, CROSSED = 0.35, 0.15
"""Share of lines' variance in whole rows from which joints run through; most strength of lines that cross these."""
BROAD = (0.1, 0.3)
"""Shares of the variance in areas, such as boards of different tones, between which they begin to hide lines."""


def line_strength(image: Tensor) -> Tensor:
    """Strength (2, h, w) of lines across and down an image (C, h, w), in standard deviations of its derivatives."""
    length = _length(image)
    derivatives = _derivatives(image)
    deviation = torch.stack([one.square().sum(0).mean() for one in derivatives]).mean().sqrt().clamp(min=1e-6)
    means = [box_mean(one, *box) for one, box in zip(derivatives, ((1, length), (length, 1)), strict=True)]
    return torch.stack([mean.square().sum(0).sqrt() for mean in means]) / deviation


def clear_lines(features: Tensor) -> Tensor:
    """Strength (2, h, w) of lines across and down features (C, h, w) that stand out from the grain, 0 elsewhere."""
    return line_strength(features).clamp(GRAIN, STRONGEST) - GRAIN


def line_channels(hidden: Tensor, lines: Tensor) -> Tensor:
    """Channels (2, h, w) in which lines differ from everything else, and from each other, as far as areas hide them.

    hidden: see `hidden_share`.
    """
    return WEIGHT * hidden * lines


def axis_of_joints(lines: Tensor) -> int | None:
    """Axis across which joints run through a picture's clear lines (2, h, w), if few cross them: 0 rows, 1 columns."""
    axis = int(lines[1].mean() > lines[0].mean())
    runs_through = lines[axis].mean(1 - axis).var() > THROUGH * lines[axis].var()
    return axis if runs_through and lines[1 - axis].mean() < CROSSED * lines[axis].mean() else None


def grain_weights(features: Tensor, hidden: Tensor) -> Tensor:
    """Weights (2, h, w) of cuts that run down and across features (C, h, w): 1, or more where they cross the grain.

    hidden: see `hidden_share`.
    """
    length = _length(features)
    down, across = (box_mean(one.square().sum(0, keepdim=True), length, length)[0] for one in _derivatives(features))
    lean = (down - across) / (down + across).clamp(min=1e-9)  # 1: all lines run across
    return 1 + CROSSING * hidden * torch.stack([lean, -lean]).clamp(min=0)


def hidden_share(features: Tensor) -> Tensor:
    """Degree, 0 to 1, to which areas of different tones hide the lines in features (C, h, w)."""
    length = _length(features)
    areas = box_mean(features, length, length) - features.mean((1, 2), keepdim=True)
    share = areas.square().sum(0).mean() / features.var((1, 2)).sum().clamp(min=1e-9)
    none, all_ = BROAD
    return ((share - none) / (all_ - none)).clamp(0, 1)


def _length(image: Tensor) -> int:
    return 2 * round(0.5 * LENGTH * min(image.shape[1:])) + 1


def _derivatives(image: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences (C, h, w) down and across an image."""
    wide = pad(image[None], (1, 1, 1, 1), mode="replicate")[0]
    return wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1], wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2]
