"""Results of every tool with its defaults on crops of two photographs of scikit-image.

Generators run with small models, trained for two steps, whose tensors are results as well.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "plugins"), str(ROOT / "tests")]

SIDE_PX = 160
SEED = 7
SUBJECTS = {"brick": 0, "coffee": 60}
"""Photographs of scikit-image, and the row and column at which the crop begins."""


def results(folder: Path, wanted: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Each map of each tool's result, or the message with which it refuses, as "tool subject map"."""
    from safetensors.numpy import load_file

    from impasto.errors import ImpastoError
    from impasto.plugins.registry import registry

    for trainer, file in use_small_libraries(folder).items():
        if not wanted or trainer in wanted:
            yield from ((f"{trainer} model {name}", array) for name, array in load_file(file).items())
    for name, tool in sorted(registry().tools.items()):
        if tool.kind == "trainer" or (wanted and name not in wanted):
            continue
        for subject in SUBJECTS:
            started_s = time.monotonic()
            try:
                result = tool_result(name, subject)
                yield from ((f"{name} {subject} {item}", result.maps[item].pixels) for item in result.maps)
                yield from ((f"{name} {subject} {item}", np.array(value)) for item, value in result.figures.items())
                steps = result.recipe.to_dict()["steps"]
                yield f"{name} {subject} recipe", np.array(json.dumps(steps, sort_keys=True))
            except ImpastoError as error:
                yield f"{name} {subject} refused", np.array(str(error))
            print(f"{name} {subject}: {time.monotonic() - started_s:.1f} s", file=sys.stderr)


def use_small_libraries(folder: Path, device: str = "auto") -> dict[str, Path]:
    """Use libraries of small models and weights, made in `folder`; the model of each trainer."""
    from random_weights import write_small_weights
    from tiny import TINY, install_foreign, train_tiny

    for variable in ("IMPASTO_MODELS", "IMPASTO_WEIGHTS"):
        (folder / variable).mkdir()
        os.environ[variable] = str(folder / variable)
    write_small_weights(folder / "IMPASTO_WEIGHTS")
    models = folder / "IMPASTO_MODELS"
    trained = {trainer: train_tiny(trainer, models, device=device).models[0] for trainer in TINY}
    install_foreign(models)
    return trained


def _photograph(name: str) -> Any:
    from skimage import data

    from impasto.texture import Maps

    first = SUBJECTS[name]
    pixels = getattr(data, name)()[first : first + SIDE_PX, first : first + SIDE_PX] / 255
    colors = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
    return Maps.from_arrays({"base_color": colors})


def tool_result(name: str, subject: str, device: str = "auto") -> Any:
    """The tool's result for a photograph that has what the tool needs; the other one is its style or guide.

    Where it takes a set that belongs together, that is made of a photograph or rendered.
    """
    from photographed import hours, lights_around, photographs

    from impasto.inspection.behaviour import corner, with_needs
    from impasto.options import RunOptions
    from impasto.plugins.registry import registry
    from impasto.recipe import Recipe, Step, name_inputs
    from impasto.running.runner import run

    tool = registry().tool(name)
    source, parameters = with_needs(tool, _photograph(subject)), {}
    other = next(one for one in SUBJECTS if one != subject)
    needed = [item for item in tool.inputs if item.required]
    values = {item.name: [with_needs(tool, _photograph(other))] * item.least for item in needed if item.kind != "mesh"}
    if "mask" in values:
        values["mask"] = [_hole()]
    if name == "panorama-from-cube":
        source = tool_result("cube-faces", subject, device="cpu").maps
    if name == "photometric-stereo":
        lights = lights_around()
        values["photo"] = photographs(tool_result("cobbles", subject, device="cpu").maps, lights)
        clock = {"clock": [hours(light.azimuth) for light in lights]}
        parameters = clock if subject == next(iter(SUBJECTS)) else {"lights": "unknown"}
    inputs, named = name_inputs(values)
    named |= {item.name: corner() for item in needed if item.kind == "mesh"}
    return run(Recipe((Step(name, parameters, inputs),), SEED), {"source": source, **named}, RunOptions(device))


def _hole() -> Any:
    """A mask of a rectangle in the middle."""
    from impasto.texture import Maps

    mask = np.zeros((SIDE_PX, SIDE_PX, 3))
    mask[50:100, 60:120] = 1
    return Maps.from_arrays({"base_color": mask})
