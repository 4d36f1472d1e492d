"""Height from a picture, normals from height, and height from normals.

Σ w_s·DoG_s of lightness with w_s = σ_s^α, as one filter: a band-limited fractional integral, since brightness
follows slope at small scales and depth at large ones. On 31 measured sets α from 0.5 to 1 and 1/32 or 1/16 as
the widest band agree equally with true slopes; what is set here looks crispest.
"""

from __future__ import annotations

import torch

from .plane import blur, blurs, filtered, gaussian

FINEST_PX = 0.6
COARSEST = 1 / 32  # in picture sizes: wider shapes are stains and light more often than relief
EXPONENT = 0.7  # α where the balance is 0.5
PIVOT = 1 / 128  # in picture sizes: shapes of this size weigh the same at any balance
GAIN = 0.05  # relief, in picture sizes, of full-contrast shapes of the pivot's size
STEEPNESS = 0.3  # usual slope (root mean square): measured sets have 0.03 to 1.2, whatever their contrast
EVENNESS = 0.75  # how far relief is brought to that slope: 0 not, 1 fully
STRETCH = 3.0  # but no flat picture is stretched more than this
FLATTEST = 0.002  # in picture sizes: relief below this is not stretched to the full range of height
PALE_JOINTS = 0.2  # ridge asymmetry of pale lines that lie low: of 91 pictures 6 are above it, 5 of them rightly
GRAIN = 0.02  # contrast of what is smoothed away as grain


def lightness(srgb: torch.Tensor) -> torch.Tensor:
    """Luma (H, W) of sRGB-encoded rgb (3, H, W): even to the eye, and without the log's noise in the dark."""
    return 0.299 * srgb[0] + 0.587 * srgb[1] + 0.114 * srgb[2]


def smooth_grain(x: torch.Tensor, grain: float = GRAIN, sigma_px: float = 1.2) -> torch.Tensor:
    """x (H, W) less fine variation weaker than `grain`, edges kept: a guided filter (He 2013) guided by itself."""
    mean, mean_square = blur(torch.stack([x, x * x]), sigma_px)
    variance = (mean_square - mean * mean).clamp_min(0)
    a = variance / (variance + grain**2)
    a, b = blur(torch.stack([a, mean - a * mean]), sigma_px)
    return a * x + b


def raw_relief(L: torch.Tensor, size_px: float, balance: float) -> torch.Tensor:
    """Relief (H, W) in picture sizes from lightness (H, W); light is high. Balance: 0 fine to 1 large shapes."""
    alpha = EXPONENT + 1.2 * (balance - 0.5)
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


def pale_is_deep(L: torch.Tensor, size_px: float) -> bool:
    """Whether pale lines cross a darker ground, as mortar does: bright ridges outweigh dark ones in L (H, W).

    Compares squared ridge strength (one eigenvalue of the Hessian less twice the other) of both signs.
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
    """Height in [0, 1] and what its range spans, in the unit of `relief` (H, W). Rare extremes are drawn in."""
    relief = relief - relief.mean()
    limit = 4 * relief.std(correction=0) + 1e-9
    relief = relief / torch.sqrt(1 + (relief / limit).square())
    low, high = float(relief.min()), float(relief.max())
    span = max(high - low, FLATTEST)
    return 0.5 + (relief - (low + high) / 2) / span, span


def with_contrast(height: torch.Tensor, contrast: float) -> torch.Tensor:
    """Height in [0, 1] flattened (contrast below 0.5) or drawn to its extremes (above), 0.5 leaves it."""
    t = 2 * height - 1
    if contrast <= 0.5:
        return 0.5 + contrast * t
    g = 6 * (contrast - 0.5)
    return 0.5 + 0.5 * torch.tanh(g * t) / torch.tanh(torch.tensor(g))


def undo_rounding(height: torch.Tensor) -> torch.Tensor:
    """Height (H, W) that was stored in 8 bits, smoothed within half a step, so that slopes have no stairs."""
    steps = height * 255
    if (steps - steps.round()).abs().max() > 1e-3:
        return height
    return height + (blur(height, 2.0) - height).clamp(-0.5 / 255, 0.5 / 255)


def slopes(height: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Circular central differences of height (H, W), a pixel: to the right, and down the rows."""
    along_x = (torch.roll(height, -1, -1) - torch.roll(height, 1, -1)) / 2
    along_rows = (torch.roll(height, -1, -2) - torch.roll(height, 1, -2)) / 2
    return along_x, along_rows


def normal_from_height(height_px: torch.Tensor) -> torch.Tensor:
    """OpenGL normals (3, H, W), encoded in [0, 1], of height (H, W) in pixels; +Y is up, against the rows."""
    p, q = slopes(height_px)
    n = torch.stack([-p, q, torch.ones_like(p)])
    return 0.5 + 0.5 * n / n.norm(dim=0, keepdim=True)


def height_from_normal(normal: torch.Tensor) -> torch.Tensor:
    """Height (H, W) in pixels whose central differences fit encoded normals (3, H, W) best (Frankot–Chellappa 1988)."""
    n = 2 * normal - 1
    z = n[2].clamp_min(0.1)
    p, q = -n[0] / z, n[1] / z
    H, W = p.shape
    u = torch.sin(2 * torch.pi * torch.fft.rfftfreq(W, device=p.device))[None]
    v = torch.sin(2 * torch.pi * torch.fft.fftfreq(H, device=p.device))[:, None]
    power = u.square() + v.square()
    P, Q = torch.fft.rfft2(torch.stack([p, q]))
    spectrum = -1j * (u * P + v * Q) / power.clamp_min(1e-8)
    return torch.fft.irfft2(torch.where(power > 1e-8, spectrum, 0), s=(H, W))
