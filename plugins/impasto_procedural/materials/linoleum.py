"""Linoleum: marbled flooring in sheets."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import gradient, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Short streaks of three colours, rolled out in one direction."""
    bend = canvas.sway("bend", 0.35 * p.size_m, 1.6 * p.size_m, 3)
    streaks = canvas.warp(canvas.noise("streaks", 0.5 * p.size_m, octaves=5, gain=0.7, stretch=(0.5, 3)), *bend)
    wisps = canvas.warp(canvas.noise("wisps", 0.35 * p.size_m, octaves=4, gain=0.72, stretch=(0.4, 3)), *bend)
    specks = canvas.noise("specks", 0.0022, octaves=2, gain=0.8)
    fine = canvas.noise("fine", 0.0009, octaves=2, gain=0.8)
    field = canvas.high_pass(streaks, 5 * p.size_m)
    base = canvas.color(p.color)
    mixed = 0.5 + p.contrast * (0.22 * field + 0.16 * wisps) + 0.02 * specks
    color = gradient(mixed, [canvas.color(p.third_color), base * 0.92, base, base * 1.06, canvas.color(p.second_color)])
    color = color * (1 + 0.03 * specks + 0.02 * fine)
    clouds = canvas.noise("trodden", 0.15, octaves=5, gain=0.6)
    lines = step(canvas.noise("scratches", 0.0007, octaves=2, stretch=(1, 60)), 2.6, 3.2)
    scuff = p.scuffs * (lines + 0.4 * step(clouds, 0.3, 1.8))
    height_m = 0.00002 * fine + 0.00002 * specks - 0.00004 * p.scuffs * lines + 0.00003 * clouds
    return Drawing(color * (1 + 0.12 * scuff), height_m, p.roughness + 0.25 * scuff + 0.02 * specks)
