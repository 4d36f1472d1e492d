"""Oil, watercolour and pointillism: strokes, washes and dots of paint."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from skimage.segmentation import felzenszwalb

from impasto.surface.palette import from_oklab, to_oklab

from .marks import (
    at_centres,
    blurred,
    borders,
    cells,
    directions,
    luma_of,
    noise,
    outlines,
    paper,
    steep,
    streaked,
    vignette,
)


def oil_of_strokes(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Strokes along the forms that carry slightly different colours and catch the light on their ridges."""
    size = picture.shape[:2]
    width, length = np.exp(rng.uniform(np.log(1.2), np.log(5))), rng.uniform(15, 60)
    angle = directions(luma_of(picture), rng.uniform(4, 12), rng) + 0.3 * noise(size, 15, rng)
    varied = np.stack([noise(size, width, rng) for _ in range(3)], -1) * rng.uniform(0.02, 0.15)
    varied += noise(size, width, rng)[..., None] * rng.uniform(0.02, 0.2)
    made = streaked(blurred(picture, width / 2) + varied, angle, length)
    made = made + (made - blurred(made, 2 * width)) * rng.uniform(0.5, 2)
    return _on_canvas(made, angle, rng)


def oil_of_touches(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Layers of touches from broad to fine, in a few directions, or smooth glazes in the old manner."""
    size = picture.shape[:2]
    angle = directions(luma_of(picture), rng.uniform(4, 12), rng)
    made = blurred(picture, rng.uniform(1, 2.5))
    if rng.random() < 0.6:
        finest = np.exp(rng.uniform(np.log(3), np.log(10)))
        for spacing in (3 * finest, 1.7 * finest, finest):
            index, distance, centres = cells(size, spacing, rng, rng.uniform(2, 4), rng.uniform(0, np.pi))
            own = at_centres(blurred(picture, spacing / 4), centres) + rng.normal(0, 0.03, (len(centres), 3))
            kept = (rng.random(len(centres)) < 0.7)[index] & (distance < 0.7 * spacing)
            made = np.where(kept[..., None], own[index], made)
    else:
        made = made ** rng.uniform(1, 1.8) * np.array([1, rng.uniform(0.85, 1), rng.uniform(0.6, 1)])
        made = streaked(made, angle, rng.uniform(4, 14))
    return _on_canvas(made, angle, rng)


def oil_of_impasto(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Small thick touches that follow the forms in some places and not in others, lit from the side."""
    size = picture.shape[:2]
    angle = directions(luma_of(picture), rng.uniform(3, 8), rng) + 0.5 * noise(size, 30, rng)
    spacing = np.exp(rng.uniform(np.log(3), np.log(8)))
    index, _, centres = cells(size, spacing, rng, rng.uniform(1.2, 2.5), rng.uniform(0, np.pi))
    own = at_centres(blurred(picture, 1.5), centres) + rng.normal(0, rng.uniform(0.02, 0.08), (len(centres), 3))
    height = streaked(rng.random(len(centres))[index] + 0.3 * noise(size, 1, rng), angle, spacing * rng.uniform(2, 5))
    made = streaked(own[index], angle, spacing * rng.uniform(1, 4))
    light = (np.roll(height, 1, 0) - height) * rng.uniform(0.1, 0.8)
    return _on_canvas(made * (1 + light[..., None]), angle, rng)


def _on_canvas(picture: np.ndarray, angle: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Paint with the relief of its strokes, the weave of the canvas and cracks."""
    size = angle.shape
    bristles = streaked(noise(size, 0.8, rng), angle, 20) * rng.uniform(0, 0.12)
    rows, columns = np.mgrid[: size[0], : size[1]] * (2 * np.pi / rng.uniform(2.5, 5))
    weave = (np.sin(rows) + np.sin(columns)) * rng.uniform(0, 0.015)
    cracks = 0.0
    if rng.random() < 0.3:
        index, _, _ = cells(size, rng.uniform(8, 25), rng)
        cracks = rng.uniform(0.02, 0.15) * borders(index)
    return (picture * (1 + bristles + weave - cracks)[..., None]).clip(0, 1)


def watercolor_of_washes(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Flat washes with dark edges where the pigment dried, and gaps of paper."""
    picture = _wavy(blurred(picture, 1.5), rng)
    regions = felzenszwalb(picture, scale=rng.uniform(100, 600), sigma=1.5, min_size=150)
    count = np.bincount(regions.ravel())
    washes = np.stack([np.bincount(regions.ravel(), picture[..., c].ravel()) / count for c in range(3)], -1)[regions]
    share = rng.uniform(0.3, 0.8)
    washes = blurred(share * washes + (1 - share) * blurred(picture, 3), 0.8)
    border = borders(regions)
    dry = 1 + rng.uniform(0.3, 1.2) * blurred(border, 1.5) / 0.3
    gaps = 1 - steep(blurred(border, 0.8) - 0.35, 0.1) * (noise(border.shape, 15, rng) > 0.6)
    return _washed(washes, dry * gaps, rng)


def watercolor_of_glazes(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Transparent layers from light to dark, each with a wavering, darkened edge, running into each other."""
    picture = _wavy(picture, rng)
    luma = blurred(luma_of(picture), rng.uniform(2, 4)) + 0.03 * noise(picture.shape[:2], 10, rng)
    wet = blurred(picture, rng.uniform(5, 12))
    color = np.where((noise(luma.shape, 30, rng) > 0)[..., None], wet, blurred(picture, 3))
    limits = np.quantile(luma, np.sort(rng.uniform(0.15, 0.95, int(rng.integers(3, 6)))))
    layers = [steep(limit - luma, rng.choice([0.02, 0.1])) for limit in limits]
    dry = sum(layer + rng.uniform(0.2, 0.8) * (layer - blurred(layer, 2)).clip(0, 1) for layer in layers)
    return _washed(blurred(color, 1), 0.25 + 1.5 * dry / len(layers), rng)


def watercolor_of_lines_and_washes(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A drawing with loose washes that do not keep to its lines, on much blank paper."""
    luma = luma_of(picture)
    loose = blurred(_wavy(picture, rng), rng.uniform(4, 10))
    dark = (1 - blurred(luma, 3)) + 0.15 * noise(luma.shape, 20, rng)
    amount = sum(steep(dark - limit, 0.03) for limit in np.quantile(dark, (0.3, 0.6, 0.85)[: rng.integers(1, 4)]))
    amount = amount + rng.uniform(0.3, 1) * (amount - blurred(amount, 1.5)).clip(0, 1)
    washed = _washed(loose, amount * rng.uniform(0.5, 0.9), rng)
    lines = outlines(luma, rng.uniform(0.8, 1.4), rng.uniform(0.04, 0.1)) * rng.choice([0, 0.4, 0.8])
    return washed * (1 - lines[..., None])


def _wavy(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture with forms that waver by a few pixels."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    for axis, places in enumerate((rows, columns)):
        moved = places + rng.uniform(0, 3) * noise(rows.shape, 8, rng)
        rows, columns = (moved, columns) if axis == 0 else (rows, moved)
    rows, columns = rows.round().astype(int).clip(0, rows.shape[0] - 1), columns.round().astype(int)
    return picture[rows, columns.clip(0, rows.shape[1] - 1)]


def _washed(color: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pigment of this colour (H, W, 3) and amount (H, W) on rough paper, by Beer's law; it gathers in clouds."""
    size = amount.shape
    clouds = 1 + rng.uniform(0.1, 0.35) * noise(size, 25, rng) + rng.uniform(0.02, 0.12) * noise(size, 1.0, rng)
    amount = amount * clouds.clip(0.2, 2) * rng.uniform(0.4, 0.9)
    if rng.random() < 0.5:
        amount = amount * vignette(size, rng)
    color = color.mean(2, keepdims=True) + rng.uniform(1.0, 1.6) * (color - color.mean(2, keepdims=True))
    washed = paper(size, rng, 0.5) * np.exp(np.log(color.clip(0.05, 1)) * amount[..., None])
    if rng.random() < 0.3:
        washed *= 1 - rng.uniform(0.3, 0.8) * outlines(luma_of(color), 1.0, 0.04)[..., None]
    return washed


def dots(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pointillism: layers of round dots in split colours over a ground."""
    return _dotted(picture, rng, lambda: (rng.uniform(1.0, 1.3), rng.uniform(0, np.pi)))


def dashes(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Divisionism: layers of short dashes in split colours."""
    angle = rng.uniform(0, np.pi)
    return _dotted(picture, rng, lambda: (rng.uniform(1.3, 2.2), angle + rng.normal(0, 0.6)))


def dabs(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Dots of several sizes that leave gaps of a light or dark canvas."""
    made = np.ones_like(picture) * rng.choice([rng.uniform(0.8, 0.95), rng.uniform(0.1, 0.4)])
    for _ in range(int(rng.integers(2, 4))):
        over = _dotted(picture, rng, lambda: (rng.uniform(1.0, 1.5), rng.uniform(0, np.pi)))
        where = noise(picture.shape[:2], rng.uniform(3, 8), rng) > rng.uniform(-1.5, 0)
        made = np.where(where[..., None], over, made)
    return made


def _dotted(picture: np.ndarray, rng: np.random.Generator, form: Callable[[], tuple[float, float]]) -> np.ndarray:
    spacing, split = np.exp(rng.uniform(np.log(3), np.log(9))), rng.uniform(0.03, 0.12)
    lab = to_oklab(blurred(picture, spacing / 2))
    lab[..., 1:] *= rng.uniform(1.0, 1.8)
    ground = lab * 0.5 + 0.5 * lab.mean((0, 1))
    made = ground
    for _ in range(int(rng.integers(2, 5))):
        stretch, angle = form()
        index, distance, centres = cells(picture.shape[:2], spacing, rng, stretch, angle)
        own = at_centres(lab, centres)
        hue = rng.choice(rng.uniform(0, 2 * np.pi, 5), len(own))
        strength = split * rng.uniform(0, 1, len(own))
        own = own + np.stack([rng.normal(0, 0.04, len(own)), strength * np.cos(hue), strength * np.sin(hue)], -1)
        radius = spacing * rng.uniform(0.35, 0.7, len(own))
        cover = steep(radius[index] - distance, 1.0)[..., None] * (rng.random(len(own)) < 0.9)[index][..., None]
        made = made + cover * (own[index] - made)
    return from_oklab(made).clip(0, 1)
