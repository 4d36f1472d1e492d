"""Bare metal: brushed, polished or swirled, with scratches, dents and tarnish."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import mix, step
from ..strands import strands

REFLECTANCES = {
    "steel": ((0.68, 0.70, 0.72), (0.43, 0.435, 0.44)),
    "aluminium": ((0.86, 0.865, 0.87), (0.56, 0.57, 0.575)),
    "brass": ((0.87, 0.73, 0.44), (0.46, 0.33, 0.17)),
    "copper": ((0.86, 0.60, 0.47), (0.40, 0.23, 0.16)),
    "gold": ((0.97, 0.82, 0.48), (0.62, 0.44, 0.20)),
}
"""Colours, sRGB-encoded, of each metal when bright and when tarnished."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """A metal sheet: its finish as relief and roughness, scratches across it, tarnish over all."""
    lines = _lines(canvas, p)
    gouge, hair = _scratches(canvas, p)
    clouds = canvas.noise("tarnish", 0.06, octaves=7, gain=0.68)
    spots = canvas.noise("spots", 0.006, octaves=4, gain=0.7)
    tarnish = 0.9 * p.tarnish**0.7 * step(clouds + 0.35 * spots, 1.6 - 3.0 * p.tarnish, 4.6 - 3.2 * p.tarnish)
    tarnish = tarnish * (1 - 0.8 * gouge)
    film = canvas.noise("film", 0.12, octaves=6, gain=0.6) + 0.35 * spots
    pit = step(canvas.noise("pits", 0.002), 4.2 - 2.4 * p.tarnish, 4.8 - 2.4 * p.tarnish)
    bright, dull = (canvas.color(shade) for shade in REFLECTANCES.get(p.metal, (p.color, p.color)))
    if p.metal == "coloured":
        bright, dull = (1.35 * bright + 0.02).clamp_max(0.95), 0.6 * dull + 0.02
    deep = max(0.0, p.dents - 0.5)
    few = 2.6 - 0.7 * p.dents - 1.6 * deep
    dents = step(canvas.noise("dents", 0.02), few, few + 1.4)
    height_m = (
        1.1e-5 * p.brushing * lines
        + p.dents * (0.00008 * canvas.noise("waves", 0.12, octaves=2) - (0.0004 + 0.006 * deep) * dents)
        - 0.0002 * pit
        - (_dents_m(canvas, p.swirl_m) if p.finish == "hammered" else 0.0)
        - 0.00003 * gouge
        - 0.00001 * hair
    )
    color = (
        mix(bright, dull, tarnish)
        * (1 + (0.02 + 0.1 * p.tarnish) * (film - 0.6)).clamp_min(0.3)
        * (1 - 0.5 * pit)
        * (1 - 0.22 * gouge)
        * (1 - 0.06 * hair)
        * (1 - p.brushing * (0.06 - 0.045 * lines).clamp(0, 0.2))
    )
    if p.finish == "galvanised":
        color = color * _spangle(canvas, p.swirl_m)
    rubbed = 0.035 * canvas.noise("hands", 0.06, octaves=5, gain=0.6) * (0.3 + p.tarnish)
    dull = 0.25 * tarnish + 0.035 * p.tarnish * film + 0.15 * gouge + 0.06 * hair
    roughness = p.roughness + 0.035 * p.brushing * lines + rubbed + dull
    return Drawing(color, height_m, roughness, 1 - 0.1 * tarnish)


def _dents_m(canvas: Canvas, size_m: float) -> Tensor:
    """Depth (H, W) of a hammer's dents, which meet in ridges."""
    warp = canvas.sway("blows", 0.06 * size_m, size_m, 2)
    blows = canvas.cells("blows", size_m, jitter=0.75, warp=warp)
    hollow = (1 - (blows.from_center_m / (0.75 * size_m)).square()).clamp_min(0)
    return 0.07 * size_m * hollow * (0.7 + 0.6 * canvas.of_each("force", blows.number))


def _spangle(canvas: Canvas, size_m: float) -> Tensor:
    """Brightness (H, W) of crystals of zinc, each of which reflects in its own way, in feathery ribs."""
    warp = canvas.sway("feathers", 0.12 * size_m, 0.35 * size_m, 3)
    crystals = canvas.cells("crystals", size_m, warp=warp)
    turn = math.tau * canvas.of_each("turn", crystals.number)
    ribs = ((crystals.y_m * turn.sin() + crystals.x_m * turn.cos()) * (22 / size_m)).sin()
    rim = 1 - 0.12 * step(crystals.to_border_m, 0.05 * size_m, 0.0)
    return (0.72 + 0.5 * canvas.of_each("facet", crystals.number) + 0.05 * ribs) * rim


def _lines(canvas: Canvas, p: Look) -> Tensor:
    """Lines of the finish (H, W), deviation about 1."""
    if p.finish == "brushed":
        fine = canvas.noise("fine", 0.0007, octaves=3, gain=0.9, stretch=(1, 130))
        return 0.8 * fine + 0.6 * canvas.noise("broad", 0.005, octaves=3, gain=0.7, stretch=(1, 50))
    if p.finish in ("polished", "hammered", "galvanised"):
        return 0.3 * canvas.noise("polish", 0.004, octaves=3, gain=0.7)
    return _swirls(canvas, p.swirl_m)


def _swirls(canvas: Canvas, swirl_m: float) -> Tensor:
    """Circles around the middle of discs on a lattice; each disc lies over its left and upper neighbours."""
    rows = canvas.count(0.62 * swirl_m, horizontal=False)
    columns = canvas.count(0.62 * swirl_m)
    v, u = canvas.y_m / canvas.height_m * rows, canvas.x_m / canvas.width_m * columns
    v, u = v.expand(canvas.size_px), u.expand(canvas.size_px)
    circles = canvas.normal("circles", 64, 400)
    lines = v.new_zeros(v.shape)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = v.floor() + down, u.floor() + right
            y, x = (v - row - 0.5) / 1.62, (u - column - 0.5) / 1.62  # in diameters, of which discs overlap 38 %
            radius = (y * y + x * x).sqrt()
            disc = (row.remainder(rows) * 7 + column.remainder(columns) * 13).long() % 64
            own = circles[disc, (radius * 120).long().clamp_max(399)] + 2.2 * (y - x) * radius
            lines = own.where(radius < 0.5, lines)
    return 2.2 * lines


def _scratches(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Masks (H, W) of deep scratches and of hairlines."""
    masks = []
    for name, per_m2, length_m, width_m in (
        ("gouges", 2_500, p.scratch_m, 0.0005),
        ("hairlines", 60_000, 0.4 * p.scratch_m, 0.00015),
    ):
        count = min(20_000, round(per_m2 * p.scratches * canvas.width_m * canvas.height_m))
        if not count:
            masks.append(canvas.uniform(name, 1).expand(canvas.size_px) * 0)
            continue
        drawn = strands(canvas, name, count, length_m=length_m, width_m=width_m, rise_m=(0, 1), bend=0.12, taper=0.9)
        depth = canvas.uniform(f"{name} depth", count)[drawn.number.clamp_min(0)].square()
        seen = min(1.0, width_m / canvas.texel_m + 0.15)  # a thinner line shows less
        masks.append((drawn.number >= 0) * (0.15 + 0.85 * depth) * seen)
    return masks[0], masks[1]
