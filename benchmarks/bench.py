"""Benchmarks, side by side in one run: `python build.py bench`. Minima of several runs, whole processes apart.

Machines are noisy: compare figures of one run only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

SIZES_PX = (512, 1024, 2048)
PREVIEW_PX = 256
RUNS = 3
LONG_S = 20.0
"""Processor time of a tool's runs after which no more are made."""
STREAM_SIZE_PX = 16384
TOOLS = ("torus", "quilt", "patch-synthesis", "photo-maps", "patches-style")
PREVIEWED = ("torus", "quilt", "patch-synthesis", "patches-style")
"""Tools that are also measured at the size of a preview."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="build.py bench", description=__doc__)
    parser.add_argument("--measure", nargs=2, metavar=("TOOL", "SIZE"), help="one measurement in this process, as JSON")
    parser.add_argument("--stream", nargs=2, metavar=("FORMAT", "SIZE"), help="one measurement of writing tile by tile")
    parser.add_argument(
        "--tools", nargs="+", choices=TOOLS, metavar="TOOL", help="measure these tools and nothing else"
    )
    parser.add_argument("--layers", action="store_true", help="measure previews of a stack of layers, and nothing else")
    parser.add_argument("--materials", action="store_true", help="measure procedural materials, and nothing else")
    options = parser.parse_args()
    if options.materials:
        measure_materials()
        return
    if options.layers:
        print(measure_layers())
        return
    if options.measure:
        print(json.dumps(measure_tool(options.measure[0], int(options.measure[1]))))
        return
    if options.stream:
        print(json.dumps(measure_streaming(options.stream[0], int(options.stream[1]))))
        return
    print(f"{platform.platform()}, {os.cpu_count()} cores; minima of up to {RUNS} runs")
    compare_tools(options.tools or TOOLS)
    if not options.tools:
        print(f"  a worker shows its first picture after {worker_s():.1f} s")
        compare_streaming()


def compare_tools(tools: Sequence[str]) -> None:
    """Time and memory of tools at each size, side by side."""
    print(f"  {'tool':<20}{'size':>6}{'wall s':>9}{'CPU s':>8}{'peak MiB':>10}")
    for size in (PREVIEW_PX, *SIZES_PX):
        for tool in tools:
            if size == PREVIEW_PX and tool not in PREVIEWED:
                continue
            command = [sys.executable, __file__, "--measure", tool, str(size)]
            row = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            figures = f"{row['wall_s']:9.2f}{row['cpu_s']:8.2f}{row['peak_mib']:10.0f}"
            print(f"  {tool:<20}{size:>6}{figures}", flush=True)


def worker_s() -> float:
    """Seconds from a worker's start until it has made a material of 256² with a bundled model, the least of some."""
    from impasto import Recipe, Step
    from impasto.engine.client import Client

    recipe = Recipe((Step("torus", {"width_px": PREVIEW_PX, "height_px": PREVIEW_PX}),), 1)
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(RUNS):
            started = time.perf_counter()
            client = Client([sys.executable, "-I", "-m", "impasto.engine.worker"], Path(folder) / "log")
            client.submit(recipe).wait()
            seconds.append(time.perf_counter() - started)
            client.close()
    return min(seconds)


def task_of(tool: str, size_px: int, device: str = "auto") -> tuple[Any, dict[str, Any]]:
    """Recipe and inputs of a measurement: with a photograph of 512² (quilt), of the size (photo-maps), or with none.

    Stylizers repaint a tile of gravel like the demo's painting. device: of the run that makes the source.
    """
    from pictures import at, sample
    from skimage import data

    from impasto import Maps, Recipe, RunOptions, Step, run
    from impasto.plugins.registry import registry

    photograph = np.repeat(data.gravel()[..., None].astype(np.float32) / 255, 3, 2)
    source = Maps.from_arrays({"base_color": photograph})
    size = {"width_px": size_px, "height_px": size_px}
    if tool in ("quilt", "patch-synthesis", "torus"):
        return Recipe((Step(tool, size),), 1), {"source": source}
    source = run(Recipe((Step("quilt", size),), 1), {"source": source}, RunOptions(device)).maps
    if registry().tool(tool).task == "stylize":
        style = at(sample("night"), size_px)
        return Recipe((Step(tool, {}, {"style": "style"}),), 1), {"source": source, "style": style}
    return Recipe((Step(tool),), 1), {"source": source}


def measure_materials() -> None:
    """Print seconds for all maps of 1024² of each procedural material, with two threads."""
    import torch

    from impasto import Recipe, Step, run
    from impasto.plugins.registry import registry
    from impasto.tools import is_procedural

    torch.set_num_threads(2)
    for name in [tool.name for tool in registry().tools.values() if is_procedural(tool)]:
        seconds = []
        for seed in range(RUNS):
            started = time.perf_counter()
            run(Recipe((Step(name, {"width_px": 1024, "height_px": 1024}),), seed))
            seconds.append(time.perf_counter() - started)
        print(f"{name:<18} {min(seconds):>9.2f}", flush=True)


def measure_layers() -> str:
    """The lines that begin with SLIDER of layers_in_blender.py."""
    with tempfile.TemporaryDirectory() as name:
        more = {"IMPASTO_ENGINE": sys.executable, "BLENDER_USER_RESOURCES": name}
        script = Path(__file__).with_name("layers_in_blender.py")
        command = [os.environ["IMPASTO_BLENDER"], "-P", str(script)]
        how: dict[str, Any] = {"capture_output": True, "text": True, "check": False}
        done = subprocess.run(command, env={**os.environ, **more}, **how)
    if done.returncode or "DONE" not in done.stdout:
        sys.exit((done.stdout + done.stderr)[-4000:])
    return "\n".join(line for line in done.stdout.splitlines() if line.startswith("SLIDER"))


def measure_tool(tool: str, size_px: int) -> dict[str, object]:
    """Time and memory of a tool's `task_of` this size, without imports."""
    import torch  # noqa: F401  its import is not what is measured

    from impasto import run

    recipe, inputs = task_of(tool, size_px)
    walls, cpus = [], []
    for _ in range(RUNS):
        started, cpu = time.perf_counter(), time.process_time()
        run(recipe, inputs)
        walls.append(time.perf_counter() - started)
        cpus.append(time.process_time() - cpu)
        if sum(cpus) > LONG_S:
            break
    return {"tool": tool, "size_px": size_px, "wall_s": min(walls), "cpu_s": min(cpus), "peak_mib": peak_memory_mib()}


def compare_streaming() -> None:
    """Time and memory of writing four maps of noise tile by tile; memory should grow with the width only."""
    print(f"  {'tile by tile':<12}{'size':>6}{'wall s':>9}{'CPU s':>8}{'peak MiB':>10}{'files MiB':>11}")
    for format_, size in (("png", 4096), ("png", STREAM_SIZE_PX), ("exr", STREAM_SIZE_PX)):
        command = [sys.executable, __file__, "--stream", format_, str(size)]
        row = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(
            f"  {format_:<12}{size:>6}{row['wall_s']:9.1f}{row['cpu_s']:8.1f}{row['peak_mib']:10.0f}"
            f"{row['files_mib']:11.0f}",
            flush=True,
        )


def measure_streaming(format_: str, size_px: int) -> dict[str, object]:
    """Time and memory of an analytic map set with normals, in tiles of 512 px; measured once, since it takes long."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "misbehaving"))
    from impasto import Recipe, Step, run
    from impasto.options import RunOptions, Sink
    from impasto.plugins.registry import registry
    from impasto_misbehaving_tools import Blotches

    registry().tools["blotches"] = Blotches()
    recipe = Recipe((Step("blotches", {"width_px": size_px, "height_px": size_px, "tile_px": 512}),), 1)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # /tmp may be in memory
        started, cpu = time.perf_counter(), time.process_time()
        paths = run(
            recipe, None, RunOptions(device="cpu", sink=Sink(Path(folder), "noise", format_, tile_by_tile=True))
        ).paths
        return {
            "format": format_,
            "size_px": size_px,
            "wall_s": time.perf_counter() - started,
            "cpu_s": time.process_time() - cpu,
            "peak_mib": peak_memory_mib(),
            "files_mib": sum(path.stat().st_size for path in paths) / 2**20,
        }


def peak_memory_mib() -> float:
    """The largest resident size of this process so far."""
    if os.name == "nt":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    main()
