"""The preview sheet of a dataset: labelled crops like those that a trainer sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import ParameterError
from ..surface.thumbnail import grid
from ..texture import Maps
from .dataset import Dataset, Sample

if TYPE_CHECKING:
    from PIL import Image

CROPS = 48
LARGEST_CROP_PX = 4096
CROPS_A_SAMPLE = 12
TILE_PX = 128  # crops are shown at a whole multiple of their size near this, and never above twice it
LINE_PX = 14
GAP_PX = 4
WIDTH_PX = 1600
SHOWN_MAPS = ("base_color", "height", "roughness", "metallic")
BACKGROUND, INK = (32, 32, 32), (220, 220, 220)


def preview_sheet(dataset: Dataset, crop_px: int = 128, longest_px: int | None = None) -> bytes:
    """PNG of up to `CROPS` crops of `crop_px`, each with its maps, labelled with class and name.

    Samples are spread evenly over the dataset; pictures are shrunk to `longest_px` first, as the trainer does.
    """
    if not 1 <= crop_px <= LARGEST_CROP_PX:
        raise ParameterError("crop_px got {}", "give 1 to {}", crop_px, LARGEST_CROP_PX)
    step = max(1, -(-len(dataset.samples) // CROPS))
    samples = dataset.samples[::step]
    each = max(1, min(CROPS_A_SAMPLE, CROPS // len(samples)))
    rng = np.random.default_rng(0)
    cells = [cell for sample in samples for cell in _cells(sample, crop_px, longest_px, each, rng)]
    columns = max(1, WIDTH_PX // (max(cell.width for cell in cells) + GAP_PX))
    return grid(cells, columns, GAP_PX, GAP_PX, BACKGROUND)


def _cells(
    sample: Sample, crop_px: int, longest_px: int | None, count: int, rng: np.random.Generator
) -> list[Image.Image]:
    """Labelled pictures of `count` random crops of a sample, each with its maps side by side."""
    maps = sample.load(longest_px)
    height, width = (min(crop_px, side) for side in maps.size_px)
    cells = []
    for _ in range(count):
        top, left = (
            int(rng.integers(side - part + 1)) for side, part in zip(maps.size_px, (height, width), strict=True)
        )
        cells.append(_cell(sample, maps, (top, left, height, width)))
    return cells


def _cell(sample: Sample, maps: Maps, place: tuple[int, int, int, int]) -> Image.Image:
    from PIL import Image, ImageDraw, ImageFont

    top, left, height, width = place
    names = [name for name in SHOWN_MAPS if name in maps]
    crops = [maps[name].pixels[top : top + height, left : left + width] for name in names]
    strip = np.concatenate([np.broadcast_to(crop, (height, width, 3)) for crop in crops], axis=1)
    picture = Image.fromarray((strip * 255 + 0.5).astype(np.uint8))
    scale = (
        max(1, TILE_PX // max(height, width)) if max(height, width) <= 2 * TILE_PX else 2 * TILE_PX / max(height, width)
    )
    how = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), how)
    lines = [sample.label or "", sample.name]
    cell = Image.new("RGB", (picture.width, picture.height + 2 * LINE_PX), BACKGROUND)
    cell.paste(picture, (0, 0))
    for index, line in enumerate(filter(None, lines)):
        corner = (1, picture.height + 1 + index * LINE_PX)
        ImageDraw.Draw(cell).text(corner, line, INK, ImageFont.load_default(10))
    return cell
