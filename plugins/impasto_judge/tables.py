"""Results of `impasto evaluate` as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from impasto.cli.tables import table
from impasto.library.models import was_a_loss
from impasto.system.untrusted import printable

from .controls import MODEL
from .goals import FIGURES, goal_text
from .maps import MapFigures, mean_figures

if TYPE_CHECKING:
    from .comparison import CaseResult
    from .gallery import GalleryEntry
    from .pictures import PictureJudgement


def model_figures(case: CaseResult, recorded: Mapping[str, float]) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """Headings, and a row for each figure: the model's, those of controls, the goal, and what to do if it is missed.

    recorded: figures on the model's card.
    """
    goals, missed = case.goals(), case.missed_goals()
    rows: list[tuple[str, ...]] = []
    for name in case.rows.get(MODEL, {}):
        remarks = [f"MISSED: {FIGURES[name].remedy}".removesuffix(": ")] if name in missed else []
        remarks += ["was also a loss"] if was_a_loss(name, recorded) else []
        cells = (_with_deviation(name, figures, case.deviation[row]) for row, figures in case.rows.items())
        rows.append((name, *cells, goal_text(goals.get(name)), ", ".join(remarks)))
    return ("figure", *case.rows, "goal", ""), rows


def _with_deviation(name: str, figures: Mapping[str, float], deviation: Mapping[str, float]) -> str:
    if name not in figures:
        return "-"
    return f"{figures[name]:.3g}" + (f" ± {deviation[name]:.2g}" if deviation.get(name) else "")


def evaluation(model: str, cases: Sequence[CaseResult], recorded: Mapping[str, float]) -> Iterator[str]:
    """A table of figures for each case of a model."""
    for case in cases:
        data = ", ".join(printable(maps.name) for maps in case.case.judged)
        yield f"{model} {case.label}".rstrip() + f" beside {data}{'' if case.held_out else ', which it learned from'}"
        yield from table(*model_figures(case, recorded))
        if case.network_share:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in case.network_share.items())
            yield f"share of the variance that the network adds: {shares}"
        yield from case.notes


def set_figures(name: str, of: str, figures: Sequence[MapFigures], width_px: int | None = None) -> dict[str, Any]:
    """Figures of a set's estimate or of one of its controls at this width, or their means over several sets."""
    rounded = {key: value if value is None else round(value, 5) for key, value in asdict(mean_figures(figures)).items()}
    return {"name": name, "width_px": width_px, "sets": len(figures), "of": of, **rounded}


MAP_HEADINGS = {one.name: one.metadata["heading"] for one in fields(MapFigures) if one.metadata["heading"]}
"""Headings of the most telling figures of maps, by name."""


def map_evaluation(sets: Sequence[Mapping[str, Any]], means: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Table of the most telling figures of each set and its controls, and their means."""
    rows = []
    for one in (*sets, *(means if len(sets) > 1 else ())):
        size = f"{one['width_px']} px" if one["width_px"] else f"{one['sets']} sets"
        values = (one[name] for name in MAP_HEADINGS)
        rows.append((one["name"], one["of"], size, *("-" if value is None else f"{value:.3g}" for value in values)))
    yield from table(("set", "of", "width", *MAP_HEADINGS.values()), rows, wraps=False)


def picture_evaluation(result: str, source: str, found: PictureJudgement) -> Iterator[str]:
    """Table of the figures of a result and of controls, with goals and marks for missed ones."""
    height, width = found.size_px
    size = f"{width}x{height}, statistics of windows of {found.window_px} px"
    yield f"{printable(result)} beside {printable(source)}, {size}"
    rows, goals, missed = [], found.goals(), found.missed_goals()
    for name in found.figures["result"]:
        cells = (_with_deviation(name, figures, {}) for figures in found.figures.values())
        rows.append((name, *cells, goal_text(goals.get(name)), "MISSED" if name in missed else ""))
    yield from table(("figure", *found.figures, "goal", ""), rows)


def gallery(entries: Sequence[GalleryEntry]) -> Iterator[str]:
    """Table of the figures and seconds of a gallery's results; figures that miss their goals are marked."""
    complete = [one for one in entries if not one.error]
    names = list(dict.fromkeys(name for one in complete for name in one.figures))
    rows = []
    for one in complete:
        values = (
            f"{one.figures[name]:.3g}{'!' if name in one.missed else ''}" if name in one.figures else "-"
            for name in names
        )
        rows.append((printable(one.source), printable(one.method), *values, f"{one.seconds:.1f}"))
    yield from table(("source", "tool", *names, "seconds"), rows)
