"""Woven cloth: plain, twill, basket and satin weaves, from burlap to denim."""

from __future__ import annotations

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..motifs import motif_color
from ..shaping import mix, step
from ..yarn import roundness, thread_contrast, twist

PERIODS = {"plain": 2, "twill": 4, "basket": 4, "satin": 5, "herringbone": 16}
"""Threads after which a weave repeats."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Two sets of threads; the weave says at each crossing which one is above."""
    period = PERIODS[p.weave]
    columns = canvas.count(p.thread_m, multiple_of=period)
    rows = canvas.count(p.thread_m, horizontal=False, multiple_of=period)
    sway = 0.16 * p.irregular
    u = canvas.x_m / canvas.width_m * columns + sway * canvas.noise("sway x", 9 * p.thread_m, octaves=3)
    v = canvas.y_m / canvas.height_m * rows + sway * canvas.noise("sway y", 9 * p.thread_m, octaves=3)
    column, row = u.floor(), v.floor()
    warp_rise, weft_rise = (_rise(p, column, row, u, v, along_v) for along_v in (True, False))
    across = (2 * (u - column) - 1, 2 * (v - row) - 1)
    warp = _thread(canvas, p, "warp", column.long() % columns, across[0], v, warp_rise, (columns, rows))
    weft = _thread(canvas, p, "weft", row.long() % rows, across[1], u, weft_rise, (rows, columns))
    above = ((warp[0] - weft[0]) / (0.04 * p.thread_m) + 0.5).clamp(0, 1)
    height_m, shade = mix(weft[0], warp[0], above), mix(weft[1], warp[1], above)
    clear = thread_contrast(canvas.width_m / columns / canvas.texel_m)
    height_m, above = mix(height_m.mean(), height_m, clear), mix(above.mean(), above, clear)
    slubs = canvas.noise("warp slubs", 2 * p.thread_m, octaves=3, stretch=(12, 1))
    slubs = slubs + canvas.noise("weft slubs", 2 * p.thread_m, octaves=3, stretch=(1, 12))
    shade = mix(shade.mean() * (1 + 0.2 * p.color_variation * slubs), shade, clear)
    color = mix(canvas.color(p.weft_color), canvas.color(p.color), above) * shade
    if p.motif == "lace":
        return _lace(canvas, p)
    if p.motif != "none":
        colors = (canvas.color(p.color), canvas.color(p.weft_color), canvas.color(p.third_color))
        color = motif_color(canvas, p.motif, p.motif_m, colors) * mix(1.0, shade / shade.mean(), 0.7)
    fuzz = canvas.noise("fuzz", 0.5 * p.thread_m, octaves=3, gain=0.8)
    height_m = height_m + 0.03 * p.fuzz * p.thread_m * fuzz
    color = mix(color, color.mean((1, 2), keepdim=True) * 1.15, 0.18 * p.fuzz) * (1 + 0.08 * p.fuzz * fuzz)
    if p.folds:
        bend = canvas.sway("drape", 0.05 * canvas.width_m, 0.5 * canvas.width_m, 2)
        fold = canvas.warp(canvas.noise("folds", 0.16 * canvas.width_m, octaves=2, gain=0.3, stretch=(3.5, 1)), *bend)
        height_m = height_m + 0.035 * canvas.width_m * p.folds * fold
    return Drawing(color, height_m, p.roughness + 0.04 * fuzz)


def _thread(canvas: Canvas, p: Look, name: str, number: Tensor, across: Tensor, along: Tensor,
    rise: Tensor, counts: tuple[int, int],
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Height in metres and shade, (H, W), of a set of threads. counts: number of threads, and of threads across."""
    count, crossings = counts
    turns = round(2.2 * crossings) / (2 * crossings)  # of two plies: as a whole they fit the tile
    one = lambda what: canvas.uniform(f"{name} {what}", count)[number]  # noqa: E731
    slub = canvas.noise(f"{name} slubs", 4 * p.thread_m, octaves=2)
    width = p.fullness * (1 + 0.25 * p.irregular * (one("width") - 0.5 + 0.4 * slub))
    place = across / width
    plies = twist(along, place, turns)
    body = roundness(place)
    height_m = p.thread_m * ((0.32 * p.crimp + 0.1) * rise + 0.42 * body * (0.88 + 0.12 * plies))
    height_m = height_m - (place.abs() > 1).to(body.dtype) * p.thread_m
    value = 1 + p.color_variation * (1.3 * (one("value") - 0.5) + 0.25 * slub)
    return height_m, value * (0.42 + 0.58 * body) * (0.8 + 0.2 * plies) * (0.86 + 0.14 * rise)


def _rise(p: Look, column: Tensor, row: Tensor, u: Tensor, v: Tensor, is_warp: bool) -> Tensor:
    """Height of a thread's middle along it, −1 below the other thread to 1 above, interpolated between crossings."""
    along, other = (v, column) if is_warp else (u, row)
    here = along - 0.5
    first = here.floor()
    t = here - first
    smooth = t * t * (3 - 2 * t)
    ends = []
    for place in (first, first + 1):
        crossing = (other, place) if is_warp else (place, other)
        ends.append(_is_warp_above(p.weave, *crossing) * 2 - 1)
    sign = 1.0 if is_warp else -1.0
    return sign * mix(ends[0], ends[1], smooth)


def _is_warp_above(weave: str, column: Tensor, row: Tensor) -> Tensor:
    """1 where the warp is above the weft, else 0."""
    if weave == "plain":
        return (column + row).remainder(2)
    if weave == "basket":
        return ((column / 2).floor() + (row / 2).floor()).remainder(2)
    if weave == "twill":  # over three, under one
        return ((column + row).remainder(4) > 0.5).to(column.dtype)
    if weave == "herringbone":  # over two, under two, in a direction that changes every eight threads
        back = (column / 8).floor().remainder(2) > 0.5
        return ((row + column.where(~back, -1 - column)).remainder(4) > 1.5).to(column.dtype)
    return ((column + 2 * row).remainder(5) > 0.5).to(column.dtype)


def _lace(canvas: Canvas, p: Look) -> Drawing:
    """Lace: ornaments of dense thread, with a thicker outline, in a net of fine thread over a dark ground."""
    black, white = canvas.color((0.0, 0.0, 0.0)), canvas.color((1.0, 1.0, 1.0))
    solid = motif_color(canvas, "damask", p.motif_m, (black, white, black))[0]
    around = canvas.blur(solid, 0.012 * p.motif_m)
    outline = step((around - 0.5).abs(), 0.46, 0.25)
    mesh = canvas.cells("net", 0.055 * p.motif_m, jitter=0.0, stagger=0.5, stretch=(0.866, 1.0))
    net = step(mesh.to_border_m, 0.012 * p.motif_m, 0.006 * p.motif_m)
    weave = 0.5 + 0.5 * canvas.noise("stitches", 0.012 * p.motif_m, octaves=2, stretch=(2, 0.7)).clamp(-1, 1)
    cover = net.maximum(solid * (0.55 + 0.45 * step(weave, 0.15, 0.4))).maximum(outline)
    high = 0.4 * net + solid * (0.3 + 0.4 * weave) + 0.8 * outline
    color = canvas.color(p.color) * (0.72 + 0.2 * weave + 0.12 * outline)
    thread = Drawing(color, 2 * p.thread_m * high, p.roughness)
    ground = Drawing(canvas.color((0.16, 0.15, 0.16)) + 0 * high, 0 * high - 2 * p.thread_m, 0.95)
    return ground.under(thread, cover.clamp(0, 1))
