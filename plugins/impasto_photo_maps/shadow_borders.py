"""Borders of shadows: how far each is from a rough outline, and how soft it is, by the light along it.

Near a border, brightness falls like a sigmoid of the distance from it. The one that explains most of the variance in
its surroundings is taken, so that the grain of the surface cancels out along the border.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from impasto.numerics.filters import blur
from impasto.numerics.resampling import bilinear_resize

OFFSETS_PX, WIDTHS_PX = (-4.0, -2.0, 0.0, 2.0, 4.0), (1.5, 3.0, 6.0, 10.0, 16.0, 24.0)
"""Distances between a border and its rough outline, and widths of penumbras, that are compared."""
OUTLINE_PX, NEAR_PX, ALONG_PX = 2.0, 20.0, 16.0
"""Width to which the outline is smoothed, distance within which a border is compared, and length along it."""
COARSE = 4
"""Reduction of what is averaged along borders."""
DECIDED = 0.004
"""Difference in the share of explained variance that decides between two borders."""
LEAST = 0.005
LINE_PX, STEP_PX, LONG_PX = 16, 2, 24.0
"""Distance from a border within which a line may be left, step between distances, and length along the border."""
FADING, LEAST_WEIGHT = 5.0, 0.003
"""Rise of a line's share from its outer distances, and the weight of pixels that is trusted by half."""


def followed(logs: Tensor, rough: Tensor, size_px: tuple[int, int]) -> Tensor:
    """Matte (1, 1, *size_px) with borders that follow the logarithms of a picture (1, 3, h, w) near those of a rough
    matte (1, 1, h, w), around the torus."""
    is_inside = (blur(rough, OUTLINE_PX)[0, 0] > 0.5).cpu().numpy()
    if is_inside.all() or not is_inside.any():
        return bilinear_resize(rough, size_px)
    distance = _distance(is_inside, logs)
    offset, width = _border(logs.mean(1, keepdim=True), distance)
    distance, offset, width = (bilinear_resize(x, size_px) for x in (distance, offset, width))
    matte = (4 * (distance + offset) / width).sigmoid()
    return torch.where(matte < LEAST, 0.0, matte)


def line_left(logs: Tensor, matte: Tensor) -> Tensor:
    """Line (1, 3, h, w) that is left along the borders of a matte (1, 1, h, w), in the logarithms of a picture without
    its shadows (1, 3, h, w): their mean along a border at each distance from it, less what lies on both sides."""
    is_inside = (matte[0, 0] > 0.5).cpu().numpy()
    line = torch.zeros_like(logs)
    if is_inside.all() or not is_inside.any():
        return line
    distance = _distance(is_inside, logs)
    near = [(1 - (distance - place).abs() / STEP_PX).clamp_min(0) for place in range(-LINE_PX, LINE_PX + 1, STEP_PX)]
    terms = torch.stack([torch.cat([weight * logs, weight], 1) for weight in near])  # (places, 1, 4, h, w)
    sums = _averaged(terms[:, 0], LONG_PX)
    means, weights = sums[:, :3] / (sums[:, 3:] + 1e-4), sums[:, 3:]
    sure = weights / (weights + LEAST_WEIGHT)
    share = torch.linspace(0, 1, len(near), device=logs.device).view(-1, 1, 1, 1)
    beyond = sure * sure[0] * sure[-1] * (means - means[0].lerp(means[-1], share))
    beyond *= (FADING * torch.minimum(share, 1 - share)).clamp(0, 1)
    for weight, one in zip(near, beyond, strict=True):
        line += weight * bilinear_resize(one[None], is_inside.shape)
    return line


def _averaged(x: Tensor, reach_px: float) -> Tensor:
    """Averages (B, C, H / COARSE, W / COARSE) of x (B, C, H, W) over a reach."""
    down, across = (max(1, side // COARSE) for side in x.shape[2:])
    return blur(adaptive_avg_pool2d(x, (down, across)), reach_px / COARSE)


def _distance(is_inside: np.ndarray, like: Tensor) -> Tensor:
    """Signed distance (1, 1, H, W) from a border, positive within, around the torus, without corners."""
    margins = [(min(side, round(2 * NEAR_PX)),) * 2 for side in is_inside.shape]
    wide = np.pad(is_inside, margins, mode="wrap")
    distance = distance_transform_edt(wide) - distance_transform_edt(~wide)
    distance -= 0.5 * np.sign(distance)
    (top, _), (left, _) = margins
    distance = distance[top:, left:][: is_inside.shape[0], : is_inside.shape[1]].astype(np.float32)
    return blur(torch.from_numpy(distance).to(like)[None, None], 1.0)


def _border(brightness: Tensor, distance: Tensor) -> tuple[Tensor, Tensor]:
    """Offset and width (1, 1, H / COARSE, W / COARSE) of the border near each pixel."""
    weight = (-(distance / NEAR_PX).square()).exp()
    total = _averaged(weight, ALONG_PX) + 1e-6
    offsets, widths = (
        x.reshape(1, -1, 1, 1)
        for x in torch.meshgrid(*map(brightness.new_tensor, (OFFSETS_PX, WIDTHS_PX)), indexing="ij")
    )
    mattes = (4 * (distance + offsets) / widths).sigmoid()
    terms = torch.cat([brightness, brightness.square(), mattes, mattes.square(), mattes * brightness], 1)
    parts = [1, 1, *[offsets.shape[1]] * 3]
    mean, squared, share, shared, product = (_averaged(weight * terms, ALONG_PX) / total).split(parts, 1)
    covariance = (product - mean * share).clamp_max(0)  # shadows are darker
    variances = (squared - mean.square()).clamp_min(1e-6) * (shared - share.square()).clamp_min(1e-5)
    explained = covariance.square() / variances
    likely = ((explained - explained.amax(1, keepdim=True)) / DECIDED).softmax(1)
    return (likely * offsets).sum(1, keepdim=True), (likely * widths.log()).sum(1, keepdim=True).exp()
