"""Regions that cover the picture, from masks and weights of the styles."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .task import Region

NOTHING = 1e-3
"""A rest that is nowhere more than this is none."""


def make_regions(
    masks: Sequence[Tensor | None], weights: Sequence[float], strength: float
) -> tuple[tuple[Region, ...], Tensor | None]:
    """The regions of styles with these masks (1, 1, H, W), and how far the picture is covered; None: everywhere.

    A style with a mask is painted there, and where masks overlap they share. The styles without one are mixed by their
    weights wherever the masks leave room; where there are none, the picture stays. A region's weights are those of the
    picture (1 - strength) and of each style.
    """
    given = [mask for mask in masks if mask is not None]
    mix = [0.0 if mask is not None else weight for mask, weight in zip(masks, weights, strict=True)]
    if not given:
        return (Region(None, _shares(mix, strength)),), None
    total = sum(given[1:], given[0])
    regions = []
    for index, mask in enumerate(masks):
        if mask is not None:
            alone = [float(other == index) for other in range(len(masks))]
            regions.append(Region(mask / total.clamp_min(1), _shares(alone, strength)))
    rest = 1 - total.clamp_max(1)
    if rest.max() <= NOTHING:
        return _whole(regions), None
    regions.append(Region(rest, _shares(mix, strength)))
    return tuple(regions), None if any(mix) else 1 - rest


def _shares(weights: Sequence[float], strength: float) -> tuple[float, ...]:
    """Weights of picture and styles that add up to 1; the picture has all where no style has any."""
    total = sum(weights)
    if total == 0:
        return (1.0, *weights)
    return (1 - strength, *(strength * weight / total for weight in weights))


def _whole(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Regions without a rest: a single one is everywhere."""
    return (Region(None, regions[0].weights),) if len(regions) == 1 else tuple(regions)
