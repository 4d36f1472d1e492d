"""Traces of use on a drawing, by kind: what the filter `marks` draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

from .canvas import Canvas
from .damage import cracks
from .details import DETAILS, paw
from .drawing import Drawing, is_there
from .scatter import scatter
from .shaping import bump, mix, step
from .strands import strands

Trace: TypeAlias = Callable[[Canvas, Drawing, float, float, Tensor], Drawing]
"""Draws one kind of traces: canvas, drawing, amount, size in metres, linear colour (3, 1, 1)."""
SPRAYS = ((0.80, 0.16, 0.14), (0.13, 0.33, 0.62), (0.86, 0.72, 0.18), (0.17, 0.52, 0.34), (0.84, 0.84, 0.82))
"""Colours of spray cans."""


def _paint(drawing: Drawing, color: Tensor, mask: Tensor, thickness_m: float = 0.0) -> Drawing:
    """The drawing with opaque paint where the mask is 1."""
    paint = Drawing(color + 0 * drawing.color, drawing.height_m + thickness_m, 0.5)
    return drawing.under(paint, mask)


def _cracks(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Cracks: dark, and light where light passes through."""
    mask = cracks(canvas, "cracks", size_m, 0.05 * size_m, 0.35 + 0.65 * amount, sway=0.12)
    fine = cracks(canvas, "fine cracks", 0.4 * size_m, 0.02 * size_m, amount)
    mask = mask.maximum(0.7 * fine)
    is_clear = is_there(drawing.transmission)
    shade = 0.9 + 0 * drawing.color if is_clear else 0.18 * drawing.color
    height_m = drawing.height_m - 0.03 * size_m * mask
    darker = mix(drawing.color, shade, (0.75 if is_clear else 0.9) * mask)
    return replace(drawing, color=darker, height_m=height_m, roughness=mix(drawing.roughness, 0.8, mask))


def _scratches(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Thin straight scratches, lighter than the surface."""
    count = canvas.pieces(10 * amount / size_m**2, 4000)
    width_m = max(0.012 * size_m, canvas.texel_m)
    lines = strands(canvas, "scratches", count, length_m=size_m, width_m=width_m, rise_m=(0.1, 1.0), bend=0.03, taper=1)
    mask = (lines.number >= 0).to(drawing.height_m.dtype) * (0.3 + 0.6 * lines.height_m.clamp(0, 1))
    light = mix(drawing.color, 0.6 * drawing.color + 0.22, 0.8 * mask)
    return replace(drawing, color=light, height_m=drawing.height_m - 0.002 * size_m * mask)


def _stains(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Ragged blots with darker rims."""
    warp = canvas.sway("ragged", 0.14 * size_m, 0.6 * size_m, 5)
    blots = canvas.cells("stains", 1.6 * size_m, jitter=0.9, warp=warp)
    is_there_ = canvas.of_each("is", blots.number) < 0.25 + 0.75 * amount
    radius_m = size_m * (0.25 + 0.45 * canvas.of_each("radius", blots.number))
    place = blots.from_center_m / radius_m
    rim = step((place - 0.9).abs(), 0.1, 0.02)
    inside = step(place, 1.0, 0.85) * (0.45 + 0.5 * canvas.of_each("dark", blots.number)) + 0.25 * rim
    mask = (inside * is_there_).clamp(0, 0.85)
    return replace(
        drawing,
        color=mix(drawing.color, drawing.color * (0.25 + 0.75 * color), mask),
        roughness=mix(drawing.roughness, 0.4, 0.5 * mask),
    )


def _fading(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Bleached and greyer, most of all in patches and on what stands out."""
    patches = canvas.noise("fading", 3 * size_m, octaves=6, gain=0.62)
    mask = amount * (0.55 + 0.3 * patches).clamp(0, 1)
    luminance = (drawing.color * drawing.color.new_tensor((0.21, 0.72, 0.07))[:, None, None]).sum(0, keepdim=True)
    pale = 0.35 * drawing.color + 0.4 * luminance + 0.2
    return replace(drawing, color=mix(drawing.color, pale, mask), roughness=mix(drawing.roughness, 0.92, 0.5 * mask))


def _splatters(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Drops of paint from large to tiny."""
    mask = 0 * drawing.height_m
    warp = canvas.sway("ragged", 0.025 * size_m, 0.25 * size_m, 3)
    for level, share in enumerate((0.3, 0.45, 0.6, 0.7)):
        spacing_m = 1.5 * size_m / 2**level
        drops = canvas.cells(f"drops {level}", spacing_m, jitter=0.9, warp=warp)
        here = canvas.of_each(f"is {level}", drops.number) < 0.7 * share * (0.3 + amount)
        radius_m = 0.36 * spacing_m * (0.15 + 0.85 * canvas.of_each(f"radius {level}", drops.number).square())
        mask = mask.maximum(step(drops.from_center_m, radius_m, 0.85 * radius_m) * here)
    return _paint(drawing, color, mask, 0.0004)


def _graffiti(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Thick sprayed curves with dark outlines, in several colours."""
    count = max(1, round(1.2 * (0.4 + amount) * canvas.pieces(0.55 / size_m**2, 400)))
    curves = [
        strands(
            canvas, "curves", count, length_m=3.2 * size_m, width_m=width * size_m, rise_m=(0.1, 1.0),
            direction=0.1, spread=0.5, bend=1.1, taper=0.15,
        )
        for width in (0.42, 0.3)
    ]  # fmt: skip
    outline, fill = ((one.number >= 0).to(drawing.height_m.dtype) for one in curves)
    number = curves[1].number.clamp_min(0) % len(SPRAYS)
    palette = torch.stack([canvas.color(spray)[:, 0, 0] for spray in SPRAYS])
    sprayed = palette[number].permute(2, 0, 1) * (0.8 + 0.4 * curves[1].across.abs())
    mist = canvas.blur(outline, 0.06 * size_m)
    below = _paint(drawing, canvas.color((0.1, 0.1, 0.12)), (0.95 * outline).maximum(0.3 * mist))
    return _paint(below, sprayed.clamp(0, 0.9), fill * 0.96)


def _fan(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
    """Height of a shell, a ribbed fan with its hinge at y = 0.8, in radii; −inf outside, and where it is broken."""
    away, turn = ((y - 0.8).square() + (1.05 * x).square()).sqrt(), x.atan2(0.85 - y)
    edge = 1.45 + 0.03 * (12 * turn).cos()
    broken = (number % 3 == 0) & (x + 0.4 * y + 0.12 * (7 * y).sin() > 0.1)
    inside = (turn.abs() < 0.95) & (away < edge) & ~broken
    dome = (1 - (away / 1.5 - 0.45).square() * 2.4 - 0.5 * turn.square()).clamp_min(0.02)
    return (0.42 * dome * (1 + 0.10 * (22 * turn).cos())).where(inside, y.new_full((), -math.inf))


def _shells(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Shells that lie about, whole and broken, from large to small, ribbed and banded."""
    for name, scale, share in (("bits", 0.3, 0.35), ("small", 0.6, 0.3), ("large", 1.0, 0.2)):
        count = canvas.pieces(share * (0.2 + amount) / (scale * size_m) ** 2, 4000)
        radius_m = 0.5 * scale * size_m
        lying = scatter(canvas, f"shells {name}", count, radius_m, _fan, spread=0.25)
        there = (lying.number >= 0).to(drawing.height_m.dtype)
        one = lambda what, of=lying.number, n=name, k=count: canvas.uniform(f"{n} {what}", k)[of.clamp_min(0)]  # noqa: E731
        away, turn = ((lying.y - 0.8).square() + lying.x.square()).sqrt(), lying.x.atan2(0.85 - lying.y)
        tint = mix(color, canvas.color((0.70, 0.47, 0.38)), 0.7 * one("tint").square())
        bands = 1 - 0.22 * one("banded") * step((24 * away).cos(), 0.2, 0.9) - 0.14 * step((22 * turn).cos(), 0.0, -1.0)
        shade = step(canvas.blur(there, 0.15 * radius_m), 0.0, 0.5) * (1 - there)
        shell = Drawing(tint * bands * (0.8 + 0.35 * one("value")), drawing.height_m + radius_m * lying.height_m, 0.4)
        drawing = drawing.with_tint(1 - 0.45 * shade).under(shell, there)
    return drawing


def _lichen(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Crusts of lichen: round, grey-green, some yellow, paler at the rim, more of them in some places."""
    there = 0 * drawing.height_m
    tint = 0 * drawing.color
    fine = canvas.noise("lichen grain", 0.05 * size_m, octaves=3, gain=0.75)
    places = canvas.noise("where lichen is", 3.5 * size_m, octaves=3)
    for level in range(4):
        spacing_m = 1.3 * size_m / 1.7**level
        warp = canvas.sway(f"lobes {level}", 0.09 * spacing_m, 0.25 * spacing_m, 4)
        crusts = canvas.cells(f"lichen {level}", spacing_m, jitter=0.95, warp=warp)
        each = lambda name, of=crusts.number, k=level: canvas.of_each(f"lichen {name} {k}", of)  # noqa: E731
        here = step(0.4 * places + 0.85 * amount - 1.6 * each("is"), -0.05, 0.05)
        away = crusts.from_center_m / (spacing_m * (0.16 + 0.36 * each("radius")))
        crust = here * step(away, 1.0, 0.9) * step(fine, -2.4 - 2 * (1 - away), -1.0)
        is_yellow = (each("kind") < 0.12).to(there.dtype)
        shade = mix(color, canvas.color((0.72, 0.56, 0.20)), is_yellow) * (0.8 + 0.4 * each("value"))
        shade = shade * (0.78 + 0.3 * step(away, 0.45, 0.95) + 0.1 * fine)
        tint, there = mix(tint, shade, crust), there.maximum(crust)
    crust_ = Drawing(tint, drawing.height_m + 0.006 * size_m * there * (1 + 0.4 * fine), 0.92)
    return drawing.under(crust_, 0.93 * there)


def _line(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """A painted line down the surface, worn where the ground stands out."""
    from_line_m = (canvas.x_m - 0.5 * canvas.width_m).abs()
    edge_m = 0.03 * size_m * canvas.noise("edge", 0.3 * size_m, octaves=4)
    inside = step(from_line_m + edge_m, 0.5 * size_m + canvas.texel_m, 0.5 * size_m - canvas.texel_m)
    worn = step(canvas.noise("worn", 0.5 * size_m, octaves=6, gain=0.75), 1.1 + 1.6 * amount, 0.2 + 1.6 * amount)
    return _paint(drawing, color * (0.92 + 0.05 * canvas.noise("grime", size_m, octaves=4)), inside * worn, 0.0003)


def _hazard_stripes(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Slanting stripes of black and of a colour, worn where the ground stands out."""
    columns, rows = canvas.count(1.4 * size_m), canvas.count(1.4 * size_m, horizontal=False)
    place = (canvas.x_m / canvas.width_m * columns + canvas.y_m / canvas.height_m * rows + 0.25).remainder(1)
    soft = 1.5 * columns / canvas.size_px[1]
    is_black = step((place - 0.5).abs(), 0.25 + soft, 0.25 - soft)
    stripes = mix(color, canvas.color((0.10, 0.10, 0.105)), is_black)
    worn = canvas.noise("worn", 0.7 * size_m, octaves=7, gain=0.75)
    there = step(canvas.high_pass(worn, size_m), 1.1 + 1.4 * amount, 0.9 + 1.4 * amount)
    return _paint(drawing, stripes * (0.92 + 0.05 * canvas.noise("grime", size_m, octaves=4)), there, 0.0003)


def _mould(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Mould: specks that crowd into dark spots with soft halos, more of them in damp places."""
    places = canvas.noise("damp", 1.6 * size_m, octaves=4, gain=0.6)
    damp = step(places, 1.3 - 1.5 * amount, 2.2 - 1.5 * amount)
    specks = 0 * places
    for level, spacing_m in enumerate((0.16 * size_m, 0.08 * size_m, 0.04 * size_m)):
        warp = canvas.sway(f"ragged {level}", 0.2 * spacing_m, spacing_m, 3)
        cells = canvas.cells(f"specks {level}", max(spacing_m, 2 * canvas.texel_m), jitter=0.95, warp=warp)
        size = canvas.of_each(f"size {level}", cells.number).square() * (0.2 + 0.4 * damp)
        specks = specks.maximum(step(cells.from_center_m / spacing_m, size, 0.6 * size - 1e-3))
    mask = (specks * step(damp, 0.05, 0.5)).maximum(0.3 * damp).clamp(0, 0.9)
    return replace(drawing, color=mix(drawing.color, color, mask), roughness=mix(drawing.roughness, 0.95, mask))


def _peeling_paint(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """A coat of paint that has come off in ragged patches, first where the ground stands out."""
    around = canvas.blur(drawing.height_m, 0.15 * size_m)
    out = (drawing.height_m - around) / (drawing.height_m - around).std().clamp_min(1e-7)
    field = canvas.noise("peeling", size_m, octaves=7, gain=0.62) + 0.2 * out.clamp(-2, 2)
    low = field.flatten()[:: max(1, field.numel() // 4096)].quantile(0.65 * amount)
    coat, lifted = step(field - low, 0.0, 0.06), step(field - low, 0.3, 0.06)
    value = 1 + 0.05 * canvas.noise("coat", size_m, octaves=5) - 0.06 * lifted
    smooth_m = mix(drawing.height_m, canvas.blur(drawing.height_m, 0.004), 0.5)
    paint = Drawing(color * value, smooth_m + 0.0006 + 0.0006 * lifted, 0.62)
    edge = step(field - low, -0.25, 0.0) * (1 - coat)
    return drawing.with_tint(1 - 0.3 * edge).under(paint, coat)


def _holes(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Round holes in the middle of shallow, chipped craters."""
    warp = canvas.sway("ragged", 0.10 * size_m, 0.35 * size_m, 4)
    holes = canvas.cells("holes", 3.2 * size_m / (0.5 + amount), jitter=0.85, warp=warp)
    here = (canvas.of_each("is", holes.number) < 0.45 + 0.4 * amount).to(drawing.height_m.dtype)
    radius_m = 0.5 * size_m * (0.6 + 0.6 * canvas.of_each("radius", holes.number))
    place = holes.from_center_m / radius_m
    crater, hole = here * step(place, 1.0, 0.85), here * step(place, 0.42, 0.34)
    sky = here * step(place, 1.5, 1.0) * (1 - crater)
    rough = canvas.noise("chips", 0.2 * size_m, octaves=4, gain=0.7)
    light = 0.7 * drawing.color + 0.14 * (1 + 0.25 * rough)
    shade = mix(mix(drawing.color * (1 - 0.25 * sky), light.clamp_min(0), 0.8 * crater), 0.02 + 0 * drawing.color, hole)
    depth_m = size_m * (0.16 * crater * (1 - 0.5 * place.clamp(0, 1)) + 0.35 * hole + 0.012 * rough * crater)
    return replace(
        drawing, color=shade, height_m=drawing.height_m - depth_m, roughness=mix(drawing.roughness, 0.9, crater),
        transmission=drawing.transmission * (1 - crater) if is_there(drawing.transmission) else 0.0,
    )  # fmt: skip


def _sole(y: Tensor, x: Tensor, number: Tensor) -> Tensor:
    """1 inside the outline of a shoe's sole, −inf outside; y from −1 at the toes to 1 at the heel."""
    side = 0.06 * (1 - 2 * (number % 2)) * torch.cos(2.6 * y)
    half = 0.37 * (1 - ((y + 0.38) / 0.66).square()).clamp_min(0).sqrt()
    half = half.maximum(0.27 * (1 - ((y - 0.6) / 0.4).square()).clamp_min(0).sqrt()).maximum(0.2 * (y.abs() < 0.5))
    return torch.where((x - side).abs() < half, 1.0, -math.inf)


def _footprints(
    canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor, animal: bool = False
) -> Drawing:
    """Prints of soles with bars, or of paws, pressed in, with a low rim around them."""
    count = max(2, round(canvas.pieces(0.5 * (0.3 + amount) / size_m**2, 400)))
    shape = paw if animal else _sole
    prints = scatter(canvas, "prints", count, 0.5 * size_m, shape, spread=0.08, turn=0.2, even=True)
    inside = (prints.number >= 0).to(drawing.height_m.dtype)
    soft = canvas.blur(inside, 0.02 * size_m)
    bars = 0 * soft if animal else step((math.tau * 6 * prints.y).cos(), -0.3, 0.5) * step(soft, 0.75, 1.0)
    rim = (canvas.blur(inside, 0.06 * size_m) * (1 - soft)).clamp_min(0)
    smooth_m = canvas.blur(drawing.height_m, 0.03 * size_m)
    pressed_m = smooth_m - size_m * (0.075 - 0.03 * bars)
    height_m = mix(drawing.height_m, pressed_m, soft) + 0.09 * size_m * rim
    return replace(drawing, color=drawing.color * (1 - soft * (0.28 - 0.12 * bars)), height_m=height_m)


def _tyre_tracks(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Two tracks down the surface, with the tread of tyres."""
    sway_m = 0.25 * size_m * canvas.noise("sway", canvas.height_m, octaves=2, stretch=(1, 8))
    gauge = 0.25 * canvas.width_m
    from_axis_m = ((canvas.x_m + sway_m - 0.5 * canvas.width_m).abs() - gauge).abs()
    inside = step(from_axis_m, 0.5 * size_m, 0.4 * size_m)
    tread = canvas.y_m / canvas.height_m * canvas.count(0.3 * size_m, horizontal=False) + 1.6 * from_axis_m / size_m
    bars = step((math.tau * tread).cos(), -0.2, 0.4) * step(from_axis_m, 0.46 * size_m, 0.36 * size_m)
    bars = bars * step(canvas.noise("worn", size_m, octaves=4), -1.2, 0.2)
    rim = bump((0.75 * size_m - from_axis_m).clamp_min(0), 0.25 * size_m) * (1 - inside)
    smooth_m = canvas.blur(drawing.height_m, 0.03 * size_m)
    pressed_m = smooth_m - size_m * amount * (0.2 - 0.1 * bars)
    height_m = mix(drawing.height_m, pressed_m, inside) + 0.05 * size_m * amount * rim
    return replace(drawing, color=drawing.color * (1 - inside * (0.3 - 0.15 * bars)), height_m=height_m)


def _fingerprints(canvas: Canvas, drawing: Drawing, amount: float, size_m: float, color: Tensor) -> Drawing:
    """Greasy ridges of fingers and smears, seen mostly in the gloss."""
    oval = lambda y, x, _: torch.where(y.square() + (1.35 * x).square() < 1, 1.0, -math.inf)  # noqa: E731
    count = canvas.pieces(1.2 * (0.2 + amount) / size_m**2, 600)
    prints = scatter(canvas, "prints", count, 0.5 * size_m, oval, spread=0.2, turn=0.3)
    place = (prints.y - 0.25).square() + (1.2 * prints.x).square()
    ridges = step((math.tau * 9 * (place + 0.05).sqrt()).cos(), -0.4, 0.4)
    fade = step(prints.y.square() + (1.35 * prints.x).square(), 1.0, 0.4) * (prints.number >= 0)
    smears = step(canvas.noise("smears", 2 * size_m, octaves=4, stretch=(0.5, 2)), 0.4, 2.0)
    grease = (0.75 * fade * ridges).maximum(0.3 * smears)
    return replace(
        drawing,
        color=mix(drawing.color, 0.45 * drawing.color + 0.3, 0.3 * grease),
        roughness=mix(drawing.roughness, 0.55, grease),
    )


TRACES: Mapping[str, Trace] = {
    "cracks": _cracks, "scratches": _scratches, "stains": _stains, "fading": _fading, "splatters": _splatters,
    "graffiti": _graffiti, "lichen": _lichen, "shells": _shells, "line": _line, "holes": _holes,
    "hazard-stripes": _hazard_stripes, "mould": _mould, "peeling-paint": _peeling_paint, "footprints": _footprints,
    "paw-prints": partial(_footprints, animal=True), "tyre-tracks": _tyre_tracks, "fingerprints": _fingerprints,
    **DETAILS,
}  # fmt: skip
