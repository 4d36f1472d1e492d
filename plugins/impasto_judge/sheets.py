"""Contact sheets that go with figures: of a seamless result and its source, and of a model's cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from impasto.options import RunOptions
from impasto.plugins.registry import registry
from impasto.recipe import Recipe, Step
from impasto.running.runner import run
from impasto.surface.resizing import scaled_size
from impasto.surface.shading import BallAndPlane, Light
from impasto.surface.thumbnail import cell, empty_cell, grid, lit_picture
from impasto.texture import Maps

from .cases import EvaluationCase
from .comparison import CaseResult
from .controls import CROP, MODEL
from .metrics.copies import nearest_patches

CELL_PX = 512
LIGHT = Light(135.0, 40.0, strength=1.2, sky=0.35)
"""Light from the upper left, low enough to show relief, and too weak to bleach white plaster."""
COLUMNS = 5
PATCH_PX = 32
PAIRS = 8


def tile_sheet(result: Maps, source: Maps, caption: str = "", *, device: str = "auto") -> bytes:
    """PNG of four cells: source and result across its corner, both at full size; tiled 2 x 2; on a ball.

    If the result lacks maps for the ball, they are estimated.
    """
    color = result["base_color"].pixels
    height, width = result.size_px
    ball = BallAndPlane.of_maps(_with_relief(result, device), CELL_PX).shade(LIGHT)[:, :CELL_PX]
    pictures = {
        f"source: {source.name}, {source.size_px[1]}x{source.size_px[0]}": source["base_color"].pixels,
        f"{caption or result.name}, {width}x{height}, across its corner": np.roll(
            np.tile(color, (-(-CELL_PX // height), -(-CELL_PX // width), 1)), (height // 2, width // 2), (0, 1)
        ),
        "tiled 2 x 2": _shrunk(np.tile(color, (2, 2, 1))),
        "on a ball": ball,
    }
    return grid([cell(text, pixels, CELL_PX) for text, pixels in pictures.items()], len(pictures), gap_px=4)


def _with_relief(maps: Maps, device: str) -> Maps:
    """The maps, completed by the first estimator if they have no relief."""
    estimators = registry().tools_for("maps")
    if {"height", "normal"} & set(maps) or not estimators:
        return maps
    return run(Recipe((Step(estimators[0].name),)), {"source": maps}, RunOptions(device=device)).maps


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    """The picture, shrunk so that its shorter side fits into a cell."""
    from PIL import Image

    height, width = scaled_size(pixels.shape, CELL_PX / min(pixels.shape[:2]))
    image = Image.fromarray(np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS)) / 255


def contact_sheet(comparisons: Sequence[CaseResult]) -> bytes:
    """PNG with the cells of each case in rows of five, each below its caption."""
    cells = []
    for comparison in comparisons:
        cells += [cell(caption, picture) for caption, picture in _pictures(comparison)]
        cells += [empty_cell()] * (-len(cells) % COLUMNS)
    return grid(cells, COLUMNS)


def _pictures(comparison: CaseResult) -> list[tuple[str, np.ndarray]]:
    """Caption and picture (H, W, 3) of each cell."""
    case, generated = comparison.case, comparison.pictures[MODEL]
    name = case.label or case.judged[0].name
    found = [(f"real: {name}", lit_picture(case.judged[0]))]
    found += [(f"seed {seed}", lit_picture(maps)) for seed, maps in enumerate(generated)]
    height, width = generated[0].size_px
    found.append(("seed 0 across its corner", np.roll(lit_picture(generated[0]), (height // 2, width // 2), (0, 1))))
    found += [
        (f"control: {row}", lit_picture(one[0])) for row, one in comparison.pictures.items() if row not in (MODEL, CROP)
    ]
    if case.trained:
        found.append(("made | nearest that it learned from", _nearest(case, generated[0])))
    for map_ in [name for name in generated[0] if name != "base_color"]:
        pixels = generated[0][map_].pixels
        found.append((f"seed 0: {map_}", np.repeat(pixels, 3, 2) if pixels.shape[2] == 1 else pixels))
    return found


def _nearest(case: EvaluationCase, maps: Maps) -> np.ndarray:
    """Pairs of a generated patch and its nearest patch in the training pictures, two pairs per row."""
    generated, known = maps["base_color"].pixels, [one["base_color"].pixels for one in case.trained]
    side = min(PATCH_PX, *generated.shape[:2], *(length for picture in known for length in picture.shape[:2]))
    nearest = nearest_patches(generated, known, count=PAIRS, patch_px=side)
    pairs = []
    for place, picture, found in zip(nearest.places, nearest.pictures, nearest.found, strict=True):
        sides = [source[y : y + side, x : x + side] for source, (y, x) in ((generated, place), (known[picture], found))]
        pairs.append(np.concatenate(sides, 1))
    rows = [np.concatenate(pairs[start : start + 2], 1) for start in range(0, PAIRS, 2)]
    return np.concatenate(rows)
