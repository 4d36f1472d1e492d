"""CPU milliseconds of trainers' steps, by default: `OMP_NUM_THREADS=1 python benchmarks/learning_speed.py`.

The least of several rounds in the middle of a training, after a first step, in which `train-fast-style` paints a
lesson.
"""

from __future__ import annotations

import argparse
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import torch
from generators import PHOTOGRAPHS, photographs

from impasto import Recipe, RunOptions, Step, run
from impasto.training.base import Training

ROUNDS, STEPS = 3, 8
PLACES = {
    **dict.fromkeys(("train-gan", "train-conditional-gan", "train-progressive-gan", "train-vae"), 0.7),
    "train-stackgan, Stage I": 0.35,
    **dict.fromkeys(("train-stackgan, Stage II", "train-fast-style", "train-torus"), 0.7),
}
"""Fraction of each training at which steps are taken: all networks have grown, and all losses are there."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=list(PLACES), help="only these (default: all)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("trainer                       least, ms")
    for name in options.only or PLACES:
        training = training_of(name.split(",")[0])
        training.done = round(PLACES[name] * training.steps)
        seconds(training, 1)
        least = min(1000 * seconds(training, STEPS) for _ in range(ROUNDS))
        print(f"{name:26} {least:12.0f}", flush=True)


def seconds(training: Training, steps: int) -> float:
    """Processor seconds of a step, the mean of several."""
    started = time.process_time()
    for _ in range(steps):
        training.step()
        training.done += 1
    return (time.process_time() - started) / steps


class BuiltError(Exception):
    """The training is there, and no step of it is wanted."""


def training_of(tool: str) -> Training:
    """The training that a trainer would run."""
    found: list[Training] = []

    def keep(training: Training, *_: Any, **__: Any) -> None:
        found.append(training)
        raise BuiltError

    data = photographs(PHOTOGRAPHS if tool in ("train-conditional-gan", "train-stackgan") else PHOTOGRAPHS[:1])
    given = {"lessons": 1} if tool == "train-fast-style" else {}
    recipe = Recipe((Step(tool, {"name": "speed", **given}, {"dataset": "dataset"}),), 0)
    with TemporaryDirectory() as folder, patch("impasto.training.model.train", keep), suppress(BuiltError):
        run(recipe, {"dataset": data}, RunOptions(models_folder=Path(folder), device="cpu"))
    return found[0]


if __name__ == "__main__":
    main()
