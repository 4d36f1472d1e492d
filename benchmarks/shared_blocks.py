"""Measures which share of a quarter of each PBR set is copied from the half that a model would learn.

    python benchmarks/shared_blocks.py FOLDER_OF_SETS

A line for each set: the share of its lower right quarter that lies in copied blocks, and the largest block's side.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pbr_sets import pbr_sets

from impasto.data.parts import part_of, training_part, unseen_part
from impasto.evaluation.metrics import verbatim_copies


def main() -> None:
    """Print the share of each set."""
    for name, maps in pbr_sets(Path(sys.argv[1])):
        half = training_part(maps)
        judged, learned = (part["base_color"].pixels for part in (unseen_part(maps, half), part_of(maps, half)))
        copies = verbatim_copies(judged, learned)
        print(f"{name:32} {copies.share:6.3f} {copies.block_px:4} px", flush=True)


if __name__ == "__main__":
    main()
