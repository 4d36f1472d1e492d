"""Sheet of a seamless result: its source, the tile across its corner, tiled 2 x 2, and on a ball under a light."""

from __future__ import annotations

import numpy as np

from ..plugins.registry import registry
from ..recipe import Recipe, Step
from ..running.runner import run
from ..surface.grid import cell, grid
from ..surface.relight import BallAndPlane
from ..surface.shading import Light
from ..texture import Maps

CELL_PX = 512
LIGHT = Light(135.0, 40.0, strength=1.2, sky=0.35)
"""Light from the upper left, low enough to show relief, and too weak to bleach white plaster."""


def tile_sheet(result: Maps, source: Maps, caption: str = "", *, device: str = "auto") -> bytes:
    """PNG of four cells: source and result across its corner, both at full size; tiled 2 x 2; on a ball.

    Maps that are needed for the ball and absent from the result are estimated.
    """
    color = result["base_color"].pixels
    height, width = result.size_px
    ball = BallAndPlane.of_maps(_with_relief(result, device), CELL_PX).lit_by(LIGHT)[:, :CELL_PX]
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
    """The maps, with those that the first estimator makes if they have no relief."""
    estimators = registry().tools_for("maps")
    if {"height", "normal"} & set(maps) or not estimators:
        return maps
    return run(Recipe((Step(estimators[0].name),)), {"source": maps}, device=device).maps


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    """A picture whose shorter side fits into a cell."""
    from PIL import Image

    height, width = pixels.shape[:2]
    scale = CELL_PX / min(height, width)
    size = max(CELL_PX, round(width * scale)), max(CELL_PX, round(height * scale))
    image = Image.fromarray(np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS)) / 255
