"""Fur: hairs in tufts, with dark roots and light tips, or fleece in curls."""

from __future__ import annotations

import math

from torch import Tensor

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, mix, step
from ..strands import strands


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Long hairs that lie downwards, over each other; tufts draw them together."""
    if p.curl:
        return _curls(canvas, p)
    fields = []
    for layer, (length, rise, spread) in enumerate(((0.8, (0.0, 0.25), 0.22), (1.0, (0.2, 0.6), 0.14))):
        count = canvas.pieces(2.2 / (p.hair_m * 0.0011), 60_000)
        drawn = strands(
            canvas, f"hairs {layer}", count, length_m=length * p.hair_m, width_m=0.0011,
            rise_m=(rise[0] * p.hair_m, rise[1] * p.hair_m), direction=0.75, spread=spread, bend=0.10,
        )  # fmt: skip
        value = canvas.uniform(f"value {layer}", count)[drawn.number.clamp_min(0)]
        is_hair = (drawn.number >= 0).to(value.dtype)
        fields.append(canvas.stack((drawn.height_m * is_hair, drawn.along, value, drawn.across, is_hair)))
    top = fields[1].where(fields[1][4:] > 0, fields[0])
    bend_y, bend_x = _tufts(canvas, p)
    height_m, along, value, across, is_hair = canvas.warp(top, bend_y, bend_x)
    tuft = step((bend_x.square() + bend_y.square()).sqrt(), 0.0, 0.25 * p.hair_m)
    clouds = canvas.high_pass(
        canvas.noise("coat", 1.2 * p.hair_m, octaves=4, gain=0.55, stretch=(1.6, 1)), 3 * p.hair_m
    )
    spot = step(clouds + 0.5 * (value - 0.5), 1.2 - 3 * p.pattern, 2.6 - 3 * p.pattern) * (p.pattern > 0)
    if p.marking == "stripes":
        bend_m = 0.03 * canvas.noise("stripe bend", 0.14, octaves=2)
        phase, amplitude = canvas.waves("stripes", 0.05, spread=0.22)
        turned = canvas.warp(canvas.stack(((math.tau * phase).cos(), amplitude)), bend_m, 0.0)
        wide = turned[0] * step(turned[1], 0.05, 0.4) + 0.1 * (value - 0.5)
        spot = step(wide, 0.98 - 2 * p.pattern, 1.12 - 2 * p.pattern)
    if p.marking == "patches":
        patches = canvas.noise("patches", 0.3 * canvas.width_m, octaves=3, gain=0.35) + 0.05 * (value - 0.5)
        spot = step(patches, 0.9 - 2 * p.pattern, 1.0 - 2 * p.pattern)
    if p.marking == "rosettes":
        spot = _rosettes(canvas, p) * step(value, -0.6, 0.2)
    tip = mix(canvas.color(p.color), canvas.color(p.spot_color), spot)
    root = canvas.color(p.root_color)
    color = gradient(along * 0.9 + 0.12, [root * 0.45, root, tip, tip * 1.15])
    color = color * (0.78 + 0.44 * value) * (1 - 0.28 * across.square()) * (0.72 + 0.28 * is_hair)
    color = color * (1 - 0.3 * p.matted * tuft)
    return Drawing(color, 0.3 * height_m * (1 - 0.3 * tuft * p.matted), p.roughness - 0.15 * value + 0.05 * tuft)


def _rosettes(canvas: Canvas, p: Look) -> Tensor:
    """Mask (H, W) of dark rings with gaps around darker hair, and of small spots between them."""
    warp = canvas.sway("rosettes", 0.004, 0.02, 3)
    rings = canvas.cells("rosettes", 0.048, jitter=0.55, warp=warp)
    turn = rings.y_m.atan2(rings.x_m) + math.tau * canvas.of_each("turn", rings.number)
    far = rings.from_center_m / 0.015 + 0.25 * (2 * turn).sin()
    ring = step((far - 1).abs(), 0.42, 0.28) * step((1.5 * turn).cos().abs(), 0.12, 0.35)
    spots = canvas.cells("spots", 0.024, jitter=0.8, warp=warp)
    spot = step(spots.from_center_m, 0.0048, 0.0032) * step(far, 1.75, 2.0)
    return ring.maximum(spot).maximum(0.3 * step(far, 0.9, 0.6)) * min(1.0, 1.4 * p.pattern)


def _tufts(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Metres (H, W) by which hairs are drawn towards the middle of their tuft, and swirl."""
    tufts = canvas.cells(
        "tufts", 0.55 * p.hair_m, stretch=(2.4, 0.8), warp=canvas.sway("ragged", 0.1 * p.hair_m, 0.3 * p.hair_m)
    )
    lean = canvas.noise("swirl", 2 * p.hair_m, octaves=2)
    pull = 0.6 * p.matted
    y_m = 0.25 * pull * tufts.y_m + 0.10 * p.hair_m * canvas.noise("swirl y", 1.5 * p.hair_m, octaves=2)
    return y_m, pull * tufts.x_m + 0.22 * p.hair_m * lean


def _curls(canvas: Canvas, p: Look) -> Drawing:
    """Fleece: short locks of wool that curl up in loops, over each other."""
    count = canvas.pieces(1.6 / (p.hair_m * 0.0022), 60_000)
    drawn = strands(
        canvas, "curls", count, length_m=1.3 * p.hair_m, width_m=0.0022, rise_m=(0.0, 0.35 * p.hair_m),
        bend=2.0 * p.curl, taper=0.3,
    )  # fmt: skip
    value = canvas.uniform("curl value", count)[drawn.number.clamp_min(0)]
    is_hair = (drawn.number >= 0).to(value.dtype)
    high_m = drawn.height_m * is_hair
    deep = (canvas.blur(high_m, 0.2 * p.hair_m) - high_m) / p.hair_m
    shade = (
        0.72 + 0.3 * (value - 0.5) - 0.25 * drawn.across.square() - 1.6 * deep.clamp(-0.1, 0.25) - 0.3 * (1 - is_hair)
    )
    root = canvas.color(p.root_color)
    color = gradient(shade, [root * 0.5, root, canvas.color(p.color), canvas.color(p.color) * 1.08])
    return Drawing(color.clamp(0, 0.92), 0.5 * high_m, p.roughness + 0.25)
