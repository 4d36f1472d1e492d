"""Picture of decals and atlases, of scikit-image's: `python benchmarks/shapes.py --out docs/pictures`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from impasto import Maps, Recipe, Step, run

GAP_PX, SQUARE_PX = 8, 12


def photograph(pixels: np.ndarray) -> Maps:
    """Maps of 8-bit pixels, grey (H, W) or in colour (H, W, 3)."""
    color = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
    return Maps.from_arrays({"base_color": color[..., :3] / 255})


def made(tool: str, subject: Maps, **parameters: object) -> Maps:
    """The maps that a tool makes."""
    return run(Recipe((Step(tool, parameters),)), {"source": subject}).maps


def seen(maps: Maps) -> np.ndarray:
    """Base colour (H, W, 3), over a chequered ground where it is transparent."""
    alpha = maps["opacity"].pixels if "opacity" in maps else 1
    ground = 0.5 + 0.3 * ((np.indices(maps.size_px) // SQUARE_PX).sum(0) % 2)[..., None]
    return alpha * maps["base_color"].pixels + (1 - alpha) * ground


def beside(*pictures: np.ndarray) -> np.ndarray:
    """Pictures (H, W, 3) of any heights from left to right, on white."""
    height = max(len(one) for one in pictures)
    gap = np.ones((height, GAP_PX, 3))
    whole = [np.pad(one, ((0, height - len(one)), (0, 0), (0, 0)), constant_values=1) for one in pictures]
    return np.concatenate([part for one in whole for part in (one, gap)][:-1], axis=1)


def atlas() -> np.ndarray:
    """Coins, cut out and packed; their colours without opacity; a cup."""
    coins = photograph(data.coins()[5:300, :243])
    sheet = made("pack-atlas", coins, padding_px=6)
    cup = made("cut-decal", photograph(data.coffee()[::2, ::2]), islands="largest")
    return beside(coins["base_color"].pixels, seen(sheet), sheet["base_color"].pixels, seen(cup))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    pixels = np.uint8(np.round(255 * np.clip(atlas(), 0, 1)))
    Image.fromarray(pixels).save(parser.parse_args().out / "shapes_atlas.jpg", quality=88)


if __name__ == "__main__":
    main()
