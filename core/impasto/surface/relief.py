"""Maps derived from height: normals, ambient occlusion, cavities, and visibility of the sky.

Normals and occlusion are local filters on a torus: a strip of a surface with a margin of `HALO_PX` on each side gives
the same values as the whole. Bent normals follow from horizons (Max 1988; Jimenez et al. 2016): at a point of a height
field, everything above the horizon is sky. In each direction one angle describes the open part, and the integral over
it has a closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ..numerics.borders import TORUS, Wraps, with_margin
from ..numerics.filters import bordered_blur
from ..texture import Maps
from .heights import scale_m

HALO_PX = 30
"""Largest distance at which a pixel has influence: four blurs reach 2, 4, 8 and 16 px to each side."""
DEVIATIONS_PX = (1.0, 2.2, 4.6, 9.2)
"""Standard deviation of the accumulated blurs at each scale; its square is the sum of 4^s over scales up to it."""
PLAIN = 0.06
"""Amount of closure that still counts as open, so that a flat face stays white."""
SCALES = (0.5, 1.0, 2.0)
"""Sizes at which cavities are measured, relative to the requested size."""
SOFTNESS = 0.9
"""Width of the soft border of a share, in standard deviations of the score."""
DIRECTIONS = 16
GROWTH = 1.15
"""Ratio of successive distances along a direction, where it exceeds steps of one pixel."""


def with_relief(maps: Maps, device: str = "cpu") -> Maps:
    """The maps with `normal` and `ambient_occlusion` derived from `height`; unchanged if they have no height."""
    if "height" not in maps:
        return maps
    width_px = maps.size_px[1]
    width_m, range_m = scale_m(maps)
    height_px = torch.from_numpy(maps["height"].pixels[..., 0]).to(device) * (range_m / width_m * width_px)
    normal, occlusion = normal_from_height(height_px), occlusion_from_height(height_px)
    arrays = {"normal": normal.permute(1, 2, 0).cpu().numpy(), "ambient_occlusion": occlusion.cpu().numpy()}
    return replace(maps.with_arrays(arrays), width_m=width_m, height_range_m=range_m)


def normal_from_height(height_px: Tensor) -> Tensor:
    """OpenGL normals (3, H, W), encoded in [0, 1], of height (H, W) in pixels; +Y points up, against the rows.

    Slopes are circular central differences, as in `impasto.surface.heights` and in the training data.
    """
    p = (torch.roll(height_px, -1, 1) - torch.roll(height_px, 1, 1)) / 2
    q = (torch.roll(height_px, -1, 0) - torch.roll(height_px, 1, 0)) / 2
    z = 0.5 * torch.rsqrt(p * p + q * q + 1)
    return 0.5 + torch.stack([-p * z, q * z, z])


def without_rounding(height: Tensor) -> Tensor:
    """Height (H, W) in [0, 1], smoothed by up to half a step if it was stored in 8 bits, so that slopes have no stairs.

    Blurred by a B3 spline on a torus; rounding had removed detail finer than half a step.
    """
    steps = height * 255
    if (steps - steps.round()).abs().max() > 1e-3:
        return height
    blurred = height
    for scale in (0, 1):
        for axis in (0, 1):
            blurred = _spline(blurred, 2**scale, axis)
    return height + (blurred - height).clamp(-0.5 / 255, 0.5 / 255)


def occlusion_from_height(height_px: Tensor, strength: float = 0.5) -> Tensor:
    """Ambient occlusion (Langer & Bülthoff 2000) of height (H, W) in pixels, in [0, 1]; 1: open to the sky.

    Σ relu(blur_σ(h) − h)/σ: height of the surroundings above a point, divided by their distance, at four scales. The
    blurs are B3 splines with holes (à trous), which take the same time for any width.
    """
    blurred, closed = height_px, torch.zeros_like(height_px)
    for scale, deviation_px in enumerate(DEVIATIONS_PX):
        for axis in (0, 1):
            blurred = _spline(blurred, 2**scale, axis)
        closed += (blurred - height_px).clamp_min(0) / deviation_px
    return 1 / (1 + 2 * strength * (closed - PLAIN).clamp_min(0))


def _spline(x: Tensor, step: int, axis: int) -> Tensor:
    """Circular convolution with [1, 4, 6, 4, 1] / 16 along an axis, with taps that are `step` pixels apart."""
    length = x.shape[axis]
    around = torch.arange(-2 * step, length + 2 * step, device=x.device) % length
    x = x.index_select(axis, around)
    taps = [x.narrow(axis, index * step, length) for index in range(5)]
    return (0.375 * taps[2]).add_(taps[1] + taps[3], alpha=0.25).add_(taps[0] + taps[4], alpha=0.0625)


def cavities(height: Tensor, sigma_px: float, wraps: Wraps) -> Tensor:
    """Mean curvature (1, H, W) at sizes about `sigma_px`, positive in hollows, with standard deviation 1.

    It is computed from differences of Gaussians, which approximate smoothed Laplacians, at three scales.
    """
    pairs = [tuple(max(factor * scale * sigma_px, 0.3) for factor in (0.5, 1.0)) for scale in SCALES]
    blurs = {width: bordered_blur(height, width, wraps) for width in {width for pair in pairs for width in pair}}
    score = torch.zeros_like(height)
    for fine, broad in pairs:
        score += standardise(blurs[broad] - blurs[fine])
    return standardise(score)


def share_above(score: Tensor, area: float, softness: float = SOFTNESS) -> Tensor:
    """Share (1, H, W) from 0 to 1 that covers about the `area`, from 0 to 1, with the highest scores."""
    if area <= 0 or area >= 1:
        return torch.full_like(score, float(area >= 1))
    level = score.flatten().kthvalue(1 + round((1 - area) * (score.numel() - 1))).values
    t = ((score - level) / (softness * score.std(correction=0) + 1e-6) + 0.5).clamp(0, 1)
    return t * t * (3 - 2 * t)


def standardise(x: Tensor) -> Tensor:
    """x with mean 0 and standard deviation 1."""
    return (x - x.mean()) / (x.std(correction=0) + 1e-6)


@dataclass(frozen=True)
class Sky:
    """Visibility of the sky from each point: occlusion (H, W), 1 if all of it is visible, and bent normals (3, H, W).

    A bent normal is the mean direction to the visible sky, weighted by the cosine: x right, y up, z to the viewer.
    """

    occlusion: Tensor
    bent_normal: Tensor


def sky_over(height_px: Tensor, radius_px: float, on_progress: Callable[[float], None] = lambda fraction: None) -> Sky:
    """Sky over a surface of height (H, W) in pixels, on a torus, as far as points within `radius_px` leave it open.

    Slopes are central differences. Tensors inside have the shape (H, W).
    """
    n = 2 * normal_from_height(height_px) - 1
    around = with_margin(height_px, int(max(radius_px, 1.0) * GROWTH) + 2, TORUS)
    seen, whole = torch.zeros_like(height_px), torch.zeros_like(height_px)
    bent = torch.zeros_like(n)
    for index in range(DIRECTIONS):
        on_progress(index / DIRECTIONS)
        azimuth = 2 * math.pi * (index + 0.5) / DIRECTIONS
        cosine, sine = math.cos(azimuth), math.sin(azimuth)
        n_a = n[0] * cosine + n[1] * sine  # component of the normal along the azimuth
        behind = math.pi / 2 + torch.atan2(n_a, n[2])  # angle from the zenith at which the surface turns away
        horizon = math.pi / 2 - torch.atan(_steepest(around, height_px, _offsets(cosine, sine, radius_px)))
        theta = torch.minimum(behind, horizon)
        seen += _cosine_integral(theta, n_a, n[2])
        whole += _cosine_integral(behind, n_a, n[2])
        lateral, upward = _direction_integrals(theta, n_a, n[2])
        bent += torch.stack([cosine * lateral, sine * lateral, upward])
    return Sky((seen / whole.clamp_min(1e-6)).clamp(0, 1), normalize(bent, dim=0))


def _steepest(around: Tensor, height_px: Tensor, offsets: list[tuple[int, int]]) -> Tensor:
    """Tangent (H, W) of the elevation of the horizon, from the heights at offsets (right, down).

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
    """Offsets in whole pixels (right, down) along an azimuth up to a radius; the distance between them grows."""
    distance, offsets = 1.0, dict[tuple[int, int], None]()
    while distance < max(radius_px, 1.0) + 0.5:
        offsets[round(distance * cosine), round(-distance * sine)] = None
        distance = max(distance + 1, distance * GROWTH)
    return [offset for offset in offsets if offset != (0, 0)]


def _cosine_integral(theta: Tensor, n_a: Tensor, n_z: Tensor) -> Tensor:
    """∫₀^θ (n_z cos t + n_a sin t) sin t dt: light from a wedge of the sky between the zenith and θ."""
    return n_z * theta.sin().square() / 2 + n_a * (theta / 2 - (2 * theta).sin() / 4)


def _direction_integrals(theta: Tensor, n_a: Tensor, n_z: Tensor) -> tuple[Tensor, Tensor]:
    """∫₀^θ (n_z cos t + n_a sin t) (sin t, cos t) sin t dt: direction of that light, along the azimuth and up."""
    sine, cosine = theta.sin(), theta.cos()
    sin_cube = sine**3 / 3
    return n_z * sin_cube + n_a * (2 / 3 - cosine + cosine**3 / 3), n_z * (1 - cosine**3) / 3 + n_a * sin_cube
