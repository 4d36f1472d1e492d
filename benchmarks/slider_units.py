"""Measures the longest unit of a slider, and the change of a unit, on the bundled models.

    python benchmarks/slider_units.py

For each value: how many sliders are found, how far their ends (3 units) are from proportional to one unit, the share of
clipped colours there beyond that of the unmoved picture, and, for sliders of colour alone, how much the spectrum
changes (dB), which they should leave as it is. Pictures of seeds with which no slider was found or tested.
"""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from impasto.context import Context
from impasto.evaluation.metrics import spectrum_difference_db
from impasto.plugins.registry import registry
from impasto.regularity.region import full_region
from impasto_gan.torus import sliders
from impasto_gan.torus.generate import Choice, Synthesis
from impasto_gan.torus.model import TorusModel, load_torus

LONGEST = (1.25, 2.5, 5.0)
FACTORS = (0.5, 1.0, 2.0)
"""Factors of CHANGE."""
SEEDS = (11, 12)
END = 3
OF_COLOR = ("brightness", "warmth", "tint")


def main() -> None:
    """Print a line for each value of LONGEST, then for each factor of CHANGE."""
    library = registry().model_library()
    models = [
        load_torus(model.name, Context(models=library)) for model in library.all() if model.card["tool"] == "torus"
    ]
    print(f"{len(models)} models\n{'':18} {'sliders':>8} {'nonlinear':>10} {'clipped':>8} {'spectrum, dB':>13}")
    for longest in LONGEST:
        _line(f"LONGEST {longest:g}", models, lambda value=longest: patch.object(sliders, "LONGEST", value))
    for factor in FACTORS:
        change = {name: factor * value for name, value in sliders.CHANGE.items()}
        _line(f"CHANGE times {factor:g}", models, lambda value=change: patch.object(sliders, "CHANGE", value))


def _line(title: str, models: list[TorusModel], changed: Callable) -> None:
    count, rows, differences = 0, [], []
    for model in models:
        with changed():
            directions, described = sliders.find_sliders(model)
        count += len(described)
        for about, direction in zip(described, directions, strict=True):
            rows.append(_nonlinearity_and_clipping(model, direction, about["name"]))
            if about["name"] in OF_COLOR:
                differences.append(_spectrum_change(model, direction))
    nonlinear, clipped = np.mean(rows, axis=0)
    print(f"{title:18} {count:8} {nonlinear:10.3f} {clipped:8.4f} {np.mean(differences):13.2f}", flush=True)


def _nonlinearity_and_clipping(model: TorusModel, direction: Tensor, name: str) -> tuple[float, float]:
    """|change at the ends / (END times the change of a unit) - 1|, and the share of values that clip at the ends."""
    ratios, shares = [], []
    for seed in SEEDS:
        values = {at: sliders._properties(model, direction, seed, at)[name] for at in (-END, -1, 1, END)}
        unit = sliders._difference(name, values[-1], values[1])
        ratios.append(abs(sliders._difference(name, values[-END], values[END]) / (END * unit) - 1))
        resting = _clipped(_picture(model, direction, seed, 0))
        shares += [_clipped(_picture(model, direction, seed, at)) - resting for at in (-END, END)]
    return float(np.mean(ratios)), float(np.mean(shares))


def _spectrum_change(model: TorusModel, direction: Tensor) -> float:
    found = []
    for seed in SEEDS:
        unmoved = _picture(model, direction, seed, 0)
        moved = [_picture(model, direction, seed, at) for at in (-END, END)]
        found += [np.abs(spectrum_difference_db(one, unmoved)).max() for one in moved]
    return float(np.mean(found))


def _clipped(picture: np.ndarray) -> float:
    return float(((picture <= 0) | (picture >= 1)).mean())


@torch.inference_mode()
def _picture(model: TorusModel, direction: Tensor, seed: int, at: float) -> np.ndarray:
    synthesis = Synthesis(model, Choice((sliders.PICTURE_PX, sliders.PICTURE_PX), seed, moved=at * direction))
    return synthesis.arrays(full_region(synthesis.choice.size))["base_color"]


if __name__ == "__main__":
    main()
