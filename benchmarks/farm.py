"""Needs of typical jobs, by which a farm is sized: `python benchmarks/farm.py`, on a POSIX system.

Processor seconds, which hardly depend on what else runs, memory and bytes, and processor seconds to start and end.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from pictures import NAMES, sample, square

from impasto import write_maps

TYPICAL: list[tuple[str, str, int]] = NAMES["typical"]
"""Tool, sample picture that it starts from, and side of the result (of the source, where the tool keeps its size)."""
KEEPING = ("photo-maps", "patches-style")
REPEATS = 3


def main() -> None:
    """Print a line for each typical recipe."""
    with tempfile.TemporaryDirectory() as name:
        print("tool            side  seconds a job  to start  MiB of the engine  MB of the result")
        for index, (tool, picture, side) in enumerate(TYPICAL):
            own = Path(name) / str(index)
            own.mkdir()
            measure(own, tool, picture, side)


def measure(folder: Path, tool: str, picture: str, side: int) -> None:
    """Print the needs of a job of a typical recipe: a batch of several jobs takes so much more than one of one job."""
    header, *rows = _table(folder, tool, picture, side)
    one, several = (_usage(folder, [header, *rows[:count]], f"out-{count}") for count in (1, REPEATS))
    seconds = (_busy_s(several) - _busy_s(one)) / (REPEATS - 1)
    size = sum(file.stat().st_size for file in (folder / "out-1").glob("m0*"))
    said = f"{seconds:13.2f}  {_busy_s(one) - seconds:8.1f}  {several.ru_maxrss / 2**10:17.0f}  {size / 1e6:16.1f}"
    print(f"{tool:14} {side:5}  {said}", flush=True)


def _usage(folder: Path, table: list[str], out: str) -> resource.struct_rusage:
    """Time and memory of a batch of a table with one worker, which it waits for."""
    (folder / f"{out}.csv").write_text("\n".join(table) + "\n")
    options = "--out", out, "--workers", "1", "--no-contact-sheet"
    command = [sys.executable, "-P", "-m", "impasto", "batch", f"{out}.csv", *options]
    started = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(started.pid, 0)
    assert status == 0
    return used


def _busy_s(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _table(folder: Path, tool: str, picture: str, side: int) -> list[str]:
    """Lines of a table of equal jobs, whose pictures are written into the folder."""
    header, rows = "recipe,seed,name", [f"{tool},{seed},m{seed}" for seed in range(REPEATS)]
    if picture:
        write_maps(square(sample(picture), side if tool in KEEPING else 512), folder, "source")
        header, rows = f"{header},source", [f"{row},source_base_color.png" for row in rows]
    if tool == "patches-style":
        write_maps(square(sample("gravel"), side), folder, "style")
        header, rows = f"{header},input.style", [f"{row},style_base_color.png" for row in rows]
    if tool not in KEEPING:
        header = f"{header},parameter.width_px,parameter.height_px"
        rows = [f"{row},{side},{side}" for row in rows]
    return [header, *rows]


if __name__ == "__main__":
    main()
