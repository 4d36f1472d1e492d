"""Every procedural material on a ball and tiled, and what weathering does to one.

`python render_materials.py THUMBNAILS PICTURES`, in the core's Python.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from impasto import Recipe, Step, run
from impasto.plugins import registry
from impasto.surface.shading import ball, plane
from impasto.tools import Tool

SIDE_PX, MAPS_PX, CAPTION_PX, COLUMNS = 128, 512, 18, 5
QUALITY = 84
WEATHERED_PX = 240
WEATHERING = ("", "wear", "dirt", "moss", "wetness")


def main(folder: Path, pictures: Path) -> None:
    draw_shelf(folder, pictures / "procedural.jpg")
    draw_weathering(pictures / "weathering.jpg")


def draw_weathering(path: Path) -> None:
    """Bricks as they are, and with each layer of weathering."""
    sheet = Image.new("RGB", (len(WEATHERING) * WEATHERED_PX, WEATHERED_PX))
    for index, layer in enumerate(WEATHERING):
        parameters = {"width_px": 2 * MAPS_PX, "height_px": 2 * MAPS_PX, **({layer: 0.55} if layer else {})}
        maps = run(Recipe((Step("bricks", parameters),), seed=1)).maps
        sheet.paste(picture(ball(maps, WEATHERED_PX)), (index * WEATHERED_PX, 0))
    sheet.save(path, quality=QUALITY, optimize=True)
    print(path)


def draw_shelf(folder: Path, path: Path) -> None:
    """All materials; the balls alone are written into the folder, too."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.jpg"):
        old.unlink()
    drawn = [tool for tool in registry().tools.values() if tool.group and tool.kind == "generator"]
    cells = [
        cell(tool, folder / f"{tool.name}.jpg") for tool in sorted(drawn, key=lambda tool: (tool.group, tool.name))
    ]
    width, height = cells[0].size
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(cells) // COLUMNS) * height), (24, 24, 24))
    for index, one in enumerate(cells):
        sheet.paste(one, (index % COLUMNS * width, index // COLUMNS * height))
    sheet.save(path, quality=QUALITY, optimize=True)
    print(path)


def cell(tool: Tool, thumbnail: Path) -> Image.Image:
    """The material on a ball, which is written to a file, and beside it tiled two by two, with its name."""
    maps = run(Recipe((Step(tool.name, {"width_px": MAPS_PX, "height_px": MAPS_PX}),), seed=1)).maps
    round_ = picture(ball(maps, SIDE_PX))
    round_.save(thumbnail, quality=QUALITY, optimize=True)
    print(thumbnail)
    tiled = picture(np.tile(plane(maps), (2, 2, 1))).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    made = Image.new("RGB", (2 * SIDE_PX, SIDE_PX + CAPTION_PX), (24, 24, 24))
    ImageDraw.Draw(made).text((4, 3), f"{tool.group} / {tool.label}", fill=(225, 225, 225))
    made.paste(round_, (0, CAPTION_PX))
    made.paste(tiled, (SIDE_PX, CAPTION_PX))
    return made


def picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8))


main(Path(sys.argv[1]), Path(sys.argv[2]))
