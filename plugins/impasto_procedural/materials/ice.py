"""Ice of lakes: clear and dark, with cracks and bubbles at several depths."""

from __future__ import annotations

from ..canvas import Canvas, Look
from ..damage import cracks
from ..drawing import Drawing
from ..shaping import gradient, mix, step


def draw(canvas: Canvas, p: Look) -> Drawing:
    """Cracks that are white at the surface, and wide faint walls where they run down into the dark."""
    clouds = canvas.high_pass(canvas.noise("depth", 0.6 * p.size_m, octaves=6, gain=0.55), 1.2 * p.size_m)
    fine = canvas.noise("fine", 0.004, octaves=3, gain=0.7)
    deep = canvas.color(p.color)
    color = gradient(0.5 + 0.17 * clouds, [deep * 0.45, deep * 0.8, deep, deep * 1.5])
    white = canvas.color(p.second_color)
    height_m = 0.0004 * canvas.noise("waves", 0.3 * p.size_m, octaves=3)
    rough = p.roughness + 0.02 * clouds
    for index, (size, width, depth) in enumerate(((1.3, 0.016, 0.10), (1.0, 0.006, 0.05), (0.4, 0.003, 0.02))):
        net = cracks(
            canvas, f"cracks {index}", size * p.size_m, width * p.size_m, (0.9 - 0.12 * index) * p.cracks, sway=0.12
        )
        lean = canvas.noise(f"lean {index}", 2 * p.size_m)
        wall = canvas.blur(
            canvas.warp(net, 0.4 * depth * p.size_m * lean, 0.5 * depth * p.size_m), 0.22 * depth * p.size_m
        )
        color = mix(color, white * 0.75, (2.0 * wall).clamp(0, 0.5) * (0.8 + 0.2 * fine))
        color = mix(color, white, 0.85 * net)
        height_m = height_m - 0.0009 * net
        rough = rough + 0.35 * net
    for index, (size, share) in enumerate(((0.11, 0.5), (0.055, 0.4), (0.03, 0.35))):
        spots = canvas.cells(f"bubbles {index}", size * p.size_m, jitter=0.9)
        each = lambda name, index=index, spots=spots: canvas.of_each(f"bubble {index} {name}", spots.number)  # noqa: E731
        herd = step(
            clouds + 0.8 * canvas.noise(f"herd {index}", 0.8 * p.size_m, octaves=2),
            1.0 - 2.2 * p.bubbles,
            1.8 - 2.2 * p.bubbles,
        )
        radius_m = size * p.size_m * (0.12 + 0.3 * each("size") ** 2)
        is_bubble = herd * (each("is") < share).to(fine.dtype) * min(1.0, 6 * p.bubbles)
        away = spots.from_center_m / radius_m
        disc = is_bubble * step(away, 1.0, 0.86) * (0.35 + 0.65 * step(away, 0.3, 0.95)) * (0.35 + 0.65 * each("deep"))
        color = mix(color, white, 0.85 * disc)
    rime = canvas.noise("rime", 0.5 * p.size_m, octaves=7, gain=0.7)
    frost = step(rime + 0.2 * fine, 2.6 - 3.6 * p.frost, 3.6 - 3.6 * p.frost) * min(1.0, 5 * p.frost)
    drawing = Drawing(color, height_m, rough)
    return drawing.under(Drawing(white * (1 + 0.03 * fine), height_m + 0.001 + 0.0003 * fine, 0.75), 0.8 * frost)
