"""Pictures of the bundled models for the documentation: near, beside source and quilt; and from far, tiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from sheets import Cell, fitted, in_rows

from impasto import Maps
from impasto.data.dataset import read_dataset
from impasto.data.parts import part_of, training_part, unseen_part
from impasto.library.models import Model
from impasto.numerics.statistics import PrincipalChannels
from impasto_judge.controls import quilt_control
from impasto_judge.generation import Generation
from impasto_judge.metrics.pattern_salience import PatternSalience
from impasto_judge.report_charts import HEIGHT, WIDTH, charts

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
NEAR_PX, TILED_PX, MADE_PX = 300, 400, 1024
COLUMNS, ROWS_OF_A_PICTURE = 4, 7
CLASS_PX, CLASS_COLUMNS = 224, 6
QUALITY = 72
CURVE_COLUMNS = 3
CURVE_STYLE = """
svg { background: #fff; font: 11px sans-serif } text { fill: #666 } .name { fill: #222; font-size: 12px }
.axis { stroke: #ccc } .curve { fill: none; stroke: #2a6fb8; stroke-width: 1.6 }
.level { stroke: #1d7a36; stroke-dasharray: 5 3; fill: none } .rollback { stroke: #b3350a; stroke-dasharray: 2 2 }
"""


def draw(models: Mapping[str, Model], sets: Mapping[str, Path]) -> None:
    """Write docs/pictures/models_near_1.jpg, …, and models_tiled.jpg with the most salient repeat first."""
    near, tiled = [], []
    for name, model in models.items():
        whole = read_dataset(sets[name], longest_px=model.trained_px).samples[0].load()
        made = Generation(model, "", MADE_PX, {"texture_transfer": True}).make(0)
        alone = Generation(model, "", MADE_PX, {}).make(0)
        near.append(_near(model.label, whole, alone["base_color"].pixels, made["base_color"].pixels))
        salience = _salience(made, whole)
        tiled.append((salience, f"{model.label}, salience {salience:.2f}", _tiled(made["base_color"].pixels)))
    for number, start in enumerate(range(0, len(near), ROWS_OF_A_PICTURE), 1):
        cells = [cell for row in near[start : start + ROWS_OF_A_PICTURE] for cell in row]
        _save(cells, 4, NEAR_PX, f"models_near_{number}.jpg")
    tiled.sort(key=lambda one: -one[0])
    _save([(caption, pixels) for _, caption, pixels in tiled], COLUMNS, TILED_PX, "models_tiled.jpg")


def draw_classes(model: Model, sets: Mapping[str, Path]) -> None:
    """Write docs/pictures/models_classes.jpg: of each class the quarter that judges, and a result, at full size."""
    cells = []
    for label, folder in sets.items():
        whole = read_dataset(folder, longest_px=model.trained_px).samples[0].load()
        source = unseen_part(whole, training_part(whole))["base_color"].pixels
        made = Generation(model, label, CLASS_PX, {}).make(0)["base_color"].pixels
        cells += [(f"{label}: source", source[:CLASS_PX, :CLASS_PX]), ("model", made[:CLASS_PX, :CLASS_PX])]
    _save(cells, CLASS_COLUMNS, CLASS_PX, "models_classes.jpg")


def draw_curve(model: Model) -> None:
    """Write docs/pictures/models_curve.svg: figures and losses in the course of the training of a model."""
    drawn = charts(model.card["curve"])
    rows = -(-len(drawn) // CURVE_COLUMNS)
    placed = [
        chart.replace("<svg ", f'<svg x="{WIDTH * column}" y="{HEIGHT * row}" width="{WIDTH}" height="{HEIGHT}" ', 1)
        for (row, column), chart in zip(np.ndindex(rows, CURVE_COLUMNS), drawn, strict=False)
    ]
    size = f'viewBox="0 0 {WIDTH * CURVE_COLUMNS} {HEIGHT * rows}" xmlns="http://www.w3.org/2000/svg"'
    whole = f"<svg {size}><style>{CURVE_STYLE}</style>{''.join(placed)}</svg>"
    (PICTURES / "models_curve.svg").write_text(whole.replace("><", ">\n<") + "\n", "utf-8")


def _salience(made: Maps, whole: Maps) -> float:
    """Salience of this very tile, relative to the whole real picture."""
    channels = PrincipalChannels(whole, ("base_color",))
    return PatternSalience([channels.of(whole)]).of_crop(channels.of(made))[0]


def _near(label: str, whole: Maps, alone: np.ndarray, made: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The quarter that judges, results without and with detail, and a quilt of what the model learned, at full size."""
    half = training_part(whole)
    quilt = quilt_control(part_of(whole, half), (NEAR_PX, NEAR_PX))["base_color"].pixels
    source = unseen_part(whole, half)["base_color"].pixels
    cells = {f"{label}: source": source, "network alone": alone, "with detail": made, "quilt": quilt}
    return [(caption, pixels[:NEAR_PX, :NEAR_PX]) for caption, pixels in cells.items()]


def _tiled(pixels: np.ndarray) -> np.ndarray:
    """A tile 4 x 4, as large as a cell."""
    side = TILED_PX // 4
    return np.tile(np.asarray(fitted(pixels, side)), (4, 4, 1)) / 255


def _save(cells: Sequence[tuple[str, np.ndarray]], columns: int, side_px: int, name: str) -> None:
    """Write a grid of captioned cells."""
    sheet = in_rows([Cell(pixels, caption) for caption, pixels in cells], columns, side_px)
    sheet.save(PICTURES / name, quality=QUALITY, optimize=True)
