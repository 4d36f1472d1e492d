"""Snow: drifts, wind ripples and a crust that sparkles."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step
from ..strands import strands


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Soft drifts under a skin of crystals; single crystals are smooth and turned, so that they glitter."""
    drift = canvas.noise("drifts", 0.55, octaves=3, gain=0.42)
    soft = canvas.noise("soft", 0.14, octaves=3, gain=0.5)
    ripple, ledge = _ripples(canvas, p)
    lump_m = _lumps_m(canvas, p)
    flakes = canvas.noise("flakes", 0.007, octaves=3, gain=0.8)
    grain = canvas.noise("grain", 0.003, octaves=2, gain=0.9)
    fluff_m = (0.0004 + 0.0011 * p.fresh) * flakes + (0.0003 + 0.0002 * p.fresh) * grain
    form_m = 0.05 * p.drifts * drift + 0.011 * p.drifts * soft + p.ripples * (0.006 * ripple + 0.009 * ledge)
    height_m = form_m + lump_m + fluff_m
    hollow = (0.35 - 0.22 * drift * p.drifts - 0.16 * p.ripples * ripple - 0.05 * soft - 0.05 * flakes).clamp(0, 1)
    color = mix(canvas.color(p.color), canvas.color(p.shade_color), hollow)
    color = color * (1 + 0.012 * flakes + 0.012 * grain)
    roughness = mix(0.48 + 0.05 * soft, 0.86, p.fresh) + 0.03 * grain
    glitter = _glitter(canvas, p)
    snow = Drawing(color, height_m + 0.0004 * glitter, mix(roughness, 0.08, glitter))
    snow = _with_litter(canvas, p, snow)
    if not p.melted:
        return snow
    deep = drift * 0.7 + 0.5 * soft + 0.3 * canvas.noise("melt", 0.06, octaves=5, gain=0.65)
    deep = canvas.high_pass(deep, 2.4)
    cover = step(deep, 4.4 * p.melted - 2.6, 4.4 * p.melted - 2.35)
    edge_m = 0.02 * step(deep, 4.4 * p.melted - 2.6, 4.4 * p.melted - 1.6)
    return _ground(canvas, p).under(Drawing(snow.color, snow.height_m + edge_m, snow.roughness), cover)


def _ripples(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Wavy ripples across the wind, and ledges with a steep side, in patches (H, W)."""
    bent = canvas.noise("bent", 0.5, octaves=3, gain=0.5)
    waves = canvas.count(0.16)
    phase = canvas.x_m / canvas.width_m * waves + 0.55 * bent
    part = phase - phase.floor()
    patches = step(canvas.noise("wind", 0.5, octaves=2), -0.8, 1.2)
    ripple = (step(part, 0.0, 0.7) * step(part, 1.0, 0.7) - 0.5) * patches
    flat = 1.3 * canvas.noise("ledges", 0.3, octaves=4, gain=0.45, stretch=(1, 1.8))
    edge = flat - flat.floor()
    return ripple, (flat.floor() + step(edge, 0.0, 0.45)) * 0.5


def _lumps_m(canvas: Canvas, p: Look) -> Tensor:
    """Metres (H, W) of round lumps that lie on the snow, with a dent in front."""
    crumbled = 1 + 0.2 * canvas.noise("crumbled", 0.03, octaves=4, gain=0.7)
    total_m = 0.0 * crumbled
    for size_m in (0.16, 0.07):
        places = canvas.cells(f"lumps {size_m}", size_m, jitter=0.5)
        each = lambda name, places=places: canvas.of_each(name, places.number)  # noqa: E731
        radius_m = size_m * (0.07 + 0.11 * each("size"))
        there = (each("there") < 0.5 * p.lumps).to(total_m.dtype)
        away = places.from_center_m / radius_m * crumbled
        ball = step(away, 1.1, 0.1) - 0.3 * step(away, 2.2, 0.9)
        total_m = total_m + 0.9 * there * radius_m * ball * (each("dent") * 3 - 1).clamp(-1, 1)
    return total_m


def _glitter(canvas: Canvas, p: Look) -> Tensor:
    """Mask (H, W) of single crystals that lie flat and smooth."""
    if not p.sparkle:
        return canvas.uniform("glitter", 1).expand(canvas.size_px) * 0
    crystals = canvas.noise("glitter", 0.0035)
    return step(crystals, 3.0 - 0.8 * p.sparkle, 3.3 - 0.8 * p.sparkle)


def _with_litter(canvas: Canvas, p: Look, snow: Drawing) -> Drawing:
    """The snow with thin dark things on it."""
    count = min(20_000, round(140 * p.litter * canvas.width_m * canvas.height_m))
    if not count:
        return snow
    things = strands(
        canvas, "litter", count, length_m=0.022, width_m=0.0028, rise_m=(0.001, 0.004), bend=0.15, taper=0.8
    )
    lies = (things.number >= 0).to(snow.height_m.dtype)
    tone = canvas.uniform("tone", count)[things.number.clamp_min(0)]
    colors = [canvas.color(c) for c in ((0.16, 0.11, 0.07), (0.33, 0.23, 0.13), (0.48, 0.38, 0.22))]
    return snow.under(Drawing(gradient(tone, colors), snow.height_m + things.height_m, 0.8), lies)


def _ground(canvas: Canvas, p: Look) -> Drawing:
    soil = canvas.noise("soil", 0.03, octaves=6, gain=0.68)
    blades = canvas.noise("blades", 0.006, octaves=3, gain=0.7, stretch=(4, 1))
    shades = [canvas.color(p.ground_color) * factor for factor in (0.4, 1.0, 1.7)]
    color = gradient(0.5 + 0.17 * soil + 0.1 * blades, shades)
    return Drawing(color, -0.02 + 0.004 * soil + 0.002 * blades, 0.9)
