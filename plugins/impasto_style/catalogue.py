"""Published weights of encoders and decoders, listed in `weights.toml`, with the layouts of `networks.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from impasto.library.weights import Conversion, PublishedFile, Weights

Shapes = dict[str, tuple[int, ...]]


def _declared(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))


NETWORKS: Mapping[str, Mapping[str, Any]] = _declared("networks")
BLOCKS = {name: about["blocks"] for name, about in NETWORKS.items() if "blocks" in about}
"""Channels of each network's convolutions, by block."""
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


def _convolution(name: str, outputs: int, inputs: int, side: int = 3) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, side, side), f"{name}.bias": (outputs,)}


def _vgg(blocks: Sequence[Sequence[int]]) -> Shapes:
    """Shapes of torchvision's `features`: 3x3 convolutions of these channels, with ReLUs, and a pooling per block."""
    shapes: Shapes = {}
    index, inputs = 0, 3
    for block in blocks:
        for outputs in block:
            shapes |= _convolution(f"features.{index}", outputs, inputs)
            index, inputs = index + 2, outputs
        index += 1
    return shapes


def _squeezenet() -> Shapes:
    """Shapes of SqueezeNet 1.1's `features`: a convolution, then eight fire modules with poolings in between."""
    shapes, inputs = _convolution("features.0", 64, 3), 64
    for index, squeezed in {3: 16, 4: 16, 6: 32, 7: 32, 9: 48, 10: 48, 11: 64, 12: 64}.items():
        shapes |= _convolution(f"features.{index}.squeeze", squeezed, inputs, 1)
        shapes |= _convolution(f"features.{index}.expand1x1", 4 * squeezed, squeezed, 1)
        shapes |= _convolution(f"features.{index}.expand3x3", 4 * squeezed, squeezed)
        inputs = 8 * squeezed
    return shapes


def _small_encoder(depth: int) -> Shapes:
    """Shapes of the distilled VGG19 up to conv{depth}_1; the shallowest one has more channels."""
    shapes, inputs = _convolution("conv0", 3, 3, 1), 3
    for block, channels in enumerate(BLOCKS["vgg19-small"][:depth], 1):
        for number, usual in enumerate(channels[: 1 if block == depth else None], 1):
            outputs = 24 if depth == 1 else usual
            shapes |= _convolution(f"conv{block}{number}", outputs, inputs)
            inputs = outputs
    return shapes


def _small_decoder(depth: int) -> Shapes:
    """Shapes of the decoder: the encoder's convolutions with inputs and outputs exchanged."""
    shapes: Shapes = {}
    for name, shape in _small_encoder(depth).items():
        if name.endswith(".weight") and not name.startswith("conv0"):
            shapes |= _convolution(name.removesuffix(".weight"), shape[1], shape[0])
    return shapes


def _all_small() -> Shapes:
    parts = {f"encoder{depth}.": _small_encoder(depth) for depth in range(1, 6)}
    parts |= {f"decoder{depth}.": _small_decoder(depth) for depth in range(1, 6)}
    return {prefix + name: shape for prefix, shapes in parts.items() for name, shape in shapes.items()}


PUBLISHED_INDEX = {0: 2, 2: 5, 5: 9, 7: 12, 10: 16}
"""Index of each torchvision convolution in the normalised chain, which has a padding layer before each."""


def _published_name(name: str) -> str:
    _, index, kind = name.split(".")
    return f"{PUBLISHED_INDEX[int(index)]}.{kind}"


def _published_normalised_shapes() -> Shapes:
    """Published shapes of the normalised chain, whose first convolution maps pixels in [0, 1] to Caffe's input."""
    return _convolution("0", 3, 3, 1) | {
        _published_name(name): s for name, s in _vgg(BLOCKS["vgg19-normalised"]).items()
    }


def _without_first(published: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The normalised chain with torchvision's names and input, (x - mean) / deviation: its first two layers merged."""
    tensors = {name: published[_published_name(name)] for name in _vgg(BLOCKS["vgg19-normalised"])}
    mean, deviation = np.array(IMAGENET_MEAN, np.float32), np.array(IMAGENET_DEVIATION, np.float32)
    mix, offset = published["0.weight"][:, :, 0, 0], published["0.bias"]  # (3, 3), (3,)
    kernels = tensors["features.0.weight"]  # (64, 3, 3, 3)
    tensors["features.0.bias"] = tensors["features.0.bias"] + kernels.sum((2, 3)) @ (mix @ mean + offset)
    tensors["features.0.weight"] = np.einsum("ochw,ci->oihw", kernels, mix * deviation)
    return tensors


CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Mean of blue, green and red, in levels of 255, that Keras subtracts for the VGGs' original weights."""
LEVELS = 255


def _keras_names() -> dict[str, str]:
    """Keras' name of each convolution of VGG19 by torchvision's."""
    ours = [name.removesuffix(".weight") for name in _vgg(BLOCKS["vgg19"]) if name.endswith(".weight")]
    theirs = [f"block{b}_conv{n}" for b, block in enumerate(BLOCKS["vgg19"], 1) for n in range(1, len(block) + 1)]
    return dict(zip(ours, theirs, strict=True))


def _in_keras(shapes: Shapes) -> Shapes:
    """Shapes of VGG19 as Keras stores it: kernels are (height, width, inputs, outputs)."""
    found: Shapes = {}
    for ours, theirs in _keras_names().items():
        outputs, inputs, *sides = shapes[f"{ours}.weight"]
        found |= {f"{theirs}.weight": (*sides, inputs, outputs), f"{theirs}.bias": (outputs,)}
    return found


def _from_keras(published: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """VGG19 in torchvision's layout, for its input (x - mean) / deviation with x in [0, 1], red first.

    Keras gives the first convolution 255 x - CAFFE_MEAN with blue first, which is affine in ours.
    """
    tensors: dict[str, np.ndarray] = {}
    for ours, theirs in _keras_names().items():
        tensors[f"{ours}.weight"] = published[f"{theirs}.weight"].transpose(3, 2, 0, 1)
        tensors[f"{ours}.bias"] = published[f"{theirs}.bias"]
    kernels = tensors["features.0.weight"].astype(np.float64)  # (64, 3, 3, 3), blue first
    offset = LEVELS * np.array(IMAGENET_MEAN)[::-1] - np.array(CAFFE_MEAN)
    tensors["features.0.bias"] = (tensors["features.0.bias"] + kernels.sum((2, 3)) @ offset).astype(np.float32)
    gain = LEVELS * np.array(IMAGENET_DEVIATION)[:, None, None]
    tensors["features.0.weight"] = (kernels[:, ::-1] * gain).astype(np.float32)
    return tensors


OTHERS = {"squeezenet": _squeezenet(), "vgg19-small": _all_small()}
"""Shapes of networks that are not torchvision's VGGs, nor in their layout."""
CONVERSIONS = {
    "vgg19-normalised": Conversion(_published_normalised_shapes(), _without_first),
    "vgg19-keras": Conversion(_in_keras(_vgg(BLOCKS["vgg19"])), _from_keras),
}


def _weights(name: str, files: Sequence[Mapping[str, Any]], **about: str) -> Weights:
    published = tuple(PublishedFile(**file) for file in files)
    shapes = OTHERS.get(name) or _vgg(BLOCKS[name])
    return Weights(name, files=published, shapes=shapes, conversion=CONVERSIONS.get(name), **about)


CATALOGUE = tuple(_weights(name, **about) for name, about in _declared("weights").items())
