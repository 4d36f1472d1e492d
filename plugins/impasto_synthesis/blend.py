"""Blending of pieces in the gradient domain, so that cuts show no step and nothing is blurred.

Solves the screened Poisson equation on the torus exactly, by one FFT (Pérez et al. 2003; Bhat et al. 2008).
"""

from __future__ import annotations

import math

import torch
from torch.fft import irfft2, rfft2


def join(image: torch.Tensor, origin: torch.Tensor, reach_px: float) -> torch.Tensor:
    """Pixels (C, H, W) of the torus, copied from `image` (C, h, w) at indices `origin` (H, W), without steps at cuts.

    Minimises |grad u - g|^2 + |u - copied|^2 / reach_px^2, where g is the mean of the gradients of both pieces.
    """
    height, width = origin.shape
    frequencies = (
        2 * math.pi * torch.fft.fftfreq(height, device=image.device)[:, None],
        2 * math.pi * torch.fft.rfftfreq(width, device=image.device)[None],
    )
    laplacian = sum(2 * torch.cos(frequency) - 2 for frequency in frequencies)
    joined = []
    for channel in image:  # one at a time: all channels of a large map set would not fit into memory
        divergence = _divergence_of_gaps(channel, origin)
        correction = irfft2(rfft2(divergence) / (laplacian - 1 / reach_px**2), s=(height, width))
        joined.append(channel.flatten()[origin] + correction)
    return torch.stack(joined)


def _divergence_of_gaps(channel: torch.Tensor, origin: torch.Tensor) -> torch.Tensor:
    """div(g - grad copied) (H, W) on the torus, of a channel (h, w): zero except at cuts."""
    flat, (height, width) = channel.flatten(), channel.shape
    divergence = flat.new_zeros(origin.shape)
    for axis, (step, size) in enumerate(((width, height), (1, width))):
        after = origin.roll(-1, axis)
        cut = (after != origin + step).nonzero(as_tuple=True)
        here, there = origin[cut], after[cut]
        beyond = torch.where(here // step % size < size - 1, here + step, here)  # the next pixel of this piece
        before = torch.where(there // step % size > 0, there - step, there)  # the previous pixel of that piece
        own = 0.5 * (flat[beyond] - flat[here] + flat[there] - flat[before])
        gap = own - (flat[there] - flat[here])
        divergence[cut] += gap
        next_one = list(cut)
        next_one[axis] = (cut[axis] + 1) % origin.shape[axis]
        divergence[tuple(next_one)] -= gap
    return divergence
