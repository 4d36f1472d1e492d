"""Every tool on a GPU compared with the CPU, and the speed of some: whether a GPU makes the same, and how fast.

    python benchmarks/on_gpu.py --limit-s 240 --out on_gpu.json
    python benchmarks/on_gpu.py --only tint torus train-torus
    python benchmarks/on_gpu.py --speed --limit-s 240 --out speed.json
    python benchmarks/on_gpu.py --device cpu                       # without a GPU: no difference at all

Tools run as in `hashes.py`, some of them with bundled models as well, once on the CPU and twice on the device. A line
gives the verdict, the seconds of each run, and of each map the largest and the mean difference in 1/255; for a trainer
those of its model's weights, which have no limit. Each device computes in the precision that is chosen for it, unless
IMPASTO_PRECISION says otherwise. Impasto need not be installed: PYTHONPATH=core:plugins is enough.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from typing import Any

import bench
import hashes
import numpy as np

MOST_255, MEAN_255 = 8.0, 1.0
"""Limits of the largest and of the mean difference of a map."""
SPEED = (
    *(("torus", size_px) for size_px in (256, 512, 1024, 2048, 4096)),
    *((tool, 1024) for tool in ("quilt", "photo-maps", "wct", "patches-style", "neighbours", "gatys")),
)
RUNS, LEAST_RUNS, LONG_S = 10, 3, 2.0
"""Measured runs after the first one, and how many if one takes longer than `LONG_S`."""
ONCE = ("gatys",)
"""Tools of which the first run is measured, the only one."""
Row = dict[str, Any]
Arrays = dict[str, np.ndarray]
Made = tuple[Arrays, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="tools; by default, all")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, mps or cpu")
    parser.add_argument("--speed", action="store_true", help="measure time and memory instead of comparing")
    parser.add_argument("--limit-s", type=float, default=float("inf"), metavar="SECONDS", help="leave out what is late")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="file for the figures")
    options = parser.parse_args()
    device = Device(options.device, time.monotonic() + options.limit_s)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        _declare_plugins(Path(folder, "site"))
        machine = device.machine()
        print(machine, flush=True)
        for row in (_measurements if options.speed else _comparisons)(Path(folder), options.only, device):
            rows.append(row)
            print(f"{row['verdict']:<9}{row['tool']:<22}{row['about']:<8}{row['line']}", flush=True)
            if options.out:
                options.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    counts = Counter(row["verdict"] for row in rows)
    print(f"{len(rows)} results: {', '.join(f'{count} {verdict}' for verdict, count in counts.most_common())}")
    return int(bool(counts["APART"] or counts["ERROR"]))


@dataclass(frozen=True)
class Device:
    """A device as `run` names it, and the time at which what runs on it is cancelled."""

    name: str
    ends_s: float

    @property
    def how(self) -> dict[str, Any]:
        return {"device": self.name, "is_cancelled": lambda: time.monotonic() > self.ends_s}

    def machine(self) -> str:
        """Names of the device and of the versions that compute; starting the device is no tool's time.

        DeviceError names the devices that there are instead.
        """
        import torch

        from impasto.device import choose_device

        choose_device(self.name)
        torch.zeros(1, device=self.name).sum().item()
        name = torch.cuda.get_device_name(self.name) if self.name.startswith("cuda") else self.name
        return f"{name}; {os.cpu_count()} cores, torch {torch.__version__}, numpy {np.__version__}"

    def wait(self) -> None:
        import torch

        if self.name.startswith("cuda"):
            torch.cuda.synchronize(self.name)

    def timed(self, function: Callable[[], Any]) -> tuple[Any, float]:
        """The function's result, and seconds until the device has done all of it."""
        self.wait()
        started_s = time.perf_counter()
        result = function()
        self.wait()
        return result, time.perf_counter() - started_s

    def peak_mib(self) -> float:
        """The largest memory of tensors since the last call; on a CPU, of the process since its start."""
        import torch

        if not self.name.startswith("cuda"):
            return bench.peak_memory_mib()
        peak = torch.cuda.max_memory_allocated(self.name) / 2**20
        torch.cuda.reset_peak_memory_stats(self.name)
        return peak


def _declare_plugins(site: Path) -> None:
    """Add the metadata by which plugins are found, where Impasto is not installed."""
    sys.path[:0] = [str(hashes.ROOT / "tests" / "misbehaving")]
    from impasto.about import VERSION
    from install import write_metadata

    try:
        distribution("impasto")
    except PackageNotFoundError:
        project = tomllib.loads((hashes.ROOT / "pyproject.toml").read_text())["project"]
        write_metadata(site, "impasto", VERSION, project["entry-points"]["impasto"])
        sys.path.append(str(site))


def _comparisons(folder: Path, wanted: Sequence[str], device: Device) -> Iterator[Row]:
    from impasto.plugins.registry import registry

    trained = hashes.use_small_libraries(folder, device="cpu")
    for name in wanted or sorted(registry().tools):
        if registry().tool(name).kind == "trainer":
            makes = {"weights": partial(_trained, name, folder)} if name in trained else {}
        else:
            results = {subject: partial(hashes.tool_result, name, subject) for subject in hashes.SUBJECTS}
            if name in dict(SPEED):
                results["bundled"] = _bundled(name, hashes.SIDE_PX, folder)
            makes = {about: partial(_recorded, result) for about, result in results.items()}
        for about, make in makes.items():
            yield {"tool": name, "about": about, **_tried(partial(_comparison, make, device), device)}


def _bundled(tool: str, size_px: int, folder: Path) -> Callable[..., Any]:
    """A function that runs a benchmark's task, whose source the CPU makes, with bundled models and networks alone."""
    from impasto import RunOptions, run

    recipe, inputs = bench.task_of(tool, size_px, "cpu")
    none = folder / "none"
    return lambda device="auto": run(recipe, inputs, RunOptions(device, none, none))


def _recorded(make: Callable[..., Any], **how: Any) -> Made:
    """The maps of a result, as they are stored, and what else it says."""
    result = make(**how)
    figures = {name: np.round(value, 2).tolist() for name, value in result.figures.items()}
    said = json.dumps([result.recipe.to_dict()["steps"], figures, result.notes], sort_keys=True)
    return {name: result.maps[name].pixels.clip(0, 1) for name in result.maps}, said


def _trained(trainer: str, folder: Path, **how: Any) -> Made:
    """The tensors of the model that a trainer makes, as one."""
    from safetensors.numpy import load_file
    from tiny import train_tiny

    (file,) = train_tiny(trainer, Path(tempfile.mkdtemp(dir=folder)), **how).models
    return {"weights": np.concatenate([array.ravel() for _, array in sorted(load_file(file).items())])}, ""


def _comparison(make: Callable[..., Made], device: Device) -> Row:
    """Verdict on what is made on the device, compared with the CPU, and whether the device makes it twice."""
    runs, seconds = [], []
    for one in (replace(device, name="cpu"), device, device):
        try:
            made, took_s = one.timed(partial(make, **one.how))
        except Exception as error:
            error.add_note(f"on {one.name}:")
            raise
        runs.append(made)
        seconds.append(took_s)
    (known, said), (found, said_there), (again, _) = runs
    apart, unsteady = _differences(known, found), _differences(found, again)
    is_within = all(most <= MOST_255 and mean <= MEAN_255 for most, mean in apart.values())
    parts = [f"{name} {most:.3g} {mean:.2g}" for name, (most, mean) in apart.items()]
    if (most_255 := max(most for most, _ in unsteady.values())) > 0:
        parts.append(f"NOT THE SAME AGAIN by {most_255:.3g}")
    if said != said_there:
        parts.append("other decisions, figures or notes")
    verdict = "trained" if "weights" in apart else "within" if is_within else "APART"
    line = f"{' '.join(f'{one:7.3f}' for one in seconds)} s  {', '.join(parts)}"
    figures = {"seconds": seconds, "apart_255": apart, "unsteady_255": unsteady, "said": [said, said_there]}
    return {"verdict": verdict, "line": line, **figures}


def _differences(before: Arrays, after: Arrays) -> dict[str, tuple[float, float]]:
    """Largest and mean difference of each map in 1/255; infinite where only one has it, or the shapes differ."""
    apart = dict.fromkeys(sorted(before.keys() | after.keys()), (float("inf"), float("inf")))
    for name in apart:
        if name in before and name in after and before[name].shape == after[name].shape:
            difference = 255 * np.abs(before[name].astype(np.float64) - after[name])
            apart[name] = (float(difference.max()), float(difference.mean()))
    return apart


def _measurements(folder: Path, wanted: Sequence[str], device: Device) -> Iterator[Row]:
    for tool, size_px in SPEED:
        if not wanted or tool in wanted:
            row = _tried(partial(_measurement, tool, size_px, folder, device), device)
            yield {"tool": tool, "about": str(size_px), **row}


def _measurement(tool: str, size_px: int, folder: Path, device: Device) -> Row:
    """Seconds of a tool's first run, the median of those after it that are not late, and the memory of all."""
    from impasto.errors import Cancelled

    make = partial(_bundled(tool, size_px, folder), **device.how)
    device.peak_mib()
    result, first_s = device.timed(make)
    seconds = [first_s if tool in ONCE else device.timed(make)[1]]
    more = 0 if tool in ONCE else LEAST_RUNS - 1 if seconds[0] > LONG_S else RUNS - 1
    with suppress(Cancelled):
        for _ in range(more):
            seconds.append(device.timed(make)[1])
    peak_mib = device.peak_mib()
    line = f"{median(seconds):8.4f} s, median of {len(seconds)} from {min(seconds):.4f} to {max(seconds):.4f}; "
    line += f"first {first_s:.2f} s; {peak_mib:.0f} MiB; {result.recipe.made_with['precision']}"
    figures = {"first_s": first_s, "seconds": seconds, "peak_mib": peak_mib, "maps": list(result.maps)}
    return {"verdict": "measured", "line": line, **figures}


def _tried(function: Callable[[], Row], device: Device) -> Row:
    """The function's row, or one that says why there is none."""
    from impasto.errors import Cancelled

    try:
        if time.monotonic() < device.ends_s:
            return function()
    except Cancelled:
        pass
    except Exception as error:  # noqa: BLE001  any failure is a finding
        where = "".join(getattr(error, "__notes__", ()))
        line = f"{where} {type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"
        try:
            device.wait()
        except RuntimeError:  # after some errors CUDA refuses everything in this process
            sys.exit(f"ERROR: {line}\nThe device computes no more: go on with --only and what is missing above")
        return {"verdict": "ERROR", "line": line, "trace": "".join(traceback.format_exception(error))}
    return {"verdict": "late", "line": "left out for lack of time"}


if __name__ == "__main__":
    sys.exit(main())
