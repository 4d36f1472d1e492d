"""Slopes that brightness suggests without any learning: by shading, and as height, in frequency bands.

Both are products in the frequency domain, so that they reach across the whole picture, as integration does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from impasto.numerics.borders import Plane
from impasto.numerics.filters import gaussian_response

EDGES_PX = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Deviations of the Gaussians whose differences are the bands; larger, but for the first, beyond `REFERENCE_PX`."""
BANDS = len(EDGES_PX) - 1
FIELDS = 4 * BANDS
"""Number of suggestions: by shading, and of brightness and two colours as height, in each band."""
REFERENCE_PX = 1024
WIDEST_PX = 32.0
"""Wider variation counts as uneven light; it is scaled like the bands."""
REACH = 3
"""Slopes are mirrored and fade out over this distance, in `WIDEST_PX`, around a picture that does not wrap."""
DARKEST = 2.0
"""A larger logarithm of brightness is a shadow or paint, and not a slope."""
PAINT = 1.0
"""Energy of paint, relative to that of shading."""
BLACK = 0.01
LEAST_COLOR = 1e-6
"""Colours with a smaller variance of logarithms count as constant."""

LEAST_CORRELATION = 0.2
"""Slopes explain brightness if it correlates at least this much with their shading."""


def towards(azimuth: float) -> Tensor:
    """The unit vector (2,), to the right and up, towards a light at an azimuth in degrees."""
    angle = math.radians(azimuth)
    return torch.tensor([math.cos(angle), math.sin(angle)])


@dataclass(frozen=True)
class Brightness:
    """The logarithm of a picture's brightness on its plane, or of several pictures'. spectrum: of its variation
    (…, H', W'//2 + 1). colors: spectra (2, …, H', W'//2 + 1) of the logarithms of red and blue over green. scale: of
    the bands."""

    spectrum: Tensor
    colors: Tensor
    plane: Plane
    scale: float

    @classmethod
    def of_picture(cls, picture: Tensor, plane: Plane) -> Brightness:
        """picture: linear (3, H, W), on a plane that may have wider margins."""
        reach_px = round(REACH * WIDEST_PX * max(1.0, plane.scale_px / REFERENCE_PX))
        narrow = Plane.around(plane.size_px, plane.wraps, reach_px)
        return cls.of(narrow.extend(picture), narrow)

    @classmethod
    def of(cls, extended: Tensor, plane: Plane) -> Brightness:
        """extended: linear pictures (3, …, H', W') on the plane, with what is around them."""
        scale, fade = max(1.0, plane.scale_px / REFERENCE_PX), plane.fade(extended)
        logs = (extended + BLACK).log()
        brightness = (extended.mean(0) + BLACK).log()
        passed = 1 - gaussian_response(brightness, WIDEST_PX * scale)
        size = brightness.shape[-2:]
        varying = torch.fft.irfft2(torch.fft.rfft2(brightness) * passed, s=size).clamp(-DARKEST, DARKEST)
        return cls(torch.fft.rfft2(varying * fade), torch.fft.rfft2(logs[[0, 2]] - logs[1]), plane, scale)

    @property
    def size_px(self) -> tuple[int, int]:
        """Height and width of the plane."""
        (top, bottom), (left, right) = self.plane.margin_px
        height, width = self.plane.size_px
        return height + top + bottom, width + left + right

    @cached_property
    def bands(self) -> list[Tensor]:
        """Responses (H', W'//2 + 1) of the bands, from fine to broad."""
        edges = [EDGES_PX[0], *(edge * self.scale for edge in EDGES_PX[1:])]
        like = torch.empty(self.size_px, device=self.spectrum.device)
        blurs = [gaussian_response(like, edge) for edge in edges]
        return [inner - outer for inner, outer in pairwise(blurs)]

    @cached_property
    def chroma(self) -> Tensor:
        """Mean energy (H', W'//2 + 1) of the spectra of colours."""
        return self.colors.abs().square().mean(0)

    @cached_property
    def beside_color(self) -> tuple[Tensor, Tensor]:
        """Brightness (H, W) in all bands together, and the part of it that colours do not explain."""
        response = torch.stack(self.bands).sum(0)
        spectra = (one * response for one in (self.spectrum, *self.colors))  # one at a time: pictures may be large
        fields = (self.plane.crop(torch.fft.irfft2(one, s=self.size_px)) for one in spectra)
        brightness, *colors = (field - field.mean() for field in fields)
        paints = torch.stack(colors).flatten(1)  # (2, H·W)
        covariance = paints @ paints.T / paints.shape[1] + LEAST_COLOR * torch.eye(2, device=paints.device)
        weights = torch.linalg.solve(covariance, paints @ brightness.flatten() / paints.shape[1])
        return brightness, brightness - (weights @ paints).view_as(brightness)

    def is_explained(self, slopes: Tensor, toward: Tensor) -> bool:
        """Whether brightness that does not go with colour varies as slopes (2, H, W) do towards a light (2,): as their
        shading under a light half-way up (Pentland 1990)."""
        whole, unexplained = self.beside_color
        shading = toward[1] * slopes[1] - toward[0] * slopes[0]
        shading = shading - shading.mean()
        product = (unexplained * shading).sum()
        return not slopes.any() or bool(product >= LEAST_CORRELATION * whole.norm() * shading.norm())

    def suggestions(self, toward: Tensor) -> Tensor:
        """Slopes (FIELDS, 2, …, H, W) to the right and down the rows that brightness and colour suggest, in bands.

        First by linear shape from shading (Pentland 1990), in which slopes across the light follow from integrability
        and those that it says little about are damped as by a Wiener filter; 0 if the light is not known. Then of
        brightness, and of both colours, as height. toward: (2, …), to the right and up, to the light, or 0.
        """
        broader = list(zip(self.bands, EDGES_PX[1:], strict=True))
        as_height = [
            (edge * self.scale * band) * one for one in (self.spectrum, *self.colors) for band, edge in broader
        ]
        found = self._slopes(as_height)
        if not toward.any():
            return torch.cat([torch.zeros_like(found[:BANDS]), found])
        right, down = _differences(self.size_px, self.spectrum.device)
        x, y = toward[..., None, None]
        slope, square = x * right - y * down, right.square() + down.square()
        by_light = 1j * slope / (slope.square() + PAINT * square).clamp_min(1e-6) * self.spectrum
        shaded = self._slopes([band * by_light for band in self.bands])
        of_each = found if found.ndim == shaded.ndim else found[:, :, None].expand(-1, -1, *shaded.shape[2:])
        return torch.cat([shaded, of_each])

    def _slopes(self, spectra: Sequence[Tensor]) -> Tensor:
        """Slopes (N, 2, …, H, W) of heights, by their spectra."""
        heights = torch.fft.irfft2(torch.stack(list(spectra)), s=self.size_px)
        slopes = [(torch.roll(heights, -1, axis) - torch.roll(heights, 1, axis)) / 2 for axis in (-1, -2)]
        return self.plane.crop(torch.stack(slopes, 1))


def _differences(size_px: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Frequency responses, over i, of central differences to the right and down the rows."""
    fy = torch.fft.fftfreq(size_px[0], device=device)[:, None]
    fx = torch.fft.rfftfreq(size_px[1], device=device)[None]
    return torch.sin(2 * math.pi * fx), torch.sin(2 * math.pi * fy)
