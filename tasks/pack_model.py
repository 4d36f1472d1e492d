"""Packs bundled models: weights in eight bits, and beside each as much of what it learned as there is room for."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from impasto.data.dataset import read_dataset
from impasto.data.parts import window_of
from impasto.errors import ModelError
from impasto.library.exemplars import exemplar_file
from impasto.library.models import pack_model, read_model
from impasto.texture import Maps
from impasto.training.pictures import load_surfaces
from impasto_gan.torus.card import TorusCard
from impasto_gan.torus.model import lattice_of

MOST_BYTES = 2_000_000
"""Limit of a model together with its exemplar."""
STEP_PX, HASH_BYTES = 16, 80
"""Rows by which less is kept, and what the hash of the exemplar adds to a model."""


def main() -> None:
    """Keep of the half of a picture that a model learned; the quarter that judges it stays unseen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    model, dataset = read_model(options.model), read_dataset(options.data)
    (learned,) = model.card["data"]
    ((maps,), _, (shown,)) = load_surfaces(dataset, hold_out=learned["part"] != "all")
    if shown["sha256"] != learned["sha256"] or shown["part"] != learned["part"]:
        raise ModelError(f"{model.name} did not learn {options.data}", "give the folder that its card names")
    learned_maps = replace(maps, textures={name: maps[name] for name in model.card["maps"]})
    packed = pack_model(model, b"")
    if not lattice_of(TorusCard.of(model.card).lattice).is_grid:  # whose joints pieces do not follow
        kept = fitting(learned_maps, MOST_BYTES - packed.size_bytes - HASH_BYTES)
        packed = pack_model(model, kept)
        print(f"{model.name}: {packed.size_bytes} bytes, and {len(kept)} of what it learned")


def fitting(maps: Maps, most_bytes: int) -> bytes:
    """The file of as many rows from the middle of the maps as fit."""
    height = rows = maps.size_px[0]
    while (
        len(file := exemplar_file(window_of(maps, (slice((height - rows) // 2, (height + rows) // 2),)))) > most_bytes
    ):
        rows = min(rows - STEP_PX, int(rows * most_bytes / len(file)) // STEP_PX * STEP_PX)
    return file


if __name__ == "__main__":
    main()
