"""Mends a material's tiling: bands along borders that do not fit are holes of the torus, filled from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from impasto.context import Context
from impasto.patterns.detection import joint_px
from impasto.patterns.phases import Pattern
from impasto.patterns.session import Holes
from impasto.surface.color import luma
from impasto.surface.orientation import unit_normals
from impasto.surface.resizing import copies_pixels, resize
from impasto.surface.wrapping import border_step, seam_z
from impasto.texture import NORMAL_MAPS, Maps, Texture

from ..material import images_of, to_numpy
from ..pattern import fit_pattern
from .fill import fill_holes
from .parameters import MendTilingParameters
from .repair import is_too_small

VISIBLE_Z, VISIBLE_STEP, LEAST_STEP = 3.0, 2.0, 0.004
"""A seam is visible above this z-score, or above this step, unless the step is below one grey level, the last value."""
BANDS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Widths of bands to try, relative to the picture; the first without a visible seam is used."""
LEAST_BAND_PX = 8
SCALES, LEAST_SHRUNK_PX = (1, 4, 8), 48
"""Reductions at which a mended seam is checked, since changes of tone show from afar; and their fewest pixels."""
OUT_OF_STEP, LEAST_TURN = 0.15, 0.1
"""Share of a period and angle, in degrees, by which a pattern that meets itself at the borders may seem to miss."""
JOINT = 0.08
"""Part of a period that bands are wider than whole periods on each side, so that joints lie within them."""
AXES = ("top and bottom", "left and right")


def mend_maps(subject: Maps, parameters: MendTilingParameters, context: Context) -> Maps:
    """The subject, stretched to whole periods of its pattern, with bands replaced along borders that do not match."""
    context.progress(0.0, "Looking at the borders")
    if is_too_small(subject, context):
        return subject
    fitted = _fit(subject, context)
    broken = [axis for axis in (0, 1) if _is_visible(subject, axis)]  # of a picture that is stretched, both are
    if not broken and (fitted.is_in_step or len(fitted.pattern.wave_vectors) < 2):
        context.note("the borders continue each other, so nothing was mended")
        return subject
    if not fitted.is_in_step:
        context.note("its pattern was stretched to whole periods: crop-period crops it instead")
    half = subject.size_px[0] // 2, subject.size_px[1] // 2
    fitted, broken = replace(fitted, maps=_roll(fitted.maps, half)), broken if fitted.maps is subject else [0, 1]
    healed = _heal(fitted, broken, parameters, context)
    return _roll(healed, (-half[0], -half[1]))


@dataclass(frozen=True)
class FittedSubject:
    """Maps into which whole periods of their pattern fit. gaps_px: rows and columns that are missing round the borders.

    is_in_step: whether they were not stretched, or hardly.
    """

    maps: Maps
    pattern: Pattern = field(default_factory=Pattern)
    gaps_px: tuple[int, int] = (0, 0)
    is_in_step: bool = True

    def bands(self, axis: int, widest: float) -> Sequence[slice]:
        """Rows or columns of bands across the middle, narrowest first: of a pattern, from joint to joint."""
        length, gap_px = self.maps.size_px[axis], self.gaps_px[axis]
        middle, period = length // 2, self.pattern.periods_px[axis]
        most = max(LEAST_BAND_PX, int(widest * length), gap_px)
        widths = [max(LEAST_BAND_PX, length * share, self.pattern.periods_px[1 - axis]) for share in BANDS]
        counts = sorted({max(1, round(width / period)) for width in widths}) if period > 1 else []
        joint = joint_px(torch.from_numpy(luma(next(iter(self.maps.values())).pixels)), axis, period) if counts else 0.0
        firsts = [joint + period * round((middle - joint) / period - count / 2) for count in counts]
        bands = [
            slice(round(first - JOINT * period), round(first + (count + JOINT) * period))
            for first, count in zip(firsts, counts, strict=True)
            if first < middle - gap_px // 2 and first + count * period > middle + gap_px // 2 and count * period <= most
        ]
        even = sorted({min(most, gap_px + round(width)) // 2 * 2 for width in widths})
        even = [width for width in even if width < length - LEAST_BAND_PX] or [min(most, length // 2)]
        return bands or [slice(middle - width // 2, middle + width // 2) for width in even]


def _fit(subject: Maps, context: Context) -> FittedSubject:
    """The subject, stretched as for a quilt so that its pattern repeats, if it has one that does not."""
    if copies_pixels(subject, "auto", context.note):
        return FittedSubject(subject)
    fitted = fit_pattern(images_of(subject.arrays(), context), subject.size_px, context)
    if fitted is None:
        return FittedSubject(subject)
    more = np.subtract(next(iter(fitted.maps.values())).shape[1:], subject.size_px)
    if np.abs(more).max() <= 1 and abs(fitted.turned) < LEAST_TURN:
        return FittedSubject(subject, fitted.pattern)
    periods = more / fitted.pattern.periods_px
    is_in_step = abs(fitted.turned) < LEAST_TURN and bool((np.abs(periods - periods.round()) < OUT_OF_STEP).all())
    textures = {}
    for name, image in fitted.maps.items():
        lines = zip(subject.size_px, more, strict=True)
        rows, columns = ((np.arange(length) + px // 2).clip(0, length + px - 1) for length, px in lines)
        pixels = unit_normals(to_numpy(image)) if name in NORMAL_MAPS else to_numpy(image)
        textures[name] = Texture(pixels[rows[:, None], columns], subject[name].color_space)
    down, right = (-more).clip(0).tolist()
    width_m = subject.width_m and subject.width_m / fitted.stretch_x
    stretched = replace(subject, textures=textures, width_m=width_m)
    return FittedSubject(stretched, fitted.pattern, (down, right), is_in_step)


def _heal(fitted: FittedSubject, broken: Sequence[int], parameters: MendTilingParameters, context: Context) -> Maps:
    """The maps, rolled by half, with the narrowest bands across their middles replaced that leave no visible seam."""
    maps = fitted.maps
    choices = {axis: fitted.bands(axis, parameters.widest) for axis in broken}
    number = dict.fromkeys(broken, 0)
    best: tuple[float, dict[int, slice], Maps] | None = None
    while True:
        bands = {axis: choices[axis][number[axis]] for axis in broken}
        mask = np.zeros(maps.size_px, bool)
        for axis, lines in bands.items():
            mask[lines if axis == 0 else (slice(None), lines)] = True
        holes = Holes(torch.from_numpy(mask), (True, True), pattern=fitted.pattern)
        filled = fill_holes(maps, holes, parameters.quality, parameters.blend, context)
        worst = {axis: _z_in(filled, axis, lines) for axis, lines in bands.items()}
        if best is None or max(worst.values()) < best[0]:
            best = max(worst.values()), bands, filled
        wider = [axis for axis in broken if worst[axis] >= VISIBLE_Z and number[axis] + 1 < len(choices[axis])]
        if not wider:
            break
        for axis in wider:
            number[axis] += 1
    for axis, lines in best[1].items():
        context.note("{} pixels were replaced across the {} borders", lines.stop - lines.start, AXES[axis])
    return best[2]


def _is_visible(maps: Maps, axis: int) -> bool:
    """Whether the seam across an axis' borders is visible in any map."""
    for texture in maps.values():
        z, (step, height) = seam_z(texture.pixels)[1 - axis], border_step(texture.pixels.swapaxes(1, axis))
        if height > LEAST_STEP and (z > VISIBLE_Z or step > VISIBLE_STEP):
            return True
    return False


def _z_in(maps: Maps, axis: int, lines: slice) -> float:
    """The largest z-score of a seam at a band's borders and in its middle, over all maps and scales."""
    places = lines.start, (lines.start + lines.stop) // 2, lines.stop
    return max(
        seam_z(_shrunk(np.roll(texture.pixels, -line, axis), scale))[1 - axis]
        for texture in maps.values()
        for line in places
        for scale in SCALES
        if scale == 1 or min(maps.size_px) // scale >= LEAST_SHRUNK_PX
    )


def _shrunk(pixels: np.ndarray, scale: int) -> np.ndarray:
    """Pixels (H, W, C) at a fraction of their size, from their first row and column."""
    height, width = (side // scale for side in pixels.shape[:2])
    return resize(pixels[: height * scale, : width * scale], (height, width))


def _roll(maps: Maps, shift: tuple[int, ...]) -> Maps:
    textures = {name: replace(one, pixels=np.roll(one.pixels, shift, (0, 1))) for name, one in maps.items()}
    return replace(maps, textures=textures)
