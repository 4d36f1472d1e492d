"""Qualities of a photograph of a surface, for comparison with others of the same surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, conv2d

from impasto.context import Context
from impasto.errors import Message, ParameterError
from impasto.numerics.resampling import laplacian_pyramid
from impasto.surface.color import LUMA, linear_pixels
from impasto.surface.illumination import unevenness
from impasto.surface.resizing import resize, size_at_most
from impasto.texture import Maps

from .vanishing_points import find_vanishing_points

COMPARED_PX = 768
"""Longer side for comparing photographs, or that of the smallest one."""
WHITE, BLACK = 0.995, 0.005
NOISE_UNIT, CLIPPED_UNIT, LIGHT_UNIT, ANGLE_UNIT = 0.02, 0.02, 0.5, 10.0
"""Noise, clipped fraction, deviation of light in stops, and angle in degrees that weigh as half of the sharpness."""


@dataclass(frozen=True)
class Qualities:
    """sharpness: finest detail relative to coarser, without noise. noise: standard deviation of encoded values.

    clipped: fraction of pixels that are black or white. light_stops: deviation of the light. angle: of lines to the
    picture's axes or to each other, in degrees; 0 if there are none.
    """

    sharpness: float
    noise: float
    clipped: float
    light_stops: float
    angle: float

    @property
    def score(self) -> float:
        """Overall score; 1 more corresponds to twice the sharpness."""
        flaws = self.noise / NOISE_UNIT + self.clipped / CLIPPED_UNIT
        flaws += self.light_stops / LIGHT_UNIT + self.angle / ANGLE_UNIT
        return float(np.log2(max(self.sharpness, 1e-4)) - flaws)

    def sentence(self, name: str) -> str:
        """All qualities in a sentence."""
        clipped, stops = f"{100 * self.clipped:.1f}", f"{self.light_stops:.2f}"
        text = "{}: sharpness {:.2f}, noise {:.3f}, {} % clipped, light uneven by {} stops, lines at {:.1f} degrees"
        return Message(text, name, self.sharpness, self.noise, clipped, stops, self.angle)


def measure(photograph: Maps, photographs: Sequence[Maps], context: Context) -> Qualities:
    """Qualities of one of several photographs, at the size of the smallest. Raise ParameterError without colours."""
    if "base_color" not in photograph:
        raise ParameterError("one of the photographs has no base colour", "give photographs")
    longest = min(COMPARED_PX, *(max(one.size_px) for one in photographs))
    encoded = photograph["base_color"].pixels
    size_px = size_at_most(photograph.size_px, longest)
    linear = torch.from_numpy(resize(linear_pixels(photograph["base_color"]), size_px).transpose(2, 0, 1).copy())
    context.check()
    luma = torch.from_numpy(resize(encoded @ LUMA[:, None], size_px)[..., 0].copy())
    clipped = float(((encoded.min(2) >= WHITE) | (encoded.max(2) <= BLACK)).mean())
    light = float(unevenness(linear).std(correction=0) / np.log(2)) if min(size_px) > 8 else 0.0
    noise = _noise(luma)
    return Qualities(_sharpness(luma, noise), noise, clipped, light, _angle(luma, context))


def _noise(luma: torch.Tensor) -> float:
    """Standard deviation of the noise in luma (H, W), where it varies least (after Immerkær 1996)."""
    if min(luma.shape) < 8:
        return 0.0
    kernel = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]])[None, None] / 6
    filtered = conv2d(luma[None, None], kernel)
    deviations = avg_pool2d(filtered.square(), min(8, *filtered.shape[2:])).sqrt()
    return float(deviations.flatten().quantile(0.1))


def _sharpness(luma: torch.Tensor, noise: float) -> float:
    """Root of the finest octave's energy relative to the next three, less the energy of noise."""
    if min(luma.shape) < 16:
        return 0.0
    *bands, _ = laplacian_pyramid(luma[None, None], 5)
    energies = [
        max(float(band.square().mean()) - 0.75 * (noise / 2**level) ** 2, 0.0) for level, band in enumerate(bands)
    ]
    return float(np.sqrt(energies[0] / max(sum(energies[1:]), 1e-9)))


def _angle(luma: torch.Tensor, context: Context) -> float:
    """Largest angle in degrees, over the whole picture, between its lines and their axes."""
    half = [side / 2 for side in luma.shape[::-1]]
    angles = [0.0]
    for axis, point in enumerate(find_vanishing_points(luma, context.check)):
        if point is None:
            continue
        x, y, w = point.position
        for corner in ((-half[0], -half[1]), (half[0], -half[1]), (half[0], half[1]), (-half[0], half[1])):
            along = np.array([x - w * corner[0], y - w * corner[1]])
            angles.append(float(np.degrees(np.arctan2(abs(along[1 - axis]), abs(along[axis])))))
    return max(angles)
