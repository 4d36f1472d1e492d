"""Alignment of photographs of one surface under different lights by phase correlation (Kuglin & Hines 1975).

Paint has the same phase under any light, but the shading of relief is a derivative along the light, so opposite lights
turn its sign. Squared cross-spectra do not see the sign: their correlation peaks at twice the shift. Where paint goes
with height, shading still looks like a shift of a pixel, so each picture is then moved until it fits what the others
say it shows under its light (Lucas & Kanade 1981).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from impasto.errors import ParameterError
from impasto.numerics.filters import central_differences

from .lights import factorise

COMPARED_PX = 512
"""Longer side of the compared pictures."""
FARTHEST = 0.06
"""Largest shift, relative to the picture's shorter side."""
LEAST_PEAK = 7.0
"""Smallest height of a peak in standard deviations; unrelated pictures reach 5, photographs of one surface 20."""
SURE_PEAK = 20.0
"""Above this height of a peak, no other picture is compared."""
FITTED_PX, FITS = 256, 8
"""Longer side of the pictures for the final fit, and its number of iterations."""
NO_BETTER = 0.05
"""Photographs are not moved if the mean weight gains less than this."""
SETTLED_PX = 0.02
STEPS, REACH_PX = 41, 1.0
"""Number and reach of subpixel positions along each axis around the highest pixel."""


def shifts(intensity: Tensor) -> list[tuple[float, float]]:
    """Shift (down, right) in pixels of pictures (K, H, W) against the first. Raise ParameterError if one is far off."""
    height, width = intensity.shape[1:]
    factor = max(1, math.ceil(max(height, width) / COMPARED_PX))
    small = torch.nn.functional.avg_pool2d(intensity[:, None], factor)[:, 0]
    mean = small.mean((1, 2), keepdim=True)
    spectra = torch.fft.rfft2(_window((small + 0.2 * mean).log()))
    found = [(0.0, 0.0)]
    for index in range(1, len(intensity)):
        peak, (down, right) = _match(spectra, index, found, (small.shape[1], small.shape[2]), factor)
        if peak < LEAST_PEAK:
            remedy = "take all of them from one place, of the same surface, or leave it out"
            raise ParameterError("photograph {} does not match the first one", remedy, index + 1)
        found.append((down * factor, right * factor))
        if max(abs(down), abs(right)) > FARTHEST * min(small.shape[1:]):
            message = "photograph {} is moved by {:.0f} x {:.0f} pixels"
            remedy = "use a tripod, or leave that photograph out"
            raise ParameterError(message, remedy, index + 1, abs(found[-1][1]), abs(found[-1][0]))
    return _fit(intensity, found) if len(intensity) > 3 else found


def _match(
    spectra: Tensor, index: int, found: list[tuple[float, float]], size_px: tuple[int, int], factor: int
) -> tuple[float, tuple[float, float]]:
    """Height of the peak and shift (down, right) of a picture, against the earlier one that it fits best.

    Grooves in one direction look alike only under lights from similar directions. found: shifts of the earlier ones.
    """
    best = 0.0, (0.0, 0.0)
    for earlier, (before_down, before_right) in enumerate(found):
        peak, (down, right) = _shift(spectra[earlier], spectra[index], size_px)
        if peak > best[0]:
            best = peak, (down + before_down / factor, right + before_right / factor)
        if best[0] > SURE_PEAK:
            break
    return best


def _fit(intensity: Tensor, found: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Shifts after moving each picture of (K, H, W) to fit its prediction by b from all pictures, under its light."""
    factor = max(1, math.ceil(max(intensity.shape[1:]) / FITTED_PX))
    small = torch.nn.functional.avg_pool2d(intensity[:, None], factor)
    still, shift = torch.zeros(len(found), 2), torch.tensor(found) / factor
    (_, _, w_still), (S, _, w_moved) = (factorise(*_flat(small, start)) for start in (still, shift))
    if w_still.mean() > w_moved.mean() - NO_BETTER:  # a tripod: apparent shifts are shading
        return [(0.0, 0.0)] * len(found)
    for _ in range(FITS):
        flat, usable = _flat(small, shift)
        S, b, w = factorise(flat, usable, S)
        shape = small.shape[:1] + small.shape[2:]
        aligned, predicted, weight = flat.view(shape), (S @ b).view(shape), w.view(shape)
        inner = (slice(None), slice(1, -1), slice(1, -1))
        slope = torch.stack(central_differences(predicted))  # (2, K, h, w)
        residual = (weight * (aligned - predicted))[inner]
        gram = torch.einsum("khw,ikhw,jkhw->kij", weight[inner], slope, slope) + 1e-9 * torch.eye(2).to(slope)
        step = torch.linalg.solve(gram, torch.einsum("khw,ikhw->ki", residual, slope)).clamp(-1, 1)
        step = step - step[:1]
        shift = shift - step
        if step.abs().max() < SETTLED_PX:
            break
    return [(float(down), float(right)) for down, right in shift * factor]


def _flat(small: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
    """Pictures (K, 1, h, w), each moved back by its shift, as (K, N), and ones of the same shape."""
    moved_back = [move(one, float(down), float(right)) for one, (down, right) in zip(small, shift, strict=True)]
    flat = torch.stack(moved_back).flatten(1)
    return flat, torch.ones_like(flat)


def move(picture: Tensor, down: float, right: float) -> Tensor:
    """Picture (C, H, W) moved back by a shift, by cubic interpolation (Keys 1981); borders repeat."""
    for axis, shift in ((1, down), (2, right)):
        size, whole = picture.shape[axis], math.floor(shift)
        index = torch.arange(-1 + whole, size + 2 + whole, device=picture.device).clamp(0, size - 1)
        extended = picture.index_select(axis, index)
        taps = [tap * extended.narrow(axis, k, size) for k, tap in enumerate(_cubic(shift - whole))]
        picture = taps[0].add_(taps[1]).add_(taps[2]).add_(taps[3])
    return picture


def _window(x: Tensor) -> Tensor:
    """Deviation of x (K, h, w) from its mean, faded out at the borders, which do not wrap."""
    fade = [torch.hann_window(side, periodic=True, device=x.device) for side in x.shape[1:]]
    return (x - x.mean((1, 2), keepdim=True)) * fade[0][:, None] * fade[1][None]


def _shift(first: Tensor, other: Tensor, size_px: tuple[int, int]) -> tuple[float, tuple[float, float]]:
    """Height of the peak and shift (down, right) of a picture against the first, of their spectra (h, w // 2 + 1)."""
    cross = first.conj() * other
    strength = cross.abs()
    phase = cross / strength.clamp_min(1e-20)
    weight = strength / (strength + strength.median()) * _band(size_px).to(strength)
    squared = weight * phase * phase
    correlation = torch.fft.irfft2(squared, s=size_px)
    best = int(correlation.argmax())
    y, x = best // size_px[1], best % size_px[1]
    peak = float(correlation.flatten()[best] / correlation.std())
    down, right = (
        (at - size if at >= size / 2 else at) + offset
        for at, size, offset in zip((y, x), size_px, _subpixel(squared, y, x, size_px), strict=True)
    )
    return peak, (down / 2, right / 2)


def _band(size_px: tuple[int, int]) -> Tensor:
    """Weight of frequencies (h, w // 2 + 1): 0 for uneven light, and small near wavelengths of two pixels."""
    fy, fx = torch.fft.fftfreq(size_px[0])[:, None], torch.fft.rfftfreq(size_px[1])[None]
    f = torch.hypot(fy, fx)
    return (1 - torch.exp(-((f * min(size_px) / 4) ** 2))) * torch.exp(-((f / 0.25) ** 2))


def _subpixel(spectrum: Tensor, y: int, x: int, size_px: tuple[int, int]) -> tuple[float, float]:
    """Offset (down, right) in pixels of the peak from the pixel (y, x), by a dense Fourier sum around it."""
    offsets = torch.linspace(-REACH_PX, REACH_PX, STEPS, device=spectrum.device)
    fy = torch.fft.fftfreq(size_px[0], device=spectrum.device)
    fx = torch.fft.rfftfreq(size_px[1], device=spectrum.device)
    twice = torch.where((fx == 0) | (fx == 0.5), 1.0, 2.0)
    rows = torch.exp(2j * math.pi * (y + offsets)[:, None] * fy[None])
    columns = torch.exp(2j * math.pi * fx[:, None] * (x + offsets)[None]) * twice[:, None]
    best = int((rows @ spectrum @ columns).real.argmax())
    return float(offsets[best // STEPS]), float(offsets[best % STEPS])


def _cubic(t: float) -> tuple[float, float, float, float]:
    """Weights of the pixels −1, 0, 1, 2 at the place t in [0, 1] between the middle two."""
    return (
        -0.5 * t * (1 - t) ** 2,
        1 - 2.5 * t * t + 1.5 * t**3,
        0.5 * t * (1 + 4 * t - 3 * t * t),
        -0.5 * t * t * (1 - t),
    )
