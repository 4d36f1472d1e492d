"""Features of patches: few channels for matching instead of all of a map set's, as principal components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch.nn.functional import avg_pool2d

from ..numerics.principal_components import MOST_COMPONENTS, principal_axes
from ..surface.color_tensors import luma
from ..texture import COLOR_MAPS

WEIGHTS: Mapping[str, float] = {"base_color": 1.0, "height": 0.5, "normal": 0.4, "emission": 0.5, "opacity": 0.5}
"""Weights of maps in matching; 0.2 for the others, which mostly correlate with these."""

DETAIL, DETAIL_PX = 0.7, 5
"""Deviation of the channel of detail, which keeps thin joints, over all others'; width of its mean."""


RADIUS_PX = 2
"""Windows are of 5 x 5 pixels, on every level of a pyramid."""


def window_weights() -> torch.Tensor:
    """Weights (5, 5) of a window's pixels in double precision, which count less away from its centre."""
    away = torch.arange(-RADIUS_PX, RADIUS_PX + 1, dtype=torch.double)
    line = torch.exp(-0.25 * (away / (0.7 * RADIUS_PX)) ** 2)
    return line[:, None] * line


def opponent(color: torch.Tensor) -> torch.Tensor:
    """Luma and colour differences (3, h, w), the latter halved, as the eye sees them less sharply."""
    light = luma(color)
    return torch.stack([light, 0.5 * (color[2] - light), 0.5 * (color[0] - light)])


@dataclass(frozen=True)
class Projection:
    """Principal components of a source's maps, to compare pictures that have the same maps.

    parts: mean (c, 1, 1) and weight of each map that varies, by name. directions (C, c): those of all weighted maps.
    """

    parts: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
    directions: torch.Tensor
    deviation: torch.Tensor

    @classmethod
    def of(cls, maps: Mapping[str, torch.Tensor], most: int = MOST_COMPONENTS) -> Projection:
        """At most `most` components of the maps (c, h, w), whose variances sum to 1 in the end."""
        parts = {}
        for name, image in maps.items():
            seen = _channels_of(name, image)
            mean = seen.mean((1, 2), keepdim=True)
            spread = (seen - mean).square().mean((1, 2)).sum().sqrt()
            if spread > 1e-4:
                parts[name] = mean, WEIGHTS.get(name, 0.2) / spread
        if not parts:
            return cls({}, torch.zeros(1, 0), torch.ones(()))
        stack = _stack(maps, parts)
        directions = principal_axes(stack, most)[1].T
        return cls(parts, directions, (directions @ stack).square().mean(1).sum().sqrt())

    def __call__(self, maps: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Components (C, H, W) of maps (c, H, W); zeros if the source does not vary.

        The last bits of matrix products depend on the matrices' addresses in memory, and cuts depend on the last bits
        of these components: computed in double precision and rounded, they are the same in every run.
        """
        image = next(iter(maps.values()))
        if not self.parts:
            return torch.zeros_like(image[:1])
        features = self.directions @ _stack(maps, self.parts) / self.deviation
        return features.to(image).view(-1, *image.shape[1:])


def features_of(maps: Mapping[str, torch.Tensor], most: int = MOST_COMPONENTS) -> torch.Tensor:
    """Principal components (C <= most, h, w) of all maps (c, h, w), weighted; their variances sum to 1."""
    return Projection.of(maps, most)(maps)


def _stack(maps: Mapping[str, torch.Tensor], parts: Mapping[str, tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    """The channels (c, h w) of maps, less the means and multiplied by the weights in `parts`, in double precision."""
    centered = [(_channels_of(name, maps[name]) - mean) * weight for name, (mean, weight) in parts.items()]
    return torch.cat(centered).flatten(1).cpu().double()


def _channels_of(name: str, image: torch.Tensor) -> torch.Tensor:
    return opponent(image) if name in COLOR_MAPS else image


def with_detail(features: torch.Tensor) -> torch.Tensor:
    """Features (C, h, w) and one more channel: their absolute difference from the local mean."""
    mean = avg_pool2d(features[None], DETAIL_PX, 1, DETAIL_PX // 2, count_include_pad=False)[0]
    detail = (features - mean).abs().sum(0, keepdim=True).double()
    detail = detail - detail.mean()
    scale = (
        DETAIL * features.double().square().mean((1, 2)).sum().sqrt() / detail.square().mean().sqrt().clamp(min=1e-6)
    )
    return torch.cat([features, (detail * scale).float()])


def with_ranks_of(values: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Values (H, W), mapped to the known (h, w) of the same rank; equal values stay equal."""
    _, inverse, counts = values.unique(return_inverse=True, return_counts=True)
    ranks = (counts.cumsum(0) - 0.5 * counts) / values.numel()
    ordered = known.flatten().sort().values
    return ordered[(ranks * (len(ordered) - 1)).round().long()][inverse]
