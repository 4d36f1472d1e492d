"""Photographs before and after each repair: `python render_repair.py FOLDER`, in the core's Python.

Writes repair_holes.jpg, repair_tiling.jpg (rolled by half, so that borders meet in the middle) and repair_extend.jpg,
of scikit-image's photographs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from impasto import Maps, Recipe, Step, run

SIDE_PX, GAP_PX, QUALITY = 320, 8, 86
MARGIN = 0.25
MARKED = np.float32([1, 0, 1])


def photograph(name: str) -> np.ndarray:
    """A part (SIDE_PX, SIDE_PX, 3) of one of scikit-image's photographs."""
    pixels = np.asarray(getattr(data, name)(), np.float32)[:SIDE_PX, :SIDE_PX] / 255
    return np.ascontiguousarray(np.broadcast_to(pixels.reshape(SIDE_PX, SIDE_PX, -1), (SIDE_PX, SIDE_PX, 3)))


def made(tool: str, pixels: np.ndarray, mask: np.ndarray | None = None, **parameters: object) -> np.ndarray:
    """The base colour that a tool makes of a picture."""
    inputs = {"source": Maps.from_arrays({"base_color": pixels})}
    if mask is not None:
        inputs["mask"] = Maps.from_arrays({"base_color": np.repeat(mask[..., None].astype(np.float32), 3, 2)})
    step = Step(tool, parameters, {name: name for name in inputs if name != "source"})
    return run(Recipe((step,), 1), inputs).maps["base_color"].pixels


def painted() -> np.ndarray:
    """A mask of a square, a circle and a stroke."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    mask = (abs(y - 95) < 40) & (abs(x - 90) < 40)
    mask |= np.hypot(y - 220, x - 225) < 45
    return mask | ((abs(y - 130 - 0.4 * (x - 180)) < 7) & (x > 180) & (x < 300))


def holes() -> np.ndarray:
    mask = painted()
    sources = [photograph(name) for name in ("gravel", "grass")]
    rows = [(np.where(mask[..., None], MARKED, one), made("inpaint", one, mask)) for one in sources]
    return sheet([one for row in rows for one in row])


def tiling() -> np.ndarray:
    half = SIDE_PX // 2, SIDE_PX // 2
    sources = [photograph(name) for name in ("gravel", "grass")]
    return sheet([np.roll(one, half, (0, 1)) for source in sources for one in (source, made("mend-tiling", source))])


def extended() -> np.ndarray:
    margins = dict.fromkeys(("left", "right"), MARGIN)
    pixels = photograph("gravel")
    wide = np.ones((SIDE_PX, round(SIDE_PX * (1 + 2 * MARGIN)), 3), np.float32)
    wide[:, round(MARGIN * SIDE_PX) :][:, :SIDE_PX] = pixels
    return sheet([wide, made("extend", pixels, **margins)])


def sheet(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures of one height side by side, with white gaps."""
    gap = np.ones((pictures[0].shape[0], GAP_PX, 3), np.float32)
    return np.concatenate([part for one in pictures for part in (one, gap)][:-1], 1)


def main(folder: Path) -> None:
    for name, draw in (("holes", holes), ("tiling", tiling), ("extend", extended)):
        path = folder / f"repair_{name}.jpg"
        picture = Image.fromarray((draw() * 255).round().astype(np.uint8))
        picture.save(path, quality=QUALITY, optimize=True)
        print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
