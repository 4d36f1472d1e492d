"""Filling the holes of a picture or a map set from the rest of it, so that nobody sees where they were.

A field of positions, which all maps follow, is laid out in squares on the coarsest level of a pyramid and corrected
from level to level. Only the pixels of holes are visited, while what they show is searched for in the whole picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.texture import Maps, Texture

from .alignment import aligned
from .correction import Correction, anywhere
from .first import first_filling
from .joining import joined
from .level import Constraints, Level, levels_of, thickness_px
from .previews import previews

PASSES = {"quick": (3, 2, 1), "usual": (6, 3, 2), "best": (12, 8, 5)}
"""Corrections of the coarsest level, the next, and all finer ones."""


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


def filled(subject: Maps, holes: Holes, context: Context) -> Maps:
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
    for step in _filling(levels, thickness_px(mask), holes.quality, generator):
        context.progress(0.1 + 0.75 * step.fraction, "Filling holes")
        show(step.level, step.origin)
    textures = dict(subject.textures)
    for number, (name, texture) in enumerate(subject.items()):
        context.progress(0.85 + 0.15 * number / len(subject), "Joining colours")
        pixels = texture.pixels.copy()
        joined(name, pixels, step.level, step.origin, holes.blend)
        textures[name] = Texture(pixels, texture.color_space)
    return replace(subject, textures=textures)


@dataclass(frozen=True)
class Step:
    """A step of the filling: the fraction done, and the pixel (P,) that each pixel of a level shows so far."""

    fraction: float
    level: Level
    origin: Tensor


def _filling(levels: list[Level], thickness: float, quality: str, generator: torch.Generator) -> Iterator[Step]:
    """Fill level by level, coarsest first; the last step has the whole filling."""
    origin: Tensor | None = None
    coarse = levels[-1]
    passes = PASSES[quality]
    shares = np.cumsum([0.0] + [1.0 + len(level.holes) / 2e4 for level in reversed(levels)])
    shares /= shares[-1]
    for number, level in enumerate(reversed(levels)):
        start, end = shares[number : number + 2]
        if origin is None:
            for fraction, origin in first_filling(level, thickness / level.scale, passes[0], generator):
                yield Step(end * fraction, level, origin)
            continue
        origin = aligned(level, _enlarged(origin, coarse, level, generator), generator)
        correction = Correction(level, origin, generator)
        for fraction in correction.passes(passes[min(number, len(passes) - 1)]):
            yield Step(start + (end - start) * fraction, level, origin)
        coarse = level
    assert origin is not None
    yield Step(1.0, level, origin)


def _enlarged(origin: Tensor, coarse: Level, level: Level, generator: torch.Generator) -> Tensor:
    """The pixel (P,) of a level that each one shows, from that of the level half as large."""
    y, x = level.grid.position(level.holes)
    above = coarse.grid.index(y // 2, x // 2)
    from_y, from_x = coarse.grid.position(origin[above])
    places = level.source[level.grid.index(*level.grid.brought_inside(2 * from_y + y % 2, 2 * from_x + x % 2))].clone()
    if level.kind is not None:
        places[level.kind[places] != level.kind[level.holes]] = -1
    lost = places < 0
    places[lost] = anywhere(level, level.holes[lost], generator)
    enlarged = level.grid.shown.clone()
    enlarged[level.holes] = torch.where(places < 0, level.holes, places)
    return level.grid.with_margin(enlarged)
