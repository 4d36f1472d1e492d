"""Paints pictures by recipes, in a separate process per method, and stores results and measurements.

A painting whose row is there is not made again: what was interrupted goes on where it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from bench import peak_memory_mib
from PIL import Image

from impasto import Maps, Recipe, RunOptions, Step, read_maps, run
from impasto.errors import ImpastoError
from impasto.recipe import name_inputs
from impasto.surface.thumbnail import lit_picture

RECOLORED = "recoloured"
"""Baseline instead of a tool: only the palette of the style is transferred."""


@dataclass(frozen=True)
class Painting:
    """A painting: its tool (or TOOL=NAME) and its file; an input may be a list, or the file of an earlier painting."""

    path: Path
    tool: str
    inputs: Mapping[str, Maps | Sequence[Maps] | Path]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def row_path(self) -> Path:
        """File of its figures."""
        return self.path.with_suffix(".json")

    def row(self) -> dict[str, Any]:
        """Figures of the painting."""
        return json.loads(self.row_path.read_text())

    def pixels(self) -> np.ndarray:
        """The result (H, W, 3), as it is `shown`."""
        return read_maps(self.path)["base_color"].pixels


Figures = Callable[[Painting], Mapping[str, Any]]


def paint_all(
    paintings: Sequence[Painting], weights: Path | None, device: str, figures: Figures = lambda painting: {}
) -> list[Painting]:
    """Paintings that could be made, in a process per tool; `figures` are added to the measurements of each."""
    for tool in dict.fromkeys(painting.tool for painting in paintings):
        missing = [one for one in paintings if one.tool == tool and not one.row_path.exists()]
        with ProcessPoolExecutor(1, get_context("spawn"), _warm) as process:
            for painting in missing:
                try:
                    measured = process.submit(paint, painting, weights, device).result()
                except ImpastoError as error:
                    print(f"{tool} is left out: {error}", flush=True)
                    break
                row = {"tool": tool, **measured, **figures(painting)}
                painting.row_path.write_text(json.dumps(row, indent=1) + "\n")
                print(f"{painting.path.parent.name}/{painting.path.stem}: {row['cpu_s']:.1f} CPU s", flush=True)
    return [painting for painting in paintings if painting.row_path.exists()]


def _warm() -> None:
    """Import slow modules before the measurement."""
    import style_judging  # noqa: F401


def paint(painting: Painting, weights: Path | None, device: str) -> dict[str, float]:
    """Paint and write the file; seconds, and the peak memory of this process so far."""
    inputs = {name: read_maps(given) if isinstance(given, Path) else given for name, given in painting.inputs.items()}
    started, cpu = time.perf_counter(), time.process_time()
    made = _made(painting, inputs, weights, device)
    measured = {
        "wall_s": time.perf_counter() - started,
        "cpu_s": time.process_time() - cpu,
        "peak_mib": peak_memory_mib(),
    }
    painting.path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((shown(made) * 255).round().astype(np.uint8)).save(painting.path)
    return measured


def shown(maps: Maps) -> np.ndarray:
    """The base colour (H, W, 3); a surface with normals is lit, with the normals below."""
    return np.concatenate([lit_picture(maps), maps["normal"].pixels]) if "normal" in maps else maps["base_color"].pixels


def _made(painting: Painting, inputs: Mapping[str, Any], weights: Path | None, device: str) -> Maps:
    if painting.tool == RECOLORED:
        from style_judging import recolored

        picture, style = (inputs[name]["base_color"].pixels for name in ("source", "style"))
        return Maps.from_arrays({"base_color": recolored(picture, style)})
    values = {name: [given] if isinstance(given, Maps) else given for name, given in inputs.items()}
    (source,) = values.pop("source")
    tool, chosen, needs_style = chosen_of(painting.tool)
    names, named = name_inputs(values if needs_style else {})
    recipe = Recipe((Step(tool, {**chosen, **painting.parameters}, names),), painting.seed)
    return run(recipe, {"source": source, **named}, RunOptions(device=device, weights_folder=weights)).maps


def chosen_of(tool: str) -> tuple[str, dict[str, str], bool]:
    """A tool of TOOL[=NAME], its model or backbone as a parameter, and whether it takes a picture of the style."""
    name, _, chosen = tool.partition("=")
    needs_style = name != "fast-style"
    return name, {"backbone" if needs_style else "model": chosen} if chosen else {}, needs_style
