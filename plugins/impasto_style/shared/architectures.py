"""Architectures of the networks, by their names in the catalogue of weights, and loading of encoders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from impasto.context import Context
from impasto.library.models import read_model
from impasto.library.tensors import SUFFIX

from ..catalogue import IMAGENET_DEVIATION, IMAGENET_MEAN
from ..catalogue import NETWORKS as DECLARED
from .controls import BUNDLED, NETWORKS
from .encoder import Architecture, Convolution, Encoder, Fire, Operation, Pool, Pooling

MODELS = Path(__file__).parents[1] / "models"


def _vgg(blocks: Sequence[Sequence[int]], names: str) -> tuple[Operation, ...]:
    """Blocks of 3x3 convolutions, with pooling in between (Simonyan & Zisserman 2014), and names of their weights."""
    operations: list[Operation] = []
    index = 0
    for block, channels in enumerate(blocks, 1):
        operations += [Pool()] if block > 1 else []
        for number in range(1, len(channels) + 1):
            name = names.format(block=block, number=number, index=index)
            operations.append(Convolution(name, f"relu{block}_{number}"))
            index += 2  # torchvision's `features` also count ReLUs and poolings
        index += 1
    return tuple(operations)


def _squeezenet() -> tuple[Operation, ...]:
    """SqueezeNet 1.1's `features` (Iandola et al. 2016), padded, so that layers stay aligned with the picture."""
    operations: list[Operation] = [Convolution("features.0", "relu1", stride=2)]
    fires = iter(range(2, 10))
    for first, last in ((3, 4), (6, 7), (9, 12)):
        operations.append(Pool(side=3))
        operations += [Fire(f"features.{index}", f"fire{next(fires)}") for index in range(first, last + 1)]
    return tuple(operations)


def _architecture(
    blocks: Sequence[Sequence[int]] = (), names: str = "", colors: str = "", **about: Any
) -> Architecture:
    """The architecture that `networks.toml` describes. colors: weights that change the colours before the blocks."""
    before = (Convolution(colors, is_linear=True),) if colors else ()
    usual = {"mean": IMAGENET_MEAN, "deviation": IMAGENET_DEVIATION}
    layers = {key: tuple(value) if isinstance(value, list) else value for key, value in about.items()}
    return Architecture((*before, *_vgg(blocks, names)) if blocks else _squeezenet(), **usual | layers)


ARCHITECTURES = {name: _architecture(**about) for name, about in DECLARED.items()}
"""Architectures by their names in the catalogue of weights."""
CAFFE_SCALE = ARCHITECTURES["vgg19-keras"].content_scale
"""Scale of activations of the original VGG19, whose input is not divided by its deviation."""


@cache
def bundled_tensors() -> dict[str, np.ndarray]:
    """Weights of the bundled encoder. Raise ModelError if its file is damaged."""
    return read_model(MODELS / f"{BUNDLED}{SUFFIX}").load()


def chosen_network(name: str, networks: Sequence[str], context: Context) -> str:
    """The network `name`. For "auto": the first of the networks that is installed, or else the bundled network."""
    if name != "auto":
        return name
    if found := context.find_weights(networks):
        return found
    context.note("the weights {} are not installed: strokes are rougher than with them", networks[0])
    return BUNDLED


def load_encoder(name: str, context: Context, seamless: bool = False, pooling: Pooling = "max") -> Encoder:
    """The encoder with the weights `name` on the context's device. The recipe records the hash of published weights.

    name: "auto" as for `chosen_network`. Raise ModelError, with instructions, if the weights are not installed.
    """
    chosen = chosen_network(name, NETWORKS, context)
    architecture = ARCHITECTURES[chosen]
    weights = bundled_tensors() if chosen == BUNDLED else context.load_weights(chosen)
    names = [name for operation in architecture.operations for name in operation.tensor_names()]
    tensors = {name: torch.from_numpy(weights[name]).to(context.device, torch.float32) for name in names}
    return Encoder(architecture, tensors, seamless, pooling)
