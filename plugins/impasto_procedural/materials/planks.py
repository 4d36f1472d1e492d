"""Boards of wood with grain, knots, cracks and gaps."""

from __future__ import annotations

import math
from dataclasses import replace

from torch import Tensor

from ..blocks import Blocks, blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step
from ..wood import Grain, board_tint, grain_of, wood_color, wood_relief_m


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Boards, level or upright."""
    if not p.upright:
        return _level(canvas, p)
    turned = _level(Canvas(canvas.size_px[::-1], canvas.height_m, canvas.seed, canvas.device), p)
    parts = {name: value.mT for name, value in vars(turned).items() if isinstance(value, Tensor) and value.ndim > 1}
    return replace(turned, **parts)


def _level(canvas: Canvas, p: Look) -> Drawing:
    """Boards side by side, each cut from another place of a tree."""
    boards = blocks(canvas, "staggered", p.length_m, p.board_m)
    each = lambda name: canvas.of_each(name, boards.number)  # noqa: E731
    wood = grain_of(canvas, boards, p.figure, p.knots)
    inside_m = boards.inside_m(p.gap_m)
    crack = _cracks(canvas, boards, p)
    lean = (each("lean") - 0.5) * boards.across_m() / p.board_m
    height_m = (
        p.bevel_m * bump(inside_m.clamp_min(0), p.bevel_m + 1e-5)
        + wood_relief_m(wood, p.relief)
        + 0.0012 * (each("stands out") - 0.5 + lean)
        + 0.01 * (each("cup") - 0.4) * (boards.across_m() / p.board_m).square() * p.relief
        - 0.0025 * crack
    )
    rise_m, shade = _profile(boards, p)
    if p.saw_marks:
        saw = _saw_marks(canvas, boards, p)
        rise_m, shade = rise_m + 0.0012 * saw, shade * (1 + 0.16 * saw)
    height_m = height_m + rise_m
    gap = step(inside_m, 0.0, -0.0012)
    tint = board_tint(canvas, boards, p.color_variation)
    color = wood_color(wood, canvas.color(p.color), canvas.color(p.late_color)) * tint
    grime = 1 - 0.35 * step(inside_m, 0.006, 0.0)
    if p.silvered:
        color = mix(color, _silver(canvas, wood), (p.silvered * (0.8 + 0.4 * (each("silvered") - 0.5))).clamp(0, 1))
    color = color * shade * grime * (1 - 0.85 * gap) * (1 - 0.65 * crack)
    raw = 0.74 + 0.04 * wood.fibres - 0.10 * wood.late + 0.12 * wood.pores
    glossy = 0.2 + 0.02 * wood.fibres + 0.12 * wood.pores
    roughness = mix(mix(raw, glossy, p.varnish), 0.9, gap.maximum(0.7 * crack))
    drawing = Drawing(color, height_m - 0.012 * gap, roughness)
    return _charred(canvas, p, boards, drawing, gap) if p.charred else drawing


def _silver(canvas: Canvas, wood: Grain) -> Tensor:
    """Colour of wood that sun and rain have bleached: grey, with dark fibres."""
    patches = canvas.noise("bleached", 0.08, octaves=4, stretch=(0.5, 3))
    tone = 1 + 0.10 * wood.fibres + 0.12 * wood.streaks + 0.10 * patches - 0.35 * wood.late - 0.3 * wood.pores
    return canvas.color((0.60, 0.585, 0.56)) * tone.clamp_min(0.2)


def _charred(canvas: Canvas, p: Look, boards: Blocks, wood: Drawing, gap: Tensor) -> Drawing:
    """Wood that fire has charred: black scales between cracks, with a silky shine."""
    warp = canvas.sway("char", 0.003, 0.03, 3)
    shift_m = canvas.of_each("char", boards.number) * canvas.width_m
    scales = canvas.cells("scales", 0.03, stretch=(0.6, 3.2), jitter=0.8, warp=(warp[0] + shift_m, warp[1]))
    width_m = 0.0034 * (0.4 + 0.6 * p.charred)
    open_ = step(scales.to_border_m, width_m, 0.25 * width_m)
    dome = bump(scales.to_border_m, 0.01)
    fibres = canvas.noise("soot", 0.004, octaves=4, gain=0.7, stretch=(0.6, 8))
    ash, burnt = canvas.of_each("ash", scales.number), canvas.of_each("burnt", boards.number)
    tone = 0.5 + 0.3 * ash + 0.45 * burnt + 0.22 * fibres
    color = canvas.color((0.235, 0.23, 0.225)) * tone * (0.5 + 0.5 * dome) * (1 - 0.7 * open_) * (1 - 0.85 * gap)
    height_m = wood.height_m + p.charred * (0.004 * dome - 0.004 * open_)
    coal = Drawing(color, height_m, 0.5 + 0.3 * open_)
    return wood.under(coal, gap.new_tensor(min(1.0, 1.6 * p.charred)))


def _profile(boards: Blocks, p: Look) -> tuple[Tensor | float, Tensor | float]:
    """Height in metres of a board's section, and its shade: darker where little light comes."""
    across = (boards.across_m() / boards.half_height_m.minimum(boards.half_width_m)).clamp(-1, 1)
    if p.profile == "lapped":  # the lower edge of each lies over the next one
        return 0.075 * p.board_m * (across + 1), 1 - 0.45 * step(across, -0.78, -1.0)
    round_ = (1 - 0.97 * across.square()).clamp_min(0).sqrt()
    if p.profile == "log":
        return 0.45 * p.board_m * round_, 0.45 + 0.55 * round_
    if p.profile == "bamboo":
        nodes = (boards.along_m() / (6 * p.board_m) + 0.37 * (boards.number % 7)).remainder(1) - 0.5
        ring, below = step(nodes.abs(), 0.022, 0.008), step((nodes - 0.03).abs(), 0.03, 0.0)
        return p.board_m * (0.45 * round_ + 0.04 * ring), (0.5 + 0.5 * round_) * (1 + 0.25 * ring - 0.35 * below)
    return 0.0, 1.0


def _saw_marks(canvas: Canvas, boards: Blocks, p: Look) -> Tensor:
    """Marks of a circular saw (H, W), about −1 to 1: arcs across each board, uneven in distance and depth."""
    each = lambda name: canvas.of_each(name, boards.number)  # noqa: E731
    radius_m = (0.35 + 0.3 * each("saw")) * (1 - 2 * (each("side of saw") < 0.5).to(boards.x_m.dtype))
    arc_m = boards.along_m() + (boards.across_m() + 0.1 * p.board_m).square() / (2 * radius_m)
    pitch_m = 0.014 + 0.009 * each("feed")
    uneven = canvas.noise("feed", 0.05, octaves=2)
    strong = canvas.noise("pressed", 0.1, octaves=3)
    return p.saw_marks * (math.tau * arc_m / pitch_m + 1.2 * uneven).sin() * (0.6 + 0.3 * strong).clamp(0, 1)


def _cracks(canvas: Canvas, boards: Blocks, p: Look) -> Tensor:
    """Mask (H, W) of checks: thin lines along the grain, where zero crossings of a noise lie in rare patches."""
    lines = canvas.noise("cracks", 0.02, octaves=3, gain=0.6, stretch=(1, 26))
    patches = canvas.noise("cracked", 0.05, octaves=2, stretch=(1, 6))
    ends = step(boards.half_width_m - boards.x_m.abs(), 0.12, 0.0)
    width = 0.10 * step(patches + 0.6 * ends, 2.9 - 2.6 * p.cracks, 4.2 - 2.6 * p.cracks)
    return step(lines.abs(), width + 0.02, 0.5 * width) * step(width, 0.0, 0.03)
