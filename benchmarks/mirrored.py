"""Figures of `evaluate picture` for a flawed tile: `python benchmarks/mirrored.py PHOTOGRAPH …`, in the core's
Python.

For each photograph, a tile made by mirroring a quarter of it along each side (statistics nearly right, but everything
is shown four times) beside another crop, a quilt and noise. Two classifiers each.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from impasto import Maps, read_maps
from impasto.evaluation.pictures import judge_picture

SHOWN = (
    "statistics_of_crop",
    "two_sample_auc",
    "two_sample_deviation",
    "salience_of_crop",
    "repeated_share",
    "copied_share",
    "copied_block_px",
    "layout_correlation",
    "fine_swd_of_floor",
    "seam_z_high",
    "seam_z_low",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=Path, nargs="+")
    for path in parser.parse_args().photographs:
        source = read_maps(path)
        figures = judge_picture(mirrored(source), source, classifiers=2).figures
        print(f"{path.stem:<24}", *(f"{row:>9}" for row in figures))
        for name in SHOWN:
            print(f"{name:<24}", *(f"{row[name]:9.3f}" for row in figures.values()), flush=True)


def mirrored(source: Maps) -> Maps:
    """A tile half as large as the source: one sixteenth of it and its mirror images."""
    side = min(source.size_px) // 4
    quarter = source["base_color"].pixels[side : 2 * side, side : 2 * side]
    half = np.concatenate([quarter, quarter[:, ::-1]], 1)
    return Maps.from_arrays({"base_color": np.concatenate([half, half[::-1]], 0)}, name="mirrored")


if __name__ == "__main__":
    main()
