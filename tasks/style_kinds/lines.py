"""Ink and pencil: lines, hatchings and grain on paper."""

from __future__ import annotations

import numpy as np

from .marks import blurred, cells, directions, luma_of, noise, outlines, paper, steep, streaked, uniform, vignette

INKS = ((0.05, 0.05, 0.06), (0.1, 0.07, 0.05), (0.25, 0.14, 0.08), (0.08, 0.09, 0.2))


def tones(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Luma (H, W) of a motif, of more or less contrast; some are on a blank sheet."""
    luma = blurred(luma_of(picture), rng.uniform(0.5, 1.5))
    low, high = np.quantile(luma, [0.02, 0.98])
    luma = ((luma - low) / max(high - low, 0.05)).clip(0, 1) ** rng.uniform(0.5, 1.2)
    return 1 - (1 - luma) * vignette(luma.shape, rng) if rng.random() < 0.35 else luma


def printed(ink: np.ndarray, picture: np.ndarray, rng: np.random.Generator, colored: float = 0.3) -> np.ndarray:
    """Ink (H, W), 0 to 1, on paper; some sheets are coloured by hand."""
    sheet = paper(ink.shape, rng)
    if rng.random() < colored:
        wash = blurred(picture, rng.uniform(2, 6))
        wash = (wash / wash.max(axis=2, keepdims=True).clip(0.1)) ** rng.uniform(0.5, 1.5)
        covered = steep(0.75 - blurred(luma_of(picture), 4) + 0.1 * noise(ink.shape, 20, rng), 0.2)[..., None]
        sheet = sheet * (1 - covered * (1 - wash))
    color = np.array(INKS[rng.integers(len(INKS))])
    return sheet * (1 - ink[..., None] * (1 - color))


def ink_of_lines(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Engraving: hatchings that bend with the forms and swell with the tone; crossed where it is dark."""
    tone = tones(picture, rng)
    rows, columns = np.mgrid[: tone.shape[0], : tone.shape[1]]
    period, angle, bend = np.exp(rng.uniform(np.log(3), np.log(9))), rng.uniform(0, np.pi), rng.uniform(0, 8)
    shift = bend * period * blurred(tone, 8) + 0.3 * period * noise(tone.shape, 15, rng)
    ink, layers = np.zeros_like(tone), int(rng.integers(1, 4))
    for layer in range(layers):
        turned = angle + layer * rng.uniform(0.6, 1.4)
        wave = 0.5 + 0.5 * np.sin(2 * np.pi / period * (columns * np.cos(turned) + rows * np.sin(turned) + shift))
        dark = ((1 - tone) * 1.1 - layer / layers).clip(0, 1) * (layers if layer else 1.0)
        ink = np.maximum(ink, steep(dark.clip(0, 0.92) - wave, rng.uniform(0.1, 0.5)) * (dark > 0.04))
    ink = np.maximum(ink, outlines(tone, rng.uniform(0.7, 1.2), rng.uniform(0.02, 0.1)))
    return printed(ink, picture, rng)


def ink_of_strokes(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pen and wood engraving: strokes or stipples along the forms, as many as the tone is dark."""
    tone = tones(picture, rng)
    angle = directions(tone, rng.uniform(3, 8), rng) + rng.choice([0, np.pi / 2])
    grain = noise(tone.shape, rng.uniform(0.6, 1.1), rng)
    if rng.random() < 0.8:
        grain = streaked(grain, angle, rng.uniform(12, 40))
    ink = steep((1 - tone) * rng.uniform(0.7, 1.1) - uniform(grain), rng.uniform(0.05, 0.3)) * (tone < 0.95)
    ink = np.maximum(ink, outlines(tone, rng.uniform(0.7, 1.3), rng.uniform(0.03, 0.12)))
    return printed(ink, picture, rng)


def ink_of_crossed_lines(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Etching: layers of thin, even, slightly shaking lines, each laid only where it is dark enough; clear outlines."""
    tone = tones(picture, rng)
    rows, columns = np.mgrid[: tone.shape[0], : tone.shape[1]]
    period, angle = np.exp(rng.uniform(np.log(3.5), np.log(8))), rng.uniform(0, np.pi)
    width, ink = rng.uniform(0.9, 1.8) / period, np.zeros_like(tone)
    for limit in np.linspace(0.85, 0.15, int(rng.integers(2, 6))):
        shake = rng.uniform(0.5, 2) * noise(tone.shape, 12, rng)
        phase = (columns * np.cos(angle) + rows * np.sin(angle) + shake) / period % 1
        broken = noise(tone.shape, 2, rng) < 1.8
        ink = np.maximum(ink, steep(width / 2 - np.abs(phase - 0.5), 0.25) * (tone < limit) * broken)
        angle += rng.choice([0.5, 1.0, np.pi / 2]) + rng.normal(0, 0.1)
    ink = np.maximum(ink, outlines(tone, rng.uniform(0.6, 1.0), rng.uniform(0.04, 0.14)))
    return printed(ink, picture, rng)


def pencil_of_shading(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Soft grey strokes in one or two directions over the grain of the paper."""
    tone = tones(picture, rng)
    dark = (1 - tone) * rng.uniform(0.5, 0.95)
    strokes = np.zeros_like(tone)
    for _ in range(int(rng.integers(1, 3))):
        grain = noise(tone.shape, rng.uniform(0.8, 1.8), rng)
        strokes = np.maximum(strokes, uniform(streaked(grain, np.full(tone.shape, rng.uniform(0, np.pi)), 30)))
    return _graphite(dark * (0.35 + 0.65 * strokes), tone, picture, rng)


def pencil_of_sketch(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Searching outlines, and hatching in patches of several directions."""
    tone = tones(picture, rng)
    faint = 1 - (tone / blurred(tone, rng.uniform(3, 10)).clip(0.05)).clip(0, 1)
    index, _, centres = cells(tone.shape, rng.uniform(60, 200), rng)
    angle = rng.uniform(0, np.pi, len(centres))[index] if rng.random() < 0.5 else directions(tone, 10, rng)
    hatch = uniform(streaked(noise(tone.shape, rng.uniform(0.8, 1.5), rng), angle, rng.uniform(20, 40)))
    dark = 1.5 * faint + (1 - tone) ** rng.uniform(1, 2) * rng.uniform(0.3, 0.8) * hatch
    return _graphite(dark, tone, picture, rng)


def pencil_of_tones(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rubbed tones that show the grain of the paper, as in charcoal and fine graphite, with few strokes."""
    tone = tones(picture, rng)
    strokes = streaked(noise(tone.shape, 1.0, rng), directions(tone, 6, rng), rng.uniform(8, 20))
    return _graphite((1 - tone) * rng.uniform(0.6, 1.0) * (1 + rng.uniform(0.1, 0.4) * strokes), tone, picture, rng)


def _graphite(dark: np.ndarray, tone: np.ndarray, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Graphite, red chalk or crayons (H, W) on rough paper, with outlines."""
    drawn = np.maximum(dark, rng.uniform(0.3, 0.8) * outlines(tone, rng.uniform(0.8, 1.6), rng.uniform(0.03, 0.1)))
    rough = 1 + rng.uniform(0.1, 0.5) * noise(tone.shape, rng.uniform(0.6, 1.2), rng)
    cover = (drawn * rough).clip(0, rng.uniform(0.6, 0.95))[..., None]
    lead = np.array([[0.2, 0.2, 0.22], [0.1, 0.1, 0.1], [0.5, 0.2, 0.12]][rng.choice(3, p=[0.6, 0.25, 0.15])])
    color = 0.5 * blurred(picture, 3) if rng.random() < 0.2 else lead
    return paper(tone.shape, rng, 0.6) * (1 - cover * (1 - color))
