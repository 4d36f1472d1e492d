"""Weights in eight bits: half the bytes of half precision, for models that are passed on.

Symmetric, by output channel: a weight is a whole number from -127 to 127 times the scale of its channel (Krishnamoorthi
2018, https://arxiv.org/abs/1806.08342).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import ModelError
from ..system.untrusted import excerpt

SCALE = ":scale"
"""Ending of the name of the scales (N,) of a tensor (N, ...)."""
LEAST_VALUES = 1024
"""Smaller tensors stay as they are: they hardly count, and biases and gains are not weights of many."""
LARGEST = 127


def quantised(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors, with large weights (names end in `.weight`) as int8, and their scales beside them."""
    made: dict[str, np.ndarray] = {}
    for name, tensor in tensors.items():
        if not name.endswith(".weight") or tensor.dtype.kind != "f" or tensor.size < LEAST_VALUES:
            made[name] = tensor
            continue
        wide = tensor.astype(np.float32)
        peaks = np.abs(wide.reshape(len(wide), -1)).max(1)
        scales = np.where(peaks > 0, peaks, 1).astype(np.float32) / LARGEST
        made[name] = np.round(wide / _beside(scales, wide)).astype(np.int8)
        made[name + SCALE] = scales
    return made


def restored(tensors: Mapping[str, np.ndarray], file: str) -> dict[str, np.ndarray]:
    """The tensors, with those in eight bits in single precision. ModelError if their scales do not fit."""
    made = {name: tensor for name, tensor in tensors.items() if not name.endswith(SCALE)}
    for name, scales in tensors.items():
        if not name.endswith(SCALE):
            continue
        name = name.removesuffix(SCALE)
        values = made.get(name)
        if values is None or values.dtype != np.int8 or scales.dtype.kind != "f" or scales.shape != values.shape[:1]:
            raise ModelError(f"{excerpt(file)} is damaged: {excerpt(name + SCALE)}", "copy it again, or remove it")
        made[name] = values * _beside(scales.astype(np.float32), values)
    return made


def _beside(scales: np.ndarray, tensor: np.ndarray) -> np.ndarray:
    """Scales (N, 1, ...) with as many axes as the tensor (N, ...)."""
    return scales.reshape(-1, *[1] * (tensor.ndim - 1))
