"""A painting of a night sky over hills, made of brush strokes: a source of style that everyone may use.

Strokes follow a field of directions, from broad to fine brushes, as in Hertzmann 1998 (Painterly Rendering with Curved
Brush Strokes of Multiple Sizes). A stroke is a bundle of bristles, whose paint stands up and catches a light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

HEIGHT_PX, WIDTH_PX = 600, 800
SCALE = 2
"""Factor by which strokes are drawn larger, and then scaled down."""
STARS = ((0.80, 0.20, 0.115), (0.42, 0.33, 0.075), (0.15, 0.17, 0.05), (0.62, 0.11, 0.035), (0.27, 0.48, 0.04))
"""x, y and radius of the moon and the stars, relative to width and height."""
NIGHT = np.array([(14, 25, 74), (24, 52, 122), (44, 92, 166), (98, 150, 196), (168, 200, 212)], float)
LIGHT = np.array([(236, 176, 40), (250, 214, 92), (255, 244, 190)], float)
HILLS = np.array([(18, 34, 46), (28, 62, 62), (58, 96, 70), (120, 138, 66)], float)
BRUSHES_PX = ((13.0, 0.9), (7.5, 1.0), (4.0, 0.6))
"""Widths of the brushes, and the density of their strokes."""
STEP, STEPS = 3.0, 16
RELIEF = 0.5
"""Strength with which the light from the top left shows the paint's thickness."""


@dataclass(frozen=True)
class Canvas:
    """Paint (RGB) and its thickness (grey), `SCALE` times as large as the painting."""

    paint: Image.Image
    thickness: Image.Image


def night(seed: int = 2) -> Image.Image:
    """The painting (RGB); another seed gives other strokes."""
    rng = np.random.default_rng(seed)
    size = (WIDTH_PX * SCALE, HEIGHT_PX * SCALE)
    canvas = Canvas(Image.new("RGB", size, (20, 40, 90)), Image.new("L", size, 90))
    for at_x, at_y, radius in STARS:  # brushes go around their middles, which are painted first
        x, y, reach = at_x * size[0], at_y * size[1], 0.5 * radius * size[1]
        ImageDraw.Draw(canvas.paint).ellipse((x - reach, y - reach, x + reach, y + reach), tuple(LIGHT[-1].astype(int)))
    for width_px, density in BRUSHES_PX:
        count = int(density * WIDTH_PX * HEIGHT_PX / (width_px * STEP * STEPS * 0.55))
        places = rng.random((count, 2)) * (WIDTH_PX, HEIGHT_PX)
        if width_px == BRUSHES_PX[-1][0]:  # fine brushes go where there is something to see
            places = places[rng.random(count) < 0.25 + _light(*places.T) + 0.5 * _edge(*places.T)]
        for place in places:
            _stroke(canvas, place, width_px, rng)
    return _lit(canvas)


def _hill(x: np.ndarray) -> np.ndarray:
    """Height of the horizon, in pixels from the top."""
    t = x / WIDTH_PX
    return HEIGHT_PX * (0.80 - 0.07 * np.sin(2.3 * t * np.pi + 0.4) - 0.035 * np.sin(6.1 * t * np.pi + 1.1))


def _edge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.exp(-(((y - _hill(x)) / 26) ** 2))


def _light(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Light of the stars at a place, in fading rings, from 0 to 1."""
    shine = np.zeros_like(x, float)
    for at_x, at_y, radius in STARS:
        away = np.hypot(x - at_x * WIDTH_PX, y - at_y * HEIGHT_PX) / (radius * HEIGHT_PX)
        rings, beyond = 0.72 + 0.28 * np.cos(3.4 * away), np.maximum(away - 0.75, 0.0)
        shine = np.maximum(shine, np.where(away < 0.75, 1.0, rings * np.exp(-0.62 * beyond**1.2)))
    return np.where(y < _hill(x), shine, 0.0)


def _direction(x: float, y: float) -> tuple[float, float]:
    """Direction of a stroke: around the stars, in waves across the sky, along the slope of the hills."""
    if y > _hill(np.float64(x)):
        slope = float(_hill(np.float64(x + 4)) - _hill(np.float64(x - 4))) / 8 + 0.55 * np.sin(x / 46 + y / 70)
        return 1.0, slope
    across, down = 1.0, 0.45 * np.sin(x / 95 + y / 40) + 0.25 * np.sin(x / 41 - y / 63)
    for number, (at_x, at_y, radius) in enumerate(STARS):
        dx, dy = x - at_x * WIDTH_PX, y - at_y * HEIGHT_PX
        pull = 5.0 * np.exp(-((np.hypot(dx, dy) / (2.6 * radius * HEIGHT_PX)) ** 2)) * (-1 if number % 2 else 1)
        away = max(np.hypot(dx, dy), 1.0)
        across, down = across - pull * dy / away, down + pull * dx / away
    return across, down


def _color(x: float, y: float, rng: np.random.Generator) -> np.ndarray:
    """A random colour of a stroke, from the palette of its place."""
    at = np.float64(x), np.float64(y)
    shine = float(_light(*at))
    if y > _hill(at[0]):
        depth = (y - _hill(at[0])) / (HEIGHT_PX * 0.3)
        tone, palette = 0.75 - depth + 0.3 * np.sin(x / 30 + y / 22) + rng.normal(0, 0.2), HILLS
    elif shine > 0.5 + rng.normal(0, 0.06):
        tone, palette = (shine - 0.45) / 0.55 + rng.normal(0, 0.12), LIGHT
    else:
        bands = 0.20 * np.sin(x / 60 + y / 24 + 1.5 * np.sin(x / 110))
        tone, palette = 0.16 + 0.42 * y / HEIGHT_PX + bands + 0.7 * shine + rng.normal(0, 0.13), NIGHT
    place = np.clip(tone, 0, 1) * (len(palette) - 1)
    low = min(int(place), len(palette) - 2)
    color = palette[low] + (place - low) * (palette[low + 1] - palette[low])
    return np.clip(color + rng.normal(0, 7, 3), 0, 255)


def _stroke(canvas: Canvas, place: np.ndarray, width_px: float, rng: np.random.Generator) -> None:
    """Draw a stroke of many bristles along the directions from a place."""
    x, y = map(float, place)
    color, path = _color(x, y, rng), []
    turn = rng.choice((-1.0, 1.0))
    for _ in range(int(STEPS * rng.uniform(0.6, 1.2))):
        across, down = _direction(x, y)
        length = np.hypot(across, down)
        across, down = turn * across / length, turn * down / length
        path.append((x, y, -down, across))
        x, y = x + STEP * across, y + STEP * down
    bristles = max(4, int(width_px * 1.3))
    draw, lay = ImageDraw.Draw(canvas.paint), ImageDraw.Draw(canvas.thickness)
    for offset in np.linspace(-0.5, 0.5, bristles):
        start, end = rng.integers(0, 3), len(path) - rng.integers(0, 3)
        ends = 1 - abs(offset) ** 2  # a brush is round
        middle = [(px + nx * offset * width_px, py + ny * offset * width_px) for px, py, nx, ny in path[start:end]]
        if len(middle) < 2:
            continue
        line = [(px * SCALE, py * SCALE) for px, py in middle]
        shade = np.clip(color * rng.normal(1, 0.07), 0, 255).astype(int)
        thick = int(np.clip(120 * ends + rng.normal(40, 28), 0, 255))
        wide = max(2, round(SCALE * width_px / bristles * 1.7))
        draw.line(line, fill=tuple(shade.tolist()), width=wide, joint="curve")
        lay.line(line, fill=thick, width=wide, joint="curve")


def _lit(canvas: Canvas) -> Image.Image:
    """The paint in light from the top left."""
    small = (WIDTH_PX, HEIGHT_PX)
    paint = np.asarray(canvas.paint.resize(small, Image.Resampling.LANCZOS), float)
    height = np.asarray(canvas.thickness.resize(small, Image.Resampling.LANCZOS), float) / 255
    slope = np.gradient(height, axis=0) + np.gradient(height, axis=1)
    return Image.fromarray(np.clip(paint * (1 + RELIEF * slope[..., None]), 0, 255).astype(np.uint8))
