"""How good is a texture? Measures that need no pretrained weights, and no taste.

Pixels are float32 (H, W, C) in [0, 1] as in `Texture`. Every measure is deterministic by its seed. None replaces
looking: structure that is broken but locally right passes them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

PATCH_PX = 7
SMALLEST_LEVEL_PX = 16


def seam_z(pixels: np.ndarray) -> tuple[float, float]:
    """How much the wrap stands out: z-scores across the left-right (x) and the top-bottom (y) border.

    The spike at a border is its mean |difference| less the mean of its neighbours' on both sides; z compares
    it with the spikes of all interior columns (rows). Seamless: below 3 and above -4 (lower is smeared).
    """
    return _seam_z(pixels), _seam_z(pixels.swapaxes(0, 1))


def _seam_z(pixels: np.ndarray) -> float:
    """z across the wrap of axis 1."""
    steps = np.abs(np.roll(pixels, -1, 1) - pixels).mean((0, 2), dtype=np.float64)  # (W,); the last is the wrap
    spikes = steps - 0.5 * (np.roll(steps, 1) + np.roll(steps, -1))
    inside = spikes[1:-2]  # spikes that the wrap does not touch
    if len(inside) < 2:
        return 0.0
    return float((spikes[-1] - inside.mean()) / max(inside.std(), 1e-6))


def sliced_wasserstein(
    a: np.ndarray, b: np.ndarray, seed: int = 0, patches: int = 8192, directions: int = 512
) -> list[float]:
    """Distance x 1000 of a's and b's 7x7 patches at each level of their Laplacian pyramids, finest first.

    a (H, W, C) and b (H', W', C) at equal texel size; levels go down to 16 px. Each channel of each is normalised,
    so colour and contrast do not count: see `color_distance`, `contrast_ratio` (Karras et al. 2018, section 5).
    """
    rng = np.random.default_rng(seed)
    distances = []
    for level_a, level_b in zip(laplacian_pyramid(a), laplacian_pyramid(b), strict=False):
        patches_a, patches_b = (_patches(level, patches, rng) for level in (level_a, level_b))
        distances.append(1e3 * _sliced_distance(patches_a, patches_b, directions, rng))
    return distances


def laplacian_pyramid(pixels: np.ndarray) -> list[torch.Tensor]:
    """Band-pass levels (C, h, w) of pixels (H, W, C), finest first; the last is the low-pass remainder."""
    import torch
    from torch.nn.functional import interpolate

    image = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32))
    levels = []
    while min(image.shape[1:]) >= 2 * SMALLEST_LEVEL_PX:
        smaller = _halved(image)
        larger = interpolate(smaller[None], size=image.shape[1:], mode="bilinear", align_corners=False)[0]
        levels.append(image - larger)
        image = smaller
    return [*levels, image]


def _halved(image: torch.Tensor) -> torch.Tensor:
    """Half the size of (C, H, W), after the binomial filter [1, 3, 3, 1] / 8 along both axes."""
    import torch
    from torch.nn.functional import conv2d, pad

    height, width = (2 * (side // 2) for side in image.shape[1:])
    padded = pad(image[:, None, :height, :width], (1, 1, 1, 1), mode="replicate")
    row = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    kernel = (row[:, None] * row)[None, None]
    return conv2d(padded, kernel, stride=2)[:, 0]


def _patches(level: torch.Tensor, count: int, rng: np.random.Generator) -> torch.Tensor:
    """Patches (count, C x 49) at random places of level (C, h, w), each channel normalised over all patches."""
    import torch

    _, height, width = level.shape
    size = min(PATCH_PX, height, width)
    y, x = (torch.from_numpy(rng.integers(0, side - size + 1, count)) for side in (height, width))
    offsets = torch.arange(size)
    rows, columns = y[:, None, None] + offsets[:, None], x[:, None, None] + offsets
    patches = level[:, rows, columns].flatten(2)  # (C, count, 49)
    patches = patches - patches.mean((1, 2), keepdim=True)
    patches = patches / patches.std((1, 2), keepdim=True).clamp(min=1e-6)
    return patches.permute(1, 0, 2).flatten(1)


def _sliced_distance(a: torch.Tensor, b: torch.Tensor, directions: int, rng: np.random.Generator) -> float:
    """Mean |difference| of the sorted projections of a and b (n, d) on random unit directions."""
    basis = rng.standard_normal((directions, a.shape[1]), np.float32)
    basis /= np.linalg.norm(basis, axis=1, keepdims=True)
    projections = (np.sort(basis @ patches.numpy().T, axis=1) for patches in (a, b))  # NumPy sorts 10 x faster here
    return float(np.abs(np.subtract(*projections)).mean())


def fine(levels: Sequence[float]) -> float:
    """Mean of the three finest levels, the ones with enough independent patches to be judged by."""
    return float(np.mean(levels[:3]))


def swd_floor(source: np.ndarray, seed: int = 0, directions: int = 512) -> list[float]:
    """`sliced_wasserstein` between two disjoint halves of the source, the mean over both ways to halve it.

    What another crop of the same photograph scores: a result cannot be asked for less. With 8,192 patches most of it
    is the sampling itself: a picture scores 20 against itself, 24 against its other half, 68 blurred.
    """
    height, width = source.shape[0] // 2, source.shape[1] // 2
    halves = [(source[:, :width], source[:, -width:]), (source[:height], source[-height:])]
    scores = [sliced_wasserstein(*half, seed, directions=directions) for half in halves]
    return [float(np.mean(level)) for level in zip(*scores, strict=False)]


def contrast_ratio(result: np.ndarray, source: np.ndarray) -> list[float]:
    """Deviation of the result over the source's at each level of the pyramid, finest first; 1 is faithful."""
    ratios = []
    for level, reference in zip(laplacian_pyramid(result), laplacian_pyramid(source), strict=False):
        ratios.append(float(level.std() / reference.std().clamp(min=1e-6)))
    return ratios


def color_distance(result: np.ndarray, source: np.ndarray, samples: int = 4096) -> tuple[float, ...]:
    """Wasserstein-1 distance of each channel's values, in the pixels' own units (0.01: one per cent of the range)."""
    quantiles = (np.arange(samples) + 0.5) / samples
    distances = []
    for channel in range(result.shape[2]):
        values = [np.quantile(pixels[..., channel], quantiles) for pixels in (result, source)]
        distances.append(float(np.abs(values[0] - values[1]).mean()))
    return tuple(distances)


def radial_power_spectrum(pixels: np.ndarray) -> np.ndarray:
    """Mean power (min(H, W) // 2,) of the luminance by spatial frequency, in cycles per image of the shorter side.

    A Hann window keeps the borders of pictures that do not tile out of it. Noise passes it: only beside SWD.
    """
    height, width = pixels.shape[:2]
    luminance = pixels.mean(2, dtype=np.float64)
    window = np.hanning(height)[:, None] * np.hanning(width)
    power = np.abs(np.fft.fft2((luminance - luminance.mean()) * window)) ** 2 / (window**2).sum()
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) * min(height, width)
    ring = np.round(frequency).astype(int).ravel()
    power_by_ring = np.bincount(ring, power.ravel()) / np.maximum(np.bincount(ring), 1)
    return power_by_ring[: min(height, width) // 2]


def nearest_patch_distances(
    result: np.ndarray, source: np.ndarray, seed: int = 0, count: int = 256, patch_px: int = 11
) -> np.ndarray:
    """How far `count` random patches of the result are from the nearest in the source, (count,).

    RMS difference of luminance over the source's deviation: 0 is a copy, about 1.4 a random patch. Divide the
    median by another photograph's of the same surface for novelty: 1 is as new as that.
    """
    import torch
    from torch.fft import irfft2, rfft2

    rng = np.random.default_rng(seed)
    target, known = (torch.from_numpy(pixels.mean(2, dtype=np.float32)) for pixels in (result, source))
    known, target = known - known.mean(), target - known.mean()
    (height, width), size = known.shape, (patch_px, patch_px)
    window = rfft2(torch.ones(size), s=known.shape).conj()
    energy = irfft2(rfft2(known.square()) * window, s=known.shape)
    spectrum = rfft2(known)
    y, x = (torch.from_numpy(rng.integers(0, side - patch_px + 1, count)) for side in target.shape)
    offsets = torch.arange(patch_px)
    patches = target[y[:, None, None] + offsets[:, None], x[:, None, None] + offsets]  # (count, p, p)
    nearest = []
    for batch in patches.split(16):
        products = irfft2(spectrum * rfft2(batch, s=known.shape).conj(), s=known.shape)
        squares = batch.square().sum((1, 2))[:, None, None] - 2 * products + energy
        nearest.append(squares[:, : height - patch_px + 1, : width - patch_px + 1].amin((1, 2)))
    mean_squares = torch.cat(nearest).clamp(min=0) / patch_px**2
    return (mean_squares.sqrt() / known.std().clamp(min=1e-6)).numpy()


def largest_copied_block(result: np.ndarray, source: np.ndarray, probe_px: int = 32) -> tuple[int, tuple[int, int]]:
    """Side in pixels of the largest square that the result (a torus) shows as the source does, and its shift (y, x).

    Light does not count: copied is where 11x11 windows correlate by more than 0.95. The shift is source place less
    result place; (0, 0) with a large block means that the layout was kept. A probe every `probe_px` finds shifts.
    """
    import torch
    from torch.fft import irfft2, rfft2

    wide = np.pad(result, ((0, probe_px), (0, probe_px), (0, 0)), mode="wrap")
    target, known = (_locally_normalised(torch.from_numpy(p.mean(2, dtype=np.float32))) for p in (wide, source))
    spectrum = rfft2(known)
    shifts = set()
    for y in range(0, result.shape[0], probe_px):
        probes = torch.stack([target[y : y + probe_px, x : x + probe_px] for x in range(0, result.shape[1], probe_px)])
        products = irfft2(spectrum * rfft2(probes, s=known.shape).conj(), s=known.shape).flatten(1)
        best = products.max(1)
        for column, (value, index) in enumerate(zip(best.values, best.indices.tolist(), strict=True)):
            if value > 0.5 * probes[column].square().sum():
                shifts.add((index // known.shape[1] - y, index % known.shape[1] - column * probe_px))
    sides = {shift: _largest_copy(target, known, shift) for shift in sorted(shifts)}
    return max(((side, shift) for shift, side in sides.items()), default=(0, (0, 0)))


def repeated_share(result: np.ndarray, probe_px: int = 32, near_px: int = 8) -> float:
    """Share of the result (a torus) that it shows a second time: 0 no piece comes twice, 1 all do.

    Light does not count: repeated is a probe of `probe_px` that correlates by more than 0.9 with another place,
    further off than `near_px`.
    """
    import torch
    from torch.fft import irfft2, rfft2

    height, width = result.shape[:2]
    margin = 11
    wide = np.pad(result.mean(2, dtype=np.float32), margin, mode="wrap")
    target = _locally_normalised(torch.from_numpy(wide))[margin:-margin, margin:-margin]
    spectrum, found = rfft2(target), []
    for y in range(0, height - probe_px + 1, probe_px):
        columns = range(0, width - probe_px + 1, probe_px)
        probes = torch.stack([target[y : y + probe_px, x : x + probe_px] for x in columns])
        products = irfft2(spectrum * rfft2(probes, s=target.shape).conj(), s=target.shape)
        for probe, product, x in zip(probes, products, columns, strict=True):
            elsewhere = product.roll((near_px - y, near_px - x), (0, 1))
            elsewhere[: 2 * near_px + 1, : 2 * near_px + 1] = 0
            found.append(float(elsewhere.max() > 0.9 * probe.square().sum()))
    return float(np.mean(found)) if found else 0.0


def _locally_normalised(image: torch.Tensor) -> torch.Tensor:
    """Zero mean and unit deviation in each 11x11 window of (H, W)."""
    mean = _box_mean(image)
    deviation = (_box_mean(image.square()) - mean.square()).clamp(min=1e-7).sqrt()
    return (image - mean) / deviation


def _box_mean(image: torch.Tensor, size: int = 11) -> torch.Tensor:
    from torch.nn.functional import avg_pool2d

    across = avg_pool2d(image[None], (1, size), 1, (0, size // 2), count_include_pad=False)
    return avg_pool2d(across, (size, 1), 1, (size // 2, 0), count_include_pad=False)[0]


def _largest_copy(target: torch.Tensor, known: torch.Tensor, shift: tuple[int, int]) -> int:
    """Side of the largest square in which target(p) agrees with known(p + shift)."""
    low = [max(0, -s) for s in shift]
    high = [min(t, k - s) for t, k, s in zip(target.shape, known.shape, shift, strict=True)]
    if min(h - lo for h, lo in zip(high, low, strict=True)) < 11:
        return 0
    a = target[low[0] : high[0], low[1] : high[1]]
    b = known[low[0] + shift[0] : high[0] + shift[0], low[1] + shift[1] : high[1] + shift[1]]
    copied = _box_mean(a * b) > 0.95 * (_box_mean(a * a) * _box_mean(b * b)).sqrt().clamp(min=1e-3)
    sums = np.pad(copied.numpy().astype(np.int64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    side, most = 0, min(copied.shape)
    while side < most:
        middle = (side + most + 1) // 2
        boxes = sums[middle:, middle:] - sums[:-middle, middle:] - sums[middle:, :-middle] + sums[:-middle, :-middle]
        side, most = (middle, most) if (boxes == middle * middle).any() else (side, middle - 1)
    return side


def normal_length_error(normal: np.ndarray) -> float:
    """Mean deviation of normals (H, W, 3), encoded in [0, 1], from unit length. 8 bits alone cost 0.003."""
    return float(np.abs(np.linalg.norm(normal.astype(np.float64) * 2 - 1, axis=2) - 1).mean())


def normal_height_consistency(normal: np.ndarray, height: np.ndarray) -> tuple[float, float]:
    """Normals (H, W, 3) against height (H, W, 1) on a torus: mean angle in degrees, and correlation of the slopes.

    Slopes by central differences, OpenGL (+Y up), at the one height scale that fits best.
    """
    vectors = normal.astype(np.float64) * 2 - 1
    wanted = -vectors[..., :2] / np.maximum(vectors[..., 2:], 0.05)  # dh/dx, dh/dy
    h = height[..., 0].astype(np.float64)
    found = np.stack([np.roll(h, -1, 1) - np.roll(h, 1, 1), np.roll(h, 1, 0) - np.roll(h, -1, 0)], -1) / 2
    scale = (wanted * found).sum() / max((found * found).sum(), 1e-12)
    derived = np.concatenate([-scale * found, np.ones_like(h)[..., None]], -1)
    derived /= np.linalg.norm(derived, axis=2, keepdims=True)
    lengths = np.maximum(np.linalg.norm(vectors, axis=2), 1e-6)
    cosines = (vectors * derived).sum(2) / lengths
    deviations = wanted - wanted.mean((0, 1)), found - found.mean((0, 1))
    norms = np.sqrt((deviations[0] ** 2).sum() * (deviations[1] ** 2).sum())
    correlation = (deviations[0] * deviations[1]).sum() / max(norms, 1e-12)
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean()), float(correlation)
