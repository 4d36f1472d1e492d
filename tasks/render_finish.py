"""Bricks as they are, and after each finish filter: `python render_finish.py PICTURE`, in the core's Python."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw

from impasto import Recipe, Step, run
from impasto.surface.thumbnail import lit_picture
from impasto.texture import Maps

SIDE_PX, CAPTION_PX, COLUMNS, QUALITY = 224, 18, 4, 84
BACKGROUND = (24, 24, 24)
FILTERS: tuple[tuple[str, dict[str, object], dict[str, str]], ...] = (
    ("adjust", {"temperature": 9000.0, "exposure": 0.4}, {}),
    ("color-transfer", {}, {"reference": "grass"}),
    ("match-material", {}, {"reference": "sand"}),
    ("local-contrast", {"limit": 5.0, "strength": 1.0}, {}),
    ("guided-detail", {"fine": 1.5, "medium": 1.0}, {}),
    ("blend-materials", {"amount": 0.35}, {"over": "sand"}),
    ("weathering", {"moss": 0.55, "dirt": 0.3}, {}),
)


def main(path: Path) -> None:
    bricks = material("bricks")
    cells = [cell("bricks", bricks)]
    for tool, parameters, named in FILTERS:
        others = {name: material(of) for name, of in named.items()}
        step = Step(tool, parameters, {name: name for name in others})
        cells.append(cell(tool, run(Recipe((step,)), {"source": bricks, **others}).maps))
    width, height = cells[0].size
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(cells) // COLUMNS) * height), BACKGROUND)
    for index, one in enumerate(cells):
        sheet.paste(one, (index % COLUMNS * width, index // COLUMNS * height))
    sheet.save(path, quality=QUALITY, optimize=True)
    print(path)


def material(tool: str) -> Maps:
    """A procedural material, twice as large as it is shown."""
    return run(Recipe((Step(tool, {"width_px": 2 * SIDE_PX, "height_px": 2 * SIDE_PX}),), seed=1)).maps


def cell(name: str, maps: Maps) -> Image.Image:
    """A quarter of the maps under a light, below a name."""
    made = Image.new("RGB", (SIDE_PX, SIDE_PX + CAPTION_PX), BACKGROUND)
    ImageDraw.Draw(made).text((4, 3), name, fill=(225, 225, 225))
    shown = (lit_picture(maps)[:SIDE_PX, :SIDE_PX].clip(0, 1) * 255).round().astype("u1")
    made.paste(Image.fromarray(shown), (0, CAPTION_PX))
    return made


if __name__ == "__main__":
    main(Path(sys.argv[1]))
