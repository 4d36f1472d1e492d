"""Pictures with margins: from the opposite side where a picture wraps around, else its mirror image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

Wraps = tuple[bool, bool]
"""Whether a picture wraps around (vertically, horizontally)."""
Margins = tuple[tuple[int, int], tuple[int, int]]
"""Widths of margins in pixels: ((top, bottom), (left, right))."""
TORUS: Wraps = (True, True)


def with_margin(x: Tensor, margin_px: int | Margins, wraps: Wraps | bool, *, is_odd: bool = False) -> Tensor:
    """x (..., H, W) with margins, which may be wider than x: its other end where it wraps around, else a mirror image.

    The mirror image does not repeat the border. is_odd: it also mirrors values, about those of the border, so that
    slopes continue.
    """
    wraps = (wraps, wraps) if isinstance(wraps, bool) else wraps
    down, across = ((margin_px, margin_px),) * 2 if isinstance(margin_px, int) else margin_px
    size_px = x.shape[-2:]
    if not is_odd and max(down) < size_px[0] and max(across) < size_px[1]:  # 20 times as fast
        parts = [(across, down)] if wraps[0] == wraps[1] else [((0, 0), down), (across, (0, 0))]
        wide = x.reshape(-1, 1, *size_px)
        for (columns, rows), wrap in zip(parts, wraps, strict=False):
            if any((*columns, *rows)):
                wide = pad(wide, (*columns, *rows), mode="circular" if wrap else "reflect")
        return wide.view(*x.shape[:-2], *wide.shape[-2:])
    for axis, (before, after), wrap in zip((-2, -1), (down, across), wraps, strict=True):
        index = torch.arange(-before, x.shape[axis] + after, device=x.device)
        x = x.index_select(axis, index % x.shape[axis]) if wrap else _mirror(x, axis, index, is_odd)
    return x


def _mirror(x: Tensor, axis: int, index: Tensor, is_odd: bool) -> Tensor:
    """x at indices along an axis, mirrored where these lie beyond its borders."""
    size = x.shape[axis]
    last = max(size - 1, 1)
    folded = (index % (2 * last)).sub(last).abs().neg().add(last).clamp_max(size - 1)
    inside = x.index_select(axis, folded)
    if not is_odd:
        return inside
    border = x.index_select(axis, index.clamp(0, size - 1))
    is_inside = ((index >= 0) & (index < size)).view(*(-1 if i == axis else 1 for i in (-2, -1)))
    return torch.where(is_inside, inside, 2 * border - inside)


def periodic_component(pictures: Tensor) -> Tensor:
    """Pictures (B, H, W) without the smooth component that holds the jumps across their borders (Moisan 2011).

    This makes crops of photographs comparable with seamless textures, from which almost nothing is removed.
    """
    _, height, width = pictures.shape
    jumps = torch.zeros_like(pictures)
    jumps[:, 0] += pictures[:, 0] - pictures[:, -1]
    jumps[:, -1] += pictures[:, -1] - pictures[:, 0]
    jumps[:, :, 0] += pictures[:, :, 0] - pictures[:, :, -1]
    jumps[:, :, -1] += pictures[:, :, -1] - pictures[:, :, 0]
    waves = [torch.cos(2 * torch.pi * torch.fft.fftfreq(side)) for side in (height, width)]
    laplacian = 4 - 2 * waves[0][:, None] - 2 * waves[1]
    laplacian[0, 0] = torch.inf
    return pictures - torch.fft.ifft2(torch.fft.fft2(jumps) / laplacian).real


@dataclass(frozen=True)
class Plane:
    """A torus on which a picture of `size_px` (H, W) is filtered, with its surroundings.

    margin_px: widths of the margins on sides where the picture does not wrap around: mirror images that repeat the
    border.
    """

    size_px: tuple[int, int]
    margin_px: Margins

    @classmethod
    def around(cls, size_px: tuple[int, int], wraps: Wraps, reach_px: int | None = None) -> Plane:
        """The plane of a picture. wraps: whether it wraps around (vertically, horizontally).

        reach_px: reach of the filters; None if they are as wide as the picture.
        """
        (top, bottom), (left, right) = (
            (0, 0) if wrap else _margin(size, reach_px) for size, wrap in zip(size_px, wraps, strict=True)
        )
        return cls(size_px, ((top, bottom), (left, right)))

    @property
    def wraps(self) -> Wraps:
        """Whether the picture wraps around (vertically, horizontally)."""
        return self.margin_px[0] == (0, 0), self.margin_px[1] == (0, 0)

    @property
    def scale_px(self) -> float:
        """Side of a square with the area of the picture, to which widths of filters are relative."""
        return (self.size_px[0] * self.size_px[1]) ** 0.5

    def extend(self, x: Tensor) -> Tensor:
        """(..., H, W) -> (..., H', W') with the margins."""
        for axis, (before, after), size in zip((-2, -1), self.margin_px, self.size_px, strict=True):
            if before or after:
                index = torch.arange(-before, size + after, device=x.device) % (2 * size)
                x = x.index_select(axis, torch.minimum(index, 2 * size - 1 - index))
        return x

    def crop(self, x: Tensor) -> Tensor:
        """(..., H', W') -> (..., H, W) without the margins."""
        (top, _), (left, _) = self.margin_px
        return x[..., top : top + self.size_px[0], left : left + self.size_px[1]]

    def fade(self, like: Tensor) -> Tensor:
        """Weights (H', W'), on the device of `like`: 1 in the picture, falling to 0 at the ends of the margins."""
        weights = []
        for (before, after), size in zip(self.margin_px, self.size_px, strict=True):
            rise, fall = (torch.linspace(0, 1, margin, device=like.device) for margin in (before, after))
            weights.append(torch.cat([rise, torch.ones(size, device=like.device), fall.flip(0)]))
        return weights[0][:, None] * weights[1][None]


def _margin(size: int, reach_px: int | None) -> tuple[int, int]:
    """Margins (before, after), together half the size or twice the reach, so that filters never reach across the wrap.

    The total length is a multiple of 16, for fast Fourier transforms.
    """
    margins = max(size // 2, 8) if reach_px is None else min(2 * reach_px, max(size // 2, 8))
    total = -(-(size + margins) // 16) * 16
    return (total - size) // 2, total - size - (total - size) // 2
