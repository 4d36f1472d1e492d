"""A surface as tensors while it is drawn, and as maps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from impasto.surface.color import linear_to_srgb
from impasto.surface.relief import with_relief
from impasto.texture import Maps

from .shaping import mix

if TYPE_CHECKING:
    from torch import Tensor

    from .canvas import Canvas

FLATTEST_M = 1e-6


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

    def tinted(self, factor: Tensor | float) -> Surface:
        """This surface with its colour multiplied."""
        return replace(self, color=self.color * factor)


def maps_of(surface: Surface, canvas: Canvas) -> Maps:
    """All maps of a surface: normals and occlusion follow from the height."""
    color = linear_to_srgb(surface.color.clamp(0, 1).expand(3, *canvas.size_px).permute(1, 2, 0).cpu().numpy())
    low = surface.height_m.min()
    range_m = max(float(surface.height_m.max() - low), FLATTEST_M)
    flat = surface.height_m.new_zeros(canvas.size_px)
    arrays = {
        "base_color": color,
        "height": ((surface.height_m - low) / range_m).expand(canvas.size_px).cpu().numpy(),
        "roughness": (flat + surface.roughness).clamp(0.02, 1).cpu().numpy(),
        "metallic": (flat + surface.metallic).clamp(0, 1).cpu().numpy(),
    }
    maps = Maps.from_arrays(arrays, width_m=canvas.width_m, height_range_m=range_m)
    return with_relief(maps, canvas.device)
