"""Extends a picture beyond its borders: margins are holes that are filled from the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from impasto.context import Context
from impasto.data.prepare import LARGEST_PX
from impasto.errors import ParameterError
from impasto.patterns.session import Holes
from impasto.texture import Maps, Texture

from .fill import fill_holes
from .parameters import ExtendParameters
from .repair import is_too_small, lattice_of


def extend_maps(subject: Maps, parameters: ExtendParameters, context: Context) -> Maps:
    """The subject with margins. Its own pixels stay unchanged, and texels keep their size in metres."""
    (top, bottom), (left, right) = margins = _margins_px(subject.size_px, parameters)
    height, width = subject.size_px
    size_px = height + top + bottom, width + left + right
    if max(size_px) > LARGEST_PX and any(map(any, margins)):
        message = "the margins make {}x{} pixels of {}x{}"
        raise ParameterError(message, "stay below {} pixels a side", size_px[1], size_px[0], width, height, LARGEST_PX)
    if is_too_small(subject, context):
        return subject
    if not any(map(any, margins)):
        context.progress(0.5, "Filling holes")
        context.note("all margins are 0, so nothing was added")
        return subject
    mask = np.ones(size_px, bool)
    mask[top : top + height, left : left + width] = False
    textures = {
        name: Texture(np.pad(texture.pixels, (*margins, (0, 0)), mode="edge"), texture.color_space)
        for name, texture in subject.items()
    }
    width_m = subject.width_m and subject.width_m * size_px[1] / width
    wide = replace(subject, textures=textures, width_m=width_m)
    holes = Holes(torch.from_numpy(mask), pattern=lattice_of(subject, np.zeros(subject.size_px, bool)))
    return fill_holes(wide, holes, parameters.quality, parameters.blend, context)


def _margins_px(size_px: tuple[int, int], parameters: ExtendParameters) -> tuple[tuple[int, int], tuple[int, int]]:
    """((top, bottom), (left, right)) in pixels."""
    p = parameters
    units = size_px if p.unit == "fraction" else (1, 1)
    vertical, horizontal = (
        (round(first * unit), round(last * unit))
        for (first, last), unit in zip(((p.top, p.bottom), (p.left, p.right)), units, strict=True)
    )
    return vertical, horizontal
