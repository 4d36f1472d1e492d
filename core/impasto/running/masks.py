"""Masks of steps: how much of a step's result replaces its subject at each pixel."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from ..context import Context
from ..errors import ParameterError, choices
from ..mask import EDGES, EVERYWHERE, HEIGHT, IMAGE, MIX, NOISE, Mask
from ..surface.blending import blended_color
from ..surface.mixing import height_share, mixture
from ..surface.resizing import grey_mask, maps_at_most
from ..surface.wrapping import wraps
from ..system.untrusted import excerpt
from ..texture import COLOR_MAPS, MAP_CHANNELS, Maps
from ..tools import Result
from .steps import Apply, ReadyStep, note_shape

if TYPE_CHECKING:
    from torch import Tensor

STREAM = 1001
"""Key of the random numbers of masks and groups, so that they differ from those of the step's tool."""
OCTAVES, GAIN = 6, 0.6
FLAT = 1e-5
"""Standard deviation of heights below which a surface counts as flat."""
SOFTEST, HARDEST = 0.9, 0.04
"""Widths of borders at the contrasts 0 and 1, in standard deviations."""
EDGE = 0.25
"""Size of edges, relative to the hollows next to them."""
FRAY = 0.15
"""Shift of the border of a range of heights by one standard deviation of random patches."""
LEVEL = 0.5
"""Height of a layer without a height map: a film, which fills low parts first."""


def blended(apply: Apply, preview_px: int | None = None) -> Apply:
    """A step whose result replaces the subject where its mask shows. `apply` gets the step without its mask.

    The subject of a group is what lies below its steps. preview_px: longer side of the result, for a preview.
    """

    def apply_masked(step: ReadyStep, subject: Maps, context: Context) -> Result:
        assert step.mask is not None
        result = apply(replace(step, mask=None, image=None), subject, context)
        if not result.maps:
            return result
        subject = subject if step.below is None else step.below
        subject = maps_at_most(subject, preview_px) if preview_px else subject
        started = perf_counter()
        context.check()
        note_shape("mask", step.image, subject, context)
        seeds: Any = step.rng.bit_generator.seed_seq
        lifts = any(one.tool.kind == "generator" for one in (step, *(one for one in step.members if not one.mask)))
        maps = masked(step.mask, step.image, subject, result.maps, seeds, context.device, lifts)
        return replace(result, maps=maps, seconds=(result.seconds[0] + perf_counter() - started,))

    return apply_masked


def masked(
    mask: Mask, image: Maps | None, subject: Maps, result: Maps, seeds: np.random.SeedSequence, device: str, lifts: bool
) -> Maps:
    """The subject, replaced by a step's result where the mask shows. Maps that the subject lacks are the step's.

    image: of a mask by image. seeds: of the step. lifts: as in `mixture`. Raise ParameterError if the sizes differ, or
    if a mask by height has no height to use.
    """
    if result.size_px != subject.size_px:
        (height, width), (rows, columns) = subject.size_px, result.size_px
        remedy = "give its result the size of what is below it, or remove its mask"
        raise ParameterError("a masked step makes {}x{} pixels of {}x{}", remedy, columns, rows, width, height)
    result = _with_blended_colors(mask, subject, result)
    share = share_of(mask, image, subject, seeds, device)
    if mask.by_height:
        share = share + np.float32(mask.by_height) * (height_share(share, *_heights(subject, result)) - share)
    return mixture(subject, result, share, lifts=lifts)


def _with_blended_colors(mask: Mask, subject: Maps, result: Maps) -> Maps:
    """A step's result with its colours blended into the subject's, and without the maps that it must not change."""
    if unknown := next((name for name in mask.maps if name not in MAP_CHANNELS), ""):
        message = "there is no map called {}"
        raise ParameterError(message, choices(unknown, MAP_CHANNELS, "`impasto export`"), excerpt(unknown))
    textures = {name: one for name, one in result.textures.items() if not mask.maps or name in mask.maps}
    if mask.blend != MIX:
        both = [name for name in textures if name in COLOR_MAPS and name in subject]
        textures |= {name: blended_color(mask.blend, subject[name], textures[name]) for name in both}
    return replace(result, textures=textures)


def share_of(mask: Mask, image: Maps | None, subject: Maps, seeds: np.random.SeedSequence, device: str) -> np.ndarray:
    """The mask (H, W, 1) in [0, 1], at the size of the subject."""
    if mask.kind == EVERYWHERE:
        share = np.ones((*subject.size_px, 1), np.float32)
    elif mask.kind == IMAGE:
        assert image is not None
        share = _of_image(mask, image, subject.size_px)
    else:
        share = _of_surface(mask, subject, seeds, device)[0, ..., None].cpu().numpy()
    share = 1 - share if mask.invert else share
    return np.ascontiguousarray(np.clip(share, 0, 1) * np.float32(mask.opacity), np.float32)


def _of_image(mask: Mask, image: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """The mask (H, W, 1) of an image, before inversion and opacity."""
    grey = grey_mask(image, size_px)
    return np.clip((grey - 0.5) / max(1 - mask.contrast, 0.01) + 0.5, 0, 1) if mask.contrast else grey


def _of_surface(mask: Mask, subject: Maps, seeds: np.random.SeedSequence, device: str) -> Tensor:
    """The mask (1, H, W) from random patches or a surface's height, before inversion and opacity."""
    import torch

    from ..surface.relief import cavities, share_above, without_rounding

    softness = SOFTEST + mask.contrast * (HARDEST - SOFTEST)
    if mask.kind == NOISE:
        return share_above(_patches(mask.size, subject.size_px, seeds, device), mask.amount, softness)
    if "height" not in subject:
        message = "a mask by {} needs a height, and what is below has none"
        raise ParameterError(message, "add a step below that makes maps, or choose another kind of mask", mask.kind)
    height = torch.from_numpy(np.ascontiguousarray(subject["height"].pixels[..., 0])).to(device)
    fray = mask.breakup * _patches(2 * mask.size, subject.size_px, seeds, device) if mask.breakup else 0.0
    if mask.kind == HEIGHT:
        return _range(mask, height[None] + FRAY * fray, softness / SOFTEST)
    if height.std() < FLAT:
        return torch.zeros_like(height)[None]
    sign, part = (-1, EDGE) if mask.kind == EDGES else (1, 1.0)
    sigma_px = max(part * mask.size * min(subject.size_px), 0.5)
    score = sign * cavities(without_rounding(height)[None], sigma_px, wraps(subject))
    return share_above(score + fray, mask.amount, softness)


def _range(mask: Mask, height: Tensor, softness: float) -> Tensor:
    """1 where heights (1, H, W) are in the range of the mask. A limit at 0 or 1 has no border."""
    width = 0.2 * softness
    above = ((height - mask.low) / width + 0.5).clamp(0, 1) if mask.low > 0 else 1.0
    below = ((mask.high - height) / width + 0.5).clamp(0, 1) if mask.high < 1 else 1.0
    t = above * below + 0 * height
    return t * t * (3 - 2 * t)


def _patches(size: float, size_px: tuple[int, int], seeds: np.random.SeedSequence, device: str) -> Tensor:
    """Random patches (1, H, W) that wrap around, of standard deviation 1. size: relative to the shorter side."""
    import torch

    from ..numerics.lattice_noise import fractal_noise

    def normal(octave: int, cells: tuple[int, int]) -> Tensor:
        own = np.random.SeedSequence(seeds.entropy, spawn_key=(*seeds.spawn_key, STREAM, octave))
        return torch.from_numpy(np.random.default_rng(own).standard_normal(cells, np.float32)).to(device)

    rows, columns = (max(1, round(side / (size * min(size_px)))) for side in size_px)
    return fractal_noise(normal, (rows, columns), size_px, OCTAVES, GAIN)[None]


def _heights(subject: Maps, result: Maps) -> tuple[np.ndarray, np.ndarray]:
    """Heights (H, W, 1) of a subject and of a step's result. A step that keeps the height counts as a film."""
    film = np.full((*subject.size_px, 1), LEVEL, np.float32)
    below = subject["height"].pixels if "height" in subject else film
    above = result["height"].pixels if "height" in result else film
    return below, film if np.array_equal(below, above) else above
