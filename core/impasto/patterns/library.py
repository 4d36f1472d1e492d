"""Patches of styles, upright, rotated and mirrored, with features for matching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad, unfold

SIDE = 7
"""Side of a patch in pixels."""
STRIDE = 2
"""Pixels from one patch to the next, in pictures and styles, so that a match suggests those of its neighbours."""
COMPONENTS = 24
"""Number of principal components that represent the 3·7·7 values of a patch."""
MEASURED = 4096
"""Approximate number of patches of a style for computing them."""
MOST_PATCHES = 2**21
"""Most patches, for 230 MiB of features."""
VIEWS = (0, 4, 2, 6, 1, 5, 3, 7)
"""Quarter turns, plus 4 for mirrored views; the last views are dropped first if there are too many patches."""
CELLS, SPOTS = 32, 64
"""Numbers of cells and of spots per side of a style, for measuring how evenly it is used, as a whole and locally."""


@dataclass(frozen=True)
class PatchPixels:
    """Pixels of patches: indices into pixels (N, 3), from `corner` (patches,), in steps `down` and `right`.

    Colours have a fourth channel of ones, so that sums of weighted colours also contain the sum of the weights.
    cache: colours that were looked up before, by position; None to use no memory for them.
    """

    pixels: Tensor
    corner: Tensor
    down: Tensor
    right: Tensor
    cache: dict[tuple[int, int], Tensor] | None = None

    @cached_property
    def colors(self) -> Tensor:
        """The pixels with ones, each as one number of 16 bytes (N,), which are looked up three times as fast."""
        return pad(self.pixels, (0, 1), value=1).view(torch.complex128)[:, 0]

    def at(self, y: int, x: int) -> Tensor:
        """Colours (patches, 4) at an offset (y, x) from the corners of patches."""
        cache = {} if self.cache is None else self.cache
        if (y, x) not in cache:
            cache[y, x] = self.colors.index_select(0, self.place(y, x))[:, None].view(torch.float32)
        return cache[y, x]

    def place(self, y: int, x: int) -> Tensor:
        """Indices (patches,) of the pixels at an offset (y, x) from the corners of patches."""
        return self.corner + y * self.down + x * self.right


class PatchLibrary:
    """Table with a row for each patch of styles (1, 3, h, w) with guides (1, G, h, w), which begin with an orientation.

    features: (rows, COMPONENTS + G), compared by squared differences. centre: (rows,), indices of the middle pixels.
    cell, spot, view: (rows,). room: number of patches of each spot in one view, at least 1. longest_px: longest side of
    a style.
    """

    def __init__(self, styles: Sequence[Tensor], guides: Sequence[Tensor], turned: bool) -> None:
        self.sizes = [(style.shape[2], style.shape[3]) for style in styles]
        self.pixels = pixels_of(styles)
        self.mean, self.basis = _principal(styles)
        device, offset = self.pixels.device, 0
        shapes, steps, features, corners, centres, cells, spots = [], [], [], [], [], [], []
        for number, (style, guide) in enumerate(zip(styles, guides, strict=True)):
            height, width = self.sizes[number]
            index = torch.arange(height * width, device=device).view(1, 1, height, width)
            for view in VIEWS[: _count_of_views(self.sizes, turned)]:
                places = view_of(index, view)[0, 0]
                corner = places[: 1 - SIDE : STRIDE, : 1 - SIDE : STRIDE]
                middle = places[SIDE // 2 :: STRIDE, SIDE // 2 :: STRIDE][: corner.shape[0], : corner.shape[1]]
                shapes.append((*corner.shape, number))
                steps.append((int(places[1, 0] - places[0, 0]), int(places[0, 1] - places[0, 0])))
                corners.append(offset + corner.flatten())
                centres.append(offset + middle.flatten())
                cells.append(number * CELLS**2 + _squares(middle.flatten(), height, width, CELLS))
                spots.append(number * SPOTS**2 + _squares(middle.flatten(), height, width, SPOTS))
                features.append(self.features_of(view_of(style, view), guides_of_view(guide, view)))
            offset += height * width
        self.features = torch.cat(features)
        self.corner, self.centre, self.cell, self.spot = map(torch.cat, (corners, centres, cells, spots))
        shape = torch.tensor(shapes, device=device)  # (views, 3)
        counts = shape[:, 0] * shape[:, 1]
        self.rows, self.columns, self.source = shape.T
        self.first = counts.cumsum(0) - counts
        self.view = torch.arange(len(shapes), device=device).repeat_interleave(counts)
        self.down, self.right = torch.tensor(steps, device=device).T
        self.longest_px = max(max(size) for size in self.sizes)
        views = len(shapes) // len(styles)
        self.room = (torch.bincount(self.spot, minlength=len(styles) * SPOTS**2) / views).clamp_min(1)

    def features_of(self, picture: Tensor, guides: Tensor) -> Tensor:
        """Features (patches, COMPONENTS + G) of all patches on the grid of (1, 3, H, W), with guides at centres."""
        patches = conv2d(picture - self.mean, self.basis, stride=STRIDE)  # (1, COMPONENTS, rows, columns)
        rows, columns = patches.shape[2:]
        centres = guides[:, :, SIDE // 2 :: STRIDE, SIDE // 2 :: STRIDE][:, :, :rows, :columns]
        return torch.cat([patches, SIDE * centres], 1)[0].flatten(1).T.contiguous()

    def place(self, patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """View of each patch, and its row and column on the grid of the view."""
        view = self.view[patches]
        local = patches - self.first[view]
        return view, local // self.columns[view], local % self.columns[view]

    def patch_at(self, view: Tensor, row: Tensor, column: Tensor) -> Tensor:
        """The patch at a row and column of a view, or the nearest one there."""
        row = torch.minimum(row.clamp_min(0), self.rows[view] - 1)
        column = torch.minimum(column.clamp_min(0), self.columns[view] - 1)
        return self.first[view] + row * self.columns[view] + column

    def pieces(self, patches: Tensor) -> PatchPixels:
        """Pixels of patches."""
        view = self.view[patches]
        return PatchPixels(self.pixels, self.corner[patches].int(), self.down[view].int(), self.right[view].int(), {})

    def enlarged_pieces(self, patches: Tensor, styles: Sequence[Tensor], factor: int) -> PatchPixels:
        """Pixels of the same patches of styles enlarged by a factor."""
        view = self.view[patches]
        source, down, right = self.source[view], self.down[view], self.right[view]
        areas = torch.tensor([height * width for height, width in self.sizes], device=view.device)
        width = torch.tensor([width for _, width in self.sizes], device=view.device)[source]
        before = (areas.cumsum(0) - areas)[source]
        y, x = (self.corner[patches] - before) // width, (self.corner[patches] - before) % width
        # A view opposite to an axis begins at the far end of the enlarged pixel.
        y = y * factor + (factor - 1) * ((down == -width) | (right == -width))
        x = x * factor + (factor - 1) * ((down == -1) | (right == -1))
        corner = before * factor**2 + y * width * factor + x
        down, right = (torch.where(step.abs() == 1, step, step * factor) for step in (down, right))
        return PatchPixels(pixels_of(styles), corner.int(), down.int(), right.int())


def pixels_of(styles: Sequence[Tensor]) -> Tensor:
    """All pixels (N, 3) of styles (1, 3, h, w), one style after another."""
    return torch.cat([style[0].flatten(1).T for style in styles]).contiguous()


def centre_of(style: Tensor, most_px: int) -> Tensor:
    """The centre of a style (1, 3, h, w), with at most `most_px` pixels."""
    height, width = style.shape[2:]
    ratio = min(1.0, (most_px / (height * width)) ** 0.5)
    tall, wide = int(height * ratio), int(width * ratio)
    top, left = (height - tall) // 2, (width - wide) // 2
    return style[:, :, top : top + tall, left : left + wide]


def _squares(pixels: Tensor, height: int, width: int, count: int) -> Tensor:
    """Index of the part, among count · count parts of a style's area, that contains each pixel index."""
    return pixels // width * count // height * count + pixels % width * count // width


def _count_of_views(sizes: Sequence[tuple[int, int]], turned: bool) -> int:
    """Number of views of each style that stay within MOST_PATCHES."""
    patches = sum(height * width for height, width in sizes) // STRIDE**2
    return int(np.clip(MOST_PATCHES // max(1, patches), 1, len(VIEWS))) if turned else 1


def view_of(x: Tensor, view: int) -> Tensor:
    """x (1, C, h, w), rotated and mirrored as in a view."""
    turned = torch.rot90(x, view % 4, (2, 3))
    return turned.flip(3) if view >= 4 else turned


def guides_of_view(guides: Tensor, view: int) -> Tensor:
    """Guides (1, G, h, w), rotated and mirrored as in a view, with their orientation, which comes first."""
    signs = guides.new_ones(guides.shape[1], 1, 1)
    signs[:2] = -1 if view % 2 else 1
    signs[1] *= -1 if view >= 4 else 1
    return signs * view_of(guides, view)


def _principal(styles: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean colour (3, 1, 1) and principal components (COMPONENTS, 3, SIDE, SIDE) of patches of styles."""
    samples = []
    for style in styles:
        step = max(1, int((style.shape[2] * style.shape[3] / MEASURED) ** 0.5))
        samples.append(unfold(style, SIDE, stride=step)[0].T)
    P = torch.cat(samples)  # (patches, 3·SIDE²)
    centred = P - P.mean(0)
    covariance = (centred.T @ centred / len(P)).cpu()  # not every device has eigenvectors
    basis = torch.linalg.eigh(covariance).eigenvectors[:, -COMPONENTS:].to(P.device)
    return P.mean(0).view(3, -1).mean(1)[:, None, None], basis.T.reshape(COMPONENTS, 3, SIDE, SIDE)
