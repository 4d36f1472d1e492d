"""Height from the slopes of one normal map alone, as exact as the map is: a Fourier integral that measures its noise.

`heights.integrate` is its plain relative for training data, where a height map may know what the normals do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .heights import mirror

LONGEST_WAVES = 4.5
"""Waves per picture of the lowest frequency band: with fewer coefficients its noise could not be measured."""
WINDOW_PX = 1024
FINE_CYCLES = 0.125
"""Frequency, in cycles per pixel, above which differences and derivatives are told apart."""
MUCH_BETTER = 0.5
"""Least ratio of the two curls for slopes to count as differences of a height (measured sets: 0.96 to 7)."""
LEAST_RESPONSE = 1e-3
"""Least squared response of differences that is inverted, of a surface that tiles."""
LEAST_IN_PASSES = (0.3, 0.2, 0.1, 0.01)
"""The same in each pass over one that does not tile: small responses amplify the error of its guessed last slopes."""
FINEST_CYCLES = 0.2
"""Frequency, in cycles per pixel, from which on these limits hold."""
LARGEST_GRID_PX = 2**26
"""Largest grid of the Fourier transform: about 4 GiB; a surface that does not tile takes four times its own size."""

Grid = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class _Slopes:
    """Fourier transforms of slopes along x (P) and y (Q), and an operator D that makes them of a height."""

    P: np.ndarray
    Q: np.ndarray
    frequency: Grid
    D: Grid

    @property
    def response(self) -> np.ndarray:
        """|D|²."""
        return np.square(self.D[0]) + np.square(self.D[1])

    @property
    def along(self) -> np.ndarray:
        """D·(P, Q): what a height explains."""
        return self.D[0] * self.P + self.D[1] * self.Q

    @property
    def across(self) -> np.ndarray:
        """Curl of the slopes, D × (P, Q): 0 for slopes of a height, so all of it is noise."""
        return self.D[1] * self.P - self.D[0] * self.Q


def grid_px(size_px: tuple[int, int], wraps: tuple[bool, bool]) -> int:
    """Number of points of the grid that `height_from_slopes` works on."""
    return size_px[0] * (2 - wraps[0]) * size_px[1] * (2 - wraps[1])


def height_from_slopes(slopes: np.ndarray, wraps: tuple[bool, bool]) -> np.ndarray:
    """Height (H, W) in pixels, mean 0, of slopes (H, W, 2) to the right and down the rows (Frankot & Chellappa 1988).

    wraps: whether the surface wraps around (vertically, horizontally); if not, it is mirrored there. Departs from the
    paper twice. Slopes that are central differences, as the curl shows, are inverted as such. Frequency bands in which
    more than half of the energy is noise fade out: as much noise as the curl has is in the height's part, too.
    """
    height, width = slopes.shape[:2]
    p, q = slopes[..., 0].astype(np.float64), slopes[..., 1].astype(np.float64)
    are_differences = _are_differences(p, q)
    if all(wraps):
        found = _transform(p, q, are_differences)
        return _invert(found, p.shape, _weight(found, p.shape), LEAST_RESPONSE)
    height_px, weight = None, None
    for least_response in LEAST_IN_PASSES:
        around = _mirrored_slopes(p, q, wraps, height_px)
        found = _transform(*around, are_differences)
        weight = _weight(found, around[0].shape) if weight is None else weight
        height_px = _invert(found, around[0].shape, weight, least_response)[:height, :width]
    assert height_px is not None
    return height_px


def _transform(p: np.ndarray, q: np.ndarray, are_differences: bool) -> _Slopes:
    """The slopes' spectrum, with the operator of central differences or of derivatives."""
    omega = 2 * np.pi * np.fft.rfftfreq(p.shape[1])[None], 2 * np.pi * np.fft.fftfreq(p.shape[0])[:, None]
    D = (np.sin(omega[0]), np.sin(omega[1])) if are_differences else omega
    return _Slopes(np.fft.rfft2(p), np.fft.rfft2(q), omega, D)


def _invert(slopes: _Slopes, size_px: tuple[int, ...], weight: np.ndarray, least_response: float) -> np.ndarray:
    """Height of the slopes on a torus: −i D·(P, Q) / |D|², which is limited for differences."""
    response = slopes.response
    if slopes.D is not slopes.frequency:
        fine = np.hypot(*slopes.frequency) > 2 * np.pi * FINEST_CYCLES
        response = np.where(fine, np.maximum(response, least_response), response)
    H = slopes.along * (-1j * weight / np.maximum(response, 1e-12))
    H[0, 0] = 0
    return np.fft.irfft2(H, s=size_px)


def _are_differences(p: np.ndarray, q: np.ndarray) -> bool:
    """Whether slopes are central differences of a height: they then have less curl as such than as derivatives.

    The inner part is enough, under a window that takes the step across its borders away.
    """
    sides = [min(side, WINDOW_PX) for side in p.shape]
    top, left = ((side - part) // 2 for side, part in zip(p.shape, sides, strict=True))
    window = np.outer(*(np.hanning(part + 2)[1:-1] for part in sides))
    p, q = (x[top : top + sides[0], left : left + sides[1]] * window for x in (p, q))
    return _curl(_transform(p, q, True)) < MUCH_BETTER * _curl(_transform(p, q, False))


def _curl(slopes: _Slopes) -> float:
    """Share of the fine slopes' energy that no height explains, where the operator responds well."""
    fine = (np.hypot(*slopes.frequency) > 2 * np.pi * FINE_CYCLES) & (slopes.response > 0.1)
    energy = np.square(np.abs(slopes.P)) + np.square(np.abs(slopes.Q))
    noise = np.square(np.abs(slopes.across)) / np.maximum(slopes.response, 1e-12)
    return float(noise[fine].sum() / max(energy[fine].sum(), 1e-30))


def _weight(slopes: _Slopes, size_px: tuple[int, ...]) -> np.ndarray:
    """Weight of each coefficient: twice the share of its band's energy that is signal, at most 1.

    Signal and noise of a band are estimated from few coefficients, so a share above one half counts as certain.
    """
    waves = np.hypot(slopes.frequency[0] * size_px[1], slopes.frequency[1] * size_px[0]) / (2 * np.pi)
    band = np.ceil(np.log2(np.maximum(waves, LONGEST_WAVES) / LONGEST_WAVES)).astype(int).ravel()
    response = np.maximum(slopes.response, 1e-12)
    signal, noise = (
        np.bincount(band, (np.square(np.abs(part)) / response).ravel()) for part in (slopes.along, slopes.across)
    )
    return np.clip(2 * (1 - noise / np.maximum(signal, 1e-30)), 0, 1)[band].reshape(waves.shape)


def _mirrored_slopes(
    p: np.ndarray, q: np.ndarray, wraps: tuple[bool, bool], height_px: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of a surface that is mirrored along the axes that do not wrap around; height_px: an estimate, or None."""
    if not wraps[1]:
        p, q = mirror(_with_ends(p, 1, height_px), -1, 1), mirror(q, 1, 1)
    if not wraps[0]:
        wide = height_px if height_px is None or wraps[1] else mirror(height_px, 1, 1)
        p, q = mirror(p, 1, 0), mirror(_with_ends(q, 0, wide), -1, 0)
    return p, q


def _with_ends(slopes: np.ndarray, axis: int, height_px: np.ndarray | None) -> np.ndarray:
    """Slopes along an axis whose ends are those of a mirrored height: half the step to the next pixel.

    The step is that of an estimate `height_px`, or else the mean of both slopes.
    """
    x = np.moveaxis(slopes, axis, 0).copy()
    if len(x) < 2:
        return slopes
    if height_px is None:
        x[0], x[-1] = (x[0] + x[1]) / 4, (x[-1] + x[-2]) / 4
    else:
        h = np.moveaxis(height_px, axis, 0)
        x[0], x[-1] = (h[1] - h[0]) / 2, (h[-1] - h[-2]) / 2
    return np.moveaxis(x, 0, axis)
