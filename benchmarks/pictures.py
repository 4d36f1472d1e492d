"""Pictures that are measured: photographs and paintings of a folder or of scikit-image, and PBR sets."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tasks" / "demo"))
from painting import night

from impasto import Maps, Recipe, Step, read_maps, run
from impasto.data.dataset import read_dataset
from impasto.surface.resizing import resize

NAMES = tomllib.loads(Path(__file__).with_name("names.toml").read_text("utf-8"))
FIRST: dict[str, list[str]] = NAMES["first"]
BRICK = {"dark": (0.34, 0.13, 0.09), "light": (0.80, 0.72, 0.64)}


Chosen = int | Sequence[str]
"""Names of pictures, or how many of the first ones."""


def contents_and_styles(data: Path | None, contents: Chosen, styles: Chosen, px: int) -> tuple[list[Maps], list[Maps]]:
    """Photographs and paintings, `px` long: of DATA/photos and DATA/paintings, or scikit-image's and the demo's."""
    if data is None:
        chosen = (FIRST["sample_contents"], contents), (FIRST["sample_styles"], styles)
        sides = [[sample(name) for name in (names[:one] if isinstance(one, int) else one)] for names, one in chosen]
    else:
        sides = [
            _read(data / "photos", FIRST["contents"], contents),
            _read(data / "paintings", FIRST["styles"], styles),
        ]
    photographs, paintings = ([at(maps, px) for maps in side] for side in sides)
    return photographs, paintings


def _read(folder: Path, first: Sequence[str], chosen: Chosen) -> list[Maps]:
    files = {file.stem: file for file in sorted(folder.glob("*.jpg"))}
    names = [*(name for name in first if name in files), *(name for name in files if name not in first)]
    wanted = names[:chosen] if isinstance(chosen, int) else chosen
    return [replace(read_maps(files[name]), name=name) for name in wanted]


def caption_of(maps: Maps) -> str:
    """The name under a picture: "Cat" for cat_chelsea.jpg."""
    return NAMES["captions"].get(maps.name, maps.name.replace("_", " ").capitalize())


def sample(name: str) -> Maps:
    """The demo's painting, or one of scikit-image's pictures, with grey ones converted to RGB."""
    from skimage import data

    picture = night() if name == "night" else getattr(data, name)()
    pixels = np.asarray(picture, np.float32) / 255
    return Maps.from_arrays({"base_color": pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, 2)}, name=name)


def at(maps: Maps, px: int) -> Maps:
    """The base colour alone, with a longer side of `px`."""
    pixels = maps["base_color"].pixels
    height, width = pixels.shape[:2]
    factor = px / max(height, width)
    return Maps.from_arrays(
        {"base_color": resize(pixels, (round(height * factor), round(width * factor)))}, name=maps.name
    )


def square(maps: Maps, px: int) -> Maps:
    """The central square of the base colour alone, `px` a side."""
    pixels = maps["base_color"].pixels
    side = min(pixels.shape[:2])
    top, left = ((length - side) // 2 for length in pixels.shape[:2])
    return Maps.from_arrays(
        {"base_color": resize(pixels[top : top + side, left : left + side], (px, px))}, name=maps.name
    )


def brick_material(px: int) -> Maps:
    """A seamless brick wall with all its maps, made of scikit-image's photograph."""
    steps = (Step("tint", BRICK), Step("quilt", {"width_px": px, "height_px": px}), Step("photo-maps"))
    return run(Recipe(steps, 3), {"source": sample("brick")}).maps


def disc(size_px: tuple[int, int], inverted: bool = False) -> Maps:
    """A mask of this (height, width): a white, soft-edged disc in the centre, black around it."""
    rows, columns = (np.abs(np.linspace(-1, 1, side)) for side in size_px)
    distance = np.hypot(rows[:, None] * size_px[0], columns * size_px[1]) / min(size_px)
    white = np.clip((0.75 - distance) * 8 + 0.5, 0, 1)[..., None]
    return Maps.from_arrays({"base_color": (1 - white if inverted else white).repeat(3, 2)}, name="disc")


def pbr_sets(folder: Path) -> Iterator[tuple[str, Maps]]:
    """Name and maps of each PBR set, one in each folder below a folder."""
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        (found,) = read_dataset(path).samples
        yield path.name, found.load()
