"""Damage: cracks, holes and places where a layer has come off."""

from __future__ import annotations

from torch import Tensor

from .canvas import Canvas
from .shaping import step

FADING = 0.7
"""Exponent of the width of lines thinner than a texel: thin dark lines look stronger than their area."""


def cracks(canvas: Canvas, name: str, size_m: float, width_m: float, amount: float, *, sway: float = 0.16) -> Tensor:
    """Mask (H, W) of cracks that branch, run out and rejoin; 0 everywhere at amount 0, a closed net at 1.

    size_m: distance between cracks. width_m: of the widest. sway: deviation from straight lines, in `size_m`.
    Cracks thinner than a texel are drawn fainter instead.
    """
    if amount <= 0:
        return canvas.x_m.new_zeros(canvas.size_px)
    offset = [sway * size_m * canvas.noise(f"{name} {axis}", size_m / 2, octaves=6, gain=0.58) for axis in "yx"]
    net = canvas.cells(name, size_m, warp=(offset[0], offset[1]))
    reach = canvas.noise(f"{name} reach", 1.5 * size_m, octaves=2) + 4.2 * amount**0.7 - 2.1
    half_m = 0.5 * width_m * reach.clamp(0, 1) * (1 + 0.5 * canvas.of_each(f"{name} width", net.number))
    drawn_m = half_m.clamp_min(0.75 * canvas.texel_m)
    return step(net.to_border_m, drawn_m, 0.25 * drawn_m) * (half_m / drawn_m) ** FADING


def holes(canvas: Canvas, name: str, size_m: float, radius_m: float, amount: Tensor | float) -> Tensor:
    """Mask (H, W) of round holes about `size_m` apart: many small ones, and a few with up to `radius_m`."""
    spots = canvas.cells(name, size_m, jitter=0.9)
    chance, size = canvas.of_each(f"{name} is", spots.number), canvas.of_each(f"{name} size", spots.number)
    half_m = radius_m * (0.15 + 0.85 * size**4) * step(chance, amount, 0.8 * amount - 1e-6)
    drawn_m = half_m.clamp_min(0.75 * canvas.texel_m)
    ragged_m = spots.from_center_m * (1 + 0.12 * canvas.noise(f"{name} rim", radius_m, octaves=2))
    return step(ragged_m, drawn_m, 0.55 * drawn_m) * (half_m / drawn_m) ** FADING
