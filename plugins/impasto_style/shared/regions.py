"""Regions of the picture from the masks and weights of the styles."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .task import Region

NEGLIGIBLE = 1e-3
"""Greatest opacity of a remainder that is ignored."""


def make_regions(
    masks: Sequence[Tensor | None], weights: Sequence[float], strength: float
) -> tuple[tuple[Region, ...], Tensor | None]:
    """Regions of styles with these masks (1, 1, H, W), and the opacity (1, 1, H, W) of the painting, None for 1.

    A style with a mask is painted where it is white, and overlapping masks are blended. Styles without a mask are mixed
    by their weights where no mask is white; if there are none, the picture is kept there. A region's weights are those
    of the picture (1 - strength) and of each style.
    """
    given = [mask for mask in masks if mask is not None]
    mix = [0.0 if mask is not None else weight for mask, weight in zip(masks, weights, strict=True)]
    if not given:
        return (Region(None, _normalise(mix, strength)),), None
    total = sum(given[1:], given[0])
    regions = []
    for index, mask in enumerate(masks):
        if mask is not None:
            alone = [float(other == index) for other in range(len(masks))]
            regions.append(Region(mask / total.clamp_min(1), _normalise(alone, strength)))
    rest = 1 - total.clamp_max(1)
    if rest.max() <= NEGLIGIBLE:
        return (Region(None, regions[0].weights),) if len(regions) == 1 else tuple(regions), None
    regions.append(Region(rest, _normalise(mix, strength)))
    return tuple(regions), None if any(mix) else 1 - rest


def _normalise(weights: Sequence[float], strength: float) -> tuple[float, ...]:
    """Weights of picture and styles that add up to 1; the picture's is 1 if all weights are 0."""
    total = sum(weights)
    if total == 0:
        return (1.0, *weights)
    return (1 - strength, *(strength * weight / total for weight in weights))
