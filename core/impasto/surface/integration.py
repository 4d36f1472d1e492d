"""Height from the slopes of one normal map alone, as exact as the map is: a Fourier integral that measures its noise.

`heights.integrate` is its plain relative for training data, where a height map may know what the normals do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LONGEST_WAVES = 4.5
"""Waves per picture of the lowest frequency band: with fewer coefficients its noise could not be measured."""
WINDOW_PX = 1024
FINE_CYCLES = 0.125
"""Frequency, in cycles per pixel, above which differences and derivatives are told apart."""
MUCH_BETTER = 0.5
"""Least ratio of the two curls for slopes to count as differences of a height (measured sets: 0.96 to 7)."""
LEAST_RESPONSE, LEAST_WITH_BORDERS, LEAST_AT_FIRST = 1e-3, 1e-2, 0.2
"""Least squared response of differences that is inverted: of a surface that tiles, and of one that does not, whose last
slopes are a guess with an error that small responses amplify; and of the first pass, which that guess is made with."""
FINEST_CYCLES = 0.2
"""Frequency, in cycles per pixel, from which on these limits hold."""
LARGEST_GRID_PX = 2**26
"""Largest grid of the Fourier transform, 8192²: about 4 GiB of memory. A surface that does not tile takes four times
its own size."""

Grid = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class _Spectrum:
    """Fourier transforms of slopes, and an operator D = (along x, along y) that their height's slopes are made with."""

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
    if all(wraps):
        p, q = slopes[..., 0].astype(np.float64), slopes[..., 1].astype(np.float64)
        return _integrated(p, q, LEAST_RESPONSE, _are_differences(p, q))
    p, q = slopes[..., 0].astype(np.float64), slopes[..., 1].astype(np.float64)
    p, q = p if wraps[1] else _with_ends(p, 1), q if wraps[0] else _with_ends(q, 0)
    are_differences = _are_differences(p, q)
    first = _unmirrored(p, q, wraps, LEAST_AT_FIRST, are_differences)
    p, q = p if wraps[1] else _with_ends(p, 1, first), q if wraps[0] else _with_ends(q, 0, first)
    return _unmirrored(p, q, wraps, LEAST_WITH_BORDERS, are_differences)


def _unmirrored(
    p: np.ndarray, q: np.ndarray, wraps: tuple[bool, bool], least_response: float, are_differences: bool
) -> np.ndarray:
    """Height (H, W) of slopes p and q, which are mirrored along the axes that do not wrap around."""
    height, width = p.shape
    if not wraps[1]:
        p, q = _mirrored(p, -1, 1), _mirrored(q, 1, 1)
    if not wraps[0]:
        p, q = _mirrored(p, 1, 0), _mirrored(q, -1, 0)
    return _integrated(p, q, least_response, are_differences)[:height, :width]


def _integrated(p: np.ndarray, q: np.ndarray, least_response: float, are_differences: bool) -> np.ndarray:
    """Height (H, W) on a torus of its slopes to the right (p) and down the rows (q)."""
    found = _spectrum(p, q, are_differences)
    response = found.response
    if are_differences:
        fine = np.hypot(*found.frequency) > 2 * np.pi * FINEST_CYCLES
        response = np.where(fine, np.maximum(response, least_response), response)
    H = found.along * (-1j * _weight(found, p.shape) / np.maximum(response, 1e-12))
    H[0, 0] = 0
    return np.fft.irfft2(H, s=p.shape)


def _spectrum(p: np.ndarray, q: np.ndarray, are_differences: bool) -> _Spectrum:
    """The slopes' spectrum, with the operator of central differences or of derivatives."""
    omega = 2 * np.pi * np.fft.rfftfreq(p.shape[1])[None], 2 * np.pi * np.fft.fftfreq(p.shape[0])[:, None]
    D = (np.sin(omega[0]), np.sin(omega[1])) if are_differences else omega
    return _Spectrum(np.fft.rfft2(p), np.fft.rfft2(q), omega, D)


def _are_differences(p: np.ndarray, q: np.ndarray) -> bool:
    """Whether slopes are central differences of a height: they then have less curl as such than as derivatives.

    The inner part is enough, under a window that takes the step across its borders away.
    """
    sides = [min(side, WINDOW_PX) for side in p.shape]
    top, left = ((side - part) // 2 for side, part in zip(p.shape, sides, strict=True))
    window = np.outer(*(np.hanning(part + 2)[1:-1] for part in sides))
    p, q = (x[top : top + sides[0], left : left + sides[1]] * window for x in (p, q))
    return _curl(_spectrum(p, q, True)) < MUCH_BETTER * _curl(_spectrum(p, q, False))


def _curl(slopes: _Spectrum) -> float:
    """Share of the fine slopes' energy that no height explains, where the operator responds well."""
    fine = (np.hypot(*slopes.frequency) > 2 * np.pi * FINE_CYCLES) & (slopes.response > 0.1)
    energy = np.square(np.abs(slopes.P)) + np.square(np.abs(slopes.Q))
    noise = np.square(np.abs(slopes.across)) / np.maximum(slopes.response, 1e-12)
    return float(noise[fine].sum() / max(energy[fine].sum(), 1e-30))


def _weight(slopes: _Spectrum, size_px: tuple[int, ...]) -> np.ndarray:
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


def _with_ends(slopes: np.ndarray, axis: int, height_px: np.ndarray | None = None) -> np.ndarray:
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


def _mirrored(x: np.ndarray, sign: int, axis: int) -> np.ndarray:
    """x followed by its mirror image times `sign`, which is -1 for slopes along the axis."""
    return np.concatenate([x, sign * np.flip(x, axis)], axis)
