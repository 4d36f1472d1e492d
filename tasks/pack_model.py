"""Packs bundled models: weights in eight bits, and beside each as much of what it learned as there is room for."""

from __future__ import annotations

import argparse
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

import impasto_gan
from impasto import Maps, Recipe, Step, run
from impasto.context import Context
from impasto.data.dataset import read_dataset
from impasto.data.parts import window_of
from impasto.errors import ModelError
from impasto.library.exemplars import exemplar_file
from impasto.library.models import Model, ModelLibrary, read_model, write_model
from impasto.library.tensors import SCALE, read_tensors, scales_beside
from impasto.surface.thumbnail import thumbnail
from impasto.training.pictures import load_surfaces
from impasto_gan.torus.card import TorusCard
from impasto_gan.torus.generate import picture_of
from impasto_gan.torus.model import lattice_of, load_torus
from impasto_gan.torus.train import PREVIEW_PX

TABLE = Path(impasto_gan.__file__).parent / "models" / "training.toml"
OF_CARD = "offered", "former_classes"
"""Fields of the table that a card has, too."""
MOST_BYTES = 2_000_000
"""Limit of a model together with its exemplar."""
STEP_PX, HASH_BYTES = 16, 80
"""Rows by which less is kept, and what the hash of the exemplar adds to a model."""
LEAST_SALIENCE = 3.0
"""Least salience of a landmark, in standard deviations of all places."""
LEAST_VALUES = 1024
"""Smaller tensors are not quantised. They save little, and most of them are biases and gains."""
LARGEST = 127


def main() -> None:
    """Keep of the half of a picture that a model learned; the quarter that judges it stays unseen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path, nargs="?", help="what it learned, for a model of one material")
    options = parser.parse_args()
    model = read_model(options.model)
    about = tomllib.loads(TABLE.read_text("utf-8"))[model.name]
    card = {**model.card, **{field: about[field] for field in OF_CARD if field in about}}
    if not options.data:
        write_model(model.path, read_tensors(model.path)[0], card, model.thumbnail)
        return
    maps = without_landmarks(learned_maps(model, options.data), about.get("landmarks", 0))
    if range_m := about.get("height_range_m"):
        surfaces = [{**card["surfaces"][0], "height_range_m": range_m}]
        card, maps = {**card, "surfaces": surfaces}, replace(maps, height_range_m=range_m)
    model = replace(model, card=card)
    packed = pack_model(model, b"")
    if not lattice_of(TorusCard.of(card).lattice).is_grid:  # whose joints pieces do not follow
        kept = fitting(maps, MOST_BYTES - packed.size_bytes - HASH_BYTES)
        packed = pack_model(model, kept)
        print(f"{model.name}: {packed.size_bytes} bytes, and {len(kept)} of what it learned")
    if range_m:
        torus = load_torus(model.name, Context(models=ModelLibrary(model.path.parent)))
        shown = thumbnail(picture_of(torus, (PREVIEW_PX, PREVIEW_PX), seed=0))
        write_model(model.path, read_tensors(model.path)[0], packed.card, shown)


def learned_maps(model: Model, data: Path) -> Maps:
    """The maps of a set that a model learned, of the half that it saw. Raise ModelError for another set."""
    dataset = read_dataset(data)
    (learned,) = model.card["data"]
    ((maps,), _, (shown,)) = load_surfaces(dataset, hold_out=learned["part"] != "all")
    if shown["sha256"] != learned["sha256"] or shown["part"] != learned["part"]:
        raise ModelError(f"{model.name} did not learn {data}", "give the folder that its card names")
    return replace(maps, textures={name: maps[name] for name in model.card["maps"]})


def without_landmarks(maps: Maps, most: int) -> Maps:
    """Maps whose most salient places, so many, are filled from the rest: they would show that results repeat."""
    if not most:
        return maps
    found = run(Recipe((Step("find-landmarks", {"threshold": LEAST_SALIENCE, "most": most}),)), {"source": maps}).maps
    filling = Step("inpaint", {"wraps": "no", "quality": "best"}, {"mask": "mask"})
    filled = run(Recipe((filling,)), {"source": maps, "mask": found}).maps
    return replace(maps, textures={name: filled[name] for name in maps})


def pack_model(model: Model, exemplar: bytes) -> Model:
    """Write a model again with weights of eight bits, and with the content of an exemplar's file (b"" for none)."""
    card = {**model.card, "exemplar": hashlib.sha256(exemplar).hexdigest() if exemplar else ""}
    return write_model(model.path, quantised_tensors(model.load()), card, model.thumbnail, exemplar)


def quantised_tensors(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors, with large weights (names end in `.weight`) as int8, and tensors of their scales added.

    Symmetric, per output channel: a weight is a whole number from -127 to 127 times the scale of its channel
    (Krishnamoorthi 2018, https://arxiv.org/abs/1806.08342).
    """
    quantised: dict[str, np.ndarray] = {}
    for name, tensor in tensors.items():
        if not name.endswith(".weight") or tensor.dtype.kind != "f" or tensor.size < LEAST_VALUES:
            quantised[name] = tensor
            continue
        wide = tensor.astype(np.float32)
        peaks = np.abs(wide.reshape(len(wide), -1)).max(1)
        scales = np.where(peaks > 0, peaks, 1).astype(np.float32) / LARGEST
        quantised[name] = np.round(wide / scales_beside(scales, wide)).astype(np.int8)
        quantised[name + SCALE] = scales
    return quantised


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
