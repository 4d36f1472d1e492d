"""Results of `impasto evaluate` as lines of text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from impasto.cli.tables import table
from impasto.library.models import was_a_loss
from impasto.system.untrusted import printable

from .maps import MapFigures, mean_figures

if TYPE_CHECKING:
    from .gallery import GalleryEntry


def evaluation(answer: Mapping[str, Any], recorded: Mapping[str, float]) -> Iterator[str]:
    """A table for each case: figures of the model and of its controls, goals, and marks for missed ones."""
    for case in answer["cases"]:
        beside = "" if case["held_out"] else ", which the model learned from"
        yield (
            f"{answer['model']} {case['label']}".rstrip() + f" beside {', '.join(map(printable, case['data']))}{beside}"
        )
        rows = []
        for name in case["rows"]["model"]:
            cells = [_with_deviation(name, figures, case["deviation"][row]) for row, figures in case["rows"].items()]
            remarks = ["MISSED"] * (name in case["missed"]) + ["was also a loss"] * was_a_loss(name, recorded)
            rows.append((name, *cells, _goal_range(case["goals"].get(name)), ", ".join(remarks)))
        yield from table(("figure", *case["rows"], "goal", ""), rows)
        if case["network_share"]:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in case["network_share"].items())
            yield f"share of the variance that the network adds: {shares}"
        yield from case["notes"]


def _with_deviation(name: str, figures: Mapping[str, float], deviation: Mapping[str, float]) -> str:
    if name not in figures:
        return "-"
    return f"{figures[name]:.3g}" + (f" ± {deviation[name]:.2g}" if deviation.get(name) else "")


def _goal_range(goal: Sequence[float | None] | None) -> str:
    if goal is None:
        return ""
    low, high = goal
    if high is None:
        return f">= {low:g}"
    return f"<= {high:g}" if low == 0 else f"{low:g} to {high:g}"


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
    yield from table(("set", "of", "width", *MAP_HEADINGS.values()), rows)


def picture_evaluation(answer: Mapping[str, Any]) -> Iterator[str]:
    """Table of the figures of a result and of controls, with goals and marks for missed ones."""
    width, height = answer["size_px"]
    size = f"{width}x{height}, statistics of windows of {answer['window_px']} px"
    yield f"{printable(answer['result'])} beside {printable(answer['source'])}, {size}"
    rows, goals = [], {name: " to ".join(f"{value:g}" for value in goal) for name, goal in answer["goals"].items()}
    for name in answer["figures"]["result"]:
        values = (figures.get(name) for figures in answer["figures"].values())
        cells = ("-" if value is None else f"{value:.3g}" for value in values)
        rows.append((name, *cells, goals.get(name, ""), "MISSED" if name in answer["missed"] else ""))
    yield from table(("figure", *answer["figures"], "goal", ""), rows)


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
