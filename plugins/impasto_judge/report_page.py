"""The page of a training's report: verdict, advice, pictures at one texel size, figures with controls, curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from impasto.about import VERSION
from impasto.library.models import Model, was_a_loss
from impasto.surface.thumbnail import lit_picture
from impasto.texture import Maps

from . import report_charts
from .comparison import CaseResult
from .controls import CROP, MEAN, MODEL, NOISE, QUILT
from .goals import FIGURES, MODEL_FIGURES
from .verdict import BAD, GOOD, Verdict
from .web_page import embed, page, table

STYLE = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
TILES = 4
NAMES_SHOWN = 3
BESIDE = "What simpler methods make of the same data"
UNSEEN = "a part of the data that it has not seen"
DETAILED = "seed 0 with detail, which is made of pieces of what it learned from"
ABOUT_DETAIL = (
    "By default results have detail: they are made of pieces of what the model learned from, laid out by it, and the "
    "licence of that holds for them. Verdict, figures and the other pictures are of the model alone (without texture "
    "transfer)."
)
ROWS = {
    MODEL: "this model",
    CROP: "another crop",
    QUILT: "a quilt",
    NOISE: "noise of its spectrum",
    MEAN: "this model without its network",
}


@dataclass(frozen=True)
class Shown:
    """Pictures of one class (or of the only material, ""): one for each seed, and pieces of the data by caption.

    detailed: the first seed with the default texture transfer, for a model that stores its data; None for others.
    """

    label: str
    made: tuple[Maps, ...]
    real: Mapping[str, Maps]
    controls: Mapping[str, Maps] = field(default_factory=dict)
    detailed: Maps | None = None


def report_page(
    model: Model, pictures: Sequence[Shown], compared: CaseResult, found: Verdict, tips: Sequence[str]
) -> str:
    """The page in HTML."""
    kind = {GOOD: "good", BAD: "missed"}.get(found.title, "")
    parts = [
        f"<h1>{escape(model.label)}</h1>",
        f"<p class=faint>{_about(model)}</p>",
        f'<p class="verdict {kind}"><b>{escape(found.title.capitalize())}</b>: {escape(found.reason)}.</p>',
        f"<section><h2>What to try next</h2><ul>{''.join(f'<li>{escape(tip)}</li>' for tip in tips)}</ul></section>",
        *(_pictures(one) for one in pictures),
        _figures(model, compared),
        f"<section><h2>Curves</h2>{_curves(model)}</section>",
    ]
    return page(f"{model.label}: report", "".join(parts), STYLE)


def _about(model: Model) -> str:
    card = model.card
    figures = card["figures"]
    facts = [model.name, str(card["tool"]), f"{figures.get('steps', 0):.0f} steps"]
    if rollbacks := figures.get("rollbacks"):
        facts.append(f"went back {rollbacks:.0f} times")
    facts += [str(card["note"])] if card.get("note") else []
    facts.append("learned from " + ", ".join(str(item["name"]) for item in card["data"][:NAMES_SHOWN]))
    if len(card["data"]) > NAMES_SHOWN:
        facts[-1] += f" and {len(card['data']) - NAMES_SHOWN} more"
    facts += [f"licence {model.licence}", f"Impasto {VERSION}"]
    return " · ".join(map(escape, facts))


def _pictures(pictures: Shown) -> str:
    """The pictures of one class: the data and the seeds at 1:1, and the first seed tiled."""
    addresses = [embed(lit_picture(maps)) for maps in pictures.made]
    figures = [_figure(embed(lit_picture(maps)), caption) for caption, maps in pictures.real.items()]
    figures += [_figure(address, f"seed {seed}") for seed, address in enumerate(addresses)]
    figures += [_figure(embed(lit_picture(pictures.detailed)), DETAILED)] if pictures.detailed else []
    figures.append(_tile(addresses[0], pictures.made[0].size_px))
    controls = [_figure(embed(lit_picture(maps)), caption) for caption, maps in pictures.controls.items()]
    beside = f"<details><summary>{BESIDE}</summary><div class=pictures>{''.join(controls)}</div></details>"
    title = f"Pictures: {escape(pictures.label)}" if pictures.label else "Pictures"
    about = f" {ABOUT_DETAIL}" if pictures.detailed else ""
    note = f"<p class=faint>One pixel is one texel in each of them.{about}</p>"
    first = f"<div class=pictures>{''.join(figures)}</div>"
    return f"<section><h2>{title}</h2>{note}{first}{beside if controls else ''}</section>"


def _tile(address: str, size_px: tuple[int, int]) -> str:
    """A picture tiled 4x4 at a quarter of its size, which shows repeats."""
    height, width = size_px
    style = f"width: {width}px; height: {height}px; background: url('{address}') 0 0 / {width / TILES:g}px"
    text = f"seed 0, tiled {TILES}x{TILES}, from afar"
    tiled = f'<div class=tiled role="img" aria-label="{text}" style="{style}"></div>'
    return f"<figure>{tiled}<figcaption>{text}</figcaption></figure>"


def _figure(address: str, caption: str) -> str:
    text = escape(caption)
    return f'<figure><div class=frame><img src="{address}" alt="{text}"></div><figcaption>{text}</figcaption></figure>'


def _figures(model: Model, compared: CaseResult) -> str:
    """The table of figures, with a column for the model and for each control, and a line on the judging data."""
    rows = [row for row in ROWS if row in compared.rows]
    goals, missed = compared.goals(), compared.missed_goals()
    lines = []
    for name in (*MODEL_FIGURES, "seam_z_high"):
        values = [compared.rows[row].get(name) for row in rows]
        if rows and values[0] is not None:
            cells = ["" if value is None else f"{value:.2f}" for value in values]
            if name in missed:
                cells[0] = f'<span class=missed title="misses its goal">{cells[0]} ✗</span>'
            also = " (was also a loss, so it proves little)" if was_a_loss(name, model.card["figures"]) else ""
            lines.append((escape(FIGURES[name].meaning + also), *cells, _goal(goals.get(name))))
    heads = ["", *(escape(ROWS[row]) for row in rows), "goal"]
    by = UNSEEN if compared.held_out else "what it learned from, so that copying earns a score"
    notes = "".join(f"<p class=faint>{escape(note)}.</p>" for note in compared.notes)
    body = f"<div class=wide>{table(lines, heads)}</div>" if lines else ""
    return f"<section><h2>Figures</h2><p>Comparison with {by}.</p>{body}{notes}</section>"


def _goal(goal: tuple[float, float] | None) -> str:
    if goal is None:
        return ""
    low, high = goal
    if high == float("inf"):
        return f"at least {low:g}"
    return f"at most {high:.2g}" if low <= 0 else f"{low:g} to {high:g}"


def _curves(model: Model) -> str:
    curve = model.card.get("curve", {})
    legend = "Dashed green: what it should reach."
    legend += " Dashed red: it went back to its last good weights." if curve.get("rollback_step") else ""
    return f"{report_charts.charts(curve)}<p class=faint>{legend}</p>"
