"""Borders of shadows: how far each is from a rough outline, and how soft it is, by the light along it.

Near a border, brightness falls like a sigmoid of the distance from it. The ones that explain most of the variance in
their surroundings are found by gradient descent. They change slowly along a border, so that the grain of the surface
cancels out.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d
from torch.optim import Adam

from impasto.numerics.filters import blur
from impasto.numerics.resampling import antialiased_resize, bilinear_resize

OUTLINE_PX, NEAR_PX, ALONG_PX, GRADIENT_PX = 2.0, 16.0, 12.0, 10.0
"""Width to which the outline is smoothed, distance within which a border is compared, length along it, and width of
what counts as a gradient of the brightness, which is no border."""
SHRINK, COARSE = 2, 4
"""Reduction of the picture for the descent, and of what is averaged along borders."""
OFFSET_PX, LOWEST, HIGHEST = 6.0, (-1.2, math.log(1.2)), (1.2, math.log(26.0))
"""Unit of a border's distance from its rough outline, and range of it and of the logarithm of the penumbra's width."""
FIRST_PX, FIRSTS, STEPS, RATE, EVEN = 24.0, 6, 36, 0.2, (11.0, 3.0)
"""Length along a border for the first of its width, how many are compared, and the descent. `EVEN`: weights of squared
differences between neighbours, against the share of variance that is not explained."""
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
    with torch.inference_mode(False), torch.enable_grad():
        offset, width = _border(logs.mean(1, keepdim=True).cpu(), distance.cpu())
    distance, offset, width = (bilinear_resize(x.to(distance), size_px) for x in (distance, offset, width))
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


def _averaged(x: Tensor, reach_px: float, cell_px: int = COARSE) -> Tensor:
    """Averages (B, C, H / cell_px, W / cell_px) of x (B, C, H, W) over a reach."""
    down, across = (max(1, side // cell_px) for side in x.shape[2:])
    return blur(adaptive_avg_pool2d(x, (down, across)), reach_px / cell_px)


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
    """Offset and width (1, 1, H / COARSE, W / COARSE) of the border near each pixel, on the CPU, for the same result on
    each device."""
    small = max(1, distance.shape[2] // SHRINK), max(1, distance.shape[3] // SHRINK)
    distance, brightness = (
        antialiased_resize(x, small, "bilinear", True) for x in (distance, brightness - blur(brightness, GRADIENT_PX))
    )
    near = (-(distance / NEAR_PX).square()).exp()
    average = lambda x: _averaged(near * x, ALONG_PX / SHRINK, COARSE // SHRINK)  # noqa: E731
    total = average(torch.ones_like(near)) + 1e-6
    mean, squared = (average(x) / total for x in (brightness, brightness.square()))
    variance = (squared - mean.square()).clamp_min(1e-5)
    least, most, even = (torch.tensor(x).view(2, 1, 1, 1) for x in (LOWEST, HIGHEST, EVEN))

    def explained(border: Tensor) -> Tensor:
        """Shares of the variance near each place that a border (2, 1, h, w) explains, weighted."""
        offset, width = bilinear_resize(border, small).split(1)
        matte = (4 * (distance + OFFSET_PX * offset) / width.exp()).sigmoid()
        matte = matte - blur(matte, GRADIENT_PX / SHRINK)
        share, shared, product = (average(x) / total for x in (matte, matte.square(), matte * brightness))
        covariance = (product - share * mean).clamp_max(0)  # shadows are darker
        return total * covariance.square() / (variance * (shared - share.square()).clamp_min(1e-4))

    with torch.no_grad():
        widths = torch.linspace(LOWEST[1], HIGHEST[1], FIRSTS)
        shares = [
            blur(explained(torch.stack([0 * total[0], 0 * total[0] + width])), FIRST_PX / COARSE) for width in widths
        ]
        border = torch.stack([0 * total[0], widths[torch.stack(shares).argmax(0)][0]])
    optimizer = Adam([border.requires_grad_()], lr=RATE)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        uneven = sum((even * total * (border - border.roll(1, axis)).square()).sum() for axis in (2, 3))
        optimizer.zero_grad()
        ((uneven - explained(border).sum()) / total.sum()).backward()
        optimizer.step()
        with torch.no_grad():
            border.clamp_(least, most)
    offset, width = border.detach().split(1)
    return OFFSET_PX * offset, width.exp()
