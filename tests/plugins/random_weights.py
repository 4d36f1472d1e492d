"""Weights of the encoders' layouts with random values, so that tests need no published file."""

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
from impasto_style.shared.architectures import ARCHITECTURES, bundled_tensors
from impasto_style.shared.encoder import Encoder

COLORS = 3


def context_with_weights(**given: Any) -> Context:
    """A context with the library of published weights, as a run has; a plain one knows of none."""
    return Context(weights=registry().weights_library(), **given)


def random_tensors(name: str, seed: int = 0) -> dict[str, Tensor]:
    """Tensors of an encoder by their published names, of the published shapes, initialised as by He et al. 2015."""
    known = next((weights.shapes for weights in CATALOGUE if weights.name == name), None)
    shapes = known or {key: array.shape for key, array in bundled_tensors().items()}
    random = torch.Generator().manual_seed(seed)
    tensors = {}
    for key, shape in shapes.items():
        if "coder" in key and not key.startswith("encoder5"):
            continue  # smaller encoders, and decoders, beside the encoder
        deviation = (2 / (shape[1] * shape[2] ** 2)) ** 0.5 if key.endswith(".weight") else 0.1
        tensors[key] = deviation * torch.randn(shape, generator=random)
    return tensors


def random_encoder(name: str, **how) -> Encoder:
    """An encoder with random weights."""
    return Encoder(ARCHITECTURES[name], random_tensors(name), **how)


def write_weights(folder: Path, name: str) -> Path:
    """The random weights of an encoder as a file of the library in `folder`."""
    path = folder / f"{name}.safetensors"
    save_file(random_tensors(name), path)
    return path


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
