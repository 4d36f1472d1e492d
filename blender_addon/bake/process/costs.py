# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and memory of a bake, by the time that each map took on this computer when it was baked last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean

from ...core.batch.units import readable_bytes, readable_time
from ...core.errors import FileError, ProtocolError
from ...core.system.transaction import replace_files
from ...core.system.typed_json import as_kind
from ...core.system.untrusted import read_json
from ...engine import engine
from ..settings import BakeOptions

LEAST_S = 5.0
"""Shortest remaining time that is worth saying."""
BYTES_PER_PIXEL, BYTES_OF_BLENDER = 215, 300 * 2**20
"""Most memory of a Blender that bakes for a pixel of a map, and besides: `benchmarks/bake.py --memory 2048`."""


class Costs:
    """Seconds of maps in a bake: those of earlier bakes, until the same map was baked in this one.

    rates: seconds by map, for a pixel and a sample; each pixel costs as much as one more sample.
    """

    def __init__(self, options: BakeOptions, rates: Mapping[str, float]) -> None:
        self._work = _pixels(options) * (options.samples + 1)
        self._before, self._measured = rates, dict[str, list[float]]()

    def add(self, name: str, seconds: float, tiles: int) -> None:
        """Count a map that was baked; tiles: number of its images."""
        self._measured.setdefault(name, []).append(seconds / max(tiles, 1) / self._work)

    @property
    def rates(self) -> dict[str, float]:
        """Rates of all maps that are known."""
        return {**self._before, **{name: fmean(rates) for name, rates in self._measured.items()}}

    def seconds_of(self, names: Iterable[str]) -> float | None:
        """Time that maps will take; None if none of them was ever baked. Once some were, others take as long."""
        rates = self.rates
        usual = fmean(fmean(one) for one in self._measured.values()) if self._measured else None
        found = [rates.get(name, usual) for name in names]
        known = [one for one in found if one is not None]
        return sum(known) * self._work if len(known) == len(found) else None

    def left(self, names: Iterable[str]) -> str:
        """Words for the time that the remaining maps take; "" while it is short or not known."""
        seconds = self.seconds_of(names) or 0.0
        return f"about {readable_time(seconds)} left" if seconds >= LEAST_S else ""


class _Record:
    """The rates in the user's folder, read once: panels ask at every redraw."""

    def __init__(self) -> None:
        self._rates: Mapping[str, float] | None = None

    @property
    def rates(self) -> Mapping[str, float]:
        """Rates of all maps that were baked in the background on this computer."""
        if self._rates is None:
            try:
                self._rates = as_kind(dict[str, float], read_json(self.path), self.path.name)
            except (FileError, ProtocolError):
                self._rates = {}
        return self._rates

    @property
    def path(self) -> Path:
        """Their file."""
        return engine.user_folder() / "bake.json"

    def keep(self, rates: Mapping[str, float], path: Path) -> None:
        """Keep rates, also in the file. Never touches bpy."""
        self._rates = rates
        replace_files({path: json.dumps(rates).encode()})


record = _Record()


def _pixels(options: BakeOptions) -> int:
    """Number of pixels that are baked for a map."""
    return options.of_parts.width_px * options.of_parts.height_px


def memory_bytes(options: BakeOptions, tiles: int = 1) -> int:
    """Most memory of the Blender that bakes maps of so many UDIM tiles."""
    return BYTES_OF_BLENDER + BYTES_PER_PIXEL * _pixels(options) * tiles


def estimate(options: BakeOptions, sets: int) -> str:
    """Sentence on the time and memory that sets of maps will take; without the time if a map was never baked here."""
    memory = readable_bytes(memory_bytes(options))
    seconds = Costs(options, record.rates).seconds_of(options.maps)
    if seconds is None:
        return f"About {memory} of memory"
    return f"About {readable_time(seconds * sets)} and {memory} of memory"
