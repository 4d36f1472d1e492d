"""Fills masked regions: decides what to fill and from where, and notes problems."""

from __future__ import annotations

import numpy as np
import torch

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.patterns.detection import find_few_cells, find_regularity
from impasto.patterns.holes import Constraints
from impasto.patterns.phases import Pattern
from impasto.patterns.session import Holes
from impasto.surface.color import luma
from impasto.surface.resizing import resize
from impasto.surface.wrapping import wraps
from impasto.texture import Maps
from impasto.tools import Inputs

from ..pattern import lattice
from .fill import fill_holes
from .parameters import InpaintParameters, Wraps
from .twins import twins_of

SMALLEST_PX = 16
"""Pictures with a smaller side have no texture to learn from, and are left unchanged."""
MOST_REGIONS = 4096


def inpaint_maps(subject: Maps, parameters: InpaintParameters, inputs: Inputs, context: Context) -> Maps:
    """The subject with the white parts of the mask filled."""
    mask = mask_of(inputs["mask"], subject.size_px)
    if is_too_small(subject, context):
        return subject
    if mask.all():
        raise ParameterError("the mask is white everywhere, so nothing is left to learn from", "paint black what stays")
    if not mask.any():
        context.progress(0.5, "Filling holes")
        context.note("the mask is black everywhere, so nothing was filled")
        return subject
    constraints, pattern = _constraints(subject, inputs), lattice_of(subject, mask)
    if constraints is None and not pattern and (twins := twins_of(subject, mask)).any():
        constraints = twins.astype(np.int32), np.zeros(subject.size_px, np.int32)
        context.note("other places look like what was removed, so nothing was taken from them")
    periodic = wraps_of(subject, parameters.wraps, context)
    given = constraints and Constraints(*map(torch.from_numpy, constraints))
    holes = Holes(torch.from_numpy(mask), periodic, given, pattern)
    return fill_holes(subject, holes, parameters.quality, parameters.blend, context)


def lattice_of(subject: Maps, mask: np.ndarray) -> Pattern:
    """The lattice or the rows of a picture outside a mask (H, W), or a pattern without wave vectors."""
    grey = luma(next(iter(subject.values())).pixels)
    light = torch.from_numpy(np.where(mask, grey[~mask].mean(), grey))
    found = find_few_cells(light, known=torch.from_numpy(~mask)) or find_regularity(light)
    return lattice(found) if found else Pattern()


def is_too_small(subject: Maps, context: Context) -> bool:
    """Whether the subject is too small to have a texture; a note says so."""
    if min(subject.size_px) >= SMALLEST_PX:
        return False
    context.progress(0.5, "Filling holes")
    context.note("the picture is too small to learn from (below {} pixels), so it was left as it is", SMALLEST_PX)
    return True


def wraps_of(subject: Maps, wanted: Wraps, context: Context) -> tuple[bool, bool]:
    """Whether the subject wraps around (vertically, horizontally); a note says so if its borders decide."""
    if wanted != "automatic":
        return (wanted == "yes",) * 2
    is_periodic = all(wraps(subject))
    if is_periodic:
        context.note("its opposite borders fit together, so holes were filled across them")
    return is_periodic, is_periodic


def _constraints(subject: Maps, inputs: Inputs) -> tuple[np.ndarray, np.ndarray] | None:
    """Kinds and islands (H, W) if labels or islands are given. Pixels that differ in either are of different kinds."""
    if not {"labels", "islands"} & set(inputs):
        return None
    none = np.zeros(subject.size_px, np.int32)
    labels, islands = (
        regions_of(inputs[name], subject.size_px, name) if name in inputs else none for name in ("labels", "islands")
    )
    kinds = np.unique(labels.astype(np.int64) * (int(islands.max()) + 1) + islands, return_inverse=True)[1]
    return kinds.reshape(subject.size_px).astype(np.int32), islands


def mask_of(maps: Maps, size_px: tuple[int, int]) -> np.ndarray:
    """Whether pixels (H, W) are white in a picture of any size: above half of its brightness."""
    pixels = _pixels(maps)
    pixels = pixels @ np.full((pixels.shape[2], 1), 1 / pixels.shape[2], np.float32)
    return resize(pixels, size_px)[..., 0] > 0.5 if pixels.shape[:2] != size_px else pixels[..., 0] > 0.5


def regions_of(maps: Maps, size_px: tuple[int, int], name: str) -> np.ndarray:
    """Numbers (H, W) of the regions of a picture of any size, one for each of its colours.

    Raise ParameterError if it has too many colours, as a photograph has.
    """
    colors = np.round(_pixels(maps) * 255).astype(np.int64)
    rows, columns = (
        np.minimum((np.arange(wanted) + 0.5) * stored / wanted, stored - 1).astype(int)
        for wanted, stored in zip(size_px, colors.shape[:2], strict=True)
    )
    code = (colors[rows[:, None], columns] * (1, 256, 65536)[: colors.shape[2]]).sum(2)
    found, number = np.unique(code, return_inverse=True)
    if len(found) > MOST_REGIONS:
        message = "{} has {} colours, as a photograph has"
        raise ParameterError(message, "paint each region in one flat colour, without soft edges", name, len(found))
    return number.reshape(size_px).astype(np.int32)


def _pixels(maps: Maps) -> np.ndarray:
    return next(iter(maps.values())).pixels
