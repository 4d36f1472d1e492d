"""Ceramic tiles in grout."""

from __future__ import annotations

from torch import Tensor

from ..blocks import blocks, is_odd
from ..canvas import Canvas, Look
from ..damage import cracks
from ..drawing import Drawing
from ..shaping import bump, mix, step

BONDS = {
    "square": ("stack", 1),
    "chessboard": ("chessboard", 1),
    "subway": ("running", 2),
    "stacked": ("stack", 3),
    "herringbone": ("herringbone", 2),
}
"""Bond and length of each shape but the hexagon, in heights of a tile."""


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Tiles, each tilted a little, whose glaze is thinner at the edges, in recessed grout."""
    wobble = [0.0012 * p.uneven * canvas.noise(f"edge {axis}", 0.05, octaves=4) for axis in "yx"]
    number, y_m, x_m, inside_m = _layout(canvas, p, (wobble[0], wobble[1]))
    if p.tile_m >= canvas.width_m and not p.joint_m:  # one piece without joints
        inside_m = inside_m + p.tile_m
    each = lambda name: canvas.of_each(name, number)  # noqa: E731
    clouds = canvas.noise("glaze", 0.07, octaves=3)
    net = cracks(canvas, "crazing", 0.022, 0.0007, p.crazing) * p.glaze
    net = net.maximum(0.45 * cracks(canvas, "fine crazing", 0.009, 0.0004, 0.8 * p.crazing) * p.glaze)
    edge = bump(inside_m.clamp_min(0), p.bevel_m + 1e-5)
    lean = (each("lean y") - 0.5) * y_m + (each("lean x") - 0.5) * x_m
    height_m = 0.5 * p.bevel_m * edge + p.uneven * (0.022 * lean + 0.0008 * (each("stands out") - 0.5))
    height_m = height_m + (0.00005 + 0.0005 * p.uneven) * clouds - 0.00008 * net
    grain = canvas.noise("clay", 0.003, octaves=2, gain=0.7)
    height_m = height_m + (1 - p.glaze) * 0.0001 * grain
    is_second = is_odd(canvas, number, p.tile_m) if p.shape == "chessboard" else each("kind") < p.second_share
    color = mix(canvas.color(p.color), canvas.color(p.second_color), is_second.to(clouds.dtype))
    if p.veins:
        color = _marbled(canvas, p, color, [0.6 * (each(f"vein {axis}") - 0.5) for axis in "yx"])
    pooled = p.color_variation * (0.10 * clouds + 0.35 * (each("value") - 0.5))
    thin = 0.18 * p.color_variation * (1 - edge) + (1 - p.glaze) * 0.05 * grain
    warm = 0.08 * p.color_variation * (each("warmth") - 0.5)
    tint = canvas.color((1, 1, 1)) + warm * (canvas.color((1, 0.4, 0)) - canvas.color((0, 0.4, 1)))
    color = color ** (1 + 0.5 * pooled - 0.5 * thin).clamp(0.3, 2) * (1 - 0.12 * pooled.abs()) * tint * (1 - 0.75 * net)
    smudges = step(canvas.noise("smudges", 0.12, octaves=6, gain=0.65), 0.2, 2.4)
    roughness = mix(0.78 + 0.05 * grain, 0.07 + 0.10 * smudges + 0.10 * (1 - edge), p.glaze) + 0.2 * net
    soft_m = max(0.0006, 0.6 * canvas.texel_m)  # joints narrower than a texel are still seen
    return _grout(canvas, p).under(
        Drawing(color, height_m, roughness), step(inside_m, 0.0002 - soft_m, 0.0002 + soft_m)
    )


def _marbled(canvas: Canvas, p: Look, color: Tensor, shifts: list[Tensor]) -> Tensor:
    """The colour of stone with veins: dark ones in light stone, light ones in dark stone; shifts: metres, y and x."""
    folds = canvas.warp(canvas.noise("veins", 0.2, octaves=6, gain=0.55), shifts[0], shifts[1])
    strength = canvas.warp(canvas.noise("vein strength", 0.25, octaves=2), shifts[1], shifts[0])
    line = step(folds.abs(), 0.16, 0.0) * step(strength, -1.2, 0.8)
    is_light = step(color.mean(0, keepdim=True), 0.15, 0.3)
    vein = mix(canvas.color((0.78, 0.76, 0.72)), canvas.color((0.42, 0.42, 0.43)), is_light)
    clouds = mix(1.0, 0.8, p.veins * step(folds, -0.2, 1.6))
    return mix(color * clouds, vein, 0.75 * p.veins * line)


def _layout(canvas: Canvas, p: Look, warp: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Number of each texel's tile, offset from its centre down and right, and distance to its border, in metres."""
    if p.shape in ("hexagon", "round"):
        cells = canvas.cells("tiles", p.tile_m, jitter=0, stagger=0.5, stretch=(0.866, 1), warp=warp)
        if p.shape == "round":
            return cells.number, cells.y_m, cells.x_m, 0.49 * p.tile_m - 0.5 * p.joint_m - cells.from_center_m
        return cells.number, cells.y_m, cells.x_m, cells.to_border_m - p.joint_m / 2
    bond, length = BONDS[p.shape]
    laid = blocks(canvas, bond, length * p.tile_m, p.tile_m, warp=warp)
    return laid.number, laid.y_m, laid.x_m, laid.inside_m(p.joint_m, 0.6 * p.bevel_m)


def _grout(canvas: Canvas, p: Look) -> Drawing:
    sand = canvas.noise("sand", 0.0025, octaves=2, gain=0.8)
    stains = canvas.noise("grout stains", 0.2, octaves=4, gain=0.6)
    color = canvas.color(p.grout_color) * (1 + 0.07 * sand + 0.10 * stains)
    return Drawing(color, -0.0012 + 0.00012 * sand, 0.9)
