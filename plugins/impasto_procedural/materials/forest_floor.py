"""Forest floor: fallen leaves over each other, needles and twigs on soil."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..scatter import ScatteredPieces, scatter
from ..shaping import gradient, mix, step
from ..strands import strands

NEEDLE = (0.022, 0.0013, 0.012, 0.06)
TWIG = (0.16, 0.005, 0.026, 0.25)
"""Length, width and greatest height in metres, and bend in turns."""
VEINS = 6
"""Side veins on each half of a leaf."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Curled leaves above each other with veins and holes, among needles and twigs."""
    form = canvas.noise("form", 0.25, octaves=3)
    drawing = _soil(canvas, p, form)
    area_m2 = canvas.width_m * canvas.height_m
    layers = [
        _strands(canvas, p, "old needles", round(9_000 * p.needles * area_m2), NEEDLE),
        _leaves(canvas, p, area_m2),
        _strands(canvas, p, "needles", round(5_000 * p.needles * area_m2), NEEDLE),
        _strands(canvas, p, "twigs", round(110 * p.twigs * area_m2), TWIG),
    ]
    for layer in layers:
        if layer is not None:
            top, there = layer
            above = Drawing(top.color, top.height_m + 0.006 * form, top.roughness)
            drawing = drawing.under(above, there * (above.height_m > drawing.height_m))
    return drawing


def _leaves(canvas: Canvas, p: Look, area_m2: float) -> tuple[Drawing, Tensor] | None:
    radius_m = 0.5 * p.leaf_m
    count = min(6_000, round(4.5 * p.leaves * area_m2 / (2 * radius_m * radius_m)))
    if not count:
        return None
    u = {name: canvas.uniform(f"leaf {name}", count) for name in ("lift", "lobed", "curl", "fold", "tilt", "wide")}

    def shape(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
        one = lambda name: u[name][number]  # noqa: E731
        along = x.clamp(-1, 1)
        half = (0.42 + 0.2 * one("wide")) * (1 - along.square()).clamp_min(0) ** 0.62 * (1 - 0.28 * along)
        lobes = 0.55 + 0.45 * (along * 6.5 + 0.3).cos().abs().sqrt()
        half = half * mix(1.0, lobes, (one("lobed") < p.lobed).to(half.dtype))
        centre = y - 0.12 * (one("fold") - 0.5) * along.square()
        stalk = 0.018 * (along < -0.8)
        inside = half.maximum(stalk) - centre.abs()
        bent = (one("curl") - 0.3) * along.square() + one("fold") * 0.7 * centre.abs() + 1.2 * centre.square()
        up = one("lift") * 0.02 + radius_m * (0.4 * p.curl * bent + 0.2 * (one("tilt") - 0.5) * along)
        return up.where(inside > 0, up.new_tensor(-float("inf")))

    pieces = scatter(canvas, "leaves", count, radius_m, shape, spread=0.3)
    return _leaf_surface(canvas, p, pieces, count), (pieces.number >= 0).to(pieces.y.dtype)


def _leaf_surface(canvas: Canvas, p: Look, leaves: ScatteredPieces, count: int) -> Drawing:
    one = lambda name: canvas.uniform(f"leaf {name}", count)[leaves.number.clamp_min(0)]  # noqa: E731
    side = leaves.y.abs()
    rib = step(side, 0.045, 0.01)
    vein = (VEINS * 1.1 * (leaves.x - 0.75 * side)).remainder(1)
    vein = step((vein - 0.5).abs(), 0.1, 0.02) * step(side, 0.0, 0.05)
    spots = canvas.noise("spots", 0.012, octaves=5, gain=0.7)
    fine = canvas.noise("leaf grain", 0.0025, octaves=2, gain=0.8)
    age = one("age") + 0.12 * spots - 0.55 * (one("lift") - 0.5)
    shades = [canvas.color(c) for c in (p.fresh_color, p.color, p.color, p.old_color)]
    color = gradient((age - 0.35) * 1.1 + 0.55 * p.decay, shades) * (0.78 + 0.44 * one("value") + 0.05 * fine)
    blotch = step(spots + 0.8 * (side - 0.3), 2.2 - 1.9 * p.decay, 3.0 - 1.9 * p.decay)
    color = mix(color, canvas.color(p.old_color) * 0.7, 0.7 * blotch)
    color = color * (1 + 0.22 * rib + 0.13 * vein)
    height_m = leaves.height_m + 0.0004 * rib - 0.0003 * vein + 0.00012 * fine
    return Drawing(color, height_m, 0.62 + 0.1 * one("gloss") + 0.15 * blotch)


def _strands(
    canvas: Canvas, p: Look, name: str, count: int, kind: tuple[float, float, float, float]
) -> tuple[Drawing, Tensor] | None:
    if not count:
        return None
    length_m, width_m, top_m, bend = kind
    count = min(40_000, count)
    drawn = strands(
        canvas, name, count, length_m=length_m, width_m=width_m, rise_m=(0.001, top_m), bend=bend, taper=0.7
    )
    tone = canvas.uniform(f"{name} tone", count)[drawn.number.clamp_min(0)]
    shades = [canvas.color(c) for c in ((0.20, 0.13, 0.09), (0.42, 0.27, 0.15), (0.60, 0.45, 0.28))]
    color = gradient(tone, shades) * (1 - 0.4 * drawn.across.square())
    bark = canvas.noise("twig bark", 0.002, octaves=2)
    return Drawing(color * (1 + 0.08 * bark), drawn.height_m, 0.75), (drawn.number >= 0).to(tone.dtype)


def _soil(canvas: Canvas, p: Look, form: Tensor) -> Drawing:
    crumbs = canvas.noise("crumbs", 0.012, octaves=5, gain=0.75)
    lumps = canvas.noise("lumps", 0.05, octaves=3)
    color = canvas.color(p.soil_color) * (0.85 + 0.28 * crumbs + 0.1 * lumps).clamp_min(0.15)
    return Drawing(color, 0.0012 * crumbs + 0.002 * lumps + 0.006 * form - 0.001, 0.94)
