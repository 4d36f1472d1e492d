"""Sliders: directions in a model's latent space, each named by what it changes in the picture, and little else.

Its axes are those of the style and, of units such as tiles, the strength of their mean and the modes in which they
differ: there sliders move all units alike.
How brightness, contrast, relief and so on answer to every axis is measured on pictures of the same noise;
the pseudo-inverse of these answers gives for each property the shortest move that changes it alone (the linear case of
Shen et al. 2020, "Interpreting the latent space of GANs", sections 3.2 and 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.surface.color import linear_to_oklab, srgb_to_linear

from .generate import Choice, Model, Painting
from .region import whole

PICTURE_PX = 128
STEP = 0.5
"""How far along an axis its effect is measured."""
RIDGE = 0.1
REACH = 2.0
"""Where a slider is tried out, to either side."""
LONGEST = 2.5
"""Length of a slider's unit: further out, pictures fall apart."""
MOST = 6
FOUND_WITH, TRIED_WITH = (0, 1), (2, 3, 4)
"""Seeds whose pictures sliders are found with; and others, for which what they do must hold too."""

CHANGE = {"brightness": 0.02, "warmth": 0.008, "tint": 0.008, "contrast": 0.08, "detail": 0.05, "relief": 0.1}
CHANGE |= {"roughness": 0.02, "metal": 0.02}
"""What a slider should change by a unit; contrast, detail and relief as logarithms of a ratio."""


@dataclass(frozen=True)
class Sliders:
    """directions (N, axes) of a model, a unit long, and for each what the model's card says of it."""

    directions: Tensor
    card: list[dict[str, Any]]


@torch.inference_mode()
def find_sliders(model: Model) -> Sliders:
    """At most six sliders whose effect can be seen, the strongest first. `change`: what one does from end to end."""
    axes = STEP * torch.eye(model.axes)
    answers = [_change(model, axis) for axis in axes]
    names = [name for name in CHANGE if name in answers[0]]
    effects = torch.tensor([[answer[name] / CHANGE[name] / (2 * STEP) for answer in answers] for name in names])
    gram = effects @ effects.T
    moves = torch.linalg.solve(gram + RIDGE * gram.diagonal().mean() * torch.eye(len(names)), effects)  # (names, axes)
    found = []
    for index, name in enumerate(names):
        move = moves[index] / max(float(moves[index] @ effects[index]), 1e-6)
        move = move * min(1.0, LONGEST / max(float(move.norm()), 1e-6))
        change = _change(model, REACH * move)
        shares = {other: change[other] / CHANGE[other] / (2 * REACH) for other in names}
        is_strongest = shares[name] > 0.25 and shares[name] >= max(abs(share) for share in shares.values())
        if is_strongest and all(_rises(model, move, name, seed) for seed in TRIED_WITH):
            found.append((shares[name], name, move, change[name]))
    found.sort(key=lambda item: -item[0])
    card = [
        {"name": name, "label": name.capitalize(), "low": -3, "high": 3, "default": 0, "change": round(change, 4)}
        for _, name, _, change in found[:MOST]
    ]
    directions = [move for _, _, move, _ in found[:MOST]]
    return Sliders(torch.stack(directions) if directions else torch.zeros(0, model.axes), card)


def _rises(model: Model, move: Tensor, name: str, seed: int) -> bool:
    """Whether there is more of a property the further one goes, on the picture of this seed."""
    low, middle, high = (_tried(model, move, seed, at)[name] for at in (-REACH, 0.0, REACH))
    return low < middle < high


def _tried(model: Model, move: Tensor, seed: int, at: float) -> dict[str, float]:
    """Properties of the picture of a seed, `at` moves away."""
    choice = Choice((PICTURE_PX, PICTURE_PX), seed, sliders=(at,))
    return _measured(Painting(replace(model, sliders=move[None]), choice))


def _change(model: Model, move: Tensor) -> dict[str, float]:
    """What differs between the pictures one move away to either side, in the mean of the seeds."""
    pairs = [[_tried(model, move, seed, at) for at in (-1.0, 1.0)] for seed in FOUND_WITH]
    return {
        name: float(np.mean([_difference(name, low[name], high[name]) for low, high in pairs])) for name in pairs[0][0]
    }


def _difference(name: str, low: float, high: float) -> float:
    return float(np.log(high / low)) if name in ("contrast", "detail", "relief") else high - low


def _measured(painting: Painting) -> dict[str, float]:
    """Brightness, warmth and tint (Oklab), contrast, fineness of detail, relief, roughness and metal of a picture."""
    arrays = painting.arrays(whole(painting.choice.size))
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
