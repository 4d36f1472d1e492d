"""Speed of procedural materials, each alone: `python benchmarks/procedural.py [NAME…]`, in the core's Python.

Seconds for all maps of 1024² with two threads; the least of three runs.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch

from impasto import Maps, Tool
from impasto.context import Context
from impasto.plugins.registry import registry
from impasto.tools import is_procedural, validate

RUNS = 3


def main(names: list[str]) -> None:
    torch.set_num_threads(2)
    for tool in registry().tools.values():
        if is_procedural(tool) and (not names or tool.name in names):
            print(f"{tool.name:<18} {seconds_of(tool, 1024):>9.2f}", flush=True)


def seconds_of(tool: Tool, side_px: int) -> float:
    """Least seconds for all maps of a material, `side_px` wide."""
    parameters = validate(tool, {"width_px": side_px, "height_px": side_px})
    found = []
    for seed in range(RUNS):
        began = time.perf_counter()
        tool.apply(Maps(), parameters, {}, Context(rng=np.random.default_rng(seed)))
        found.append(time.perf_counter() - began)
    return min(found)


main(sys.argv[1:])
