"""Measures the constants of unit cells on the half of each PBR set that they were not fitted to.

    python benchmarks/unit_cells.py FOLDER_OF_SETS

A unit cell is fitted to a set's left half and explains the right half: the more of its variance, the better, until
grain of the left half is learned too. A line for each set whose rows have cells, and the mean of all.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import torch
from pbr_sets import pbr_sets
from torch import Tensor

from impasto.numerics.pyramid import split_band
from impasto.regularity.detection import find_lattice
from impasto.regularity.lattice import Lattice
from impasto.regularity.region import picture_region
from impasto_gan.torus.cells import components, periodic
from impasto_gan.torus.cells.components import PrincipalComponents
from impasto_gan.torus.cells.division import find_cells
from impasto_gan.torus.cells.periodic import PeriodicFunction

Half = tuple[Tensor, Lattice]
"""Part of a picture (C, H, w) of mean 0, and the lattice in its coordinates."""
RANKS, STEPS = (1, 2, 3, 4, 6, 8), (3, 6, 12, 24)
COUNTS, COMPONENT_RANKS = (1, 2, 3, 4, 6), (1, 2, 3, 4)
BANDS, VARIANCE_RANKS = 5, (1, 2, 3, 4)


def main() -> None:
    """Print a table for each constant: rows are sets, columns are values."""
    halves = {name: (left, right) for name, left, right in _sets(Path(sys.argv[1]))}
    report("variance explained by the mean of rank (RANK)", RANKS, halves, explained_by_rank)
    report("the same after so many steps (LANDWEBER_STEPS)", STEPS, halves, explained_by_steps)
    report("variance left by so many components (COMPONENTS)", COUNTS, halves, left_by_count)
    report("the same for 3 components of rank (components.RANK)", COMPONENT_RANKS, halves, left_by_rank)
    for rank in VARIANCE_RANKS:
        text = f"nats per sample gained by variances of rank {rank} in band (BANDS, VARIANCE_RANK)"
        report(text, range(BANDS), halves, lambda left, right, band, rank=rank: gained(left, right, band, rank))


def report(text: str, values: Sequence[int], halves: dict[str, tuple[Half, Half]], measure: Callable) -> None:
    """Print what is measured for each set and value, and its mean over sets."""
    print(f"\n{text}\n{'':32}" + "".join(f"{value:>8}" for value in values))
    rows = []
    for name, (left, right) in halves.items():
        row = [measure(left, right, value) for value in values]
        if not any(map(math.isnan, row)):
            rows.append(row)
            print(f"{name:32}" + "".join(f"{value:8.3f}" for value in row), flush=True)
    means = torch.tensor(rows).mean(0).tolist() if rows else []
    print(f"{'mean of ' + str(len(rows)):32}" + "".join(f"{value:8.3f}" for value in means))


def explained_by_rank(left: Half, right: Half, rank: int) -> float:
    """Fraction of the right half's variance that the mean cell of the left half explains."""
    mean = PeriodicFunction.of_picture(*left, rank=rank)
    picture, found = right
    rest = picture - mean(found, picture_region(picture))
    return 1 - float(rest.square().mean() / picture.square().mean())


def explained_by_steps(left: Half, right: Half, steps: int) -> float:
    """The explained fraction with another number of Landweber steps."""
    with patch.object(periodic, "LANDWEBER_STEPS", steps):
        return explained_by_rank(left, right, periodic.RANK)


def left_by_count(left: Half, right: Half, count: int, rank: int = components.RANK) -> float:
    """Fraction of the right half's variance around the mean cell that components of the left half do not explain."""
    mean = PeriodicFunction.of_picture(*left)
    with patch.object(components, "COMPONENTS", count), patch.object(components, "RANK", rank):
        found = PrincipalComponents.of(left[0] - mean(left[1], picture_region(left[0])), left[1])
        if found is None:
            return math.nan
        rest = right[0] - mean(right[1], picture_region(right[0]))
        return float(found.residual(rest, right[1]).square().mean() / rest.square().mean())


def left_by_rank(left: Half, right: Half, rank: int) -> float:
    """The unexplained fraction for another number of components."""
    return left_by_count(left, right, components.COMPONENTS, rank)


def gained(left: Half, right: Half, band: int, rank: int) -> float:
    """Gain in log-likelihood per sample of a frequency band from variances per phase; more is better.

    Samples count as normally distributed around the mean cell, and the control is one variance for the whole band.
    """
    mean = PeriodicFunction.of_picture(*left)
    details = []
    for picture, found in (left, right):
        rest = (picture - mean(found, picture_region(picture)))[None]
        for _ in range(band):
            rest = split_band(rest)[1]
        details.append(split_band(rest)[0][0])
    squares = [detail.square() / details[0].square().mean((1, 2), keepdim=True) for detail in details]
    variance = PeriodicFunction.of_picture(squares[0], left[1], 1 << band, rank)
    at_phase = variance(right[1], picture_region(squares[1]), 1 << band).clamp(min=0.01)
    return float(0.5 * (squares[1] - squares[1] / at_phase - at_phase.log()).mean())


def _sets(folder: Path) -> Iterator[tuple[str, Half, Half]]:
    """The sets whose rows have cells: name, left and right half of the base colour."""
    for name, maps in pbr_sets(folder):
        pixels = torch.from_numpy(maps["base_color"].pixels).permute(2, 0, 1)
        width = pixels.shape[2] // 2
        found = find_lattice(pixels.mean(0))
        if found.has_rows:
            found = find_cells(pixels, found)
        if found.has_cells:
            pixels = pixels - pixels.mean((1, 2), keepdim=True)
            right = found.relative_to(torch.tensor([0.0, float(width)]))
            if found.bond is not None and found.row_axis == 1:
                continue  # row offsets begin with the first row of the whole picture
            yield name, (pixels[..., :width], found), (pixels[..., width:], right)


if __name__ == "__main__":
    main()
