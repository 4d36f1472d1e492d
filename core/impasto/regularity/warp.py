"""Rectification of an image: keystone correction, rotation and scaling in one resampling."""

from __future__ import annotations

import torch
from torch.nn.functional import grid_sample


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
    left, right, top, bottom = outline[:66].split(33) + outline[66:].split(33)
    low = torch.stack([top[:, 0].max(), left[:, 1].max()])
    high = torch.stack([bottom[:, 0].min(), right[:, 1].min()])
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
