"""Encoders: named layers of a stated size and reach, periodic where asked, in two precisions, for any picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from random_weights import random_encoder, write_weights
from safetensors.torch import load_file
from skimage import data

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.plugins.registry import registry
from impasto_style.shared.architectures import ARCHITECTURES, load_encoder
from impasto_style.shared.encoder import Encoder

CHANNELS = {
    "vgg19": (64, 128, 256, 512, 512),
    "vgg16": (64, 128, 256, 512, 512),
    "vgg19-small": (16, 32, 64, 128, 128),
    "squeezenet": (64, 128, 256, 384, 512),
    "vgg19-keras": (64, 128, 256, 512, 512),
    "vgg19-normalised": (64, 128, 256),
    "style-encoder": (16, 32, 64, 128),
}
REAL = Path(__file__).parents[3] / "shared" / "data" / "weights" / "wct_vgg19_small16x.safetensors"
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


@pytest.mark.parametrize("name", [SMALL, "squeezenet", "vgg19-normalised", "style-encoder"])
def test_a_feature_sees_as_far_as_its_reach_and_no_further(name):
    encoder = random_encoder(name, pooling="average")  # so that every pixel in reach counts
    encoder = replace(encoder, tensors={key: tensor.double().abs() for key, tensor in encoder.tensors.items()})
    for layer in encoder.style_layers:
        stride, reach = encoder.layers[layer].stride, encoder.layers[layer].reach_px
        at = -(-reach // stride) + 1  # the first feature that no padding reaches
        x = noise(32, (2 * at + 4) * stride).double().requires_grad_()
        encoder(x, [layer])[layer][..., at].sum().backward()
        (seen,) = x.grad.abs().sum((0, 1, 2)).nonzero(as_tuple=True)
        assert max(at * stride - seen.min(), seen.max() - at * stride) == reach, layer


@pytest.mark.parametrize("name", [SMALL, "squeezenet"])
def test_a_tiling_picture_has_tiling_features(name):
    encoder = random_encoder(name, seamless=True)
    x = noise(48, 64)
    features, rolled = encoder(x), encoder(x.roll((16, 32), (2, 3)))
    for layer, found in features.items():
        stride = encoder.layers[layer].stride
        assert torch.allclose(found.roll((16 // stride, 32 // stride), (2, 3)), rolled[layer], atol=1e-4), layer


def test_the_gradient_reaches_every_pixel_and_no_weight(small):
    x = noise(32, 32).requires_grad_()
    sum(features.square().mean() for features in small(x).values()).backward()
    assert (x.grad.abs().sum(1) > 0).all()
    assert not any(tensor.requires_grad for tensor in small.tensors.values())


def test_bfloat16_agrees_within_its_own_precision(small):
    x = noise(64, 64)
    exact, rounded = small(x), small.to(torch.bfloat16)(x)
    for layer, features in rounded.items():
        error = (features.float() - exact[layer]).norm() / exact[layer].norm()
        assert features.dtype == torch.bfloat16
        assert error < 0.03, layer  # eight bits, 14 convolutions deep


def test_the_order_in_memory_does_not_matter(small):
    x = noise(32, 48)
    last = x.contiguous(memory_format=torch.channels_last)
    assert all(torch.equal(a, b) for a, b in zip(small(x).values(), small(last).values(), strict=True))


def test_average_pooling_differs_but_keeps_the_activations_size():
    maximum, average = random_encoder(SMALL), random_encoder(SMALL, pooling="average")
    x = noise(64, 64)
    for layer in ("relu2_1", "relu3_1"):
        ratio = average(x, [layer])[layer].mean() / maximum(x, [layer])[layer].mean()
        assert 0.4 < ratio < 1.2, layer
        assert ratio != 1


def test_a_layer_that_is_not_there_is_named_with_those_that_are(small):
    with pytest.raises(ParameterError, match=r"relu9_9.*relu1_1"):
        small(noise(32, 32), ["relu1_1", "relu9_9"])


def test_a_picture_too_small_for_the_network_is_refused(small):
    with pytest.raises(ParameterError, match="too small"):
        small(noise(8, 32))
    assert small(noise(16, 16))["relu5_1"].shape[2:] == (1, 1)
    assert small(noise(8, 8), ["relu4_1"])["relu4_1"].shape[2:] == (1, 1)


def test_no_more_layers_are_computed_than_are_asked_for(small):
    impossible = {"encoder5.conv51.weight": torch.zeros(128, 1, 3, 3)}
    only = replace(small, tensors={**small.tensors, **impossible})
    assert list(only(noise(16, 16), ["relu4_1"])) == ["relu4_1"]
    with pytest.raises(RuntimeError):
        only(noise(16, 16), ["relu5_1"])


def test_features_of_the_distilled_network_are_those_of_its_chain():
    if not REAL.is_file():
        pytest.skip(f"{REAL.name} is not there")
    tensors = {name: tensor for name, tensor in load_file(REAL).items() if name.startswith("encoder5")}
    x = noise(32, 32)
    found = Encoder(ARCHITECTURES[SMALL], tensors)(x, ["relu1_2"])["relu1_2"]
    y = torch.nn.functional.conv2d(x, tensors["encoder5.conv0.weight"], tensors["encoder5.conv0.bias"])
    for name in ("encoder5.conv11", "encoder5.conv12"):
        padded = torch.nn.functional.pad(y, (1, 1, 1, 1), mode="reflect")
        y = torch.nn.functional.conv2d(padded, tensors[f"{name}.weight"], tensors[f"{name}.bias"]).relu()
    assert torch.allclose(found, y, rtol=1e-4, atol=1e-3)


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
