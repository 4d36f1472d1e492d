"""Measures batches of small jobs with one worker and with two in the same run, and holds that nothing is lost.

    python benchmarks/batch.py [JOBS]
    python benchmarks/batch.py [JOBS] --dask
    python benchmarks/batch.py [JOBS] --dask --kill [--dashboard PICTURE.png]

Prints jobs a second, memory over time, and the number of jobs lost or done twice. --dask: workers of a Dask cluster on
loopback instead of local processes. --kill: once with four workers, of which two are killed for good, with a log.
--dashboard: a picture of Dask's dashboard after half of the jobs (needs bokeh, and Chromium or Chrome).
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
from functools import partial
from pathlib import Path
from threading import Thread

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browser import photograph
from dask_cluster import DaskCluster

JOBS = 2000
SIDE_PX = 64
POLL_S = 0.5
LINES = 20
"""Lines of a log that are printed."""
DASHBOARD_PX = (1500, 900)
DRAWING_S = 15
"""Time for the dashboard to connect and to draw."""


def main() -> None:
    """Print the figures of one run with four workers, or of two runs, and the ratio of their speeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", type=int, nargs="?", default=JOBS)
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--dashboard", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = _table(folder / "jobs.csv", options.jobs)
        if options.kill:
            _lose_two_of_four(table, options.jobs, options.dashboard)
            return
        speeds = [_speed(table, options.jobs, workers, options.dask) for workers in (1, 2)]
    print(f"ratio {speeds[1] / speeds[0]:.2f}")


def _lose_two_of_four(table: Path, jobs: int, picture: Path | None) -> None:
    """Measure a run with four workers, two of which are killed; picture: for the dashboard."""
    with _dask(table.with_name("dask"), 4, bool(picture)) as dask:
        first, second, *_ = dask.workers
        events = [(1 / 3, "a machine is lost", lambda: dask.kill_machine(first))]
        if picture:
            look = partial(photograph, f"{dask.dashboard}/status", picture, DASHBOARD_PX, DRAWING_S)
            events += [(1 / 2, "", Thread(target=look).start)]
        events += [(2 / 3, "a machine is lost", lambda: dask.kill_machine(second))]
        run = Run(table, table.with_name("out"), jobs, ("--cluster", dask.address), dask.scheduler.pid)
        run.measure(events)
        run.print_log()
        lost = sum(bool(moment.event) for moment in run.moments)
        run.print(f"4 workers, {lost} of them lost")


def _speed(table: Path, jobs: int, workers: int, on_dask: bool) -> float:
    """Jobs per second with so many workers; prints what was measured."""
    out = table.with_name(f"with-{workers}")
    if on_dask:
        with _dask(out.with_suffix(".dask"), workers) as dask:
            run = Run(table, out, jobs, ("--cluster", dask.address), dask.scheduler.pid)
            run.measure()
    else:
        run = Run(table, out, jobs, ("--workers", str(workers)))
        run.measure()
    run.print(f"{workers} worker(s)")
    return run.speed


@contextmanager
def _dask(folder: Path, workers: int, has_dashboard: bool = False) -> Iterator[DaskCluster]:
    """A scheduler with workers."""
    dask = DaskCluster(Path(sys.executable), folder, has_dashboard=has_dashboard)
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
    """State of a run at a time: jobs done, and memory of the command and of the scheduler (0 if there is none)."""

    seconds: float
    done: int
    command_mib: float
    scheduler_mib: float
    event: str = ""


class Run:
    """A batch in a process of its own, and what was measured of it."""

    def __init__(self, table: Path, out: Path, jobs: int, options: tuple[str, ...], scheduler: int | None = None):
        self._out, self._jobs = out, jobs
        command = [sys.executable, "-P", "-m", "impasto", "batch", str(table), *options, "--out", str(out)]
        self._command = [*command, "--json", "--no-contact-sheet"]
        self._scheduler = psutil.Process(scheduler) if scheduler else None
        self.moments: list[Moment] = []
        self._said: dict[str, float] = {}

    def measure(self, events: list[tuple[float, str, Callable[[], None]]] | None = None) -> None:
        """Run it. events: what happens after a share of the jobs."""
        coming, began_s = list(events or ()), time.monotonic()
        with subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            process = psutil.Process(running.pid)
            for line in running.stdout:
                self._said = json.loads(line)
                seconds = time.monotonic() - began_s
                last_s = self.moments[-1].seconds if self.moments else 0
                if "progress" not in self._said or seconds - last_s < POLL_S:
                    continue
                done, event = round(self._said["progress"] * self._jobs), ""
                if coming and done >= coming[0][0] * self._jobs:
                    _, event, happen = coming.pop(0)
                    happen()
                scheduler_mib = _mib(self._scheduler) if self._scheduler else 0
                self.moments.append(Moment(seconds, done, _mib(process), scheduler_mib, event))

    @property
    def speed(self) -> float:
        """Jobs per second, from the start of the command."""
        return self._said["made"] / self._said["seconds"]

    def print_log(self) -> None:
        """Print the moments of events, and others at equal distances of time."""
        print("seconds    done  jobs/s  MiB of the command  of the scheduler")
        step_s, last = self.moments[-1].seconds / LINES, Moment(0, 0, 0, 0)
        for moment in self.moments:
            if moment.event or moment.seconds - last.seconds >= step_s:
                speed = (moment.done - last.done) / (moment.seconds - last.seconds)
                memory = f"{moment.command_mib:18.0f}  {moment.scheduler_mib:16.0f}"
                print(f"{moment.seconds:7.0f}  {moment.done:6}  {speed:6.1f}  {memory}  {moment.event}".rstrip())
                last = moment

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
