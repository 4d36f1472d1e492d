"""Softmax regression with a Gaussian prior, and its judgement by ways of drawing that it never saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from impasto_style.kinds.recognition import NONE, KindModel

PRIOR = 0.01
"""Weight of the squared weights beside the mean cross-entropy."""
STEPS = 200
PRECISION = 0.95
"""Share of right answers, among ways of drawing that were not learned, from which a kind counts as recognised."""


def fitted(values: np.ndarray, labels: Sequence[str], features: Sequence[str], least: float = 0.0) -> KindModel:
    """The model of features (N, F) with labels (N,); each kind counts the same."""
    kinds = tuple(sorted(set(labels)))
    target = torch.tensor([kinds.index(label) for label in labels])
    mean, deviation = values.mean(0), values.std(0) + 1e-6
    empty = np.zeros((values.shape[1], len(kinds)), np.float32)
    model = KindModel(kinds, tuple(features), empty, empty[0], mean, deviation, least)
    x = torch.from_numpy(model.standardise(values)).double()
    weights = torch.zeros(empty.shape, dtype=torch.float64, requires_grad=True)
    offsets = torch.zeros(len(kinds), dtype=torch.float64, requires_grad=True)
    shares = 1 / torch.bincount(target).double()
    optimiser = torch.optim.LBFGS([weights, offsets], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = cross_entropy(x @ weights + offsets, target, shares) + PRIOR * weights.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    found = (tensor.detach().numpy().astype(np.float32) for tensor in (weights, offsets))
    return KindModel(kinds, tuple(features), *found, mean, deviation, least)


def least_probability(probabilities: np.ndarray, is_right: np.ndarray, is_none: np.ndarray) -> float:
    """Probability from which at least `PRECISION` of the answers other than none are right."""
    for least in (percent / 100 for percent in range(30, 99)):
        named = (probabilities.max(1) >= least) & ~is_none
        if named.any() and is_right[named].mean() >= PRECISION:
            return least
    return 0.99


def judged(values: np.ndarray, labels: np.ndarray, ways: np.ndarray, features: Sequence[str]) -> np.ndarray:
    """Probabilities (N, K) of each picture, by a model that learned from the other ways of drawing."""
    found = np.zeros((len(labels), len(set(labels))), np.float32)
    for way in np.unique(ways):
        model = fitted(values[ways != way], labels[ways != way].tolist(), features)
        found[ways == way] = model.probabilities(values[ways == way])
    return found


def confusion(kinds: Sequence[str], labels: np.ndarray, probabilities: np.ndarray, least: float) -> np.ndarray:
    """Counts (K, K + 1): rows are the kinds drawn, columns those recognised; the last column is what is uncertain."""
    table = np.zeros((len(kinds), len(kinds) + 1), int)
    for label, row in zip(labels, probabilities, strict=True):
        best = int(row.argmax())
        is_sure = row[best] >= least and kinds[best] != NONE
        table[list(kinds).index(label), best if is_sure or kinds[best] == NONE else len(kinds)] += 1
    return table
