"""Measures batches of small jobs with one worker and with two in the same run, and holds that nothing is lost.

    python tests/benchmarks/batch.py [JOBS]

For each: jobs a second, the memory of the command over time, and the number of jobs lost or done twice.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

JOBS = 2000
SIDE_PX = 64
POLL_S = 0.5
TENTHS = 10


def main() -> None:
    """Print a line for each number of workers, and the ratio of their speeds."""
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else JOBS
    with tempfile.TemporaryDirectory() as folder:
        table = _table(Path(folder) / "jobs.csv", jobs)
        speeds = [_measure(table, workers, jobs) for workers in (1, 2)]
    print(f"ratio {speeds[1] / speeds[0]:.2f}")


def _table(path: Path, jobs: int) -> Path:
    """Materials of the first bundled model, another seed each."""
    rows = (f"torus,{seed},m{seed},{SIDE_PX},{SIDE_PX}\n" for seed in range(jobs))
    path.write_text("recipe,seed,name,parameter.width_px,parameter.height_px\n" + "".join(rows))
    return path


def _measure(table: Path, workers: int, jobs: int) -> float:
    """Run the batch, print its figures, and return its jobs per second."""
    out = table.with_name(f"with-{workers}")
    command = [sys.executable, "-P", "-m", "impasto", "batch", str(table), "--workers", str(workers), "--out", str(out)]
    memory_mib = []
    with subprocess.Popen([*command, "--json", "--no-contact-sheet"], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        process, looked_s = psutil.Process(running.pid), 0.0
        for line in running.stdout:
            if time.monotonic() - looked_s > POLL_S and '"progress"' in line:
                looked_s = time.monotonic()
                memory_mib.append(process.memory_info().rss / 2**20)
    said = json.loads(line)
    lines = map(json.loads, (out / "batch.jsonl").read_text().splitlines())
    counts = Counter(line["name"] for line in lines if "name" in line)
    lost = jobs - len(counts) + sum(not (out / f"m{seed}_base_color.png").is_file() for seed in range(jobs))
    doubled = sum(count - 1 for count in counts.values())
    tenth = max(1, len(memory_mib) // TENTHS)
    over_time = ", ".join(f"{value:.0f}" for value in memory_mib[::tenth])
    speed = said["made"] / said["seconds"]
    print(f"{workers} worker(s): {said['made']} made, {said['failed']} failed, {lost} lost, {doubled} doubled")
    print(f"  {speed:.2f} jobs/s in {said['seconds']:.0f} s; memory of the command: {over_time} MiB", flush=True)
    return speed


if __name__ == "__main__":
    main()
