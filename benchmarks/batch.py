"""Measures batches of small jobs with one worker and with two in the same run, and holds that nothing is lost.

    python benchmarks/batch.py [JOBS]
    python benchmarks/batch.py [JOBS] --dask
    python benchmarks/batch.py [JOBS] --dask --kill

Prints jobs a second, memory at the start and at the end, and the number of jobs lost or done twice. --dask: workers of
a Dask cluster on loopback instead of local processes. --kill: once with four workers, two of which are killed for good.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from dask_cluster import DaskCluster

JOBS = 2000
SIDE_PX = 64
POLL_S = 0.5


def main() -> None:
    """Print the figures of one run with four workers, or of two runs, and the ratio of their speeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", type=int, nargs="?", default=JOBS)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--kill", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = _table(folder / "jobs.csv", options.jobs)
        if options.kill:
            _lose_two_of_four(table, options.jobs)
            return
        speeds = [_speed(table, options.jobs, workers, options.dask) for workers in (1, 2)]
    print(f"ratio {speeds[1] / speeds[0]:.2f}")


def _lose_two_of_four(table: Path, jobs: int) -> None:
    """Measure a run with four workers, two of which are killed, after a third and after two thirds of the jobs."""
    with _dask(table.with_name("dask"), 4) as dask:
        first, second, *_ = dask.workers
        run = Run(table, table.with_name("out"), jobs, ("--cluster", dask.address), dask.scheduler.pid)
        coming = [(1 / 3, lambda: dask.kill_machine(first)), (2 / 3, lambda: dask.kill_machine(second))]
        run.measure(coming)
        run.print(f"4 workers, {2 - len(coming)} of them lost")


def _speed(table: Path, jobs: int, workers: int, on_dask: bool) -> float:
    """Jobs per second with so many workers; prints what was measured."""
    out = table.with_name(f"with-{workers}")
    if on_dask:
        with _dask(out.with_suffix(".dask"), workers) as dask:
            run = Run(table, out, jobs, ("--cluster", dask.address), dask.scheduler.pid)
            run.measure([])
    else:
        run = Run(table, out, jobs, ("--workers", str(workers)))
        run.measure([])
    run.print(f"{workers} worker(s)")
    return run.speed


@contextmanager
def _dask(folder: Path, workers: int) -> Iterator[DaskCluster]:
    """A scheduler with workers."""
    dask = DaskCluster(Path(sys.executable), folder)
    try:
        for _ in range(workers):
            dask.add_worker()
        dask.wait_for_workers(workers)
        yield dask
    finally:
        dask.close()


def _table(path: Path, jobs: int) -> Path:
    """Materials of the first bundled model's network alone, another seed each."""
    rows = (f"torus,{seed},m{seed},{SIDE_PX},{SIDE_PX},off\n" for seed in range(jobs))
    columns = ("width_px", "height_px", "texture_transfer")
    path.write_text(f"recipe,seed,name,{','.join(f'parameter.{name}' for name in columns)}\n{''.join(rows)}")
    return path


@dataclass(frozen=True)
class Moment:
    """State of a run at a time: memory of the command and of the scheduler (0 if there is none)."""

    seconds: float
    command_mib: float
    scheduler_mib: float


class Run:
    """A batch in a process of its own, and what was measured of it."""

    def __init__(self, table: Path, out: Path, jobs: int, options: tuple[str, ...], scheduler: int | None = None):
        self._out, self._jobs = out, jobs
        command = [sys.executable, "-P", "-m", "impasto", "batch", str(table), *options, "--out", str(out)]
        self._command = [*command, "--json", "--no-contact-sheet"]
        self._scheduler = psutil.Process(scheduler) if scheduler else None
        self.moments: list[Moment] = []
        self._said: dict[str, float] = {}

    def measure(self, coming: list[tuple[float, Callable[[], None]]]) -> None:
        """Run it. coming: what happens after a share of the jobs; what has happened is removed."""
        began_s = time.monotonic()
        with subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            process = psutil.Process(running.pid)
            for line in running.stdout:
                self._said = json.loads(line)
                seconds = time.monotonic() - began_s
                last_s = self.moments[-1].seconds if self.moments else 0
                if "progress" not in self._said or seconds - last_s < POLL_S:
                    continue
                if coming and self._said["progress"] >= coming[0][0]:
                    coming.pop(0)[1]()
                scheduler_mib = _mib(self._scheduler) if self._scheduler else 0
                self.moments.append(Moment(seconds, _mib(process), scheduler_mib))

    @property
    def speed(self) -> float:
        """Jobs per second, from the start of the command."""
        return self._said["made"] / self._said["seconds"]

    def print(self, title: str) -> None:
        """Print the sums: jobs lost are those without a record or without a file, doubled ones have two records."""
        lines = map(json.loads, (self._out / "batch.jsonl").read_text().splitlines())
        counts = Counter(line["name"] for line in lines if "name" in line)
        names = [f"m{seed}" for seed in range(self._jobs)]
        lost = sum(name not in counts or not (self._out / f"{name}_base_color.png").is_file() for name in names)
        doubled = sum(count - 1 for count in counts.values())
        said = self._said
        print(f"{title}: {said['made']} made, {said['failed']} failed, {lost} lost, {doubled} doubled")
        ends = self.moments[len(self.moments) // 10], self.moments[-1]
        command = " to ".join(f"{moment.command_mib:.0f}" for moment in ends)
        scheduler = " to ".join(f"{moment.scheduler_mib:.0f}" for moment in ends)
        more = f", of the scheduler {scheduler} MiB" if self._scheduler else ""
        print(f"  {self.speed:.2f} jobs/s in {said['seconds']:.0f} s; memory of the command {command} MiB{more}")
        sys.stdout.flush()


def _mib(process: psutil.Process) -> float:
    return process.memory_info().rss / 2**20


if __name__ == "__main__":
    main()
