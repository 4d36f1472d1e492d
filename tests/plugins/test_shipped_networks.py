"""Bundled models' networks: a network of zeros, of shuffled weights, or of another material would be noticed.

What is expected stands in each model's file: the deviations of its data in every frequency band, its thumbnail, and
its entry in the table that trains them all.
"""

from __future__ import annotations

import io
import tomllib
from copy import copy
from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image
from test_shipped_models import FOLDER, NAMES
from torch import Tensor

from impasto.context import Context
from impasto.library.models import ModelLibrary, read_model
from impasto.regularity.region import full_region
from impasto.surface.pyramid import band_deviations
from impasto.surface.thumbnail import thumbnail
from impasto.training.watch import patch_distance
from impasto_gan.torus.generate import Choice, Synthesis, picture_of
from impasto_gan.torus.model import TorusModel, load_torus

SIDE = 256
USUAL_RATIO = 1.6
"""Ratio by which the median over bands and channels may differ from the data's deviation: the models of today have at
most 1.35, their networks with shuffled weights at least 2."""


def loaded(name: str) -> TorusModel:
    return load_torus(name, Context(models=ModelLibrary(FOLDER)))


def residual(name: str) -> tuple[Tensor, Tensor]:
    """What the network alone adds to the mean unit cell: deviations (bands, channels), and those of its data."""
    model = loaded(name)
    alone = copy(model)
    alone._modules = {**model._modules, "unit_cell": None}
    with torch.inference_mode():
        values = alone.standardisation(Synthesis(alone, Choice((SIDE, SIDE), seed=1)).maps(full_region((SIDE, SIDE))))
    expected = torch.stack([stage.gains.flatten() for stage in model.network.stages]).flip(0)  # finest first
    return band_deviations(values[None], len(expected)), expected


@pytest.mark.parametrize("name", NAMES)
def test_its_network_has_the_deviations_of_its_data_in_every_band(name):
    made, expected = residual(name)
    assert expected.min() > 0
    ratio = float((made / expected).log().median().exp())
    assert 1 / USUAL_RATIO < ratio < USUAL_RATIO, ratio


@cache
def shown(name: str) -> Tensor:
    return decoded(read_model(FOLDER / f"{name}.safetensors").thumbnail)


def decoded(jpeg: bytes) -> Tensor:
    pixels = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


@pytest.mark.parametrize("name", NAMES)
def test_what_it_makes_is_like_its_thumbnail(name):
    """Nearer to it, by patches, than the thumbnail of any other bundled model."""
    made = decoded(thumbnail(picture_of(loaded(name), (SIDE, SIDE), seed=0)))
    nearest = min(patch_distance(shown(other), shown(name)) for other in NAMES if other != name)
    assert patch_distance(made, shown(name)) < nearest


@pytest.mark.parametrize("name", NAMES)
def test_it_learned_what_the_table_says(name):
    entry = tomllib.loads((FOLDER / "training.toml").read_text(encoding="utf-8"))[name]
    card = read_model(FOLDER / f"{name}.safetensors").card
    assert card["name"] == name
    assert (card["label"], card["material"]) == (entry["label"], entry["material"])
    assert {source["name"] for source in card["data"]} == {entry["data"]}
