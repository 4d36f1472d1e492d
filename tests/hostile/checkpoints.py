"""Hostile checkpoints of a training: other people's, damaged, or of wrong types."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from impasto import Host, Maps, Recipe, RunOptions, Step, run
from impasto.data.dataset import Dataset, dataset_of
from impasto.errors import Cancelled
from impasto.library.tensors import read_tensors, write_tensors

from .corpus import Corpus, Maker, Reader, written
from .recipes import JSON

TRAINING = {"name": "hostile", "longest_px": 48, "width": 16, "batch": 2}


def data() -> Dataset:
    """A small picture to learn from, the same each time."""
    pixels = np.random.default_rng(1).random((48, 48, 3))
    return dataset_of(Maps.from_arrays({"base_color": pixels}, name="noise"), smallest_px=32)


def train(folder: Path, steps: int, **how: Any) -> None:
    """Train for so many steps, or go on from a checkpoint in the folder."""
    recipe = Recipe((Step("train-gan", {**TRAINING, "steps": steps}, {"dataset": "dataset"}),))
    run(recipe, {"dataset": data()}, RunOptions("cpu", folder), Host(**how))


def resume(file: Path, out: Path) -> None:
    train(file.parent, 2)


@cache
def good() -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Tensors and state of a training that was cancelled."""
    told: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.suppress(Cancelled):
            train(
                Path(folder),
                200,
                on_progress=lambda fraction, message: told.append(fraction),
                is_cancelled=lambda: any(fraction > 0.005 for fraction in told),
            )
        tensors, metadata = read_tensors(Path(folder) / "hostile.checkpoint")
    return tensors, json.loads(metadata["training"])


def changed(**fields: Any) -> Maker:
    """The good checkpoint with other fields in its state; LEFT OUT is none."""

    def make(path: Path) -> None:
        tensors, state = good()
        state = {name: value for name, value in {**state, **fields}.items() if value != "LEFT OUT"}
        write_tensors(path, tensors, {"training": json.dumps(state)})

    return make


def stated(text: str) -> Maker:
    return lambda path: write_tensors(path, good()[0], {"training": text})


def with_tensors(change: Callable[[np.ndarray], np.ndarray]) -> Maker:
    def make(path: Path) -> None:
        tensors, state = good()
        write_tensors(path, {name: change(array) for name, array in tensors.items()}, {"training": json.dumps(state)})

    return make


FIELDS = ("about", "done", "rate_factor", "precision", "watch", "losses", "probes", "recent", "probe", "seconds")
STATES: dict[str, Maker] = {
    **{name: stated(text) for name, text in JSON.items() if isinstance(text, str) and name not in ("half a pair",)},
    "no safetensors": written(b"no model"),
    "a list": stated("[]"),
    "of something else": changed(about={"data": "x", "parameters": {}, "seed": 1}),
    **{
        f"{name} is {json.dumps(value)}": changed(**{name: value})
        for name in FIELDS
        for value in ("x", [1], None, "LEFT OUT")
    },
    "done is huge": changed(done=10**18),
    "no tensors": lambda path: write_tensors(path, {}, {"training": json.dumps(good()[1])}),
    "tensors of another shape": with_tensors(lambda array: array.reshape(-1)[:1]),
    "tensors are not finite": with_tensors(
        lambda array: np.full_like(array, np.nan) if array.dtype.kind == "f" else array
    ),
}

RESUME = Reader("resume", function="hostile.checkpoints:resume")
CORPORA = [Corpus("checkpoints", ".checkpoint", STATES, (RESUME,), only=True)]
