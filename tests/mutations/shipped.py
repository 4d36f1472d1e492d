"""Mutations of the bundled models: networks that are zero, shuffled, or another material's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .mutation import Mutation

FOLDER = "plugins/impasto_gan/models"
NETWORKS = "plugins/test_shipped_models.py"
BANDS, LIKE, TABLE = (
    f"{NETWORKS}::test_{name}"
    for name in (
        "its_network_has_the_deviations_of_its_data_in_every_band",
        "what_it_makes_has_the_spectrum_of_its_thumbnail",
        "it_learned_what_the_table_says",
    )
)


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


def mutation(name: str, breaks: str, model: str, change: Callable[[Path], None], *tests: str) -> Mutation:
    return Mutation(name, breaks, f"{FOLDER}/{model}", change, tests)


SHIPPED = (
    mutation(
        "shipped-zeroed",
        "A bundled network has weights of zero.",
        "gravel.safetensors",
        changed(zeroed),
        f"{BANDS}[gravel]",
    ),
    mutation(
        "shipped-zeroed-beside-unit-cell",
        "Of bricks only the mean unit cell and its principal components are left: the heads are zero.",
        "bricks.safetensors",
        changed(without_heads),
        f"{BANDS}[bricks]",
    ),
    mutation(
        "shipped-all-zeroed",
        "Everything in a bundled file is zero.",
        "leather.safetensors",
        changed(all_zeroed),
        f"{BANDS}[leather]",
    ),
    mutation(
        "shipped-shuffled",
        "The weights of a bundled network are in another order.",
        "bark.safetensors",
        changed(shuffled),
        f"{LIKE}[bark]",
    ),
    mutation(
        "shipped-shuffled-beside-unit-cell",
        "The weights of a bundled network with a unit cell are in another order.",
        "bricks.safetensors",
        changed(shuffled),
        f"{LIKE}[bricks]",
    ),
    mutation(
        "shipped-swapped-network",
        "Gravel has the network of sand.",
        "gravel.safetensors",
        changed(swapped),
        f"{LIKE}[gravel]",
    ),
    mutation(
        "shipped-swapped-file",
        "Bark's file is that of sand.",
        "bark.safetensors",
        replaced,
        f"{TABLE}[bark]",
    ),
    mutation(
        "shipped-trained-on-other-data",
        "The table that trains the models names other data than the card.",
        "training.toml",
        relabelled,
        f"{TABLE}[sand]",
    ),
)
