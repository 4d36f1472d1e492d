"""Weights of the encoders' layouts with random values, so that tests need no published file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file
from torch import Tensor

from impasto.context import Context
from impasto.plugins.registry import registry
from impasto_style.catalogue import CATALOGUE
from impasto_style.shared.architectures import ARCHITECTURES
from impasto_style.shared.encoder import Convolution, Encoder, Fire

COLORS = 3
BLOCKS = {"vgg19-small": (16, 32, 64, 128, 128), "style-encoder": (16, 32, 64, 128)}
VGG_BLOCKS = (64, 128, 256, 512, 512)
FIRES = {
    index: (channels // 8, channels // 2) for index, channels in zip((3, 4, 6, 7), (128, 128, 256, 256), strict=True)
}
FIRES |= {
    index: (channels // 8, channels // 2) for index, channels in zip(range(9, 13), (384, 384, 512, 512), strict=True)
}


def context_with_weights(**given: Any) -> Context:
    """A context with the library of published weights, as a run has; a plain one knows of none."""
    return Context(weights=registry().weights_library(), **given)


def random_tensors(name: str, seed: int = 0) -> dict[str, Tensor]:
    """Tensors of an encoder by their published names, of the published shapes, initialised as by He et al. 2015."""
    random = torch.Generator().manual_seed(seed)
    tensors = {}
    for convolution, outputs, inputs, side in _shapes(name):
        deviation = (2 / (inputs * side**2)) ** 0.5
        tensors[f"{convolution}.weight"] = deviation * torch.randn(outputs, inputs, side, side, generator=random)
        tensors[f"{convolution}.bias"] = 0.1 * torch.randn(outputs, generator=random)
    return tensors


def random_encoder(name: str, **how) -> Encoder:
    """An encoder with random weights."""
    return Encoder(ARCHITECTURES[name], random_tensors(name), **how)


def write_weights(folder: Path, name: str) -> Path:
    """The random weights of an encoder as a file of the library in `folder`."""
    path = folder / f"{name}.safetensors"
    save_file(random_tensors(name), path)
    return path


def _shapes(name: str) -> Iterator[tuple[str, int, int, int]]:
    """(name, outputs, inputs, side of the kernel) of each convolution."""
    channels = 3
    for operation in ARCHITECTURES[name].operations:
        if isinstance(operation, Fire):
            squeezed, half = FIRES[int(operation.name.split(".")[1])]
            yield f"{operation.name}.squeeze", squeezed, channels, 1
            yield f"{operation.name}.expand1x1", half, squeezed, 1
            yield f"{operation.name}.expand3x3", half, squeezed, 3
            channels = 2 * half
        elif isinstance(operation, Convolution):
            outputs = _outputs(name, operation.layer)
            yield operation.name, outputs, channels, 3 if operation.layer else 1
            channels = outputs


def _outputs(name: str, layer: str) -> int:
    """Channels of a plain convolution: the colours before the first layer, else by the block's number."""
    if not layer:
        return 3
    block = int(layer[4]) if "_" in layer else 1
    return BLOCKS.get(name, VGG_BLOCKS)[block - 1]


def write_small_weights(folder: Path) -> None:
    """Write weights of the distilled VGG19's layout, by `tensors_that_see`."""
    shapes = next(weights.shapes for weights in CATALOGUE if weights.name == "vgg19-small")
    save_arrays(tensors_that_see(shapes), folder / "vgg19-small.safetensors")


def tensors_that_see(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Random convolutions, but the first three channels hand the colours through, so that decoders give them back."""
    rng = np.random.default_rng(0)
    tensors = {}
    for name, shape in shapes.items():
        if name.endswith(".bias"):
            tensors[name] = np.zeros(shape, np.float32)
            continue
        outputs, inputs, side, _ = shape
        tensors[name] = rng.normal(0, (2 / (inputs * side**2)) ** 0.5, shape).astype(np.float32)
        tensors[name][:COLORS] = 0
        tensors[name][range(COLORS), range(COLORS), side // 2, side // 2] = 1
        assert min(outputs, inputs) >= COLORS
    return tensors
