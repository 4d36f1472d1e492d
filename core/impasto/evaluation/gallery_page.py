"""Page of a gallery in HTML, which shows the pictures beside it and needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any
from urllib.parse import quote

from ..io import web_page

STYLE = "img { display: block; max-width: 100%; height: auto }"
MEANINGS = (
    ("statistics", "distance of wavelet statistics from the source's, over another crop's: good below 1.3"),
    ("salience", "the most salient patch, over a crop's: good below 1.3; more is a landmark that shows the repeat"),
    ("repeated", "share that occurs twice in the tile"),
    ("contrast", "least to largest contrast over the source's: good from 0.75 to 1.3"),
    ("seam", "visibility of the border over the most that is good: good below 1"),
)


def page(entries: Sequence[Mapping[str, Any]]) -> str:
    """The whole page, a section for each source."""
    ordered = sorted(entries, key=lambda entry: entry["source"])
    sections = [
        f"<section><h2>{escape(source)}</h2>{''.join(map(_result, group))}</section>"
        for source, group in groupby(ordered, lambda entry: entry["source"])
    ]
    return web_page.page("Gallery", f"{_legend()}{''.join(sections)}", STYLE)


def _legend() -> str:
    return f"<h1>Gallery</h1>{web_page.table([(escape(name), escape(text)) for name, text in MEANINGS])}"


def _result(entry: Mapping[str, Any]) -> str:
    label = f"<b>{escape(entry['method'])}</b>"
    if entry["error"]:
        return f"<p>{label} <span class=error>{escape(entry['error'])}; {escape(entry['remedy'])}</span></p>"
    about = [f"{entry['seconds']:.1f} s ({entry['cpu_seconds']:.1f} s of processor time)", *_figures(entry)]
    about += map(escape, entry["notes"])
    picture = f'<img src="{quote(entry["sheet"])}" alt="{escape(entry["method"])}" loading="lazy">'
    return f"{picture}<p>{label} {' · '.join(about)}</p>"


def _figures(entry: Mapping[str, Any]) -> list[str]:
    """The figures in words, those that miss their goals marked."""
    found = entry["figures"]
    if not found:
        return []
    shown = {
        "statistics": (f"{found['statistics_of_crop']:.2f}", ["statistics_of_crop"]),
        "salience": (f"{found['salience_of_crop']:.2f}", ["salience_of_crop"]),
        "repeated": (f"{found['repeated_share']:.0%}", ["repeated_share"]),
        "contrast": (
            f"{found['contrast_low']:.2f} to {found['contrast_high']:.2f}",
            ["contrast_low", "contrast_high"],
        ),
        "seam": (f"{found['seam']:.2f}", ["seam"]),
    }
    return [
        f"<span{' class=missed' if set(names) & set(entry['missed']) else ''}>{name} {text}</span>"
        for name, (text, names) in shown.items()
    ]
