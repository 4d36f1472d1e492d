"""Regions of a torus: rectangles that may extend across its edges and continue on the opposite side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class TorusRegion:
    """height x width pixels from (top, left) of a torus of `full` (height, width) pixels; may exceed the torus."""

    top: int
    left: int
    height: int
    width: int
    full: tuple[int, int]

    def with_margin(self, margin: int) -> TorusRegion:
        """This region with `margin` more pixels on each side (fewer if negative)."""
        return replace(
            self,
            top=self.top - margin,
            left=self.left - margin,
            height=self.height + 2 * margin,
            width=self.width + 2 * margin,
        )

    def within_torus(self) -> TorusRegion:
        """This region, with sides that exceed the torus cut to its full length from 0."""
        clipped = self
        if self.height >= self.full[0]:
            clipped = replace(clipped, top=0, height=self.full[0])
        if self.width >= self.full[1]:
            clipped = replace(clipped, left=0, width=self.full[1])
        return clipped

    def at_half_size(self) -> TorusRegion:
        """The same region of a torus half as large."""
        full = (self.full[0] // 2, self.full[1] // 2)
        return TorusRegion(self.top // 2, self.left // 2, self.height // 2, self.width // 2, full)

    def on_grid(self, multiple: int) -> TorusRegion:
        """The smallest region that contains this one and whose edges are multiples of `multiple` pixels."""
        top, left = self.top // multiple * multiple, self.left // multiple * multiple
        bottom, right = (-(-end // multiple) * multiple for end in (self.top + self.height, self.left + self.width))
        return TorusRegion(top, left, bottom - top, right - left, self.full)

    def bands(self, area: int) -> list[TorusRegion]:
        """This region in bands of whole rows, of at most about `area` pixels each."""
        count = -(-self.height * self.width // area)
        height = -(-self.height // count)
        tops = range(0, self.height, height)
        return [replace(self, top=self.top + top, height=min(height, self.height - top)) for top in tops]

    def take(self, x: Tensor, want: TorusRegion) -> Tensor:
        """The part `want` of x (B, C, h, w), the values of this region; sides as long as the torus wrap around."""
        x = _take(x, 2, self.top, self.height, want.top, want.height, self.full[0])
        return _take(x, 3, self.left, self.width, want.left, want.width, self.full[1])

    def rows(self) -> Tensor:
        """y of each row's centre, in pixels of the torus."""
        return torch.arange(self.top, self.top + self.height) + 0.5

    def columns(self) -> Tensor:
        """x of each column's centre, in pixels of the torus."""
        return torch.arange(self.left, self.left + self.width) + 0.5


def full_region(full: tuple[int, int]) -> TorusRegion:
    """The whole torus of `full` (height, width) pixels."""
    return TorusRegion(0, 0, *full, full)


def picture_region(x: Tensor) -> TorusRegion:
    """The whole of a picture x (..., H, W)."""
    return full_region((x.shape[-2], x.shape[-1]))


def _take(x: Tensor, axis: int, start: int, length: int, want: int, count: int, full: int) -> Tensor:
    if length < full or (want >= start and want + count <= start + length):
        offset = want - start
        if offset < 0 or offset + count > length:
            raise IndexError(f"{count} from {want} are not within {length} from {start}")
        return x.narrow(axis, offset, count)
    runs = []
    while count > 0:
        offset = (want - start) % full
        run = min(count, full - offset)
        runs.append(x.narrow(axis, offset, run))
        want, count = want + run, count - run
    return torch.cat(runs, axis)
