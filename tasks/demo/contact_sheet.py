"""Part four of the demo: contact_sheet.png shows every result."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from impasto.io.map_files import map_name
from impasto.texture import MAP_CHANNELS

CELL_PX = 400
MARGIN_PX = 16
LABEL_PX = 34
PAPER, INK = (24, 24, 26), (228, 226, 220)


def main(folder: Path) -> None:
    (source,) = (folder / "source").glob("*_base_color.png")
    taken = next((folder / "taken").glob("*_base_color.png"), source)
    files = {map_name(file): file for file in (folder / "maps").glob("*.png")}
    maps = {name: read(files[name]) for name in MAP_CHANNELS if name in files}
    shown = {name: fit(read(folder / f"{name}.png")) for name in ("preview", "learned", "repainted", "object")}
    cells = [("Photograph", fit(read(taken)))]
    if taken != source:
        cells.append(("Straightened and mended", fit(read(source))))
    cells += [
        ("Seamless, tiled 2 by 2", tiled(maps["base_color"])),
        ("On an object", shown["preview"]),
        ("A bundled model's material", shown["learned"]),
    ]
    cells += [(label(name, picture), fit(picture)) for name, picture in maps.items() if not is_constant(picture)]
    cells += [
        ("Painting of a night sky", fit(read(*(folder / "style").glob("*.png")))),
        ("Cat in that style", fit(read(*(folder / "painted").glob("*.png")))),
        ("Material in that style, with relief", shown["repainted"]),
        ("A whole object, across its UV seams", shown["object"]),
    ]
    sheet(cells, columns=3).save(folder / "contact_sheet.png", optimize=True)
    print(f"demo: The contact sheet of {len(cells)} pictures is written")


def read(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def label(name: str, picture: Image.Image) -> str:
    return f"{name.replace('_', ' ').capitalize()}, {picture.width}x{picture.height}"


def is_constant(picture: Image.Image) -> bool:
    """Whether there is nothing to see: a stone's metallic map is black."""
    return all(low == high for low, high in picture.getextrema())


def fit(picture: Image.Image) -> Image.Image:
    """The middle square of a picture, scaled to a cell."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side)).resize((CELL_PX, CELL_PX), Image.Resampling.LANCZOS)


def tiled(picture: Image.Image) -> Image.Image:
    """Two by two copies, scaled to a cell."""
    half = picture.resize((CELL_PX // 2, CELL_PX // 2), Image.Resampling.LANCZOS)
    cell = Image.new("RGB", (CELL_PX, CELL_PX))
    for corner in ((0, 0), (CELL_PX // 2, 0), (0, CELL_PX // 2), (CELL_PX // 2, CELL_PX // 2)):
        cell.paste(half, corner)
    return cell


def sheet(cells: list[tuple[str, Image.Image]], columns: int) -> Image.Image:
    """Labelled cells in rows."""
    rows = -(-len(cells) // columns)
    step_x, step_y = CELL_PX + MARGIN_PX, CELL_PX + MARGIN_PX + LABEL_PX
    made = Image.new("RGB", (columns * step_x + MARGIN_PX, rows * step_y + MARGIN_PX), PAPER)
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(20)
    for index, (text, picture) in enumerate(cells):
        x, y = MARGIN_PX + index % columns * step_x, MARGIN_PX + index // columns * step_y
        made.paste(picture, (x, y))
        draw.text((x, y + CELL_PX + 6), text, INK, font)
    return made


if __name__ == "__main__":
    main(Path(sys.argv[1]))
