"""Loading of a model's tensors into its network. The network takes no memory until the tensors are known to fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..system.untrusted import excerpt

Network = TypeVar("Network", bound=nn.Module)
LARGEST_WEIGHT = 1000.0
"""Limit of weights. Trained ones stay far below; larger ones would make maps black or white."""
KINDS = {True: "f", False: "iu"}
"""NumPy's kinds of types for tensors of floats (True), and for all others (False)."""


def network_of(build: Callable[[], Network], tensors: Mapping[str, np.ndarray], model: str, tool: str) -> Network:
    """The network that `build` creates, filled with these tensors in its own precision.

    ModelError names the first tensor that is missing, unexpected, or of the wrong shape or kind.
    """
    remedy = "train it again, or choose another"
    with torch.device("meta"):
        network = build()
    wanted = network.state_dict()
    if different := sorted(wanted.keys() ^ tensors.keys()):
        name, has = excerpt(different[0]), "lacks" if different[0] in wanted else "has"
        raise ModelError(f"{{}} does not fit {{}}: it {has} the tensor {{}}", remedy, model, tool, name)
    state: dict[str, Tensor] = {}
    for name, like in wanted.items():
        array, shape = tensors[name], tuple(like.shape)
        if array.shape != (shape or (1,)) and array.shape != shape:  # a file holds no 0-d arrays
            message = "{} does not fit {}: {} is {}, not {}"
            raise ModelError(message, remedy, model, tool, excerpt(name), array.shape, shape)
        if array.dtype.kind not in KINDS[like.is_floating_point()]:
            message = "{} does not fit {}: {} has the data type {}"
            raise ModelError(message, remedy, model, tool, excerpt(name), array.dtype)
        _check_sizes(array, name, model)
        state[name] = torch.from_numpy(array).reshape(shape).to(like.dtype)
    network.load_state_dict(state, assign=True)
    return network


def floats(tensors: Mapping[str, np.ndarray], name: str, shape: tuple[int | None, ...], model: str) -> Tensor:
    """A tensor that belongs to no network, as float32. shape: None for any length. Raise ModelError for others."""
    remedy = "train it again, or choose another"
    if name not in tensors:
        raise ModelError("{} lacks the tensor {}", remedy, model, excerpt(name))
    array = tensors[name]
    fits = len(array.shape) == len(shape) and all(
        want in (None, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype.kind != "f":
        raise ModelError("{} has the tensor {} of {} {}", remedy, model, excerpt(name), array.dtype, array.shape)
    _check_sizes(array, name, model)
    return torch.from_numpy(array).float()


def _check_sizes(array: np.ndarray, name: str, model: str) -> None:
    if array.dtype.kind == "f" and array.size and not np.abs(array).max() <= LARGEST_WEIGHT:
        message = "{} has weights beyond {:g} in the tensor {}"
        raise ModelError(message, "train it again, or choose another", model, LARGEST_WEIGHT, excerpt(name))
