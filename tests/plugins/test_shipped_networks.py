"""Bundled models' networks: a network of zeros, of shuffled weights, or of another material would be noticed.

What is expected stands in each model's file: the deviations of its data in every frequency band, its thumbnail, and
its entry in the table that trains them all.
"""

from __future__ import annotations

import io
import math
import tomllib
from copy import copy

import numpy as np
import pytest
import torch
from PIL import Image
from test_shipped_models import FOLDER, NAMES
from torch import Tensor

from impasto.context import Context
from impasto.library.models import ModelLibrary, read_model
from impasto.numerics.pyramid import band_deviations
from impasto.patterns.lattice import full_region
from impasto.surface.thumbnail import THUMBNAIL_PX, thumbnail
from impasto_gan.torus.generate import Choice, Synthesis, picture_of
from impasto_gan.torus.model import TorusModel, load_torus

SIDE = 256
USUAL_RATIO = 1.75
"""Ratio by which the median over bands and channels may differ from the data's deviation: the models of today have at
most 1.65. Networks with shuffled weights may come as near; the spectrum of what they make tells those."""

LEAST_RATIO = {"tiles": 0.35}
"""Least ratio of models that add less: what straight joints leave of those of the tiles, which are not quite straight,
is largest beside them, and the network leaves it out."""

USUAL_DIFFERENCE = 0.3
"""Root mean square by which the log power of a picture may differ from that of the thumbnail, which shows the same seed
in single precision: at most 0.04 of today's models, at least 0.97 of their networks with shuffled weights."""
OCTAVES, DIRECTIONS = (2.0, 5.0, 10.0, 20.0, 40.0), 6


def loaded(name: str) -> TorusModel:
    return load_torus(name, Context(models=ModelLibrary(FOLDER)))


def residual(name: str) -> tuple[Tensor, Tensor]:
    """Residual that the network alone adds to the unit cell: deviations (bands, channels), and those of its data."""
    model = loaded(name)
    alone = copy(model)
    alone._modules = {**model._modules, "unit_cell": None}
    with torch.inference_mode():
        values = alone.standardisations[0](
            Synthesis(alone, Choice((SIDE, SIDE), seed=1)).maps(full_region((SIDE, SIDE)))
        )
    expected = torch.stack([stage.gains.flatten() for stage in model.network.stages]).flip(0)  # finest first
    return band_deviations(values[None], len(expected)), expected


@pytest.mark.parametrize("name", NAMES)
def test_its_network_has_the_deviations_of_its_data_in_every_band(name):
    made, expected = residual(name)
    assert expected.min() > 0
    ratio = float((made / expected).log().median().exp())
    assert LEAST_RATIO.get(name, 1 / USUAL_RATIO) < ratio < USUAL_RATIO, ratio


def spectrum(jpeg: bytes) -> Tensor:
    """Log power of the brightness of a thumbnail (JPEG, 128 px), in four octaves and six directions."""
    frequency = torch.fft.fftfreq(THUMBNAIL_PX) * THUMBNAIL_PX
    y, x = torch.meshgrid(frequency, frequency, indexing="ij")
    octave = torch.bucketize(torch.hypot(y, x), torch.tensor(OCTAVES), right=True)
    direction = (torch.atan2(y, x) / math.pi * DIRECTIONS + 0.5).floor().long() % DIRECTIONS
    window = torch.hann_window(THUMBNAIL_PX)[:, None] * torch.hann_window(THUMBNAIL_PX)
    grey = torch.from_numpy(np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), np.float32).mean(2) / 255)
    power = torch.fft.fft2((grey - grey.mean()) * window).abs().square()
    parts = [(octave == i) & (direction == j) for i in range(1, len(OCTAVES)) for j in range(DIRECTIONS)]
    return torch.stack([power[part].mean().log() for part in parts])


@pytest.mark.parametrize("name", NAMES)
def test_what_it_makes_has_the_spectrum_of_its_thumbnail(name):
    model = loaded(name)
    made = spectrum(thumbnail(picture_of(model, (SIDE, SIDE), seed=0)))
    expected = spectrum(read_model(FOLDER / f"{name}.safetensors").thumbnail)
    assert float((made - expected).square().mean().sqrt()) < USUAL_DIFFERENCE


@pytest.mark.parametrize("name", NAMES)
def test_it_learned_what_the_table_says(name):
    entry = tomllib.loads((FOLDER / "training.toml").read_text(encoding="utf-8"))[name]
    card = read_model(FOLDER / f"{name}.safetensors").card
    assert card["name"] == name
    assert (card["label"], card["material"]) == (entry["label"], entry["material"])
    data = entry["data"]
    names = {source["name"].rsplit("/", 1)[-1] for source in card["data"]}
    assert names >= ({data} if isinstance(data, str) else set(data.values()))
