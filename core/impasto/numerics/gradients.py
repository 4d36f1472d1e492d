"""Gradients, and the structure tensor (Förstner & Gülch 1987): direction and strength of local change."""

from __future__ import annotations

import torch
from torch import Tensor


def central_differences(x: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives (..., H - 2, W - 2) of x (..., H, W), down and to the right."""
    down = (x[..., 2:, 1:-1] - x[..., :-2, 1:-1]) / 2
    right = (x[..., 1:-1, 2:] - x[..., 1:-1, :-2]) / 2
    return down, right


def eigenvalues(xx: Tensor, yy: Tensor, xy: Tensor) -> tuple[Tensor, Tensor]:
    """The larger and the smaller eigenvalue of a tensor with these elements: energy across and along what is there."""
    root = torch.hypot(xx - yy, 2 * xy)
    return (xx + yy + root) / 2, (xx + yy - root) / 2


def angle(xx: Tensor, yy: Tensor, xy: Tensor) -> Tensor:
    """Angle of the strongest change, in (-π/2, π/2], from right towards down."""
    return torch.atan2(2 * xy, xx - yy) / 2


def coherence(xx: Tensor, yy: Tensor, xy: Tensor, least: float) -> Tensor:
    """Difference of the eigenvalues over their sum: from 0 for no direction to 1 for parallel lines.

    least: added to the sum, so that even places have no direction.
    """
    return torch.hypot(xx - yy, 2 * xy) / (xx + yy + least)
