"""Writes the report of a training: a page with a verdict, pictures at one texel size, figures with controls, curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from pathlib import Path

from impasto.about import VERSION
from impasto.data.dataset import Dataset
from impasto.data.parts import window_of
from impasto.errors import ParameterError
from impasto.library.models import Model
from impasto.surface.thumbnail import lit_picture
from impasto.system.transaction import replace_files
from impasto.texture import Maps

from .cases import EvaluationCase, cases
from .comparison import BRIEF_CLASSIFIERS, CaseResult, compare_case
from .controls import CROP, MEAN, MODEL, NOISE, QUILT
from .generation import Generation
from .goals import FIGURES, MODEL_FIGURES
from .report_charts import charts
from .tables import model_figures
from .verdict import BAD, GOOD, verdict
from .web_page import embed, page, table

STYLE = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
SEEDS, JUDGED_SEEDS = 3, 2
LARGEST_PX, SMALLEST_PX, STEP_PX = 512, 64, 32
"""Range of the side of the shown and judged pictures; it is a multiple of the last number."""
MOST_CLASSES = 4
"""Most classes of a model that are shown; only the first one is judged."""
NAMES_SHOWN, TILES = 3, 4
LEARNED, UNSEEN = "what it learned from", "a part of the data that it has not seen"
DETAILED = "seed 0 with detail, which is made of pieces of what it learned from"
ABOUT_DETAIL = (
    " By default results have detail: they are made of pieces of what the model learned from, laid out by it, and the "
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


def write_report(
    model: Model,
    data: Dataset,
    file: Path,
    *,
    device: str = "auto",
    on_progress: Callable[[float, str], None] = lambda fraction, message: None,
) -> str:
    """Write the report of a model that was trained on `data`; return the verdict in a sentence.

    The part of the data that chooses settings judges it, so that another part stays unused for a final judgement.
    """
    on_progress(0.0, "looking at the data")
    classes = model.card.get("classes", [])[:MOST_CLASSES]
    listed = replace(data, samples=tuple(one for one in data.samples if not classes or one.label in classes))
    first, *others = cases(model, listed, choosing=True)
    side_px = max(SMALLEST_PX, min(LARGEST_PX, *first.judged[0].size_px) // STEP_PX * STEP_PX)
    generation = Generation(model, first.label, side_px, {}, device)
    try:
        compared = compare_case(
            first, generation, JUDGED_SEEDS, BRIEF_CLASSIFIERS, False, lambda part, said: on_progress(0.8 * part, said)
        )
    except ParameterError as error:
        compared = CaseResult(first, notes=(str(error),))
    sections = [_pictures(first, generation, compared.pictures)]
    for index, case in enumerate(others):
        on_progress(0.8 + 0.2 * index / len(others), f"making {case.label}")
        sections.append(_pictures(case, replace(generation, label=case.label), {}))
    title, reason = verdict(compared)
    kind = {GOOD: "good", BAD: "missed"}.get(title, "")
    head = f"<h1>{escape(model.label)}</h1><p class=faint>{_about(model)}</p>"
    head += f'<p class="verdict {kind}"><b>{escape(title.capitalize())}</b>: {escape(reason)}.</p>'
    legend = "Dashed green: what it should reach. Dashed red: it went back to its last good weights."
    curves = f"<div class=charts>{''.join(charts(model.card.get('curve', {})))}</div><p class=faint>{legend}</p>"
    sections += [_figures(model, compared), f"<section><h2>Curves</h2>{curves}</section>"]
    replace_files({file: page(f"{model.label}: report", "".join((head, *sections)), STYLE).encode()})
    return f"{title}: {reason}"


def _about(model: Model) -> str:
    card, figures = model.card, model.card["figures"]
    facts = [model.name, str(card["tool"]), f"{figures.get('steps', 0):.0f} steps", str(card.get("note", ""))]
    facts.append(f"went back {figures['rollbacks']:.0f} times" if figures.get("rollbacks") else "")
    names = [str(item["name"]) for item in card["data"]]
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    facts.append(f"learned from {', '.join(names[:NAMES_SHOWN])}{more}")
    return " · ".join(map(escape, filter(None, (*facts, f"licence {model.licence}", f"Impasto {VERSION}"))))


def _pictures(case: EvaluationCase, generation: Generation, compared: Mapping[str, tuple[Maps, ...]]) -> str:
    """Pictures of one class at 1:1: the data, some seeds, the first of them tiled, and controls. compared: by row."""
    corner = slice(generation.size_px), slice(generation.size_px)
    captioned = {LEARNED: window_of(case.trained[0], corner)} if case.held_out and case.trained else {}
    captioned[UNSEEN if case.held_out else LEARNED] = window_of(case.judged[0], corner)
    judged = compared.get(MODEL, ())
    seeds = (*judged, *(generation.make(seed) for seed in range(len(judged), SEEDS)))
    captioned |= {f"seed {seed}": maps for seed, maps in enumerate(seeds)}
    if has_detail := bool(generation.model.description()["exemplar"]):
        captioned[DETAILED] = replace(generation, parameters={"texture_transfer": True}).make(0)
    pictures = _figure_elements(captioned) + _tiled(seeds[0])
    controls = {text: compared[row][0] for row, text in ROWS.items() if row not in (MODEL, CROP) and row in compared}
    summary = "<summary>What simpler methods make of the same data</summary>"
    more = f"<details>{summary}<div class=pictures>{_figure_elements(controls)}</div></details>" if controls else ""
    title = f"Pictures: {escape(case.label)}" if case.label else "Pictures"
    note = f"<p class=faint>One pixel is one texel in each of them.{ABOUT_DETAIL if has_detail else ''}</p>"
    return f"<section><h2>{title}</h2>{note}<div class=pictures>{pictures}</div>{more}</section>"


def _figure_elements(pictures: Mapping[str, Maps]) -> str:
    return "".join(
        f'<figure><div class=frame><img src="{embed(lit_picture(maps))}" alt="{escape(text)}"></div>'
        f"<figcaption>{escape(text)}</figcaption></figure>"
        for text, maps in pictures.items()
    )


def _tiled(maps: Maps) -> str:
    """A picture tiled 4x4 at a quarter of its size, which shows repeats."""
    (height, width), text = maps.size_px, f"seed 0, tiled {TILES}x{TILES}, from afar"
    style = f"width: {width}px; height: {height}px; background: url('{embed(lit_picture(maps))}') 0 0 / "
    tiled = f'<div class=tiled role="img" aria-label="{text}" style="{style}{width / TILES:g}px"></div>'
    return f"<figure>{tiled}<figcaption>{text}</figcaption></figure>"


def _figures(model: Model, compared: CaseResult) -> str:
    """The table of figures of the model and of each control, with goals and what to try, and a line on the data."""
    (_, *heads, goal, _), rows = model_figures(compared, model.card["figures"])
    lines = []
    for name, found, *cells, remark in rows:
        if name in (*MODEL_FIGURES, "seam_z_high"):
            mark = " class=missed" if remark.startswith("MISSED") else ""
            first = FIGURES[name].meaning, f"<span{mark}>{escape(found)}</span>"
            lines.append((*first, *map(escape, (*cells, remark.removeprefix("MISSED: ")))))
    heads = ["", *(ROWS[row] for row in heads), goal, "what to try"]
    by = UNSEEN if compared.held_out else f"{LEARNED}, so that copying earns a score: train with --hold-out"
    notes = "".join(f"<p class=faint>{escape(note)}.</p>" for note in compared.notes)
    body = f"<div class=wide>{table(lines, heads)}</div>" if lines else ""
    return f"<section><h2>Figures</h2><p>Comparison with {by}.</p>{body}{notes}</section>"
