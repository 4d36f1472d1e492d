"""Charts of a training's curves as SVG, with marks for its rollbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 330, 24, 166
"""Edges of the plotted area, in the drawing's units."""
PROBED = {"swd": "SWD: distance of patches from the data's", "diversity": "Diversity of its pictures, over the data's"}
"""Titles of the charts of figures that a training measures now and then."""


def charts(curve: Mapping[str, Sequence[float]]) -> list[str]:
    """Charts of a model's `curve`: SWD and diversity with the values that they should reach, then each loss.

    Each is an SVG element of `WIDTH` x `HEIGHT` units without colours of its own.
    """
    floor = curve.get("floor") or (0.0,)
    levels = {"swd": sum(floor) / len(floor), "diversity": 1.0}
    losses = {name: f"Loss: {name[5:].replace('_', ' ')}" for name in curve if name.startswith("loss_")}
    return [
        _chart(title, steps, curve[name], levels.get(name), curve.get("rollback_step", ()))
        for titles, steps in ((PROBED, curve.get("probe_step", ())), (losses, curve.get("step", ())))
        for name, title in titles.items()
        if len(steps) == len(curve.get(name, ())) > 0
    ]


def _chart(
    title: str, steps: Sequence[float], values: Sequence[float], level: float | None, rollbacks: Sequence[float]
) -> str:
    """Chart of a figure by step. level: the value that it should reach, if any."""
    drawn = [0.0, *values, *([] if level is None else [level])]
    low, high, last = min(drawn), max(max(drawn), min(drawn) + 1e-6), max(*steps, *rollbacks, 1.0)

    def x(step: float) -> str:
        return f"{LEFT + (RIGHT - LEFT) * step / last:.1f}"

    def y(value: float) -> str:
        return f"{TOP + (BOTTOM - TOP) * (high - value) / (high - low):.1f}"

    parts = [f'<text class="name" x="0" y="12">{escape(title)}</text>']
    for tick in sorted({low, 0.0, high}):
        parts.append(f'<path class="axis" d="M{LEFT} {y(tick)}H{RIGHT}" />')
        parts.append(f'<text x="{LEFT - 5}" y="{y(tick)}" dy="4" text-anchor="end">{tick:.3g}</text>')
    parts.append(f'<text x="{LEFT}" y="184">step 0</text><text x="{RIGHT}" y="184" text-anchor="end">{last:.0f}</text>')
    for step in rollbacks:
        line = f'<path class="rollback" d="M{x(step)} {TOP}V{BOTTOM}">'
        parts.append(f"{line}<title>went back at step {step:.0f}</title></path>")
    if level is not None:
        parts.append(f'<path class="level" d="M{LEFT} {y(level)}H{RIGHT}" />')
    points = " ".join(f"{x(step)},{y(value)}" for step, value in zip(steps, values, strict=True))
    parts.append(f'<polyline class="curve" points="{points}" />')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
