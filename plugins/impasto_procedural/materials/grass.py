"""A lawn or a meadow, seen from above."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step
from ..strands import strands


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Blades of grass above each other, on soil."""
    patches = canvas.noise("patches", canvas.width_m / 4, octaves=4)
    count = canvas.pieces((0.4 + 3.2 * p.density) / (p.blade_m * p.blade_width_m), 200_000)
    blades = strands(
        canvas,
        "blades",
        count,
        length_m=p.blade_m,
        width_m=p.blade_width_m,
        rise_m=(0.1 * p.blade_m, 0.55 * p.blade_m),
        direction=0.12,
        spread=1 - 0.85 * p.wind,
        bend=0.22,
    )
    is_blade = (blades.number >= 0).to(patches.dtype)
    number = blades.number.clamp_min(0)
    one = lambda name: canvas.uniform(name, count)[number]  # noqa: E731
    rib = 1 - 0.28 * step(blades.across.abs(), 0.35, 0.0)
    dark = [canvas.color(p.color) * factor for factor in (0.35, 0.85, 1.35)]
    lift = (blades.height_m / (0.55 * p.blade_m)).clamp(0, 1)
    fresh = gradient(0.55 * lift + 0.35 * one("shade") + 0.05 * patches, dark)
    dry = canvas.color(p.dry_color) * (0.55 + 0.6 * lift + 0.2 * one("dry shade"))
    is_dry = step(one("dry") + 0.12 * patches, 1.0 - p.dry - 0.04, 1.0 - p.dry + 0.04) if p.dry else 0.0
    color = mix(fresh, dry, mix(is_dry, 1.0, 0.5 * step(blades.along, 0.75, 1.0) * (p.dry > 0)))
    grass = Drawing(color * rib, blades.height_m, 0.55 + 0.15 * one("gloss"))
    return _soil(canvas, p).under(grass, is_blade)


def _soil(canvas: Canvas, p: Look) -> Drawing:
    crumbs = canvas.noise("soil", 0.01, octaves=5, gain=0.65)
    color = canvas.color(p.soil_color) * (0.8 + 0.25 * crumbs).clamp_min(0.1)
    return Drawing(color, 0.002 * crumbs - 0.002, 0.95)
