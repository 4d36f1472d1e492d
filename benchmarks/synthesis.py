"""Pictures of patch synthesis: photographs beside what `quilt` and `patch-synthesis` make of them.

    python benchmarks/synthesis.py --out docs/pictures [--guided | --endless | --repeats] [PHOTOGRAPH …]

Writes synthesis_tiled.jpg, of the photographs (scikit-image's, unless others are given), and synthesis_variation.jpg,
of the first of them with less and more variation. --guided: synthesis_guided.jpg
instead, of labels and mixtures. --endless: endless_bricks.jpg, of bricks and what `histogram-blending` makes of them.
--repeats: prints how often a quilt of twice the side shows what is remarkable in each photograph, and the CPU seconds.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from pictures import at, disc, sample, square
from PIL import Image

from impasto import Maps, Recipe, Step, read_maps, run
from impasto_judge.metrics.landmarks import repeats

TILE_PX, GAP_PX = 384, 8
SAMPLES = ("gravel", "brick", "grass")
GRASS = {"dark": (0.04, 0.10, 0.02), "light": (0.55, 0.65, 0.25)}
GRAVEL = {"dark": (0.12, 0.10, 0.09), "light": (0.78, 0.74, 0.69)}


def made(tool: str, source: Maps, **parameters: float) -> np.ndarray:
    """The base colour (H, W, 3) that the tool makes, rolled by half, so that its borders meet in the middle."""
    size = {"width_px": TILE_PX, "height_px": TILE_PX}
    pixels = run(Recipe((Step(tool, size | parameters),), 1), {"source": source}).maps["base_color"].pixels
    return np.roll(pixels, (TILE_PX // 2, TILE_PX // 2), (0, 1))


def guided() -> list[list[np.ndarray]]:
    """A picture of two surfaces, its labels, a guide, and the result; two photographs, mixed by weight and by mask."""
    grass, gravel = (
        run(Recipe((Step("tint", tones),)), {"source": at(sample(name), TILE_PX)}).maps
        for name, tones in (("grass", GRASS), ("gravel", GRAVEL))
    )
    y, x = np.mgrid[:TILE_PX, :TILE_PX] * 2 * np.pi / TILE_PX
    winding = np.sin(2 * x + 1.5 * np.sin(y)) + np.sin(3 * y + np.sin(2 * x)) > 0.2
    labels = np.where(winding[..., None], np.float32((0.2, 0.7, 0.2)), np.float32((0.5, 0.4, 0.3)))
    both = np.where(winding[..., None], grass["base_color"].pixels, gravel["base_color"].pixels)
    ring = (np.abs(np.hypot(y - np.pi, x - np.pi) - 1.6) < 0.5)[..., None]
    guide = np.where(ring, labels[winding][0], labels[~winding][0])
    given = {"source": Maps.from_arrays({"base_color": both})}
    given |= {name: Maps.from_arrays({"base_color": pixels}) for name, pixels in (("labels", labels), ("guide", guide))}
    numbered = Step("patch-synthesis", {"strictness": 0.8}, {"labels": "labels", "guide": "guide"})
    mixed = Step("patch-synthesis", {"weight": (0.5,)}, {"others": ("gravel",)})
    masked = Step("patch-synthesis", {}, {"others": ("gravel",), "mask": ("mask",)})
    photographs = {"source": grass, "gravel": gravel}
    results = (
        run(Recipe((numbered,), 1), given),
        run(Recipe((mixed,), 1), photographs),
        run(Recipe((masked,), 1), photographs | {"mask": disc((TILE_PX, TILE_PX))}),
    )
    first, second, third = (result.maps["base_color"].pixels for result in results)
    return [[both, labels, guide, first], [grass["base_color"].pixels, gravel["base_color"].pixels, second, third]]


def print_repeats(source: Maps) -> None:
    """A row of a table: landmarks seen again, of all; copies of the most frequent one; least distance; CPU seconds."""
    height, width = source.size_px
    start = time.process_time()
    result = run(Recipe((Step("quilt", {"width_px": 2 * width, "height_px": 2 * height}),)), {"source": source}).maps
    seconds = time.process_time() - start
    found = repeats(result["base_color"].pixels, source["base_color"].pixels)
    times = f"{found.repeated} of {found.landmarks} |{found.most} |{found.nearest_px:.0f}"
    print(f"|{source.name} |{times} |{seconds:.2f}|", flush=True)


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
    parser.add_argument("--guided", action="store_true")
    parser.add_argument("--endless", action="store_true")
    parser.add_argument("--repeats", action="store_true")
    options = parser.parse_args()
    sources = [read_maps(path) for path in options.photographs] or [sample(name) for name in SAMPLES]
    sources = [at(source, 512) for source in sources]
    if options.repeats:
        for source in sources:
            print_repeats(square(source, 512))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    if options.endless:
        bricks = at(sample("brick"), TILE_PX)
        step = Step("histogram-blending", {"width_px": TILE_PX, "height_px": TILE_PX, "layout": 0})
        pictures = [maps["base_color"].pixels for maps in (bricks, run(Recipe((step,)), {"source": bricks}).maps)]
        sheet([pictures]).save(options.out / "endless_bricks.jpg", quality=88)
        return
    if options.guided:
        picture = sheet(guided())
        smaller = picture.resize((picture.width * 2 // 3, picture.height * 2 // 3))
        smaller.save(options.out / "synthesis_guided.jpg", quality=85)
        return
    rows = [[source["base_color"].pixels, made("quilt", source), made("patch-synthesis", source)] for source in sources]
    sheet(rows).save(options.out / "synthesis_tiled.jpg", quality=88)
    varied = [made("patch-synthesis", sources[0], variation=variation) for variation in (0.0, 0.5, 1.0)]
    sheet([varied]).save(options.out / "synthesis_variation.jpg", quality=88)


if __name__ == "__main__":
    main()
