"""Bark of trees: furrowed as of oaks, in plates as of pines, or smooth as of birches."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Bark upright on a trunk: ridges or plates with layers, cracks and lichen, or paper with lenticels."""
    if p.kind == "birch":
        return _birch(canvas, p)
    level, across = _furrows(canvas, p) if p.kind == "furrowed" else _plates(canvas, p)
    ridge = step(level, 0.0, 0.75)
    fibres = canvas.noise("fibres", 0.005, octaves=4, gain=0.75, stretch=(6, 1))
    rough = canvas.noise("rough", 0.012, octaves=5, gain=0.7, stretch=(2, 1))
    clouds = canvas.noise("clouds", 0.15, octaves=4, gain=0.6, stretch=(2, 1))
    flat = 1.5 * canvas.noise("scales", 0.7 * p.ridge_m, octaves=6, gain=0.6, stretch=(2.2, 1)) + 1.2 * level
    scale = flat - flat.floor()
    terrace = flat.floor() + step(scale, 0.0, 0.15)
    rim = step(scale, 0.25, 0.02) * p.layers * ridge
    crack = step(across.abs(), 0.05 + 0.1 * p.cracks, 0.03) * step(rough + 2.4 * p.cracks, 0.9, 1.9) * (p.cracks > 0)
    height_m = p.depth_m * (
        level - 0.2 * crack * ridge + 0.15 * p.layers * terrace * (0.3 + ridge) + 0.05 * rough + 0.018 * fibres
    )
    shade = 0.36 + 0.34 * ridge + 0.1 * rough + 0.11 * fibres + 0.16 * (level - 0.6)
    outer = [canvas.color(p.furrow_color) * 0.55, canvas.color(p.furrow_color), canvas.color(p.color)]
    color = gradient(shade, [*outer, canvas.color(p.color) * 1.5])
    fresh = step((terrace * 2.7).sin() + 0.5 * rough, 0.8, 1.3) * p.layers * ridge
    color = mix(color, canvas.color(p.inner_color) * (1 + 0.15 * fibres), 0.75 * fresh)
    color = color * (1 + 0.1 * clouds + 0.1 * fibres) * (1 - 0.4 * rim) * (1 - 0.35 * crack * ridge)
    bark = Drawing(color.clamp_min(0.004), height_m, 0.82 + 0.04 * rough - 0.05 * ridge)
    return _lichen(canvas, p, bark, ridge)


def _furrows(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Level (H, W), 0 in furrows, 1 on ridges, and a field that is 0 along cracks across.

    Cells much longer than wide, and smaller ones on them, whose borders wind.
    """
    rough = 0.07 * p.ridge_m * canvas.noise("edge", 0.3 * p.ridge_m, octaves=4, gain=0.7, stretch=(2.5, 1))
    wind = (0.1 + 0.4 * p.twist) * p.ridge_m * canvas.noise("wind", 1.6 * p.ridge_m, octaves=3, stretch=(2.5, 1))
    warp = rough, wind
    ridges = canvas.cells("ridges", p.ridge_m, stretch=(5, 1), squeeze=(5, 1), warp=warp)
    small = canvas.cells("small ridges", 0.5 * p.ridge_m, stretch=(4, 1), squeeze=(4, 1), warp=warp)
    deep_m, shallow_m = ridges.to_border_m + rough, small.to_border_m + rough
    level = step(deep_m, -0.02 * p.ridge_m, 0.17 * p.ridge_m)
    level = level * (0.7 + 0.3 * step(shallow_m, -0.02 * p.ridge_m, 0.1 * p.ridge_m))
    level = level * (0.8 + 0.4 * canvas.of_each("thick", ridges.number))
    return level, canvas.noise("across", 0.55 * p.ridge_m, octaves=3, gain=0.5, stretch=(1, 5))


def _plates(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Level and cracks as `_furrows` gives them, for plates about twice as long as wide, in layers."""
    sway = [
        (0.1 + 0.25 * p.twist) * p.ridge_m * canvas.noise(f"sway {k}", p.ridge_m, octaves=5, gain=0.6) for k in "yx"
    ]
    warp = sway[0], sway[1]
    plates = canvas.cells("plates", 1.5 * p.ridge_m, stretch=(2.4, 1), squeeze=(2.4, 1), warp=warp)
    small = canvas.cells("scales", 0.6 * p.ridge_m, stretch=(1.6, 1), squeeze=(1.6, 1), warp=warp)
    thick = 0.75 * canvas.of_each("thick", plates.number) + 0.5 * canvas.of_each("thin", small.number)
    level = step(plates.to_border_m, 0.02 * p.ridge_m, 0.24 * p.ridge_m)
    level = level * (0.35 + 0.5 * thick) * (0.82 + 0.18 * step(small.to_border_m, 0.0, 0.06 * p.ridge_m))
    return level, canvas.noise("across", 0.8 * p.ridge_m, octaves=3, gain=0.5, stretch=(1, 3))


def _lichen(canvas: Canvas, p: Look, bark: Drawing, ridge: Tensor) -> Drawing:
    if not p.lichen:
        return bark
    patches = canvas.noise("lichen", 0.05, octaves=6, gain=0.68) + 0.7 * ridge
    cover = step(patches, 3.1 - 2.9 * p.lichen, 3.6 - 2.9 * p.lichen)
    crumbs = canvas.noise("crumbs", 0.003, octaves=3, gain=0.8)
    shades = [canvas.color(c) for c in ((0.36, 0.38, 0.30), (0.52, 0.53, 0.45), (0.62, 0.61, 0.49))]
    color = gradient(0.45 + 0.2 * crumbs + 0.12 * patches, shades)
    return bark.under(Drawing(color, bark.height_m + 0.0004 * (1.2 + crumbs), 0.92), 0.85 * cover)


def _birch(canvas: Canvas, p: Look) -> Drawing:
    paper = canvas.noise("paper", 0.003, octaves=3, gain=0.7, stretch=(1, 18))
    clouds = canvas.noise("clouds", 0.12, octaves=6, gain=0.62, stretch=(1, 1.6))
    bands = canvas.noise("bands", 0.014, octaves=4, gain=0.7, stretch=(1, 14))
    dashes = canvas.noise("lenticels", 0.0032, octaves=2, gain=0.4, stretch=(1, 9)) + 0.25 * clouds
    dash = step(dashes, 2.4 - 1.2 * p.lenticels, 2.8 - 1.2 * p.lenticels) * (p.lenticels > 0)
    flat = 0.7 * canvas.noise("peels", 0.03, octaves=4, gain=0.45, stretch=(1, 6))
    part = flat - flat.floor()
    curl = step(part, 0.3, 0.0) * step(part, 0.0, 0.02)  # the edge of a layer lifts
    bared = step(part, 0.75, 1.0) * p.layers
    rough = canvas.noise("scar relief", 0.012, octaves=5, gain=0.7)
    scar = 0.6 * clouds + 0.8 * canvas.noise("scars", 0.035, octaves=5, gain=0.6, stretch=(0.7, 1.5))
    scar = step(scar + 0.2 * rough, 3.0 - 1.7 * p.cracks, 3.4 - 1.7 * p.cracks)
    height_m = (
        0.0006 * p.layers * (flat.floor() + curl)
        + 0.00004 * paper
        + 0.0008 * dash
        + scar * 0.002 * rough
        + 0.0006 * clouds
    )
    white = canvas.color(p.birch_color) * (1 + 0.05 * clouds + 0.03 * paper + 0.05 * bands) * (1 - 0.06 * (part < 0.04))
    color = mix(white, canvas.color((0.74, 0.56, 0.43)) * (1 + 0.06 * paper), 0.7 * bared)
    color = mix(color, canvas.color(p.color) * (0.32 + 0.06 * paper), 0.85 * dash)
    color = mix(color, canvas.color(p.furrow_color) * (0.75 + 0.2 * rough).clamp_min(0.2), scar)
    roughness = 0.58 + 0.05 * clouds + 0.02 * paper + 0.25 * dash.maximum(scar)
    return _lichen(canvas, p, Drawing(color, height_m, roughness), 0.3 * (1 - dash) - 0.6)
