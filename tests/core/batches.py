"""Batches for tests: the command in a process of its own, with recipes and tables of small jobs."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from impasto.batch.checks import check_plan
from impasto.batch.engines import Limits
from impasto.batch.plan import Output, Plan, Recipes
from impasto.batch.record import DONE_FILE, Record
from impasto.batch.running import BatchProgress, run_jobs
from impasto.batch.table import Table

SMALL = {"width_px": 16, "height_px": 16}


def write_recipe(path: Path, *steps: tuple[str, Mapping[str, Any]], seed: int = 0) -> Path:
    """A recipe of steps: names of tools and their parameters."""
    path.write_text(json.dumps({"steps": [{"tool": tool, "parameters": own} for tool, own in steps], "seed": seed}))
    return path


def write_photos(folder: Path, count: int) -> list[Path]:
    """Small pictures, each of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"p{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.fromarray(np.random.default_rng(number).integers(60, 200, (24, 32, 3), np.uint8)).save(path)
    return paths


def write_csv(path: Path, rows: Iterable[Mapping[str, object]], encoding: str = "utf-8") -> Path:
    """A table with a column for each key of the rows."""
    rows = list(rows)
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(key for row in rows for key in row)), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def checkers(count: int, **more: object) -> list[dict[str, object]]:
    """Rows of a table that make small squares."""
    return [
        {"recipe": "checker", "name": f"c{number}", "seed": number}
        | {f"parameter.{name}": value for name, value in SMALL.items()}
        | more
        for number in range(count)
    ]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Content of all pictures of a folder, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png")) if path.stem != "contact_sheet"}


def done_names(folder: Path) -> list[str]:
    """Names in the record of done jobs, in order; a name that was done twice is there twice."""
    lines = map(json.loads, (folder / DONE_FILE).read_text().splitlines())
    return [line["name"] for line in lines if "name" in line]


def failures_in(folder: Path) -> list[dict[str, Any]]:
    """Lines of failures.jsonl; none if there is no such file."""
    path = folder / "failures.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def left_over(folder: Path) -> list[str]:
    """Names of files that exist only while a process works."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".impasto-")]


def plan_of(table: Path, out: Path, **output: Any) -> Plan:
    """The plan of a table."""
    rows = Table.read(table)
    return Plan(lambda: rows, Recipes(table.parent), Output(out, **output))


def run_plan(
    plan: Plan, executor: Executor, *, in_flight: int = 4, limits: Limits | None = None, **how: Any
) -> BatchProgress:
    """Check and run a plan as the command does."""
    record = Record(plan.output.folder)
    progress = BatchProgress(check_plan(plan, record.owns))
    with record:
        run_jobs(plan, record, executor, progress, limits=limits or Limits(), in_flight=in_flight, **how)
        record.tidy()
    return progress


def outcome(progress: BatchProgress) -> tuple[int, int, int]:
    """Numbers of jobs made, done before, and failed."""
    return progress.made, progress.before, progress.failed


def start(python: Path | str, *arguments: object) -> subprocess.Popen:
    """The command, running in a process of its own."""
    command = [python, "-P", "-m", "impasto", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
