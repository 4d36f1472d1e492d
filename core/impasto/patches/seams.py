"""Blending of pieces in the gradient domain, so that cuts show no step and nothing is blurred.

Solves the screened Poisson equation on the torus exactly, by one FFT (Pérez et al. 2003; Bhat et al. 2008).
"""

from __future__ import annotations

import math

import torch
from torch.fft import irfft2, rfft2

FADES = 4.0
"""Reaches after which a step's correction has faded (e^-4)."""
LARGEST_GAP = 0.12
"""Steps beyond this are shapes that end at a cut, not light or colour: they are only spread over a short distance."""


def join(
    image: torch.Tensor, origin: torch.Tensor, light_px: float, shapes_px: float, open_axis: int | None = None
) -> torch.Tensor:
    """Pixels (C, H, W) of the torus, copied from `image` (C, h, w) at indices `origin` (H, W), without steps at cuts.

    Minimises |grad u - g|^2 + |u - copied|^2 / reach^2, where g is the mean of the gradients of both pieces: small
    steps, of light and colour, with a reach of `light_px`, what is more with `shapes_px`. open_axis: that along which
    the borders do not meet, if any: there the equation is solved on a longer torus.
    """
    size = list(origin.shape)
    if open_axis is not None:
        size[open_axis] += min(size[open_axis], math.ceil(FADES * max(light_px, shapes_px)))
    height, width = size
    frequencies = (
        2 * math.pi * torch.fft.fftfreq(height, device=image.device)[:, None],
        2 * math.pi * torch.fft.rfftfreq(width, device=image.device)[None],
    )
    laplacian = sum(2 * torch.cos(frequency) - 2 for frequency in frequencies)
    joined = []
    for channel in image:  # one at a time: all channels of a large map set would not fit into memory
        light, shapes = _divergences_of_gaps(channel, origin, open_axis)
        spectrum = rfft2(light, size) / (laplacian - 1 / light_px**2)
        spectrum += rfft2(shapes, size) / (laplacian - 1 / shapes_px**2)
        joined.append(channel.flatten()[origin] + irfft2(spectrum, s=size)[: origin.shape[0], : origin.shape[1]])
    return torch.stack(joined)


def _divergences_of_gaps(channel: torch.Tensor, origin: torch.Tensor, open_axis: int | None) -> torch.Tensor:
    """div(g - grad copied) (2, H, W) on the torus, of a channel (h, w): of light and of shapes, zero except at cuts."""
    flat, (height, width) = channel.flatten(), channel.shape
    divergences = flat.new_zeros(2, *origin.shape)
    for axis, (step, size) in enumerate(((width, height), (1, width))):
        after = origin.roll(-1, axis)
        is_cut = after != origin + step
        if axis == open_axis:
            is_cut.select(axis, -1).fill_(False)
        cut = is_cut.nonzero(as_tuple=True)
        here, there = origin[cut], after[cut]
        beyond = torch.where(here // step % size < size - 1, here + step, here)  # the next pixel of this piece
        before = torch.where(there // step % size > 0, there - step, there)  # the previous pixel of that piece
        own = 0.5 * (flat[beyond] - flat[here] + flat[there] - flat[before])
        gap = own - (flat[there] - flat[here])
        light = gap / (1 + (gap / LARGEST_GAP).square())
        next_one = list(cut)
        next_one[axis] = (cut[axis] + 1) % origin.shape[axis]
        for divergence, part in zip(divergences, (light, gap - light), strict=True):
            divergence[cut] += part
            divergence[tuple(next_one)] -= part
    return divergences
