# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of a bake: one that cannot fit is refused before it starts, since systems end whole programs for it."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ...core.batch.units import readable_bytes
from ...core.errors import ImpastoError
from ..objects.sets import BakeSet
from ..render.tiles import tiles_of
from ..settings import BakeOptions
from .costs import memory_bytes


def check_memory(sets: Sequence[BakeSet], options: BakeOptions) -> None:
    """Raise ImpastoError if the maps of a set cannot fit into the memory that is free."""
    tiles = max((_tiles(one) for one in sets), default=1)
    needed, free = memory_bytes(options, tiles), free_bytes()
    if free and needed > free:
        raise memory_error(f"the bake needs {readable_bytes(needed)} of memory, and {readable_bytes(free)} are free")


def memory_error(message: str = "the maps do not fit into memory") -> ImpastoError:
    """Error of a bake that is too large."""
    return ImpastoError(message, "choose a smaller width and height, or close other programs")


def _tiles(given: BakeSet) -> int:
    """Number of UDIM tiles, as far as modifiers do not change it."""
    meshes = [(obj.data, obj.data.uv_layers.active.name) for obj in given.objects if obj.data.uv_layers]
    return tiles_of(meshes).count if given.use_tiles and meshes else 1


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of Windows."""

    _fields_ = (
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        *((name, ctypes.c_ulonglong) for name in ("total", "free", "pages", "free_pages", "virtual", "free_virtual")),
        ("extended", ctypes.c_ulonglong),
    )


def free_bytes() -> int:
    """Memory that programs can still get; all that there is where the system does not say; 0 if that is not known."""
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
