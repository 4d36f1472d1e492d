"""Photographs as surfaces under a light that turns around them, in the core's Python:

    python benchmarks/photo_maps_pictures.py FILE.webp
    python benchmarks/photo_maps_pictures.py FILE.webp --sets PBR512 [--before MAPS]

The second shows ten surfaces whose maps taught nothing: seven measured sets, photographed in the sun from a side that
is not told, and three photographs; rows of which the present network saw the colours say so. From left to right: the
truth where it is known; the photograph on a flat surface, with luminance as height, with the maps of another version
(folders of maps by name), and with those of now.
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
from photo_maps import in_the_sun
from photographed import Camera, photographs

from impasto import Maps, Recipe, Step, read_maps, run
from impasto.surface.color import linear_to_srgb
from impasto.surface.shading import Light, Shaded, shade
from impasto_judge.relief import control_estimates

SIDE_PX, FRAMES, FRAME_MS, GAP_PX = 176, 14, 150, 4
AZIMUTH, ELEVATION = 60.0, 30.0
"""Light on the photographs of procedural materials, and height of the light that turns, in degrees."""
PHOTOGRAPHS = ("gravel", "grass", "brick")
MATERIALS = ("cobbles", "stone-wall")


SETS = (
    *("bark_bark003", "fabric_fabric003", "ground_ground002", "rock_gray_rocks", "stone_3dt_stone_wall_012"),
    *("thatch_ph_kings_road_thatch", "tiles_tiles074"),
)
"""Sets that judge: see `tasks/photo_maps/sets.py`."""
SEEN = ("tiles_tiles074", *PHOTOGRAPHS)
"""Those whose colours, under other names, were among the photographs that the present network learned from."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, metavar="FILE.webp")
    parser.add_argument("--sets", type=Path, metavar="PBR512")
    parser.add_argument("--before", type=Path, metavar="MAPS")
    options = parser.parse_args()
    if options.sets:
        rows = [of_set(options.sets / name, options.before) for name in SETS]
        rows += [unseen(name, photograph(name), options.before) for name in PHOTOGRAPHS]
        columns = list(zip(*rows, strict=True))
    else:
        columns = [*map(of_photograph, PHOTOGRAPHS), *map(of_material, MATERIALS)]
    surfaces = [[shown(maps) if maps else None for maps in column] for column in columns]
    frames = [Image.fromarray(sheet(surfaces, azimuth)) for azimuth in np.arange(FRAMES) * 360 / FRAMES]
    if options.sets:
        for frame in frames:
            name_seen(frame, [*SETS, *PHOTOGRAPHS])
    more = {"save_all": True, "append_images": frames[1:], "duration": FRAME_MS, "loop": 0, "method": 6}
    frames[0].save(options.path, quality=62, **(more if options.path.suffix == ".webp" else {}))
    print(options.path)


def name_seen(frame: Image.Image, rows: Sequence[str]) -> None:
    """Write "colours seen" into the rows of surfaces that the network saw."""
    for row, name in enumerate(rows):
        if name in SEEN:
            place = (GAP_PX, row * (SIDE_PX + GAP_PX) + GAP_PX)
            ImageDraw.Draw(frame).text(
                place, "colours seen", "black", font_size=18, stroke_width=3, stroke_fill="white"
            )


def of_set(folder: Path, before: Path | None) -> Sequence[Maps | None]:
    """A row of a measured set, which repeats."""
    truth = read_maps(folder)
    picture, _ = in_the_sun(truth, folder.name)
    return unseen(folder.name, picture, before, truth)


def unseen(name: str, picture: Maps, before: Path | None, truth: Maps | None = None) -> Sequence[Maps | None]:
    """A row: the truth, flat, luminance as height, before, and now."""
    colour = picture.arrays()["base_color"]
    luminance = Maps({**picture, **control_estimates(colour)["luminance"]})
    other = read_maps(before / name) if before else None
    tiling = "auto" if truth is None else "tiling"
    columns = [truth, picture, luminance, other, estimated(picture, tiling=tiling)]
    return [one for one in columns if one is not other or before]


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


def shown(maps: Maps) -> Shaded:
    """The surface at half the size, which is smoother to look at."""
    arrays = {
        name: pixels[: 2 * SIDE_PX, : 2 * SIDE_PX].reshape(SIDE_PX, 2, SIDE_PX, 2, -1).mean((1, 3))
        for name, pixels in maps.arrays().items()
        if name in ("base_color", "normal", "roughness", "ambient_occlusion")
    }
    return Shaded.of_maps(Maps.from_arrays(arrays))


def sheet(columns: Sequence[Sequence[Shaded | None]], azimuth: float) -> np.ndarray:
    """All surfaces under the light at an azimuth in degrees: (H, W, 3), 8-bit sRGB."""
    light = Light(float(azimuth), ELEVATION, strength=2.6, sky=0.35)
    gap = ((0, GAP_PX), (0, GAP_PX), (0, 0))
    empty = np.ones((SIDE_PX, SIDE_PX, 3), np.float32)
    picture = lambda one: linear_to_srgb(shade(one, light).permute(1, 2, 0).numpy().clip(0, 1))  # noqa: E731
    lit = [[np.pad(picture(one) if one else empty, gap, constant_values=1) for one in column] for column in columns]
    return (np.concatenate([np.concatenate(column, 0) for column in lit], 1) * 255).round().astype(np.uint8)


if __name__ == "__main__":
    main()
