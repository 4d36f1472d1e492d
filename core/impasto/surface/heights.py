"""Heights and slopes of normal maps. Trainers learn height and derive normals from it, so both must agree.

Height in pixels is height · height_range_m / width_m · width in pixels; its central differences are the slopes.
`height_from_slopes` measures the noise of a normal map, to be as exact as the map permits. `integrate` is simpler, and
may take long wavelengths from a known height; it prepares training data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..texture import Maps

STEEPEST_Z = 0.1
"""Least z of normals, so that no slope is above about 10."""
FINE_STEEPEST_Z = 1e-3
"""Least z of normals that are stored more finely than in 8 bits."""

OWN_HEIGHT_FITS = 0.7
"""Least correlation of slopes at which the height of a set is trusted."""
FLATTEST_PX = 1e-3
UNKNOWN_RELIEF = 0.04
"""Range of heights if it is unknown, relative to the width (measured stone: 0.03 to 0.06)."""
LONGEST_WAVES = 4.5
"""Waves per picture in the lowest frequency band: with fewer coefficients its noise could not be measured."""
WINDOW_PX = 1024
FINE_CYCLES = 0.125
"""Frequency, in cycles per pixel, above which central differences and derivatives can be distinguished."""
MUCH_BETTER = 0.5
"""Least ratio of the two curls for slopes to count as differences of a height (measured sets: 0.96 to 7)."""
LEAST_RESPONSE = 1e-3
"""Least squared response of differences that is inverted, for a seamless surface."""
LEAST_IN_PASSES = (0.3, 0.2, 0.1, 0.01)
"""Least squared response in each pass over other surfaces. Small responses amplify errors of slopes at borders."""
FINEST_CYCLES = 0.2
"""Frequency, in cycles per pixel, above which these limits apply."""
LARGEST_GRID_PX = 2**26
"""Largest grid of the Fourier transform, about 4 GiB. A surface that is not seamless takes four times its size."""

Grid = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Relief:
    """Normals (H, W, 3) encoded in [0, 1], their height (H, W, 1) in [0, 1], and the height's range in pixels."""

    normal: np.ndarray
    height: np.ndarray
    span_px: float


def scale_m(maps: Maps) -> tuple[float, float]:
    """(width, range of heights) of maps in metres; common values where they are unknown."""
    width_m = maps.width_m or 1.0
    return width_m, UNKNOWN_RELIEF * width_m if maps.height_range_m is None else maps.height_range_m


def slopes_from_normal(normal: np.ndarray, steepest_z: float = STEEPEST_Z) -> np.ndarray:
    """Slopes (H, W, 2) to the right and down the rows, from OpenGL normals (H, W, 3) encoded in [0, 1].

    steepest_z: least z of normals; `FINE_STEEPEST_Z` is for 16 bits.
    """
    x, y, z = np.moveaxis(2 * normal.astype(np.float32) - 1, 2, 0)
    z = np.maximum(z, steepest_z)
    return np.stack([-x / z, y / z], axis=2)


def normal_from_slopes(slopes: np.ndarray) -> np.ndarray:
    """OpenGL normals (H, W, 3) encoded in [0, 1], from slopes (H, W, 2) to the right and down the rows."""
    n = np.concatenate([-slopes[..., :1], slopes[..., 1:], np.ones_like(slopes[..., :1])], axis=2)
    return (0.5 + 0.5 * n / np.linalg.norm(n, axis=2, keepdims=True)).astype(np.float32)


def slopes_from_height(height_px: np.ndarray) -> np.ndarray:
    """Circular central differences (H, W, 2) of height (H, W) in pixels: to the right, and down the rows."""
    return np.stack([(np.roll(height_px, -1, axis) - np.roll(height_px, 1, axis)) / 2 for axis in (1, 0)], axis=2)


def integrate(slopes: np.ndarray, wraps: tuple[bool, bool], known_px: np.ndarray | None = None) -> np.ndarray:
    """Height (H, W) in pixels, mean 0, whose central differences fit slopes (H, W, 2) best (Frankot & Chellappa 1988).

    wraps: whether the surface wraps around (vertically, horizontally); other sides are mirrored. Departs from the paper
    at both ends of the spectrum: wavelengths of the picture's size, which 8-bit normals do not contain, are halved, or
    taken from the height `known_px` (H, W); wavelengths near two pixels are not amplified, although central differences
    attenuate them.
    """
    height, width = slopes.shape[:2]

    def transform(x: np.ndarray, across: int, down: int) -> np.ndarray:
        """Spectrum of x (H, W), mirrored with these signs."""
        x = x.astype(np.float64)
        x = x if wraps[1] else mirror(x, across, 1)
        return np.fft.rfft2(x if wraps[0] else mirror(x, down, 0))

    size_px = height * (2 - wraps[0]), width * (2 - wraps[1])
    fx, fy = np.fft.rfftfreq(size_px[1])[None], np.fft.fftfreq(size_px[0])[:, None]  # cycles per pixel
    spectrum = transform(slopes[..., 0], -1, 1)
    spectrum *= np.sin(2 * np.pi * fx)
    spectrum += np.sin(2 * np.pi * fy) * transform(slopes[..., 1], 1, -1)
    spectrum *= -1j
    spectrum /= np.maximum(_power(fx) + _power(fy), 1e-12)
    weight = 1 - np.exp2(-np.square(fx * width) - np.square(fy * height))  # half at one wave per picture
    spectrum *= weight
    if known_px is not None:
        spectrum += (1 - weight) * transform(known_px - known_px.mean(), 1, 1)
    return np.fft.irfft2(spectrum, s=size_px)[:height, :width]


def mirror(x: np.ndarray, sign: int, axis: int) -> np.ndarray:
    """x, followed by its mirror image times `sign`, which is -1 for slopes along the axis."""
    return np.concatenate([x, sign * np.flip(x, axis)], axis)


def _power(frequency: np.ndarray) -> np.ndarray:
    """Squared response of central differences, held at 1 above a quarter cycle per pixel instead of falling to 0."""
    return np.where(np.abs(frequency) < 0.25, np.square(np.sin(2 * np.pi * frequency)), 1.0)


def fit_scale(height: np.ndarray, slopes: np.ndarray) -> tuple[float, float]:
    """Factor of a height (H, W) that fits its slopes to slopes (H, W, 2), and the correlation of both."""
    found = slopes_from_height(height.astype(np.float64))
    energy = float((found * found).sum())
    product = float((found * slopes).sum())
    norm = np.sqrt(energy * float(np.square(slopes, dtype=np.float64).sum()))
    return product / max(energy, 1e-12), product / max(norm, 1e-12)


def with_agreeing_height(normal: np.ndarray, own: np.ndarray | None, wraps: tuple[bool, bool]) -> Relief:
    """Height for the normals (H, W, 3) of a set. own: its height (H, W, 1), which gives the longest waves if it fits.

    A seamless surface has no mean slope, so the mean is subtracted from the slopes of the normals.
    """
    slopes = slopes_from_normal(normal)
    slopes = slopes - slopes.mean((0, 1))
    known_px = None
    if own is not None:
        scale_px, correlation = fit_scale(own[..., 0], slopes)
        known_px = own[..., 0] * scale_px if correlation >= OWN_HEIGHT_FITS else None
    height_px = integrate(slopes, wraps, known_px)
    low, span_px = height_px.min(), max(float(np.ptp(height_px)), FLATTEST_PX)
    height = ((height_px - low) / span_px)[..., None].astype(np.float32)
    return Relief(normal_from_slopes(slopes), height, span_px)


def normal_length_error(normal: np.ndarray) -> float:
    """Mean deviation of normals (H, W, 3), encoded in [0, 1], from unit length; 0.003 from 8-bit rounding alone."""
    return float(np.abs(np.linalg.norm(normal.astype(np.float64) * 2 - 1, axis=2) - 1).mean())


def normal_height_consistency(normal: np.ndarray, height: np.ndarray) -> tuple[float, float]:
    """Agreement of normals (H, W, 3) and height (H, W, 1) on a torus: mean angle in degrees, correlation of slopes.

    Slopes are central differences, OpenGL (+Y up), at the scale of the height that fits best.
    """
    vectors = normal.astype(np.float64) * 2 - 1
    wanted = -vectors[..., :2] / np.maximum(vectors[..., 2:], 0.05)  # dh/dx, dh/dy
    h = height[..., 0].astype(np.float64)
    found = slopes_from_height(h) * (1, -1)  # OpenGL: +Y up
    scale = (wanted * found).sum() / max((found * found).sum(), 1e-12)
    derived = np.concatenate([-scale * found, np.ones_like(h)[..., None]], -1)
    derived /= np.linalg.norm(derived, axis=2, keepdims=True)
    lengths = np.maximum(np.linalg.norm(vectors, axis=2), 1e-6)
    cosines = (vectors * derived).sum(2) / lengths
    deviations = wanted - wanted.mean((0, 1)), found - found.mean((0, 1))
    norms = np.sqrt((deviations[0] ** 2).sum() * (deviations[1] ** 2).sum())
    correlation = (deviations[0] * deviations[1]).sum() / max(norms, 1e-12)
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean()), float(correlation)


@dataclass(frozen=True)
class _Slopes:
    """Fourier transforms of slopes along x (P) and y (Q), and the operator D that derives slopes from a height."""

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
        """D·(P, Q): the part of the slopes that a height explains."""
        return self.D[0] * self.P + self.D[1] * self.Q

    @property
    def across(self) -> np.ndarray:
        """Curl of the slopes, D × (P, Q), which is noise: slopes of a height have none."""
        return self.D[1] * self.P - self.D[0] * self.Q


def grid_px(size_px: tuple[int, int], wraps: tuple[bool, bool]) -> int:
    """Number of points in the grid of `height_from_slopes`."""
    return size_px[0] * (2 - wraps[0]) * size_px[1] * (2 - wraps[1])


def height_from_slopes(slopes: np.ndarray, wraps: tuple[bool, bool]) -> np.ndarray:
    """Height (H, W) in pixels, mean 0, of slopes (H, W, 2) to the right and down the rows (Frankot & Chellappa 1988).

    wraps: whether the surface wraps around (vertically, horizontally); other sides are mirrored. Departs from the paper
    twice. Slopes that are central differences, as the curl shows, are inverted as such. Frequency bands in which more
    than half of the energy is noise fade out: the part that a height explains has as much noise as the curl.
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
    """Spectra of the slopes, with the operator of central differences or of derivatives."""
    omega = 2 * np.pi * np.fft.rfftfreq(p.shape[1])[None], 2 * np.pi * np.fft.fftfreq(p.shape[0])[:, None]
    D = (np.sin(omega[0]), np.sin(omega[1])) if are_differences else omega
    return _Slopes(np.fft.rfft2(p), np.fft.rfft2(q), omega, D)


def _invert(slopes: _Slopes, size_px: tuple[int, ...], weight: np.ndarray, least_response: float) -> np.ndarray:
    """Height from slopes on a torus: −i D·(P, Q) / |D|², where |D|² of differences has a lower limit."""
    response = slopes.response
    if slopes.D is not slopes.frequency:
        fine = np.hypot(*slopes.frequency) > 2 * np.pi * FINEST_CYCLES
        response = np.where(fine, np.maximum(response, least_response), response)
    H = slopes.along * (-1j * weight / np.maximum(response, 1e-12))
    H[0, 0] = 0
    return np.fft.irfft2(H, s=size_px)


def _are_differences(p: np.ndarray, q: np.ndarray) -> bool:
    """Whether slopes are central differences of a height: interpreted so, they have less curl than as derivatives.

    The inner part is enough, under a window that removes the step across its borders.
    """
    sides = [min(side, WINDOW_PX) for side in p.shape]
    top, left = ((side - part) // 2 for side, part in zip(p.shape, sides, strict=True))
    window = np.outer(*(np.hanning(part + 2)[1:-1] for part in sides))
    p, q = (x[top : top + sides[0], left : left + sides[1]] * window for x in (p, q))
    return _curl(_transform(p, q, True)) < MUCH_BETTER * _curl(_transform(p, q, False))


def _curl(slopes: _Slopes) -> float:
    """Share of the energy of fine slopes that no height explains, where the operator responds well."""
    fine = (np.hypot(*slopes.frequency) > 2 * np.pi * FINE_CYCLES) & (slopes.response > 0.1)
    energy = np.square(np.abs(slopes.P)) + np.square(np.abs(slopes.Q))
    noise = np.square(np.abs(slopes.across)) / np.maximum(slopes.response, 1e-12)
    return float(noise[fine].sum() / max(energy[fine].sum(), 1e-30))


def _weight(slopes: _Slopes, size_px: tuple[int, ...]) -> np.ndarray:
    """Weight of each coefficient: twice the share of its band's energy that is signal, at most 1.

    Signal and noise of a band are estimated from few coefficients, so a share above one half counts as 1.
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
    """Slopes of a surface, mirrored along axes that do not wrap around. height_px: an estimate of it, or None."""
    if not wraps[1]:
        p, q = mirror(_with_ends(p, 1, height_px), -1, 1), mirror(q, 1, 1)
    if not wraps[0]:
        wide = height_px if height_px is None or wraps[1] else mirror(height_px, 1, 1)
        p, q = mirror(p, 1, 0), mirror(_with_ends(q, 0, wide), -1, 0)
    return p, q


def _with_ends(slopes: np.ndarray, axis: int, height_px: np.ndarray | None) -> np.ndarray:
    """Slopes along an axis, whose ends are replaced by those of a mirrored height: half the step to the next pixel.

    The step comes from an estimate `height_px` of the height, or else from the mean of both slopes.
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
