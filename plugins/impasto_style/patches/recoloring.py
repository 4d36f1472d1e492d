"""The picture that patches are matched to: in the styles' palette, with its own light and shadow.

Colours are transported along axes that weigh lightness most, so that its order is kept. The change of colours would
amplify grain, so a guided filter smooths it (He et al. 2010), as in Pitié et al. 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from kornia.color import rgb_to_grayscale
from kornia.filters import guided_blur
from torch import Tensor

from impasto.numerics.color_transport import ColorSample, color_table, look_up, mixture, sliced_transport, used_entries

from ..shared.resampling import resize_picture
from ..shared.task import Region
from .guides import broad_blur

AXES = torch.tensor([[0.75, 1.47, 0.28], [0.5, -0.5, 0.0], [-0.25, -0.25, 0.5]])
"""Lightness (weighted 2.5-fold, so that its order is kept) and two colour differences of sRGB."""
ROUNDS, QUANTILES = 12, 257
SAMPLES = 2**14
SHADES, MOST_OF_SHADE = 10, 0.1
"""Number of shades from dark to light; and the largest share of a picture with which a shade counts."""
SMOOTHING_PARTS, SMOOTHING_EPSILON = 32, 1e-3
"""The picture's shorter side over the radius of the guided filter, and its epsilon."""
GUIDED_PX = 180
"""Approximate size at which the filter is computed."""
LARGE, LARGE_PARTS, LARGE_EPSILON = 1 / 28, 16, 1e-2
"""For large areas, an eighth of the longer side: width of the blur, relative to this side, and the guided filter's."""


def recolor(picture: Tensor, sources: Sequence[Tensor], regions: Sequence[Region], seamless: bool) -> Tensor:
    """The picture (1, 3, H, W) in the weighted palette of each region's styles."""
    result = torch.zeros_like(picture)
    samples = [_palette(source) for source in sources]
    used = used_entries(picture).numpy().tobytes()
    for region in regions:
        table = _moved_table(
            _as_bytes(_palette(picture, region.mask)), _as_bytes(mixture(samples, region.weights)), used
        )
        smooth = _without_grain(picture, look_up(table, picture), seamless)
        result += smooth if region.mask is None else region.mask * smooth
    covered = sum(1 if region.mask is None else region.mask for region in regions)
    return (result + (1 - covered) * picture).clamp(0, 1)


def with_tonal_order(x: Tensor, picture: Tensor, tonal_order: float, seamless: bool) -> Tensor:
    """x (1, 3, H, W) with lightness added to large areas, up to their edges, so that they have the picture's order."""
    if tonal_order == 0:
        return x
    sigma_px = LARGE * max(x.shape[2:])
    picture = resize_picture(picture, x.shape[2:], seamless)
    pair = picture, x
    own, broad = (broad_blur(rgb_to_grayscale(one), sigma_px, seamless).cpu().numpy() for one in pair)
    quantiles = np.linspace(0, 1, QUANTILES)
    known, index = np.unique(np.quantile(255 * own, quantiles).round(), return_inverse=True)
    wanted = np.bincount(index, np.quantile(broad, quantiles)) / np.bincount(index)  # an even sky stays even
    change = torch.from_numpy(np.interp(255 * own, known, wanted).astype(np.float32) - broad).to(x.device)
    return (x + tonal_order * _guided(picture, change, LARGE_PARTS, LARGE_EPSILON, seamless)).clamp(0, 1)


def _palette(x: Tensor, mask: Tensor | None = None) -> ColorSample:
    """Colours of (1, 3, H, W) along the axes, with less weight for shades that cover much of it.

    Otherwise, a night becomes day if the style has a large pale sky, and shade turns black if it has a black frame.
    """
    sample = ColorSample.of(_along_axes(x), mask, SAMPLES)
    shade = (SHADES * sample.colors[0] / AXES[0].sum()).long()
    shares = torch.bincount(shade, sample.weights) / sample.weights.sum()
    return ColorSample(sample.colors, sample.weights * (MOST_OF_SHADE / shares[shade]).clamp_max(1))


def _along_axes(picture: Tensor) -> Tensor:
    return torch.einsum("ij,bjhw->bihw", AXES.to(picture), picture)


@lru_cache(maxsize=16)
def _moved_table(painted: bytes, wanted: bytes, used: bytes) -> Tensor:
    """The colour table (3, N) from painted colours to wanted ones, cached for live previews.

    Only the `used` entries (N,) are moved. The rotations are always the same, so that a cached table does not change
    the random numbers drawn afterwards.
    """
    rng = np.random.default_rng(0)
    rotations = [torch.eye(3), *(_random_rotation(rng) for _ in range(ROUNDS - 2)), torch.eye(3)]
    sources = [_from_bytes(wanted)]
    table, is_used = color_table(), torch.from_numpy(np.frombuffer(used, bool).copy())
    colors = AXES @ table[:, is_used]
    moved = sliced_transport(colors, _from_bytes(painted), sources, [1.0], rotations, QUANTILES)
    table[:, is_used] = torch.linalg.inv(AXES) @ moved
    return table


def _as_bytes(sample: ColorSample) -> bytes:
    return torch.cat([sample.colors, sample.weights[None]]).numpy().tobytes()


def _from_bytes(sample: bytes) -> ColorSample:
    values = torch.frombuffer(bytearray(sample), dtype=torch.float32).view(4, -1)
    return ColorSample(values[:3], values[3])


def _random_rotation(rng: np.random.Generator) -> Tensor:
    """Random orthonormal axes (3, 3), one per row."""
    return torch.from_numpy(np.linalg.qr(rng.standard_normal((3, 3)))[0].T.astype(np.float32).copy())


def _without_grain(picture: Tensor, moved: Tensor, seamless: bool) -> Tensor:
    """The picture's lightness plus a smooth change to `moved`; the picture's own hues would show around forms."""
    lightness = rgb_to_grayscale(picture)
    return lightness + _guided(picture, moved - lightness, SMOOTHING_PARTS, SMOOTHING_EPSILON, seamless)


def _guided(picture: Tensor, change: Tensor, parts: int, epsilon: float, seamless: bool) -> Tensor:
    """A change (1, C, H, W) without detail that the picture lacks; parts: its shorter side over the filter's radius."""
    shorter = min(picture.shape[2:])
    side, step = 2 * max(1, shorter // parts) + 1, max(1, shorter // GUIDED_PX)
    return guided_blur(picture, change, side, epsilon, "circular" if seamless else "reflect", step, separable=True)
