"""Photographs of surfaces: sun and sky, cast shadows, uneven light, exposure, camera response, noise and JPEG."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.shading import DIELECTRIC, Shaded, reflect

from .surfaces import MARGIN_PX, Surfaces

SHADOW_STEPS_PX = (1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 32)
"""Distances towards the light at which something may stand before it."""
MIDDLE_GREY = 0.18


@dataclass(frozen=True)
class Sun:
    """Light on one surface. azimuth, elevation: in degrees. sun, sky: linear colours, (3,). slope: change of the
    light's logarithm across the picture, to the right and down."""

    azimuth: float
    elevation: float
    sun: tuple[float, float, float] = (3.0, 3.0, 3.0)
    sky: tuple[float, float, float] = (0.6, 0.6, 0.6)
    slope: tuple[float, float] = (0.0, 0.0)
    shadow_softness_px: float = 1.0


@dataclass(frozen=True)
class Camera:
    """exposure: of the mean, relative to middle grey. gamma, contrast: of the response. noise: deviation. quality: of
    JPEG, 0 for none."""

    exposure: float = 1.0
    gamma: float = 1.0
    contrast: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    quality: int = 0


def random_sun(rng: np.random.Generator) -> Sun:
    """Light from anywhere, from a clear sky's to an overcast one's."""
    share = rng.uniform(0.0, 1.0) ** 0.4  # of the sun
    tint = np.exp(rng.normal(0, 0.12) * np.array((1.0, 0.0, -1.0)))
    blue = np.exp(abs(rng.normal(0, 0.15)) * np.array((-1.0, 0.0, 1.0)))
    sun, sky = 3.5 * share * tint, (1.15 - share) * blue
    as_color = lambda c: (float(c[0]), float(c[1]), float(c[2]))  # noqa: E731
    slope = rng.normal(0, 0.35, 2) if rng.random() < 0.5 else (0.0, 0.0)
    return Sun(
        rng.uniform(0, 360),
        rng.uniform(20, 70),
        as_color(sun),
        as_color(sky),
        (float(slope[0]), float(slope[1])),
        rng.uniform(0.5, 4),
    )


def random_camera(rng: np.random.Generator) -> Camera:
    """A telephone or a camera."""
    return Camera(
        exposure=math.exp(rng.normal(0, 0.35)),
        gamma=math.exp(rng.normal(0, 0.1)),
        contrast=rng.uniform(0, 0.5) if rng.random() < 0.5 else 0.0,
        noise=rng.uniform(0, 0.02) if rng.random() < 0.5 else 0.0,
        blur=rng.uniform(-0.5, 0.9) if rng.random() < 0.5 else 0.0,
        quality=int(rng.integers(40, 97)) if rng.random() < 0.5 else 0,
    )


def lit(surface: Surfaces, sun: Sun) -> Tensor:
    """Linear radiance (3, H, W) of one surface seen from above, whose surroundings wrap around."""
    normal = surface.normal
    shaded = Shaded(surface.color, normal, surface.roughness, surface.metallic, surface.occlusion)
    azimuth, elevation = math.radians(sun.azimuth), math.radians(sun.elevation)
    flat = math.cos(elevation)
    to_sun = torch.tensor([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)])
    to_viewer = torch.tensor([0.0, 0.0, 1.0])
    color = lambda rgb: torch.tensor(rgb)[:, None, None]  # noqa: E731
    direct = reflect(shaded, to_sun[:, None, None], to_viewer[:, None, None]) * shadows(surface.height_px, sun)
    f0 = DIELECTRIC + (surface.color - DIELECTRIC) * surface.metallic
    mirrored = 2 * normal[2] * normal - to_viewer[:, None, None]
    glossy = f0 * (0.6 + 0.5 * mirrored[1] + 0.4 * mirrored[2]) * (1 - 0.4 * surface.roughness)
    around = surface.color * (1 - surface.metallic) * (0.5 + 0.5 * normal[2]) + glossy.clamp_min(0)
    total = direct * color(sun.sun) + around * surface.occlusion * color(sun.sky)
    height, width = surface.size_px
    uneven = sun.slope[0] * torch.linspace(-1, 1, width)[None] + sun.slope[1] * torch.linspace(-1, 1, height)[:, None]
    return total * uneven.exp()


def shadows(height_px: Tensor, sun: Sun) -> Tensor:
    """Visibility (H, W) of the sun over height (H, W)."""
    azimuth, rise = math.radians(sun.azimuth), math.tan(math.radians(sun.elevation))
    above = torch.zeros_like(height_px)
    for distance in SHADOW_STEPS_PX:
        down, right = round(-distance * math.sin(azimuth)), round(distance * math.cos(azimuth))
        real = math.hypot(down, right)
        above = torch.maximum(above, torch.roll(height_px, (-down, -right), (0, 1)) - height_px - rise * real)
    return 1 / (1 + (above / sun.shadow_softness_px).square() * 4)


def taken(radiance: Tensor, camera: Camera, rng: np.random.Generator) -> Tensor:
    """The photograph, linear (3, H, W) in [0, 1], of linear radiance (3, H, W)."""
    picture = radiance * (MIDDLE_GREY * camera.exposure / float(radiance.mean().clamp_min(1e-4)))
    encoded = linear_to_srgb(picture.clamp(0, 4).numpy()) ** camera.gamma
    encoded = np.where(encoded > 0.7, 0.7 + 0.3 * np.tanh((encoded - 0.7) / 0.3), encoded)
    smooth = encoded.clip(0, 1)
    encoded = encoded + camera.contrast * (smooth * smooth * (3 - 2 * smooth) - smooth)
    if camera.blur:
        near = (np.roll(encoded, 1, 1) + np.roll(encoded, -1, 1) + np.roll(encoded, 1, 2) + np.roll(encoded, -1, 2)) / 4
        encoded = encoded + camera.blur * 0.6 * (near - encoded)
    if camera.noise:
        encoded = encoded + camera.noise * rng.standard_normal(encoded.shape, np.float32)
    return torch.from_numpy(srgb_to_linear(_stored(encoded, camera.quality)))


def _stored(encoded: np.ndarray, quality: int) -> np.ndarray:
    """sRGB (3, H, W) in steps of 1/255, through JPEG if a quality is given."""
    values = np.round(encoded.clip(0, 1) * 255).astype(np.uint8)
    if quality:
        stream = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(values.transpose(1, 2, 0))).save(stream, "JPEG", quality=quality)
        values = np.asarray(Image.open(stream)).transpose(2, 0, 1)
    return values.astype(np.float32) / 255


def without_margin(x: Tensor) -> Tensor:
    """(…, H, W) without the surroundings that shadows fell from."""
    return x[..., MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
