"""Trains on pictures that no bundled model has learned: from the bundled model of many materials, and from scratch.

    python tests/benchmarks/torus_start.py PICTURE_OR_SET … [--steps 1200] [--out out/start]

Both trainings learn one half of each with the same settings and seed, and are judged by a quarter of the other half.
Writes the models, so that a second run only judges; start.json with the figures; and start.png, in a row for each: the
quarter that judges, the result of the started training, and of the one from scratch, at full size.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from impasto import Recipe, Step, run
from impasto.data.dataset import read_dataset
from impasto.evaluation.cases import cases
from impasto.evaluation.comparison import compare_model
from impasto.evaluation.generation import Generation
from impasto.library.models import Model, read_model
from impasto_gan.torus.parameters import START

ARMS = {"started": START, "scratch": ""}
FIGURES = ("two_sample_auc", "statistics_of_crop", "wavelets_of_floor", "spectrum_db", "salience_of_crop")
SHOWN_PX = 400


def main() -> None:
    """Train what is missing, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--out", type=Path, default=Path("out/start"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    found, rows = {}, []
    for data in options.data:
        models = {arm: trained(data, arm, options.steps, options.out) for arm in ARMS}
        found[data.stem] = {arm: figures(model, data) for arm, model in models.items()}
        controls = next(iter(found[data.stem].values()))
        print(data.stem, "another crop", controls["crop"])
        for arm, about in found[data.stem].items():
            print(data.stem, arm, about["model"], flush=True)
        rows.append(np.concatenate([real(models["started"], data), *(made(model) for model in models.values())], 1))
    (options.out / "start.json").write_text(json.dumps(found, indent=1) + "\n")
    Image.fromarray((np.concatenate(rows) * 255).round().astype(np.uint8)).save(options.out / "start.png")


def trained(data: Path, arm: str, steps: int, out: Path) -> Model:
    """The model of an arm, trained unless it is there."""
    name = f"{data.stem.replace('_', '-')}-{arm}"
    path = out / f"{name}.safetensors"
    if not path.exists():
        parameters = {"name": name, "steps": steps, "hold_out": True, "start_from": ARMS[arm]}
        step = Step("train-torus", parameters, {"dataset": "dataset"})
        run(Recipe((step,), 0), {"dataset": read_dataset(data)}, models_folder=out)
    return read_model(path)


def figures(model: Model, data: Path) -> dict[str, dict[str, float]]:
    """Figures of the model and of another real crop."""
    (comparison,) = compare_model(model, read_dataset(data), brief=True)
    rows = {row: comparison.rows[row] for row in ("model", "crop")}
    return {row: {name: round(about[name], 3) for name in FIGURES if name in about} for row, about in rows.items()}


def real(model: Model, data: Path) -> np.ndarray:
    """A part of the quarter that judges."""
    (case,) = cases(model, read_dataset(data))
    return case.judged[0]["base_color"].pixels[:SHOWN_PX, :SHOWN_PX]


def made(model: Model) -> np.ndarray:
    """A part of a result."""
    return Generation(model, "", 512, {}).make(1)["base_color"].pixels[:SHOWN_PX, :SHOWN_PX]


if __name__ == "__main__":
    main()
