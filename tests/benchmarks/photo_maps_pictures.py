"""`python tests/benchmarks/photo_maps_pictures.py FILE.webp`, in the core's Python: photographs as surfaces under a
light that turns around them, for the documentation."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

sys.path.insert(0, str(Path(__file__).parents[1]))
from photographed import Camera, photographs

from impasto import Maps, Recipe, Step, run
from impasto.surface.color import linear_to_srgb
from impasto.surface.shading import Light, Shaded, shade

SIDE_PX, FRAMES, FRAME_MS, GAP_PX = 176, 14, 150, 4
AZIMUTH, ELEVATION = 60.0, 30.0
"""Light on the photographs of procedural materials, and height of the light that turns, in degrees."""
PHOTOGRAPHS = ("gravel", "grass", "brick")
MATERIALS = ("cobbles", "stone-wall")


def main(path: Path) -> None:
    columns = [
        [shown(maps) for maps in column] for column in (*map(of_photograph, PHOTOGRAPHS), *map(of_material, MATERIALS))
    ]
    turn = np.arange(FRAMES) * 360 / FRAMES
    frames = [Image.fromarray(sheet(columns, azimuth)) for azimuth in turn]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, quality=62, method=6)
    print(path)


def of_photograph(name: str) -> tuple[Maps, Maps, Maps]:
    """A photograph that comes with scikit-image: alone, with its maps, and with twice the relief."""
    grey = getattr(data, name)()[: 2 * SIDE_PX, : 2 * SIDE_PX].astype(np.float32) / 255
    picture = Maps.from_arrays({"base_color": np.repeat(grey[..., None], 3, 2)})
    return picture, estimated(picture), estimated(picture, relief=2.0)


def of_material(tool: str) -> tuple[Maps, Maps, Maps]:
    """A photograph of a procedural material: alone, with its maps as the light's azimuth tells them, and the truth."""
    truth = run(Recipe((Step(tool, {"width_px": 2 * SIDE_PX, "height_px": 2 * SIDE_PX}),), seed=5)).maps
    (picture,) = photographs(truth, [Light(AZIMUTH, 45.0)], Camera(ambient=0.2, strength_stops=0.0))
    return picture, estimated(picture, light_azimuth=AZIMUTH), truth


def estimated(picture: Maps, **parameters: float) -> Maps:
    """All maps of a photograph."""
    return run(Recipe((Step("photo-maps", {"delight": 1.0, **parameters}),), seed=0), {"source": picture}).maps


def shown(maps: Maps) -> Shaded:
    """The surface at half the size, which is smoother to look at."""
    arrays = {
        name: pixels.reshape(SIDE_PX, 2, SIDE_PX, 2, -1).mean((1, 3))
        for name, pixels in maps.arrays().items()
        if name in ("base_color", "normal", "roughness", "ambient_occlusion")
    }
    return Shaded.of_maps(Maps.from_arrays(arrays))


def sheet(columns: list[list[Shaded]], azimuth: float) -> np.ndarray:
    """All surfaces under the light at an azimuth in degrees: (H, W, 3), 8-bit sRGB."""
    light = Light(float(azimuth), ELEVATION, strength=2.6, sky=0.35)
    gap = ((0, GAP_PX), (0, GAP_PX), (0, 0))
    lit = [
        [
            np.pad(linear_to_srgb(shade(one, light).permute(1, 2, 0).numpy().clip(0, 1)), gap, constant_values=1)
            for one in c
        ]
        for c in columns
    ]
    return (np.concatenate([np.concatenate(column, 0) for column in lit], 1) * 255).round().astype(np.uint8)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
