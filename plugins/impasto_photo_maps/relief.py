"""Height from a picture.

Relief is Σ w_s·DoG_s of lightness with w_s = σ_s^α, as one filter: a band-limited fractional integral, since brightness
follows slope at small scales and depth at large ones. On 31 measured sets, any α from 0.5 to 1, with a widest band of
1/32 or 1/16, agrees equally well with true slopes; the chosen values look crispest.
"""

from __future__ import annotations

import math

import torch

from .plane import Plane, blur, blurs, filtered, gaussian

FINEST_PX = 0.6
COARSEST = 1 / 32  # relative to the picture's size: wider shapes are stains and light more often than relief
EXPONENT = 0.7  # α at balance 0.5
PIVOT = 1 / 128  # relative to the picture's size: shapes of this size have the same weight at any balance
BALANCING = 1.2  # range of the exponent from balance 0 to 1
GAIN = 0.05  # relief, relative to the picture's size, of full-contrast shapes of the pivot's size
STEEPNESS = 0.3  # usual slope (root mean square): measured sets have 0.03 to 1.2, whatever their contrast
EVENNESS = 0.75  # exponent that brings relief towards that slope: 0 not at all, 1 fully
STRETCH = 3.0  # largest factor by which relief is made steeper
FLATTEST = 0.002  # relative to the picture's size: relief below this is not stretched to the full range of height
PALE_JOINTS = 0.2  # ridge asymmetry above which pale lines lie low: true of 6 of 91 pictures, rightly of 5
WIDEST = 1 / 16  # relative to the picture's size: what is wider in a photograph from one side is uneven light
DARKEST = 2.0  # limit of brightness's logarithm, above which it is a shadow or paint and no slope
PAINT = 1.0  # energy of paint relative to that of shading: less is too steep on flat sets, more too flat on others
GRAIN, GRAIN_PX = 0.02, 1.2  # contrast and width of the grain that is smoothed away


def lightness(srgb: torch.Tensor) -> torch.Tensor:
    """Luma (H, W) of sRGB (3, H, W): perceptually even, and without the logarithm's noise in the dark."""
    return 0.299 * srgb[0] + 0.587 * srgb[1] + 0.114 * srgb[2]


def smooth_grain(x: torch.Tensor) -> torch.Tensor:
    """x (H, W) without fine variation weaker than `GRAIN`, edges kept: a self-guided filter (He et al. 2013)."""
    mean, mean_square = blur(torch.stack([x, x * x]), GRAIN_PX)
    variance = (mean_square - mean * mean).clamp_min(0)
    a = variance / (variance + GRAIN**2)
    a, b = blur(torch.stack([a, mean - a * mean]), GRAIN_PX)
    return a * x + b


def raw_relief(L: torch.Tensor, size_px: float, balance: float) -> torch.Tensor:
    """Relief (H, W), relative to the picture's size, from lightness (H, W), where light is high.

    balance: of shapes, from 0, fine, to 1, large.
    """
    alpha = EXPONENT + BALANCING * (balance - 0.5)
    sigma = FINEST_PX
    inner = gaussian(L, sigma)
    response = torch.zeros_like(inner)
    while sigma < max(COARSEST * size_px, 2 * FINEST_PX):
        outer = gaussian(L, 2 * sigma)
        response = response + (sigma / size_px / PIVOT) ** alpha * (inner - outer)
        inner, sigma = outer, 2 * sigma
    bumps = GAIN * filtered(L, response)
    steepness = size_px * torch.stack(slopes(bumps)).square().sum(0).mean().sqrt()
    return bumps * (STEEPNESS / steepness.clamp_min(1e-6)).pow(EVENNESS).clamp_max(STRETCH)


def of_shading(brightness: torch.Tensor, plane: Plane, azimuth: float, balance: float) -> torch.Tensor:
    """Height (H, W) in pixels from the logarithm of brightness (H, W) under a light of known azimuth in degrees.

    Linear shape from shading (Pentland 1990): what faces the light is bright, so brightness is the slope towards it;
    the slope across follows from integrability alone. Directions that shading says little about are damped as by a
    Wiener filter, and variation wider than `WIDEST` is taken for uneven light. balance: as of `raw_relief`.
    """
    extended = plane.extend(brightness)
    deviation = extended - blur(extended, WIDEST * plane.scale_px)
    deviation = deviation.clamp(-DARKEST, DARKEST) * plane.fade(brightness)
    fy = torch.fft.fftfreq(deviation.shape[0], device=deviation.device)[:, None]
    fx = torch.fft.rfftfreq(deviation.shape[1], device=deviation.device)[None]
    right, down = torch.sin(2 * torch.pi * fx), torch.sin(2 * torch.pi * fy)  # of central differences
    toward = math.cos(math.radians(azimuth)) * right - math.sin(math.radians(azimuth)) * down
    square = right.square() + down.square()
    size = torch.hypot(fy, fx) * plane.scale_px * PIVOT
    weight = size.clamp_min(PIVOT).pow(-BALANCING * (balance - 0.5))
    response = weight * toward / (toward.square() + PAINT * square).clamp_min(1e-6)
    height = torch.fft.irfft2(1j * response * torch.fft.rfft2(deviation), s=deviation.shape)
    return plane.crop(height)


def pale_is_deep(L: torch.Tensor, size_px: float) -> bool:
    """Whether pale lines cross a darker ground, as mortar does: bright ridges outweigh dark ones in L (H, W).

    Compares the squared strength of ridges of both signs: one eigenvalue of the Hessian less twice the other.
    """
    asymmetry = [_ridge_asymmetry(smooth) for smooth in blurs(L, (size_px / 256, size_px / 128))]
    return sum(asymmetry) / 2 > PALE_JOINTS


def _ridge_asymmetry(L: torch.Tensor) -> float:
    """(bright − dark) / (bright + dark) ridge energy of L (H, W), in [−1, 1]."""
    Lxx = torch.roll(L, -1, 1) + torch.roll(L, 1, 1) - 2 * L
    Lyy = torch.roll(L, -1, 0) + torch.roll(L, 1, 0) - 2 * L
    Lxy = slopes(slopes(L)[0])[1]
    mean, spread = (Lxx + Lyy) / 2, torch.hypot((Lxx - Lyy) / 2, Lxy)
    low, high = mean - spread, mean + spread
    bright = (-low - 2 * high.abs()).clamp_min(0).square().mean()
    dark = (high - 2 * low.abs()).clamp_min(0).square().mean()
    return float((bright - dark) / (bright + dark + 1e-14))


def as_height(relief: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Height (H, W) in [0, 1] and its range in the unit of `relief` (H, W), whose rare extremes are compressed."""
    relief = relief - relief.mean()
    limit = 4 * relief.std(correction=0) + 1e-9
    relief = relief / torch.sqrt(1 + (relief / limit).square())
    low, high = float(relief.min()), float(relief.max())
    span = max(high - low, FLATTEST)
    return 0.5 + (relief - (low + high) / 2) / span, span


def with_contrast(height: torch.Tensor, contrast: float) -> torch.Tensor:
    """Height (H, W) in [0, 1], flattened if contrast is below 0.5, and pushed towards its extremes if above."""
    t = 2 * height - 1
    if contrast <= 0.5:
        return 0.5 + contrast * t
    g = 6 * (contrast - 0.5)
    return 0.5 + 0.5 * torch.tanh(g * t) / torch.tanh(torch.tensor(g))


def slopes(height: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Circular central differences (H, W) of height (H, W), per pixel: to the right, and down the rows."""
    along_x = (torch.roll(height, -1, -1) - torch.roll(height, 1, -1)) / 2
    along_rows = (torch.roll(height, -1, -2) - torch.roll(height, 1, -2)) / 2
    return along_x, along_rows
