"""Trains on pictures that no bundled model has learned, from the bundled model of many materials.

    OMP_NUM_THREADS=1 python benchmarks/torus_start.py PICTURE_OR_SET … [--steps 600 1500]

Trainings learn one half of each, and are judged by a quarter of the other half. Writes the models, so that a second run
only judges; start.json with the figures; and start.png, in a row for each: the quarter that judges, and the results of
the trainings of each length, at full size. A second length costs half of it: the rate of learning is the same until a
training's half, so the shorter ones continue from a checkpoint of the longest.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from impasto import Recipe, Step, run
from impasto.data.dataset import read_dataset
from impasto.errors import Cancelled
from impasto.evaluation.cases import cases
from impasto.evaluation.comparison import compare_model
from impasto.evaluation.generation import Generation
from impasto.library.models import Model, read_model
from impasto_gan.torus.parameters import START

FIGURES = ("two_sample_auc", "statistics_of_crop", "wavelets_of_floor", "fine_swd_of_floor", "salience_of_crop")
SHOWN_PX = 256


def main() -> None:
    """Train what is missing, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, nargs="+", default=[1200])
    parser.add_argument("--out", type=Path, default=Path("out/start"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    found, rows = {}, []
    for data in options.data:
        of_steps = trained(data, sorted(options.steps), options.out)
        models = {f"{steps} steps": model for steps, model in of_steps.items()}
        found[data.stem] = {name: figures(model, data) for name, model in models.items()}
        print(data.stem, "another crop", next(iter(found[data.stem].values()))["crop"])
        for name, about in found[data.stem].items():
            print(data.stem, name, about["model"], flush=True)
        rows.append(np.concatenate([real(next(iter(models.values())), data), *map(made, models.values())], 1))
    (options.out / "start.json").write_text(json.dumps(found, indent=1) + "\n")
    Image.fromarray((np.concatenate(rows) * 255).round().astype(np.uint8)).save(options.out / "start.png")


def trained(data: Path, lengths: list[int], out: Path) -> dict[int, Model]:
    """Models by their steps, trained unless they are there; prints the processor's seconds of each."""
    name, whole_s = data.stem.replace("_", "-"), 0.0
    longest, models = out / str(lengths[-1]), {}
    for steps in lengths:
        folder, model = out / str(steps), out / str(steps) / f"{name}.safetensors"
        if not model.exists():
            if folder != longest:
                whole_s += take_steps(data, name, lengths[-1], longest, until=steps // 2)
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(longest / f"{name}.checkpoint", folder)
            own_s = take_steps(data, name, steps, folder)
            print(f"{name}, {steps} steps: {whole_s + own_s:.0f} CPU s", flush=True)
        models[steps] = read_model(model)
    return models


def take_steps(data: Path, name: str, steps: int, folder: Path, until: int | None = None) -> float:
    """Continue the training to its end, or to a checkpoint; the processor's seconds."""
    parameters = {"name": name, "steps": steps, "hold_out": True, "start_from": START}
    recipe = Recipe((Step("train-torus", parameters, {"dataset": "dataset"}),), 0)
    started, done = time.process_time(), [0.0]

    def is_cancelled() -> bool:
        return until is not None and done[-1] > until - 1.5

    with suppress(Cancelled):
        run(
            recipe,
            {"dataset": read_dataset(data)},
            models_folder=folder,
            device="cpu",
            on_progress=lambda fraction, _: done.append(fraction * steps),
            is_cancelled=is_cancelled,
        )
    return time.process_time() - started


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
