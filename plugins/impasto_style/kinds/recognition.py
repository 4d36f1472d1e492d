"""Recognition of a painting's kind by softmax regression on measured features."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from impasto.library.tensors import read_tensors, write_tensors

from ..shared.inputs import ONE_COLOR
from .features import LEAST_PX, features_of, shrunk

MODEL = Path(__file__).with_name("kinds.safetensors")
FARTHEST = 3.0
"""Standardised features are limited to ±3 deviations of the training's."""
NONE = "none"
"""The class of pictures that belong to no kind, such as photographs."""


@dataclass(frozen=True)
class KindModel:
    """Softmax regression of kinds (K,) on features (F,): weights (F, K), offsets (K,), mean and deviation (F,).

    least: probability below which the kind is uncertain.
    """

    kinds: tuple[str, ...]
    features: tuple[str, ...]
    weights: np.ndarray
    offsets: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    least: float

    def probabilities(self, values: np.ndarray) -> np.ndarray:
        """Probability of each kind (N, K) for features (N, F)."""
        logits = self.standardise(values) @ self.weights + self.offsets
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

    def standardise(self, values: np.ndarray) -> np.ndarray:
        """Features (N, F), standardised by the mean and deviation of the training's."""
        return ((values - self.mean) / self.deviation).clip(-FARTHEST, FARTHEST)

    def save(self, path: Path) -> None:
        """Write the model as a safetensors file."""
        arrays = {name: getattr(self, name).astype(np.float32) for name in ("weights", "offsets", "mean", "deviation")}
        lists = {
            "kinds": json.dumps(self.kinds),
            "features": json.dumps(self.features),
            "least": json.dumps(self.least),
        }
        write_tensors(path, arrays, lists)

    @classmethod
    def load(cls, path: Path) -> KindModel:
        """The model from a file that `save` wrote."""
        arrays, lists = read_tensors(path)
        kinds, features = (tuple(json.loads(lists[name])) for name in ("kinds", "features"))
        return cls(kinds, features, **arrays, least=json.loads(lists["least"]))


@dataclass(frozen=True)
class Recognised:
    """The kind of a painting, or None if it is uncertain or none, and the probability of each kind."""

    kind: str | None
    probabilities: Mapping[str, float]


@cache
def kind_model() -> KindModel:
    """The bundled model."""
    return KindModel.load(MODEL)


def recognise_kind(pixels: np.ndarray) -> Recognised:
    """The kind of a painting (H, W, 3), sRGB in [0, 1]."""
    if min(pixels.shape[:2]) < LEAST_PX or np.ptp(pixels, axis=(0, 1)).max() < ONE_COLOR:
        return Recognised(None, {})
    small = shrunk(pixels)
    return _recognise_kind(small.tobytes(), small.shape)


@lru_cache(maxsize=16)
def _recognise_kind(small: bytes, shape: tuple[int, ...]) -> Recognised:
    """The cached result, since a live preview asks again and again."""
    return kind_of(features_of(np.frombuffer(small, np.float32).reshape(shape)), kind_model())


def kind_of(measured: Mapping[str, float], model: KindModel) -> Recognised:
    """The kind of a painting with these features."""
    probabilities = model.probabilities(as_rows([measured], model.features))[0]
    kind = model.kinds[probabilities.argmax()]
    is_sure = probabilities.max() >= model.least and kind != NONE
    return Recognised(kind if is_sure else None, dict(zip(model.kinds, map(float, probabilities), strict=True)))


def as_rows(measured: Sequence[Mapping[str, float]], names: Sequence[str]) -> np.ndarray:
    """Features (N, F) of several pictures."""
    return np.array([[one[name] for name in names] for one in measured], np.float32)
