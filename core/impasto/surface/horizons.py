"""Ambient occlusion and bent normals of a height field from its horizons (Max 1988; Jimenez et al. 2016).

From a point of a height field, all that is above the horizon is sky, so what is open in one direction is known from one
angle, and the integral over it has a closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..numerics.borders import TORUS, with_margin

DIRECTIONS = 16
GROWTH = 1.15
"""Ratio of successive distances along a direction, once they are whole pixels apart."""


@dataclass(frozen=True)
class Sky:
    """Visibility of the sky from each point: occlusion (H, W), 1 where all is open, and bent normals (3, H, W).

    A bent normal is the mean direction to the open sky, weighted by the cosine: x right, y up, z to the viewer.
    """

    occlusion: Tensor
    bent_normal: Tensor


def sky_over(height_px: Tensor, radius_px: float, on_progress: Callable[[float], None] = lambda fraction: None) -> Sky:
    """The part of the sky that a surface of height (H, W) in pixels, on a torus, leaves open within `radius_px`.

    Slopes are central differences. Shape of everything inside: (H, W).
    """
    n = _normals(height_px)
    around = with_margin(height_px, int(max(radius_px, 1.0) * GROWTH) + 2, TORUS)
    seen, whole = torch.zeros_like(height_px), torch.zeros_like(height_px)
    bent = torch.zeros_like(n)
    for index in range(DIRECTIONS):
        on_progress(index / DIRECTIONS)
        azimuth = 2 * math.pi * (index + 0.5) / DIRECTIONS
        cosine, sine = math.cos(azimuth), math.sin(azimuth)
        n_a = n[0] * cosine + n[1] * sine  # part of the normal along the azimuth
        behind = math.pi / 2 + torch.atan2(n_a, n[2])  # angle from the zenith at which the surface turns away
        horizon = math.pi / 2 - torch.atan(_steepest(around, height_px, _offsets(cosine, sine, radius_px)))
        theta = torch.minimum(behind, horizon)
        seen += _cosine_integral(theta, n_a, n[2])
        whole += _cosine_integral(behind, n_a, n[2])
        lateral, upward = _direction_integrals(theta, n_a, n[2])
        bent += torch.stack([cosine * lateral, sine * lateral, upward])
    return Sky((seen / whole.clamp_min(1e-6)).clamp(0, 1), torch.nn.functional.normalize(bent, dim=0))


def _normals(height_px: Tensor) -> Tensor:
    """Unit normals (3, H, W)."""
    p = (torch.roll(height_px, -1, 1) - torch.roll(height_px, 1, 1)) / 2
    q = (torch.roll(height_px, -1, 0) - torch.roll(height_px, 1, 0)) / 2
    return torch.nn.functional.normalize(torch.stack([-p, q, torch.ones_like(p)]), dim=0)


def _steepest(around: Tensor, height_px: Tensor, offsets: list[tuple[int, int]]) -> Tensor:
    """Tangent of the horizon's elevation (H, W) at some offsets (right, down).

    around: the height (H', W') with margins.
    """
    rows, columns = height_px.shape
    top, left = (around.shape[0] - rows) // 2, (around.shape[1] - columns) // 2
    steepest, tangent = torch.full_like(height_px, -math.inf), torch.empty_like(height_px)
    for right, down in offsets:
        there = around[top + down : top + down + rows, left + right : left + right + columns]
        torch.sub(there, height_px, out=tangent).mul_(1 / math.hypot(right, down))
        torch.maximum(steepest, tangent, out=steepest)
    return steepest


def _offsets(cosine: float, sine: float, radius_px: float) -> list[tuple[int, int]]:
    """Whole pixels (right, down) along an azimuth up to a radius, further apart the farther away they are."""
    distance, offsets = 1.0, dict[tuple[int, int], None]()
    while distance < max(radius_px, 1.0) + 0.5:
        offsets[round(distance * cosine), round(-distance * sine)] = None
        distance = max(distance + 1, distance * GROWTH)
    return [offset for offset in offsets if offset != (0, 0)]


def _cosine_integral(theta: Tensor, n_a: Tensor, n_z: Tensor) -> Tensor:
    """∫₀^θ (n_z cos t + n_a sin t) sin t dt: the light that a wedge down to θ from the zenith sends."""
    return n_z * theta.sin().square() / 2 + n_a * (theta / 2 - (2 * theta).sin() / 4)


def _direction_integrals(theta: Tensor, n_a: Tensor, n_z: Tensor) -> tuple[Tensor, Tensor]:
    """∫₀^θ (n_z cos t + n_a sin t) (sin t, cos t) sin t dt: direction of that light, along the azimuth and up."""
    sine, cosine = theta.sin(), theta.cos()
    sin_cube = sine**3 / 3
    return n_z * sin_cube + n_a * (2 / 3 - cosine + cosine**3 / 3), n_z * (1 - cosine**3) / 3 + n_a * sin_cube
