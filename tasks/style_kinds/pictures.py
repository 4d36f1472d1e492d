"""Pictures that are redrawn: photographs that come with scikit-image, and drawn scenes; and changes by scanning."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image
from skimage import data

from impasto.surface.resizing import resize
from impasto_style.fast.scenes import draw_scene

from ..judges import Judges
from .drawing import WAYS
from .marks import blurred

PHOTOGRAPHS = (
    ("astronaut", "chelsea", "coins", "brick", "immunohistochemistry"),
    ("coffee", "rocket", "camera", "retina", "gravel"),
    ("hubble_deep_field", "moon", "grass"),
)
"""Photographs for each way of drawing, so that they have none in common."""
SCENES = 0.4
SCENE_PX = 480
SIDES_PX = (420, 720)


def drawn(kind: str, way: int, count: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Pictures (H, W, 3) of a kind, drawn in one of its ways; `way` also chooses photographs and scenes."""
    for index in range(count):
        rng = np.random.default_rng([seed, sorted(WAYS).index(kind), way, index])
        yield scanned(WAYS[kind][way](motif(way, rng), rng).clip(0, 1), rng)


def motif(way: int, rng: np.random.Generator) -> np.ndarray:
    """Part of a photograph or a scene (H, W, 3), mirrored or not."""
    if rng.random() < SCENES:
        picture = draw_scene(SCENE_PX, rng).permute(1, 2, 0).numpy()
    else:
        names = unseen(way)
        picture = _photograph(names[rng.integers(len(names))], rng)
    height, width = (round(side * rng.uniform(0.5, 1)) for side in picture.shape[:2])
    top, left = (rng.integers(0, whole - part + 1) for whole, part in zip(picture.shape, (height, width), strict=False))
    part = picture[top : top + height, left : left + width][:, :: rng.choice([-1, 1])]
    scale = rng.uniform(*SIDES_PX) / max(height, width)
    made = resize(np.ascontiguousarray(part, np.float32), (round(height * scale), round(width * scale)))
    return made.astype(np.float64).clip(0, 1)


@cache
def unseen(way: int) -> tuple[str, ...]:
    """The photographs of a way of drawing, which judges the others, that show none of theirs."""
    others = Judges(_in_color(name) for other, names in enumerate(PHOTOGRAPHS) if other != way for name in names)
    return tuple(name for name in PHOTOGRAPHS[way] if others.may_teach(_in_color(name)))


def _in_color(name: str) -> np.ndarray:
    """One of scikit-image's pictures (H, W, 3) in [0, 1]."""
    pixels = np.asarray(getattr(data, name)(), np.float32) / 255
    return pixels[..., :3] if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)


def _photograph(name: str, rng: np.random.Generator) -> np.ndarray:
    """One of scikit-image's pictures in [0, 1]; grey ones are tinted, from shade to light."""
    pixels = np.asarray(getattr(data, name)(), np.float64) / 255
    if pixels.ndim == 3:
        return pixels[..., :3]
    dark, light = rng.uniform(0, 0.4, 3), rng.uniform(0.6, 1, 3)
    return dark + pixels[..., None] * (light - dark)


def scanned(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture as it is found: slightly blurred or scaled, with other contrast, and compressed."""
    picture = blurred(picture, rng.uniform(0, 0.7))
    cast = 1 + rng.normal(0, 0.02, 3)
    picture = (picture.clip(0, 1) ** rng.uniform(0.85, 1.15)) * rng.uniform(0.9, 1) * cast
    picture = picture + rng.uniform(0, 0.05) * (1 - picture)
    stream = io.BytesIO()
    pixels = (picture.clip(0, 1) * 255).round().astype(np.uint8)
    Image.fromarray(pixels).save(stream, "JPEG", quality=int(rng.integers(60, 96)))
    return np.asarray(Image.open(stream), np.float32) / 255
