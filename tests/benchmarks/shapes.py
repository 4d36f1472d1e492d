"""Pictures for docs/shapes.md, of scikit-image's: `python tests/benchmarks/shapes.py --out docs/pictures`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
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
    color = maps["base_color"].pixels
    if "opacity" not in maps:
        return color
    alpha = maps["opacity"].pixels
    ground = 0.5 + 0.3 * ((np.indices(maps.size_px) // SQUARE_PX).sum(0) % 2)[..., None]
    return alpha * color + (1 - alpha) * ground


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


def trim() -> np.ndarray:
    """Four textures below each other as in a photograph, and the sheet, twice side by side."""
    brick, gravel, grass = data.brick(), data.gravel(), data.grass()
    wall = photograph(np.concatenate([gravel[:110, :400], brick[20:190, :400], grass[:120, :400]]))
    sheet = made("trim-sheet", wall)["base_color"].pixels
    return beside(wall["base_color"].pixels, np.concatenate([sheet, sheet], axis=1))


def panorama() -> np.ndarray:
    """A view around its back, as it is and closed, and the faces of its cube."""
    view = photograph(data.coffee()[40:340])
    closed = made("close-panorama", view, overlap=0.12, poles=15)
    around = [np.roll(one["base_color"].pixels, 300, 1)[::2, ::2] for one in (view, closed)]
    faces = made("cube-faces", closed, face_px=100, layout="cross")
    white = np.where(faces["base_color"].pixels.any(2, keepdims=True), faces["base_color"].pixels, 1)
    return beside(*around, white)


PICTURES: dict[str, Callable[[], np.ndarray]] = {"atlas": atlas, "trim": trim, "panorama": panorama}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    folder = parser.parse_args().out
    for name, draw in PICTURES.items():
        Image.fromarray(np.uint8(np.round(255 * np.clip(draw(), 0, 1)))).save(folder / f"shapes_{name}.jpg", quality=88)


if __name__ == "__main__":
    main()
