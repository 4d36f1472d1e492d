"""Seventy phrases, one varied and changed, layers, and favourites: `python benchmarks/phrase_sheet.py`.

Writes text_phrases.jpg, text_changes.jpg, text_layers.jpg and text_more_like.jpg into docs/pictures. The phrases, one
for each procedural material, stand in `phrases/seventy.txt`.

`--list phrases/hundred.txt --out FOLDER` draws the phrases of a file instead, at 256 pixels, to be judged by eye, and
prints what is said about each.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sheets import Cell, in_rows

from impasto import match, more_like, run
from impasto.errors import ParameterError
from impasto.surface.shading import BallAndPlane, Light

PHRASES = Path(__file__).parent / "phrases" / "seventy.txt"
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
CELL_PX, ACROSS = 192, 8
LISTED_PX, DOWN = 256, 4
"""Side of a picture of a list, and rows of a sheet."""
PHRASE_PX, PHRASES_ACROSS = 180, 7
"""Side of a picture that its phrase stands below."""
CHANGED = "mossy red bricks"
CHANGES = ("much darker", "wetter", "larger", "no moss")
VARIED = 4
LAYERED = (
    *("snow on rock", "wet leaves on gravel", "rust on painted metal", "a little sand on oak planks"),
    *("grass between cobbles", "red bricks covered in snow", "wet leaves on cobbles", "moss on bark"),
)
FAVOURITES = ("red brick wall", "old grey mossy bricks, herringbone")
CHILDREN, OF_ONE = 4, 2


def picture(text: str, seed: int = 0, start: object = None) -> tuple[Image.Image, object]:
    """A material under a light, and its recipe."""
    recipe = match("phrase", text, seed=seed, start=start, size_px=(2 * CELL_PX, 2 * CELL_PX)).recipe
    return lit(recipe), recipe


def lit(recipe: Any, side_px: int = CELL_PX) -> Image.Image:
    """The result of a recipe, under a light."""
    light = Light(elevation=50.0, strength=1.25, sky=0.4)
    plane = BallAndPlane.of_maps(run(recipe).maps, side_px).shade(light)[:, side_px:]
    return Image.fromarray((np.clip(plane, 0, 1) * 255).round().astype(np.uint8))


def sheet(pictures: list[Image.Image], across: int) -> Image.Image:
    """Pictures in rows, each with its number below."""
    return in_rows(
        [Cell(np.asarray(one) / 255, str(number)) for number, one in enumerate(pictures, 1)], across, CELL_PX
    )


def phrases() -> list[str]:
    """The phrases of the first picture."""
    return PHRASES.read_text(encoding="utf-8").splitlines()


def draw_list(texts: list[str], out: Path) -> None:
    """Sheets of all phrases of a list, grey where one is refused; prints what is said about each."""
    cells = []
    for number, text in enumerate(texts, 1):
        try:
            found = match("phrase", text, size_px=(LISTED_PX, LISTED_PX))
            shown, notes = np.asarray(lit(found.recipe, LISTED_PX)) / 255, "; ".join(found.notes)
        except ParameterError as error:
            shown, notes = np.full((LISTED_PX, LISTED_PX, 3), 0.5), str(error)
        cells.append(Cell(shown, f"{number} {text}"))
        print(f"{number} {text}: {notes}", flush=True)
    for first in range(0, len(cells), ACROSS * DOWN):
        in_rows(cells[first : first + ACROSS * DOWN], ACROSS, LISTED_PX).save(out / f"phrases_{first + 1}.png")


def main() -> None:
    """Draw the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PICTURES)
    parser.add_argument("--list", type=Path)
    options = parser.parse_args()
    out: Path = options.out
    if options.list:
        draw_list(options.list.read_text(encoding="utf-8").splitlines(), out)
        return
    cells = [Cell(np.asarray(picture(text)[0]) / 255, text) for text in phrases()]
    in_rows(cells, PHRASES_ACROSS, PHRASE_PX).save(out / "text_phrases.jpg", quality=74, optimize=True)
    first, recipe = picture(CHANGED)
    row = [first, *(picture(CHANGED, seed)[0] for seed in range(1, VARIED + 1))]
    for text in CHANGES:
        shown, recipe = picture(text, start=recipe)
        row.append(shown)
    sheet(row, len(row)).save(out / "text_changes.jpg", quality=85)
    cells = [Cell(np.asarray(picture(text)[0]) / 255, text) for text in LAYERED]
    in_rows(cells, ACROSS // 2, CELL_PX).save(out / "text_layers.jpg", quality=85)
    sheet(evolved(), ACROSS).save(out / "text_more_like.jpg", quality=85)


def evolved() -> list[Image.Image]:
    """Two favourites, children of both, and children of the second alone."""
    pairs = [picture(text) for text in FAVOURITES]
    recipes: list[Any] = [recipe for _, recipe in pairs]
    children = [more_like(recipes, seed=seed).recipe for seed in range(CHILDREN)]
    children += [more_like(recipes[1:], seed=seed).recipe for seed in range(OF_ONE)]
    return [shown for shown, _ in pairs] + [lit(recipe) for recipe in children]


if __name__ == "__main__":
    main()
