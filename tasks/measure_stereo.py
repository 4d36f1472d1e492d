"""First and last part of the demonstration of photometric stereo, in the core's Python: `make`, `draw`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from impasto.context import Context
from impasto.io.files import read_maps
from impasto.plugins.registry import registry
from impasto.recipe import Recipe, Step
from impasto.running.runner import run
from impasto.surface.shading import Light, plane
from impasto.texture import Maps
from impasto.tools import validate

MATERIAL, SIDE_PX, SEED = "stone-wall", 512, 4
LIGHTS = 8
GUESSING_DEG = 6.0
CELL_PX, CAPTION_PX = 256, 22
RELIT = Light(azimuth=160.0, elevation=25.0)


def main(what: str, folder: Path, *more: str) -> None:
    if what == "make":
        make(folder)
    else:
        draw(folder, Path(more[0]))


def make(folder: Path) -> None:
    """Write the wall's maps, and the places of the lamp."""
    folder.mkdir(parents=True, exist_ok=True)
    wall, rng = _wall(), np.random.default_rng(SEED)
    range_m = wall.height_range_m / wall.width_m
    np.save(folder / "height_m.npy", wall["height"].pixels[..., 0] * range_m)
    _image(wall["base_color"].pixels).save(folder / "base_color.png")
    _image(wall["roughness"].pixels).save(folder / "roughness.png")
    azimuths = 90 - 360 * (np.arange(LIGHTS) + rng.uniform(-0.2, 0.2, LIGHTS)) / LIGHTS
    elevations = rng.uniform(35, 60, LIGHTS)
    lights = [{"azimuth": a, "elevation": e} for a, e in zip(azimuths, elevations, strict=True)]
    (folder / "lights.json").write_text(json.dumps(lights))


def draw(folder: Path, picture: Path) -> None:
    """Measure the photographs by clock angles that are a few degrees off, and lay them out beside the truth."""
    lights, rng = json.loads((folder / "lights.json").read_text()), np.random.default_rng(SEED)
    clock = [(90 - light["azimuth"] + rng.normal(0, GUESSING_DEG)) / 30 % 12 or 12.0 for light in lights]
    photos = [read_maps(folder / f"photo_{index}.png") for index in range(LIGHTS)]
    names = [f"photo{index}" for index in range(LIGHTS)]
    recipe = Recipe((Step("photometric-stereo", {"clock": clock}, {"photo": names}),))
    made, truth = run(recipe, dict(zip(names, photos, strict=True))), _wall()
    error = _normal_error(made.maps, truth)
    print(f"normals {error:.1f} degrees from the truth, a flat surface {_normal_error(None, truth):.1f}")
    print(*made.notes, sep="\n")
    rows = [
        [(photo["base_color"].pixels, f"photograph {index + 1}") for index, photo in list(enumerate(photos))[::2]],
        [*_shown(made.maps, "measured"), (plane(made.maps, RELIT), "measured, under another light")],
        [*_shown(truth, "true"), (plane(truth, RELIT), "true, under another light")],
    ]
    picture.parent.mkdir(parents=True, exist_ok=True)
    _sheet(rows).save(picture, quality=88)


def _wall() -> Maps:
    tool = registry().tool(MATERIAL)
    parameters = validate(tool, {"width_px": SIDE_PX, "height_px": SIDE_PX})
    return tool.apply(Maps(), parameters, {}, Context(rng=np.random.default_rng(SEED)))


def _normal_error(made: Maps | None, truth: Maps) -> float:
    """Mean angle in degrees between the normals, or between a flat surface and the truth."""
    b = 2 * truth["normal"].pixels - 1
    a = 2 * made["normal"].pixels - 1 if made else np.broadcast_to(np.array([0, 0, 1.0], "f4"), b.shape)
    cosine = (a * b).sum(2) / np.linalg.norm(a, axis=2) / np.linalg.norm(b, axis=2)
    return float(np.degrees(np.arccos(cosine.clip(-1, 1))).mean())


def _shown(maps: Maps, what: str) -> list[tuple[np.ndarray, str]]:
    names = {"base_color": "base colour", "normal": "normals", "height": "height"}
    return [(maps[name].pixels, f"{what} {label}") for name, label in names.items()]


def _sheet(rows: list[list[tuple[np.ndarray, str]]]) -> Image.Image:
    """Pictures in rows, each above its caption."""
    sheet = Image.new("RGB", (len(rows[0]) * CELL_PX, len(rows) * (CELL_PX + CAPTION_PX)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for top, row in enumerate(rows):
        for left, (pixels, caption) in enumerate(row):
            cell = _image(pixels).convert("RGB").resize((CELL_PX - 4, CELL_PX - 4), Image.Resampling.BOX)
            sheet.paste(cell, (left * CELL_PX + 2, top * (CELL_PX + CAPTION_PX) + 2))
            place = left * CELL_PX + CELL_PX // 2, (top + 1) * (CELL_PX + CAPTION_PX) - CAPTION_PX // 2
            pen.text(place, caption, "black", font, anchor="mm")
    return sheet


def _image(pixels: np.ndarray) -> Image.Image:
    values = np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(values[..., 0] if values.shape[2] == 1 else values)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
