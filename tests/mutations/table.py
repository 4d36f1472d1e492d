"""All mutations: edits of the code (edits.toml), then changes of the bundled models (bundled.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
Tensors = dict[str, np.ndarray]


class NotFoundError(Exception):
    """The text that a mutation replaces is not in its file, or is there more than once."""


@dataclass(frozen=True)
class Mutation:
    """`change` of `file` (a path below the root) breaks what `breaks` says, and one of `tests` must fail.

    tests: paths below tests/ with a name, such as "core/test_numerics.py::test_margins_go_round_the_torus".
    """

    name: str
    breaks: str
    file: str
    change: Callable[[Path], None]
    tests: tuple[str, ...]


def replaced(old: str, new: str) -> Callable[[Path], None]:
    """Replacement of a text that a file has exactly once; NotFoundError if it has not."""

    def change(file: Path) -> None:
        text = file.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise NotFoundError(f"{file.name} has {text.count(old)} times: {old}")
        file.write_text(text.replace(old, new), encoding="utf-8")

    return change


def retrained(tensors_of: Callable[[Tensors, Tensors], Tensors]) -> Callable[[Path], None]:
    """Change of a model's tensors, given those of the soil's, that leaves its card and its thumbnail."""

    def change(file: Path) -> None:
        from safetensors import safe_open
        from safetensors.numpy import load_file, save_file

        with safe_open(file, "numpy") as stored:
            metadata = stored.metadata()
        save_file(tensors_of(load_file(file), load_file(file.parent / "soil.safetensors")), file, metadata)

    return change


def zeroed(is_zeroed: Callable[[str], bool]) -> Callable[[Path], None]:
    """Zeros for the tensors of these names."""
    return retrained(lambda own, _: {name: 0 * array if is_zeroed(name) else array for name, array in own.items()})


def is_learned(name: str) -> bool:
    """Whether a tensor was learned, and not measured on the data like gains and unit cells."""
    return name.startswith("network.") and name.endswith(("weight", "bias"))


def shuffled(tensors: Tensors, _: Tensors) -> Tensors:
    chance = np.random.default_rng(0)
    return {
        name: chance.permutation(array.ravel()).reshape(array.shape) if is_learned(name) else array
        for name, array in tensors.items()
    }


CHANGES: dict[str, Callable[[Path], None]] = {
    "zeroed": zeroed(is_learned),
    "without_heads": zeroed(lambda name: ".head." in name),
    "all_zeroed": zeroed(lambda name: True),
    "shuffled": retrained(shuffled),
    "swapped": retrained(lambda own, soil: own | {name: soil[name] for name in own if "network" in name}),
    "replaced": lambda file: file.write_bytes((file.parent / "soil.safetensors").read_bytes()) and None,
    "relabelled": replaced('data = "sand', 'data = "no-sand'),
}


def rows(name: str) -> list[tuple[str, dict[str, Any]]]:
    return list(tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8")).items())


MUTATIONS: tuple[Mutation, ...] = (
    *(
        Mutation(name, row["breaks"], row["file"], replaced(row["old"], row["new"]), tuple(row["tests"]))
        for name, row in rows("edits.toml")
    ),
    *(
        Mutation(
            name,
            row["breaks"],
            f"plugins/impasto_gan/models/{row['model']}",
            CHANGES[row["change"]],
            (f"plugins/test_bundled_models.py::{row['test']}",),
        )
        for name, row in rows("bundled.toml")
    ),
)
