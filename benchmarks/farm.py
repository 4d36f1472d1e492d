"""Measures what a farm is sized by: the cost of a job, and the limits of everything that is there once.

    python benchmarks/farm.py jobs
    python benchmarks/farm.py limits [--out FOLDER]

jobs: processor seconds, which hardly depend on what else runs, memory and bytes for typical recipes, and the processor
seconds to start an engine. limits: rows that are checked a second, jobs that the command hands out and records, tasks
of Dask's scheduler, and files that are written to a folder, each with nothing else to do.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from dask_cluster import DaskCluster
from pictures import sample, square

from impasto import write_maps
from impasto.batch.checks import check_plan
from impasto.batch.contact_sheet import contact_sheet
from impasto.batch.engines import Limits, local_engines
from impasto.batch.plan import Output, Plan
from impasto.batch.progress import BatchProgress
from impasto.batch.recipes import Recipes
from impasto.batch.record import Made, Record
from impasto.batch.running import run_jobs
from impasto.batch.table import MAX_ROWS, Table
from impasto.system.transaction import replace_files

TYPICAL = (
    ("torus", "", 1024),
    ("torus", "", 2048),
    ("torus", "", 4096),
    ("photo-maps", "brick", 1024),
    ("photo-maps", "brick", 2048),
    ("quilt", "brick", 1024),
    ("patches-style", "brick", 512),
)
"""Tool, sample picture that it starts from, and side of the result (of the source, where the tool keeps its size)."""
KEEPING = ("photo-maps", "patches-style")
REPEATS = 3
LOOK_S = 0.05
HANDED_OUT = 20_000
TASKS = 5_000
IN_FLIGHT = 16
SETS = 300
SET_BYTES = (10_000, 8_000, 4_000, 3_000, 3_000)
"""Sizes of the five maps of 64 x 64 pixels."""


def main() -> None:
    """Print a table of jobs, or a list of limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("jobs", "limits"))
    parser.add_argument("--out", type=Path, help="folder for the files that are written, such as one of a file server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.out) as name:
        (_jobs if options.what == "jobs" else _limits)(Path(name))


def _jobs(folder: Path) -> None:
    """A line for each typical recipe."""
    print("tool            side  seconds a job  to start  MiB of the engine  MB of the result")
    for index, (tool, picture, side) in enumerate(TYPICAL):
        own = folder / str(index)
        own.mkdir()
        times: list[float] = []
        with local_engines(1) as engines, _most_memory() as memory:
            _run(_plan(own, _table(own, tool, picture, side)), engines, on_progress=partial(_note, times))
        made = Record(own / "out").recorded_result("m0")
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


def _limits(folder: Path) -> None:
    """A line for each limit."""
    rows = [f"torus,{seed},m{seed},64,64" for seed in range(MAX_ROWS)]
    header = "recipe,seed,name,parameter.width_px,parameter.height_px"
    plan = _plan(folder, [header, *rows])
    with _measured(f"check a table of {MAX_ROWS:,} rows", MAX_ROWS, "rows"):
        check_plan(plan)
    (folder / "some").mkdir()
    some = _plan(folder / "some", [header, *rows[:HANDED_OUT]])
    with _measured("hand out and record jobs that cost nothing", HANDED_OUT, "jobs"):
        _run(some, Idle(), in_flight=IN_FLIGHT)
    with _measured("check which of them are done", HANDED_OUT, "jobs"):
        _run(some, Idle(), in_flight=IN_FLIGHT)
    for writers in (1, 8):
        with (
            ThreadPoolExecutor(writers) as pool,
            _measured(f"write sets of five small files, {writers} at a time", SETS, "sets"),
        ):
            list(pool.map(partial(_write_set, folder / f"files-{writers}"), range(SETS)))
    with _measured("draw a contact sheet of 100 results", 100, "results"):
        picture = write_maps(square(sample("brick"), 1024), folder, "shown")[0].name
        contact_sheet([Made("shown", "", {picture: 0}, 0.0)] * 100, folder)
    _schedule(folder)


def _write_set(folder: Path, number: int) -> None:
    names = (f"s{number}_{index}.png" for index in range(len(SET_BYTES)))
    replace_files({folder / name: bytes(size) for name, size in zip(names, SET_BYTES, strict=True)})


def _schedule(folder: Path) -> None:
    """Tasks that do nothing, through a real scheduler and two workers."""
    from distributed import Client, as_completed

    dask = DaskCluster(Path(sys.executable), folder / "dask")
    try:
        for _ in range(2):
            dask.add_worker()
        dask.wait_for_workers(2)
        with Client(dask.address) as client, _measured("run tasks of Dask that do nothing", TASKS, "tasks"):
            first = [client.submit(_nothing, index, pure=False) for index in range(IN_FLIGHT)]
            running = as_completed(first)
            for index, done in enumerate(running):
                done.release()
                if index + IN_FLIGHT < TASKS:
                    running.add(client.submit(_nothing, index, pure=False))
    finally:
        dask.close()


def _nothing(index: int) -> int:
    return index


class Idle(Executor):
    """An executor that does nothing: what is left is the cost of the table, the keys and the record."""

    def submit(self, _make, job, limits):  # type: ignore[no-untyped-def, override]
        future: Future[Made] = Future()
        (job.folder / f"{job.name}_base_color.png").touch()
        future.set_result(Made(job.name, job.key(), {f"{job.name}_base_color.png": 0}, 0.0))
        return future


@contextmanager
def _measured(what: str, count: int, unit: str) -> Iterator[None]:
    before, began = psutil.Process().memory_info().rss, time.monotonic()
    yield
    seconds, grown = time.monotonic() - began, (psutil.Process().memory_info().rss - before) / 2**20
    print(f"{what}: {seconds:.1f} s, {count / seconds:,.0f} {unit}/s; memory +{grown:.0f} MiB", flush=True)


def _plan(folder: Path, lines: list[str]) -> Plan:
    """The plan of a table that is written into a folder."""
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    table = Table.read(folder / "t.csv")
    return Plan(lambda: table, Recipes(folder), Output(folder / "out"))


def _run(
    plan: Plan, executor: Executor, in_flight: int = 1, on_progress: Callable[[BatchProgress], None] = str
) -> None:
    with Record(plan.output.folder) as record:
        given = {"limits": Limits(), "in_flight": in_flight, "on_progress": on_progress}
        run_jobs(plan, record, executor, BatchProgress(0), **given)


if __name__ == "__main__":
    main()
