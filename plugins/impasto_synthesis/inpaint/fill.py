"""Filling the holes of a picture or a map set from the rest of it, so that nobody sees where they were.

A field of positions, which all maps follow, is laid out in squares on the coarsest level of a pyramid and corrected
from level to level. Only the pixels of holes are visited, while what they show is searched for in the whole picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.patches.correction import PASSES
from impasto.patches.field import Field
from impasto.texture import Maps, Texture

from ..material import PREVIEW_EVERY_S, PREVIEW_PX
from .correction import HoleCorrection
from .joining import join_map
from .level import Constraints, HoleLevel, levels_of, thickness_px
from .offsets import Offsets

SQUARES = 0.25
"""Side of the squares, relative to the width of holes: small ones join better, large ones keep more."""
SMALLEST_PX, LARGEST_PX = 4, 12
MOST_SQUARES = 1500


@dataclass(frozen=True)
class Holes:
    """Holes to fill: `mask` (H, W). constraints: which pixels it may be filled from. wraps: (vertically, horizontally).

    blend: how far light and colour follow the surroundings.
    """

    mask: np.ndarray
    wraps: tuple[bool, bool] = (False, False)
    constraints: tuple[np.ndarray, np.ndarray] | None = None
    quality: str = "usual"
    blend: float = 1.0


def fill_holes(subject: Maps, holes: Holes, context: Context) -> Maps:
    """The subject with its holes filled; every pixel outside them is as it was."""
    if not holes.mask.any():
        return subject
    context.progress(0.0, "Looking at what is known")
    images = {name: torch.from_numpy(texture.pixels).to(context.device) for name, texture in subject.items()}
    mask = torch.from_numpy(holes.mask).to(context.device)
    constraints = holes.constraints and Constraints(
        *(torch.from_numpy(regions).to(context.device) for regions in holes.constraints)
    )
    levels = levels_of(images, mask, constraints, holes.wraps)
    if not levels:
        message = "the mask leaves too little of the picture to learn from"
        raise ParameterError(message, "paint a smaller mask, or give more of the picture")
    generator = torch.Generator().manual_seed(int(context.rng.integers(1 << 62)))
    show = previews(*next(iter(images.items())), context)
    for fraction, field in _filling(levels, thickness_px(mask), holes.quality, generator):
        context.progress(0.1 + 0.75 * fraction, "Filling holes")
        show(field)
    textures = dict(subject.textures)
    for number, (name, texture) in enumerate(subject.items()):
        context.progress(0.85 + 0.15 * number / len(subject), "Joining colours")
        pixels = texture.pixels.copy()
        join_map(name, pixels, field, holes.blend)
        textures[name] = Texture(pixels, texture.color_space)
    return replace(subject, textures=textures)


def _filling(
    levels: list[HoleLevel], thickness: float, quality: str, generator: torch.Generator
) -> Iterator[tuple[float, Field]]:
    """Fill level by level, coarsest first; yields the fraction done and the field so far, at last the whole one."""
    field: Field | None = None
    passes = PASSES[quality]
    shares = np.cumsum([0.0] + [1.0 + len(level.holes) / 2e4 for level in reversed(levels)])
    shares /= shares[-1]
    for number, level in enumerate(reversed(levels)):
        start, end = shares[number : number + 2]
        if field is None:
            offsets = Offsets(level, _side_px(level, thickness / level.scale), generator)
            field = offsets.field
            for fraction in offsets.fill():
                yield end * 0.7 * fraction, field
            start = 0.7 * end
        else:
            field = _enlarge(field, level, generator)
            level.align(field, generator)
        for fraction in HoleCorrection(field, level, generator).passes(passes[min(number, len(passes) - 1)]):
            yield start + (end - start) * fraction, field
    assert field is not None
    yield 1.0, field


def _side_px(level: HoleLevel, thickness: float) -> int:
    """Side of the squares that are shifted into the holes of the coarsest level, of about half this width."""
    return round(max(SMALLEST_PX, min(thickness * SQUARES, LARGEST_PX), (len(level.holes) / MOST_SQUARES) ** 0.5))


def _enlarge(coarse: Field, level: HoleLevel, generator: torch.Generator) -> Field:
    """The field of a level from that of the level half as large."""
    holes, field = level.holes, coarse.on_finer_level(level.grid, level, level.holes)
    places = field.place[holes]
    places[level.allowed_places(places.clamp(min=0), holes) < 0] = -1
    lost = places < 0
    places[lost] = level.anywhere(holes[lost], generator)
    field.show(holes, torch.where(places < 0, holes, places))
    return field


def previews(name: str, image: Tensor, context: Context) -> Callable[[Field], None]:
    """A function that regularly previews a map (H, W, C), filled by the field of a level."""
    height, width = image.shape[:2]
    stride = -(-max(height, width) // PREVIEW_PX)
    y = torch.arange(0, height, stride, device=image.device)[:, None]
    x = torch.arange(0, width, stride, device=image.device)
    shown_s = time.monotonic()

    def show(field: Field) -> None:
        nonlocal shown_s
        if time.monotonic() - shown_s < PREVIEW_EVERY_S:
            return
        scale = field.source.scale
        from_y, from_x = field.grid.position(field.place[field.grid.index(y // scale, x // scale)])
        rows = (from_y * scale + y % scale).clamp(0, height - 1)
        columns = (from_x * scale + x % scale).clamp(0, width - 1)
        context.preview(Maps.from_arrays({name: image[rows, columns].cpu().numpy()}))
        shown_s = time.monotonic()

    return show
