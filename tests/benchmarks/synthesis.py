"""Pictures of patch synthesis: photographs beside what `quilt` and `patch-synthesis` make of them.

    python tests/benchmarks/synthesis.py --out docs/pictures [PHOTOGRAPH …]

Writes synthesis_tiled.jpg, of the photographs (scikit-image's, unless others are given), and synthesis_variation.jpg,
of the first of them with less and more variation; and prints the CPU seconds of each.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image
from style_pictures import at, sample

from impasto import Maps, Recipe, Step, read_maps, run

TILE_PX, GAP_PX = 384, 8
SAMPLES = ("gravel", "brick", "grass")


def made(tool: str, source: Maps, **parameters: float) -> np.ndarray:
    """The base colour (H, W, 3) that the tool makes, rolled by half, so that its borders meet in the middle."""
    size = {"width_px": TILE_PX, "height_px": TILE_PX}
    started = time.process_time()
    maps = run(Recipe((Step(tool, size | parameters),), 1), {"source": source}).maps
    print(f"  {source.name:<24}{tool:<18}{parameters}{time.process_time() - started:7.1f} s of CPU", flush=True)
    pixels = maps["base_color"].pixels
    return np.roll(pixels, (TILE_PX // 2, TILE_PX // 2), (0, 1))


def sheet(rows: list[list[np.ndarray]]) -> Image.Image:
    """Rows of pictures of `TILE_PX` with white gaps between them."""
    step = TILE_PX + GAP_PX
    canvas = np.ones((len(rows) * step - GAP_PX, len(rows[0]) * step - GAP_PX, 3), np.float32)
    for r, row in enumerate(rows):
        for c, pixels in enumerate(row):
            canvas[r * step : r * step + TILE_PX, c * step : c * step + TILE_PX] = pixels[:TILE_PX, :TILE_PX]
    return Image.fromarray((canvas * 255).round().astype(np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=Path("out"))
    options = parser.parse_args()
    sources = [read_maps(path) for path in options.photographs] or [sample(name) for name in SAMPLES]
    sources = [at(source, 512) for source in sources]
    options.out.mkdir(parents=True, exist_ok=True)
    rows = [[source["base_color"].pixels, made("quilt", source), made("patch-synthesis", source)] for source in sources]
    sheet(rows).save(options.out / "synthesis_tiled.jpg", quality=88)
    varied = [made("patch-synthesis", sources[0], variation=variation) for variation in (0.0, 0.5, 1.0)]
    sheet([varied]).save(options.out / "synthesis_variation.jpg", quality=88)


if __name__ == "__main__":
    main()
