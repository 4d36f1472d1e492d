"""Measures the weight of a torus's size against the stretch of its periods, on the lattices of the bundled models.

    python benchmarks/torus_sizes.py

For sizes of 256 to 4096 px: the mean deviation from the requested size, and the mean and largest stretch of periods.
"""

from __future__ import annotations

import torch

from impasto.plugins.registry import registry
from impasto.regularity import lattice
from impasto.regularity.lattice import Lattice

COSTS = (0.06, 0.12, 0.25, 0.5, 1.0)
MULTIPLE, MOST_PX = 8, 16384
SIZES = range(256, 4097, 120)


def main() -> None:
    """Print a line for each value of SIZE_COST."""
    lattices = _lattices()
    print(
        f"{len(lattices)} lattices, {len(SIZES)} sizes\n{'cost':>6} {'deviation':>10} {'stretch':>10} {'largest':>10}"
    )
    for cost in COSTS:
        lattice.SIZE_COST = cost
        deviations, stretches = [], []
        for one in lattices:
            for side in SIZES:
                for axis, chosen in enumerate(one.torus_size((side, side), MOST_PX, MULTIPLE)):
                    deviations.append(abs(chosen / side - 1))
                    stretches.append(one._stretch(axis, chosen))
        mean = sum(deviations) / len(deviations), sum(stretches) / len(stretches)
        print(f"{cost:6} {mean[0]:10.4f} {mean[1]:10.4f} {max(stretches):10.4f}")


def _lattices() -> list[Lattice]:
    cards = [model.card for model in registry().model_library().all()]
    vectors = [card.get("lattice", {}).get("wave_vectors") for card in cards]
    return [Lattice(torch.tensor(one)) for one in vectors if one]


if __name__ == "__main__":
    main()
