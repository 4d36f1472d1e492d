"""Encoders: named layers of a stated size, used until weights are installed; the training of the bundled decoders."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from random_weights import random_encoder, write_weights
from skimage import data

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.library.models import load_model, read_model
from impasto.library.tensors import SUFFIX
from impasto.plugins.registry import registry
from impasto_style.shared.architectures import ARCHITECTURES, MODELS, bundled_tensors, load_encoder
from impasto_style.shared.controls import BUNDLED
from impasto_style.shared.encoder import Encoder
from impasto_style.wct.coders import DECODERS, LINKS

sys.path.insert(0, str(Path(__file__).parents[2]))
from tasks.style_encoder import decoders
from tasks.style_encoder.decoders import StyleDecodersTraining
from tasks.style_encoder.pictures import Picture

CHANNELS = {
    "vgg19": (64, 128, 256, 512, 512),
    "vgg16": (64, 128, 256, 512, 512),
    "vgg19-small": (16, 32, 64, 128, 128),
    "squeezenet": (64, 128, 256, 384, 512),
    "vgg19-keras": (64, 128, 256, 512, 512),
    "vgg19-normalised": (64, 128, 256),
    "style-encoder": (16, 32, 64, 128),
}
SMALL = "vgg19-small"


def noise(height, width, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def small():
    return random_encoder(SMALL)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_layers_have_the_stated_channels_and_strides(name):
    encoder = random_encoder(name)
    features = encoder(noise(48, 64), (*encoder.style_layers, encoder.content_layer))
    assert tuple(encoder.layers[layer].channels for layer in encoder.style_layers) == CHANNELS[name]
    for layer, found in features.items():
        info = encoder.layers[layer]
        assert found.shape == (1, info.channels, 48 // info.stride, 64 // info.stride), layer


def test_the_order_in_memory_does_not_matter(small):
    x = noise(32, 48)
    last = x.contiguous(memory_format=torch.channels_last)
    assert all(torch.equal(a, b) for a, b in zip(small(x).values(), small(last).values(), strict=True))


def test_average_pooling_differs_but_keeps_the_activations_size(small):
    average, x = random_encoder(SMALL, pooling="average"), noise(64, 64)
    for layer in ("relu2_1", "relu3_1"):
        ratio = average(x, [layer])[layer].mean() / small(x, [layer])[layer].mean()
        assert 0.4 < ratio < 1.2, layer
        assert ratio != 1


def test_missing_layers_and_pictures_too_small_for_the_network_are_refused():
    small = random_encoder(SMALL)
    with pytest.raises(ParameterError, match=r"relu9_9.*relu1_1"):
        small(noise(32, 32), ["relu1_1", "relu9_9"])
    with pytest.raises(ParameterError, match="too small"):
        small(noise(8, 32))
    assert small(noise(16, 16))["relu5_1"].shape[2:] == (1, 1)


def test_the_bundled_encoder_is_used_until_weights_are_installed(tmp_path):
    context = Context(weights=registry().weights_library(tmp_path))
    x = noise(32, 32)
    bundled, automatic = (load_encoder(name, context)(x)["relu4_1"] for name in ("style-encoder", "auto"))
    assert torch.equal(bundled, automatic)
    write_weights(tmp_path, "squeezenet")
    assert "fire5" in load_encoder("auto", context).layers


def test_the_bundled_encoder_tells_textures_apart_whatever_their_colors():
    """Half of a texture is more like its other half than like another texture; by random filters it is not."""
    names = ("brick", "gravel", "grass")
    halves = [[half(name, which) for name in names] for which in (0, 1)]
    first, second = (
        torch.stack(halves[0]),
        0.2 + 0.5 * torch.stack(halves[1]) * torch.tensor([1.0, 0.8, 0.6])[:, None, None],
    )

    def margin(encoder: Encoder) -> float:
        codes = [described(encoder, x) for x in (first, second)]
        similar = codes[0] @ codes[1].T
        others = similar.masked_fill(torch.eye(3, dtype=torch.bool), -1)
        return float((similar.diag() - others.max(1).values).min())

    assert margin(load_encoder("style-encoder", Context())) > max(0.02, 2 * margin(random_encoder("style-encoder")))


def half(name: str, which: int) -> torch.Tensor:
    """A square of 128 px of one of scikit-image's textures, in grey: (3, 128, 128)."""
    pixels = torch.from_numpy(getattr(data, name)() / 255).float()
    corner = 64 + 192 * which
    return pixels[corner : corner + 128, corner : corner + 128].expand(3, 128, 128)


def described(encoder: Encoder, x: torch.Tensor) -> torch.Tensor:
    """Centred deviations of the channels of the coarsest style layer, of length 1: (B, C)."""
    deviations = encoder(x)[encoder.style_layers[-1]].flatten(2).std(2)
    return torch.nn.functional.normalize(deviations, dim=1)


def test_patches_have_features_once_weights_are_installed(tmp_path):
    patches = np.random.default_rng(0).random((3, 32, 32, 3), np.float32)
    context = Context(weights=registry().weights_library(tmp_path))
    assert registry().encode(patches, context) is None
    write_weights(tmp_path, "squeezenet")
    found = registry().encode(patches, context)
    assert found.shape == (3, 2 * CHANNELS["squeezenet"][2])
    assert np.allclose(found[1:2], registry().encode(patches[1:2], context), atol=1e-4)
    assert len(np.unique(found.round(4), axis=0)) == 3


SHIPPED = MODELS / f"{DECODERS}{SUFFIX}"
MOST_BYTES = 2**20


@pytest.fixture
def training(monkeypatch):
    """A training with small crops of a slanted wave in two colours."""
    monkeypatch.setattr(decoders, "CROP_PX", 48)
    monkeypatch.setattr(decoders, "BATCH", 2)
    rows, columns = torch.meshgrid(torch.arange(120), torch.arange(150), indexing="ij")
    wave = 127 + 100 * torch.sin((rows + 2 * columns) / 9)
    pixels = torch.stack([wave, 255 - wave, 0.5 * wave]).to(torch.uint8)
    encoder = {name: torch.from_numpy(array).float() for name, array in bundled_tensors().items()}
    return StyleDecodersTraining([Picture(pixels, "")], encoder, 100, 0)


@pytest.mark.slow
def test_every_level_learns(training):
    rows = [{name: float(loss) for name, loss in training.step().items()} for _ in range(50)]  # crops differ widely
    assert rows[0].keys() == {f"level {level}" for level in range(1, len(LINKS[BUNDLED]) + 1)}
    for name in rows[0]:
        first, last = (sum(row[name] for row in some) for some in (rows[:5], rows[-5:]))
        assert last < first, name


def test_the_package_has_what_is_trained(training):
    shipped = load_model(read_model(SHIPPED))
    assert {name: tensor.shape for name, tensor in training.shipped().items()} == {
        name: array.shape for name, array in shipped.items()
    }
    assert SHIPPED.stat().st_size < MOST_BYTES
