"""Join the pieces in the gradient domain, so that a cut shows no step and nothing is blurred.

Screened Poisson equation on the torus, solved exactly by one FFT (Perez et al. 2003; Bhat et al. 2010).
"""

from __future__ import annotations

import math

import torch
from torch.fft import irfft2, rfft2


def join(image: torch.Tensor, origin: torch.Tensor, reach_px: float) -> torch.Tensor:
    """Pixels (C, H, W) on the torus, sewn from `image` (C, h, w) by `origin` (H, W), steps at cuts spread out.

    Minimises |grad u - g|^2 + |u - sewn|^2 / reach_px^2, where g is the mean of the two pieces' own gradients.
    """
    sewn = image.flatten(1)[:, origin]
    divergence = torch.zeros_like(sewn)
    for axis, step in ((1, image.shape[2]), (2, 1)):
        gap = _gradient_gap(image, origin, axis, step)  # g - grad(sewn): zero but at cuts
        divergence += gap - gap.roll(1, axis)
    height, width = origin.shape
    frequencies = [2 * math.pi * torch.fft.fftfreq(height, device=image.device)[:, None]]
    frequencies.append(2 * math.pi * torch.fft.rfftfreq(width, device=image.device)[None])
    laplacian = sum(2 * torch.cos(frequency) - 2 for frequency in frequencies)
    correction = irfft2(rfft2(divergence) / (laplacian - 1 / reach_px**2), s=(height, width))
    return sewn + correction


def _gradient_gap(image: torch.Tensor, origin: torch.Tensor, axis: int, step: int) -> torch.Tensor:
    """What the forward difference along `axis` lacks at cuts: half of it lies on each side of the cut."""
    flat = image.flatten(1)
    here, there = origin, origin.roll(-1, axis - 1)
    size = image.shape[axis]
    place_here, place_there = ((index // step) % size for index in (here, there))
    beyond = torch.where(place_here < size - 1, here + step, here)  # what this piece would show next
    ahead = torch.where(place_there > 0, there - step, there)  # what that piece showed before
    sewn_here, sewn_there = flat[:, here], flat[:, there]
    wanted = 0.5 * ((flat[:, beyond] - sewn_here) + (sewn_there - flat[:, ahead]))
    return wanted - (sewn_there - sewn_here)
