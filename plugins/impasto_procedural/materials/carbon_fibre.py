"""Carbon fibre: flat tows of black filaments, woven and under clear resin."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..drawing import Drawing
from ..shaping import bump, mix


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Tows that pass over two and under two others, so that diagonals of light and dark run across."""
    warp = canvas.sway("sway", 0.015 * p.size_m, 3 * p.size_m)
    columns, rows = (canvas.count(p.size_m, horizontal=across, multiple_of=4) for across in (True, False))
    u = (canvas.x_m + warp[1]) / canvas.width_m * columns
    v = (canvas.y_m + warp[0]) / canvas.height_m * rows
    column, row = u.floor(), v.floor()
    x, y = 2 * (u - column) - 1, 2 * (v - row) - 1
    over = (column + row).remainder(4) < 1.5 if p.weave == "twill" else (column + row).remainder(2) < 0.5
    is_warp = over.to(u.dtype)
    across, along = mix(y, x, is_warp), mix(x, y, is_warp)
    number = mix(row.remainder(rows), column.remainder(columns) + rows, is_warp).long()
    filaments = mix(
        canvas.noise("weft", 0.05 * p.size_m, octaves=2, gain=0.8, stretch=(1, 20)),
        canvas.noise("warp", 0.05 * p.size_m, octaves=2, gain=0.8, stretch=(20, 1)),
        is_warp,
    )
    one = canvas.uniform("tow", rows + columns)[number] - 0.5
    end = along.abs() if p.weave == "plain" else 0.6 * along.abs()
    body = bump(1 - across.abs(), 0.35) * (1 - 0.35 * end.square())
    light = mix(1 - 0.45 * p.contrast, 1 + 0.65 * p.contrast, is_warp)
    shade = light * (1 + 0.10 * filaments + 0.16 * one) * (0.55 + 0.45 * body)
    height_m = p.size_m * mix(0.14, 0.012, p.resin) * (body + 0.03 * filaments)
    height_m = height_m + 0.000004 * canvas.noise("resin", 4 * p.size_m, octaves=3)
    dry = 1 - p.resin
    return Drawing(canvas.color(p.color) * shade, height_m, p.roughness + dry * (0.35 + 0.06 * filaments))
