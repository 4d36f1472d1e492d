"""PBR sets that benchmarks measure: one in each folder below a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from impasto import Maps
from impasto.data.dataset import read_dataset


def pbr_sets(folder: Path) -> Iterator[tuple[str, Maps]]:
    """Name and maps of each set."""
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        (sample,) = read_dataset(path).samples
        yield path.name, sample.load()
