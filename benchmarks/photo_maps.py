"""`photo-maps` on measured sets that judge: `python benchmarks/photo_maps.py FOLDER…`, in the core's Python.

Each set is read (a) from its base colour alone, (b) from photographs of it in the sun, from sides that depend on its
name, (c) the same with the light's azimuth given, and (d) with the nearest of the eight that are shown to choose from;
beside (a) stand the simplest estimates. The judges were drawn before anything was tried on them: see
`tasks/photo_maps/sets.py`. It takes ten minutes of one core for a sun and twenty sets.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1]))
from photographed import Camera, photographs
from tasks.photo_maps.sets import is_judge

from impasto import Maps, read_maps
from impasto.context import Context
from impasto.plugins.registry import registry
from impasto.surface.shading import Light
from impasto.tools import UNKNOWN_AZIMUTH, validate
from impasto_judge.maps import MapFigures, compare_controls, compare_maps, normal_figures
from impasto_judge.tables import MAP_HEADINGS

ELEVATION, CAMERA = 45.0, Camera(ambient=0.25, strength_stops=0.0)
LEFT_OUT = ("normal_degrees", "roughness_correlation", "height_correlation", "base_color_log_l1", "render_log_l1")
SHOWN = {name: text for name, text in {**MAP_HEADINGS, "slope_correlation": "r"}.items() if name not in LEFT_OUT}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--suns", type=int, default=1, help="photographs of each set, around it")
    arguments = parser.parse_args()
    found: dict[str, list[MapFigures]] = {}
    print(f"{'':<32} flat °  " + "  ".join(SHOWN.values()))
    judges = [path for folder in arguments.folders for path in sorted(folder.iterdir()) if is_judge(path.name)]
    for path in judges:
        name, truth = path.name, read_maps(path)
        for how, figures in figures_of(truth, name, arguments.suns):
            found.setdefault(how, []).append(figures)
            print(f"{name if how == 'a' else '':<32} {figures.flat_degrees:6.1f}  {cells(figures)}  {how}", flush=True)
    for how, group in found.items():
        print(how, summary(group))


def figures_of(truth: Maps, name: str, suns: int) -> Iterator[tuple[str, MapFigures]]:
    """Figures of the estimates from a set's base colour and from photographs of it, and of the simplest ones."""
    yield "a", compare_maps(estimate(Maps({"base_color": truth["base_color"]})), truth)
    for number in range(suns):
        photograph, azimuth = in_the_sun(truth, name, 360 * number / suns)
        for how, known in (("b", UNKNOWN_AZIMUTH), ("c", azimuth), ("d", round(azimuth / 45) * 45.0 % 360)):
            made = estimate(photograph, light_azimuth=known)
            yield how, MapFigures(**normal_figures(made["normal"].pixels, truth["normal"].pixels))
    yield from compare_controls(truth).items()


def in_the_sun(truth: Maps, name: str, turned: float = 0.0) -> tuple[Maps, float]:
    """A photograph of a set, and the azimuth of its light, which depends on the set's name, turned by an angle."""
    azimuth = (int(hashlib.sha256(name.encode()).hexdigest(), 16) % 360 + turned) % 360
    (photograph,) = photographs(truth, [Light(azimuth, ELEVATION)], CAMERA)
    return photograph, azimuth


def estimate(subject: Maps, **parameters: float) -> Maps:
    """All maps of a subject that wraps around."""
    tool = registry().tool("photo-maps")
    return tool.apply(subject, validate(tool, {"tiling": "tiling", **parameters}), {}, Context())


def cells(figures: MapFigures) -> str:
    """The figures that are shown, a dash for what is not known."""
    values = (getattr(figures, name) for name in SHOWN)
    return "  ".join(f"{'-' if value is None else format(value, '.2f'):>6}" for value in values)


def summary(group: Sequence[MapFigures]) -> str:
    """Means over the sets with relief; how many of them are half to one and a half times as steep as in truth; false
    relief and roughness of all, and the largest error beyond a flat surface's in degrees."""
    relief = [one for one in group if one.has_relief]
    means = {
        name: np.mean([x for one in relief if (x := getattr(one, name)) is not None] or [np.nan]) for name in SHOWN
    }
    steep = np.mean([0.5 <= (one.tilt_ratio or 0) <= 1.5 for one in relief])
    false = np.nanmean([np.nan if one.false_relief_degrees is None else one.false_relief_degrees for one in group])
    rough = np.nanmean([np.nan if one.roughness_error is None else one.roughness_error for one in group] + [np.nan])
    beyond = max((one.normal_degrees or 0) - (one.flat_degrees or 0) for one in group)
    parts = " ".join(f"{text} {means[name]:.2f}" for name, text in SHOWN.items())
    of_all = f"false {false:.2f} rough {rough:.3f} beyond flat {beyond:+.1f}"
    return f"{len(relief)} sets with relief: {parts}; steep enough {steep:.2f}; all: {of_all}"


if __name__ == "__main__":
    main()
