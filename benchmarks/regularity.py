"""Prints the patterns detected in seamless PBR sets, and the distances from the detector's thresholds.

    python benchmarks/regularity.py FOLDER_OF_SETS

A set that wraps holds whole periods of what repeats, so cycles per side that are not whole are errors. The last columns
are what LATTICE_CORRELATION, VARIANCE_SHARE and MOST_SPREAD are compared with.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from pbr_sets import pbr_sets

from impasto import Maps
from impasto.regularity.correlation import autocorrelation, find_basis, normalise
from impasto.regularity.detection import find_lattice, find_regularity
from impasto_gan.torus.cells.division import find_cells

MAPS = ("base_color", "roughness")
STEPS = [step / 100 for step in range(20, 100, 2)]


def main() -> None:
    """Print a line for each map of each set, and the errors of all periods."""
    errors = []
    print(f"{'set':36} {'map':10} {'cycles per side':24} {'lattice':>8} {'variance':>12} {'spread':>7}")
    for set_name, maps in pbr_sets(Path(sys.argv[1])):
        for name in filter(maps.__contains__, MAPS):
            cycles, shown = measured(maps, name)
            errors += [abs(count - round(count)) for count in cycles]
            print(f"{set_name:36} {name:10} {shown}", flush=True)
    print(f"error of {len(errors)} counts of cycles: mean {sum(errors) / len(errors):.3f}, most {max(errors):.3f}")


def measured(maps: Maps, name: str) -> tuple[list[float], str]:
    """Cycles of rows along the sides of a map, and a line about the pattern found."""
    pixels = torch.from_numpy(maps[name].pixels)
    luminance = pixels.mean(2)
    found = find_regularity(luminance)
    rows = [one for one in found.rows if one] if found else []
    cycles = [side / one.period for side, one in zip(luminance.shape, found.rows, strict=True) if one] if found else []
    correlation = autocorrelation(normalise(luminance)[0])
    reached = max((step for step in STEPS if find_basis(correlation, step) is not None), default=0.0)
    lattice = find_lattice(luminance)
    bond = find_cells(pixels.permute(2, 0, 1), lattice).bond if len(rows) == 1 and lattice.has_rows else None
    shares = ", ".join(f"{one.variance_share:.3f}" for one in rows)
    counts = ", ".join(f"{count:.3f}" for count in cycles)
    if found and found.wave_vectors is not None:
        counts = "peaks " + ", ".join(
            f"({y * luminance.shape[0]:.1f} {x * luminance.shape[1]:.1f})" for y, x in found.wave_vectors.tolist()
        )
    return cycles, f"{counts:24} {reached:8.2f} {shares:>12} {f'{bond.spread:.3f}' if bond else '':>7}"


if __name__ == "__main__":
    main()
