"""Six small paintings, each of another kind of style, that Blender's Restyle offers from the start.

`PYTHONPATH=. python -m tasks.paintings blender_addon/bundled/styles`, in the core's Python. Landscapes of a few curves
and colours are redrawn by the ways of `style_kinds.drawing`; the oil is the demo's night sky. All is drawn here (CC0).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from .demo.painting import night
from .style_kinds.drawing import WAYS
from .style_kinds.marks import noise

SIZE_PX = (480, 640)
QUALITY = 86
Palette = tuple[tuple[int, int, int], ...]
"""Colours from the zenith to the horizon, of the sun, and of hills from far to near."""
PAINTINGS: Mapping[str, tuple[str, int, Palette, int]] = {
    "Pointillism": (
        "pointillism",
        1,
        ((96, 128, 196), (250, 206, 150), (255, 240, 180), (150, 150, 190), (214, 160, 80), (120, 150, 60)),
        5,
    ),
    "Ink": ("ink", 1, ((60, 60, 60), (235, 235, 235), (255, 255, 255), (170,) * 3, (110,) * 3, (50,) * 3), 2),
    "Watercolour": (
        "watercolor",
        1,
        ((120, 180, 220), (250, 225, 190), (255, 200, 120), (120, 160, 190), (90, 150, 120), (50, 110, 80)),
        12,
    ),
    "Woodblock": (
        "print",
        2,
        ((40, 70, 120), (245, 170, 130), (235, 80, 60), (110, 120, 160), (50, 90, 130), (20, 40, 80)),
        7,
    ),
    "Pencil": ("pencil", 0, ((60,) * 3, (235,) * 3, (255,) * 3, (170,) * 3, (110,) * 3, (50,) * 3), 11),
}
"""Kind of style, which of its three ways, the colours, and the seed, by name."""


def landscape(palette: Palette, rng: np.random.Generator) -> np.ndarray:
    """A sun above three rows of hills (H, W, 3), in [0, 1]."""
    zenith, horizon, sun, *hills = (np.array(color) / 255 for color in palette)
    height, width = SIZE_PX
    y, x = np.mgrid[:height, :width] / height
    clouds = noise(SIZE_PX, 30, rng) * np.exp(-((y - 0.3) ** 2) / 0.03)
    share = np.clip(y / 0.7 + 0.08 * clouds, 0, 1)[..., None]
    made = zenith + share * (horizon - zenith)
    at = rng.uniform(0.35, 1.0), rng.uniform(0.25, 0.4)
    away = np.hypot(x - at[0], y - at[1])
    made = made + np.clip((0.13 - away) * 60, 0, 1)[..., None] * (sun - made)
    for index, color in enumerate(hills):
        waves = sum(rng.uniform(-1, 1) * np.sin((2 + 3 * k) * x + rng.uniform(0, 6)) / (1 + k) for k in range(4))
        top = 0.55 + 0.14 * index + (0.05 + 0.01 * index) * waves
        inside = np.clip((y - top) * 120, 0, 1)[..., None]
        shade = 1 + 0.10 * noise(SIZE_PX, 8, rng)[..., None] - 0.35 * np.clip(y - top, 0, 1)[..., None]
        made = made + inside * ((color * shade).clip(0, 1) - made)
    return made.clip(0, 1)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save(np.asarray(night().resize(SIZE_PX[::-1])) / 255, folder / "Oil.jpg")
    for name, (kind, way, palette, seed) in PAINTINGS.items():
        rng = np.random.default_rng(seed)
        save(WAYS[kind][way](landscape(palette, rng), rng), folder / f"{name}.jpg")


def save(picture: np.ndarray, path: Path) -> None:
    Image.fromarray(np.uint8(np.round(picture.clip(0, 1) * 255))).save(path, quality=QUALITY, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
