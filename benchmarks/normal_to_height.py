"""Heights from normals, and their truth: `python benchmarks/normal_to_height.py FOLDER`, in the core's Python.

FOLDER holds PBR sets; of those with a normal map and a height that is not flat, the correlation of heights with the
true one: of `normal-to-height`, and of plain Frankot and Chellappa (1988), which takes every slope for a derivative on
a torus. Of all normal maps, the evidence for their sign.
A second argument is a checkout of DeepBump (https://github.com/HugoTini/DeepBump, GPL), whose integral needs no
weights: it is then in the table, too.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.errors import ParameterError
from impasto.io.decode import read_map
from impasto.io.map_files import set_at
from impasto.surface.heights import slopes_from_normal
from impasto.surface.orientation import orientation
from impasto_judge.relief import correlation

Integral = Callable[[np.ndarray], np.ndarray]


def main(folder: Path, checkout: Path | None = None) -> None:
    deepbump = integral_of(checkout) if checkout else None
    print(f"{'set':<28} {'ours':>7} {'F-C':>7} {'DeepBump':>8}  sign")
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        try:
            compare_real(path, deepbump)
        except ParameterError as error:
            print(f"{path.name:<28} {error.message}")


def integral_of(checkout: Path) -> Integral:
    """DeepBump's height (H, W) of normals (H, W, 3) that tile."""
    spec = importlib.util.spec_from_file_location("deepbump", checkout / "module_normals_to_height.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda normal: module.apply(normal.transpose(2, 0, 1), True, lambda done, of: None)[0]


def compare_real(path: Path, deepbump: Integral | None) -> None:
    """Print the row of a set."""
    found = set_at(path)
    files = {name: source.file for name, source in found.maps.items()} if found else {}
    if "normal" not in files:
        return
    normal = read_map(files["normal"], "normal").pixels
    slopes = slopes_from_normal(normal)
    found = orientation(slopes)
    sign = f"{found.sign} by {found.by}, r {found.correlation:.2f}, confidence {found.confidence:.3f}"
    color = read_map(files["base_color"], "base_color").pixels
    true = read_map(files["height"], "height").pixels[..., 0] if "height" in files else np.zeros((1, 1))
    if np.ptp(true) == 0:
        print(f"{path.name:<28} {'-':>7} {'-':>7} {'-':>8}  {sign}", flush=True)
        return
    level = slopes - slopes.mean((0, 1))
    figures = (
        correlation(height_of({"normal": normal, "base_color": color}, "auto"), true),
        correlation(frankot_chellappa(level), true),
        correlation(deepbump(normal), true) if deepbump else np.nan,
    )
    print(f"{path.name:<28} " + "{:7.4f} {:7.4f} {:8.4f}".format(*figures) + f"  {sign}", flush=True)


def height_of(arrays: dict[str, np.ndarray], tiling: str) -> np.ndarray:
    """Height of `normal-to-height` (H, W)."""
    step = Step("normal-to-height", {"tiling": tiling, "green": "up"})
    maps = run(Recipe((step,)), {"source": Maps.from_arrays(arrays)}, RunOptions(device="cpu")).maps
    return maps["height"].pixels[..., 0]


def frankot_chellappa(slopes: np.ndarray) -> np.ndarray:
    """Height (H, W) of slopes (H, W, 2), as the paper has it: −i (ω_x P + ω_y Q) / |ω|²."""
    height, width = slopes.shape[:2]
    x, y = 2 * np.pi * np.fft.rfftfreq(width)[None], 2 * np.pi * np.fft.fftfreq(height)[:, None]
    P, Q = np.fft.rfft2(slopes[..., 0].astype(np.float64)), np.fft.rfft2(slopes[..., 1].astype(np.float64))
    H = -1j * (x * P + y * Q) / np.maximum(x * x + y * y, 1e-12)
    H[0, 0] = 0
    return np.fft.irfft2(H, s=(height, width))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
