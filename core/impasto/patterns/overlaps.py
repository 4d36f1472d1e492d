"""Lattices of which a picture shows two or three periods, found in how alike its overlapping parts are.

Autocorrelation needs more periods: far shifts depend on what happens to overlap. Here, each overlap has its own mean
and deviation. Two shifts, and their sum or difference, must map the picture to itself.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor
from torch.fft import fftshift, irfft2, rfft2
from torch.nn.functional import interpolate, pad

from ..numerics.filters import box_mean
from .correlation import cell_area, correlation_at, highest_peaks, spans

SEARCHED_PX, LEAST_PX = 192, 24
"""Longer side of the reduced copy that is searched, and least shorter side of a picture."""
BROAD, LEAST_OVERLAP = 1 / 3, 0.2
"""Side of the mean that is subtracted, relative to the shorter side, and least overlap, relative to the area."""
MOST_CELLS, MOST_PERIODS = 20, 6
"""Most unit cells in a picture, and periods along a side: of more, rows and bonds are found more reliably."""
LEAST_PEAK, ALIKE, DISTINCT = 0.3, 0.5, 0.2
"""Least correlation of peaks, and at vectors, and how much lower it is halfway: along stripes, it is as high."""
AREA_COST, FINER, MEASURED = 0.08, 0.8, 0.8
"""Loss of correlation that a cell e times smaller may have; and least correlation, relative to the best lattice,
of those whose cells are counted (a group of bricks is no cell), and of multiples by which vectors are measured."""
ALIKE_TOLERANCE = 0.01
"""Largest phase error, in periods: cells are alike, and doubled lines are seen."""


def find_vectors(luminance: Tensor, sensitivity: float = 1.0, known: Tensor | None = None) -> Tensor | None:
    """Lattice vectors, the columns of (2, 2), in pixels of luminance (H, W), if it shows few, similar cells; or None.

    A sensitivity above 1 accepts cells that are less alike. known: (H, W), 0 in holes; None for a picture without.
    """
    if min(luminance.shape) < LEAST_PX:
        return None
    reduction = max(1.0, max(luminance.shape) / SEARCHED_PX)
    size = [round(side / reduction) for side in luminance.shape]
    known = torch.ones_like(luminance) if known is None else known
    image, known = interpolate(torch.stack([luminance, known.to(luminance)])[None], size=size, mode="area")[0]
    correlation = overlap_correlation(_without_broad(image), (known > 0.99).to(image))
    peaks = highest_peaks(correlation, 3, LEAST_PEAK / sensitivity)
    if len(peaks) < 2:
        return None
    a, b = peaks[:, None].expand(-1, len(peaks), 2), peaks[None].expand(len(peaks), -1, 2)
    one, other, total, difference = correlation_at(correlation, a, b, a + b, a - b)
    lower, higher = torch.minimum(total, difference), torch.maximum(total, difference)
    values = torch.stack([one, other, torch.where(lower > -0.1, lower, higher)])  # one may be too far to be known
    halfway = torch.stack(correlation_at(correlation, a / 2, b / 2, (a + b) / 2, (a - b) / 2)).amax(0)
    pairs = torch.stack([a, b], -1)
    area, least, mean = cell_area(pairs), values.amin(0), values.mean(0)
    is_lattice = spans(pairs) & (least - halfway > DISTINCT)
    best = int(torch.where(is_lattice, mean - AREA_COST * area.clamp(min=1).log(), -torch.inf).argmax())
    if not is_lattice.any() or least.flatten()[best] < ALIKE / sensitivity:
        return None
    basis = _measured(correlation, pairs.reshape(-1, 2, 2)[best], MEASURED * float(least.flatten()[best]))
    finest = area[is_lattice & (mean > FINER * mean.flatten()[best])].min()
    is_few = image.numel() < MOST_CELLS * finest and min(size) < MOST_PERIODS * basis.norm(dim=0).min()
    return reduction * basis if is_few else None


def overlap_correlation(image: Tensor, known: Tensor) -> Tensor:
    """Normalised correlation (2 h - 1, 2 w - 1) of known pixels of an image (h, w) with itself, shift 0 at the centre.

    The mean and the deviation of each of the overlapping parts are their own. -1 where the overlap is too small.
    """
    size = 2 * image.shape[0], 2 * image.shape[1]
    f, g, n = rfft2(known * torch.stack([image, image.square(), known]), s=size)
    products = [n.conj() * n, f.conj() * n, n.conj() * f, g.conj() * n, n.conj() * g, f.conj() * f]
    count, first, second, first_squares, second_squares, product_sum = irfft2(torch.stack(products), s=size)
    count = count.clamp(min=1)
    squares = (first_squares - first.square() / count).clamp(min=1e-3), (second_squares - second.square() / count)
    correlation = (product_sum - first * second / count) / (squares[0] * squares[1].clamp(min=1e-3)).sqrt()
    return fftshift(torch.where(count < LEAST_OVERLAP * image.numel(), -1, correlation))[1:, 1:].cpu()


def _without_broad(image: Tensor) -> Tensor:
    """Image (h, w) without its mean over large areas, of deviation 1, with few outliers."""
    half = int(BROAD * min(image.shape)) // 2
    wide = pad(image[None, None], (half,) * 4, mode="reflect")[0]
    rest = image - box_mean(wide, 2 * half + 1, 2 * half + 1)[0, half:-half, half:-half]
    return (rest / rest.std().clamp(min=1e-6)).clamp(-3, 3)


def _measured(correlation: Tensor, basis: Tensor, threshold: float) -> Tensor:
    """The shortest basis (2, 2), by least squares over parabolas through peaks near multiples, above a threshold."""
    centre = torch.tensor(correlation.shape) // 2
    counts, found = [], []
    for count in product(range(4), range(-3, 4)):
        y, x = ((basis @ torch.tensor(count, dtype=basis.dtype)).round().long() + centre).tolist()
        window = correlation[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4]
        if count <= (0, 0) or window.shape != (7, 7) or float(window.min()) <= -1 or float(window.max()) <= threshold:
            continue
        down, right = divmod(int(window.argmax()), 7)
        if 0 < down < 6 and 0 < right < 6:
            counts.append(count)
            around = window[down - 1 : down + 2, right - 1 : right + 2]
            found.append((y + down - 3 + _vertex(around[:, 1]), x + right - 3 + _vertex(around[1])))
    counted, places = torch.tensor(counts, dtype=torch.double).view(-1, 2), torch.tensor(found).double().view(-1, 2)
    is_measured = len(counts) > 1 and int(torch.linalg.matrix_rank(counted)) == 2
    vectors = torch.linalg.lstsq(counted, places - centre).solution if is_measured else basis.T.double()
    a, b = sorted(vectors, key=torch.norm)
    while times := float((a @ b / a.square().sum()).round()):  # Gauss
        a, b = sorted((a, b - times * a), key=torch.norm)
    is_along_y = a[0].abs() * b.norm() > b[0].abs() * a.norm()
    return torch.stack([a, b] if is_along_y else [b, a], 1).round(decimals=6)


def _vertex(values: Tensor) -> float:
    """Position of the vertex of a parabola through three values, relative to the middle one."""
    before, middle, after = values.tolist()
    return float(0.5 * (before - after) / min(before + after - 2 * middle, -1e-6))
