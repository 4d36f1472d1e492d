"""Photographs as surfaces under a light that turns around them, in the core's Python:

    python benchmarks/photo_maps_pictures.py FILE.webp
    python benchmarks/photo_maps_pictures.py FILE.webp --sets PBR512

The second shows twenty measured sets whose maps taught nothing, photographed in the sun, a column each, in two blocks.
From above: the photograph on a flat surface; with the maps that are made by default, which look for the light; with
those after a click on the nearest of eight lights; and the truth. Sets of which the network saw the colours say so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))
from photo_maps import in_the_sun, nearest_of_eight
from photographed import Camera, photographs
from tasks.photo_maps.sets import RELIEF_JUDGES

from impasto import Maps, Recipe, Step, read_maps, run
from impasto.surface.color import linear_to_srgb
from impasto.surface.shading import Light, Shaded, shade

SIDE_PX, FRAMES, FRAME_MS, GAP_PX = 176, 8, 275, 4
AZIMUTH, ELEVATION = 60.0, 30.0
"""Light on the photographs of procedural materials, and height of the light that turns, in degrees."""
PHOTOGRAPHS = ("gravel", "grass", "brick")
MATERIALS = ("cobbles", "stone-wall")


SEEN = ("snow_snow015", "tiles_tiles074", "wood_wood067")
"""Sets whose colours, under other names, were among the photographs that the present network learned from."""
ACROSS, SMALL_PX = 10, 128
"""Sets in a block, and the side of their pictures."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, metavar="FILE.webp")
    parser.add_argument("--sets", type=Path, metavar="PBR512")
    options = parser.parse_args()
    if options.sets:
        rows = [of_set(options.sets / name) for name in RELIEF_JUDGES]
        surfaces = [[shown(maps, SMALL_PX) for maps in row] for row in rows]
        blocks = [surfaces[first : first + ACROSS] for first in range(0, len(surfaces), ACROSS)]
    else:
        columns = [*map(of_photograph, PHOTOGRAPHS), *map(of_material, MATERIALS)]
        blocks = [[[shown(maps) for maps in column] for column in columns]]
    frames = [
        Image.fromarray(np.concatenate([sheet(block, azimuth, 1.6 if options.sets else 2.6) for block in blocks]))
        for azimuth in np.arange(FRAMES) * 360 / FRAMES
    ]
    if options.sets:
        for frame in frames:
            name_seen(frame)
    more = {"save_all": True, "append_images": frames[1:], "duration": FRAME_MS, "loop": 0, "method": 6}
    frames[0].save(options.path, quality=32 if options.sets else 62, **(more if options.path.suffix == ".webp" else {}))
    print(options.path)


def name_seen(frame: Image.Image) -> None:
    """Write "seen" onto the surfaces of which the network saw the colours."""
    for index, name in enumerate(RELIEF_JUDGES):
        if name in SEEN:
            row, column = divmod(index, ACROSS)
            place = column * (SMALL_PX + GAP_PX) + GAP_PX, row * frame.height // 2 + GAP_PX
            ImageDraw.Draw(frame).text(place, "seen", "black", font_size=18, stroke_width=3, stroke_fill="white")


def of_set(folder: Path) -> tuple[Maps, ...]:
    """A column of a measured set, which repeats."""
    truth = read_maps(folder)
    picture, azimuth = in_the_sun(truth, folder.name)
    made = [estimated(picture, tiling="tiling", light_azimuth=way) for way in (-1.0, nearest_of_eight(azimuth))]
    return picture, *made, truth


def of_photograph(name: str) -> tuple[Maps, Maps, Maps]:
    """A photograph that comes with scikit-image: alone, with its maps, and with twice the relief."""
    picture = photograph(name)
    return picture, estimated(picture), estimated(picture, relief=2.0)


def photograph(name: str) -> Maps:
    """A photograph that comes with scikit-image."""
    grey = getattr(data, name)()[: 2 * SIDE_PX, : 2 * SIDE_PX].astype(np.float32) / 255
    return Maps.from_arrays({"base_color": np.repeat(grey[..., None], 3, 2)})


def of_material(tool: str) -> tuple[Maps, Maps, Maps]:
    """A photograph of a procedural material: alone, with its maps as the light's azimuth tells them, and the truth."""
    truth = run(Recipe((Step(tool, {"width_px": 2 * SIDE_PX, "height_px": 2 * SIDE_PX}),), seed=5)).maps
    (picture,) = photographs(truth, [Light(AZIMUTH, 45.0)], Camera(ambient=0.2, strength_stops=0.0))
    return picture, estimated(picture, light_azimuth=AZIMUTH), truth


def estimated(picture: Maps, **parameters: float | str) -> Maps:
    """All maps of a photograph."""
    return run(Recipe((Step("photo-maps", {"delight": 1.0, **parameters}),), seed=0), {"source": picture}).maps


def shown(maps: Maps, side_px: int = SIDE_PX) -> Shaded:
    """The surface at half the size, which is smoother to look at."""
    arrays = {
        name: pixels[: 2 * side_px, : 2 * side_px].reshape(side_px, 2, side_px, 2, -1).mean((1, 3))
        for name, pixels in maps.arrays().items()
        if name in ("base_color", "normal", "roughness", "ambient_occlusion")
    }
    return Shaded.of_maps(Maps.from_arrays(arrays))


def sheet(columns: Sequence[Sequence[Shaded]], azimuth: float, strength: float) -> np.ndarray:
    """All surfaces under the light at an azimuth in degrees: (H, W, 3), 8-bit sRGB."""
    light = Light(float(azimuth), ELEVATION, strength=strength, sky=0.35)
    gap = ((0, GAP_PX), (0, GAP_PX), (0, 0))
    picture = lambda one: linear_to_srgb(shade(one, light).permute(1, 2, 0).numpy().clip(0, 1))  # noqa: E731
    lit = [[np.pad(picture(one), gap, constant_values=1) for one in column] for column in columns]
    return (np.concatenate([np.concatenate(column, 0) for column in lit], 1) * 255).round().astype(np.uint8)


if __name__ == "__main__":
    main()
