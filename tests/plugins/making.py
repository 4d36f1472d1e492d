"""Results of tools on a picture or on maps, a map set that tiles, and photographs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage import data

from impasto import Maps, Recipe, Result, RunOptions, Step, run
from impasto.recipe import name_inputs
from impasto.surface.heights import normal_from_slopes, slopes_from_height

SHIFT = (16, 40)
Inputs = Mapping[str, Maps | Sequence[Maps]]


def tile(side: int = 64, seed: int = 0, finest_px: float = 0.7) -> Maps:
    """A map set that tiles: colours that vary at several scales, and a relief with its normals."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((side, side, 4))
    waves = sum(gaussian_filter(noise, (s, s, 0), mode="wrap") * s for s in (finest_px, 2, 6))
    waves = np.tanh(waves / waves.std((0, 1)))
    height = 0.5 + 0.45 * waves[..., 3]
    mixed = waves[..., :3] @ rng.uniform(-0.2, 0.25, (3, 3)) + 0.25 * waves[..., 3:]
    arrays = {
        "base_color": np.clip(rng.uniform(0.3, 0.6, 3) + 0.6 * mixed + 0.02 * noise[..., :3], 0.02, 0.98),
        "roughness": np.clip(0.5 + 0.2 * waves[..., 0], 0, 1),
        "metallic": np.zeros((side, side)),
        "normal": normal_from_slopes(slopes_from_height(0.04 * side * height)),
        "height": height,
        "ambient_occlusion": np.clip(0.8 + 0.2 * waves[..., 3], 0, 1),
    }
    return Maps.from_arrays(arrays, name="tile.png", width_m=2.0, height_range_m=0.08)


def rolled(maps: Maps, shift: tuple[int, int] = SHIFT) -> Maps:
    """Maps rolled down and to the right."""
    return maps.with_arrays({name: np.roll(array, shift, (0, 1)) for name, array in maps.arrays().items()})


def made(tool: str, subject: Maps | np.ndarray, inputs: Inputs | None = None, seed: int = 0, **parameters) -> Result:
    """The result of a tool on maps, or on a base colour, and on further inputs, of which each may be several."""
    source = subject if isinstance(subject, Maps) else Maps.from_arrays({"base_color": subject})
    lists = {name: [given] if isinstance(given, Maps) else given for name, given in (inputs or {}).items()}
    names, named = name_inputs(lists)
    return run(Recipe((Step(tool, parameters, names),), seed), {"source": source, **named}, RunOptions(device="cpu"))


def finish(tool: str, subject: Maps | np.ndarray, inputs: Inputs | None = None, **parameters) -> Maps:
    """The maps of the result."""
    return made(tool, subject, inputs, **parameters).maps


def photograph(name: str, side: int, factor: int = 1) -> np.ndarray:
    """One of scikit-image's grey photographs (side, side, 3), each pixel the mean of `factor` x `factor` of its own."""
    grey = getattr(data, name)()[: factor * side, : factor * side].astype(np.float32) / 255
    return np.repeat(grey.reshape(side, factor, side, factor).mean((1, 3))[..., None], 3, 2)
