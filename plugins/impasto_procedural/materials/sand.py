"""Sand: beaches, dunes and paths."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..scatter import scatter
from ..shaping import mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Grains of sand, blown into ripples that fork."""
    ripple, crest = _ripples(canvas, p)
    clouds = canvas.noise("clouds", 0.4, octaves=6, gain=0.55)
    dents = canvas.noise("dents", 0.11, octaves=4, gain=0.45)
    grains = canvas.noise("grains", p.grain_m, octaves=2, gain=0.8)
    soil = canvas.noise("soil", 0.05, octaves=5, gain=0.75)
    tint = canvas.noise("tint", 1.2 * p.grain_m, octaves=2, gain=0.8)
    height_m = (
        0.20 * p.ripples * p.ripple_m * ripple * (1 - 0.25 * p.hollows * (1 + clouds).clamp(0, 2))
        + p.hollows * (0.009 * clouds - 0.010 * dents.clamp_min(0) ** 1.5 * (1 - 0.5 * p.ripples))
        + 0.30 * p.grain_m * grains
    )
    heavy = step(tint - 0.9 * crest * p.ripples + 0.5 * clouds, 1.5, 2.6) * p.color_variation
    pale = step(-tint + 0.5 * crest, 1.6, 2.6) * p.color_variation
    large = 0.14 * clouds + 0.10 * soil + 0.09 * p.ripples * crest
    value = 1 + 0.10 * grains + 0.09 * tint + p.color_variation * large
    color = canvas.color(p.color) * value
    color = mix(color, canvas.color(p.dark_color), 0.75 * heavy)
    color = mix(color, canvas.color((0.90, 0.86, 0.78)), 0.55 * pale)
    damp = p.damp * step(-clouds - 0.7 * crest * p.ripples + 2.2 * p.damp, 0.4, 1.4)
    sand = Drawing(color * (1 - 0.5 * damp), height_m, 0.93 - 0.35 * damp + 0.02 * grains)
    return _pebbles(canvas, p, sand) if p.pebbles else sand


def _ripples(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Height of the ripples, 0 to 1, with one steep side; and −1 in troughs to 1 on crests."""
    phase, amplitude = canvas.waves("ripples", p.ripple_m, spread=0.03 + 0.27 * p.forks)
    strength = step(amplitude, 0.05, 0.9)
    turns = phase + 0.10 * (2 * math.pi * phase).sin()  # the lee side is steeper
    wave = (2 * math.pi * (turns + 0.06 * (2 * math.pi * turns).cos())).cos()
    sharp = 0.5 + 0.5 * wave
    return strength * sharp**1.3, strength * wave


def _pebbles(canvas: Canvas, p: Look, sand: Drawing) -> Drawing:
    count = min(20_000, round(500 * p.pebbles**2 * canvas.width_m * canvas.height_m) + 1)
    flat = 0.6 + 0.8 * canvas.uniform("flat", count)

    def dome(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
        square = (y * flat[number] * 1.2).square() + x.square()
        return ((1 - square).clamp_min(0).sqrt() * 0.004).where(square < 1, y.new_full((), -math.inf))

    found = scatter(canvas, "pebbles", count, 0.005, dome, spread=0.7)
    number = found.number.clamp_min(0)
    value = 0.25 + 0.9 * canvas.uniform("pebble value", count)[number]
    is_shell = step(canvas.uniform("shell", count)[number], 0.75, 0.76)
    color = mix(canvas.color((0.60, 0.53, 0.46)) * value, canvas.color((0.90, 0.84, 0.76)), is_shell)
    stone = Drawing(color, sand.height_m + found.height_m - 0.0012, mix(0.6, 0.4, is_shell))
    return sand.under(stone, step(found.height_m, 0.0010, 0.0016))
