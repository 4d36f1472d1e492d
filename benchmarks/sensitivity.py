"""Sensitivity of the pattern detector to its thresholds, each divided and multiplied by 1.25.

    python benchmarks/sensitivity.py FOLDER_OF_SETS

In a set that wraps, whatever repeats does so a whole number of times. So a line says for each value in how many sets
rows or a lattice were found, and how far their counts are from whole ones: what is found by chance is 0.25 off.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import torch
from pbr_sets import pbr_sets
from torch import Tensor

from impasto.regularity import bond, correlation, detection, rows
from impasto.regularity.bond import Sublattice
from impasto.regularity.detection import Regularity, find_regularity

FACTOR = 1.25
THRESHOLDS: tuple[tuple[ModuleType, str], ...] = (
    (rows, "CORRELATION"),
    (rows, "VARIANCE_SHARE"),
    (rows, "KEYSTONE_SHARE"),
    (rows, "KEYSTONE_GAIN"),
    (rows, "LEVEL_SHARE"),
    (rows, "PEAK"),
    (rows, "TALLEST_SHARE"),
    (rows, "SURE"),
    (bond, "LEAST_CORRELATION"),
    (bond, "NEARLY_BEST"),
    (bond, "ALIKE"),
    (detection, "LATTICE_CORRELATION"),
    (correlation, "LEAST_PEAK"),
    (correlation, "AREA_COST"),
    (correlation, "LEAST_SINE"),
)


def main() -> None:
    """Print a line for the unchanged thresholds, and two for each changed one."""
    pictures = dict(_pictures(Path(sys.argv[1])))
    found = {name: find_regularity(picture) for name, picture in pictures.items()}
    print(f"{'as it is':30} {summary(found, pictures)}", flush=True)
    for module, name in THRESHOLDS:
        for value in (getattr(module, name) / FACTOR, _times(getattr(module, name))):
            with patch.object(module, name, value):
                changed = {name: find_regularity(picture) for name, picture in pictures.items()}
            others = [key for key, one in pictures.items() if _seen(changed[key], one) != _seen(found[key], one)]
            line = f"{name:22} {value:7.3f} {summary(changed, pictures)}"
            print(f"{line}; changes {', '.join(others) or 'none'}", flush=True)


def _times(share: float) -> float:
    """The threshold times FACTOR; fractions and correlations stay below 1."""
    return share * FACTOR if share > 1 else min(0.999, share * FACTOR)


def summary(found: dict[str, Regularity | None], pictures: dict[str, Tensor]) -> str:
    """Number of pictures with a pattern, and the mean distance of its counts from whole numbers."""
    every = [count for name, one in found.items() for count in counts(one, pictures[name])]
    errors = [abs(count - round(count)) for count in every]
    regular = sum(one is not None for one in found.values())
    return f"{regular:3} of {len(found)} regular, counts {sum(errors) / max(len(errors), 1):.3f} off"


def _seen(found: Regularity | None, picture: Tensor) -> tuple[Sublattice | None, list[float]]:
    """The bond of rows, if there are any, and the counts of periods."""
    return found.sublattice if found else None, counts(found, picture)


def counts(found: Regularity | None, picture: Tensor) -> list[float]:
    """Periods along the sides of a picture (H, W), to a hundredth."""
    if found is None:
        return []
    if found.wave_vectors is not None:
        cycles = (found.wave_vectors * torch.tensor(picture.shape)).flatten().tolist()
    else:
        cycles = [side / one.period for side, one in zip(picture.shape, found.rows, strict=True) if one]
    return [round(count, 2) for count in cycles]


def _pictures(folder: Path) -> Iterator[tuple[str, Tensor]]:
    """The luminance (H, W) of each set's base colour."""
    for name, maps in pbr_sets(folder):
        yield name, torch.from_numpy(maps["base_color"].pixels).mean(2)


if __name__ == "__main__":
    main()
