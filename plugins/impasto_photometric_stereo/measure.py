"""Turns photographs under several lights into maps: alignment, lights, normals, albedo, height, roughness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from impasto.context import Context
from impasto.data.prepare import pixel_box
from impasto.errors import Message, series
from impasto.surface.color import linear_to_srgb
from impasto.surface.heights import STEEPEST_Z, integrate
from impasto.surface.relief import occlusion_from_height
from impasto.texture import Maps
from impasto.tools import Result

from .alignment import move, shifts
from .evenness import uneven_light
from .highlights import roughness
from .lights import angles
from .parameters import PhotometricStereoParameters
from .photographs import Photographs, read
from .solving import length, solve
from .sources import given_directions, lights_of

BAND_PX = 1 << 16
"""Number of pixels solved at once, few enough for a processor's cache."""
PASSES, HIGHLIGHT = 2, 0.15
"""Passes that exclude highlights from the albedo, and the excess of brightness with a quarter of the weight."""
TOLERANCE = 0.1
"""Residual, relative to albedo, at which confidence is a third."""


@dataclass(frozen=True)
class Solution:
    """b = albedo · normal (3, H, W), albedo of each channel (3, H, W), residual and confidence (H, W) in [0, 1]."""

    b: Tensor
    albedo: Tensor
    residual: Tensor
    confidence: Tensor


def measure(photos: Sequence[Maps], parameters: PhotometricStereoParameters, context: Context) -> Result:
    """Maps of the photographed surface, with figures on how well Lambert's law explains the photographs."""
    context.progress(0.0, "Reading the photographs")
    pictures = read(photos, context.device)
    L = given_directions(pictures.intensity, parameters)
    rows, columns = pixel_box((pictures.usable.shape[1], pictures.usable.shape[2]), parameters.crop)
    pictures = pictures.in_window(slice(*rows), slice(*columns))
    context.progress(0.15, "Aligning the photographs")
    pictures = align(pictures) if parameters.align else pictures
    context.progress(0.35, "Finding the lights")
    if parameters.even_light:
        pictures = replace(pictures, rgb=pictures.rgb / uneven_light(pictures.intensity)[:, None])
    S = lights_of(pictures.matte, pictures.usable, L, parameters)
    solution = _solution(pictures, S, context)
    context.progress(0.7, "Integrating the height")
    maps = _maps(solution, pictures.intensity, S, parameters, photos[0].size_px[1], context)
    for text in _notes(S, parameters):
        context.note(text)
    figures = {"residual": float(solution.residual.mean()), "confidence": float(solution.confidence.mean())}
    return Result(maps, figures=figures)


def align(pictures: Photographs) -> Photographs:
    """The photographs, moved back onto the first one and cropped to the area that all of them show."""
    found = shifts(pictures.intensity)
    if not any(map(any, found)):
        return pictures
    rgb = [move(one, *at) for one, at in zip(pictures.rgb, found, strict=True)]
    usable = [move(one[None], *at)[0].round() for one, at in zip(pictures.usable, found, strict=True)]
    (top, bottom), (left, right) = (_margins(along) for along in zip(*found, strict=True))
    height, width = pictures.usable.shape[1:]
    whole = replace(pictures, rgb=torch.stack(rgb).clamp_min(0), usable=torch.stack(usable).clamp(0, 1))
    return whole.in_window(slice(top, height - bottom), slice(left, width - right))


def _margins(along: Sequence[float]) -> tuple[int, int]:
    """Pixels missing before and after in pictures moved back by these shifts."""
    return math.ceil(max(0.0, -min(along))), math.ceil(max(0.0, max(along)))


def _solution(pictures: Photographs, S: Tensor, context: Context) -> Solution:
    """The solution of all pixels, band by band."""
    height, width = pictures.usable.shape[1:]
    rows = max(1, BAND_PX // width)
    bands = []
    for top in range(0, height, rows):
        context.progress(0.4 + 0.3 * top / height, "Solving for the normals")
        bands.append(_band(pictures.in_window(slice(top, min(top + rows, height)), slice(None)), S))
    b, albedo, residual, confidence = (torch.cat(each, -1) for each in zip(*bands, strict=True))
    size = height, width
    return Solution(b.view(3, *size), albedo.view(3, *size), residual.view(size), confidence.view(size))


def _band(pictures: Photographs, S: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """b (3, N), its length as bright as all channels, albedo (3, N), residual and confidence (N,) of a band."""
    matte, intensity, rgb = pictures.matte.flatten(1), pictures.intensity.flatten(1), pictures.rgb.flatten(2)
    b, w = solve(matte, pictures.usable.flatten(1), S)
    size = length(b).clamp_min(1e-6)
    shading = (S @ (b / size)).clamp_min(0)  # (K, N): n · s
    error = (w * (matte - shading * size).square()).sum(0) / w.sum(0).clamp_min(1e-6)
    residual = (error.sqrt() / size).clamp(0, 1)
    redundant = ((w.sum(0) - 2) / (len(S) - 2)).clamp(0, 1)
    for _ in range(PASSES):  # samples brighter than the rest are highlights
        brightness = _fit(w, shading, intensity)
        over = (intensity / (brightness * shading + 1e-4) - 1).clamp_min_(0) / HIGHLIGHT
        w = w * (1 + over * over).reciprocal_().square_()
    albedo = torch.stack([_fit(w, shading, rgb[:, channel]) for channel in range(3)])
    brightness = _fit(w, shading, intensity)
    return b * (brightness / size), albedo, residual, redundant * torch.exp(-residual / TOLERANCE)


def _fit(w: Tensor, shading: Tensor, intensity: Tensor) -> Tensor:
    """Albedo ρ (N,) with the least Σ w (I − ρ n · s)², of arrays (K, N)."""
    w_shading = w * shading
    return (w_shading * intensity).sum(0) / (w_shading * shading).sum(0).clamp_min(1e-6)


def _maps(
    solution: Solution,
    intensity: Tensor,
    S: Tensor,
    parameters: PhotometricStereoParameters,
    photo_width_px: int,
    context: Context,
) -> Maps:
    b = solution.b
    z = torch.maximum(b[2].clamp_min(1e-6), STEEPEST_Z * length(b))
    p, q = parameters.relief * -b[0] / z, parameters.relief * b[1] / z  # to the right, and down the rows
    unit = torch.stack([-p, q, torch.ones_like(p)])
    normal = 0.5 + 0.5 * unit / length(unit)
    height_px = integrate(torch.stack([p, q], 2).cpu().numpy(), (False, False)).astype("f4")
    low, span_px = float(height_px.min()), max(float(height_px.max() - height_px.min()), 1e-3)
    context.progress(0.85, "Measuring the roughness")
    occlusion = occlusion_from_height(torch.from_numpy(height_px).to(b))
    rough = roughness(intensity, b, S)
    size = b.shape[1:]
    rough = torch.nn.functional.interpolate(rough[None, None], tuple(size), mode="bilinear")[0, 0]
    exposure = intensity.mean() / length(b).mean().clamp_min(1e-6)  # as bright as the photographs
    metres = parameters.width_m / photo_width_px
    arrays = {
        "base_color": linear_to_srgb((exposure * solution.albedo).clamp(0, 1).permute(1, 2, 0).cpu().numpy()),
        "normal": normal.permute(1, 2, 0).cpu().numpy(),
        "height": (height_px - low) / span_px,
        "roughness": rough.clamp(0, 1).cpu().numpy(),
        "ambient_occlusion": occlusion.cpu().numpy(),
        "confidence": solution.confidence.cpu().numpy(),
    }
    return Maps.from_arrays(arrays, name="stereo", width_m=size[1] * metres, height_range_m=span_px * metres)


def _notes(S: Tensor, parameters: PhotometricStereoParameters) -> list[str]:
    """The lights, as they were found."""
    azimuths, elevations = angles(S)
    strengths = S.norm(dim=1)
    each = [
        Message("{} at {:.0f}°, {:.2f}", _clock(float(azimuth)), float(elevation), float(strength))
        for azimuth, elevation, strength in zip(azimuths, elevations, strengths, strict=True)
    ]
    return [Message("lights (clock, elevation, strength): {}", series("; ", each))]


def _clock(azimuth: float) -> str:
    """Azimuth in degrees as a time on a clock: 12:00 is above."""
    minutes = round((90 - azimuth) / 30 * 60) % 720
    return f"{minutes // 60 or 12}:{minutes % 60:02}"
