"""The README's strip from its pictures: `python strip_sheet.py FOLDER PICTURE [WINDOW]`, in the core's Python.

Each panel is an object with what it was made from laid over a corner. WINDOW is a picture of Blender, for a last panel.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from settings import PHRASE

sys.path.insert(0, str(Path(__file__).parents[2]))
from tasks.pictures import mark

PANEL_PX, GAP_PX, LABEL_PX = (600, 525), 12, 44
CARD_PX, BORDER_PX, EDGE_PX = 136, 4, 14
PAPER, INK, CARD = (255, 255, 255), (40, 42, 46), (250, 248, 242)
QUALITY = 88


def main(folder: Path, path: Path, window: Path | None) -> None:
    sources = folder / "sources"
    panels = [
        ("A photograph, on an object", read(folder / "from_photo.png"), [card(read(sources / "photo.jpg"))]),
        ("A phrase, on an object", read(folder / "from_words.png"), [words(PHRASE)]),
        (
            "An object, repainted like a painting",
            read(folder / "from_painting.png"),
            [card(read(sources / "painting.jpg")), card(read(folder / "before.png"))],
        ),
    ]
    if window:
        panels.append(("In Blender", read(window), []))
    width, height = PANEL_PX
    sheet = Image.new("RGB", (len(panels) * (width + GAP_PX) - GAP_PX, height + LABEL_PX), PAPER)
    for index, (label, shown, cards) in enumerate(panels):
        left = index * (width + GAP_PX)
        sheet.paste(cover(shown, PANEL_PX), (left, 0))
        top = EDGE_PX
        for one in cards:
            sheet.paste(one, (left + EDGE_PX, top))
            top += one.height + EDGE_PX
        ImageDraw.Draw(sheet).text((left + 2, height + 9), label, INK, ImageFont.load_default(24))
    sheet.save(path, quality=QUALITY, method=6)
    mark(path, [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("from_*.json"))])
    print(f"demo: {path.name}: {path.stat().st_size // 1000} kB")


def read(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def cover(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of a picture that fills a size."""
    factor = max(size[0] / picture.width, size[1] / picture.height)
    scaled = picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.LANCZOS)
    left, top = (scaled.width - size[0]) // 2, (scaled.height - size[1]) // 2
    return scaled.crop((left, top, left + size[0], top + size[1]))


def card(picture: Image.Image) -> Image.Image:
    """A picture with a white border."""
    picture.thumbnail((CARD_PX, CARD_PX), Image.Resampling.LANCZOS)
    made = Image.new("RGB", (picture.width + 2 * BORDER_PX, picture.height + 2 * BORDER_PX), CARD)
    made.paste(picture, (BORDER_PX, BORDER_PX))
    return made


def words(phrase: str) -> Image.Image:
    """A card with a phrase, a few words to a line."""
    font, lines = ImageFont.load_default(24), [""]
    for word in f"“{phrase}”".split():
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if len(longer) <= 12 else [*lines, word]
    made = Image.new("RGB", (CARD_PX + 2 * BORDER_PX + 22, 31 * len(lines) + 26), CARD)
    ImageDraw.Draw(made).multiline_text((14, 12), "\n".join(lines), INK, font, spacing=7)
    return made


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
