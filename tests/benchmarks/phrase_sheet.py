"""Forty phrases, and one varied and changed: `python tests/benchmarks/phrase_sheet.py`.

Writes text_phrases.jpg and text_changes.jpg into docs/pictures; the phrases stand in `docs/text.md`, numbered.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "core"), str(ROOT / "plugins")]
PAGE = ROOT / "docs" / "text.md"
PICTURES = ROOT / "docs" / "pictures"
CELL_PX, GAP_PX, ACROSS = 192, 4, 8
CHANGED = "mossy red bricks"
CHANGES = ("much darker", "wetter", "larger", "no moss")
VARIED = 4


def picture(text: str, seed: int = 0, start: object = None) -> tuple[Image.Image, object]:
    """A material under a light, and its recipe."""
    from impasto import match, run
    from impasto.surface.relight import BallAndPlane
    from impasto.surface.shading import Light

    found = match("phrase", text, seed=seed, start=start, size_px=(2 * CELL_PX, 2 * CELL_PX))
    lit = BallAndPlane.of_maps(run(found.recipe).maps, CELL_PX).lit_by(Light(elevation=50.0, strength=1.25, sky=0.4))
    plane = lit[:, CELL_PX:]
    return Image.fromarray((np.clip(plane, 0, 1) * 255).round().astype(np.uint8)), found.recipe


def sheet(pictures: list[Image.Image], across: int) -> Image.Image:
    """Pictures in rows, each with its number."""
    step = CELL_PX + GAP_PX
    made = Image.new("RGB", (across * step - GAP_PX, -(-len(pictures) // across) * step - GAP_PX), "white")
    draw = ImageDraw.Draw(made)
    for index, one in enumerate(pictures):
        left, top = index % across * step, index // across * step
        made.paste(one, (left, top))
        draw.rectangle((left, top, left + 19, top + 13), fill="white")
        draw.text((left + 3, top + 1), str(index + 1), fill="black")
    return made


def phrases() -> list[str]:
    """The numbered phrases of the page's section."""
    section = PAGE.read_text(encoding="utf-8").split("\n## Forty phrases\n")[1].split("\n## ")[0]
    return re.findall(r"^\d+\. (.+)$", section, re.MULTILINE)


def main() -> None:
    """Draw both pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PICTURES)
    out = parser.parse_args().out
    sheet([picture(text)[0] for text in phrases()], ACROSS).save(out / "text_phrases.jpg", quality=85)
    first, recipe = picture(CHANGED)
    row = [first, *(picture(CHANGED, seed)[0] for seed in range(1, VARIED + 1))]
    for text in CHANGES:
        shown, recipe = picture(text, start=recipe)
        row.append(shown)
    sheet(row, len(row)).save(out / "text_changes.jpg", quality=85)


if __name__ == "__main__":
    main()
