"""Repainting, covering and mending of whole objects: seams, seconds and memory, the flat way beside.

    python benchmarks/objects.py MESHES [--tools patches-style ...] [--style PICTURE] [--out DIR]

MESHES is what `objects_in_blender.py meshes` wrote: a folder for each object with mesh.ply and its maps. For each tool
and object it prints the jump of colour and of gradient across UV seams, relative to jumps as far apart inside, and
the z-score of the spike at seams, of the picture that is painted flat and of the one that is painted across seams; the
deviation of fine detail; and the processor seconds of both. Repair fills spots on seams, and is measured
there. --out keeps the textures, for `objects_in_blender.py render`.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter, label
from skimage import data

from impasto import Maps, Recipe, Step, read_maps, run, write_maps
from impasto.atlas.charts import Charts
from impasto.atlas.mesh import Mesh
from impasto.atlas.raster import NONE
from impasto.atlas.seams import SeamPoints, seam_jumps
from impasto.io.meshes import read_mesh
from impasto.plugins.registry import registry
from impasto.surface.color import luma
from impasto.surface.resizing import maps_at_most

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from cubes import cube

TOOLS = ("patches-style", "neighbours", "wct", "gatys", "sharpen", "inpaint", "erase-seams")
COVERS = ("bricks", "planks")
EXAMPLES = ("brick", "gravel", "grass")
"""Photographs of scikit-image, which do not tile."""
STROKES = ("patches-style", "wct")
REPEATS = 0.5
SPOTS, SPOT = 32, 0.03
"""Number of spots that are to be filled, and their radius, relative to the texture's side."""
Measures = tuple[float, float, float, float, float]
"""Jumps of colour and gradient, z-score, deviation of detail, and seconds."""
SIZE = {"width_px": 1024, "height_px": 1024}
STROKES_PX = 1024
"""Side of the textures with dots: the smallest face then shows some fifty, so that their number is no noise."""
CONTENTS = 3
"""Number of pictures that are painted with dots; the figure is the mean of all."""
SIDES = (0.32, 0.16, 0.24, 0.18, 0.28, 0.2)
"""Widths of the UV islands of a cube's faces."""


def main() -> None:
    """Print a line for each tool, object and way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("meshes", type=Path)
    parser.add_argument("--tools", nargs="*", default=TOOLS, metavar="TOOL")
    parser.add_argument("--covers", nargs="*", default=COVERS, metavar="GENERATOR")
    parser.add_argument("--examples", nargs="*", default=EXAMPLES, metavar="PHOTOGRAPH")
    parser.add_argument("--style", type=Path, help="painting (default: a photograph of scikit-image)")
    parser.add_argument("--halve", type=int, default=0, metavar="TIMES", help="make the textures smaller first")
    parser.add_argument("--strokes", nargs="*", default=STROKES, metavar="STYLIZER")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    style = read_maps(options.style) if options.style else Maps.from_arrays({"base_color": data.coffee() / 255})
    columns = "".join(f" {way + ': color':>12}{'gradient':>9}{'z':>6}{'detail':>7}{'s':>7}" for way in ("flat", "mesh"))
    print(f"{'tool':>24} {'object':>26}{columns}")
    for tool in options.strokes:
        flat, on_mesh = strokes(tool)
        print(f"{tool:>24} {'a cube':>26} the distance of dots varies by {flat}, on the mesh by {on_mesh}")
    for folder in sorted(path for path in options.meshes.iterdir() if path.is_dir()):
        mesh = read_mesh(folder / "mesh.ply")
        for tool in options.tools:
            maps = read_maps(folder)
            maps = maps_at_most(maps, max(maps.size_px) >> options.halve)
            report(tool, folder.name, repainted(tool, maps, folder.name, mesh, style, options.out))
        for generator in options.covers:
            for way in ("unrolled", "triplanar"):
                report(f"{generator}, {way}", folder.name, covered(generator, way, mesh, folder.name, options.out))
        for example in options.examples:
            report(f"{example}, grown", folder.name, grown(example, mesh, folder.name, options.out))


def report(tool: str, name: str, ways: list[Measures | None]) -> None:
    parts = "".join(
        f" {way[0]:12.2f}{way[1]:9.2f}{way[2]:6.1f}{way[3]:7.4f}{way[4]:7.1f}" if way else " " * 42 for way in ways
    )
    print(f"{tool:>24} {name:>26}{parts}", flush=True)


def repainted(tool: str, maps: Maps, name: str, mesh: Mesh, style: Maps, out: Path | None) -> list[Measures | None]:
    """Jumps and seconds of a tool on the flat texture, or for `erase-seams` of that itself, and on the mesh."""
    known = registry().tool(tool)
    needs_style = any(item.name == "style" for item in known.inputs)
    needs_mask = any(item.name == "mask" and item.required for item in known.inputs)
    given = {"style": style} if needs_style else {"mask": spots(mesh, maps.size_px)} if needs_mask else {}
    inputs = {"source": maps, **given}
    recipe = Recipe((Step(tool, {}, {item: item for item in given}),))
    flat = (*jumps(maps, mesh), 0.0) if tool == "erase-seams" else measured(recipe, inputs, mesh, name, out, "flat")
    return [flat, measured(recipe, {**inputs, "mesh": mesh}, mesh, name, out, "mesh")]


def spots(mesh: Mesh, size_px: tuple[int, int]) -> Maps:
    """Mask of spots on seams, on both of their sides."""
    points = SeamPoints.of(Charts.of(mesh, size_px), 1.0)
    chosen = np.random.default_rng(0).choice(len(points.places), SPOTS, replace=False)
    x, y = points.places[chosen].reshape(-1, 2).T
    rows, columns = np.mgrid[: size_px[0], : size_px[1]]
    away = np.min([np.hypot(rows - top, columns - left) for left, top in zip(x, y, strict=True)], axis=0)
    return Maps.from_arrays({"base_color": np.repeat(away[..., None] < SPOT * max(size_px), 3, 2).astype(np.float32)})


def strokes(tool: str) -> list[float]:
    """Coefficient of variation of the distance of dots over a cube's faces of unequal density, flat and on the mesh.

    The distance is the root of a face's area by the number of its bright spots.
    """
    found = [dot_variations(tool, seed) for seed in range(CONTENTS)]
    return [round(float(np.mean(way)), 3) for way in zip(*found, strict=True)]


def dot_variations(tool: str, seed: int) -> list[float]:
    """Coefficients of variation for one picture, flat and on the mesh."""
    mesh = cube(sides=SIDES)
    content = gaussian_filter(np.random.default_rng(seed).random((STROKES_PX, STROKES_PX, 3)), (2, 2, 0))
    content = 0.3 + 0.4 * (content - content.min()) / np.ptp(content)
    y, x = np.mgrid[:768, :768] % 24 - 11.5
    circles = np.repeat((np.hypot(x, y) < 8)[..., None], 3, 2) * np.array([0.9, 0.6, 0.2]) + 0.05
    inputs = {"source": Maps.from_arrays({"base_color": content}), "style": Maps.from_arrays({"base_color": circles})}
    recipe = Recipe((Step(tool, {}, {"style": "style"}),))
    charts = Charts.of(mesh, (STROKES_PX, STROKES_PX))
    shown = np.where(charts.texels == NONE, NONE, charts.chart[charts.texels])
    found = []
    for given in (inputs, {**inputs, "mesh": mesh}):
        grey = luma(run(recipe, given).maps["base_color"].pixels)
        is_bright = grey > np.quantile(grey[shown != NONE], (0.05, 0.95)).mean()
        counts = [label(is_bright & (shown == chart))[1] for chart in range(6)]
        texels = np.bincount(shown[shown != NONE], minlength=6)
        metres = np.sqrt(texels * np.abs(np.linalg.det(charts.matrices)) / np.maximum(counts, 1))
        found.append(float(metres.std() / metres.mean()))
    return found


def covered(generator: str, way: str, mesh: Mesh, name: str, out: Path | None) -> list[Measures | None]:
    """Jumps and seconds of an object that is covered by a material half as wide as it."""
    tile = replace(run(Recipe((Step(generator, SIZE),))).maps, name=generator)
    return [None, measured(Recipe((covering(way, mesh),)), {"source": tile, "mesh": mesh}, mesh, name, out, way)]


def grown(example: str, mesh: Mesh, name: str, out: Path | None) -> list[Measures | None]:
    """Jumps and seconds of a photograph that is synthesised flat, and on the mesh, half as wide as it."""
    grey = getattr(data, example)() / 255
    pixels = grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, 2)
    photograph = Maps.from_arrays({"base_color": pixels}, name=example)
    ways = {"flat": Step("patch-synthesis", SIZE), "grown": covering("grown", mesh)}
    inputs = {"flat": {"source": photograph}, "grown": {"source": photograph, "mesh": mesh}}
    return [measured(Recipe((step,)), inputs[way], mesh, name, out, way) for way, step in ways.items()]


def covering(way: str, mesh: Mesh) -> Step:
    longest_m = float((mesh.positions.max((0, 1)) - mesh.positions.min((0, 1))).max())
    return Step("cover-object", {**SIZE, "way": way, "repeat_m": REPEATS * longest_m})


def measured(recipe: Recipe, inputs: dict, mesh: Mesh, name: str, out: Path | None, way: str) -> Measures:
    start = time.process_time()
    made = run(recipe, inputs).maps
    took = time.process_time() - start
    if out:
        label = inputs["source"].name or recipe.steps[-1].tool
        kind = recipe.steps[-1].tool if "style" in inputs or way in ("flat", "mesh") else label
        folder = out / f"{kind}-{way}" / name
        folder.mkdir(parents=True, exist_ok=True)
        write_maps(made, folder, name, replace=True)
    where = inputs["mask"]["base_color"].pixels[..., 0] > 0 if "mask" in inputs else None
    return (*jumps(made, mesh, where), took)


def jumps(maps: Maps, mesh: Mesh, where: np.ndarray | None = None) -> tuple[float, float, float, float]:
    """Jumps of colour and gradient, z-score, and deviation of detail, two texels from the borders of islands."""
    charts, color = Charts.of(mesh, maps.size_px), maps["base_color"]
    found = seam_jumps(Maps({"base_color": color}), charts, where).get("base_color")
    fine = color.pixels - gaussian_filter(color.pixels, (1, 1, 0))
    detail = float(fine[distance_transform_edt(charts.texels != NONE) > 2].std())
    return (found.color, found.gradient, found.z, detail) if found else (float("nan"),) * 4


if __name__ == "__main__":
    main()
