"""Sliders: directions in which a model's style varies most, named by what moving along them does to the picture.

Principal components of the style of many latents, as GANSpace finds them (Härkönen et al. 2020, section 2.2), measured
one by one on pictures of the same noise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from impasto.color import linear_to_oklab, srgb_to_linear

from .generate import Choice, Model, Painting
from .networks import GLOBAL_CHANNELS
from .region import whole

SAMPLES = 512
CANDIDATES = 8
MOST = 6
PICTURE_PX = 128
REACH = 2.0
"""Deviations to either side at which a direction is measured."""

VISIBLE = {"brightness": 0.02, "warmth": 0.008, "tint": 0.008, "contrast": 0.08, "scale": 0.05, "relief": 0.08}
VISIBLE |= {"roughness": 0.02, "metal": 0.02}
"""The least change from one end to the other that is worth a slider; contrast, scale and relief in parts."""


@dataclass(frozen=True)
class Sliders:
    """directions (N, 32) in style, a deviation long, and for each what the model's card says of it."""

    directions: Tensor
    card: list[dict[str, Any]]


@torch.inference_mode()
def find_sliders(model: Model, seed: int = 0) -> Sliders:
    """At most six directions that do something visible, each under the name of what it changes most."""
    random = torch.Generator().manual_seed(seed)
    latents = torch.randn(SAMPLES, GLOBAL_CHANNELS, generator=random).to(model.device)
    classes = None
    if model.classes:
        chosen = torch.randint(len(model.classes), (SAMPLES,), generator=random)
        classes = torch.nn.functional.one_hot(chosen, len(model.classes)).float().to(model.device)
    styles = model.network.style(latents, classes).cpu()
    _, deviations, axes = torch.linalg.svd(styles - styles.mean(0), full_matrices=False)
    directions = axes[:CANDIDATES] * (deviations[:CANDIDATES, None] / SAMPLES**0.5)
    changes = [_changes(replace(model, sliders=direction[None]), seed) for direction in directions]
    return _named(directions, changes)


def _named(directions: Tensor, changes: Iterable[dict[str, float]]) -> Sliders:
    """Each direction under the name of its largest visible change, the larger first where two have the same."""
    found: dict[str, tuple[float, Tensor, float]] = {}
    for direction, change in zip(directions, changes, strict=True):
        name = max(change, key=lambda key: abs(change[key]) / VISIBLE[key])
        share = abs(change[name]) / VISIBLE[name]
        if share >= 1 and share > found.get(name, (0.0,))[0]:
            sign = 1.0 if change[name] > 0 else -1.0
            found[name] = (share, sign * direction, abs(change[name]))
    ranked = sorted(found.items(), key=lambda item: -item[1][0])[:MOST]
    card = [
        {"name": name, "label": name.capitalize(), "low": -3, "high": 3, "default": 0, "change": round(change, 4)}
        for name, (_, _, change) in ranked
    ]
    kept = [direction for _, (_, direction, _) in ranked]
    return Sliders(torch.stack(kept) if kept else directions[:0], card)


def _changes(model: Model, seed: int) -> dict[str, float]:
    """What the model's one slider changes, from one end to the other."""
    classes = tuple(1 / len(model.classes) for _ in model.classes)
    low, high = (
        _measured(Painting(model, Choice((PICTURE_PX, PICTURE_PX), seed, classes=classes, sliders=(at,))))
        for at in (-REACH, REACH)
    )
    relative = ("contrast", "scale", "relief")
    return {name: np.log(high[name] / low[name]) if name in relative else high[name] - low[name] for name in low}


def _measured(painting: Painting) -> dict[str, float]:
    """Brightness, warmth and tint (Oklab), contrast, size of detail, relief, roughness and metal of a picture."""
    arrays = painting.arrays(whole(painting.choice.size))
    found: dict[str, float] = {}
    if "base_color" in arrays:
        lab = linear_to_oklab(srgb_to_linear(arrays["base_color"]))
        light, a, b = (lab[..., channel] for channel in range(3))
        step = np.concatenate([np.diff(light, axis=axis).ravel() for axis in (0, 1)])
        found = {"brightness": light.mean(), "warmth": (a + b).mean(), "tint": (a - b).mean()}
        found |= {"contrast": light.std() + 1e-4, "scale": (light.std() + 1e-4) / (step.std() + 1e-4)}
    if "height" in arrays:
        found["relief"] = float(arrays["normal"][..., :2].std()) + 1e-4
    for name, key in (("roughness", "roughness"), ("metallic", "metal")):
        if name in arrays:
            found[key] = float(arrays[name].mean())
    return {name: float(value) for name, value in found.items()}
