"""Photometric stereo on rendered photographs: `python benchmarks/photometric_stereo.py FOLDER [NAME…]`.

Mean angles in degrees between measured and true normals, for each of the PBR sets in FOLDER: of a flat surface; of
plain least squares with measured directions, as control; of the tool with measured directions, with clock angles that
are wrong by 6 degrees or so and no elevations, and with unknown lights (the better of both signs). Then roughness and
height with measured directions.

Eight lights, GGX, cast shadows, uneven light, strengths that differ by 0.3 stops, noise and 8 bits, as
`tests/photographed.py` renders them. Thresholds of the tool were chosen on procedural materials, not on the sets.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from photographed import guessed, lights_around, measured, normal_error, photographs, stereo
from pictures import pbr_sets

from impasto import Maps
from impasto.surface.color import srgb_to_linear
from impasto.surface.resizing import resized_map
from impasto.surface.shading import Light

SIDE = 384
LIGHTS = 8
COLUMNS = ("flat", "plain", "measured", "clock", "unknown", "roughness", "of .5", "height r", "metallic")
METALLIC = 0.5
"""Mean of the metallic map above which a set counts as metal, which Lambert's law does not describe."""


def main(arguments: Sequence[str]) -> None:
    folder, *wanted = arguments
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    rows = []
    print(f"{'set':<26}" + "".join(f"{name:>10}" for name in COLUMNS))
    for index, (name, maps) in enumerate(pbr_sets(Path(folder))):
        if "normal" in maps and (not wanted or name in wanted):
            rows.append(row_of(_shrunk(maps), index))
            print(f"{name:<26}" + "".join(f"{value:>10.2f}" for value in rows[-1]), flush=True)
    for label, chosen in (("mean", rows), ("mean without metals", [row for row in rows if row[-1] < METALLIC])):
        if chosen:
            print(f"{label:<26}" + "".join(f"{value:>10.2f}" for value in np.nanmean(chosen, 0)))


def row_of(maps: Maps, seed: int) -> tuple[float, ...]:
    """Values of `COLUMNS` for one set."""
    lights = lights_around(LIGHTS, seed)
    photos = photographs(maps, lights, seed=seed)
    truth = maps["normal"].pixels
    exact, told = stereo(photos, **measured(lights)), stereo(photos, **guessed(lights, seed))
    unknown = stereo(photos, lights="unknown").maps["normal"].pixels
    both_signs = unknown, np.concatenate([1 - unknown[..., :2], unknown[..., 2:]], 2)
    flat = np.broadcast_to(np.array([0.5, 0.5, 1.0]), truth.shape)
    arrays = maps.arrays()
    rough = arrays.get("roughness", np.full((1, 1, 1), np.nan))
    height = arrays["height"].ravel() if "height" in maps else None
    found = exact.maps["height"].pixels.ravel()
    return (
        normal_error(flat, truth),
        normal_error(plain(photos, lights), truth),
        *(normal_error(made.maps["normal"].pixels, truth) for made in (exact, told)),
        min(normal_error(one, truth) for one in both_signs),
        float(np.abs(exact.maps["roughness"].pixels - rough).mean()),
        float(np.abs(0.5 - rough).mean()),
        float(np.corrcoef(found, height)[0, 1]) if height is not None and np.ptp(height) > 0 else np.nan,
        float(arrays["metallic"].mean()) if "metallic" in maps else 0.0,
    )


def plain(photos: Sequence[Maps], lights: Sequence[Light]) -> np.ndarray:
    """Normals by least squares with measured directions, each picture divided by its mean (Woodham 1980)."""
    L = np.stack([light.direction().numpy() for light in lights])
    linear = np.stack([srgb_to_linear(photo["base_color"].pixels).mean(2).ravel() for photo in photos])
    even = linear / linear.mean(1, keepdims=True) * L[:, 2:]
    b = np.linalg.lstsq(L, even, rcond=None)[0]
    n = b / np.maximum(np.linalg.norm(b, axis=0), 1e-9)
    return (0.5 + 0.5 * n.T).reshape(*photos[0].size_px, 3)


def _shrunk(maps: Maps) -> Maps:
    """The maps, their longer side `SIDE` at most, so that they still tile."""
    height, width = maps.size_px
    scale = min(1.0, SIDE / max(height, width))
    size_px = round(height * scale), round(width * scale)
    return replace(maps, textures={name: resized_map(name, maps[name], size_px) for name in maps})


if __name__ == "__main__":
    main(sys.argv[1:])
