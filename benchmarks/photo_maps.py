"""`photo-maps` on measured sets that judge: `python benchmarks/photo_maps.py FOLDER…`, in the core's Python.

Each set is read (a) from its base colour alone, (b) from photographs of it in the sun, from sides that depend on its
name, (c) the same with the light's azimuth given, and (d) with the nearest of the eight that are shown to choose from;
beside (a) stand the simplest estimates. With `--outside FOLDER`, (e) are the maps of PBRify's networks, which you
downloaded and `spandrel` reads (`pip install spandrel`), and (f) the same with green the other way.

The judges were drawn before anything was tried on them: see `tasks/photo_maps/sets.py`. It takes ten minutes of one
core for a sun and twenty sets.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

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

Network = Callable[[Tensor], Tensor]
ELEVATION, CAMERA = 45.0, Camera(ambient=0.25, strength_stops=0.0)
LEFT_OUT = ("normal_degrees", "roughness_correlation", "height_correlation", "base_color_log_l1", "render_log_l1")
OUTSIDE = {
    "normal": ("1x-PBRify_NormalV3.pth", "b0a18270da765f02eaae3c228203bee0677fc28b2854a562515e4aae9c61223b"),
    "roughness": ("1x-PBRify_RoughnessV2.pth", "7003c39041af64cdb77d5120bd560a2878538fbb14a07657d8fd12aac5773679"),
}
"""Published files (CC0; OpenModelDB's issues 416 and 417) and their SHA-256."""
AROUND_PX = 32
SHOWN = {name: text for name, text in {**MAP_HEADINGS, "slope_correlation": "r"}.items() if name not in LEFT_OUT}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--suns", type=int, default=1, help="photographs of each set, around it")
    parser.add_argument("--outside", type=Path, metavar="FOLDER", help="the networks of others")
    arguments = parser.parse_args()
    networks = read_outside(arguments.outside) if arguments.outside else {}
    found: dict[str, list[MapFigures]] = {}
    print(f"{'':<32} flat °  " + "  ".join(SHOWN.values()))
    judges = [path for folder in arguments.folders for path in sorted(folder.iterdir()) if is_judge(path.name)]
    for path in judges:
        name, truth = path.name, read_maps(path)
        for how, figures in figures_of(truth, name, arguments.suns, networks):
            found.setdefault(how, []).append(figures)
            print(f"{name if how == 'a' else '':<32} {figures.flat_degrees:6.1f}  {cells(figures)}  {how}", flush=True)
    for how, group in found.items():
        print(how, summary(group))


def figures_of(truth: Maps, name: str, suns: int, networks: Mapping[str, Network]) -> Iterator[tuple[str, MapFigures]]:
    """Figures of the estimates from a set's base colour and from photographs of it, and of the simplest ones."""
    yield "a", compare_maps(estimate(Maps({"base_color": truth["base_color"]})), truth)
    for number in range(suns):
        photograph, azimuth = in_the_sun(truth, name, 360 * number / suns)
        for how, known in (("b", UNKNOWN_AZIMUTH), ("c", azimuth), ("d", nearest_of_eight(azimuth))):
            made = estimate(photograph, light_azimuth=known)
            yield how, MapFigures(**normal_figures(made["normal"].pixels, truth["normal"].pixels))
    yield from compare_controls(truth).items()
    if networks:
        found = estimate_outside(truth, networks)
        yield "e", compare_maps(found, truth)
        turned = found["normal"].pixels * (1, -1, 1) + (0, 1, 0)
        yield "f", compare_maps(found.with_arrays({"normal": turned.astype(np.float32)}), truth)


def in_the_sun(truth: Maps, name: str, turned: float = 0.0) -> tuple[Maps, float]:
    """A photograph of a set, and the azimuth of its light, which depends on the set's name, turned by an angle."""
    azimuth = (int(hashlib.sha256(name.encode()).hexdigest(), 16) % 360 + turned) % 360
    (photograph,) = photographs(truth, [Light(azimuth, ELEVATION)], CAMERA)
    return photograph, azimuth


def nearest_of_eight(azimuth: float) -> float:
    """The nearest of the azimuths that are shown to choose from, in degrees."""
    return round(azimuth / 45) * 45.0 % 360


def estimate(subject: Maps, **parameters: float) -> Maps:
    """All maps of a subject that wraps around."""
    tool = registry().tool("photo-maps")
    return tool.apply(subject, validate(tool, {"tiling": "tiling", **parameters}), {}, Context())


def read_outside(folder: Path) -> dict[str, Network]:
    """The networks of others in a folder, by their maps; one that is not the published file is named."""
    from spandrel import ModelLoader

    for name, sha256 in OUTSIDE.values():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != sha256:
            print(f"{name} is not the file that was published: its SHA-256 is another")
    return {kind: ModelLoader().load_from_file(folder / name).eval() for kind, (name, _) in OUTSIDE.items()}


@torch.inference_mode()
def estimate_outside(subject: Maps, networks: Mapping[str, Network]) -> Maps:
    """The maps that others' networks make of a base colour which wraps around."""
    color = torch.from_numpy(subject["base_color"].pixels.transpose(2, 0, 1))[None]
    made = {}
    for kind, network in networks.items():
        wide = network(pad(color, (AROUND_PX,) * 4, mode="circular")).clamp(0, 1)
        pixels = wide[0, :, AROUND_PX:-AROUND_PX, AROUND_PX:-AROUND_PX].permute(1, 2, 0).numpy()
        made[kind] = pixels if kind == "normal" else pixels.mean(2, keepdims=True)
    return Maps.from_arrays(made)


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
