"""Part three of the demo: contact_sheet.png shows every result that there is."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

from impasto.io.map_files import map_name

CELL_PX, COLUMNS = 256, 4
MARGIN_PX = 16
LABEL_PX = 30
PAPER, INK = (24, 24, 26), (228, 226, 220)
MAPS = {
    "normal": "Its normals",
    "height": "Its height",
    "roughness": "Its roughness",
    "ambient_occlusion": "Its occlusion",
}
"""Maps of the first material that are shown beside its colours."""


def main(folder: Path) -> None:
    source, taken, words, changed, model, painted = (
        map_in(folder / name) for name in ("source", "taken", "words", "changed_words", "model", "painted")
    )
    cells = [("A photograph", taken or source), ("Straightened and mended", source if taken else None)]
    shown = [(label, fit(read(file))) for label, file in cells if file]
    if colors := map_in(folder / "maps"):
        tile = read(colors)  # moved by half a tile, which shows the borders' meeting in the middle
        shown.append(
            ("Seamless: borders in the middle", fit(ImageChops.offset(tile, tile.width // 2, tile.height // 2)))
        )
    cells = [(label, map_in(folder / "maps", name)) for name, label in MAPS.items()]
    cells += [("By a bundled model", model), ("Wet mossy cobblestones", words), ("A little darker, less moss", changed)]
    cells += [("A painting", folder / "style" / "night_base_color.png"), ("A cat in its style", painted)]
    shown += [(label, fit(read(file))) for label, file in cells if file and file.exists()]
    sheet(read(folder / "courtyard.png"), shown).save(folder / "contact_sheet.png", optimize=True)
    print(f"demo:   {folder / 'contact_sheet.png'}")


def map_in(folder: Path, name: str = "base_color") -> Path | None:
    """The map of this name in a folder, or its only picture."""
    files = sorted(folder.glob("*.png"))
    return next((file for file in files if map_name(file) == name or len(files) == 1), None)


def read(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def fit(picture: Image.Image) -> Image.Image:
    """The middle square of a picture, scaled to a cell."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side)).resize((CELL_PX, CELL_PX), Image.Resampling.LANCZOS)


def sheet(above: Image.Image, cells: list[tuple[str, Image.Image]]) -> Image.Image:
    """A picture over rows of labelled cells."""
    width, rows = COLUMNS * (CELL_PX + MARGIN_PX) - MARGIN_PX, -(-len(cells) // COLUMNS)
    above = above.resize((width, round(width * above.height / above.width)), Image.Resampling.LANCZOS)
    top, step_y = above.height + 2 * MARGIN_PX, CELL_PX + LABEL_PX + MARGIN_PX
    made = Image.new("RGB", (width + 2 * MARGIN_PX, top + rows * step_y), PAPER)
    made.paste(above, (MARGIN_PX, MARGIN_PX))
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(16)
    for index, (text, picture) in enumerate(cells):
        x, y = MARGIN_PX + index % COLUMNS * (CELL_PX + MARGIN_PX), top + index // COLUMNS * step_y
        made.paste(picture, (x, y))
        draw.text((x, y + CELL_PX + 6), text, INK, font)
    return made


if __name__ == "__main__":
    main(Path(sys.argv[1]))
