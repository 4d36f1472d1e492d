"""Losses of a repainted picture: how its strokes and colours are distributed, and where its forms are."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, normalize

from impasto.training.losses import ordered

DIRECTIONS, POSITIONS = 16, 1024
"""Numbers of random projections, and of positions, of a sliced distance."""
PLACED_PX = 8
"""Side of the areas whose mean colours have to be where they are in the lesson; strokes may lie elsewhere."""
FLATTEST = 1e-3


def gram_distance(found: Tensor, wanted: Tensor) -> Tensor:
    """‖G - G_wanted‖ of the Gram matrices of features (B, C, h, w), over ‖G_wanted‖, both means over the pictures.

    Gatys et al. 2016, eq. 3 and 4; not squared, so that it presses on when colours already fit and strokes do not. A
    picture by itself would not do as a measure: there is hardly anything in a dark one.
    """
    G, G_wanted = gram_matrices(found), gram_matrices(wanted)
    difference, size = ((one.square().sum((1, 2)) + FLATTEST**2).sqrt() for one in (G - G_wanted, G_wanted))
    return difference.mean() / size.mean()


def gram_matrices(features: Tensor) -> Tensor:
    """Gram matrices of features (B, C, h, w) -> (B, C, C), divided by h·w."""
    F = features.float().flatten(2)
    return F @ F.mT / F.shape[2]


def sliced_distance(found: Tensor, wanted: Tensor, random: torch.Generator) -> Tensor:
    """Sliced Wasserstein-1 distance of features (B, C, h, w), relative to the wanted deviation (Heitz et al. 2021).

    Each picture's features at random positions are compared with those of the wanted one, wherever they are. The
    deviation is the mean over the pictures.
    """
    directions = normalize(torch.randn(DIRECTIONS, found.shape[1], generator=random)).to(found.device)
    distances, deviations = [], []
    for pair in zip(found.float().flatten(2), wanted.float().flatten(2), strict=True):
        samples = (one[:, torch.randint(one.shape[1], (POSITIONS,), generator=random).to(one.device)] for one in pair)
        values, goal = (ordered(directions @ sample) for sample in samples)  # (DIRECTIONS, POSITIONS)
        distances.append((values - goal).abs().mean())
        deviations.append(goal.std(1).mean())
    return torch.stack(distances).mean() / (torch.stack(deviations).mean() + FLATTEST)


def style_losses(
    found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], random: torch.Generator
) -> dict[str, Tensor]:
    """Distances of features by layer, means over the layers: of Gram matrices, and of the features' distribution."""
    grams = [gram_distance(found[name], wanted[name]) for name in wanted]
    sliced = [sliced_distance(found[name], wanted[name], random) for name in wanted]
    return {"gram": torch.stack(grams).mean(), "features": torch.stack(sliced).mean()}


def placed_colors(pictures: Tensor, wanted: Tensor) -> Tensor:
    """Mean difference of the mean colours of areas, of pictures (B, 3, H, W)."""
    return (avg_pool2d(pictures, PLACED_PX) - avg_pool2d(wanted, PLACED_PX)).abs().mean()


def forms_distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference of features (B, C, h, w), each channel with mean 0 and deviation 1 over its picture:
    of shapes without colours."""
    return (_standardised(found.float()) - _standardised(wanted.float())).square().mean()


def beyond_range(pictures: Tensor) -> Tensor:
    """Mean squared distance of values from [0, 1]."""
    return (pictures - pictures.clamp(0, 1)).square().mean()


def _standardised(features: Tensor) -> Tensor:
    deviation, mean = torch.std_mean(features, (2, 3), keepdim=True)
    return (features - mean) / (deviation + FLATTEST * (1 + mean.abs()))
