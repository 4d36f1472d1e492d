"""`remove-light` on measured sets that judge: `python benchmarks/remove_light.py FOLDER`, in the core's Python.

Each set is photographed in the sun, and the shadow of a wall's edge, a pole or leaves is laid across it. Printed are
the shares left of the shadow's depth, of its tint and of the gradients at its border, the median change of pixels
in the light, and the mean change of the base colour alone, which has no shadow, both in 255ths. Next to it stand the
photograph itself, `even-light`, a guided filter, and `remove-light` with a mask as painted by hand. `--held-out` takes
the sets that choose settings, not the judges.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter, map_coordinates

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1]))
import torch
from photographed import Camera, photographs
from tasks.photo_maps.__main__ import STYLISED, is_held_out
from tasks.photo_maps.sets import JUDGES, RELIEF_JUDGES, is_judge, sets

from impasto import Maps, read_maps
from impasto.context import Context
from impasto.data.prepare import maps_at_scale
from impasto.numerics.filters import box_mean, guided_filter
from impasto.plugins.registry import registry
from impasto.surface.color import LUMINANCE, linear_to_srgb, srgb_to_linear
from impasto.surface.shading import Light
from impasto.tools import validate

SIDE_PX = 512
CAMERA = Camera(ambient=0.25, strength_stops=0.0, falloff=0.0)
RING_PX, HAND_PX, BLACK = 24, 3.0, 0.01
DEEP, LIT = 0.95, 0.02
"""Matte within the core of a shadow, and in the light."""


@dataclass(frozen=True)
class Figures:
    """Shares of a shadow's depth, tint and gradients at its border that are left; changes in 255ths, of pixels in the
    light and of a picture without light."""

    depth: float
    tint: float
    border: float
    lit: float
    plain: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    found: dict[str, list[Figures]] = {}
    for folder in sets(options.folder):
        name = folder.name
        is_wanted = (
            (not is_judge(name) and is_held_out(name)) if options.held_out else name in (*JUDGES, *RELIEF_JUDGES)
        )
        if not is_wanted or name.startswith(STYLISED):
            continue
        maps = read_maps(folder)
        if not {"base_color", "normal"} <= set(maps):
            continue
        maps = maps_at_scale(maps, SIDE_PX / maps.size_px[1])
        for method, figures in figures_of(maps, name).items():
            found.setdefault(method, []).append(figures)
            print(f"{name:<32} {method:<14} " + "  ".join(f"{x:6.2f}" for x in astuple(figures)), flush=True)
    for method, group in found.items():
        table = np.array([astuple(one) for one in group])
        still = int((table[:, 4] <= 1).sum())
        print(f"{method:<14} mean " + "  ".join(f"{x:6.2f}" for x in table.mean(0)), end="  median ")
        print("  ".join(f"{x:6.2f}" for x in np.median(table, 0)), f" {still} of {len(group)} unlit ones keep still")


def figures_of(maps: Maps, name: str) -> dict[str, Figures]:
    """Figures of all methods for a set."""
    rng = np.random.default_rng(int(hashlib.sha256(f"shadow of {name}".encode()).hexdigest()[:12], 16))
    plain = Maps({"base_color": maps["base_color"]})
    (photograph,) = photographs(maps, [Light(float(rng.uniform(0, 360)), float(rng.uniform(25, 65)))], CAMERA)
    matte, tint = shadow(rng, maps.size_px)
    lit = srgb_to_linear(photograph["base_color"].pixels)
    share = 1 - matte[..., None] * (1 - np.exp(-tint))
    shadowed = Maps.from_arrays({"base_color": np.round(linear_to_srgb(lit * share) * 255) / 255})
    found = {
        method: measured(shadowed, remove(shadowed), photograph, matte, share, change(plain, remove(plain)))
        for method, remove in METHODS.items()
    }
    painted = made_by("remove-light", inputs={"mask": by_hand(matte)}, tiling="single")(shadowed)
    found["with a mask"] = measured(shadowed, painted, photograph, matte, share, math.nan)
    return found


def by_hand(matte: np.ndarray) -> Maps:
    """The outline of a shadow (H, W), which strays from it by `HAND_PX` on average."""
    rng, size_px = np.random.default_rng(5), matte.shape
    strays = [gaussian_filter(rng.standard_normal(size_px), 14) for _ in range(2)]
    places = np.mgrid[: size_px[0], : size_px[1]] + [HAND_PX * x / x.std() for x in strays]
    is_inside = map_coordinates(matte, places, order=1, mode="nearest") > 0.5
    return Maps.from_arrays({"base_color": np.repeat(is_inside[..., None], 3, 2).astype(np.float32)})


def shadow(rng: np.random.Generator, size_px: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Matte (H, W) of a random shadow, and the logarithm of what it takes, (3,)."""
    height, width = size_px
    y, x = np.mgrid[:height, :width] / width - 0.5
    angle, offset = rng.uniform(0, 2 * math.pi), rng.uniform(-0.15, 0.15)
    across, along = (x * math.cos(angle) + y * math.sin(angle) - offset, y * math.cos(angle) - x * math.sin(angle))
    kind = ("wall", "pole", "leaves")[rng.integers(3)]
    if kind == "wall":
        inside = np.minimum(across, along + rng.uniform(0.1, 0.6))
    elif kind == "pole":
        inside = rng.uniform(0.06, 0.16) - np.abs(across + 0.1 * along)
    else:
        inside = np.full(size_px, -1.0)
        for _ in range(rng.integers(12, 40)):
            turn, long = rng.uniform(0, 2 * math.pi), rng.uniform(0.05, 0.12)
            wide, (right, down) = long * rng.uniform(0.3, 0.7), rng.uniform(-0.5, 0.5, 2)
            a = (x - right) * math.cos(turn) + (y - down) * math.sin(turn)
            b = (y - down) * math.cos(turn) - (x - right) * math.sin(turn)
            inside = np.maximum(inside, wide * (1 - np.hypot(a / long, b / wide)))
    penumbra_px = np.exp(rng.uniform(math.log(1.5), math.log(16)) + rng.uniform(-1, 1) * along).clip(1)
    matte = 1 / (1 + np.exp(-4 * (inside * width / penumbra_px).clip(-20, 20)))
    depth = -math.log(1 - rng.uniform(0.3, 0.85))
    return matte, depth * (1 + rng.uniform(0, 0.12) * np.array([1.0, 0.3, -1.0]))


def measured(shadowed: Maps, result: Maps, truth: Maps, matte: np.ndarray, share: np.ndarray, plain: float) -> Figures:
    """Figures of a result against the photograph without the shadow."""
    before, after, wanted = (
        np.log(srgb_to_linear(one["base_color"].pixels) + BLACK) for one in (shadowed, result, truth)
    )
    core, lit = matte > DEEP, matte < LIT
    ring = lit & binary_dilation(matte > 0.5, iterations=RING_PX)
    (cut, left), borders = (between(x - wanted, core, ring) for x in (before, after)), []
    band = (matte > LIT) & (matte < DEEP)
    for x in (before, after):
        smooth = gaussian_filter((x - wanted) @ LUMINANCE, 1)
        borders.append(float(np.hypot(*np.gradient(smooth))[band].mean()))
    changed = np.abs(result["base_color"].pixels - shadowed["base_color"].pixels)[lit]
    tints = [np.hypot(x[0] - x[1], x[2] - x[1]) for x in (cut, left)]
    return Figures(
        abs(float(left @ LUMINANCE)) / abs(float(cut @ LUMINANCE)),
        float(tints[1] / max(tints[0], 0.02)),
        borders[1] / borders[0],
        255 * float(np.median(changed)),
        plain,
    )


def between(x: np.ndarray, core: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Difference (3,) of means over two places."""
    return x[core].mean(0) - x[ring].mean(0)


def change(before: Maps, after: Maps) -> float:
    """The mean change of the base colour in 255ths."""
    return 255 * float(np.abs(after["base_color"].pixels - before["base_color"].pixels).mean())


def made_by(name: str, inputs: Mapping[str, Maps] | None = None, **parameters: float | str) -> Callable[[Maps], Maps]:
    """A tool with inputs and parameters."""

    def apply(subject: Maps) -> Maps:
        tool = registry().tool(name)
        result = tool.apply(subject, validate(tool, parameters), inputs or {}, Context())
        return result if isinstance(result, Maps) else result.maps

    return apply


def guided(subject: Maps) -> Maps:
    """The picture divided by its brightness in a guided filter (He et al. 2010)."""
    linear = torch.from_numpy(srgb_to_linear(subject["base_color"].pixels)).permute(2, 0, 1)
    log = (linear.mean(0) + BLACK).log()[None, None]
    light = guided_filter(log, log, lambda x: box_mean(x[0], SIDE_PX // 16, SIDE_PX // 16)[None], 0.05)[0, 0]
    even = linear * (light.mean() - light).exp()
    return Maps.from_arrays({"base_color": linear_to_srgb(even.clamp(0, 1).permute(1, 2, 0).numpy())})


METHODS: Mapping[str, Callable[[Maps], Maps]] = {
    "nothing": lambda subject: subject,
    "even-light": made_by("even-light"),
    "guided filter": guided,
    "remove-light": made_by("remove-light", tiling="single"),
}

if __name__ == "__main__":
    main()
