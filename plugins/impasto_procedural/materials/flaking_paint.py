"""Old paint that cracks, curls and flakes off wood, metal or concrete."""

from __future__ import annotations

from torch import Tensor

from ..blocks import blocks
from ..canvas import Canvas, Look
from ..damage import holes
from ..drawing import Drawing
from ..metal import RUST
from ..shaping import bump, gradient, mix, step
from ..wood import grain_of, wood_color, wood_relief_m


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Paint in pieces between cracks; pieces are whole, curled or gone, and a primer shows at their edges."""
    ground = {"wood": _wood, "metal": _metal, "concrete": _concrete}[p.ground](canvas, p)
    held, cracked = _flakes(canvas, p)
    whole = step(held, -0.02, 0.02) * (1 - cracked)
    primed = step(held, -0.42, -0.36)
    near = canvas.blur(whole, 0.09 * p.flake_m)  # below 1 towards an edge of what is left
    rim = (1 - near).clamp(0, 0.6) / 0.6
    loose = step(held, 2.2, 0.2)
    lift_m = 0.14 * p.flake_m * p.curl * loose * rim * rim
    shade = 1 - 0.45 * step(near, 0.05, 0.7) * (1 - whole)
    smooth_m = mix(canvas.blur(ground.height_m, 0.001), ground.height_m, 0.3)
    primer = Drawing(_primer_color(canvas, p), smooth_m + 0.4 * p.thickness_m, 0.8)
    bottom = ground.under(primer, primed).with_tint(shade)
    return bottom.under(_paint(canvas, p, smooth_m + p.thickness_m + lift_m, rim, whole), whole)


def _flakes(canvas: Canvas, p: Look) -> tuple[Tensor, Tensor]:
    """Hold of the paint (H, W), gone below 0, and a mask of cracks between pieces."""
    rough = canvas.noise("rough edge", 0.3 * p.flake_m, octaves=4, gain=0.65)
    warp = [0.16 * p.flake_m * canvas.noise(f"warp {k}", p.flake_m, octaves=4, gain=0.6) for k in "yx"]
    stretch = (0.75, 1.7) if p.ground == "wood" else (1.0, 1.0)
    flakes = canvas.cells("flakes", p.flake_m, stretch=stretch, warp=(warp[0], warp[1]))
    patches = canvas.high_pass(canvas.noise("loss", 0.09, octaves=5, gain=0.65), 0.22)
    held = patches + 1.3 * (canvas.of_each("held", flakes.number) - 0.5) + 0.2 * rough - 2.9 * (p.loss - 0.5)
    if not p.cracks:
        return held, 0.0 * held
    open_m = 0.04 * p.flake_m * step(patches - 2.9 * (p.loss - 0.5), 5.5 * p.cracks, 0.0)
    seen = (open_m / (0.4 * canvas.texel_m)).clamp(0, 1)  # a thinner crack shows less
    return held, seen * step(flakes.to_border_m, open_m + 0.7 * canvas.texel_m, open_m)


def _paint(canvas: Canvas, p: Look, height_m: Tensor, rim: Tensor, whole: Tensor) -> Drawing:
    clouds = canvas.noise("faded", 0.12, octaves=7, gain=0.62)
    brush = canvas.noise("brush", 0.0025, octaves=2, gain=0.8, stretch=(1, 30))
    chalk = p.fading * (0.35 + 0.22 * clouds).clamp(0, 1)
    grey = canvas.color(p.color).mean() * 0.5 + 0.35
    color = mix(canvas.color(p.color), grey, chalk) * (1 + 0.07 * p.fading * clouds + 0.02 * brush)
    color = color * (1 - 0.22 * rim * p.fading)
    if p.ground == "metal":
        lines = canvas.noise("runs", 0.006, octaves=3, gain=0.7, stretch=(25, 1))
        stain = canvas.trails((1 - whole) * step(lines, -0.4, 1.6), 0.06)
        color = mix(color, canvas.color(RUST[1]), (1.6 * p.fading * stain).clamp(0, 0.8))
    roughness = p.roughness + 0.3 * chalk + 0.02 * brush
    return Drawing(color, height_m + 0.00003 * brush, roughness)


def _primer_color(canvas: Canvas, p: Look) -> Tensor:
    return canvas.color(p.primer_color) * (1 + 0.07 * canvas.noise("primer", 0.02, octaves=5, gain=0.7))


def _wood(canvas: Canvas, p: Look) -> Drawing:
    boards = blocks(canvas, "staggered", canvas.width_m, 0.15)
    wood = grain_of(canvas, boards, 0.5, 0.25)
    inside_m = boards.inside_m(0.002)
    gap = step(inside_m, 0.0, -0.001)
    height_m = wood_relief_m(wood, 0.7) + 0.0015 * bump(inside_m.clamp_min(0), 0.003) - 0.006 * gap
    color = wood_color(wood, canvas.color(p.wood_color), canvas.color(p.wood_color) * 0.45)
    grey = 1 + 0.12 * canvas.noise("weathered", 0.05, octaves=5, gain=0.6)
    return Drawing(color * grey * (1 - 0.8 * gap), height_m, 0.82 + 0.04 * wood.fibres)


def _metal(canvas: Canvas, p: Look) -> Drawing:
    spots = canvas.noise("rust", 0.03, octaves=7, gain=0.7)
    grain = canvas.noise("rust grain", 0.0025, octaves=3, gain=0.8)
    color = gradient(0.5 + 0.22 * spots + 0.07 * grain, [canvas.color(shade) for shade in RUST])
    return Drawing(color, 0.0001 * grain + 0.00012 * spots, 0.88 + 0.03 * grain)


def _concrete(canvas: Canvas, p: Look) -> Drawing:
    sand = canvas.noise("sand", 0.004, octaves=3, gain=0.8)
    clouds = canvas.noise("cement", 0.15, octaves=6, gain=0.6)
    pores = holes(canvas, "pores", 0.02, 0.004, 0.5)
    color = canvas.color((0.55, 0.54, 0.52)) * (1 + 0.06 * sand + 0.10 * clouds) * (1 - 0.5 * pores)
    return Drawing(color, 0.0003 * sand + 0.0005 * clouds - 0.002 * pores, 0.9)
