"""Sliders: directions in a model's latent space that change one property of the picture and little else.

Axes are those of the style and, for unit cells such as tiles, the strength of their mean and their principal
components, which move all cells alike. The response of brightness, contrast, relief and so on to every axis is measured
on pictures with the same noise; its pseudo-inverse gives for each property the shortest move that changes it alone (the
linear case of Shen et al. 2020, "Interpreting the latent space of GANs", sections 3.2 and 3.3).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.patterns.lattice import full_region
from impasto.surface.color import linear_to_oklab, srgb_to_linear

from .generate import Choice, Synthesis
from .model import TorusModel

PICTURE_PX = 128
STEP = 0.5
"""Distance along an axis over which its effect is measured."""
RIDGE = 0.1
"""Ridge of the pseudo-inverse, relative to the mean effect, so that axes without effect stay unused."""
REACH = 2.0
"""Sliders are tested at this position on either side."""
LONGEST = 2.5
"""Longest unit of a slider; longer moves of colour also change the spectrum."""
LEAST_EFFECT = 0.25
"""Smallest effect of a slider, relative to CHANGE."""
MOST = 6
FOUND_WITH, TESTED_WITH = (0, 1), (2, 3, 4)
"""Seeds of pictures for finding sliders, and of pictures for testing their effects."""

CHANGE = {"brightness": 0.02, "warmth": 0.008, "tint": 0.008, "contrast": 0.08, "detail": 0.05, "relief": 0.1}
CHANGE |= {"roughness": 0.02, "metal": 0.02}
"""Change that one unit of a slider should cause; for contrast, detail and relief the log of a ratio. Half as
much gives more sliders with a shorter range, twice as much fewer and less even ones."""


@torch.inference_mode()
def find_sliders(model: TorusModel) -> tuple[Tensor, list[dict[str, Any]]]:
    """At most six sliders with a visible effect, strongest first: directions (N, axes), one unit long, and cards.

    `change` on a card is the effect over the tested range.
    """
    responses = [_differences(model, axis) for axis in STEP * torch.eye(model.axes)]
    names = [name for name in CHANGE if name in responses[0]]
    effects = torch.tensor([[response[name] / CHANGE[name] / (2 * STEP) for response in responses] for name in names])
    gram = effects @ effects.T
    moves = torch.linalg.solve(gram + RIDGE * gram.diagonal().mean() * torch.eye(len(names)), effects)  # (names, axes)
    found = []
    for index, name in enumerate(names):
        move = moves[index] / max(float(moves[index] @ effects[index]), 1e-6)
        move = move * min(1.0, LONGEST / max(float(move.norm()), 1e-6))
        change = _differences(model, REACH * move)
        relative = {other: change[other] / CHANGE[other] / (2 * REACH) for other in names}
        is_strongest = relative[name] > LEAST_EFFECT and relative[name] >= max(map(abs, relative.values()))
        if is_strongest and all(_rises(model, move, name, seed) for seed in TESTED_WITH):
            found.append((relative[name], name, move, change[name]))
    found.sort(key=lambda item: -item[0])
    described = [
        {"name": name, "label": name.capitalize(), "low": -3, "high": 3, "default": 0, "change": round(change, 4)}
        for _, name, _, change in found[:MOST]
    ]
    directions = [move for _, _, move, _ in found[:MOST]]
    return torch.stack(directions) if directions else torch.zeros(0, model.axes), described


def _rises(model: TorusModel, move: Tensor, name: str, seed: int) -> bool:
    """Whether a property rises along the move in the picture of this seed."""
    low, middle, high = (_properties(model, move, seed, at)[name] for at in (-REACH, 0.0, REACH))
    return low < middle < high


def _properties(model: TorusModel, move: Tensor, seed: int, at: float) -> dict[str, float]:
    """Properties of the picture of a seed, shifted by `at` times the move."""
    return _measure(Synthesis(model, Choice((PICTURE_PX, PICTURE_PX), seed, moved=at * move)))


def _differences(model: TorusModel, move: Tensor) -> dict[str, float]:
    """Differences of the properties between one move on either side, averaged over the seeds."""
    pairs = [[_properties(model, move, seed, at) for at in (-1.0, 1.0)] for seed in FOUND_WITH]
    return {
        name: float(np.mean([_difference(name, low[name], high[name]) for low, high in pairs])) for name in pairs[0][0]
    }


def _difference(name: str, low: float, high: float) -> float:
    return float(np.log(high / low)) if name in ("contrast", "detail", "relief") else high - low


def _measure(synthesis: Synthesis) -> dict[str, float]:
    """Brightness, warmth and tint (Oklab), contrast, fineness of detail, relief, roughness and metal of a picture."""
    arrays = synthesis.arrays(full_region(synthesis.choice.size))
    found: dict[str, float] = {}
    if "base_color" in arrays:
        lab = linear_to_oklab(srgb_to_linear(arrays["base_color"]))
        light, a, b = (lab[..., channel] for channel in range(3))
        step = np.concatenate([np.diff(light, axis=axis).ravel() for axis in (0, 1)])
        found = {"brightness": light.mean(), "warmth": (a + b).mean(), "tint": (a - b).mean()}
        found |= {"contrast": light.std() + 1e-4, "detail": (step.std() + 1e-4) / (light.std() + 1e-4)}
    if "height" in arrays:
        found["relief"] = arrays["normal"][..., :2].std() + 1e-4
    for name, key in (("roughness", "roughness"), ("metallic", "metal")):
        if name in arrays:
            found[key] = arrays[name].mean()
    return {name: float(value) for name, value in found.items()}
