"""A surface as tensors while it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .shaping import mix

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Surface:
    """Linear colour (3, H, W), height in metres (H, W), roughness and metallic, (H, W) or one number for all."""

    color: Tensor
    height_m: Tensor
    roughness: Tensor | float = 0.8
    metallic: Tensor | float = 0.0

    def under(self, other: Surface, mask: Tensor) -> Surface:
        """This surface, covered by another where the mask (H, W) is 1; heights are mixed as well."""
        return Surface(
            mix(self.color, other.color, mask),
            mix(self.height_m, other.height_m, mask),
            mix(self.roughness, other.roughness, mask),
            mix(self.metallic, other.metallic, mask),
        )

    def with_tint(self, factor: Tensor | float) -> Surface:
        """This surface with its colour multiplied."""
        return replace(self, color=self.color * factor)
