"""Published weights for encoders and decoders: their sources, licences and layouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from impasto.library.weights import Conversion, PublishedFile, Weights

Shapes = dict[str, tuple[int, ...]]

DEEP_TRANSFER = "pietrocarbo/deep-transfer", "e87e72f9f8612062431a82289b758ef570da52c3"
DISTILLATION = "MingSun-Tse/Collaborative-Distillation", "4a269dc90020721ef9b279b2926c62f5bcd6d209"

KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"

VGG16_BLOCKS = ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3)
VGG19_BLOCKS = ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4)
SMALL_BLOCKS = ((16,) * 2, (32,) * 2, (64,) * 4, (128,) * 4, (128,))
NORMALISED_BLOCKS = ((64,) * 2, (128,) * 2, (256,))

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
    for block, channels in enumerate(SMALL_BLOCKS[:depth], 1):
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
    return _convolution("0", 3, 3, 1) | {_published_name(name): s for name, s in _vgg(NORMALISED_BLOCKS).items()}


def _without_first(published: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The normalised chain with torchvision's names and input, (x - mean) / deviation: its first two layers merged."""
    tensors = {name: published[_published_name(name)] for name in _vgg(NORMALISED_BLOCKS)}
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
    ours = [name.removesuffix(".weight") for name in _vgg(VGG19_BLOCKS) if name.endswith(".weight")]
    theirs = [f"block{b}_conv{n}" for b, block in enumerate(VGG19_BLOCKS, 1) for n in range(1, len(block) + 1)]
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


def _torchvision(
    name: str, label: str, description: str, file: str, sha256: str, size_bytes: int, shapes: Shapes
) -> Weights:
    """Weights of torchvision, whose classifier no tool needs."""
    files = (PublishedFile(f"https://download.pytorch.org/models/{file}", sha256, size_bytes),)
    page = "https://github.com/pytorch/vision/blob/main/LICENSE"
    return Weights(name, label, description, "BSD-3-Clause", page, files, shapes, unneeded=r"classifier\..*")


def _on_github(where: tuple[str, str], path: str, prefix: str = "") -> PublishedFile:
    repository, commit = where
    return PublishedFile(f"https://raw.githubusercontent.com/{repository}/{commit}/{path}", prefix=prefix)


def _page(where: tuple[str, str]) -> str:
    repository, commit = where
    return f"https://github.com/{repository}/tree/{commit}"


SMALL_ENCODERS = ("20191110-133713", "20191110-132713", "20191110-132705", "20191110-132643", "20191109-211322")
SMALL_DECODERS = ("20191111-091942", "20191111-091932", "20191111-091929", "20191111-092553", "20191110-204615")
"""Targets of the repository's symbolic links 1SE.pth to 5SE.pth and 1SD.pth to 5SD.pth."""


def _small_files() -> tuple[PublishedFile, ...]:
    folders = {"encoder": ("wct_se_16x_new", SMALL_ENCODERS), "decoder": ("wct_se_16x_new_sd", SMALL_DECODERS)}
    return tuple(
        _on_github(DISTILLATION, f"trained_models/{folder}/{stem}_E20.pth", f"{part}{depth}.")
        for part, (folder, stems) in folders.items()
        for depth, stem in enumerate(stems, 1)
    )


CATALOGUE = (
    _torchvision(
        "vgg19",
        "VGG19",
        "What style transfer is classically done with (Simonyan and Zisserman 2014); the best pictures, the slowest",
        "vgg19-dcbb9e9d.pth",
        "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
        574_673_361,
        _vgg(VGG19_BLOCKS),
    ),
    _torchvision(
        "vgg16",
        "VGG16",
        "VGG19's smaller sister, with three convolutions a block instead of four",
        "vgg16-397923af.pth",
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        553_433_881,
        _vgg(VGG16_BLOCKS),
    ),
    _torchvision(
        "squeezenet",
        "SqueezeNet 1.1",
        "Five megabytes, fast, and good for a first look (Iandola et al. 2016)",
        "squeezenet1_1-b8a52dc0.pth",
        "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
        4_958_839,
        _squeezenet(),
    ),
    Weights(
        "vgg19-small",
        "VGG19, distilled",
        "VGG19 with a sixteenth of the numbers, and decoders that make pictures of its features (Wang et al. 2020); "
        "its authors publish no hashes, so it is installed from files",
        "MIT",
        _page(DISTILLATION),
        _small_files(),
        _all_small(),
        unneeded=r"(encoder|decoder)\d\.(conv\d+_)?aux.*",
    ),
    Weights(
        "vgg19-normalised",
        "VGG19, normalised",
        "The first five layers of VGG19, scaled so that each channel is 1 on average (Li et al. 2017); its author "
        "publishes no hash, so it is installed from a file",
        "Apache-2.0",
        _page(DEEP_TRANSFER),
        (_on_github(DEEP_TRANSFER, "models/autoencoder_vgg19/vgg19_3/vgg_normalised_conv3_1.pth"),),
        _vgg(NORMALISED_BLOCKS),
        conversion=Conversion(_published_normalised_shapes(), _without_first),
    ),
    Weights(
        "vgg19-keras",
        "VGG19, of Keras",
        "The original VGG19, as Keras publishes it for TensorFlow (Simonyan and Zisserman 2014); its authors publish "
        "no SHA-256, so it is installed from the file that Keras keeps in ~/.keras/models",
        "CC-BY-4.0",
        "https://www.robots.ox.ac.uk/~vgg/research/very_deep/",
        (PublishedFile(f"{KERAS}/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"),),
        _vgg(VGG19_BLOCKS),
        unneeded=r"(fc\d|predictions)\..*",
        conversion=Conversion(_in_keras(_vgg(VGG19_BLOCKS)), _from_keras),
    ),
)
