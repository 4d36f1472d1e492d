"""The patches of the styles, upright, turned and mirrored, each with the features by which it is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, unfold

from .grid import SIDE, STRIDE

COMPONENTS = 24
"""Principal components that stand for a patch's 3·7·7 values."""
MEASURED = 4096
"""About so many patches of a style are looked at to find them."""
MOST_PATCHES = 2**21
"""So many at most are kept: 230 MiB of features."""
VIEWS = (0, 4, 2, 6, 1, 5, 3, 7)
"""Quarter turns, + 4: mirrored; in the order in which they are given up where there are too many patches."""
CELLS = 32
"""A style is divided into so many cells a side, to see how evenly it is used."""


@dataclass(frozen=True)
class Pieces:
    """Patches to be laid: of pixels (N, 3), from `corner` (patches,), in steps of `down` and `right` pixels."""

    pixels: Tensor
    corner: Tensor
    down: Tensor
    right: Tensor

    def at(self, y: int, x: int) -> Tensor:
        """Their colours at (y, x) from their corners: (patches, 3)."""
        return self.pixels[self.corner + y * self.down + x * self.right]


class Library:
    """Patches of styles (1, 3, h, w), whose guides (1, G, h, w) are given, in rows of a table.

    features: (rows, COMPONENTS + G), comparable by their squared differences. cell, view: (rows,).
    """

    def __init__(self, styles: Sequence[Tensor], guides: Sequence[Tensor], turned: bool) -> None:
        self.sizes = [(style.shape[2], style.shape[3]) for style in styles]
        self.pixels = pixels_of(styles)
        self.mean, self.basis = _principal(styles)
        device, offset = self.pixels.device, 0
        shapes, steps, features, corners, cells = [], [], [], [], []
        for number, (style, guide) in enumerate(zip(styles, guides, strict=True)):
            height, width = self.sizes[number]
            index = torch.arange(height * width, device=device).view(1, 1, height, width)
            for view in VIEWS[: _count_of_views(self.sizes, turned)]:
                places = _seen(index, view)[0, 0]
                corner = places[: 1 - SIDE : STRIDE, : 1 - SIDE : STRIDE]
                middle = places[SIDE // 2 :: STRIDE, SIDE // 2 :: STRIDE][: corner.shape[0], : corner.shape[1]]
                cell = (middle // width * CELLS // height) * CELLS + middle % width * CELLS // width
                shapes.append((*corner.shape, number))
                steps.append((int(places[1, 0] - places[0, 0]), int(places[0, 1] - places[0, 0])))
                corners.append(offset + corner.flatten())
                cells.append(number * CELLS**2 + cell.flatten())
                features.append(self.features_of(_seen(style, view), _seen(guide, view)))
            offset += height * width
        self.features = torch.cat(features)
        self.corner, self.cell = torch.cat(corners), torch.cat(cells)
        shape = torch.tensor(shapes, device=device)  # (views, 3)
        counts = shape[:, 0] * shape[:, 1]
        self.rows, self.columns, self.source = shape.T
        self.first = counts.cumsum(0) - counts
        self.view = torch.arange(len(shapes), device=device).repeat_interleave(counts)
        self.down, self.right = torch.tensor(steps, device=device).T

    def features_of(self, picture: Tensor, guides: Tensor) -> Tensor:
        """Features (patches, COMPONENTS + G) of all patches of (1, 3, H, W) on the grid, with their centres' guides."""
        patches = conv2d(picture - self.mean, self.basis, stride=STRIDE)  # (1, COMPONENTS, rows, columns)
        rows, columns = patches.shape[2:]
        centres = guides[:, :, SIDE // 2 :: STRIDE, SIDE // 2 :: STRIDE][:, :, :rows, :columns]
        return torch.cat([patches, SIDE * centres], 1)[0].flatten(1).T.contiguous()

    def shares(self) -> Tensor:
        """Area of each cell in parts of its style (styles, cells of all styles)."""
        counts = torch.bincount(self.cell, minlength=len(self.sizes) * CELLS**2).view(len(self.sizes), -1)
        return torch.block_diag(*(counts / counts.sum(1, keepdim=True)))

    def place(self, patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """View, and row and column on its grid, of patches."""
        view = self.view[patches]
        local = patches - self.first[view]
        return view, local // self.columns[view], local % self.columns[view]

    def patch_at(self, view: Tensor, row: Tensor, column: Tensor) -> Tensor:
        """The patch there, or the nearest in the view."""
        row = torch.minimum(row.clamp_min(0), self.rows[view] - 1)
        column = torch.minimum(column.clamp_min(0), self.columns[view] - 1)
        return self.first[view] + row * self.columns[view] + column

    def moved(self, patches: Tensor, rows: Tensor | int, columns: Tensor | int) -> Tensor:
        """The patches so many rows and columns from others, in the direction of their views."""
        view, row, column = self.place(patches)
        return self.patch_at(view, row + rows, column + columns)

    def pieces(self, patches: Tensor) -> Pieces:
        """Patches, ready to be laid."""
        view = self.view[patches]
        return Pieces(self.pixels, self.corner[patches], self.down[view], self.right[view])

    def enlarged_pieces(self, patches: Tensor, styles: Sequence[Tensor], factor: int) -> Pieces:
        """The same patches of the styles in `factor` times the size."""
        view = self.view[patches]
        source, down, right = self.source[view], self.down[view], self.right[view]
        areas = torch.tensor([height * width for height, width in self.sizes], device=view.device)
        width = torch.tensor([width for _, width in self.sizes], device=view.device)[source]
        before = (areas.cumsum(0) - areas)[source]
        y, x = (self.corner[patches] - before) // width, (self.corner[patches] - before) % width
        # A view that runs against an axis begins at the far end of the enlarged pixel.
        y = y * factor + (factor - 1) * ((down == -width) | (right == -width))
        x = x * factor + (factor - 1) * ((down == -1) | (right == -1))
        corner = before * factor**2 + y * width * factor + x
        wide = [torch.where(step.abs() == 1, step, step * factor) for step in (down, right)]
        return Pieces(pixels_of(styles), corner, *wide)


def pixels_of(styles: Sequence[Tensor]) -> Tensor:
    """All pixels of styles (1, 3, h, w), one after the other: (N, 3)."""
    return torch.cat([style[0].flatten(1).T for style in styles]).contiguous()


def cropped(style: Tensor, most_px: int) -> Tensor:
    """The middle of a style (1, 3, h, w) that has more pixels than can be searched."""
    height, width = style.shape[2:]
    ratio = min(1.0, (most_px / (height * width)) ** 0.5)
    tall, wide = int(height * ratio), int(width * ratio)
    top, left = (height - tall) // 2, (width - wide) // 2
    return style[:, :, top : top + tall, left : left + wide]


def _count_of_views(sizes: Sequence[tuple[int, int]], turned: bool) -> int:
    """As many views of each style as there is room for."""
    patches = sum(height * width for height, width in sizes) // STRIDE**2
    return int(np.clip(MOST_PATCHES // max(1, patches), 1, len(VIEWS))) if turned else 1


def _seen(x: Tensor, view: int) -> Tensor:
    turned = torch.rot90(x, view % 4, (2, 3))
    return turned.flip(3) if view >= 4 else turned


def _principal(styles: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean colour (3, 1, 1) and principal components (COMPONENTS, 3, SIDE, SIDE) of the styles' patches."""
    samples = []
    for style in styles:
        step = max(1, int((style.shape[2] * style.shape[3] / MEASURED) ** 0.5))
        samples.append(unfold(style, SIDE, stride=step)[0].T)
    P = torch.cat(samples)  # (patches, 3·SIDE²)
    centred = P - P.mean(0)
    basis = torch.linalg.eigh(centred.T @ centred / len(P)).eigenvectors[:, -COMPONENTS:]
    return P.mean(0).view(3, -1).mean(1)[:, None, None], basis.T.reshape(COMPONENTS, 3, SIDE, SIDE)
