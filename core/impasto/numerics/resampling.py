"""Samples of fields between their pixels."""

from __future__ import annotations

from torch import Tensor


def bilinear_samples(fields: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Bilinear samples (…, h, w) of fields (…, H, W) at y and x (h, w), around the torus.

    y, x: in pixels; the centre of the first pixel is at 0.5.
    """
    height, width = fields.shape[-2:]
    y, x = y - 0.5, x - 0.5
    top, left = y.floor(), x.floor()
    rows = [(top + k).remainder(height).long() * width for k in (0, 1)]
    columns = [(left + k).remainder(width).long() for k in (0, 1)]
    flat = fields.flatten(-2)
    upper, lower = (flat[..., r + columns[0]].lerp(flat[..., r + columns[1]], x - left) for r in rows)
    return upper.lerp(lower, y - top)
