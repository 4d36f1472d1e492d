"""Pictures of the bundled models for the documentation: near, beside source and quilt; and from far, tiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from impasto.data.dataset import read_dataset
from impasto.data.parts import part_of, training_part, unseen_part
from impasto.evaluation.cases import trained_px
from impasto.evaluation.controls import quilted
from impasto.evaluation.model_controls import Generation
from impasto.library.models import Model

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
NEAR_PX, TILED_PX, MADE_PX = 300, 400, 1024
COLUMNS, ROWS_OF_A_PICTURE = 4, 7
CAPTION_PX, GAP_PX, QUALITY = 20, 6, 72
INK, PAPER = (228, 226, 220), (24, 24, 26)


def draw(models: Mapping[str, Model], sets: Mapping[str, Path], salience: Mapping[str, float | None]) -> None:
    """Write docs/pictures/models_near_1.jpg, …, and models_tiled.jpg with the most salient repeat first."""
    made = {name: Generation(model, "", MADE_PX, {}).make(0)["base_color"].pixels for name, model in models.items()}
    rows = [_near(model, sets[name], made[name]) for name, model in models.items()]
    for number, start in enumerate(range(0, len(rows), ROWS_OF_A_PICTURE), 1):
        cells = [cell for row in rows[start : start + ROWS_OF_A_PICTURE] for cell in row]
        _save(cells, 3, NEAR_PX, f"models_near_{number}.jpg")
    order = sorted(models, key=lambda name: -(salience[name] or 0))
    said = {name: f", salience {salience[name]:.2f}" if salience[name] else "" for name in models}
    tiled = [(f"{models[name].label}{said[name]}", _tiled(made[name])) for name in order]
    _save(tiled, COLUMNS, TILED_PX, "models_tiled.jpg")


def _near(model: Model, data: Path, made: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The source that the model did not see, its result and a quilt of what it learned, at full size."""
    whole = read_dataset(data, longest_px=trained_px(model)).samples[0].load()
    half = training_part(whole)
    quilt = quilted(part_of(whole, half), (NEAR_PX, NEAR_PX))["base_color"].pixels
    source = unseen_part(whole, half)["base_color"].pixels
    cells = {f"{model.label}: source": source, "model": made, "quilt of what it learned": quilt}
    return [(caption, pixels[:NEAR_PX, :NEAR_PX]) for caption, pixels in cells.items()]


def _tiled(pixels: np.ndarray) -> np.ndarray:
    """A tile 4 x 4, as large as a cell."""
    side = TILED_PX // 4
    small = Image.fromarray(_bytes(pixels)).resize((side, side), Image.Resampling.LANCZOS)
    return np.tile(np.asarray(small), (4, 4, 1)) / 255


def _bytes(pixels: np.ndarray) -> np.ndarray:
    return np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def _save(cells: Sequence[tuple[str, np.ndarray]], columns: int, side_px: int, name: str) -> None:
    """Write a grid of captioned cells."""
    rows = -(-len(cells) // columns)
    width, height = side_px + GAP_PX, side_px + CAPTION_PX
    image = Image.new("RGB", (columns * width - GAP_PX, rows * height), PAPER)
    draw_, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    for index, (caption, pixels) in enumerate(cells):
        x, y = index % columns * width, index // columns * height
        image.paste(Image.fromarray(_bytes(pixels)), (x, y))
        draw_.text((x + 3, y + side_px + 2), caption, INK, font)
    image.save(PICTURES / name, quality=QUALITY, optimize=True)
