"""The drawing of a material: its surface as tensors, before they become maps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from .shaping import mix


@dataclass(frozen=True)
class Drawing:
    """Linear colour (3, H, W), height in metres (H, W), and other values, each (H, W) or one number.

    emission: linear radiance (3, H, W) at strength 1. transmission: share of light that passes through.
    """

    color: Tensor
    height_m: Tensor
    roughness: Tensor | float = 0.8
    metallic: Tensor | float = 0.0
    emission: Tensor | float = 0.0
    transmission: Tensor | float = 0.0

    def under(self, other: Drawing, mask: Tensor) -> Drawing:
        """This drawing, covered by another where the mask (H, W) is 1; heights are mixed as well."""
        return Drawing(
            mix(self.color, other.color, mask),
            mix(self.height_m, other.height_m, mask),
            mix(self.roughness, other.roughness, mask),
            mix(self.metallic, other.metallic, mask),
            _mixture(self.emission, other.emission, mask),
            _mixture(self.transmission, other.transmission, mask),
        )

    def with_tint(self, factor: Tensor | float) -> Drawing:
        """This drawing with its colour multiplied."""
        return replace(self, color=self.color * factor)


def _mixture(below: Tensor | float, above: Tensor | float, mask: Tensor) -> Tensor | float:
    """Both values mixed, or the number 0 if neither drawing has such a value."""
    return mix(below, above, mask) if is_there(below) or is_there(above) else 0.0


def is_there(value: Tensor | float) -> bool:
    """Whether a value is not the number 0, and so needs a map."""
    return not isinstance(value, float) or value != 0.0
