"""A small renderer: maps on a plane or a ball under a movable light, with the microfacet model of Blender and glTF.

Reflection is Lambert plus GGX (Walter et al. 2007) with Schlick's Fresnel term and Smith's height-correlated masking
(Heitz 2014), as in Karis 2013, "Real shading in Unreal Engine 4". The sky is an analytic studio with one soft box, so
that metals have something to reflect. A moving light on a ball and a plane reveals wrong relief at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, normalize

from ..numerics.resampling import bilinear_samples
from ..texture import Maps
from .color import linear_to_srgb, srgb_to_linear
from .heights import STEEPEST_Z
from .relief import with_relief
from .resizing import scaled_size

DIELECTRIC = 0.04
"""Reflectance of dielectrics at normal incidence (index of refraction 1.5)."""
SMOOTHEST = 0.045
"""Least roughness, below which highlights would be smaller than a pixel."""
SUPERSAMPLING = 2
SKY, GROUND, SOFT_BOX = (0.62, 0.68, 0.78), (0.16, 0.15, 0.14), (2.6, 2.5, 2.3)
"""Linear radiance of the upper half of the studio, of the lower half, and of its soft box."""


@dataclass(frozen=True)
class Light:
    """A distant light. azimuth: degrees, 0 from the right, 90 from the top. elevation: degrees above the horizon."""

    azimuth: float = 135.0
    elevation: float = 45.0
    strength: float = 2.1
    sky: float = 0.5

    def direction(self, device: str | torch.device = "cpu") -> Tensor:
        """Unit vector to the light (3,): x right, y up, z to the viewer."""
        azimuth, elevation = math.radians(self.azimuth), math.radians(self.elevation)
        flat = math.cos(elevation)
        return torch.tensor([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)], device=device)


@dataclass(frozen=True)
class Shaded:
    """Maps as tensors for rendering: linear colour (3, H, W), unit normals (3, H, W), and others (H, W)."""

    color: Tensor
    normal: Tensor
    roughness: Tensor
    metallic: Tensor
    occlusion: Tensor

    @classmethod
    def of_maps(cls, maps: Maps, device: str = "cpu") -> Shaded:
        """Tensors of maps; a missing map is grey, flat, rough, dielectric, or open to the sky."""
        size_px = maps.size_px
        known: Mapping[str, np.ndarray] = maps.arrays()
        plain = {"base_color": 0.5, "roughness": 0.8, "metallic": 0.0, "ambient_occlusion": 1.0}
        arrays = {name: known.get(name, np.full((*size_px, 1), value, "f4")) for name, value in plain.items()}
        is_encoded = "base_color" not in maps or maps["base_color"].color_space == "srgb"
        color = srgb_to_linear(arrays["base_color"]) if is_encoded else arrays["base_color"]
        normal = (
            2 * known["normal"] - 1 if "normal" in known else np.broadcast_to(np.array([0, 0, 1], "f4"), (*size_px, 3))
        )
        load = lambda array: torch.from_numpy(np.array(array.transpose(2, 0, 1), order="C")).to(device)  # noqa: E731
        single = (load(arrays[name])[0] for name in ("roughness", "metallic", "ambient_occlusion"))
        unit = normalize(load(normal), dim=0)
        return cls(load(color).expand(3, *size_px), unit, *single)

    def at(self, y: Tensor, x: Tensor) -> Shaded:
        """Bilinear samples (…, h, w) at positions (h, w) in pixels, which wrap around."""
        fields = torch.cat([self.color, self.normal, torch.stack([self.roughness, self.metallic, self.occlusion])])
        found = bilinear_samples(fields, y, x)
        return Shaded(found[:3], normalize(found[3:6], dim=0), *found[6:])


def reflect(material: Shaded, to_light: Tensor, to_viewer: Tensor) -> Tensor:
    """Share of the radiance of a distant light that is reflected to the viewer, times π (3, H, W).

    to_light, to_viewer: unit vectors, (3, 1, 1) or (3, H, W). f · cos θ · π, with f = diffuse / π + D V F.
    """
    n, l, v = material.normal, to_light, to_viewer  # noqa: E741  as in the papers
    h = normalize(l + v, dim=0)
    n_l, n_v = (n * l).sum(0).clamp_min(0), (n * v).sum(0).clamp_min(1e-3)
    n_h, v_h = (n * h).sum(0).clamp(0, 1), (v * h).sum(0).clamp(0, 1)
    a2 = material.roughness.clamp_min(SMOOTHEST) ** 4  # α = roughness²
    f0 = DIELECTRIC + (material.color - DIELECTRIC) * material.metallic
    fresnel = f0 + (1 - f0) * (1 - v_h) ** 5
    diffuse = material.color * (1 - material.metallic) * (1 - fresnel)
    return (diffuse + specular_lobe(n_h, n_l, n_v, a2) * fresnel) * n_l


def specular_lobe(n_h: Tensor, n_l: Tensor, n_v: Tensor, a2: Tensor | float) -> Tensor:
    """π D V of GGX (Walter et al. 2007, Heitz 2014), a factor of the Fresnel term.

    n_h, n_l, n_v: cosines of the angles between the normal and the half vector, the light and the viewer. a2: α², the
    fourth power of roughness.
    """
    d = a2 / (math.pi * (n_h * n_h * (a2 - 1) + 1) ** 2)
    visible = 0.5 / (n_l * (n_v * n_v * (1 - a2) + a2).sqrt() + n_v * (n_l * n_l * (1 - a2) + a2).sqrt() + 1e-6)
    return math.pi * d * visible


def _from_sky(material: Shaded, to_viewer: Tensor) -> Tensor:
    """Radiance (3, H, W) that is reflected from the studio to the viewer; highlights use the fit of Lazarov (2013)."""
    n, v = material.normal, to_viewer
    n_v = (n * v).sum(0).clamp(0, 1)
    mirrored = 2 * (n * v).sum(0, keepdim=True) * n - v
    rough = material.roughness
    c0, c1 = (1 - rough, 1 - 0.425 * (1 - rough))
    a = torch.minimum(c0 * c0, torch.exp2(-9.28 * n_v)) * c0 + 0.0425 - 0.0275 * rough
    scale, offset = -1.04 * a + 1.04 - 0.572 * rough, 1.04 * a - 0.04 + 0.022 * rough
    f0 = DIELECTRIC + (material.color - DIELECTRIC) * material.metallic
    highlight = _studio(mirrored, rough) * (f0 * scale + offset.clamp_min(0)) * (0.35 + 0.65 * c1)
    diffuse = material.color * (1 - material.metallic) * _studio(n, torch.ones_like(rough))
    return (diffuse + highlight) * material.occlusion


def _studio(direction: Tensor, roughness: Tensor) -> Tensor:
    """Radiance (3, H, W) of the studio from directions (3, H, W), blurred according to a roughness (H, W)."""
    x, y, z = direction
    color = lambda rgb: torch.tensor(rgb, device=direction.device).view(3, 1, 1)  # noqa: E731
    width = 0.15 + 0.85 * roughness
    up = (0.5 + 0.5 * (0.8 * y + 0.3 * z) / width).clamp(0, 1)
    up = up * up * (3 - 2 * up)
    toward = (-0.55 * x + 0.6 * y + 0.58 * z).clamp(-1, 1)
    sharp = 2 + 60 * (1 - roughness) ** 3
    box = torch.exp(-sharp * (1 - toward)) * (0.25 + 0.75 * (1 - roughness))
    return color(GROUND) + (color(SKY) - color(GROUND)) * up + color(SOFT_BOX) * box


def shade(material: Shaded, light: Light, to_viewer: Tensor | None = None) -> Tensor:
    """Linear radiance (3, H, W) under a light and the studio. to_viewer: unit vectors; None: seen from above."""
    device = material.color.device
    v = torch.tensor([0.0, 0.0, 1.0], device=device).view(3, 1, 1) if to_viewer is None else to_viewer
    direct = light.strength * reflect(material, light.direction(device).view(3, 1, 1), v)
    return direct * (0.4 + 0.6 * material.occlusion) + light.sky * _from_sky(material, v)


def plane(maps: Maps, light: Light = Light(), *, device: str = "cpu") -> np.ndarray:
    """Picture (H, W, 3), sRGB-encoded in [0, 1], of maps on a plane seen from above."""
    return encode(shade(Shaded.of_maps(maps, device), light))


def ball(
    maps: Maps, side_px: int = 512, light: Light = Light(), *, repeats: float = 1.0, device: str = "cpu"
) -> np.ndarray:
    """Picture (side_px, side_px, 3), sRGB-encoded in [0, 1], of maps on a ball before a grey background.

    repeats: how often the maps repeat from one side of the ball to the other. Normals are in its tangent frame.
    """
    return encode(Ball.of(Shaded.of_maps(maps, device), side_px, repeats).shade(light))


@dataclass(frozen=True)
class Ball:
    """Maps on a ball before a background (3, H, W), at twice the size of the picture, without the light.

    coverage: share (H, W) of the ball; the rest is background. One ball can be shaded under many lights.
    """

    material: Shaded
    background: Tensor
    coverage: Tensor

    @classmethod
    def of(cls, plane: Shaded, side_px: int, repeats: float = 1.0) -> Ball:
        """A ball covered with a plane material; its picture has this side.

        repeats: how often the material repeats from one side of the ball to the other.
        """
        side, device = side_px * SUPERSAMPLING, plane.color.device
        axis = (torch.arange(side, device=device) + 0.5) / side * 2 - 1
        y, x = torch.meshgrid(-axis * 1.06, axis * 1.06, indexing="ij")
        square = x * x + y * y
        z = (1 - square).clamp_min(1e-6).sqrt()
        longitude, latitude = torch.atan2(x, z), y.clamp(-1, 1).asin()
        height, width = plane.color.shape[1:]
        half_turn_px = width / repeats  # pixels of the maps along half the equator
        rows, columns = height / 2 - latitude / math.pi * half_turn_px, width / 2 + longitude / math.pi * half_turn_px
        material = plane.at(rows, columns)
        shadow = 1 - 0.35 * torch.exp(-6 * (((x - 0.1) ** 2 + (y + 0.98) ** 2 * 6) - 0.1).clamp_min(0))
        background = (0.17 * (1 - 0.3 * square.clamp(0, 2)) * shadow).expand(3, -1, -1)
        coverage = ((1 - square.sqrt()) * side / 2.12 + 0.5).clamp(0, 1)
        normal = _on_ball(material.normal, longitude, latitude)
        return cls(replace(material, normal=normal), background, coverage)

    def shade(self, light: Light) -> Tensor:
        """Linear radiance (3, side_px, side_px) under a light."""
        picture = self.background + (shade(self.material, light) - self.background) * self.coverage
        return avg_pool2d(picture[None], SUPERSAMPLING)[0]


def _on_ball(normal: Tensor, longitude: Tensor, latitude: Tensor) -> Tensor:
    """Normals (3, H, W) of a plane, rotated into the tangent frame of a ball at each point."""
    sin_l, cos_l, sin_p, cos_p = longitude.sin(), longitude.cos(), latitude.sin(), latitude.cos()
    tangent = torch.stack([cos_l, torch.zeros_like(cos_l), -sin_l])
    upward = torch.stack([-sin_l * sin_p, cos_p, -cos_l * sin_p])
    outward = torch.stack([sin_l * cos_p, sin_p, cos_l * cos_p])
    nx, ny, nz = normal
    return normalize(tangent * nx + upward * ny + outward * nz.clamp_min(STEEPEST_Z), dim=0)


def encode(radiance: Tensor) -> np.ndarray:
    """sRGB picture (H, W, 3) of linear radiance (3, H, W), with highlights that roll off instead of being clipped."""
    soft = torch.where(radiance < 0.7, radiance, 0.7 + 0.3 * (1 - torch.exp(-(radiance - 0.7) / 0.3)))
    return linear_to_srgb(soft.clamp(0, 1).permute(1, 2, 0).cpu().numpy())


@dataclass(frozen=True)
class BallAndPlane:
    """Maps on a ball, on the left, and on a plane, on the right, each in a square of this side."""

    ball: Ball
    plane: Shaded
    side_px: int

    @classmethod
    def of_maps(cls, maps: Maps, side_px: int = 512, *, repeats: float = 1.0, device: str = "cpu") -> BallAndPlane:
        """Maps for shading, with normals from their height if they have none.

        repeats: how often the maps repeat from one side of the ball to the other.
        """
        if "height" in maps and "normal" not in maps:
            maps = maps.with_arrays({"normal": with_relief(maps)["normal"].pixels})
        plane = Shaded.of_maps(maps, device)
        return cls(Ball.of(plane, side_px, repeats), plane, side_px)

    def shade(self, light: Light) -> np.ndarray:
        """Picture (side_px, 2 side_px, 3), sRGB-encoded in [0, 1]."""
        return encode(torch.cat([self.ball.shade(light), self._square(shade(self.plane, light))], dim=2))

    def turn(self, light: Light, frames: int) -> Iterator[np.ndarray]:
        """Pictures of one turn of the light, counter-clockwise from its azimuth."""
        for index in range(frames):
            yield self.shade(replace(light, azimuth=light.azimuth + 360 * index / frames))

    def _square(self, radiance: Tensor) -> Tensor:
        """A square (3, side_px, side_px) filled with radiance (3, H, W), which is shrunk by averages, or repeated."""
        size_px = radiance.shape[1:]
        scale = min(1.0, self.side_px / min(size_px))
        height, width = scaled_size(size_px, scale)
        if scale < 1:
            radiance = interpolate(radiance[None], size=(height, width), mode="area")[0]
        tiled = radiance.repeat(1, -(-self.side_px // height), -(-self.side_px // width))
        return tiled[:, : self.side_px, : self.side_px]
