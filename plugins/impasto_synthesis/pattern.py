"""Rectification of a regular picture, so that whole periods of its pattern fit a torus."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import torch
from torch.nn.functional import normalize

from impasto.context import Context
from impasto.patterns.detection import Regularity, find_few_cells, find_regularity, find_regularity_of_lines, warp
from impasto.patterns.features import line_strength
from impasto.patterns.phases import Pattern
from impasto.texture import NORMAL_MAPS

from .light import luma_of

LARGEST_STRETCH = 0.2
"""Largest stretch of a period, as a logarithm, to fit whole periods; beyond it, distortion is worse than a seam."""
SENSITIVITY = {"auto": 1.0, "regular": 2.0}
"""Divisors of the thresholds for finding a pattern; if one is requested, half as clear a pattern is enough."""
MOST_PER_CELL = 8
"""Most cells of rows and columns in one of a few cells: a group of bricks is no cell."""
TILTED = 0.1
"""Share of the largest component of wave vectors below which another one is a tilt."""
SEEN_TURN = 5.0
"""Turn of a pattern, in degrees, above which a note says so."""


@dataclass(frozen=True)
class Fitted:
    """Rectified maps (c, h, w) for cutting, their periodic pattern, and the factor of their width.

    carried: other pictures (c, h, w) that were rectified with the maps. turned: by this many degrees, to fit.
    """

    maps: Mapping[str, torch.Tensor]
    pattern: Pattern = field(default_factory=Pattern)
    stretch_x: float = 1.0
    carried: Mapping[str, torch.Tensor] = field(default_factory=dict)
    turned: float = 0.0


def _regularities(light: torch.Tensor, wanted: str, is_closed: bool) -> Iterator[Regularity]:
    """Patterns in `light` (h, w), the likeliest first; none if none is wanted."""
    if wanted == "stochastic":
        return
    light, sensitivity = light.cpu(), SENSITIVITY[wanted]
    found = find_regularity(light, sensitivity)
    if found is None or (any(found.rows) and not all(found.rows)):
        lines = find_regularity_of_lines(line_strength(light[None]), sensitivity)
        found = lines if lines and (found is None or all(lines.rows)) else found
    few = find_few_cells(light, sensitivity) if is_closed else None
    if few and not (found and _cell_area(few) > MOST_PER_CELL * _cell_area(found)):
        yield few
    if found:
        yield found


def _cell_area(found: Regularity) -> float:
    """Area of a unit cell, in square pixels; infinite for rows along one axis."""
    wave_vectors, is_periodic = _axes(found)
    area = found.sublattice.rows * found.sublattice.columns / float(torch.linalg.det(wave_vectors).abs())
    return area if is_periodic.all() else math.inf


def fit_pattern(
    maps: Mapping[str, torch.Tensor],
    size_px: tuple[int, int],
    context: Context,
    wanted: str = "auto",
    degrees: float = 0.0,
    axis: int | None = None,
) -> Fitted | None:
    """Maps (c, h, w) rectified for their likeliest pattern that fits a torus of `size_px`; None if there is none.

    axis: the only one along which the result repeats, if any. Notes say if the pattern breaks or is turned.
    """
    found, fitted = None, None
    for found in _regularities(luma_of(maps), wanted, axis is None):
        if fitted := (
            fit_to_torus(maps, found, size_px, degrees) if axis is None else fit_along(maps, found, size_px, axis)
        ):
            break
    if found and not (fitted and fitted.pattern.closes):
        height, width = repeat_px(found)
        context.note(
            "the pattern repeats every {} x {} pixels: sizes that are no multiples break it somewhere", width, height
        )
    if fitted and abs(fitted.turned) > SEEN_TURN:
        context.note(
            "the pattern was turned by {} degrees, so that it repeats: another size may not need that",
            round(abs(fitted.turned)),
        )
    return fitted


def fit_to_torus(
    maps: Mapping[str, torch.Tensor], found: Regularity, size_px: tuple[int, int], degrees: float = 0.0
) -> Fitted | None:
    """Maps (c, h, w) resampled so that whole periods of the pattern fit a torus; None if that stretches too much.

    A = diag(H, W) N^-1 K maps centred source pixels to torus pixels, with K the wave vectors of the repeat and
    N = K R^T diag(H, W), rounded, of a pattern that R turns counter-clockwise by `degrees`.
    """
    size = torch.tensor([float(side) for side in size_px], dtype=torch.float64)
    wave_vectors, is_periodic = _axes(found)
    along_y, along_x = (rows.keystone if rows else 0.0 for rows in found.rows)
    for repeat_periods in (found.sublattice.repeat_periods, (1, 1)):  # a broken bond is better than none
        counts = torch.tensor(repeat_periods)
        closed = wave_vectors.double() / counts[:, None]
        cycles = closed @ rotation(degrees).T * size
        whole = torch.where(is_periodic[:, None], cycles.round(), cycles)
        if found.wave_vectors is not None:
            whole = _least_distorted(cycles, size)
        elif not degrees:
            whole = torch.diag(torch.where(is_periodic, whole.diag().clamp(min=1), size))
        if torch.linalg.det(whole).abs() < 0.5:
            continue
        affine = size[:, None] * torch.linalg.solve(whole, closed)
        stretches = torch.linalg.svdvals(affine).log()
        is_slanted = found.wave_vectors is not None and stretches.diff().abs() >= LARGEST_STRETCH
        if (stretches.abs() < LARGEST_STRETCH).all() and not is_slanted:
            warped = {name: warp(image, affine, (along_y, along_x)) for name, image in maps.items()}
            frequencies = (whole * counts[:, None] / size)[is_periodic].numpy()
            stretch_x = 1 / float(torch.linalg.inv(affine)[:, 1].norm())
            closes = repeat_periods == found.sublattice.repeat_periods
            pattern = Pattern(frequencies, found.sublattice, closes, found.tolerance)
            turned = math.degrees(float(_turns(affine @ rotation(degrees).T)))
            return Fitted(rotate_normals(warped, degrees), pattern, stretch_x, turned=turned)
    return None


def _least_distorted(cycles: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    """Whole numbers (2, 2) near the cycles of a lattice along the sides of a torus that change its cells least.

    A stretch, a change of a cell's shape, and a turn in radians count alike.
    """
    near = cycles.floor() + torch.tensor(list(product((0.0, 1.0), repeat=4)), dtype=cycles.dtype).view(-1, 2, 2)
    near = near[torch.linalg.det(near) * torch.linalg.det(cycles) > 0]
    if not len(near):
        return cycles.round()
    affine = size[:, None] * torch.linalg.solve(near, cycles / size)
    stretches = torch.linalg.svdvals(affine).log()
    stretch = stretches.abs().amax(1)
    distortion = stretch + stretches.diff(dim=1).abs()[:, 0] + _turns(affine).abs()
    return near[distortion.masked_fill(stretch >= LARGEST_STRETCH, torch.inf).argmin()]


def _turns(affine: torch.Tensor) -> torch.Tensor:
    """Angles (...) in radians by which matrices (..., 2, 2) turn."""
    return torch.atan2(affine[..., 1, 0] - affine[..., 0, 1], affine[..., 0, 0] + affine[..., 1, 1])


def fit_along(
    maps: Mapping[str, torch.Tensor], found: Regularity, size_px: tuple[int, int], axis: int
) -> Fitted | None:
    """Maps (c, h, w) stretched along one axis so that whole repeats of the pattern fit; None if that is too much.

    A repeat includes the pattern's bond; rows are not moved.
    """
    wave_vectors, is_periodic = _axes(found)
    if not is_periodic[axis]:
        return None
    repeat = found.sublattice.repeat_periods[axis] / float(wave_vectors[axis].norm())
    count = max(1, round(size_px[axis] / repeat))
    stretch = size_px[axis] / (count * repeat)
    if abs(math.log(stretch)) >= LARGEST_STRETCH:
        return None
    affine, wave_vector = torch.eye(2, dtype=torch.float64), np.zeros((1, 2), np.float32)
    affine[axis, axis], wave_vector[0, axis] = stretch, count / size_px[axis]
    warped = {name: warp(image, affine, (0.0, 0.0)) for name, image in maps.items()}
    return Fitted(warped, Pattern(wave_vector), stretch if axis else 1.0)


def lattice(found: Regularity) -> Pattern:
    """The pattern in the pixels of the picture; without wave vectors if its rows converge."""
    wave_vectors, is_periodic = _axes(found)
    if any(rows.keystone for rows in found.rows if rows):
        return Pattern()
    return Pattern(wave_vectors[is_periodic].numpy(), found.sublattice, tolerance=found.tolerance)


def repeat_px(found: Regularity) -> tuple[int, int]:
    """(height, width) of a repeat of the pattern and its bond, in pixels of the source; 1 along an axis without one."""
    wave_vectors, is_periodic = _axes(found)
    sizes = wave_vectors.abs() * is_periodic[:, None]
    least = sizes.where(sizes > TILTED * sizes.amax(1, keepdim=True), 1.0).amin(0)
    height, width = (torch.tensor(found.sublattice.repeat_periods) / least).round().int().tolist()
    return max(1, height), max(1, width)


def rotate_maps(maps: Mapping[str, torch.Tensor], degrees: float) -> Mapping[str, torch.Tensor]:
    """The largest upright part of maps (c, h, w) turned counter-clockwise."""
    if not degrees % 360:
        return maps
    warped = {name: warp(image, rotation(degrees), (0.0, 0.0)) for name, image in maps.items()}
    return rotate_normals(warped, degrees)


def rotation(degrees: float) -> torch.Tensor:
    """The matrix (2, 2) that rotates positions (y down, x) counter-clockwise."""
    angle = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    return torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])


def rotate_normals(maps: Mapping[str, torch.Tensor], degrees: float) -> Mapping[str, torch.Tensor]:
    """The maps of a rotated picture, with their normals rotated too, and of unit length."""
    if not degrees % 360:
        return maps
    done = dict(maps)
    for name in NORMAL_MAPS & maps.keys():
        x, y, z = done[name] * 2 - 1  # y up
        vectors = torch.stack([*(rotation(degrees).to(x) @ torch.stack([x, y]).flatten(1)).view(2, *x.shape), z])
        done[name] = normalize(vectors, dim=0) * 0.5 + 0.5
    return done


def _axes(found: Regularity) -> tuple[torch.Tensor, torch.Tensor]:
    """Two wave vectors (2, 2), and whether the pattern is periodic along them (2,).

    An axis without rows is perpendicular to the other, so that tilt is a rotation, and has one cycle per pixel.
    """
    if found.wave_vectors is not None:
        return found.wave_vectors, torch.ones(2, dtype=torch.bool)
    vectors = [rows.wave_vector(axis) if rows else None for axis, rows in enumerate(found.rows)]
    axes = []
    for axis, vector in enumerate(vectors):
        other = vectors[1 - axis]
        if vector is None and other is not None:
            turned = other / other.norm()
            vector = torch.stack([turned[1], -turned[0]]) if axis == 0 else torch.stack([-turned[1], turned[0]])
        assert vector is not None
        axes.append(vector)
    return torch.stack(axes), torch.tensor([vector is not None for vector in vectors])
