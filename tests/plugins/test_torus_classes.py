"""Models of many classes: each has a surface of its own, and together they are a start for a single material."""

from __future__ import annotations

import pytest
import torch
from materials import surface
from test_torus import TINY, train

from impasto import Maps
from impasto.context import Context
from impasto.data.dataset import Dataset, dataset_of
from impasto.library.models import ModelLibrary
from impasto_gan.torus.model import load_torus
from impasto_gan.torus.network import GLOBAL_CHANNELS
from impasto_gan.torus.parameters import TrainTorusParameters
from impasto_gan.torus.prepare import prepare
from impasto_gan.torus.train import TorusTraining

pytestmark = pytest.mark.usefixtures("one_slider")


def both() -> Dataset:
    """A light material with all maps, and a dark one that only has colours."""
    dark = Maps.from_arrays({"base_color": surface(seed=4)["base_color"].pixels / 3}, name="dark")
    one, other = dataset_of(surface(), label="light", licence="a"), dataset_of(dark, label="dark", licence="b")
    return Dataset("both", one.samples + other.samples)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    train(folder, 2, both())
    return folder


def loaded(folder):
    return load_torus("tiny", Context(models=ModelLibrary(folder)))


def test_each_class_is_standardised_by_itself():
    data = prepare(both(), 96, 48, 32, False, "cpu")
    assert len(data.surfaces) == 2
    for picture in data.pictures:
        known = picture.known[:, 0, 0].bool()
        assert picture.pixels[known, :128, :128].mean((1, 2)).abs().max() < 1e-4
        assert not picture.pixels[~known].any()


def test_a_material_starts_as_the_mean_of_the_classes(library):
    """With the heads of its own maps, and the style that equal weights of all classes give."""
    many = loaded(library)
    plain = Maps.from_arrays({"base_color": surface(seed=9)["base_color"].pixels})
    data = prepare(dataset_of(plain), 96, 48, 32, False, "cpu")
    training = TorusTraining(data, TrainTorusParameters(**TINY, steps=2), 0, "cpu", "float32")
    training.start_from("tiny", "torus", Context(models=ModelLibrary(library)))
    latent = torch.randn(3, GLOBAL_CHANNELS, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        style, mean = training.model.network.style(latent), many.network.style(latent, torch.full((3, 2), 0.5))
    assert torch.allclose(style, mean, atol=1e-3)
    for stage, start in zip(training.model.network.stages, many.network.stages, strict=True):
        assert torch.allclose(stage.head.weight, start.head.weight[:3])
        assert torch.allclose(stage.convolution.weight, start.convolution.weight)
