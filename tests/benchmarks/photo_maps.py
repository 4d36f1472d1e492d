"""`photo-maps` on measured sets: `python tests/benchmarks/photo_maps.py FOLDER`, in the core's Python.

Each set is read (a) from its base colour alone, (b) from photographs of it that are lit from three sides, and (c) the
same with the light's azimuth given; beside it stand a flat surface, and luminance as height. The judges were listed
before anything was tried on them, by the rule of `tasks/photo_maps/sets.py`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))
from photographed import Camera, photographs
from tasks.photo_maps.sets import JUDGES

from impasto import Maps, read_maps
from impasto.context import Context
from impasto.evaluation.maps import MapFigures, compare_maps, mean_figures
from impasto.plugins.registry import registry
from impasto.surface.heights import normal_from_slopes, slopes_from_height
from impasto.surface.shading import Light
from impasto.tools import validate

AZIMUTHS = (20.0, 140.0, 260.0)
"""Sides that the light comes from, in degrees: from the right, the upper left, and the bottom."""
ELEVATION, CAMERA = 45.0, Camera(ambient=0.25, strength_stops=0.0)
LUMINANCE = 1 / 1024
"""Height from black to white, relative to the width. More was worse on five other sets, and less is flat."""
HOW = ("luminance", "a", "b", "c")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print(f"{'set':<28} {'flat °':>6}  " + "  ".join(f"{how:>13}" for how in HOW) + "   roughness   of .5")
    found = []
    for name in JUDGES:
        found.append(figures_of(read_maps(arguments.folder / name)))
        print(row(name, found[-1]), flush=True)
    summarise(found)


def figures_of(truth: Maps) -> dict[str, MapFigures]:
    """Figures of the estimates from a set's base colour and from photographs of it."""
    bare = Maps({"base_color": truth["base_color"]})
    hidden, told = [], []
    for azimuth in AZIMUTHS:
        (photograph,) = photographs(truth, [Light(azimuth, ELEVATION)], CAMERA)
        hidden.append(compare_maps(estimate(photograph), truth))
        told.append(compare_maps(estimate(photograph, light_azimuth=azimuth), truth))
    found = compare_maps(of_luminance(bare), truth), compare_maps(estimate(bare), truth)
    return dict(zip(HOW, (*found, mean_figures(hidden), mean_figures(told)), strict=True))


def estimate(subject: Maps, **parameters: float) -> Maps:
    """All maps of a subject that wraps around."""
    tool = registry().tool("photo-maps")
    return tool.apply(subject, validate(tool, {"tiling": "tiling", **parameters}), {}, Context())


def of_luminance(subject: Maps) -> Maps:
    """Normals of brightness as height."""
    lightness = subject["base_color"].pixels @ np.array((0.299, 0.587, 0.114), np.float32)
    slopes = slopes_from_height(lightness * (LUMINANCE * lightness.shape[1]))
    return Maps.from_arrays({"base_color": subject["base_color"].pixels, "normal": normal_from_slopes(slopes)})


def row(name: str, figures: dict[str, MapFigures]) -> str:
    """Error of normals over a flat surface's, and slope correlation, of each way; mean error of roughness."""
    parts = [f"{figures[how].normal_of_flat:5.2f} (r {figures[how].slope_correlation or 0:5.2f})" for how in HOW]
    rough = figures["b"]
    errors = f"{rough.roughness_error or 0:9.2f} {rough.half_roughness_error or 0:7.2f}"
    return f"{name:<28} {rough.flat_degrees:6.1f}  {'  '.join(parts)}   {errors}"


def summarise(found: list[dict[str, MapFigures]]) -> None:
    """Means over the sets with relief, and the worst of all."""
    relief = [figures for figures in found if figures["a"].has_relief]
    for how in HOW:
        share = np.mean([figures[how].normal_of_flat for figures in relief])
        r = np.mean([figures[how].slope_correlation for figures in relief])
        worst = max(figures[how].normal_degrees - figures[how].flat_degrees for figures in found)
        print(f"{how:<10} sets with relief: {share:.3f} of flat (r {r:.2f}); worst set: {worst:+.2f} degrees from flat")
    errors = [(figures["b"].roughness_error, figures["b"].half_roughness_error) for figures in found]
    ours, half = np.mean([pair for pair in errors if None not in pair], 0)
    print(f"roughness  {ours:.3f}, constant .5 {half:.3f}")


if __name__ == "__main__":
    main()
