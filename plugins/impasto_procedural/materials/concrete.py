"""Concrete as it comes out of its formwork."""

from __future__ import annotations

from torch import Tensor

from ..blocks import blocks
from ..canvas import Canvas, Look
from ..damage import cracks, holes
from ..drawing import Drawing
from ..shaping import mix, step

UNSEEN_PANEL_M = 1.2
"""Width of panels whose joints are not seen, for the distance of tie holes."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Cast concrete with the marks of its formwork."""
    clouds = canvas.noise("clouds", 0.45, octaves=7, gain=0.62)
    sand = canvas.noise("sand", 0.005, octaves=3, gain=0.8)
    mottle = canvas.noise("mottle", 0.09, octaves=5, gain=0.85)
    mark_m, tone, damp = _formwork(canvas, p, clouds, sand)
    if p.tie_holes:
        hole_m, stain = _tie_holes(canvas, p, sand)
        mark_m, damp = mark_m + hole_m, (damp + stain).clamp(0, 2.5)
    airy = p.pores * step(canvas.noise("airy", 0.4, octaves=3, stretch=(0.6, 1.6)), -1.6, 1.6) * 1.4
    pores = holes(canvas, "bubbles", 0.04, 0.0055, airy)
    pores = pores.maximum(holes(canvas, "small bubbles", 0.014, 0.0025, airy))
    crack = cracks(canvas, "cracks", 0.8, 0.003 + 0.02 * p.cracks**2, min(1.0, 1.1 * p.cracks))
    worn = p.exposed * step(clouds + 0.5 * sand, 1.2 - 1.8 * p.exposed, 2.0 - 1.8 * p.exposed)
    height_m = mark_m + 0.0008 * clouds + (0.00010 + 0.0009 * worn) * sand - 0.0035 * pores - 0.002 * crack
    streaks = canvas.noise("streaks", 0.035, octaves=4, gain=0.7, stretch=(16, 1)) + 0.4 * mottle
    below = canvas.noise("where streaks are", 0.5, octaves=5, gain=0.7)
    lime = p.stains * step(streaks + 0.6 * below, 1.7, 3.2)
    dark = p.stains * step(0.8 * below - streaks - 0.3 * clouds, 1.0, 2.8)
    value = (
        1
        + tone
        + 0.03 * mottle
        + p.stains * (0.12 * clouds + 0.05 * mottle + 0.03 * streaks)
        + (0.02 + 0.10 * worn) * sand
    )
    color = canvas.color(p.color) * value
    color = mix(color, canvas.color((0.42, 0.38, 0.32)) * (0.9 + 0.1 * sand), 0.6 * worn)
    color = mix(color, canvas.color((0.76, 0.75, 0.73)), 0.4 * lime) * (1 - 0.30 * dark) * (1 - 0.25 * damp)
    color = color * (1 - 0.6 * pores) * (1 - 0.8 * crack)
    roughness = p.roughness - 0.08 * clouds + 0.12 * worn + 0.12 * pores - 0.10 * dark + 0.10 * lime
    return Drawing(color.clamp_min(0.01), height_m, roughness + 0.02 * sand)


def _formwork(canvas: Canvas, p: Look, clouds: Tensor, sand: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Relief in metres, relative brightness, and mask of stains that the formwork left."""
    if p.formwork == "boards":
        return _boards(canvas, p, clouds)
    if p.formwork == "panels":
        return _panels(canvas, p, sand)
    if p.formwork == "rammed":
        return _lifts(canvas, clouds, sand)
    trowel = canvas.noise("trowel", 0.12, octaves=3, stretch=(1, 3))
    return 0.0004 * trowel, 0.02 * trowel, 0 * trowel


def _tie_holes(canvas: Canvas, p: Look, sand: Tensor) -> tuple[Tensor, Tensor]:
    """Relief in metres, and mask of stains, of four holes for each panel; as far apart where there are none."""
    panel_m = p.panel_m if p.formwork == "panels" else UNSEEN_PANEL_M
    panels = blocks(canvas, "stack", panel_m, panel_m)
    y_m, x_m = panels.y_m.abs() - panels.half_height_m / 2, panels.x_m.abs() - panels.half_width_m / 2
    from_hole_m = (y_m.square() + x_m.square()).sqrt() + 0.0006 * sand
    hole = step(from_hole_m, 0.0135, 0.010)
    relief_m = 0.0006 * step(from_hole_m, 0.021, 0.015) - 0.016 * hole
    return relief_m, 1.6 * hole + 0.35 * step(from_hole_m, 0.06, 0.01)


def _boards(canvas: Canvas, p: Look, clouds: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    sway = canvas.noise("sway", 0.3, octaves=2, stretch=(0.3, 3)) * 0.001
    boards = blocks(canvas, "third", 14 * p.board_m, p.board_m, warp=(sway, sway))
    each = lambda name: canvas.of_each(name, boards.number)  # noqa: E731
    shift_m = each("part of noise") * canvas.width_m
    rings = canvas.warp(canvas.noise("rings", 0.014, octaves=4, gain=0.65, stretch=(1, 14)), shift_m, 3.7 * shift_m)
    fibres = canvas.noise("fibres", 0.004, octaves=2, gain=0.7, stretch=(1, 45))
    inside_m = boards.inside_m()
    fin = step(inside_m, 0.0035, 0.0) * step(canvas.noise("fins", 0.25, octaves=3, stretch=(0.3, 1)), -0.6, 1.2)
    lean = (each("lean") - 0.5) * boards.y_m / p.board_m
    grain = p.grain * each("grain")
    relief_m = 0.005 * (each("stands out") - 0.5) + 0.004 * lean + grain * (0.0005 * rings + 0.0002 * fibres)
    tone = 0.24 * (each("tone") - 0.5) - grain * (0.03 * rings + 0.02 * fibres)
    joint = step(inside_m, 0.006, 0.0) * (1 - fin)
    groove = p.grooves * step(inside_m, 0.004 + 0.008 * p.grooves, 0.002)
    damp = (0.5 * joint * step(clouds, -1.0, 1.0)).maximum(2.2 * groove)
    return relief_m + 0.0035 * fin * (1 - groove) - 0.0008 * joint - 0.014 * groove, tone, damp


def _panels(canvas: Canvas, p: Look, sand: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    panels = blocks(canvas, "stack", p.panel_m, p.panel_m)
    each = lambda name: canvas.of_each(name, panels.number)  # noqa: E731
    inside_m = panels.inside_m() + 0.00012 * sand
    joint = step(inside_m, 0.0045, 0.0025)
    lean = (each("lean y") - 0.5) * panels.y_m + (each("lean x") - 0.5) * panels.x_m
    relief_m = 0.003 * lean - 0.006 * joint
    damp = 0.35 * step(inside_m, 0.03, 0.0) + 0.6 * joint
    return relief_m, 0.10 * (each("tone") - 0.5), damp


def _lifts(canvas: Canvas, clouds: Tensor, sand: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Level layers of earth, each of its own mixture, rammed hard below and crumbly at the top."""
    rows = canvas.count(0.12, horizontal=False)
    bend = 0.10 * canvas.noise("bend", 0.9, octaves=3, stretch=(0.5, 1)) + 0.035 * canvas.noise(
        "ragged", 0.05, octaves=4
    )
    v = canvas.y_m / canvas.height_m * rows + bend
    lift = v.floor()
    one = lambda name: canvas.uniform(f"lift {name}", rows)[lift.long() % rows] - 0.5  # noqa: E731
    top = step(v - lift, 0.3, 0.0)
    crumbs = canvas.noise("crumbs", 0.02, octaves=5, gain=0.75)
    stones = holes(canvas, "stones", 0.05, 0.011, 0.35 + 0.5 * top)
    joint = step(v - lift, 0.06, 0.0) * step(canvas.noise("open", 0.3, octaves=3, stretch=(0.3, 1)), -0.8, 0.8)
    pits = top * step(crumbs, 0.7, 1.8)
    streaks = canvas.noise("bands", 0.03, octaves=3, stretch=(0.5, 14))
    relief_m = 0.0015 * crumbs * (0.5 + top) - 0.005 * pits - 0.006 * joint + 0.003 * stones + 0.002 * one("out")
    tone = 0.6 * one("tone") + 0.05 * crumbs + 0.05 * streaks - 0.25 * pits - 0.4 * joint + 0.22 * stones
    return relief_m, tone, 0 * sand
