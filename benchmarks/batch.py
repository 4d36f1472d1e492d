"""Jobs a second of a batch of small jobs with one worker and with two: `python benchmarks/batch.py [JOBS]`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

JOBS, SIDE_PX = 2000, 64


def main(jobs: int) -> None:
    """Print the speeds of both runs, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "jobs.csv"
        rows = (f"torus,{seed},m{seed},{SIDE_PX},{SIDE_PX},off\n" for seed in range(jobs))
        columns = ("width_px", "height_px", "texture_transfer")
        table.write_text(f"recipe,seed,name,{','.join(f'parameter.{name}' for name in columns)}\n{''.join(rows)}")
        speeds = [speed(table, jobs, workers) for workers in (1, 2)]
    print(f"ratio {speeds[1] / speeds[0]:.2f}")


def speed(table: Path, jobs: int, workers: int) -> float:
    """Jobs a second with so many workers, from the start of the command."""
    out = table.with_name(f"with-{workers}")
    command = [sys.executable, "-P", "-m", "impasto", "batch", table, "--workers", str(workers), "--out", out]
    printed = subprocess.run([*command, "--json", "--no-contact-sheet"], stdout=subprocess.PIPE, text=True, check=True)
    said = json.loads(printed.stdout.splitlines()[-1])
    assert said["made"] == len(list(out.glob("*_base_color.png"))) == jobs
    print(f"{workers} worker(s): {jobs / said['seconds']:.2f} jobs/s in {said['seconds']:.0f} s", flush=True)
    return jobs / said["seconds"]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else JOBS)
