"""Blending of overlapping patches into one picture by iteratively reweighted least squares, which keeps strokes sharp.

As in Kwatra et al. 2005 ("Texture optimization") and Elad & Milanfar 2017, but with a power at which few patches
dominate, and with a window that favours the centre of each patch. Detail that is lost where they disagree is amplified.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from impasto.numerics.blur import gaussian_blur

from .grid import Grid
from .library import Pieces, pixels_of
from .matching import Tick

ROUNDS = 2
POWER = -2.0
"""Exponent that turns a patch's mean squared difference from the picture into its weight in the next round."""
LEAST_DIFFERENCE = 3e-4
WINDOW = 1.5
"""Standard deviation of the window, in pixels of the size used for matching."""

DETAIL_PX, NEAR_PX = 1.2, 4.0
"""Widths, in pixels of the size used for matching, of the blur that separates detail, and of the mean of its energy."""
MOST_GAIN = 2.0
MOST_REFINED, CALM_PX = 1.5, 3.0
"""Energy of detail, relative to that of the mosaic, up to which a refinement is taken whole, and the width of the blur
that separates this detail. With more of it, flat prints look embossed."""
LEAST_ENERGY = 1e-6


def patch_weights(pieces: Pieces, grid: Grid, tick: Tick) -> Tensor:
    """Weights of the patches (patches,)."""
    weights = torch.ones(len(pieces.corner), device=pieces.pixels.device)
    for _ in range(ROUNDS):
        picture = blended(pieces, weights, grid, tick)
        weights = (_differences(pieces, picture, grid, tick) + LEAST_DIFFERENCE) ** POWER
        weights = weights / weights.mean()
    return weights


def blended(pieces: Pieces, weights: Tensor, grid: Grid, tick: Tick) -> Tensor:
    """The weighted mean (1, 3, H, W) of the overlapping patches."""
    device = weights.device
    total, norm = torch.zeros(*grid.canvas, 3, device=device), torch.zeros(*grid.canvas, 1, device=device)
    weights = weights.view(*grid.shape, 1)
    for y, x, place, factor in _window(grid, tick):
        total[place] += (weights * factor) * pieces.at(y, x).view(*grid.shape, 3)
        norm[place] += weights * factor
    return (grid.folded(total) / grid.folded(norm)).permute(2, 0, 1)[None]


def detail_energies(styles: Sequence[Tensor], factor: int = 1) -> Tensor:
    """Energy of fine detail at all pixels of styles (1, 3, h, w), one after the other: (N, 1)."""
    return pixels_of([_energy(style - gaussian_blur(style, DETAIL_PX * factor)) for style in styles])


def sharpened(x: Tensor, pieces: Pieces, grid: Grid, energies: Tensor, seamless: bool) -> Tensor:
    """x (1, 3, H, W), blended of pieces of styles, with as much fine detail as these have: their `detail_energies`."""
    detail_px, near_px = DETAIL_PX * grid.factor, NEAR_PX * grid.factor
    wanted = energies[pieces.place(grid.side // 2, grid.side // 2)]
    scattered = gaussian_blur(grid.from_centres(torch.cat([wanted, torch.ones_like(wanted)], 1)), near_px, seamless)
    wanted = scattered[:, :1] / scattered[:, 1:]
    coarse = gaussian_blur(x, detail_px, seamless)
    detail = x - coarse
    present = gaussian_blur(_energy(detail), near_px, seamless)
    gain = ((wanted + LEAST_ENERGY) / (present + LEAST_ENERGY)).sqrt().clamp(1, MOST_GAIN)
    return (coarse + gain * detail).clamp(0, 1)


def calmed(x: Tensor, refined: Tensor, seamless: bool) -> Tensor:
    """A mosaic x (1, 3, H, W) as far on the way to `refined` as leaves calm places calm: white paper stays white."""
    before, after = (_energy_near(one, seamless) + LEAST_ENERGY for one in (x, refined))
    return x + (MOST_REFINED * before / after).clamp_max(1) * (refined - x)


def _energy_near(x: Tensor, seamless: bool) -> Tensor:
    """Mean energy (1, 1, H, W) of detail of x (1, 3, H, W) around each pixel."""
    return gaussian_blur(_energy(x - gaussian_blur(x, CALM_PX, seamless)), NEAR_PX, seamless)


def _energy(x: Tensor) -> Tensor:
    return x.square().sum(1, keepdim=True)


def _differences(pieces: Pieces, picture: Tensor, grid: Grid, tick: Tick) -> Tensor:
    """Mean squared difference of each patch from the picture, under the window (patches,)."""
    canvas = grid.on_canvas(picture)[0].permute(1, 2, 0).contiguous()
    found, total = torch.zeros(*grid.shape, device=canvas.device), 0.0
    for y, x, place, factor in _window(grid, tick):
        found += factor * (canvas[place] - pieces.at(y, x).view(*grid.shape, 3)).square_().mean(-1)
        total += factor
    return found.flatten() / total


def _window(grid: Grid, tick: Tick) -> Iterator[tuple[int, int, tuple[slice, slice], float]]:
    """Each pixel (y, x) of the patches, its positions on the canvas for all of them, and the window's value."""
    rows, columns = grid.shape
    centre, deviation = (grid.side - 1) / 2, WINDOW * grid.factor
    for y in range(grid.side):
        tick()
        for x in range(grid.side):
            place = (
                slice(y, y + (rows - 1) * grid.stride + 1, grid.stride),
                slice(x, x + (columns - 1) * grid.stride + 1, grid.stride),
            )
            factor = math.exp(-((y - centre) ** 2 + (x - centre) ** 2) / (2 * deviation**2))
            yield y, x, place, factor
