"""Pictures with known kinds of material, for the benchmarks of matching photographs."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from impasto.surface.color import srgb_to_linear
from impasto.surface.color_tensors import linear_to_oklab
from impasto_procedural.matching.features import SIDE_PX

SUFFIXES = {".jpg", ".png", ".webp"}
CLASSES = tomllib.loads(Path(__file__).with_name("classes.toml").read_text("utf-8"))


def pictures_in(folder: Path) -> list[tuple[str, Path]]:
    """Class and path of all pictures, in order: CLASS/NAME.jpg, or CLASS_NAME/albedo.jpg for folders of PBR sets."""
    found = [path for path in sorted(folder.glob("*/*")) if path.suffix in SUFFIXES]
    if any(path.stem == "albedo" for path in found):
        found = [path for path in found if path.stem == "albedo"]
        return [(path.parent.name.split("_")[0], path) for path in found]
    return [(path.parent.name, path) for path in found]


def divided(folders: list[Path]) -> dict[str, list[tuple[str, Path]]]:
    """Pictures of all folders, by class in turns: "develop", the first of each class, and "judge", the second."""
    everything = [item for folder in folders for item in pictures_in(folder)]
    everything.sort(key=lambda item: (item[0], name_of(item[1])))
    parts: dict[str, list[tuple[str, Path]]] = {"develop": [], "judge": []}
    for _, group in groupby(everything, key=lambda item: item[0]):
        for index, item in enumerate(group):
            parts["judge" if index % 2 else "develop"].append(item)
    return parts


def thumbnails_in(sheets: Path) -> Iterator[tuple[str, str, np.ndarray]]:
    """Sheet, place and bytes (H, W, 3) of all thumbnails of 60 px or more on contact sheets."""
    for name, corners in sorted(json.loads((sheets / "index.json").read_text())["boxes"].items()):
        sheet = Image.open(sheets / name).convert("RGB")
        for x, y in corners:
            pixels = np.asarray(sheet.crop((x, y, x + 128, y + 128)))
            rows = np.flatnonzero(~(pixels > 250).all((1, 2)))  # white is below pictures that are wider than high
            pixels = pixels[1 : rows.max(initial=1), 1:-1]
            if min(pixels.shape[:2]) >= 60:
                yield Path(name).stem, f"{x}-{y}", pixels


def name_of(path: Path) -> str:
    """Name of a picture: of its file, or of the folder of its set."""
    return path.parent.name if path.stem == "albedo" else path.stem


def square(path: Path, side_px: int = SIDE_PX) -> np.ndarray:
    """The upper left square of a picture, as bytes (side_px, side_px, 3)."""
    picture = Image.open(path).convert("RGB")
    side = min(picture.size)
    return np.asarray(picture.crop((0, 0, side, side)).resize((side_px, side_px), Image.Resampling.BOX))


def lab_of(pixels: np.ndarray) -> torch.Tensor:
    """Oklab (3, H, W) of sRGB bytes (H, W, 3)."""
    return linear_to_oklab(torch.from_numpy(srgb_to_linear(pixels.astype(np.float32) / 255)).permute(2, 0, 1))
