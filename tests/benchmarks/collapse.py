"""Mode collapse of the training methods, over five seeds on the same small data.

    python tests/benchmarks/collapse.py --out out/collapse

Each (method, seed) is a training of the product: 20,000 steps, with nothing to save it from itself where the trainer
allows that. One that was interrupted goes on where it was. Writes collapse.json and collapse.png: diversity and SWD
over the steps, and what each makes at the end.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from impasto import Maps, Recipe, Step, run
from impasto.data.dataset import Dataset, dataset_of
from impasto.evaluation.metrics import sliced_wasserstein
from impasto.library.models import read_model

SIDE_PX = 128
MADE_PX = 96
MADE = 8
SEEDS = 5
STEPS = 20000
PANEL_PX = (640, 300)
MARGIN_PX = 44


@dataclass(frozen=True)
class Method:
    """A trainer, the generator that runs its models, its parameters, and the colour of its lines."""

    label: str
    trainer: str
    generator: str
    parameters: dict[str, Any]
    color: tuple[int, int, int]


SMALL = {"width": 16, "batch": 8, "crop_px": 32, "longest_px": SIDE_PX, "watched": False}
METHODS = {
    "gan": Method("Textbook GAN", "train-gan", "gan", SMALL, (200, 60, 40)),
    "relativistic": Method(
        "Same networks, the flagship's loss", "train-gan", "gan", {**SMALL, "loss": "relativistic"}, (30, 110, 200)
    ),
    "torus": Method(
        "Flagship, as small as it goes",
        "train-torus",
        "torus",
        {"width": 0.125, "batch": 2, "canvas_px": 64, "crop_px": 48},
        (20, 140, 80),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/collapse"))
    parser.add_argument("--method", action="append", choices=METHODS, help="only these (default: all)")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    data = photographs()
    rows = []
    for seed in range(options.seeds):
        for name in options.method or METHODS:
            rows.append(train_one(name, seed, options.steps, data, options.out))
            write(rows, options.out)


def photographs() -> Dataset:
    """Gravel, grass and brick, of 128² px."""
    from skimage import data

    grey = {name: getattr(data, name)().astype(np.float32) / 255 for name in ("gravel", "grass", "brick")}
    surfaces = {name: np.repeat(pixels[..., None], 3, 2) for name, pixels in grey.items()}
    made = [Maps.from_arrays({"base_color": pixels}, name=name) for name, pixels in surfaces.items()]
    return dataset_of(*made, licence="CC0-1.0", longest_px=SIDE_PX)


def train_one(name: str, seed: int, steps: int, data: Dataset, out: Path) -> dict[str, Any]:
    """Curves and figures of one training, which is skipped if its model exists."""
    method, unit = METHODS[name], f"{name}-{seed}"
    path = out / "models" / f"{unit}.safetensors"
    seconds = None
    if not path.exists():
        parameters = {**method.parameters, "name": unit, "steps": steps, "licence": "CC0-1.0"}
        known = registry_parameters(method.trainer)
        parameters = {key: value for key, value in parameters.items() if key in known}
        recipe = Recipe((Step(method.trainer, parameters, {"dataset": "dataset"}),), seed)
        result = run(recipe, {"dataset": data}, device="cpu", models_folder=path.parent, on_progress=Said(unit))
        seconds = result.figures.get("seconds")
    card = read_model(path).card
    pictures = made_by(method.generator, unit, path.parent)
    real = [sample.load()["base_color"].pixels for sample in data.samples]
    return {
        "method": name,
        "seed": seed,
        "steps": card["figures"]["steps"],
        "ms_per_step": 1000 * seconds / card["figures"]["steps"] if seconds else None,
        "rollbacks": card["figures"]["rollbacks"],
        "note": card.get("note", ""),
        "diversity": mean_difference(pictures) / mean_difference(crops(real)),
        "fine_swd": float(np.mean([min(sum(sliced_wasserstein(one, r)[:2]) / 2 for r in real) for one in pictures])),
        "curve": {key: card["curve"][key] for key in ("probe_step", "diversity", "swd")},
        "losses": {key: values for key, values in card["curve"].items() if key.startswith(("step", "loss"))},
        "sheet": np.concatenate(pictures[:4], 1),
    }


def registry_parameters(tool: str) -> set[str]:
    """Names of a tool's parameters."""
    from impasto.plugins import registry

    return set(registry().tool(tool).parameters.model_fields)


class Said:
    """Prints the progress of a unit every half minute."""

    def __init__(self, unit: str) -> None:
        self.unit, self.last_s = unit, 0.0

    def __call__(self, fraction: float, message: str) -> None:
        if time.monotonic() - self.last_s > 30:
            self.last_s = time.monotonic()
            print(f"{self.unit}: {message}", flush=True)


def made_by(generator: str, model: str, folder: Path) -> list[np.ndarray]:
    """Base colours (96, 96, 3) of eight seeds."""
    step = Step(generator, {"model": model, "width_px": MADE_PX, "height_px": MADE_PX})
    made = (run(Recipe((step,), seed), device="cpu", models_folder=folder) for seed in range(MADE))
    return [result.maps["base_color"].pixels for result in made]


def crops(real: list[np.ndarray]) -> list[np.ndarray]:
    """Crops of the data from fixed places, as many as results."""
    rng = np.random.default_rng(0)
    chosen = [real[index % len(real)] for index in range(MADE)]
    corners = [rng.integers(0, SIDE_PX - MADE_PX + 1, 2) for _ in chosen]
    return [one[y : y + MADE_PX, x : x + MADE_PX] for one, (y, x) in zip(chosen, corners, strict=True)]


def mean_difference(pictures: list[np.ndarray]) -> float:
    """Root mean square difference over all pairs."""
    pairs = [(a, b) for index, a in enumerate(pictures) for b in pictures[index + 1 :]]
    return float(np.mean([np.sqrt(np.mean((a - b) ** 2)) for a, b in pairs]))


def write(rows: list[dict[str, Any]], out: Path) -> None:
    """Write the figures and the plot of finished trainings, and print a line for each."""
    kept = [{key: value for key, value in row.items() if key != "sheet"} for row in rows]
    (out / "collapse.json").write_text(json.dumps(kept, indent=1) + "\n")
    plot(rows).save(out / "collapse.png")
    last = rows[-1]
    lowest = min(last["curve"]["diversity"])
    pace = f"{last['ms_per_step']:.1f} ms a step" if last["ms_per_step"] else "trained before"
    print(
        f"{last['method']} {last['seed']}: diversity {last['diversity']:.2f} (lowest {lowest:.2f}), "
        f"fine SWD {last['fine_swd']:.0f}, {pace} {last['note']}",
        flush=True,
    )


def plot(rows: list[dict[str, Any]]) -> Image.Image:
    """Diversity and SWD over the steps, one line per training, and final results below."""
    width, height = PANEL_PX
    sheets = [row for row in rows if row["sheet"].size]
    strip_px = MADE_PX + 18
    image = Image.new("RGB", (2 * width, height + strip_px * -(-len(sheets) // 3)), "white")
    draw = ImageDraw.Draw(image)
    panel(draw, rows, "diversity", "Diversity: 1 as in the data, 0 all alike", (0, 0), 1.5)
    panel(draw, rows, "swd", "SWD of the probe: lower is closer to the data", (width, 0), 1.5)
    for index, row in enumerate(sheets):
        left, top = (index % 3) * (4 * MADE_PX + 16) + 8, height + index // 3 * strip_px
        draw.text((left, top), f"{METHODS[row['method']].label}, seed {row['seed']}", fill=METHODS[row["method"]].color)
        image.paste(Image.fromarray((row["sheet"] * 255).round().astype(np.uint8)), (left, top + 14))
    return image


def panel(
    draw: ImageDraw.ImageDraw,
    rows: list[dict[str, Any]],
    name: str,
    title: str,
    corner: tuple[int, int],
    highest: float,
) -> None:
    """Axes, a legend and the lines of one figure between 0 and `highest`."""
    left, top = corner[0] + MARGIN_PX, corner[1] + 24
    width, height = PANEL_PX[0] - MARGIN_PX - 10, PANEL_PX[1] - 24 - MARGIN_PX
    longest = max(max(row["curve"]["probe_step"], default=1.0) for row in rows)
    draw.text((left, top - 18), title, fill="black")
    for value in np.linspace(0, highest, 4):
        y = top + height * (1 - value / highest)
        draw.line([(left, y), (left + width, y)], fill=(225, 225, 225))
        draw.text((left - 32, y - 6), f"{value:.2f}", fill="black")
    for share in (0.0, 0.5, 1.0):
        draw.text((left + share * (width - 40), top + height + 4), f"{share * longest:,.0f}", fill="black")
    for row in rows:
        curve = row["curve"]
        points = [
            (left + width * step / longest, top + height * (1 - min(max(value / highest, 0), 1)))
            for step, value in zip(curve["probe_step"], curve[name], strict=True)
        ]
        draw.line(points, fill=METHODS[row["method"]].color, width=2)
    for index, method in enumerate(dict.fromkeys(row["method"] for row in rows)):
        draw.text((left + index * 230, top + height + 20), f"- {METHODS[method].label}", fill=METHODS[method].color)


if __name__ == "__main__":
    main()
