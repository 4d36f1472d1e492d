"""Detection of copies in a result: of a model's training pictures, or of its own parts.

Pictures are (H, W, C) in [0, 1]; only luminance is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .patches import Pictures, as_list

if TYPE_CHECKING:
    import torch

COPY_CORRELATION = 0.98
NOVELTY_PATCH_PX = 11
WINDOW_PX = 11
"""Side of the window in which copies are compared."""
COPIED_BLOCK_PX = 32
"""Side of the smallest copied squares that count; squares of 48 px and more are always found."""
IN_PLACE_PX = 8


class Nearest(NamedTuple):
    """Random patches of a result and their nearest neighbours in the source; all arrays are (count, …).

    distances: RMS difference over the source's standard deviation: 0 for a copy, about 1.4 for a random patch.
    correlations: the largest with any patch of the source, independent of brightness and contrast; 0 for flat patches.
    places: (y, x) of each patch in the result. pictures, found: index of the source's picture with the nearest patch,
    and (y, x) in it.
    """

    distances: np.ndarray
    correlations: np.ndarray
    places: np.ndarray
    pictures: np.ndarray
    found: np.ndarray


def nearest_patches(
    result: np.ndarray, source: Pictures, seed: int = 0, count: int = 256, patch_px: int = NOVELTY_PATCH_PX
) -> Nearest:
    """Nearest neighbours of `count` random patches of the result in any picture of the source."""
    import torch

    rng = np.random.default_rng(seed)
    target, known = _luminance(result), [_luminance(picture) for picture in as_list(source)]
    mean = torch.cat([picture.flatten() for picture in known]).mean()
    deviation = float(torch.cat([picture.flatten() for picture in known]).std().clamp(min=1e-6))
    y, x = (torch.from_numpy(rng.integers(0, side - patch_px + 1, count)) for side in target.shape)
    offsets = torch.arange(patch_px)
    patches = (target - mean)[y[:, None, None] + offsets[:, None], x[:, None, None] + offsets]  # (count, p, p)
    searched = [_search(patches, picture - mean, 0.02 * deviation) for picture in known]
    squares, best, places = (torch.stack(parts) for parts in zip(*searched, strict=True))  # (pictures, count)
    pictures = squares.argmin(0)
    chosen = places.gather(0, pictures[None])[0]
    widths = torch.tensor([picture.shape[1] for picture in known])[pictures]
    return Nearest(
        (squares.amin(0).clamp(min=0) / patch_px**2).sqrt().numpy() / deviation,
        best.amax(0).numpy(),
        torch.stack([y, x], 1).numpy(),
        pictures.numpy(),
        torch.stack([chosen // widths, chosen % widths], 1).numpy(),
    )


def _search(
    patches: torch.Tensor, known: torch.Tensor, least_deviation: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """For patches (N, p, p), their nearest in known (H, W): squared distance, largest correlation, and index."""
    import torch
    from torch.fft import irfft2, rfft2

    (height, width), side = known.shape, patches.shape[1]
    rows, columns = height - side + 1, width - side + 1
    window = rfft2(torch.ones(side, side), s=known.shape).conj()
    sums = irfft2(rfft2(known) * window, s=known.shape)[:rows, :columns]
    energy = irfft2(rfft2(known.square()) * window, s=known.shape)[:rows, :columns]
    norms = (energy - sums.square() / side**2).clamp(min=(least_deviation * side) ** 2).sqrt()
    spectrum = rfft2(known)
    squares, best, places = [], [], []
    for batch in patches.split(16):
        products = irfft2(spectrum * rfft2(batch, s=known.shape).conj(), s=known.shape)[:, :rows, :columns]
        distances = (batch.square().sum((1, 2))[:, None, None] - 2 * products + energy).flatten(1)
        means = batch.mean((1, 2))
        norm = (batch - means[:, None, None]).square().sum((1, 2)).sqrt().clamp(min=least_deviation * side)
        correlations = (products - means[:, None, None] * sums) / (norm[:, None, None] * norms)
        nearest = distances.min(1)
        squares.append(nearest.values)
        best.append(correlations.flatten(1).amax(1))
        places.append(nearest.indices // columns * width + nearest.indices % columns)
    return torch.cat(squares), torch.cat(best), torch.cat(places)


def novelty(found: Nearest, usual: Sequence[Nearest]) -> tuple[float, float]:
    """Novelty and excess of near copies of a result, relative to other real pictures (`usual`), in the same source.

    Novelty is the ratio of the median distances: 0 for a copy, 1 for another crop; 0.85 and more is good. Blurred
    patches lower it, since they are near to everything. Near copies correlate by more than 0.98. Real pictures have
    some too, along straight edges, so their fraction is subtracted; 0.05 and less is good.
    """
    distances, correlations = (np.concatenate(parts) for parts in list(zip(*usual, strict=True))[:2])
    excess = (found.correlations > COPY_CORRELATION).mean() - (correlations > COPY_CORRELATION).mean()
    return float(np.median(found.distances) / max(np.median(distances), 1e-6)), float(max(0.0, excess))


def _luminance(pixels: np.ndarray) -> torch.Tensor:
    import torch

    return torch.from_numpy(pixels.mean(2, dtype=np.float32))


class Copies(NamedTuple):
    """Verbatim copies of the source in a result.

    share: of the result's pixels in copied squares of `COPIED_BLOCK_PX` or larger. in_place: the same for squares at
    their place in the source, within `IN_PLACE_PX`. block_px: side of the largest copied square. shift: position (y, x)
    of that square in the source minus its position in the result.
    """

    share: float
    in_place: float
    block_px: int
    shift: tuple[int, int]


def verbatim_copies(result: np.ndarray, source: np.ndarray, probe_px: int = 32) -> Copies:
    """Copies of the source in the result (a torus).

    Pixels count as copied if the 11x11 windows around them correlate by more than 0.95. Probes every `probe_px` find
    candidate shifts. A large block with shift (0, 0) means that the layout was kept.
    """
    target, known = _padded_target(result, source, probe_px)
    height, width = result.shape[:2]
    shape = height + probe_px, width + probe_px
    everywhere, in_place = (np.zeros(shape, bool) for _ in range(2))
    largest, largest_shift = 0, (0, 0)
    for shift in _likely_shifts(result, target, known, probe_px):
        copied, (y, x) = _copied_pixels(target, known, shift)
        if not copied.any():
            continue
        side = _largest_square(copied)
        if side > largest:
            largest, largest_shift = side, shift
        if side < COPIED_BLOCK_PX:
            continue
        blocks = _opening(copied, COPIED_BLOCK_PX)
        window = slice(y, y + blocks.shape[0]), slice(x, x + blocks.shape[1])
        everywhere[window] |= blocks
        if max(map(abs, shift)) <= IN_PLACE_PX:
            in_place[window] |= blocks
    shares = []
    for found in (everywhere, in_place):
        found[:probe_px] |= found[height:]
        found[:, :probe_px] |= found[:, width:]
        shares.append(float(found[:height, :width].mean()))
    return Copies(shares[0], shares[1], largest, largest_shift)


def _padded_target(result: np.ndarray, source: np.ndarray, pad_px: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Locally normalised luminances of the result, wrapped across its right and lower borders, and of the source."""
    import torch

    wide = np.pad(result, ((0, pad_px), (0, pad_px), (0, 0)), mode="wrap")
    target, known = (_local_normalization(torch.from_numpy(p.mean(2, dtype=np.float32))) for p in (wide, source))
    return target, known


def _likely_shifts(
    result: np.ndarray, target: torch.Tensor, known: torch.Tensor, probe_px: int
) -> list[tuple[int, int]]:
    """For each probe of the result, the shift with the best match in the source, if the match is good."""
    import torch
    from torch.fft import irfft2, rfft2

    spectrum = rfft2(known)
    shifts = set()
    for y in range(0, result.shape[0], probe_px):
        probes = torch.stack([target[y : y + probe_px, x : x + probe_px] for x in range(0, result.shape[1], probe_px)])
        products = irfft2(spectrum * rfft2(probes, s=known.shape).conj(), s=known.shape).flatten(1)
        best = products.max(1)
        for column, (value, index) in enumerate(zip(best.values, best.indices.tolist(), strict=True)):
            if value > 0.5 * probes[column].square().sum():
                shifts.add((index // known.shape[1] - y, index % known.shape[1] - column * probe_px))
    return sorted(shifts)


def repeated_share(result: np.ndarray, probe_px: int = 32, near_px: int = 8, mirrored: bool = False) -> float:
    """Fraction of the result (a torus) that occurs in it a second time, from 0 to 1.

    A probe of `probe_px` is repeated if it correlates by more than 0.9, after local normalisation, with a place more
    than `near_px` away. mirrored: reflections in both axes count as well.
    """
    import torch
    from torch.fft import irfft2, rfft2

    height, width = result.shape[:2]
    margin = WINDOW_PX
    wide = np.pad(result.mean(2, dtype=np.float32), margin, mode="wrap")
    target = _local_normalization(torch.from_numpy(wide))[margin:-margin, margin:-margin]
    spectrum, found = rfft2(target), []
    for y in range(0, height - probe_px + 1, probe_px):
        columns = range(0, width - probe_px + 1, probe_px)
        probes = torch.stack([target[y : y + probe_px, x : x + probe_px] for x in columns])
        best = torch.zeros(len(probes))
        for axes in [(), (1,), (2,)] if mirrored else [()]:
            products = irfft2(spectrum * rfft2(probes.flip(axes), s=target.shape).conj(), s=target.shape)
            for index, x in enumerate(columns):
                elsewhere = products[index].roll((near_px - y, near_px - x), (0, 1))
                elsewhere[: 2 * near_px + 1, : 2 * near_px + 1] = 0
                best[index] = best[index].maximum(elsewhere.max())
        found += (best > 0.9 * probes.square().sum((1, 2))).float().tolist()
    return float(np.mean(found)) if found else 0.0


def _local_normalization(image: torch.Tensor) -> torch.Tensor:
    """Image (H, W), standardised by mean and deviation in the window around each pixel."""
    mean = _box_mean(image)
    deviation = (_box_mean(image.square()) - mean.square()).clamp(min=1e-7).sqrt()
    return (image - mean) / deviation


def _box_mean(image: torch.Tensor) -> torch.Tensor:
    """Means of the window around each pixel of an image (H, W)."""
    from impasto.numerics.filters import box_mean

    return box_mean(image[None], WINDOW_PX, WINDOW_PX)[0]


def _copied_pixels(
    target: torch.Tensor, known: torch.Tensor, shift: tuple[int, int]
) -> tuple[np.ndarray, tuple[int, int]]:
    """Whether target(p) is a copy of known(p + shift), where both exist, and the first such p."""
    low = [max(0, -s) for s in shift]
    high = [min(t, k - s) for t, k, s in zip(target.shape, known.shape, shift, strict=True)]
    if min(h - lo for h, lo in zip(high, low, strict=True)) < WINDOW_PX:
        return np.zeros((0, 0), bool), (0, 0)
    a = target[low[0] : high[0], low[1] : high[1]]
    b = known[low[0] + shift[0] : high[0] + shift[0], low[1] + shift[1] : high[1] + shift[1]]
    copied = _box_mean(a * b) > 0.95 * (_box_mean(a * a) * _box_mean(b * b)).sqrt().clamp(min=1e-3)
    return copied.numpy(), (low[0], low[1])


def _largest_square(copied: np.ndarray) -> int:
    """Side of the largest square of true pixels."""
    sums = _summed_area(copied)
    side, most = 0, min(copied.shape)
    while side < most:
        middle = (side + most + 1) // 2
        side, most = (middle, most) if _full_squares(sums, middle).any() else (side, middle - 1)
    return side


def _opening(copied: np.ndarray, side: int) -> np.ndarray:
    """Morphological opening: the pixels that lie in true squares of this side."""
    corners = np.pad(_full_squares(_summed_area(copied), side), side - 1)
    sums = _summed_area(corners)
    return sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side] > 0


def _summed_area(flags: np.ndarray) -> np.ndarray:
    return np.pad(flags.astype(np.int32), ((1, 0), (1, 0))).cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32)


def _full_squares(sums: np.ndarray, side: int) -> np.ndarray:
    """Whether all pixels are true in the square of this side whose upper left corner is each pixel."""
    return sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side] == side * side
