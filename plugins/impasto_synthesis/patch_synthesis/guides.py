"""Guidance from what the user gives: labels, a guide picture, weights and masks of several photographs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.errors import ParameterError
from impasto.numerics.blur import blur
from impasto.patches.features import opponent, with_ranks_of

from .guidance import Guidance

STRICTNESS = 8.0
"""Cost of what differs from a guide by its deviation, in mean distances, when it is followed as strictly as can be."""
MIX = 10.0
"""Weight of showing the source that is wanted."""
BROAD = 0.03
"""Width of the means that a guide's colours are compared with, relative to the source's shorter side."""
BLOB = 0.08
"""Deviation of the Gaussian filter that shapes random regions, relative to the source's shorter side."""
SOFT = 0.015
"""Half width of the band in which cuts between sources may run, relative to the result's shorter side."""
LEAST_DEVIATION = 1e-3
UNEVEN, UNEVEN_SIZE = 0.15, 0.02
"""Deviation of the noise in a guide, relative to its own, and of the filter that shapes it, to the source's side."""
NEARLY_GREY = 0.02
"""Deviation of colour differences below which a guide is grey, so that only its brightness counts."""


def label_guidance(labels: Tensor, wanted: Tensor, strength: float) -> Guidance:
    """Guidance by the colours of labels of the source (3, h, w) and of the result (3, H, W).

    ParameterError if the source's labels have one colour.
    """
    mean = labels.mean((1, 2), keepdim=True)
    deviation = (labels - mean).square().sum(0).mean().sqrt()
    if deviation < LEAST_DEVIATION:
        raise ParameterError(
            "labels have one colour everywhere", "paint each kind of surface of the photograph in its own colour"
        )
    factor = (STRICTNESS * strength) ** 0.5 / deviation
    return Guidance((labels - mean) * factor, (wanted - mean) * factor)


def color_guidance(color: Tensor, wanted: Tensor, strength: float, seed: int) -> Guidance:
    """Guidance by the broad colours of the source (3, h, w), whose distribution those of the guide (3, H, W) take on.

    Smooth noise lets even parts of the guide be as uneven as the source.
    """
    width = 2 * round(BROAD * min(color.shape[1:]) / 2) + 1
    broad = avg_pool2d(opponent(color)[None], width, 1, width // 2, count_include_pad=False)[0]
    guide = opponent(wanted)
    generator = torch.Generator().manual_seed(seed)
    noise = blur(torch.randn(3, *wanted.shape[1:], generator=generator), UNEVEN_SIZE * min(color.shape[1:]))
    guide = guide + (UNEVEN * guide[0].std() * noise / noise.std()).to(guide)
    used = [0] + [channel for channel in (1, 2) if opponent(wanted)[channel].std() > NEARLY_GREY]
    given = broad[used] - broad[used].mean((1, 2), keepdim=True)
    matched = torch.stack([with_ranks_of(guide[channel], values) for channel, values in zip(used, given, strict=True)])
    factor = (STRICTNESS * strength) ** 0.5 / given.square().sum(0).mean().sqrt().clamp(min=LEAST_DEVIATION)
    return Guidance(given * factor, matched * factor)


def mix_guidance(part: Tensor, width: int, wanted: Tensor) -> Guidance:
    """Guidance by shares (S, H, W), from 0 to 1, of sources, of which `part` (h,) is the number in each of the rows."""
    given = torch.stack([part == number for number in range(len(wanted))]).float()  # (S, h)
    return Guidance(MIX**0.5 * given[..., None].expand(-1, -1, width), MIX**0.5 * wanted)


def shares(
    weights: Sequence[float], masks: Sequence[Tensor | None], size_px: tuple[int, int], side_px: int, seed: int
) -> Tensor:
    """Places of each source (S, H, W): where its mask (H, W) is white, or in random regions of the rest."""
    free = [number for number, mask in enumerate(masks) if mask is None]
    covered = [mask for mask in masks if mask is not None]
    rest = 1 - torch.stack(covered).amax(0) if covered else torch.ones(size_px)
    regions = _random_regions([weights[number] for number in free], size_px, side_px, seed)
    found = [mask if mask is not None else rest * regions[free.index(number)] for number, mask in enumerate(masks)]
    return blur(torch.stack(found), SOFT * min(size_px))


def _random_regions(weights: Sequence[float], size_px: tuple[int, int], side_px: int, seed: int) -> Tensor:
    """Regions (S, H, W) on the torus, each 1 in a share of it that is proportional to its weight."""
    generator = torch.Generator().manual_seed(seed)
    noise = blur(torch.randn(len(weights), *size_px, generator=generator), BLOB * side_px)
    taken = torch.zeros(size_px, dtype=torch.bool)
    regions = torch.zeros(len(weights), *size_px)
    for number, weight in enumerate(weights):
        remaining = (~taken).sum().item() * weight / max(sum(weights[number:]), 1e-9)
        values = noise[number].masked_fill(taken, -torch.inf).flatten()
        chosen = values.topk(round(remaining)).indices
        regions[number].view(-1)[chosen] = 1
        taken.view(-1)[chosen] = True
    return regions
