"""Self-contained HTML pages: one style for light and dark screens, tables, and embedded pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
QUALITY = 92


def page(title: str, body: str, style: str = "") -> str:
    """The whole page, from a plain-text title and an HTML body; `style` is added to the common style."""
    screen = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    head = f'<meta charset="utf-8">{screen}<title>{escape(title)}</title><style>{STYLE}{style}</style>'
    return f"<!doctype html>\n<html lang=en><head>{head}</head><body>{body}</body></html>\n"


def table(rows: Sequence[Sequence[str]], heads: Sequence[str] = ()) -> str:
    """A table of cells in HTML; the first cell of each row is its heading."""
    head = f"<tr>{''.join(f'<th scope=col>{cell}</th>' for cell in heads)}</tr>" if heads else ""
    lines = (f"<tr><th scope=row>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in rows)
    return f"<table>{head}{''.join(lines)}</table>"


def embed(pixels: np.ndarray) -> str:
    """Data URL of a picture (H, W, 3) in [0, 1], as JPEG."""
    from PIL import Image

    stream = io.BytesIO()
    levels = np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(levels).save(stream, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
