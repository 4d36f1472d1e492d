"""Differences between pictures that are painted in tiles and as a whole.

    python benchmarks/style_tiles.py coffee.jpg starry_night.jpg --weights DIR --px 2048

Every method that works in tiles paints the middle square of the picture twice, each time in a process of its own: in
its usual tiles, and as one tile, which needs far more memory. Goal: 8 steps of 8 bits at most, 1 on average. Rounding
grows from step to step of the optimisation, so few of them (`--steps`) show sooner whether there is any. What is there
is not made again.
"""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path
from typing import Any

import numpy as np
from bench import peak_memory_mib
from paintings import row_of
from PIL import Image
from style_pictures import square

from impasto import read_maps
from impasto.context import Context
from impasto.plugins.registry import registry
from impasto_style.shared.resampling import as_image
from impasto_style.shared.restyle import make_task

TOOLS = ("wct", "gatys", "neighbours")
WHOLE_PX = 2**20


def main() -> None:
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    for tool in options.tools:
        tiled, whole = (_made(options, tool, name) for name in ("tiled", "whole"))
        levels = 255 * np.abs(np.load(tiled["file"]) - np.load(whole["file"]))
        print(f"{tool}: {levels.max():.1f} steps apart at most, {levels.mean():.2f} on average", flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--tools", nargs="+", default=TOOLS, choices=TOOLS, metavar="TOOL", help="only these")
    parser.add_argument("--px", type=int, default=2048, help="side of the square, and of the style (default: 2048)")
    parser.add_argument("--steps", type=int, help="of the optimisation, at each size (default: the method's)")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="library of weights (default: the user's)")
    parser.add_argument("--out", type=Path, default=Path("out/style_tiles"), metavar="DIR")
    return parser.parse_args()


def _made(options: argparse.Namespace, tool: str, name: str) -> dict[str, Any]:
    """The figures of a picture, from their file if it exists."""
    steps = f"_{options.steps}_steps" if options.steps else ""
    path = options.out / f"{tool}_{options.px}{steps}_{name}.json"
    row = row_of(path, measure, options, tool, name == "tiled", path)
    print(f"{tool}, {name}: {row['cpu_s']:.0f} CPU s, {row['peak_mib']:.0f} MiB", flush=True)
    return row


def measure(options: argparse.Namespace, tool: str, is_tiled: bool, path: Path) -> dict[str, Any]:
    """Paint and store the picture: the file of its pixels, CPU seconds and peak memory of the process."""
    context = Context(weights=registry().weights_library(options.weights))
    content, style = (square(read_maps(file), options.px) for file in (options.content, options.style))
    known = registry().tools[tool].parameters
    given = {name: options.steps for name in ("steps", "iterations") if options.steps and name in known.model_fields}
    parameters = known(weight=(1.0,), **given)
    task, _ = make_task(content, parameters, {"style": [style], "mask": [None]}, context)
    paint = importlib.import_module(f"impasto_style.{tool}.painting").paint
    started = time.process_time()
    made = as_image(paint(task, parameters, context, **({} if is_tiled else {"tile_px": WHOLE_PX})))
    row = {"file": str(path.with_suffix(".npy")), "cpu_s": time.process_time() - started, "peak_mib": peak_memory_mib()}
    np.save(path.with_suffix(".npy"), made)
    Image.fromarray((made * 255).round().astype(np.uint8)).save(path.with_suffix(".png"))
    return row


if __name__ == "__main__":
    main()
