"""Drawn scenes for training without photographs: dead leaves with shading and texture.

Overlapping shapes of all sizes have edges and statistics like photographs (Lee et al. 2001), and networks learn from
them nearly as well (Baradad et al. 2021). Each shape has a gradient or the shading of a ball, and most have some
texture. Backgrounds are smooth, so that there are calm places too.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

LARGEST, SMALLEST = 0.6, 0.02
"""Range of the shapes' radii, relative to the side, with a density of 1/r²."""
SHAPES = (10, 250)
TEXTURED = 0.5
BLURRED = 0.3


def draw_scene(size_px: int, rng: np.random.Generator) -> Tensor:
    """A scene (3, size_px, size_px), sRGB in [0, 1]."""
    colors = _palette(rng)
    picture = _gradient(size_px, colors, rng)
    for radius in sorted(_radii(int(rng.integers(*SHAPES)), rng), reverse=True):
        _add_shape(picture, radius * size_px, colors, rng)
    picture += _noise(size_px, rng)[..., None] * rng.uniform(0, 0.02)
    scene = torch.from_numpy(picture.clip(0, 1).astype(np.float32)).permute(2, 0, 1).contiguous()
    if rng.random() < BLURRED:
        scene = torch.nn.functional.avg_pool2d(scene[None], 3, 1, 1, count_include_pad=False)[0]
    return scene


def _palette(rng: np.random.Generator) -> np.ndarray:
    """Colours (12, 3) of a scene: light to dark, mostly muted, with a common hue."""
    light = rng.uniform(0.05, 0.95, (12, 1))
    common, own = rng.normal(0, 0.1, (1, 3)), rng.normal(0, rng.uniform(0.03, 0.2), (12, 3))
    return (light + (common + own) * 4 * light * (1 - light)).clip(0, 1)


def _radii(count: int, rng: np.random.Generator) -> np.ndarray:
    """Radii relative to the side, with a density of 1/r²."""
    return 1 / (1 / SMALLEST + rng.random(count) * (1 / LARGEST - 1 / SMALLEST))


def _gradient(size_px: int, colors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A smooth transition (S, S, 3) between two colours, along a line or in waves."""
    rows, columns = np.mgrid[:size_px, :size_px] / size_px
    angle, phase = rng.uniform(0, 2 * np.pi, 2)
    along = np.cos(angle) * rows + np.sin(angle) * columns
    share = (0.5 + 0.5 * np.sin(rng.uniform(1, 4) * along + phase))[..., None]
    one, other = colors[rng.choice(len(colors), 2, replace=False)]
    return one * share + other * (1 - share)


def _add_shape(picture: np.ndarray, radius: float, colors: np.ndarray, rng: np.random.Generator) -> None:
    """Draw an ellipse or a polygon over the picture (S, S, 3), in place."""
    size_px = len(picture)
    y, x = rng.uniform(-0.1, 1.1, 2) * size_px
    reach = int(2 * radius) + 2
    top, left = max(int(y) - reach, 0), max(int(x) - reach, 0)
    bottom, right = min(int(y) + reach, size_px), min(int(x) + reach, size_px)
    if bottom <= top or right <= left:
        return
    rows, columns = np.mgrid[top:bottom, left:right]
    angle, stretch = rng.uniform(0, np.pi), rng.uniform(1, 2)
    v = ((rows - y) * np.cos(angle) + (columns - x) * np.sin(angle)) / radius * stretch
    u = ((columns - x) * np.cos(angle) - (rows - y) * np.sin(angle)) / radius / stretch
    if rng.random() < 0.5:
        distance = np.hypot(u, v)
    else:
        sides = rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7)))
        distance = np.max([u * np.cos(side) + v * np.sin(side) for side in sides], axis=0)
        distance = np.maximum(distance, np.hypot(u, v) / 1.5)
    cover = ((1 - distance) * radius + 0.5).clip(0, 1)[..., None]
    shade = _shade(u, v, distance, rng)
    color = colors[rng.integers(len(colors))] * shade[..., None]
    picture[top:bottom, left:right] += cover * (color - picture[top:bottom, left:right])


def _shade(u: np.ndarray, v: np.ndarray, distance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brightness of a shape: even, sloping, or like a lit ball, sometimes with texture."""
    kind, angle = rng.integers(3), rng.uniform(0, 2 * np.pi)
    shade = np.ones_like(u)
    slope = np.cos(angle) * u + np.sin(angle) * v
    if kind == 1:
        shade = 1 + rng.uniform(0.1, 0.5) * slope.clip(-1, 1)
    elif kind == 2:
        height = np.sqrt((1 - distance**2).clip(0, 1))
        shade = 0.35 + 0.8 * (0.6 * height + 0.7 * slope).clip(0, 1.2)
    if rng.random() < TEXTURED:
        shade = shade * (1 + rng.uniform(0.03, 0.3) * _texture(u, v, rng))
    return shade


def _texture(u: np.ndarray, v: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stripes, checks or noise over a shape."""
    pitch, angle = np.exp(rng.uniform(np.log(4), np.log(40))), rng.uniform(0, np.pi)
    along, across = np.cos(angle) * u + np.sin(angle) * v, np.cos(angle) * v - np.sin(angle) * u
    kind = rng.integers(3)
    if kind == 0:
        return np.sin(pitch * along)
    if kind == 1:
        return np.sign(np.sin(pitch * along) * np.sin(pitch * across))
    return rng.normal(0, 1, u.shape)


def _noise(size_px: int, rng: np.random.Generator) -> np.ndarray:
    """Pink noise (S, S) of deviation 1."""
    spectrum = np.fft.rfft2(rng.normal(0, 1, (size_px, size_px)))
    frequency = np.hypot(np.fft.fftfreq(size_px)[:, None], np.fft.rfftfreq(size_px)[None])
    frequency[0, 0] = np.inf
    noise = np.fft.irfft2(spectrum / frequency, s=(size_px, size_px))
    return noise / noise.std()
