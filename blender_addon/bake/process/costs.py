# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and memory of a bake, by the time that each map took on this computer when it was baked last.

A bake that cannot fit into memory is refused before it starts, since systems end whole programs for it.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from ...core.batch.units import readable_bytes, readable_time
from ...core.errors import FileError, ImpastoError, Message, ProtocolError
from ...core.system.transaction import replace_files
from ...core.system.typed_json import as_kind
from ...core.system.untrusted import read_json
from ...engine import engine
from ..objects.sets import BakeSet
from ..render.canvas import tiles_of
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
        """Text with the remaining time; empty while that is short or unknown."""
        seconds = self.seconds_of(names) or 0.0
        return Message("about {} left", readable_time(seconds)) if seconds >= LEAST_S else ""


class _BakeRates:
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


record = _BakeRates()


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
        return Message("About {} of memory", memory)
    return Message("About {} and {} of memory", readable_time(seconds * sets), memory)


def check_memory(sets: Sequence[BakeSet], options: BakeOptions) -> None:
    """Raise ImpastoError if the maps of a set cannot fit into the memory that is free."""
    tiles = max((_tiles(one) for one in sets), default=1)
    needed, free = memory_bytes(options, tiles), free_bytes()
    if free and needed > free:
        message = "the bake needs {} of memory, and {} are free"
        raise memory_error(Message(message, readable_bytes(needed), readable_bytes(free)))


def memory_error(message: str = "the maps do not fit into memory") -> ImpastoError:
    """Error of a bake that is too large."""
    return ImpastoError(message, "choose a smaller width and height, or close other programs")


def _tiles(bake_set: BakeSet) -> int:
    """Number of UDIM tiles, as far as modifiers do not change it."""
    meshes = [(obj.data, obj.data.uv_layers.active.name) for obj in bake_set.objects if obj.data.uv_layers]
    return tiles_of(meshes).count if bake_set.use_tiles and meshes else 1


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of Windows."""

    _fields_ = (
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        *((name, ctypes.c_ulonglong) for name in ("total", "free", "pages", "free_pages", "virtual", "free_virtual")),
        ("extended", ctypes.c_ulonglong),
    )


def free_bytes() -> int:
    """Memory that is free, or all memory where the system does not say how much is free; 0 if neither is known."""
    if sys.platform == "win32":
        status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return int(status.free)
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pages = {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= os.sysconf_names.keys()
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if pages else 0
