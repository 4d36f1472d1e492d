"""A grid of overlapping patches that covers a picture and its borders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from impasto.numerics.borders import with_margin

SIDE = 7
"""Pixels of a patch's side."""
STRIDE = 2
"""Pixels from one patch to the next, in pictures and styles alike, so that a match suggests its neighbours'."""


@dataclass(frozen=True)
class Grid:
    """Patches over a picture of height x width, with all lengths `factor` times those used for matching.

    In a picture that tiles, patches wrap around its borders; any other gets a mirrored margin, so that borders are
    covered as often as the rest.
    """

    height: int
    width: int
    seamless: bool
    factor: int = 1

    @property
    def side(self) -> int:
        """Pixels of a patch's side."""
        return SIDE * self.factor

    @property
    def stride(self) -> int:
        """Pixels from one patch to the next."""
        return STRIDE * self.factor

    @property
    def margin(self) -> int:
        """Pixels from the first patch's corner to the picture's."""
        return 0 if self.seamless else (SIDE - 1) * self.factor

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return -(-(self.height + self.margin) // self.stride), -(-(self.width + self.margin) // self.stride)

    @cached_property
    def canvas(self) -> tuple[int, int]:
        """Height and width of the area that the patches cover."""
        rows, columns = self.shape
        return (rows - 1) * self.stride + self.side, (columns - 1) * self.stride + self.side

    def enlarged(self, factor: int) -> Grid:
        """The same patches on a picture enlarged by a factor."""
        return Grid(self.height * factor, self.width * factor, self.seamless, factor)

    def on_canvas(self, x: Tensor) -> Tensor:
        """(B, C, H, W), extended to the area that the patches cover."""
        below, right = self.canvas[0] - self.margin - self.height, self.canvas[1] - self.margin - self.width
        return with_margin(x, ((self.margin, below), (self.margin, right)), self.seamless)

    def at_centres(self, x: Tensor) -> Tensor:
        """Values (patches, C) of (1, C, H, W) at the patches' centres."""
        rows, columns = self.shape
        centre = self.side // 2
        picked = self.on_canvas(x)[0, :, centre :: self.stride, centre :: self.stride][:, :rows, :columns]
        return picked.flatten(1).T

    def from_centres(self, values: Tensor) -> Tensor:
        """Values (patches, C) at the patches' centres in a picture (1, C, H, W) that is 0 elsewhere."""
        rows, columns = self.shape
        centre = self.side // 2
        canvas = values.new_zeros(*self.canvas, values.shape[1])
        canvas[centre :: self.stride, centre :: self.stride][:rows, :columns] = values.view(rows, columns, -1)
        return self.folded(canvas).permute(2, 0, 1)[None]

    def folded(self, canvas: Tensor) -> Tensor:
        """Sums on the canvas (h, w, C), folded onto the picture (H, W, C) if it tiles, else cropped to it."""
        top, left = self.margin, self.margin
        folded = canvas[top : top + self.height, left : left + self.width]
        if not self.seamless:
            return folded
        below, right = self.canvas[0] - self.height, self.canvas[1] - self.width
        rows = canvas.clone()
        rows[:below] += canvas[self.height :]
        folded = rows[: self.height, : self.width].clone()
        folded[:, :right] += rows[: self.height, self.width :]
        return folded
