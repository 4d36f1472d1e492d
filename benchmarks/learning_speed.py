"""Seconds of a step of the trainers beside plain implementations of their papers, in turns in one run, on one core.

    OMP_NUM_THREADS=1 python benchmarks/learning_speed.py

Both learn from the same photographs with the trainer's default batch, crops and widths. The plain ones have the layers
and losses of the paper and nothing else. `torus` has no plain one: it stands beside itself without what it does only
every fourth step (penalties, patch distances). Times are of the processor, the least of several rounds. The first step
of `train-fast-style` paints its lesson; with its defaults, it would have 32 of them in 4,000 steps.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import torch
from generators import classes_of, photograph
from plain_fast_style import BUNDLED, VGG16, plain_fast_style
from plain_papers import LABELS, Loop, plain_conditional, plain_gan, plain_progressive, plain_vae
from plain_stackgan import plain_stackgan

from impasto import Recipe, Step, run
from impasto.training.base import Training

ROUNDS, STEPS = 3, 8
PLACE, STAGE_ONE = 0.7, 0.35
"""Fractions of the training at which steps are taken: all networks have grown, and all losses are there."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(PLAIN), help="only these (default: all)")
    options = parser.parse_args()
    print("trainer                       first, ms  ours, ms  plain, ms  ratio")
    for name in options.only or PLAIN:
        ours, plain = ours_of(name), PLAIN[name]()
        started = time.process_time()
        ours()
        first = time.process_time() - started
        least = [min(times) for times in zip(*((seconds(ours), seconds(plain)) for _ in range(ROUNDS)), strict=True)]
        figures = f"{1000 * first:9.0f} {1000 * least[0]:9.0f} {1000 * least[1]:10.0f} {least[0] / least[1]:6.2f}"
        print(f"{name:29} {figures}", flush=True)


def seconds(step: Loop) -> float:
    """Processor seconds of a step, the mean of several after one."""
    step()
    started = time.process_time()
    for _ in range(STEPS):
        step()
    return (time.process_time() - started) / STEPS


def ours_of(name: str) -> Loop:
    """A step of our trainer with its defaults, in the middle of its training."""
    training = training_of(name.split(",")[0])
    training.done = round((STAGE_ONE if name.endswith("Stage I") else PLACE) * training.steps)

    def step() -> None:
        training.step()
        training.done += 1

    return step


class BuiltError(Exception):
    """The training is there, and no step of it is wanted."""


def training_of(tool: str) -> Training:
    """The training that a trainer would run."""
    found: list[Training] = []

    def keep(training: Training, *_: Any, **__: Any) -> None:
        found.append(training)
        raise BuiltError

    labels = LABELS if tool in ("train-conditional-gan", "train-stackgan") else LABELS[:1]
    data = classes_of({label: photograph(label) for label in labels})
    given = {"lessons": 1} if tool == "train-fast-style" else {}
    recipe = Recipe((Step(tool, {"name": "speed", **given}, {"dataset": "dataset"}),), 0)
    with TemporaryDirectory() as folder, patch("impasto.training.model.train", keep), suppress(BuiltError):
        run(recipe, {"dataset": data}, models_folder=Path(folder), device="cpu")
    return found[0]


def eager_torus() -> Loop:
    """`torus` with penalties and patch distances in every step."""
    step = ours_of("train-torus")

    def eager() -> None:
        with every_step():
            step()

    return eager


@contextmanager
def every_step() -> Iterator[None]:
    with patch("impasto_gan.torus.train.PENALTY_EVERY", 1), patch("impasto_gan.torus.train.SWD_EVERY", 1):
        yield


PLAIN: dict[str, Callable[[], Loop]] = {
    "train-gan": plain_gan,
    "train-conditional-gan": plain_conditional,
    "train-progressive-gan": plain_progressive,
    "train-vae": plain_vae,
    "train-stackgan, Stage I": partial(plain_stackgan, False),
    "train-stackgan, Stage II": partial(plain_stackgan, True),
    "train-fast-style": partial(plain_fast_style, VGG16),
    "train-fast-style, our encoder": partial(plain_fast_style, BUNDLED),
    "train-torus": eager_torus,
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
