"""Measures batches of small jobs with one worker and with two in the same run, and holds that nothing is lost.

    python tests/benchmarks/batch.py [JOBS]
    python tests/benchmarks/batch.py [JOBS] --dask --kill 20

For each: jobs a second, the memory of the command over time, and the number of jobs lost or done twice. --dask: workers
of a Dask cluster on loopback instead of local processes. --kill: kill one of two workers every so many seconds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))
from dask_cluster import DaskCluster

JOBS = 2000
SIDE_PX = 64
POLL_S = 0.5
TENTHS = 10


def main() -> None:
    """Print a line for each number of workers, and the ratio of their speeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", type=int, nargs="?", default=JOBS)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--kill", type=float, metavar="SECONDS")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = _table(folder / "jobs.csv", options.jobs)
        speeds = []
        for workers in (1, 2):
            if options.dask:
                with _dask(folder / f"dask-{workers}", workers) as (cluster, kill_one):
                    every_s = options.kill if workers > 1 else None
                    speeds.append(_measure(table, workers, options.jobs, ("--cluster", cluster), kill_one, every_s))
            else:
                speeds.append(_measure(table, workers, options.jobs, ("--workers", str(workers))))
    print(f"ratio {speeds[1] / speeds[0]:.2f}")


@contextmanager
def _dask(folder: Path, workers: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a scheduler with workers, and a function that kills them in turn."""
    cluster = DaskCluster(Path(sys.executable), folder)
    try:
        for _ in range(workers):
            cluster.add_worker()
        cluster.wait_for_workers(workers)
        turns = itertools.cycle(cluster.workers)
        yield cluster.address, lambda: cluster.kill_worker(next(turns))
    finally:
        cluster.close()


def _table(path: Path, jobs: int) -> Path:
    """Materials of the first bundled model, another seed each."""
    rows = (f"torus,{seed},m{seed},{SIDE_PX},{SIDE_PX}\n" for seed in range(jobs))
    path.write_text("recipe,seed,name,parameter.width_px,parameter.height_px\n" + "".join(rows))
    return path


def _measure(
    table: Path,
    workers: int,
    jobs: int,
    options: tuple[str, ...],
    kill_one: Callable[[], None] = lambda: None,
    every_s: float | None = None,
) -> float:
    """Run the batch, print its figures, and return its jobs per second."""
    out = table.with_name(f"with-{workers}")
    command = [sys.executable, "-P", "-m", "impasto", "batch", str(table), *options, "--out", str(out)]
    memory_mib, kills, last_s = [], 0, time.monotonic()
    with subprocess.Popen([*command, "--json", "--no-contact-sheet"], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        process, looked_s = psutil.Process(running.pid), 0.0
        for line in running.stdout:
            if time.monotonic() - looked_s > POLL_S and '"progress"' in line:
                looked_s = time.monotonic()
                memory_mib.append(process.memory_info().rss / 2**20)
            if every_s and memory_mib and time.monotonic() - last_s > every_s:
                kill_one()
                kills, last_s = kills + 1, time.monotonic()
    said = json.loads(line)
    lines = map(json.loads, (out / "batch.jsonl").read_text().splitlines())
    counts = Counter(line["name"] for line in lines if "name" in line)
    lost = jobs - len(counts) + sum(not (out / f"m{seed}_base_color.png").is_file() for seed in range(jobs))
    doubled = sum(count - 1 for count in counts.values())
    tenth = max(1, len(memory_mib) // TENTHS)
    over_time = ", ".join(f"{value:.0f}" for value in memory_mib[::tenth])
    speed = said["made"] / said["seconds"]
    counted = f"{said['made']} made, {said['failed']} failed, {lost} lost, {doubled} doubled, {kills} kills"
    print(f"{workers} worker(s): {counted}")
    print(f"  {speed:.2f} jobs/s in {said['seconds']:.0f} s; memory of the command: {over_time} MiB", flush=True)
    return speed


if __name__ == "__main__":
    main()
