"""Mends a material's tiling: bands along borders that do not fit are holes of the torus, filled from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from impasto.context import Context
from impasto.patterns.detection import find_regularity
from impasto.surface.resizing import resize
from impasto.surface.wrapping import border_step, seam_z
from impasto.texture import Maps, Texture

from .fill import Repair, fill_holes
from .parameters import MendTilingParameters
from .repair import is_too_small

VISIBLE_Z, VISIBLE_STEP, LEAST_STEP = 3.0, 2.0, 0.004
"""A seam is visible above this z-score, or above this step, unless the step is below one grey level, the last value."""
BANDS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Widths of bands to try, relative to the picture; the first without a visible seam is used."""
LEAST_BAND_PX = 8
SCALES, LEAST_SHRUNK_PX = (1, 4, 8), 48
"""Reductions at which a mended seam is checked, since changes of tone show from afar; and their fewest pixels."""
SEARCHED_PX = 512
"""Longest side for the search for a pattern."""
OUT_OF_STEP = 0.05
"""Largest share of a period by which a pattern may miss its next repeat."""
AXES = ("top and bottom", "left and right")


@dataclass(frozen=True)
class Periods:
    """Periods (y, x) of the pattern in pixels; None along an axis without one."""

    lengths: tuple[float | None, float | None] = (None, None)

    @classmethod
    def of(cls, maps: Maps) -> Periods:
        """The periods of the base colour, or of the first map."""
        texture = maps["base_color" if "base_color" in maps else next(iter(maps))]
        grey = texture.pixels.mean(2, keepdims=True)
        shrink = max(1.0, max(maps.size_px) / SEARCHED_PX)
        small = resize(grey, (round(maps.size_px[0] / shrink), round(maps.size_px[1] / shrink)))
        found = find_regularity(torch.from_numpy(small[..., 0]))
        if found is None or found.wave_vectors is not None:
            return cls()
        along_y, along_x = (
            None if rows is None else float(rows.period) * count * full / length
            for rows, count, full, length in zip(
                found.rows, found.sublattice.repeat_periods, maps.size_px, small.shape[:2], strict=True
            )
        )
        return cls((along_y, along_x))


def mend_maps(subject: Maps, parameters: MendTilingParameters, context: Context) -> Maps:
    """The subject with bands replaced along borders that do not continue each other."""
    context.progress(0.0, "Looking at the borders")
    if is_too_small(subject, context):
        return subject
    periods = Periods.of(subject)
    if parameters.whole_periods:
        subject = _crop(subject, periods, context)
    else:
        _note_misfit(subject, periods, context)
    broken = [axis for axis in (0, 1) if _is_visible(subject, axis)]
    if not broken:
        context.note("the borders continue each other, so nothing was mended")
        return subject
    half = subject.size_px[0] // 2, subject.size_px[1] // 2
    healed = _heal(_roll(subject, half), broken, periods, parameters, context)
    return _roll(healed, (-half[0], -half[1]))


def _heal(
    maps: Maps, broken: Sequence[int], periods: Periods, parameters: MendTilingParameters, context: Context
) -> Maps:
    """The maps, rolled by half, with the narrowest bands across their middles replaced that leave no visible seam."""
    widths = {axis: _widths(maps.size_px[axis], periods.lengths[axis], parameters.widest) for axis in broken}
    number = dict.fromkeys(broken, 0)
    best: tuple[float, dict[int, int], Maps] | None = None
    while True:
        bands = {axis: _band(maps.size_px[axis], widths[axis][number[axis]]) for axis in broken}
        mask = np.zeros(maps.size_px, bool)
        for axis, lines in bands.items():
            mask[lines if axis == 0 else (slice(None), lines)] = True
        filled = fill_holes(maps, Repair(mask, (True, True), None, parameters.quality, parameters.blend), context)
        worst = {axis: _z_in(filled, axis, lines) for axis, lines in bands.items()}
        if best is None or max(worst.values()) < best[0]:
            best = max(worst.values()), {axis: widths[axis][number[axis]] for axis in broken}, filled
        wider = [axis for axis in broken if worst[axis] >= VISIBLE_Z and number[axis] + 1 < len(widths[axis])]
        if not wider:
            break
        for axis in wider:
            number[axis] += 1
    for axis, width in best[1].items():
        context.note("{} pixels were replaced across the {} borders", width, AXES[axis])
    return best[2]


def _band(length: int, width: int) -> slice:
    """Rows or columns of a band of this width in the middle."""
    first = length // 2 - width // 2
    return slice(first, first + width)


def _widths(length: int, period: float | None, widest: float) -> Sequence[int]:
    """Widths of bands in pixels, narrowest first; whole periods if there is a pattern."""
    most = max(LEAST_BAND_PX, int(widest * length))
    widths = [max(LEAST_BAND_PX, length * share) for share in BANDS]
    if period:
        widths = [max(1, round(width / period)) * period for width in widths]
    even = sorted({min(most, round(width)) // 2 * 2 for width in widths})
    return [width for width in even if width < length - LEAST_BAND_PX] or [min(most, length // 2)]


def _is_visible(maps: Maps, axis: int) -> bool:
    """Whether the seam across an axis' borders is visible in any map."""
    for texture in maps.values():
        z, (step, height) = seam_z(texture.pixels)[1 - axis], _border_step(texture.pixels, axis)
        if height > LEAST_STEP and (z > VISIBLE_Z or step > VISIBLE_STEP):
            return True
    return False


def _border_step(pixels: np.ndarray, axis: int) -> tuple[float, float]:
    return border_step(pixels if axis == 1 else pixels.swapaxes(0, 1))


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
    if scale == 1:
        return pixels
    height, width = (side // scale for side in pixels.shape[:2])
    return resize(pixels[: height * scale, : width * scale], (height, width))


def _roll(maps: Maps, shift: tuple[int, ...]) -> Maps:
    textures = {
        name: Texture(np.roll(texture.pixels, shift, (0, 1)), texture.color_space) for name, texture in maps.items()
    }
    return replace(maps, textures=textures)


def _crop(subject: Maps, periods: Periods, context: Context) -> Maps:
    """The subject, cropped at the right and the bottom to whole periods."""
    height, width = (
        length if not period or period > length else round(int(length / period + OUT_OF_STEP) * period)
        for length, period in zip(subject.size_px, periods.lengths, strict=True)
    )
    height, width = min(height, subject.size_px[0]), min(width, subject.size_px[1])
    if (height, width) == subject.size_px:
        return subject
    context.note("cropped to {}x{} pixels, which are whole periods of the pattern", width, height)
    textures = {
        name: Texture(np.ascontiguousarray(texture.pixels[:height, :width]), texture.color_space)
        for name, texture in subject.items()
    }
    width_m = subject.width_m and subject.width_m * width / subject.size_px[1]
    return replace(subject, textures=textures, width_m=width_m)


def _note_misfit(subject: Maps, periods: Periods, context: Context) -> None:
    """Note if a pattern does not fit into the picture a whole number of times."""
    for length, period in zip(subject.size_px, periods.lengths, strict=True):
        if period and abs(length / period - round(length / period)) > OUT_OF_STEP:
            context.note("its pattern does not fit a whole number of times: whole_periods crops it first")
            return
