"""Lambert's law I = s · b solved for each pixel, s a light and b = albedo · normal, without shadows and highlights.

Iteratively reweighted least squares: weights fall with the residual (Geman & McClure 1985), whose scale shrinks from
pass to pass, and lights behind the surface do not count.
"""

from __future__ import annotations

import torch
from torch import Tensor

SCALES = (0.4, 0.2, 0.1, 0.05)
"""For each pass, the residual with a quarter of the weight, relative to albedo times the light's strength."""
GRAZING = 0.08
"""A light with a smaller cosine of incidence counts as behind the surface."""
FLAT_WEIGHT = 2e-3
"""Weight of a flat surface, which decides where too few lights reach a pixel."""
PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def solve(intensity: Tensor, usable: Tensor, S: Tensor) -> tuple[Tensor, Tensor]:
    """b (3, N) and the weights (K, N) of intensities (K, N) under lights S (K, 3).

    usable: (K, N), 0 where a picture is saturated. With three lights only saturated pixels can be excluded.
    """
    strength = S.norm(dim=1, keepdim=True)  # (K, 1)
    w = usable
    b = _least_squares(intensity, w, S)
    if len(S) < 4:
        return b, w
    for scale in SCALES:
        predicted = S @ b
        tolerance = scale * strength * length(b) + 1e-5
        residual = (intensity - predicted) / tolerance
        w = (1 + residual * residual).reciprocal_().square_()
        w *= usable * (predicted > GRAZING / scale * tolerance)
        b = _least_squares(intensity, w, S)
    return b, w


def length(b: Tensor) -> Tensor:
    """Euclidean length (…) of vectors (3, …); ten times as fast as `Tensor.norm` along the first axis."""
    x, y, z = b
    return torch.addcmul(torch.addcmul(x * x, y, y), z, z).sqrt_()


def _least_squares(intensity: Tensor, w: Tensor, S: Tensor) -> Tensor:
    """argmin_b Σ_k w_k (I_k − s_k · b)², (3, N), by Cramer's rule."""
    products = torch.stack([S[:, i] * S[:, j] for i, j in PAIRS])  # (6, K)
    ridge = FLAT_WEIGHT * (S * S).sum() / 3
    xx, yy, zz, xy, xz, yz = products @ w
    xx, yy, zz = xx + ridge, yy + ridge, zz + 1e-3 * ridge
    x, y, z = S.T @ (w * intensity)
    a, b, c = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    d, e, f = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    determinant = xx * a + xy * b + xz * c
    found = torch.stack([a * x + b * y + c * z, b * x + d * y + e * z, c * x + e * y + f * z])
    return found / determinant.clamp_min(1e-20)
