"""Resamples all maps of a surface at once. Colours are averaged as light, and normals are rotated, as slopes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from impasto.context import Context
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.heights import FINE_STEEPEST_Z, normal_from_slopes, slopes_from_normal
from impasto.texture import NORMAL_MAPS, Maps, Texture

BAND_PX = 1 << 19
"""Number of pixels resampled at a time."""
TEXEL_GRID = 33
"""Positions along each side for measuring the mean size of texels."""
LOSS = 0.25
"""Largest shrinkage beyond 1 for which a single sample is enough."""
MOST_SAMPLES = 8
"""Most samples per pixel along each side, where the picture becomes smaller."""

Source = Callable[[Tensor], Tensor]
"""Positions (..., 2), (x, y) in pixels from the top left corner: those of a result -> those of the source."""


def resample(maps: Maps, source: Source, size_px: tuple[int, int], context: Context) -> Maps:
    """Maps of `size_px` whose pixels are those at `source` of their positions: bicubic, averaged where they shrink.

    A texel's size in metres is the mean of those that it comes from.
    """
    names = [name for name in maps if name not in NORMAL_MAPS]
    none = np.empty((*maps.size_px, 0), np.float32)  # for maps with normals only
    stack = torch.from_numpy(np.concatenate([none, *(_linear(maps[name]) for name in names)], 2))
    normals = [name for name in maps if name in NORMAL_MAPS]
    slopes = [torch.from_numpy(slopes_from_normal(maps[name].pixels, FINE_STEEPEST_Z)) for name in normals]
    x = torch.cat([stack, *slopes], 2).permute(2, 0, 1)[None].to(context.device)
    texel = _mean_texel(source, size_px, context.device)
    bands = []
    for top, positions in _bands(size_px):
        context.progress(top / size_px[0], "Resampling the photograph")
        band, steps = _sample(x, positions.to(context.device), source, context)
        bands.append(_turn(band, steps / texel, len(normals)).cpu())
    pixels = torch.cat(bands).numpy()  # (h, w, C)
    width_m = maps.width_m and maps.width_m * texel * size_px[1] / maps.size_px[1]
    return replace(maps, textures=_textures(maps, pixels, names, normals), width_m=width_m)


def _linear(texture: Texture) -> np.ndarray:
    return srgb_to_linear(texture.pixels) if texture.color_space == "srgb" else texture.pixels


def _bands(size_px: tuple[int, int]) -> Iterator[tuple[int, Tensor]]:
    """(top, positions (h, w, 2)) of the centres of a result's pixels, in bands from the top."""
    height, width = size_px
    rows = max(1, BAND_PX // width)
    x = torch.arange(width, dtype=torch.float64) + 0.5
    for top in range(0, height, rows):
        y = torch.arange(top, min(top + rows, height), dtype=torch.float64) + 0.5
        yield top, torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


def _mean_texel(source: Source, size_px: tuple[int, int], device: str) -> float:
    """Side of a result's mean pixel, in pixels of the source."""
    height, width = size_px
    x, y = (torch.linspace(0.5, side - 0.5, TEXEL_GRID, dtype=torch.float64, device=device) for side in (width, height))
    steps = _steps(torch.stack(torch.meshgrid(x, y, indexing="xy"), -1), source)
    return float(torch.linalg.det(steps).abs().mean().sqrt())


def _steps(positions: Tensor, source: Source) -> Tensor:
    """Steps (h, w, 2, 2) in the source, as columns, for steps of one pixel to the right and down."""
    half = torch.eye(2, dtype=positions.dtype, device=positions.device) / 2
    return torch.stack([source(positions + step) - source(positions - step) for step in half], -1)


def _sample(x: Tensor, positions: Tensor, source: Source, context: Context) -> tuple[Tensor, Tensor]:
    """Samples (h, w, C) of x (1, C, H, W), and the steps (h, w, 2, 2) in it, as columns, to the next pixels."""
    steps = _steps(positions, source)
    counts = [min(MOST_SAMPLES, max(1, math.ceil(float(length) - LOSS))) for length in steps.norm(dim=-2).amax((0, 1))]
    size = positions.new_tensor([x.shape[3], x.shape[2]])
    total = torch.zeros((), device=x.device)
    for column in range(counts[0]):
        for row in range(counts[1]):
            context.check()
            offset = positions.new_tensor([(column + 0.5) / counts[0] - 0.5, (row + 0.5) / counts[1] - 0.5])
            grid = (2 * source(positions + offset) / size - 1).to(x)[None]
            total = total + grid_sample(x, grid, "bicubic", "border", align_corners=False)[0]
    return (total / math.prod(counts)).permute(1, 2, 0), steps


def _turn(band: Tensor, steps: Tensor, count: int) -> Tensor:
    """A band (h, w, C) whose last 2 `count` channels, slopes in the source, become those along its own axes."""
    if not count:
        return band
    plain, slopes = band.split([band.shape[2] - 2 * count, 2 * count], 2)
    pairs = slopes.unflatten(2, (count, 2))[..., None, :]  # (h, w, N, 1, 2)
    return torch.cat([plain, (pairs @ steps[:, :, None].to(band))[..., 0, :].flatten(2)], 2)


def _textures(maps: Maps, pixels: np.ndarray, names: list[str], normals: list[str]) -> dict[str, Texture]:
    """Textures of the maps from channels (h, w, C): first those of `names`, then slopes of `normals`."""
    counts = [maps[name].pixels.shape[2] for name in names] + [2] * len(normals)
    parts = np.split(pixels, np.cumsum(counts)[:-1], axis=2)
    textures = {}
    for name, part in zip([*names, *normals], parts, strict=True):
        texture = maps[name]
        if name in NORMAL_MAPS:
            part = normal_from_slopes(part)
        elif texture.color_space == "srgb":
            part = linear_to_srgb(part)
        most = None if texture.color_space == "linear" else 1
        textures[name] = replace(texture, pixels=np.ascontiguousarray(part.clip(0, most), np.float32))
    return textures
