"""Weathering of any drawing: wear on edges, dirt in cavities, moss in joints, and water."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from .canvas import Canvas
from .drawing import Drawing
from .parameters import WeatheringLayers
from .shaping import gradient, mix, step

DIRT = (0.19, 0.15, 0.11)
MOSS = ((0.10, 0.14, 0.04), (0.24, 0.31, 0.09), (0.42, 0.45, 0.18))


def weather(drawing: Drawing, canvas: Canvas, weathering: WeatheringLayers, stands: bool = False) -> Drawing:
    """The drawing with wear, dirt, moss and wetness, in this order. stands: no water stays on it."""
    if not (weathering.wear or weathering.dirt or weathering.moss or weathering.wetness):
        return drawing
    depth = _depth(drawing.height_m, canvas)
    if weathering.wear:
        drawing = _with_wear(drawing, canvas, depth, weathering.wear)
    if weathering.dirt:
        drawing = _with_dirt(drawing, canvas, depth, weathering.dirt)
    if weathering.moss:
        drawing = _with_moss(drawing, canvas, depth, weathering.moss)
    if weathering.wetness:
        water = _with_damp if stands else _with_water
        drawing = water(drawing, canvas, weathering.wetness)
    return drawing


def _depth(height_m: Tensor, canvas: Canvas) -> Tensor:
    """Depth below the surroundings, in deviations of the relief; positive in joints, negative on edges."""
    around = 0.5 * (canvas.blur(height_m, canvas.width_m / 100) + canvas.blur(height_m, canvas.width_m / 30))
    depth = around - height_m
    return depth / depth.std().clamp_min(1e-7)


def _with_wear(drawing: Drawing, canvas: Canvas, depth: Tensor, amount: float) -> Drawing:
    """The drawing with worn edges: lower, lighter and smoother."""
    patches = canvas.noise("wear", canvas.width_m / 10, octaves=6, gain=0.65)
    mask = step(-depth + 0.8 * patches, 2.6 - 2.2 * amount, 3.2 - 2.2 * amount)
    lower = drawing.height_m - mask * 0.15 * drawing.height_m.std()
    mean = drawing.color.mean((1, 2), keepdim=True)
    pale = 0.35 + 0.6 * mean * (1 - mean)  # lighter than dark surfaces, darker than white ones
    rubbed = mix(pale, (1.25 * mean).clamp_max(0.9), drawing.metallic)  # metal is rubbed bright, not pale
    light = mix(drawing.color, rubbed, 0.55)
    return replace(
        drawing,
        color=mix(drawing.color, light, mask * 0.8),
        height_m=lower,
        roughness=mix(drawing.roughness, 0.55, mask * 0.6),
    )


def _with_dirt(drawing: Drawing, canvas: Canvas, depth: Tensor, amount: float) -> Drawing:
    """The drawing with dirt in cavities, and stains in large patches."""
    patches = canvas.noise("dirt", canvas.width_m / 4, octaves=7, gain=0.6)
    cavities = step(depth + 0.6 * patches, 1.6 - 2.0 * amount, 3.0 - 2.0 * amount)
    stains = step(patches, 1.0 - 1.6 * amount, 2.4 - 1.6 * amount) * 0.7
    mask = (cavities + stains).clamp(0, 1) * min(1.0, 0.5 + amount)
    color = canvas.color(DIRT) * (1 + 0.2 * canvas.noise("dirt color", canvas.width_m / 60, octaves=3))
    dirt = replace(drawing, color=color.clamp_min(0), roughness=0.92, metallic=0.0, emission=0.0, transmission=0.0)
    return drawing.under(dirt, 0.85 * mask)


def _with_moss(drawing: Drawing, canvas: Canvas, depth: Tensor, amount: float) -> Drawing:
    """The drawing with cushions of moss, first in the joints, then everywhere."""
    patches = canvas.noise("moss", canvas.width_m / 5, octaves=6, gain=0.6)
    cover = depth + 0.9 * patches - (2.4 - 3.2 * amount)
    mask = step(cover, 0.0, 0.45)
    tufts = canvas.noise("moss tufts", canvas.width_m / 160, octaves=3, gain=0.7)
    cushion_m = (0.004 * step(cover, 0.0, 1.6) + 0.0012 * tufts) * mask
    color = gradient(0.5 + 0.22 * tufts + 0.12 * patches, [canvas.color(shade) for shade in MOSS])
    smooth_m = canvas.blur(drawing.height_m, 0.004)
    moss = Drawing(color, mix(drawing.height_m, smooth_m, 0.6) + cushion_m, 0.95, 0.0)
    return drawing.under(moss, mask)


def _with_water(drawing: Drawing, canvas: Canvas, amount: float) -> Drawing:
    """The drawing with a film of water that darkens and smooths it, and puddles up to a level."""
    height_m = drawing.height_m
    low_m = canvas.blur(height_m, canvas.width_m / 120)
    shape_m = canvas.noise("wetness", canvas.width_m / 3, octaves=3) * 0.9 * low_m.std()
    level_m = (low_m + shape_m).flatten()[:: max(1, height_m.numel() // 4096)].quantile(0.6 * amount)
    under_m = level_m - (0.8 * low_m + 0.2 * height_m + shape_m)
    puddle = step(under_m, 0.0, 0.02 * float(height_m.std()) + 1e-6)
    film = min(1.0, 1.6 * amount) * step(under_m, -2.5 * float(height_m.std()) - 1e-6, 0.0).clamp_min(
        min(1.0, 1.5 * amount)
    )
    is_metal = drawing.metallic
    darker = drawing.color * mix(1.0, 0.5, film.maximum(puddle) * (1 - is_metal))
    deep = step(under_m, 0.0, 1.2 * float(shape_m.std()) + 1e-6)
    murky = 0.22 * drawing.color.mean((1, 2), keepdim=True) + canvas.color((0.12, 0.145, 0.17))
    darker = mix(darker, murky, (0.25 + 0.7 * deep) * puddle * (1 - is_metal))
    ripple_m = 0.0012 * canvas.width_m * canvas.noise("ripples", canvas.width_m / 12, octaves=2, stretch=(0.5, 2))
    flat_m = mix(height_m, level_m - shape_m + ripple_m, puddle)
    roughness = mix(mix(drawing.roughness, 0.24, film), 0.03, puddle)
    return replace(drawing, color=darker, height_m=flat_m, roughness=roughness)


def _with_damp(drawing: Drawing, canvas: Canvas, amount: float) -> Drawing:
    """The drawing darkened and smoothed by water that soaks in and runs down, in patches with soft edges."""
    patches = canvas.noise("damp", canvas.width_m / 4, octaves=6, gain=0.6)
    runs = canvas.trails(step(patches, 0.4, 1.2), canvas.width_m / 6)
    mask = min(1.0, 2 * amount) * step(patches + 2 * runs, 1.4 - 3.6 * amount, 2.4 - 3.6 * amount)
    darker = drawing.color * mix(1.0, 0.5, mask * (1 - drawing.metallic))
    return replace(drawing, color=darker, roughness=mix(drawing.roughness, 0.25, mask))
