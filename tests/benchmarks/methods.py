"""Comparison of trained generators: each learns from the left half of a photograph for the same time.

    python tests/benchmarks/methods.py --minutes 4 --out out/methods

Each is trained at its own settings with as many steps as fit, and stopped with what it has. Writes methods.json and
methods.png. One that was trained before is not trained again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from impasto import Maps, Recipe, Step, run
from impasto.data.dataset import Dataset, dataset_of
from impasto.data.parts import part_of
from impasto.evaluation.judgement import Case
from impasto.evaluation.judging import figures_of

STEPS_A_MINUTE = {"gan": 900, "progressive-gan": 300, "vae": 110, "torus": 160}
"""Approximate speed of one core, so that the learning-rate schedule of each ends with its time."""
LABELS = {"gan": "plain GAN", "progressive-gan": "Progressive GAN", "vae": "VAE", "torus": "torus"}
SIDE_PX = 512
CELL_PX = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=4, help="for each (default: 4)")
    parser.add_argument("--photo", default="brick", choices=("brick", "gravel", "grass"))
    parser.add_argument("--out", type=Path, default=Path("out/methods"))
    options = parser.parse_args()
    data = photograph(options.photo)
    whole = data.samples[0].load()
    left, right = (part_of(whole, part) for part in ("left", "right"))
    case = Case(options.photo, (right,), (left,), held_out=True, others=(left,))
    cells, rows = [("photograph", whole["base_color"].pixels)], []
    for tool, label in LABELS.items():
        seconds = train(tool, data, options.minutes, options.out / "models")
        made = [generate(tool, seed, options.out / "models") for seed in range(3)]
        _, judged, _ = figures_of(case, {str(seed): maps for seed, maps in enumerate(made)})
        figures = {name: float(np.mean([one[name] for one in judged.values()])) for name in judged["0"]}
        kept = ("fine_swd_of_floor", "contrast_low", "contrast_high", "seam_z_high", "novelty")
        rows.append({"tool": tool, "seconds": seconds, **{name: figures[name] for name in kept if name in figures}})
        print(rows[-1], flush=True)
        cells.append((f"{label}: {figures['fine_swd_of_floor']:.1f} x floor", made[0]["base_color"].pixels))
    (options.out / "methods.json").write_text(json.dumps(rows, indent=1) + "\n")
    sheet(cells).save(options.out / "methods.png")


def photograph(name: str) -> Dataset:
    """One of scikit-image's greyscale photographs."""
    from skimage import data

    grey = getattr(data, name)().astype(np.float32) / 255
    maps = Maps.from_arrays({"base_color": np.repeat(grey[..., None], 3, 2)}, name=name)
    return dataset_of(maps, licence="CC0-1.0", longest_px=SIDE_PX)


def train(tool: str, data: Dataset, minutes: float, folder: Path) -> float | None:
    """Seconds of the steps; None if the model existed already."""
    if (folder / f"{tool}.safetensors").exists():
        return None
    parameters = {"name": tool, "steps": round(STEPS_A_MINUTE[tool] * minutes), "hold_out": True}
    recipe = Recipe((Step(f"train-{tool}", parameters, {"dataset": "dataset"}),), 0)
    ends = time.monotonic() + 60 * minutes
    result = run(recipe, {"dataset": data}, models_folder=folder, is_stopped=lambda: time.monotonic() > ends)
    return result.figures["seconds"]


def generate(tool: str, seed: int, folder: Path) -> Maps:
    """A result of the photograph's size."""
    step = Step(tool, {"model": tool, "width_px": SIDE_PX, "height_px": SIDE_PX})
    return run(Recipe((step,), seed), models_folder=folder).maps


def sheet(cells: list[tuple[str, np.ndarray]]) -> Image.Image:
    """The middle of each picture, at its own size, with its label below."""
    image = Image.new("RGB", (len(cells) * (CELL_PX + 8) - 8, CELL_PX + 30), (24, 24, 26))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(15)
    for index, (label, pixels) in enumerate(cells):
        top, left = ((side - CELL_PX) // 2 for side in pixels.shape[:2])
        crop = (pixels[top : top + CELL_PX, left : left + CELL_PX] * 255).round().astype(np.uint8)
        image.paste(Image.fromarray(crop), (index * (CELL_PX + 8), 0))
        draw.text((index * (CELL_PX + 8) + 4, CELL_PX + 6), label, (228, 226, 220), font)
    return image


if __name__ == "__main__":
    main()
