"""Results of every tool, for comparing two states of the code: whether a change of code changes any pixel.

    python benchmarks/hashes.py --save before.npz            # before the change
    python benchmarks/hashes.py --against before.npz         # after it
    python benchmarks/hashes.py --against before.npz quilt inpaint

Each tool runs with its defaults on crops of two photographs of scikit-image, a generator with a small model trained for
two steps, whose tensors are compared as well. A line says for each map, figure or recipe that differs by how much, or
that a tool refuses what it accepted before.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", nargs="*", help="tools; by default, all")
    parser.add_argument("--save", type=Path, help="file for the results")
    parser.add_argument("--against", type=Path, help="file of earlier results to compare with")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = dict(_results(Path(folder), options.tools))
    if options.save:
        np.savez_compressed(options.save, **results)
    if not options.against:
        return 0
    with np.load(options.against) as before:
        known = {name: before[name] for name in before.files if not options.tools or name.split()[0] in options.tools}
    different = list(_differences(known, results))
    print("\n".join(different) if different else f"{len(results)} results of {_tools(results)} tools are equal")
    return bool(different)


def _tools(results: dict[str, np.ndarray]) -> int:
    return len({name.split()[0] for name in results})


def _results(folder: Path, wanted: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
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


def _differences(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            yield f"{name}: only {'before' if name in before else 'after'}"
        elif before[name].shape != after[name].shape:
            yield f"{name}: {before[name].shape} before, {after[name].shape} after"
        elif not np.array_equal(before[name], after[name]):
            if before[name].dtype.kind == "U":
                yield f"{name}: {before[name]} before, {after[name]} after"
                continue
            apart = np.abs(before[name] - after[name])
            yield f"{name}: {apart.mean():.2g} on average, {apart.max():.2g} at most"


if __name__ == "__main__":
    sys.exit(main())
