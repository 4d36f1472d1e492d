"""Every tool on a GPU compared with the CPU, and the speed of some: whether a GPU makes the same, and how fast.

    python benchmarks/on_gpu.py [--only tint torus train-torus] --out on_gpu.json
    python benchmarks/on_gpu.py --speed --out speed.json
    python benchmarks/on_gpu.py --device cpu                       # without a GPU: no difference at all

Tools run as in `oracle.py`, some of them with bundled models as well, once on the CPU and twice on the device. A line
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
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from typing import Any

import bench
import numpy as np
import tool_results

MOST_255, MEAN_255 = 8.0, 1.0
"""Limits of the largest and of the mean difference of a map."""
SPEED = (
    *(("torus", size_px) for size_px in (256, 512, 1024, 2048, 4096)),
    *((tool, 1024) for tool in ("quilt", "photo-maps", "wct", "patches-style", "neighbours", "gatys")),
)
RUNS, LEAST_RUNS, LONG_S = 10, 3, 2.0
"""Measured runs, and how many if one takes longer than `LONG_S`."""
Row = dict[str, Any]
Made = tuple[dict[str, np.ndarray], str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="tools; by default, all")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, mps or cpu")
    parser.add_argument("--speed", action="store_true", help="measure time and memory instead of comparing")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="file for the figures")
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        _declare_plugins(Path(folder, "site"))
        machine = _machine(options.device)
        print(machine, flush=True)
        for tool, about, measure in (_speeds if options.speed else _pairs)(Path(folder), options.only, options.device):
            rows.append({"tool": tool, "about": about, **_tried(measure)})
            print(f"{rows[-1]['verdict']:<9}{tool:<22}{about:<8}{rows[-1]['line']}", flush=True)
            if options.out:
                options.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    counts = Counter(row["verdict"] for row in rows)
    print(f"{len(rows)} results: {', '.join(f'{count} {verdict}' for verdict, count in counts.most_common())}")
    return int(bool(counts["APART"] or counts["ERROR"]))


def _machine(device: str) -> str:
    """Names of the device and of the versions that compute; DeviceError names the devices that there are instead."""
    import torch

    from impasto.device import choose_device

    choose_device(device)
    torch.zeros(1, device=device).sum().item()  # starting the device is no tool's time
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    return f"{name}; {os.cpu_count()} cores, torch {torch.__version__}, numpy {np.__version__}"


def _timed(function: Callable[[str], Any], device: str) -> tuple[Any, float]:
    """The function's result on a device, and seconds until the device has done all of it."""
    import torch

    wait = partial(torch.cuda.synchronize, device) if device.startswith("cuda") else lambda: None
    wait()
    started_s = time.perf_counter()
    result = function(device)
    wait()
    return result, time.perf_counter() - started_s


def _peak_mib(device: str) -> float:
    """The largest memory of tensors since the last call; on a CPU, of the process since its start."""
    import torch

    if not device.startswith("cuda"):
        return bench.peak_memory_mib()
    peak = torch.cuda.max_memory_allocated(device) / 2**20
    torch.cuda.reset_peak_memory_stats(device)
    return peak


def _declare_plugins(site: Path) -> None:
    """Add the metadata by which plugins are found, where Impasto is not installed."""
    sys.path[:0] = [str(tool_results.ROOT / "tests" / "misbehaving")]
    from impasto.about import VERSION
    from install import write_metadata

    try:
        distribution("impasto")
    except PackageNotFoundError:
        project = tomllib.loads((tool_results.ROOT / "pyproject.toml").read_text())["project"]
        write_metadata(site, "impasto", VERSION, project["entry-points"]["impasto"])
        sys.path.append(str(site))


Measure = Callable[[], Row]


def _pairs(folder: Path, wanted: Sequence[str], device: str) -> Iterator[tuple[str, str, Measure]]:
    """Tool, what it is given, and a function that compares the device with the CPU."""
    from impasto.plugins.registry import registry

    trained = tool_results.use_small_libraries(folder, device="cpu")
    for name in wanted or sorted(registry().tools):
        if registry().tool(name).kind == "trainer":
            makes = {"weights": partial(_trained, name, folder)} if name in trained else {}
        else:
            results = {subject: partial(tool_results.tool_result, name, subject) for subject in tool_results.SUBJECTS}
            if name in dict(SPEED):
                results["bundled"] = _bundled(name, tool_results.SIDE_PX, folder)
            makes = {about: partial(_recorded, result) for about, result in results.items()}
        for about, make in makes.items():
            yield name, about, partial(_comparison, make, device)


def _bundled(tool: str, size_px: int, folder: Path) -> Callable[[str], Any]:
    """A function that runs a benchmark's task, whose source the CPU makes, with bundled models and networks alone."""
    from impasto import RunOptions, run

    recipe, inputs = bench.task_of(tool, size_px, "cpu")
    none = folder / "none"
    return lambda device: run(recipe, inputs, RunOptions(device, none, none))


def _recorded(make: Callable[[str], Any], device: str) -> Made:
    """The maps of a result, as they are stored, and what else it says."""
    result = make(device)
    figures = {name: np.round(value, 2).tolist() for name, value in result.figures.items()}
    said = json.dumps([result.recipe.to_dict()["steps"], figures, result.notes], sort_keys=True)
    return {name: result.maps[name].pixels.clip(0, 1) for name in result.maps}, said


def _trained(trainer: str, folder: Path, device: str) -> Made:
    """The tensors of the model that a trainer makes, as one."""
    from safetensors.numpy import load_file
    from tiny import train_tiny

    (file,) = train_tiny(trainer, Path(tempfile.mkdtemp(dir=folder)), device=device).models
    return {"weights": np.concatenate([array.ravel() for _, array in sorted(load_file(file).items())])}, ""


def _comparison(make: Callable[[str], Made], device: str) -> Row:
    """Verdict on what is made on the device, compared with the CPU, and whether the device makes it twice."""
    runs = [_timed(make, one) for one in ("cpu", device, device)]
    ((known, said), _), ((found, said_there), _), ((again, _), _) = runs
    apart, unsteady = _differences(known, found), _differences(found, again)
    is_within = all(most <= MOST_255 and mean <= MEAN_255 for most, mean in apart.values())
    parts = [f"{name} {most:.3g} {mean:.2g}" for name, (most, mean) in apart.items()]
    if (most_255 := max(most for most, _ in unsteady.values())) > 0:
        parts.append(f"NOT THE SAME AGAIN by {most_255:.3g}")
    if said != said_there:
        parts.append("other decisions, figures or notes")
    verdict = "trained" if "weights" in apart else "within" if is_within else "APART"
    seconds = [one for _, one in runs]
    line = f"{' '.join(f'{one:7.3f}' for one in seconds)} s  {', '.join(parts)}"
    figures = {"seconds": seconds, "apart_255": apart, "unsteady_255": unsteady, "said": [said, said_there]}
    return {"verdict": verdict, "line": line, **figures}


def _differences(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> dict[str, tuple[float, float]]:
    """Largest and mean difference of each map in 1/255; infinite where only one has it, or the shapes differ."""
    apart = dict.fromkeys(sorted(before.keys() | after.keys()), (float("inf"), float("inf")))
    for name in before.keys() & after.keys():
        if before[name].shape == after[name].shape:
            difference = 255 * np.abs(before[name].astype(np.float64) - after[name])
            apart[name] = (float(difference.max()), float(difference.mean()))
    return apart


def _speeds(folder: Path, wanted: Sequence[str], device: str) -> Iterator[tuple[str, str, Measure]]:
    for tool, size_px in SPEED:
        if not wanted or tool in wanted:
            yield tool, str(size_px), partial(_speed, tool, size_px, folder, device)


def _speed(tool: str, size_px: int, folder: Path, device: str) -> Row:
    """Seconds of a tool's first run, the median of those after it, and the memory of all."""
    make = _bundled(tool, size_px, folder)
    _peak_mib(device)
    result, first_s = _timed(make, device)
    seconds = [_timed(make, device)[1]]
    seconds += [_timed(make, device)[1] for _ in range((LEAST_RUNS if seconds[0] > LONG_S else RUNS) - 1)]
    peak_mib = _peak_mib(device)
    line = f"{median(seconds):8.4f} s, median of {len(seconds)} from {min(seconds):.4f} to {max(seconds):.4f}; "
    line += f"first {first_s:.2f} s; {peak_mib:.0f} MiB; {result.recipe.made_with['precision']}"
    figures = {"first_s": first_s, "seconds": seconds, "peak_mib": peak_mib, "maps": list(result.maps)}
    return {"verdict": "measured", "line": line, **figures}


def _tried(measure: Measure) -> Row:
    """The function's row, or one that says why there is none."""
    try:
        return measure()
    except Exception as error:  # noqa: BLE001  any failure is a finding
        said = (str(error).strip().splitlines() or [""])[0]
        trace = "".join(traceback.format_exception(error))
        return {"verdict": "ERROR", "line": f"{type(error).__name__}: {said}", "trace": trace}


if __name__ == "__main__":
    sys.exit(main())
