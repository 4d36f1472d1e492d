"""Architectures of the networks, by their names in the catalogue of weights, and loading of encoders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from impasto.context import Context
from impasto.library.models import read_model
from impasto.library.tensors import SUFFIX

from ..catalogue import IMAGENET_DEVIATION, IMAGENET_MEAN
from .controls import BUNDLED, NETWORKS
from .encoder import Architecture, Convolution, Encoder, Fire, Operation, Pool, Pooling

MODELS = Path(__file__).parents[1] / "models"
CLASSIC_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


def _vgg(counts: tuple[int, ...], name: Callable[[int, int, int], str]) -> tuple[Operation, ...]:
    """Blocks of `counts` 3x3 convolutions, with pooling in between (Simonyan & Zisserman 2014).

    name: gives the name of a convolution's weights from its block and number, both from 1, and its overall index.
    """
    operations: list[Operation] = []
    before = 0
    for block, count in enumerate(counts, 1):
        operations += [Pool()] if block > 1 else []
        for number in range(1, count + 1):
            operations.append(Convolution(name(block, number, before), f"relu{block}_{number}"))
            before += 1
    return tuple(operations)


def _published_vgg(*counts: int) -> tuple[Operation, ...]:
    """torchvision's `features`, whose indices also count ReLUs and poolings."""
    return _vgg(counts, lambda block, number, before: f"features.{2 * before + block - 1}")


def _small_vgg() -> tuple[Operation, ...]:
    """VGG19 up to relu5_1, distilled to a sixteenth of its weights (Wang et al. 2020), after a change of colours."""
    chain = _vgg((2, 2, 4, 4, 1), lambda block, number, before: f"encoder5.conv{block}{number}")
    return (Convolution("encoder5.conv0", is_linear=True), *chain)


def _squeezenet() -> tuple[Operation, ...]:
    """SqueezeNet 1.1's `features` (Iandola et al. 2016), padded, so that layers stay aligned with the picture."""
    operations: list[Operation] = [Convolution("features.0", "relu1", stride=2)]
    fires = iter(range(2, 10))
    for first, last in ((3, 4), (6, 7), (9, 12)):
        operations.append(Pool(side=3))
        operations += [Fire(f"features.{index}", f"fire{next(fires)}") for index in range(first, last + 1)]
    return tuple(operations)


def _imagenet(operations: tuple[Operation, ...], *about: Any) -> Architecture:
    return Architecture(operations, IMAGENET_MEAN, IMAGENET_DEVIATION, *about)


FIRES = ("relu1", "fire3", "fire5", "fire7", "fire9")


def _bundled_layers() -> tuple[Operation, ...]:
    """VGG's chain, narrower, up to relu4_2; `tasks.style_encoder` trains it."""
    return _vgg((2, 2, 3, 2), lambda block, number, before: f"conv{block}_{number}")


BUNDLED_SCALES = (0.135, 0.057, 0.03, 0.056)
CAFFE_SCALE = 58.0
"""Ratio of activations of the original VGG19, whose input is not divided by its deviation, 58 of 255, to ours."""


ARCHITECTURES: Mapping[str, Architecture] = {
    "vgg19": _imagenet(_published_vgg(2, 2, 4, 4, 4), CLASSIC_LAYERS, "relu4_2"),
    "vgg16": _imagenet(_published_vgg(2, 2, 3, 3, 3), CLASSIC_LAYERS, "relu4_2"),
    "vgg19-small": Architecture(
        _small_vgg(), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), CLASSIC_LAYERS, "relu4_2", (1.0, 1.0, 0.25, 0.25, 0.25), 0.5
    ),
    "squeezenet": _imagenet(_squeezenet(), FIRES, "fire5", (3.5, 4.9, 8.5, 10.0, 1.8), 10.0),
    "vgg19-keras": _imagenet(
        _published_vgg(2, 2, 4, 4, 4), CLASSIC_LAYERS, "relu4_2", (CAFFE_SCALE,) * len(CLASSIC_LAYERS), CAFFE_SCALE
    ),
    "vgg19-normalised": _imagenet(_published_vgg(2, 2, 1), CLASSIC_LAYERS[:3], "relu3_1", (0.21, 0.14, 0.37), 0.75),
    BUNDLED: Architecture(
        _bundled_layers(), (0.45,) * 3, (0.25,) * 3, CLASSIC_LAYERS[:4], "relu4_2", BUNDLED_SCALES, 0.21
    ),
}
"""Architectures by their names in the catalogue of weights."""


@cache
def bundled_tensors() -> dict[str, np.ndarray]:
    """Weights of the bundled encoder. ModelError if its file is damaged."""
    return read_model(MODELS / f"{BUNDLED}{SUFFIX}").load()


def chosen_network(name: str, networks: Sequence[str], context: Context) -> str:
    """The network `name`; for "auto" the first of the networks whose weights are installed, or else the bundled one."""
    if name != "auto":
        return name
    if found := context.find_weights(networks):
        return found
    context.note(f"the weights {networks[0]} are not installed: strokes are rougher than with them")
    return BUNDLED


def load_encoder(name: str, context: Context, seamless: bool = False, pooling: Pooling = "max") -> Encoder:
    """The encoder with the weights `name`, on the context's device; the recipe records the hash of published ones.

    "auto" as in `chosen_network`. ModelError, with instructions for getting it, if it is not installed.
    """
    chosen = chosen_network(name, NETWORKS, context)
    architecture = ARCHITECTURES[chosen]
    weights = bundled_tensors() if chosen == BUNDLED else context.load_weights(chosen)
    names = [name for operation in architecture.operations for name in operation.tensor_names()]
    tensors = {name: torch.from_numpy(weights[name]).to(context.device, torch.float32) for name in names}
    return Encoder(architecture, tensors, seamless, pooling)
