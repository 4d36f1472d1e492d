"""Rock of a cliff."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..damage import cracks
from ..drawing import Drawing
from ..shaping import gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Layers of rock, broken into blocks with facets."""
    fine = canvas.noise("fine", 0.04, octaves=6, gain=0.78)
    rugged = canvas.noise("rugged", 0.7 * p.block_m, octaves=8, gain=0.55)
    bends = canvas.noise("bends", 1.2 * p.block_m, octaves=7, gain=0.5)
    layer_m, layer, ledge = _layers(canvas, p, bends, rugged)
    facet_m, tone = _facets(canvas, p, rugged, bends, layer_m)
    crack = cracks(canvas, "cracks", 0.7 * p.block_m, 0.04 * p.block_m, 0.6 * p.cracks, sway=0.10)
    ridges_m = 0.09 * p.block_m * (1 - p.blocks * 0.4) * (0.6 - canvas.warp(rugged, -0.3 * facet_m, facet_m).abs())
    height_m = facet_m + layer_m + ridges_m + 0.009 * p.block_m * fine - 0.09 * p.block_m * crack
    height_m = 1.5 * p.relief * height_m
    cavity = (canvas.blur(height_m, 0.05 * p.block_m) - height_m) / (0.045 * p.block_m * p.relief)
    pits = (canvas.blur(height_m, 0.015 * p.block_m) - height_m) / (0.012 * p.block_m * p.relief)
    colors = [canvas.color(p.second_color), canvas.color(p.color), canvas.color(p.color) * 1.3]
    shade = 1.5 * (layer - 0.5) * p.layers + 0.4 * rugged + 1.1 * tone
    color = gradient(0.5 + p.color_variation * shade, colors) * (1 + 0.1 * fine) * (1 - 0.5 * crack)
    color = (
        color * (1 - 0.3 * cavity.clamp(-1.2, 1.5)) * (1 - 0.22 * pits.clamp(-1.2, 1.8)) * (1 - 0.25 * ledge * p.layers)
    )
    drawing = Drawing(color, height_m, p.roughness + 0.03 * fine + 0.06 * rugged)
    return _with_stains(canvas, p, drawing, fine, bends)


def _layers(canvas: Canvas, p: Look, bends: Tensor, rugged: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Relief in metres, a random number for each layer, and mask of the clefts between them."""
    count = canvas.count(p.layer_m, horizontal=False, multiple_of=2)
    folds = canvas.noise("folds", 0.45 * canvas.width_m, octaves=2)
    place = count * canvas.y_m / canvas.height_m + 0.5 * folds + 0.35 * bends + 0.12 * rugged
    index = place.floor()
    inside = place - index
    hard, next_hard = (canvas.of_each("hard", (index + k).long() % count) for k in (0, 1))
    stands = mix(hard, next_hard, step(inside, 0.82, 1.0))
    bedding = canvas.of_each("beds", (6 * place).floor().long() % (6 * count))
    cleft = step((inside - 0.92).abs(), 0.10, 0.0) * step(hard - next_hard + 0.3 * rugged, 0.0, 0.5)
    thin_m = 0.035 * p.layer_m * (bedding - 0.5) * step(rugged, -0.5, 0.8)
    relief_m = p.layers * (0.6 * p.layer_m * (stands - 0.5) + thin_m - 0.12 * p.layer_m * cleft)
    return relief_m, mix(hard, bedding, 0.3), cleft


def _facets(canvas: Canvas, p: Look, rugged: Tensor, bends: Tensor, layer_m: Tensor) -> tuple[Tensor, Tensor]:
    """Relief in metres of blocks with flat faces, at two scales, and the brightness of each face."""
    relief_m, tone = 0 * rugged, 0 * rugged
    for name, size, strength in (("blocks", 1.0, 1.0), ("chips", 0.32, 0.9)):
        size_m = size * p.block_m
        warp = (0.09 * size_m * rugged + 1.5 * layer_m + 0.2 * relief_m, 0.09 * size_m * bends - 0.5 * relief_m)
        cells = canvas.cells(name, size_m, stretch=(0.7, 1.2), warp=warp)
        each = lambda what, n=name, c=cells: canvas.of_each(f"{n} {what}", c.number)  # noqa: E731
        lean_m = (each("y") - 0.5) * cells.y_m + (each("x") - 0.5) * cells.x_m
        relief_m = relief_m + strength * (0.85 * lean_m + 0.16 * size_m * (each("stands") - 0.5))
        tone = tone + 0.6 * (each("tone") - 0.5)
    return p.blocks * canvas.blur(relief_m, 0.012 * p.block_m), p.blocks * tone


def _with_stains(canvas: Canvas, p: Look, rock: Drawing, fine: Tensor, bends: Tensor) -> Drawing:
    streaks = canvas.noise("streaks", 0.05, octaves=4, stretch=(12, 1))
    places = canvas.noise("places", 0.45, octaves=5, gain=0.6)
    rust = 0.8 * p.stains * step(places + 0.4 * fine, 0.3, 2.6)
    dark = p.stains * step(streaks + bends - 0.5 * places, 0.9, 2.8)
    color = mix(rock.color, rock.color * canvas.color((1.0, 0.82, 0.62)) * 1.1, rust) * (1 - 0.5 * dark)
    spots = canvas.noise("lichen", 0.09, octaves=5, gain=0.66) - 0.4 * places
    cover = step(spots, 2.6 - 2.2 * p.lichen, 2.9 - 2.2 * p.lichen) * (p.lichen > 0)
    kind = step(canvas.noise("lichen kinds", 0.3, octaves=3), -0.2, 0.3)
    lichen = mix(canvas.color((0.66, 0.67, 0.58)), canvas.color((0.62, 0.52, 0.22)), kind) * (1 + 0.14 * fine)
    return Drawing(mix(color, lichen, 0.7 * cover), rock.height_m + 0.001 * cover, mix(rock.roughness, 0.92, cover))
