"""The plane that filters run on: it wraps around where the picture tiles and is mirrored where it does not."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Plane:
    """A picture of `size_px` (H, W), with `margin_px` ((top, bottom), (left, right)) mirrored pixels around it."""

    size_px: tuple[int, int]
    margin_px: tuple[tuple[int, int], tuple[int, int]]

    @classmethod
    def around(cls, size_px: tuple[int, int], wraps: tuple[bool, bool], reach_px: int | None = None) -> Plane:
        """The plane of a picture that wraps around (vertically, horizontally) or not.

        reach_px: of the filters, if they are not as wide as the picture.
        """
        (top, bottom), (left, right) = (
            (0, 0) if wrap else _margin(size, reach_px) for size, wrap in zip(size_px, wraps, strict=True)
        )
        return cls(size_px, ((top, bottom), (left, right)))

    @property
    def wraps(self) -> tuple[bool, bool]:
        """Whether the picture wraps around (vertically, horizontally)."""
        return self.margin_px[0] == (0, 0), self.margin_px[1] == (0, 0)

    @property
    def scale_px(self) -> float:
        """The side of a square of the picture's area: the picture's size, to which widths of filters are relative."""
        return (self.size_px[0] * self.size_px[1]) ** 0.5

    def extend(self, x: torch.Tensor) -> torch.Tensor:
        """(..., H, W) -> (..., H', W') with the margins."""
        for axis, (before, after), size in zip((-2, -1), self.margin_px, self.size_px, strict=True):
            if before or after:
                index = torch.arange(-before, size + after, device=x.device) % (2 * size)
                x = x.index_select(axis, torch.minimum(index, 2 * size - 1 - index))
        return x

    def crop(self, x: torch.Tensor) -> torch.Tensor:
        """(..., H', W') -> (..., H, W) without the margins."""
        (top, _), (left, _) = self.margin_px
        return x[..., top : top + self.size_px[0], left : left + self.size_px[1]]

    def fade(self, like: torch.Tensor) -> torch.Tensor:
        """Weights (H', W') on a tensor's device: 1 within the picture, falling to 0 towards the ends of the margins."""
        weights = []
        for (before, after), size in zip(self.margin_px, self.size_px, strict=True):
            rise, fall = (torch.linspace(0, 1, margin, device=like.device) for margin in (before, after))
            weights.append(torch.cat([rise, torch.ones(size, device=like.device), fall.flip(0)]))
        return weights[0][:, None] * weights[1][None]


def _margin(size: int, reach_px: int | None) -> tuple[int, int]:
    """Margins (before, after), together half the size or twice the reach, so that filters do not reach across the wrap.

    The total is a multiple of 16, for fast Fourier transforms.
    """
    margins = max(size // 2, 8) if reach_px is None else min(2 * reach_px, max(size // 2, 8))
    total = -(-(size + margins) // 16) * 16
    return (total - size) // 2, total - size - (total - size) // 2
