"""Leather: grain of small plates, pores and creases."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Plates of two sizes between grooves, with creases that press them flat."""
    sway = [0.22 * p.grain_m * canvas.noise(f"sway {axis}", 0.9 * p.grain_m, octaves=2) for axis in "yx"]
    large = canvas.cells("plates", p.grain_m, jitter=0.8, warp=(sway[0], sway[1]), stretch=(1, 1.2))
    small = canvas.cells("small plates", 0.45 * p.grain_m, warp=(sway[0], sway[1]))
    each = lambda name: canvas.of_each(name, large.number)  # noqa: E731
    plate = bump(large.to_border_m, 0.42 * p.grain_m)
    fine = bump(small.to_border_m, 0.20 * p.grain_m)
    clouds = canvas.noise("clouds", canvas.width_m / 6, octaves=5, gain=0.6)
    folds = canvas.noise("folds", 5 * p.grain_m, octaves=3, gain=0.5, stretch=(0.6, 2.2))
    crease = step(folds.abs(), 0.22, 0.0) * step(clouds, 1.4 - 3 * p.creases, 2.6 - 3 * p.creases)
    pore = step(small.from_center_m, 0.10 * p.grain_m, 0.02 * p.grain_m) * plate
    pore = pore * (canvas.of_each("has pore", small.number) < 0.5 * p.pores).to(pore.dtype)
    raised = plate * (0.72 + 0.28 * fine) * (0.85 + 0.3 * each("high"))
    places = canvas.noise("worn", canvas.width_m / 3, octaves=5, gain=0.55) + 0.25 * raised
    worn = p.rubbing * step(places, 1.0 - 1.8 * p.rubbing, 2.0 - 1.8 * p.rubbing)
    raised = mix(raised, 0.8, 0.7 * worn)
    height_m = p.grain_m * (
        (0.03 + 0.17 * p.grain) * raised - 0.30 * p.creases * crease - 0.10 * pore + 0.04 * folds * p.creases
    )
    groove = (1 - raised).clamp(0, 1) * (0.3 + 0.6 * p.grain) + 0.5 * crease + 0.25 * pore
    color = mix(canvas.color(p.color), canvas.color(p.groove_color), groove.clamp(0, 1))
    rubbed = step(clouds + 0.5 * raised, 1.2, 2.2) * p.patina
    color = color * (1 + 0.12 * p.patina * clouds + 0.10 * (each("value") - 0.5)) * (1 + 0.25 * rubbed)
    pale = color.mean(0, keepdim=True) * canvas.color((1.0, 0.9, 0.8)) + canvas.color((0.28, 0.22, 0.17))
    color = mix(color, mix(1.3 * color, pale, 0.6), worn)
    matt = canvas.noise("matt", p.grain_m, octaves=3)
    roughness = mix(0.85, 0.38, p.shine) + 0.14 * (1 - plate) - 0.08 * rubbed + 0.02 * matt + 0.12 * worn
    return Drawing(color, height_m, roughness)
