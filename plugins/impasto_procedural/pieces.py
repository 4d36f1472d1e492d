"""Small things that lie about on a surface, which the filter `marks` draws: leaves, petals, straw, shavings, crumbs."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import Tensor

from .canvas import Canvas, Look
from .drawing import Drawing
from .scatter import scatter
from .shaping import mix, step
from .strands import strands

CONFETTI = ((0.80, 0.20, 0.18), (0.16, 0.38, 0.72), (0.90, 0.76, 0.20), (0.20, 0.58, 0.34), (0.88, 0.88, 0.86))
"""Colours of mixed flecks."""
RIBBON = 0.2
"""Width of strands, relative to their length, from which they are flat ribbons."""


def looks(file: str) -> Mapping[str, Look]:
    """Looks by kind from a table beside this module: what all of them have, and what each has of its own."""
    table = tomllib.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))
    usual = table.pop("usual")
    return {kind: SimpleNamespace(**(usual | look)) for kind, look in table.items()}


PIECES = looks("pieces.toml")
"""Looks of things by kind, as `pieces.toml` explains them."""


def _shape(y: Tensor, x: Tensor, number: Tensor, piece: Look) -> Tensor:
    """Heights, relative to the length, at offsets y and x in radii; −inf outside."""
    if not (piece.radii or piece.sides):
        away = (y.square() + ((piece.narrow + 0.15 * (number % 4)) * x / (1 - 0.25 * y)).square()).sqrt()
    elif piece.sides:
        turns = [math.tau * (k + 0.12 * ((number * (k + 3)) % 7)) / piece.sides for k in range(piece.sides)]
        far = [0.35 + 0.09 * ((number * (2 * k + 5)) % 6) for k in range(piece.sides)]
        away = torch.stack([(t.cos() * piece.narrow * x + t.sin() * y) / r for t, r in zip(turns, far, strict=True)])
        away = away.amax(0).maximum((y.square() + x.square()).sqrt())
    else:
        x = x - piece.bow * ((number % 5) - 2) * (y.square() - 0.3)
        turn = x.abs().atan2(-y)
        place = turn / math.pi * (len(piece.radii) - 1)
        low = place.long().clamp(0, len(piece.radii) - 2)
        table = y.new_tensor(piece.radii)
        edge = mix(table[low], table[low + 1], place - low) * (1 + piece.teeth * (26 * turn).cos())
        away = (y.square() + x.square()).sqrt() / edge
    away = away.where((x.abs() > 0.028) | (y <= 0) | (y > piece.stalk), 0.9 * away.clamp_max(1))
    round_ = (1 - away.square()).clamp_min(0).sqrt()
    rise = 0.3 + 0.9 * x.square() + 0.3 * y.square() if piece.curled else 0.6 + 0.1 * x if piece.sides else round_
    return (piece.high * rise).where(away < 1, y.new_full((), -math.inf))


def lay_pieces(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor, piece: Look) -> Drawing:
    """Things that lie flat, turned in all directions, with a little shade around them."""
    width = piece.strand or 0.5
    count = canvas.pieces(0.5 * piece.cover * (0.25 + amount) / (width * size_m**2), 30_000)
    if not piece.strand:
        lying = scatter(canvas, "flecks", count, 0.5 * size_m, partial(_shape, piece=piece), spread=0.3)
        number, up_m, shade = lying.number, size_m * lying.height_m, 1.0 + 0 * lying.y
    else:
        width_m = max(width * size_m, canvas.texel_m)
        rise_m, turns = (0.001, 0.08 * size_m), piece.bend
        laid = strands(canvas, "flecks", count, length_m=size_m, width_m=width_m, rise_m=rise_m, bend=turns, taper=0.15)
        number, up_m, shade = laid.number, laid.height_m, 1.0 - 0.35 * laid.across.square()
        if width > RIBBON:
            up_m = up_m + 0.5 * width_m * (0.9 - 0.9 * (1 - laid.across.square()).clamp_min(0).sqrt())
            shade = 0.72 + 0.34 * (math.tau * 0.7 * laid.along + 0.8 * laid.across).cos().square()
    number, there = number.clamp_min(0), (number >= 0).to(drawing.height_m.dtype)
    tint = color * (0.8 + 0.4 * canvas.uniform("value", count)[number])
    if piece.mixed:
        palette = torch.stack([canvas.color(one)[:, 0, 0] for one in CONFETTI])
        tint = palette[number % len(palette)].permute(2, 0, 1)
    is_other = canvas.uniform("other", count)[number].square()
    tint = mix(tint, drawing.color, piece.own) * mix(1.0, tint.new_tensor(piece.other)[:, None, None], is_other) * shade
    smooth_m = canvas.blur(drawing.height_m, 0.3 * size_m)
    top = Drawing(tint.clamp(0, 0.95), smooth_m + up_m, piece.roughness, piece.metallic)
    shadow = 1 - 0.35 * step(canvas.blur(there, 0.4 * width * size_m), 0.0, 0.5) * (1 - there)
    return drawing.with_tint(shadow).under(top, there)
