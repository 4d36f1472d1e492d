"""A classifier for the materials that a photograph may show, by its features.

`python benchmarks/match_classifier.py` trains it on labelled thumbnails and on pictures of the materials.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from impasto.library.tensors import read_tensors

FILE = Path(__file__).with_name("classifier.safetensors")
MOST_DEVIATIONS = 4.0
"""Limit of standardised features, so that unusual pictures do not look certain."""


@dataclass(frozen=True)
class Classifier:
    """Networks with one hidden layer, whose probabilities are averaged.

    names (M,) of materials; mean and deviation (F,) of features over photographs; hidden (E, F, N) and hidden_bias
    (E, 1, N); out (E, N, M) and out_bias (E, 1, M), of E networks.
    """

    names: tuple[str, ...]
    mean: Tensor
    deviation: Tensor
    hidden: Tensor
    hidden_bias: Tensor
    out: Tensor
    out_bias: Tensor

    def probabilities(self, features: Tensor) -> dict[str, float]:
        """Probability of each material, most probable first, for features (F,)."""
        x = ((features - self.mean) / self.deviation).clamp(-MOST_DEVIATIONS, MOST_DEVIATIONS)[None]  # (1, F)
        activated = (x @ self.hidden + self.hidden_bias).relu()  # (E, 1, N)
        found = (activated @ self.out + self.out_bias).softmax(-1).mean((0, 1))
        order = found.argsort(descending=True, stable=True).tolist()
        return {self.names[index]: float(found[index]) for index in order}


@cache
def bundled_classifier() -> Classifier:
    """The bundled classifier."""
    tensors, about = read_tensors(FILE)
    return Classifier(tuple(about["names"].split()), **{k: torch.from_numpy(v).float() for k, v in tensors.items()})
