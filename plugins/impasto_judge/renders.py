"""Difference between renders of two sets of maps under nine lights: the rendering loss of Deschaintre et al. 2018.

Three diffuse configurations have a distant light and a distant viewer in independent directions. Six specular ones have
a light near the surface, and a viewer who sees its reflection. They are the same for every set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from impasto.surface.shading import Shaded, reflect
from impasto.texture import Maps

LOG_EPSILON = 0.1
"""Added to radiance before taking logarithms, so that dark pixels do not dominate."""
DIFFUSE, SPECULAR = 3, 6
SEED = 0
LARGEST_SINE_SQUARED = 0.95
"""Directions are at most 77° from the vertical, as in the authors' code."""
LOG_DISTANCE, LOG_DISTANCE_DEVIATION = 0.5, 0.75
"""Normal distribution of the logarithm of a near light's distance, in halves of the picture's width."""
BAND_PX = 2**18
"""Pixels that are rendered at once, so that large pictures need little memory."""
RENDERED = ("base_color", "normal", "roughness")


@dataclass(frozen=True)
class Configuration:
    """A light and a viewer (3,): directions if they are distant, places otherwise.

    x right, y up, z from the surface; x is -1 to 1 over the picture's width.
    """

    light: np.ndarray
    viewer: np.ndarray
    is_distant: bool

    def directions(self, place: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors to the light and to the viewer, (3, 1, 1) or (3, H, W), from places (3, H, W)."""
        light, viewer = (torch.from_numpy(v).float().view(3, 1, 1) for v in (self.light, self.viewer))
        if not self.is_distant:
            light, viewer = light - place, viewer - place
        return torch.nn.functional.normalize(light, dim=0), torch.nn.functional.normalize(viewer, dim=0)


def configurations() -> list[Configuration]:
    """The nine configurations, the same in every call."""
    rng = np.random.default_rng(SEED)
    diffuse = [Configuration(_direction(rng), _direction(rng), True) for _ in range(DIFFUSE)]
    return diffuse + [_mirror(rng) for _ in range(SPECULAR)]


def _direction(rng: np.random.Generator) -> np.ndarray:
    """Random unit vector (3,) of the upper hemisphere, in proportion to its cosine with the vertical."""
    sine_squared, azimuth = rng.uniform(0, LARGEST_SINE_SQUARED), rng.uniform(0, 2 * math.pi)
    sine = math.sqrt(sine_squared)
    return np.array([sine * math.cos(azimuth), sine * math.sin(azimuth), math.sqrt(1 - sine_squared)])


def _mirror(rng: np.random.Generator) -> Configuration:
    """A light and a viewer in mirrored directions, at random distances from a random place in the picture."""
    viewer = _direction(rng)
    light = viewer * [-1, -1, 1]
    center = np.array([*rng.uniform(-1, 1, 2), 0])
    distances = np.exp(rng.normal(LOG_DISTANCE, LOG_DISTANCE_DEVIATION, 2))
    return Configuration(center + light * distances[0], center + viewer * distances[1], False)


def render_log_l1(estimate: Maps, truth: Maps) -> float | None:
    """Mean |difference| of log(radiance + 0.1) over nine renders of maps of one size.

    Base colour, normals and roughness are used if the truth has them. A map that the estimate lacks counts as grey,
    flat or rough. A set without a metallic map is dielectric. None if the two sets have none of these maps in common.
    """
    names = [name for name in RENDERED if name in truth]
    if not any(name in estimate for name in names):
        return None
    surfaces = [Shaded.of_maps(_only(maps, (*names, "metallic"))) for maps in (estimate, truth)]
    height, width = truth.size_px
    rows = max(1, BAND_PX // width)
    total = sum(
        _band_difference([_rows(surface, top, rows) for surface in surfaces], _places(top, rows, height, width))
        for top in range(0, height, rows)
    )
    return total / ((DIFFUSE + SPECULAR) * 3 * height * width)


def _only(maps: Maps, names: tuple[str, ...]) -> Maps:
    return replace(maps, textures={name: maps[name] for name in names if name in maps})


def _rows(surface: Shaded, top: int, rows: int) -> Shaded:
    """Some rows of a surface."""
    part = slice(top, top + rows)
    single = (surface.roughness[part], surface.metallic[part], surface.occlusion[part])
    return Shaded(surface.color[:, part], surface.normal[:, part], *single)


def _places(top: int, rows: int, height: int, width: int) -> Tensor:
    """Places (3, rows, W) of some rows of pixels on the surface."""
    y = (height - 2 * torch.arange(top, min(top + rows, height)) - 1) / width
    x = (2 * torch.arange(width) + 1 - width) / width
    y, x = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([x, y, torch.zeros_like(x)])


def _band_difference(surfaces: list[Shaded], place: Tensor) -> float:
    """Sum of |difference| of the logarithms of all renders of some rows."""
    total = 0.0
    for configuration in configurations():
        to_light, to_viewer = configuration.directions(place)
        found, true = ((reflect(surface, to_light, to_viewer) + LOG_EPSILON).log() for surface in surfaces)
        total += float((found - true).abs().sum(dtype=torch.float64))
    return total
