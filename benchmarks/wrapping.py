"""Measures how often `wraps` is right: `python benchmarks/wrapping.py DATA`, in the core's Python.

DATA has photos/, paintings/, textures/ and pbr512/, whose SOURCES.tsv says which sets tile. Wholes, parts of them, and
photographs are saved as JPEG of random quality, subsampling and size. Half of the names were looked at while the
detector was made (`--seen`); the others judge.
"""

from __future__ import annotations

import argparse
import csv
import io
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from impasto import Maps, Recipe, Step, run
from impasto.plugins.registry import registry
from impasto.surface.wrapping import wraps
from impasto.texture import MAP_CHANNELS

QUALITIES, SUBSAMPLINGS = (70, 75, 80, 85, 90, 95), ("4:4:4", "4:2:0")
FILES = {"albedo": "base_color", "normal": "normal", "roughness": "roughness", "height": "height"}
SIDES_PX, PART, OWN_PX, MARGIN_PX = (128, 640), (0.5, 0.93), 384, 32
"""Sides of resized pictures, shares of a side that parts have, side of our own results, and what resizing looks at."""


@dataclass(frozen=True)
class Example:
    """A picture or a set. tiles: whether it does (down, across)."""

    kind: str
    name: str
    maps: dict[str, np.ndarray]
    tiles: tuple[bool, bool]

    @property
    def judges(self) -> bool:
        """Whether it was not looked at."""
        return bool(zlib.crc32(self.name.encode()) & 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seen", action="store_true", help="the half that was looked at, instead of the other")
    parser.add_argument("--missed", action="store_true", help="name what is wrong")
    arguments = parser.parse_args()
    found = defaultdict(list)
    for example in examples(arguments.data):
        if example.judges == arguments.seen:
            continue
        rng = np.random.default_rng(zlib.crc32(f"{example.name} {example.kind}".encode()))
        for version in (example, saved(example, rng), saved(example, rng)):
            right = wraps(Maps.from_arrays(version.maps)) == example.tiles
            found[example.kind].append((right, version is example))
            if arguments.missed and not right:
                print(f"{example.kind} {example.name} {'as it is' if version is example else 'saved again'}")
    for kind, rows in found.items():
        plain, again = ([right for right, is_plain in rows if is_plain == wanted] for wanted in (True, False))
        print(f"{kind:<24} {len(plain):4d} pictures wrong {1 - np.mean(plain):.1%}; as JPEG {1 - np.mean(again):.1%}")


def examples(data: Path) -> Iterator[Example]:
    """Sets, their base colours, parts of both, photographs and paintings, and what our own tools make."""
    with (data / "SOURCES.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            path = data / row["file"]
            if row["file"].startswith("pbr512/") and path.stem == "albedo":
                yield from _of_set(path.parent, _tiles(row["note"]))
            elif row["file"].startswith(("photos/", "paintings/")):
                yield Example("photograph or painting", path.stem, {"base_color": read(path, 768)}, (False, False))
            elif row["file"].startswith("textures/"):
                cut = part({"base_color": read(path, 1024)}, path.stem)
                yield Example("part of a texture", path.stem, cut, (False, False))
    tools = [tool for tool in registry().tools.values() if type(tool).__module__.startswith("impasto_procedural")]
    for name in sorted(tool.name for tool in tools if tool.kind == "generator"):
        step = Step(name, {"width_px": OWN_PX, "height_px": OWN_PX})
        base = {"base_color": run(Recipe((step,), seed=1)).maps["base_color"].pixels}
        yield Example("our own", name, base, (True, True))
        yield Example("part of our own", name, part(base, name), (False, False))


def _tiles(note: str) -> tuple[bool, bool]:
    """Tiling of a picture by SOURCES.tsv: (down, across)."""
    if "does not tile" in note:
        return False, False
    return "x only" not in note, "y only" not in note


def _of_set(folder: Path, tiles: tuple[bool, bool]) -> Iterator[Example]:
    found = {FILES[path.stem]: path for path in sorted(folder.glob("*.jpg")) if path.stem in FILES}
    maps = {name: read(path, channels=MAP_CHANNELS[name]) for name, path in found.items()}
    shape = maps["base_color"].shape[:2]
    maps = {name: pixels for name, pixels in maps.items() if pixels.shape[:2] == shape}
    base = {"base_color": maps["base_color"]}
    which = "tiles" if all(tiles) else "tiles in one direction"
    yield Example(f"base colour, {which}", folder.name, base, tiles)
    yield Example(f"set, {which}", folder.name, maps, tiles)
    yield Example("part of a base colour", folder.name, part(base, folder.name), (False, False))
    yield Example("part of a set", folder.name, part(maps, folder.name), (False, False))


def read(path: Path, most_px: int = 10_000, channels: int = 3) -> np.ndarray:
    """Pixels (H, W, channels) of a file, at most so large."""
    picture = Image.open(path).convert("RGB" if channels == 3 else "L")
    picture.thumbnail((most_px, most_px))
    return (np.asarray(picture, np.float32) / 255).reshape(picture.height, picture.width, channels)


def part(maps: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """The same random part of all maps."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    height, width = next(iter(maps.values())).shape[:2]
    rows, columns = int(height * rng.uniform(*PART)), int(width * rng.uniform(*PART))
    top, left = int(rng.integers(height - rows)), int(rng.integers(width - columns))
    return {key: pixels[top : top + rows, left : left + columns] for key, pixels in maps.items()}


def saved(example: Example, rng: np.random.Generator) -> Example:
    """An example as JPEG: at its size, or at a random one; what tiles may begin anywhere."""
    quality, subsampling = int(rng.choice(QUALITIES)), str(rng.choice(SUBSAMPLINGS))
    height, width = next(iter(example.maps.values())).shape[:2]
    size = (height, width) if rng.random() < 0.5 else tuple(int(side) for side in rng.integers(*SIDES_PX, 2))
    shift = [
        int(rng.integers(side)) if tiles else 0 for side, tiles in zip((height, width), example.tiles, strict=True)
    ]
    made = {}
    for name, pixels in example.maps.items():
        rolled = np.roll(pixels, shift, (0, 1))
        made[name] = jpeg(resized(rolled, (size[0], size[1]), example.tiles), quality, subsampling)
    return Example(example.kind, example.name, made, example.tiles)


def resized(pixels: np.ndarray, size: tuple[int, int], tiles: tuple[bool, bool]) -> np.ndarray:
    """Pixels at another size (height, width), as 8 bits; across borders where they tile."""
    height, width = pixels.shape[:2]
    margins = [MARGIN_PX if one else 0 for one in tiles]
    wide = np.pad(pixels, [(margins[0],) * 2, (margins[1],) * 2, (0, 0)], mode="wrap")
    picture = Image.fromarray(np.uint8(wide.squeeze() * 255 + 0.5))
    box = (margins[1], margins[0], margins[1] + width, margins[0] + height)
    return np.asarray(picture.resize(size[::-1], Image.Resampling.LANCZOS, box))


def jpeg(pixels: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
    """8-bit pixels as a JPEG shows them, in [0, 1]."""
    file = io.BytesIO()
    options = {"subsampling": subsampling} if pixels.ndim == 3 else {}
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, **options)
    shown = np.asarray(Image.open(file), np.float32) / 255
    return shown if shown.ndim == 3 else shown[..., None]


if __name__ == "__main__":
    main()
