"""Steel grating: bearing bars and cross rods over an open pit."""

from __future__ import annotations

from ..blocks import blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..metal import with_rust
from ..shaping import mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Flat bars on edge, held by twisted rods that lie a little lower."""
    fields = blocks(canvas, "stack", 2.2 * p.size_m, p.size_m, warp=canvas.sway("sway", 0.0002, 0.2))
    grain = canvas.noise("grain", 0.002, octaves=4, gain=0.7)
    clouds = canvas.noise("clouds", 0.1, octaves=5, gain=0.6)
    bar_m = p.size_m * (0.08 + 0.3 * p.bar)
    to_bar_m = fields.half_height_m - fields.y_m.abs()
    to_rod_m = fields.half_width_m - fields.x_m.abs()
    soft_m = max(0.0004, 0.7 * canvas.texel_m)
    bar, rod = (
        step(to_m, half_m + soft_m, half_m - soft_m)
        for to_m, half_m in ((to_bar_m, bar_m / 2), (to_rod_m, 0.3 * bar_m))
    )
    teeth = (canvas.count(0.016) * 6.2832 * canvas.x_m / canvas.width_m).cos() + 0 * grain
    tooth = step(teeth, -0.7, 0.2)
    bar_height_m = 0.0002 * grain - 0.003 * p.serrated * (1 - tooth) - 0.0006 * (to_bar_m / bar_m * 2).square()
    twist = (to_rod_m / (0.3 * bar_m)).clamp(-1, 1)
    rod_height_m = -0.004 - 0.002 * twist.square() + 0.0005 * (900 * fields.y_m + 2 * twist).sin()
    steel = canvas.color(p.metal_color) * (1 + 0.08 * clouds + 0.05 * grain)
    color = mix(steel * (0.8 - 0.12 * (900 * fields.y_m + 2 * twist).sin()), steel * (0.85 + 0.2 * tooth), bar)
    drawing = Drawing(color, mix(rod_height_m, bar_height_m, bar), p.roughness + 0.07 * clouds + 0.04 * grain, 1.0)
    drawing = with_rust(canvas, drawing, p.rust, 0.5 + 0.6 * rod * (1 - bar) - 0.2 * tooth * bar)
    below = canvas.color((0.13, 0.12, 0.11)) * (1 + 0.15 * clouds)
    return Drawing(below, -0.022 + 0.001 * clouds, 0.95).under(drawing, bar.maximum(rod))
