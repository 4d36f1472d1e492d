"""Repainting, covering and mending of whole objects: seams, seconds and memory, the flat way beside.

    python tests/benchmarks/objects.py MESHES [--tools patches-style ...] [--style PICTURE] [--out DIR]

MESHES is what `objects_in_blender.py meshes` wrote: a folder for each object with mesh.ply and its maps. For each tool
and object it prints the jump of colour and of gradient across UV seams, relative to jumps as far apart inside, of
the picture that is painted flat and of the one that is painted across seams; and the seconds of both. --out keeps the
textures, for `objects_in_blender.py render`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from skimage import data

from impasto import Maps, Recipe, Step, read_maps, run, write_maps
from impasto.atlas.jumps import seam_jumps
from impasto.atlas.mesh import Mesh
from impasto.io.meshes import read_mesh
from impasto.plugins.registry import registry

TOOLS = ("patches-style", "neighbours", "wct", "gatys", "sharpen", "erase-seams")
COVERS = ("bricks", "planks")
REPEATS = 0.5


def main() -> None:
    """Print a line for each tool, object and way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("meshes", type=Path)
    parser.add_argument("--tools", nargs="*", default=TOOLS, metavar="TOOL")
    parser.add_argument("--covers", nargs="*", default=COVERS, metavar="GENERATOR")
    parser.add_argument("--style", type=Path, help="painting (default: a photograph of scikit-image)")
    parser.add_argument("--halve", type=int, default=0, metavar="TIMES", help="make the textures smaller first")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    style = read_maps(options.style) if options.style else Maps.from_arrays({"base_color": data.coffee() / 255})
    columns = "".join(f" {way + ': color':>12}{'gradient':>9}{'s':>7}" for way in ("flat", "mesh"))
    print(f"{'tool':>24} {'object':>26}{columns}")
    for folder in sorted(path for path in options.meshes.iterdir() if path.is_dir()):
        mesh = read_mesh(folder / "mesh.ply")
        for tool in options.tools:
            maps = halved(read_maps(folder), options.halve)
            report(tool, folder.name, repainted(tool, maps, folder.name, mesh, style, options.out))
        for generator in options.covers:
            for way in ("unrolled", "triplanar"):
                report(f"{generator}, {way}", folder.name, covered(generator, way, mesh, folder.name, options.out))


def report(tool: str, name: str, ways: list[tuple[float, float, float] | None]) -> None:
    parts = "".join(f" {way[0]:12.2f}{way[1]:9.2f}{way[2]:7.1f}" if way else " " * 29 for way in ways)
    print(f"{tool:>24} {name:>26}{parts}", flush=True)


def halved(maps: Maps, times: int) -> Maps:
    """Maps of half the size, so many times."""
    for _ in range(times):
        arrays = {name: pixels[: len(pixels) // 2 * 2] for name, pixels in maps.arrays().items()}
        shape = {name: (len(pixels) // 2, 2, -1, 2, pixels.shape[2]) for name, pixels in arrays.items()}
        maps = Maps.from_arrays({name: pixels.reshape(shape[name]).mean((1, 3)) for name, pixels in arrays.items()})
    return maps


def repainted(
    tool: str, maps: Maps, name: str, mesh: Mesh, style: Maps, out: Path | None
) -> list[tuple[float, float, float] | None]:
    """Jumps and seconds of a tool on the flat texture, or for `erase-seams` of that itself, and on the mesh."""
    known = registry().tool(tool)
    needs_style = any(item.name == "style" for item in known.inputs)
    inputs = {"source": maps, **({"style": style} if needs_style else {})}
    recipe = Recipe((Step(tool, {}, {"style": "style"} if needs_style else {}),))
    flat = (*jumps(maps, mesh), 0.0) if tool == "erase-seams" else measured(recipe, inputs, mesh, name, out, "flat")
    return [flat, measured(recipe, {**inputs, "mesh": mesh}, mesh, name, out, "mesh")]


def covered(
    generator: str, way: str, mesh: Mesh, name: str, out: Path | None
) -> list[tuple[float, float, float] | None]:
    """Jumps and seconds of an object that is covered by a material half as wide as it."""
    size = {"width_px": 1024, "height_px": 1024}
    tile = run(Recipe((Step(generator, size),))).maps
    longest_m = float((mesh.positions.max((0, 1)) - mesh.positions.min((0, 1))).max())
    step = Step("cover-object", {**size, "way": way, "repeat_m": REPEATS * longest_m})
    return [None, measured(Recipe((step,)), {"source": tile, "mesh": mesh}, mesh, name, out, way)]


def measured(
    recipe: Recipe, inputs: dict, mesh: Mesh, name: str, out: Path | None, way: str
) -> tuple[float, float, float]:
    start = time.perf_counter()
    made = run(recipe, inputs).maps
    took = time.perf_counter() - start
    if out:
        label = inputs["source"].name or recipe.steps[-1].tool
        kind = recipe.steps[-1].tool if "style" in inputs or way in ("flat", "mesh") else label
        folder = out / f"{kind}-{way}" / name
        folder.mkdir(parents=True, exist_ok=True)
        write_maps(made, folder, name, replace=True)
    return (*jumps(made, mesh), took)


def jumps(maps: Maps, mesh: Mesh) -> tuple[float, float]:
    found = seam_jumps(Maps({"base_color": maps["base_color"]}), mesh)
    return (found["base_color"].color, found["base_color"].gradient) if found else (float("nan"),) * 2


if __name__ == "__main__":
    main()
