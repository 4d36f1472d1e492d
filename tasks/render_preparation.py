"""Photographs before and after their preparation: `python render_preparation.py PICTURE`, in the core's Python."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

from impasto import Recipe, Step, run
from impasto.texture import Maps

SIDE_PX, CAPTION_PX, GAP_PX, QUALITY = 232, 18, 6, 84
BACKGROUND = (24, 24, 24)
BRICKS = {"find": "automatic"}


def main(path: Path) -> None:
    bricks = photograph(data.brick())
    straight = made(bricks, ("straighten", BRICKS))
    period = made(straight, ("crop-period", {"keep": 0.6}))
    page, coffee = photograph(data.page()), photograph(data.coffee()[40:360, 120:440])
    pairs = (
        ("straighten, automatic", bricks, straight),
        ("even-light", page, made(page, ("even-light", {}))),
        ("balance, brightest", coffee, made(coffee, ("balance", {"white": "brightest"}))),
        ("crop-period, tiled", tiled(straight), tiled(period)),
    )
    sheet = Image.new("RGB", (len(pairs) * (SIDE_PX + GAP_PX), CAPTION_PX + 2 * (SIDE_PX + GAP_PX)), BACKGROUND)
    for index, (caption, before, after) in enumerate(pairs):
        left = index * (SIDE_PX + GAP_PX)
        ImageDraw.Draw(sheet).text((left + 4, 3), caption, fill=(225, 225, 225))
        sheet.paste(shown(before), (left, CAPTION_PX))
        sheet.paste(shown(after), (left, CAPTION_PX + SIDE_PX + GAP_PX))
    sheet.save(path, quality=QUALITY, optimize=True)
    print(path)


def photograph(pixels: np.ndarray) -> Maps:
    """Pixels (H, W) or (H, W, 3) of 8 bits as maps."""
    color = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
    return Maps.from_arrays({"base_color": color / 255})


def made(maps: Maps, *steps: tuple[str, dict[str, object]]) -> Maps:
    """Maps after the steps."""
    return run(Recipe(tuple(Step(*step) for step in steps)), {"source": maps}).maps


def tiled(maps: Maps) -> Maps:
    """Maps twice beside and below themselves."""
    return Maps.from_arrays({name: np.tile(array, (2, 2, 1)) for name, array in maps.arrays().items()})


def shown(maps: Maps) -> Image.Image:
    """The middle square of the base colour."""
    image = Image.fromarray((maps["base_color"].pixels.clip(0, 1) * 255).round().astype("u1"))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return square.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
