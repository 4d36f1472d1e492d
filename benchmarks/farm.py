"""Needs of typical jobs, by which a farm is sized: `python benchmarks/farm.py`.

Processor seconds, which hardly depend on what else runs, memory and bytes, and processor seconds to start an engine.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path

import psutil
from pictures import NAMES, sample, square

from impasto import write_maps
from impasto.batch.engines import Limits, local_engines
from impasto.batch.plan import Output, Plan, Recipes
from impasto.batch.progress import BatchProgress
from impasto.batch.record import Record
from impasto.batch.running import run_jobs
from impasto.batch.table import Table

TYPICAL: list[tuple[str, str, int]] = NAMES["typical"]
"""Tool, sample picture that it starts from, and side of the result (of the source, where the tool keeps its size)."""
KEEPING = ("photo-maps", "patches-style")
REPEATS = 3
LOOK_S = 0.05


def main() -> None:
    """Print a line for each typical recipe."""
    with tempfile.TemporaryDirectory() as name:
        print("tool            side  seconds a job  to start  MiB of the engine  MB of the result")
        for index, (tool, picture, side) in enumerate(TYPICAL):
            own = Path(name) / str(index)
            own.mkdir()
            measure(own, tool, picture, side)


def measure(folder: Path, tool: str, picture: str, side: int) -> None:
    """Print the needs of a job of a typical recipe."""
    (folder / "t.csv").write_text("\n".join(_table(folder, tool, picture, side)) + "\n")
    table = Table.read(folder / "t.csv")
    times: list[float] = []
    plan = Plan(lambda: table, Recipes(folder), Output(folder / "out"))
    with local_engines(1) as engines, _most_memory() as memory, Record(plan.output.folder) as record:
        run_jobs(
            plan, record, engines, BatchProgress(0), limits=Limits(), in_flight=1, on_progress=partial(_note, times)
        )
    made = Record(folder / "out").recorded_result("m0")
    assert made is not None
    seconds = min(after - before for before, after in pairwise(times))
    said = f"{seconds:13.2f}  {times[0] - seconds:8.1f}  {memory():17.0f}  {sum(made.files.values()) / 1e6:16.1f}"
    print(f"{tool:14} {side:5}  {said}", flush=True)


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


def _note(times: list[float], progress: BatchProgress) -> None:
    """Note the processor seconds so far once another job is made."""
    if progress.made > len(times):
        times.append(_busy_s())


def _busy_s() -> float:
    """Processor seconds of the processes that this one has started."""
    return sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children(recursive=True))


@contextmanager
def _most_memory() -> Iterator[Callable[[], float]]:
    """A function that gives the most memory, in MiB, of any process that this one has started."""
    most, ended = [0.0], threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_S):
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    most[0] = max(most[0], child.memory_info().rss / 2**20)

    watching = threading.Thread(target=look)
    watching.start()
    yield lambda: most[0]
    ended.set()
    watching.join()


if __name__ == "__main__":
    main()
