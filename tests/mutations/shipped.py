"""Mutations of the bundled models: networks that are zero, shuffled, or another material's."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .mutation import Mutation

FOLDER = "plugins/impasto_gan/models"
NETWORKS = "plugins/test_shipped_models.py"


def changed(change: Callable[[dict[str, np.ndarray], Path], dict[str, np.ndarray]]) -> Callable[[Path], None]:
    """Change of a model's tensors that leaves its card and its thumbnail."""

    def edit(file: Path) -> None:
        from safetensors import safe_open
        from safetensors.numpy import load_file, save_file

        with safe_open(file, "numpy") as stored:
            metadata = stored.metadata()
        save_file(change(load_file(file), file.parent), file, metadata)

    return edit


def is_weight(name: str) -> bool:
    """Whether a tensor was learned, and not measured on the data like gains and unit cells."""
    return name.startswith("network.") and name.endswith(("weight", "bias"))


def zeroed(tensors: dict[str, np.ndarray], _: Path) -> dict[str, np.ndarray]:
    return {name: 0 * array if is_weight(name) else array for name, array in tensors.items()}


def without_heads(tensors: dict[str, np.ndarray], _: Path) -> dict[str, np.ndarray]:
    return {name: 0 * array if ".head." in name else array for name, array in tensors.items()}


def all_zeroed(tensors: dict[str, np.ndarray], _: Path) -> dict[str, np.ndarray]:
    return {name: 0 * array for name, array in tensors.items()}


def shuffled(tensors: dict[str, np.ndarray], _: Path) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        name: random.permutation(array.ravel()).reshape(array.shape) if is_weight(name) else array
        for name, array in tensors.items()
    }


def swapped(tensors: dict[str, np.ndarray], folder: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return {
        **tensors,
        **{name: load_file(folder / "sand.safetensors")[name] for name in tensors if "network" in name},
    }


def replaced(file: Path) -> None:
    file.write_bytes((file.parent / "sand.safetensors").read_bytes())


def relabelled(file: Path) -> None:
    table = file.read_text(encoding="utf-8")
    file.write_text(table.replace('data = "sand', f"data = {json.dumps('no-sand')[:-1]}"), encoding="utf-8")


CHANGES: dict[str, Callable[[Path], None]] = {
    **{change.__name__: changed(change) for change in (zeroed, without_heads, all_zeroed, shuffled, swapped)},
    **{change.__name__: change for change in (replaced, relabelled)},
}
ROWS = tomllib.loads(Path(__file__).with_name("shipped.toml").read_text(encoding="utf-8"))
SHIPPED = tuple(
    Mutation(name, row["breaks"], f"{FOLDER}/{row['model']}", CHANGES[row["change"]], (f"{NETWORKS}::{row['test']}",))
    for name, row in ROWS.items()
)
