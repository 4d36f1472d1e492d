"""Charts of a training's curves as SVG, with marks for its rollbacks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 24, 24
"""Margins around the plotted area, in the drawing's units."""
TICKS = 4
SHOWN: Mapping[str, tuple[str, str]] = {
    "swd": ("SWD: distance of patches from the data's", "floor"),
    "diversity": ("Diversity of its pictures, over the data's", ""),
}
"""By figure of the probe: the chart's title, and the name of the figure that it should reach."""


@dataclass(frozen=True)
class Chart:
    """A figure by step. level: the value that it should reach, if any."""

    title: str
    steps: Sequence[float]
    values: Sequence[float]
    level: float | None = None


def charts(curve: Mapping[str, Sequence[float]]) -> str:
    """The charts of a model's `curve` in HTML: the figures of the probe first, then each loss."""
    return f"<div class=charts>{''.join(drawings(curve))}</div>"


def drawings(curve: Mapping[str, Sequence[float]]) -> list[str]:
    """The same charts, each an SVG element of `WIDTH` x `HEIGHT` units without colours of its own."""
    marks = curve.get("rollback_step", ())
    return [_drawing(chart, marks) for chart in _charts(curve)]


def _charts(curve: Mapping[str, Sequence[float]]) -> list[Chart]:
    looks, steps, found = curve.get("probe_step", ()), curve.get("step", ()), []
    for name, (title, target) in SHOWN.items():
        if name in curve and len(looks) == len(curve[name]) > 0:
            levels = curve.get(target, ())
            level = 1.0 if name == "diversity" else sum(levels) / len(levels) if levels else None
            found.append(Chart(title, looks, curve[name], level))
    for name, values in curve.items():
        if name.startswith("loss_") and len(steps) == len(values) > 0:
            found.append(Chart(f"Loss: {name.removeprefix('loss_').replace('_', ' ')}", steps, values))
    return found


def _drawing(chart: Chart, marks: Sequence[float]) -> str:
    levels = [*chart.values, *(() if chart.level is None else (chart.level,))]
    low, high = min(0.0, *levels), max(levels)
    ticks = nice_ticks(low, high)
    low, high, last = min(low, ticks[0]), max(high, ticks[-1]), max(*chart.steps, *marks, 1.0)

    def x(step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * step / last

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [f'<text class="name" x="0" y="12">{escape(chart.title)}</text>']
    for tick in ticks:
        parts.append(f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" />')
        parts.append(f'<text x="{LEFT - 5}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 6}">step 0</text>')
    parts.append(f'<text x="{right}" y="{HEIGHT - 6}" text-anchor="end">{last:.0f}</text>')
    for step in marks:
        line = f'<line class="rollback" x1="{x(step):.1f}" x2="{x(step):.1f}" y1="{TOP}" y2="{bottom}">'
        parts.append(f"{line}<title>went back at step {step:.0f}</title></line>")
    if chart.level is not None:
        parts.append(f'<path class="level" d="M{LEFT} {y(chart.level):.1f}H{right}" />')
    points = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in zip(chart.steps, chart.values, strict=True))
    parts.append(f'<polyline class="curve" points="{points}" />')
    label = f'role="img" aria-label="{escape(chart.title)}"'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" {label}>{"".join(parts)}</svg>'


def nice_ticks(low: float, high: float) -> list[float]:
    """About `TICKS` round values that span [low, high]."""
    span = max(high - low, 1e-6)
    rough = span / TICKS
    power = 10 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = math.floor(low / step + 1e-9)
    last = max(first + 1, math.ceil(high / step - 1e-9))
    return [round(number * step, 12) for number in range(first, last + 1)]
