"""Hull plating of spaceships and machines: panels, seams, vents and bolts."""

from __future__ import annotations

from torch import Tensor

from ..blocks import Blocks, uneven_blocks
from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Painted panels of two sizes over each other, some raised, some sunk, some with vents or hatches."""
    shift = canvas.sway("shift", 0.0, canvas.width_m)
    large = uneven_blocks(canvas, "panels", 1.3 * p.size_m, p.size_m, uneven=0.7, split=0.45, warp=shift)
    small = uneven_blocks(canvas, "parts", 0.5 * p.size_m, 0.34 * p.size_m, uneven=0.7, split=0.3, warp=shift)
    each = lambda name: canvas.of_each(name, large.number)  # noqa: E731
    one = lambda name: canvas.of_each(f"small {name}", small.number)  # noqa: E731
    soft_m = max(0.002, 0.6 * canvas.texel_m)
    inside_m = large.inside_m(0.006, 0.012)
    panel = step(inside_m, -soft_m, soft_m)
    part_m = small.inside_m(0.03, 0.01).minimum(inside_m - 0.02)
    is_part = (one("is") < 0.75 * p.details).to(panel.dtype)
    part = is_part * step(part_m, -soft_m, soft_m)
    kind = one("kind")
    vent = part * (kind < 0.28).to(part.dtype)
    slats = (small.y_m / 0.035).remainder(1)
    streaks = canvas.noise("streaks", 0.02, octaves=5, gain=0.65, stretch=(14, 1))
    clouds = canvas.high_pass(canvas.noise("clouds", 0.25, octaves=7, gain=0.62), 0.5)
    grain = canvas.noise("grain", 0.006, octaves=3, gain=0.7)
    bolts = _bolts(large, inside_m, soft_m) * (each("bolted") < p.details).to(panel.dtype)
    level_m = 0.014 * (each("high") - 0.5) + part * (1 - vent) * mix(-0.010, 0.014, step(kind, 0.5, 0.51))
    height_m = level_m + 0.004 * bump(inside_m.clamp_min(0), 0.012) + 0.003 * bump(part_m.clamp_min(0), 0.01) * part
    height_m = height_m - vent * (0.02 - 0.018 * slats) + 0.004 * bolts + 0.00008 * grain
    base = mix(canvas.color(p.color), canvas.color(p.second_color), (each("stripe") < p.stripes).to(panel.dtype))
    value = 1 + p.color_variation * (0.55 * (each("value") - 0.5) + 0.5 * part * (one("value") - 0.6))
    dirt = p.scuffs * (0.12 * streaks + 0.12 * clouds - 0.35 * step(inside_m.minimum(part_m.abs()), 0.022, 0.0))
    color = base * (value + dirt).clamp_min(0.12) * (1 - vent * (0.75 - 0.6 * slats)) * (1 - 0.2 * bolts)
    edge = step(inside_m, 0.02, 0.004).maximum(part * step(part_m, 0.015, 0.0))
    worn = step(clouds + 0.4 * grain + 1.1 * edge, 3.1 - 2.0 * p.scuffs, 3.3 - 2.0 * p.scuffs)
    paint = Drawing(color, height_m, p.roughness + 0.06 * clouds + 0.03 * grain)
    metal = Drawing(canvas.color((0.58, 0.58, 0.58)) * (1 + 0.06 * grain), height_m - 0.0004, 0.38, 1.0)
    seam = Drawing(canvas.color((0.12, 0.12, 0.13)) * (1 + 0.1 * grain), -0.025 + 0 * grain, 0.8)
    return seam.under(paint.under(metal, worn), panel)


def _bolts(panels: Blocks, inside_m: Tensor, soft_m: float) -> Tensor:
    """Mask (H, W) of round heads along the border of each panel."""
    pitch_m, radius_m = 0.07, 0.009
    along_y = (panels.y_m / pitch_m).remainder(1) - 0.5
    along_x = (panels.x_m / pitch_m).remainder(1) - 0.5
    from_y, from_x = panels.half_height_m - panels.y_m.abs(), panels.half_width_m - panels.x_m.abs()
    side = ((from_x - 0.03).square() + (along_y * pitch_m).square()).sqrt()
    end = ((from_y - 0.03).square() + (along_x * pitch_m).square()).sqrt()
    return step(side.minimum(end), radius_m + soft_m, radius_m) * (inside_m > 0.012)
