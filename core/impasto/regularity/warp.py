"""Rectification of an image: keystone correction, rotation and scaling in one resampling."""

from __future__ import annotations

import torch
from torch.nn.functional import grid_sample

TURNED = 0.1
"""An affine transformation turns if an element off its diagonal is larger than this, relative to its largest."""


def warp(image: torch.Tensor, affine: torch.Tensor, keystones: tuple[float, float]) -> torch.Tensor:
    """Undo the keystones of image (c, h, w), then apply `affine` (2, 2) to its (y, x), and crop to the known part.

    Keystones (a, b): q = p / (1 + a x + b y) with x and y in halves of the image; so p = q / (1 - a X - b Y).
    In double precision: the last bits of matrix products depend on memory alignment, and the cuts of a quilt depend on
    the last bits of the pixels. Rounded to single precision, they are the same on every run.
    """
    height, width = image.shape[1:]
    affine, double = affine.double(), torch.float64
    half = torch.tensor([height / 2, width / 2], dtype=double)
    slope = torch.tensor([keystones[1], keystones[0]], dtype=double) / half
    edge = torch.linspace(-1, 1, 33, dtype=double)
    ones = torch.ones_like(edge)
    border = torch.stack([torch.cat([edge, edge, -ones, ones]), torch.cat([-ones, ones, edge, edge])], 1) * half
    outline = border / (1 + border @ slope)[:, None] @ affine.T  # top and bottom as columns; then sides
    is_turned = bool((affine - affine.diag().clamp(min=0).diag()).abs().max() > TURNED * affine.abs().max())
    low, high = _turned_part(affine, half, slope) if is_turned else _upright_part(outline)
    sizes = [max(1, int(length)) for length in (high - low).tolist()]
    y, x = (
        low[axis] + (torch.arange(sizes[axis], dtype=double) + 0.5) * (high - low)[axis] / sizes[axis]
        for axis in (0, 1)
    )
    target = torch.stack(torch.meshgrid(y, x, indexing="ij"), -1)  # (h', w', 2)
    flat = target @ torch.linalg.inv(affine).T
    position = flat / (1 - flat @ slope)[..., None] / half
    grid = position.flip(-1)[None].to(image)
    return grid_sample(image[None], grid, "bicubic", "reflection", align_corners=False)[0]


def _upright_part(outline: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Lowest and highest (y, x) of the rectangle inside an outline (132, 2) that is hardly turned."""
    left, right, top, bottom = outline[:66].split(33) + outline[66:].split(33)
    return torch.stack([top[:, 0].max(), left[:, 1].max()]), torch.stack([bottom[:, 0].min(), right[:, 1].min()])


def _turned_part(affine: torch.Tensor, half: torch.Tensor, slope: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Lowest and highest (y, x) of the largest rectangle about the centre, of the picture's own aspect, once turned.

    By bisection: it is as large as it can be when one of its corners leaves the picture.
    """
    turn = affine.square() / affine.square().sum(1, keepdim=True)  # squares of cosine and sine
    corners = torch.tensor([[1, 1], [1, -1]], dtype=half.dtype) * (turn @ half)
    inverse = torch.linalg.inv(affine)
    low, high = 0.0, 2 * float(affine.abs().max())
    for _ in range(40):
        share = (low + high) / 2
        flat = torch.cat([corners, -corners]) * share @ inverse.T
        fits = bool(((flat / (1 - flat @ slope)[:, None]).abs() <= half).all())
        low, high = (share, high) if fits else (low, share)
    return -low * corners[0], low * corners[0]
