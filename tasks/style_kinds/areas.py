"""Flat prints, and gold with ornaments."""

from __future__ import annotations

import numpy as np
from scipy.cluster.vq import kmeans2, vq
from scipy.ndimage import median_filter

from impasto.surface.palette import from_oklab

from .marks import blurred, borders, cells, luma_of, noise, outlines, paper, steep, streaked, vignette

GOLDS = np.array([[0.45, 0.05, 70], [0.6, 0.1, 75], [0.72, 0.13, 82], [0.82, 0.13, 88], [0.9, 0.1, 95]])
"""Lightness, chroma and hue in degrees of gold from shade to light."""


def print_with_outlines(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Woodblock print: few flat colours, dark outlines that do not quite fit, gradations, wood grain."""
    size = picture.shape[:2]
    smooth = median_filter(blurred(picture, 1), (7, 7, 1))
    colors, index = _few_colors(smooth, int(rng.integers(4, 9)), rng)
    flat = colors[index]
    if rng.random() < 0.5:
        fade = np.linspace(rng.uniform(0.5, 1), 1, size[0])[:, None, None]
        flat = flat * np.where(luma_of(flat)[..., None] > 0.6, fade, 1)
    lines = np.maximum(borders(index), outlines(luma_of(smooth), 1.2, rng.uniform(0.03, 0.08)))
    lines = steep(blurred(lines, rng.uniform(0.6, 1.4)) - 0.3, 0.2)
    lines = np.roll(lines, rng.integers(-2, 3, 2), (0, 1))
    grain = 1 + rng.uniform(0, 0.06) * streaked(noise(size, 1.2, rng), np.zeros(size), 40) * 2
    sheet = paper(size, rng)
    key = np.array([[0.08, 0.08, 0.1], [0.1, 0.13, 0.3]][rng.integers(2)])
    return (sheet * flat * grain[..., None] * (1 - lines[..., None]) + lines[..., None] * key).clip(0, 1)


def print_of_areas(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Linocut and poster: two to six colours in smooth areas, some filled with a pattern."""
    size = picture.shape[:2]
    smooth = blurred(picture, rng.uniform(2, 5))
    colors, index = _few_colors(smooth, int(rng.integers(2, 7)), rng)
    if rng.random() < 0.5:
        order = luma_of(colors).argsort()
        ramp = np.linspace(rng.random(3) * 0.3, rng.uniform(0.75, 1, 3), len(colors))
        colors[order] = ramp
    flat = colors[index]
    if rng.random() < 0.4:
        rows, columns = np.mgrid[: size[0], : size[1]]
        period, angle = rng.uniform(8, 20), rng.uniform(0, np.pi)
        stripes = steep(np.sin(2 * np.pi / period * (rows * np.cos(angle) + columns * np.sin(angle))), 0.2)[..., None]
        flat = np.where((index == rng.integers(len(colors)))[..., None], flat * (0.6 + 0.4 * stripes), flat)
    if rng.random() < 0.5:
        lines = steep(blurred(borders(index), 1.0) - 0.25, 0.2)[..., None]
        flat = flat * (1 - lines) + 0.1 * lines
    return blurred(flat * paper(size, rng, 0.5), 0.5)


def print_of_blocks(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Colour woodcut: many flat colours in small forms, and a key block of what is darker than around it."""
    size = picture.shape[:2]
    smooth = median_filter(picture, (5, 5, 1))
    colors, index = _few_colors(smooth, int(rng.integers(8, 15)), rng)
    luma = luma_of(smooth)
    dark = blurred(luma, rng.uniform(5, 15)) - luma - rng.uniform(0.02, 0.08)
    key = np.array([[0.06, 0.06, 0.08], [0.1, 0.14, 0.35], [0.2, 0.1, 0.06]][rng.integers(3)])
    lines = steep(blurred(dark, 0.7), 0.02)[..., None] * rng.uniform(0.7, 1)
    flat = colors[index] * paper(size, rng)
    return flat * (1 - lines) + key * lines


def _few_colors(picture: np.ndarray, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Colours (N, 3) that represent a picture, a little muted, and the index of the nearest of each pixel (H, W)."""
    pixels = picture.reshape(-1, 3)
    means, _ = kmeans2(pixels[rng.integers(0, len(pixels), 3000)], count, seed=rng, minit="++")
    index = vq(pixels, means)[0].reshape(picture.shape[:2])
    if rng.random() < 0.5:
        index = median_filter(index, 5)
    grey = means.mean(1, keepdims=True)
    return (0.1 + 0.85 * (grey + rng.uniform(0.5, 1.5) * (means - grey))).clip(0, 1), index


def gold_of_ornaments(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ornaments of gold leaf: cells, rings and tiles, with some colours among them, around a painted motif."""
    size = picture.shape[:2]
    index, distance, centres = cells(size, np.exp(rng.uniform(np.log(8), np.log(50))), rng, rng.uniform(1, 2))
    value = rng.random(len(centres))[index]
    rings = 0.5 + 0.5 * np.sin(distance * rng.uniform(0.3, 1.5) + rng.uniform(0, 6, len(centres))[index])
    share = (0.5 * value + 0.3 * rings + 0.08 * noise(size, 1.0, rng) + 0.1 * noise(size, 30, rng)).clip(0, 1)
    made = gilded(share)
    accents = (rng.random(len(centres)) < rng.uniform(0.05, 0.3))[index] & (rings > rng.uniform(0, 0.5))
    palette = rng.uniform(0, 1, (6, 3))
    made[accents] = palette[rng.integers(0, 6, len(centres))[index]][accents]
    if rng.random() < 0.5:
        motif = vignette(size, rng)[..., None] * rng.uniform(0.4, 0.9)
        made = made + (noise(size, 60, rng) > 0.3)[..., None] * motif * (blurred(picture, 2) - made)
    return made.clip(0, 1)


def gold_of_relief(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Chased gold under a light: the forms of a picture or of waves, polished, worn and scratched."""
    size = picture.shape[:2]
    rows, columns = np.mgrid[: size[0], : size[1]] * rng.uniform(0.05, 0.3)
    waves = np.sin(rows + np.sin(columns)) * np.sin(columns + noise(size, 40, rng))
    forms = blurred(luma_of(picture), rng.uniform(1, 3)) * 3
    height = (waves if rng.random() < 0.5 else forms) + 0.05 * noise(size, 2, rng)
    down, right = np.gradient(height * rng.uniform(2, 6))
    angle = rng.uniform(0, 2 * np.pi)
    lit = (1 + down * np.sin(angle) + right * np.cos(angle)) / np.sqrt(1 + down**2 + right**2) / 2
    share = 0.2 + 0.6 * lit + rng.uniform(0, 0.6) * lit**8 + 0.05 * noise(size, 15, rng)
    made = gilded(share.clip(0, 1))
    if rng.random() < 0.5:
        worn = (noise(size, 12, rng) > 1.2)[..., None]
        made = made + worn * 0.7 * (np.array([0.35, 0.1, 0.07]) - made)
    return made.clip(0, 1)


def gold_of_leaf(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A figure before a ground of gold leaf, with the seams of the leaves, wear and punched dots."""
    size = picture.shape[:2]
    side = rng.uniform(60, 160)
    rows, columns = np.mgrid[: size[0], : size[1]]
    seams = ((rows + 2 * noise(size, 10, rng)) % side < 1.5) | ((columns + 2 * noise(size, 10, rng)) % side < 1.5)
    period = rng.uniform(8, 24)
    dotted = np.hypot((rows % period) - period / 2, (columns % period) - period / 2) < period / 5
    share = 0.6 + 0.12 * noise(size, 50, rng) + 0.05 * noise(size, 2, rng) - 0.2 * seams
    share += rng.uniform(0, 0.4) * (dotted & (noise(size, 60, rng) > 0))
    figure = vignette(size, rng)[..., None] * rng.choice([0.0, 0.95])
    painted = blurred(picture, rng.uniform(1, 3))
    return gilded(share.clip(0, 1)) * (1 - figure) + painted * figure


def gilded(share: np.ndarray) -> np.ndarray:
    """Gold (H, W, 3) from shade, 0, to light, 1."""
    light, chroma, hue = (np.interp(share, np.linspace(0, 1, len(GOLDS)), column) for column in GOLDS.T)
    hue = np.deg2rad(hue)
    return from_oklab(np.stack([light, chroma * np.cos(hue), chroma * np.sin(hue)], -1)).clip(0, 1)
