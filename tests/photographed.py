"""Photographs of a material under several lights, rendered: GGX, cast shadows, uneven light, noise and 8-bit sRGB."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from impasto import Maps, Recipe, Result, RunOptions, Step, run
from impasto.context import Context
from impasto.numerics.resampling import bilinear_samples
from impasto.plugins.registry import registry
from impasto.surface.color import linear_to_srgb
from impasto.surface.heights import integrate, slopes_from_normal
from impasto.surface.shading import Light, Shaded, reflect
from impasto.tools import validate

PENUMBRA = 0.02
"""Width of the edges of shadows, as a difference of heights in the distance that casts them."""
STEPS = 48
GUESSING_DEG = 6.0
"""Standard deviation of guessed clock angles: a fifth of an hour."""


@dataclass(frozen=True)
class Camera:
    """Errors of photographs. ambient, noise: shares of white. falloff: of the light across the picture, either way.

    strength_stops: standard deviation of the lights' strengths. saturated: share of pixels that exposure lets clip.
    """

    ambient: float = 0.01
    noise: float = 0.004
    falloff: float = 0.25
    strength_stops: float = 0.3
    saturated: float = 0.002


def lights_around(count: int = 8, seed: int = 0, low: float = 35.0, high: float = 60.0) -> list[Light]:
    """Lights all around a surface, about evenly, each at an elevation of its own in degrees."""
    rng = np.random.default_rng(seed)
    azimuths = 90 - 360 * (np.arange(count) + rng.uniform(-0.2, 0.2, count)) / count
    return [Light(float(a), float(e)) for a, e in zip(azimuths, rng.uniform(low, high, count), strict=True)]


def hours(azimuth: float) -> float:
    """Azimuth in degrees as hours on a clock in (0, 12]."""
    return (90 - azimuth) / 30 % 12 or 12.0


def photographs(maps: Maps, lights: Sequence[Light], camera: Camera = Camera(), seed: int = 0) -> list[Maps]:
    """A photograph of the maps under each light."""
    rng = np.random.default_rng(seed)
    surface, height_px = Shaded.of_maps(maps), _height_px(maps)
    strengths = np.exp2(rng.normal(0, camera.strength_stops, len(lights)))
    lit = (_lit(surface, height_px, light, camera, rng) for light in lights)
    exposures = [float(strength) * one for strength, one in zip(strengths, lit, strict=True)]
    white = 1.05 * np.quantile(np.concatenate([one.flatten().numpy()[::7] for one in exposures]), 1 - camera.saturated)
    pictures = []
    for linear in exposures:
        encoded = linear_to_srgb((linear / white).clamp(0, 1).permute(1, 2, 0).numpy())
        noisy = encoded + camera.noise * rng.standard_normal(encoded.shape)
        pictures.append(Maps.from_arrays({"base_color": np.round(np.clip(noisy, 0, 1) * 255) / 255}))
    return pictures


def drawn(name: str, side_px: int, seed: int = 1) -> Maps:
    """True maps of a procedural material."""
    tool = registry().tool(name)
    parameters = validate(tool, {"width_px": side_px, "height_px": side_px})
    made = tool.apply(Maps(), parameters, {}, Context(rng=np.random.default_rng(seed)))
    assert isinstance(made, Maps)
    return made


def stereo(photos: Sequence[Maps], **parameters: object) -> Result:
    """The result of `photometric-stereo`."""
    names = [f"photo{index}" for index in range(len(photos))]
    recipe = Recipe((Step("photometric-stereo", dict(parameters), {"photo": names}),))
    return run(recipe, dict(zip(names, photos, strict=True)), RunOptions(device="cpu"))


def measured(lights: Sequence[Light]) -> dict[str, object]:
    """Parameters of `photometric-stereo` for lights that were measured."""
    elevations = [light.elevation for light in lights]
    return {"lights": "measured", "clock": [hours(light.azimuth) for light in lights], "light_elevation": elevations}


def guessed(lights: Sequence[Light], seed: int = 0) -> dict[str, object]:
    """Parameters for clock angles that were guessed, with errors of `GUESSING_DEG`."""
    rng = np.random.default_rng(seed)
    return {"clock": [hours(light.azimuth + rng.normal(0, GUESSING_DEG)) for light in lights]}


def shadow(height_px: Tensor, light: Light) -> Tensor:
    """Share of a distant light (H, W) that the surface of height (H, W) in pixels does not keep from itself."""
    height, width = height_px.shape
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    azimuth, rise = math.radians(light.azimuth), math.tan(math.radians(light.elevation))
    reach_px = max(float(height_px.max() - height_px.min()) / rise, 2.0)
    lit = torch.ones_like(height_px)
    for t in np.geomspace(1.0, reach_px, min(STEPS, 2 + int(reach_px))):
        over = (
            bilinear_samples(height_px[None], y - t * math.sin(azimuth), x + t * math.cos(azimuth))[0]
            - height_px
            - t * rise
        )
        lit = torch.minimum(lit, (1 - (over - 0.2) / (PENUMBRA * t + 0.3)).clamp(0, 1))
    return lit


def normal_error(normal: np.ndarray, truth: np.ndarray) -> float:
    """Mean angle in degrees between encoded normals (H, W, 3)."""
    a, b = (2 * x.astype("f8") - 1 for x in (normal, truth))
    a, b = (x / np.linalg.norm(x, axis=2, keepdims=True) for x in (a, b))
    return float(np.degrees(np.arccos((a * b).sum(2).clip(-1, 1))).mean())


def _height_px(maps: Maps) -> Tensor:
    """The surface that casts the shadows: integrated from the normals, so that both agree."""
    slopes = slopes_from_normal(maps["normal"].pixels)
    return torch.from_numpy(integrate(slopes - slopes.mean((0, 1)), (True, True))).float()


def _lit(surface: Shaded, height_px: Tensor, light: Light, camera: Camera, rng: np.random.Generator) -> Tensor:
    """Linear radiance (3, H, W) of a near lamp with a little light from all around."""
    above = torch.tensor([0.0, 0.0, 1.0]).view(3, 1, 1)
    direct = reflect(surface, light.direction().view(3, 1, 1), above) * shadow(height_px, light)
    rows, columns = (torch.linspace(-1, 1, side) for side in height_px.shape)
    nearer = (
        math.cos(math.radians(light.azimuth)) * columns[None] - math.sin(math.radians(light.azimuth)) * rows[:, None]
    )
    uneven = torch.exp(camera.falloff * (nearer + 0.3 * float(rng.normal()) * columns[None] * rows[:, None]))
    return direct * uneven + camera.ambient * surface.color * surface.occlusion
