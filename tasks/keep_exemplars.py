"""Keeps what models learned beside them, compressed, so that results are made of its pieces by default."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from impasto.data.dataset import read_dataset
from impasto.errors import ModelError
from impasto.library.models import keep_exemplar, read_model
from impasto.training.pictures import load_surfaces

MOST_BYTES = 2_000_000
"""Limit of a model together with its exemplar."""
HEADERS_BYTES = 8_000
"""What the file's header, and the picture's hash on the card, need."""


def main() -> None:
    """Keep the half of a picture that a model learned; the quarter that judges it stays unseen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    model, dataset = read_model(options.model), read_dataset(options.data)
    (learned,) = model.card["data"]
    ((maps,), _, (shown,)) = load_surfaces(dataset, hold_out=learned["part"] != "all")
    if shown["sha256"] != learned["sha256"] or shown["part"] != learned["part"]:
        raise ModelError(f"{model.name} did not learn {options.data}", "give the folder that its card names")
    learned_maps = {name: maps[name] for name in model.card["maps"]}
    keep_exemplar(model, replace(maps, textures=learned_maps), MOST_BYTES - model.size_bytes - HEADERS_BYTES)


if __name__ == "__main__":
    main()
