"""Fills the holes of a picture or a map set from the rest of it, invisibly."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from impasto.context import Context
from impasto.patterns.holes import Constraints
from impasto.patterns.phases import Pattern
from impasto.patterns.session import Example, Holes, Session
from impasto.texture import Maps, Texture

from ..material import reporter


@dataclass(frozen=True)
class Repair:
    """Pixels `mask` (H, W) to fill. constraints: kinds and islands (H, W). wraps: (vertically, horizontally).

    blend: how far light and colour follow the surroundings. pattern: of the picture, which is continued.
    """

    mask: np.ndarray
    wraps: tuple[bool, bool] = (False, False)
    constraints: tuple[np.ndarray, np.ndarray] | None = None
    quality: str = "usual"
    blend: float = 1.0
    pattern: Pattern = field(default_factory=Pattern)


def fill_holes(subject: Maps, repair: Repair, context: Context) -> Maps:
    """The subject with its holes filled; pixels outside them are unchanged."""
    if not repair.mask.any():
        return subject
    context.progress(0.0, "Looking at what is known")
    images = {
        name: torch.from_numpy(texture.pixels).to(context.device).permute(2, 0, 1) for name, texture in subject.items()
    }
    mask = torch.from_numpy(repair.mask).to(context.device)
    constraints = repair.constraints and Constraints(
        *(torch.from_numpy(regions).to(context.device) for regions in repair.constraints)
    )
    report = reporter(images, context, (0.1, 0.85), "Filling holes")
    holes = Holes(mask, repair.wraps, constraints, repair.pattern)
    filling = Session(Example(images), context.rng, report).fill(holes, repair.quality)
    textures = dict(subject.textures)
    for number, (name, texture) in enumerate(subject.items()):
        context.progress(0.85 + 0.15 * number / len(subject), "Joining colours")
        textures[name] = Texture(filling.pixels_of(name, repair.blend).cpu().numpy(), texture.color_space)
    return replace(subject, textures=textures)
