"""Steel that rusts: bare metal, stains, crust, flakes and pits."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Steel sheet under rust of several ages: each age has its own colour, height and roughness."""
    clouds = canvas.high_pass(canvas.noise("rust", p.patch_m, octaves=8, gain=0.68), 2.5 * p.patch_m)
    spots = canvas.noise("spots", 0.012, octaves=4, gain=0.7)
    age = clouds + 0.4 * spots + 3.4 * (p.cover - 0.5)  # deviations past the first stain
    spread = age + 24 * (p.cover - 0.5) ** 3  # no steel is left at 1
    film = step(spread, -0.9 - p.cover, 0.1)
    crust = step(spread, 0.0, 0.8)
    stain = _runs(canvas, p, crust)
    steel = _steel(canvas, p)
    stained = steel.under(Drawing(_stain_color(canvas, p), steel.height_m, 0.75), film.maximum(stain))
    return stained.under(_crust(canvas, p, age, spots), crust)


def _steel(canvas: Canvas, p: Look) -> Drawing:
    rolled = canvas.noise("rolled", 0.002, octaves=2, stretch=(1, 60))
    dull = canvas.noise("dull", 0.08, octaves=5, gain=0.6)
    color = canvas.color(p.metal_color) * (1 + 0.06 * dull + 0.03 * rolled)
    return Drawing(color, 0.000006 * rolled, p.metal_roughness + 0.05 * dull + 0.03 * rolled, 1.0)


def _stain_color(canvas: Canvas, p: Look) -> Tensor:
    mottled = canvas.noise("mottled", 0.02, octaves=5, gain=0.7)
    shades = [canvas.color(p.old_color), canvas.color(p.color) * 0.8, canvas.color(p.color) * 1.25]
    return gradient(0.5 + 0.2 * mottled, shades)


def _runs(canvas: Canvas, p: Look, crust: Tensor) -> Tensor:
    """Mask (H, W) of stains that hang below the crust in thin lines."""
    lines = canvas.noise("runs", 0.007, octaves=3, gain=0.7, stretch=(30, 1))
    wet = canvas.trails(crust * step(lines, -0.3, 1.5), 0.6 * p.patch_m)
    return (5.0 * p.runs * wet).clamp(0, 0.85)


def _crust(canvas: Canvas, p: Look, age: Tensor, spots: Tensor) -> Drawing:
    grain = canvas.noise("grain", 0.0024, octaves=3, gain=0.8)
    layers = canvas.noise("layers", 0.035, octaves=6, gain=0.55) + 0.5 * age
    level = 2.2 * layers
    terrace = level.floor() + step(level - level.floor(), 0.0, 0.14)  # plates with broken edges
    rim = step(level - level.floor(), 0.3, 0.05) * p.flakes
    plates_m = 0.0005 * p.flakes * terrace.clamp(-3, 4)
    pit = step(canvas.noise("pits", 0.009, octaves=3, gain=0.6) + 0.15 * age, 2.7 - 1.4 * p.pits, 3.3 - 1.4 * p.pits)
    height_m = 0.0003 + 0.0002 * age.clamp(-1, 3) + plates_m + 0.00014 * grain + 0.00008 * spots - 0.0009 * pit
    old = [canvas.color(p.color) * 1.1, canvas.color(p.old_color) * 1.2, canvas.color(p.old_color)]
    washed = canvas.noise("washed", 0.03, octaves=5, gain=0.65, stretch=(5, 1))
    shade = 0.34 + 0.1 * age + 0.08 * grain + 0.1 * spots + 0.16 * washed + 0.10 * (terrace - level) - 0.15 * rim
    color = gradient(shade, [*old, canvas.color(p.dark_color)]) * (1 + 0.09 * grain)
    color = mix(color, canvas.color(p.dark_color) * 0.7, 0.8 * pit)
    return Drawing(color.clamp_min(0.004), height_m, 0.86 + 0.05 * grain + 0.03 * spots)
