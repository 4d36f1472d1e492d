"""The steps of docs/how-to/photographs.md: `python photo_to_material.py FOLDER PICTURE`, in the core's Python.

The photograph is scikit-image's wall of bricks, seen at an angle, with a splash of paint. FOLDER gets the result of
each step, PICTURE shows them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

from impasto import Recipe, Step, run, write_maps
from impasto.surface.resizing import resize
from impasto.surface.shading import BallAndPlane, Light
from impasto.texture import Maps

TINTS = {
    "brick": {"dark": (0.34, 0.13, 0.09), "light": (0.80, 0.72, 0.64)},
    "gravel": {"dark": (0.10, 0.10, 0.12), "light": (0.88, 0.84, 0.76)},
    "grass": {"dark": (0.07, 0.10, 0.04), "light": (0.62, 0.66, 0.38)},
}
"""Colours of scikit-image's grey photographs."""
PAINT = (0.83, 0.84, 0.88)
SPLASHES = ((0.55, 0.42, 0.030), (0.57, 0.46, 0.022), (0.53, 0.48, 0.012), (0.60, 0.40, 0.010))
"""Paint on the wall: fractions from the left and from the top, and radii."""
CORNERS = {
    "top_left": (0.0, 0.2227),
    "top_right": (1.0, 0.0801),
    "bottom_right": (1.0, 0.9785),
    "bottom_left": (0.0, 0.8594),
}
WIDTH_M = 1.1
SIDE_PX, CAPTION_PX, COLUMNS, QUALITY = 320, 20, 3, 86
BACKGROUND = (24, 24, 24)


def main(folder: Path, picture: Path) -> None:
    wall = photograph()
    even, mask, mended = prepared(wall)
    endless = after(mended, "quilt", width_px=1024, height_px=1024)
    material = after(endless, "photo-maps")
    for name, maps in (("wall", wall), ("straight", even), ("mask", mask), ("mended", mended), ("bricks", material)):
        write_maps(maps, folder, name)
    cells = [
        cell("the photograph", color(wall)),
        cell("straightened, its light evened", color(even)),
        cell("what draws the eye, found", marked(even, mask)),
        cell("mended", color(mended)),
        cell("endless, 2 x 2 tiles", np.tile(color(endless)[::2, ::2], (2, 2, 1))),
        cell("its maps, lit", BallAndPlane.of_maps(material, SIDE_PX).shade(Light(135, 35))[:, :SIDE_PX]),
    ]
    width, height = cells[0].size
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(cells) // COLUMNS) * height), BACKGROUND)
    for index, one in enumerate(cells):
        sheet.paste(one, (index % COLUMNS * width, index // COLUMNS * height))
    sheet.save(picture, quality=QUALITY, optimize=True)
    print(picture)


def prepared(wall: Maps) -> tuple[Maps, Maps, Maps]:
    """The wall straightened in even light, a mask of what draws the eye, and the wall without that."""
    straight = after(wall, "straighten", **CORNERS)
    even = after(after(straight, "even-light"), "real-scale", start=(0.0, 0.5), end=(1.0, 0.5), length_m=WIDTH_M)
    mask = after(even, "find-landmarks")
    mended = run(Recipe((Step("inpaint", {}, {"mask": "mask"}),), seed=1), {"source": even, "mask": mask}).maps
    return even, mask, mended


def photograph() -> Maps:
    """The wall in colours of bricks, with paint on it."""
    dark, light = TINTS["brick"].values()
    grey = np.rot90(data.brick()).astype(np.float32)[..., None] / 255
    low, high = np.quantile(grey, (0.01, 0.99))
    pixels = np.float32(dark) + ((grey - low) / (high - low)).clip(0, 1) * np.subtract(light, dark).astype(np.float32)
    height, width = grey.shape[:2]
    y, x = (np.mgrid[:height, :width] + 0.5) / np.reshape([height, width], (2, 1, 1))
    for column, row, radius in SPLASHES:
        inside = np.clip((radius - np.hypot(x - column, y - row)) * width + 0.5, 0, 1)[..., None]
        pixels += inside.astype(np.float32) * (np.float32(PAINT) - pixels)
    return Maps.from_arrays({"base_color": pixels})


def after(maps: Maps, tool: str, **parameters: object) -> Maps:
    return run(Recipe((Step(tool, parameters),), seed=3), {"source": maps}).maps


def color(maps: Maps) -> np.ndarray:
    return maps["base_color"].pixels


def marked(maps: Maps, mask: Maps) -> np.ndarray:
    """Colours, with what the mask covers in magenta."""
    covered = resize(next(iter(mask.values())).pixels[..., :1], maps.size_px)
    return color(maps) * (1 - 0.7 * covered) + 0.7 * covered * np.float32((1, 0, 1))


def cell(name: str, pixels: np.ndarray) -> Image.Image:
    """The middle square of a picture, below its name."""
    made = Image.new("RGB", (SIDE_PX, SIDE_PX + CAPTION_PX), BACKGROUND)
    ImageDraw.Draw(made).text((4, 4), name, fill=(225, 225, 225))
    side = min(pixels.shape[:2])
    top, left = ((length - side) // 2 for length in pixels.shape[:2])
    shown = (pixels[top : top + side, left : left + side].clip(0, 1) * 255).round().astype("u1")
    made.paste(Image.fromarray(shown).resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS), (0, CAPTION_PX))
    return made


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
