"""Filters of pictures: blurs, means of boxes, gradients, and the guided filter.

Blurs on a torus may have any width. The structure tensor of gradients (Förstner & Gülch 1987) contains the direction
and strength of local change. The guided filter (He et al. 2013) smooths areas where a guide is smooth, and keeps the
edges of the guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from .borders import TORUS, Wraps, with_margin

WIDE_PX = 6.0
"""Standard deviation above which blurs with mirrored borders are faster in the frequency domain."""
MOST_GAIN, LEAST_ENERGY = 2.0, 1e-6
"""Limits of the amplification of detail."""


def gaussian_response(x: Tensor, sigma_px: float) -> Tensor:
    """The frequency response (H, W // 2 + 1) of a Gaussian of `sigma_px` for pictures (..., H, W) like x."""
    height, width = x.shape[-2:]
    fy = torch.fft.fftfreq(height, device=x.device)[:, None]
    fx = torch.fft.rfftfreq(width, device=x.device)[None]
    c = 2 * torch.pi**2 * sigma_px**2
    return torch.exp(-c * fy.square()) * torch.exp(-c * fx.square())


def convolution(x: Tensor, response: Tensor) -> Tensor:
    """Circular convolution of x (..., H, W) with the filter of a frequency response."""
    return torch.fft.irfft2(torch.fft.rfft2(x) * response, s=x.shape[-2:])


def blur(x: Tensor, sigma_px: float) -> Tensor:
    """Circular Gaussian blur of x (..., H, W) in the frequency domain, which takes the same time for any width."""
    return convolution(x, gaussian_response(x, sigma_px))


def blurs(x: Tensor, sigmas_px: Iterable[float]) -> Iterator[Tensor]:
    """Circular Gaussian blurs of x (..., H, W), one for each width."""
    spectrum = torch.fft.rfft2(x)
    for sigma_px in sigmas_px:
        yield torch.fft.irfft2(spectrum * gaussian_response(x, sigma_px), s=x.shape[-2:])


def gaussian_blur(x: Tensor, sigma_px: float, wraps: Wraps | bool = False) -> Tensor:
    """Gaussian blur of x (..., H, W), which wraps around or is mirrored at its borders; it may be wider than x.

    The Gaussian is cut off at three standard deviations. On a torus it is applied in the frequency domain.
    """
    from kornia.filters import get_gaussian_kernel1d

    reach_px = max(1, int(3 * sigma_px + 0.5))
    kernel = get_gaussian_kernel1d(2 * reach_px + 1, sigma_px, device=x.device, dtype=x.dtype)
    wraps = (wraps, wraps) if isinstance(wraps, bool) else wraps
    if wraps == TORUS:
        places = torch.arange(-reach_px, reach_px + 1, device=x.device)
        down, across = (x.new_zeros(side).index_add_(0, places % side, kernel[0]) for side in x.shape[-2:])
        return convolution(x, torch.fft.fft(down).real[:, None] * torch.fft.rfft(across).real)
    *outer, middle = kernel[0, : reach_px + 1].tolist()
    for axis, margins in ((-2, ((reach_px, reach_px), (0, 0))), (-1, ((0, 0), (reach_px, reach_px)))):
        wide, length = with_margin(x, margins, wraps), x.shape[axis]
        x = middle * wide.narrow(axis, reach_px, length)
        for index, weight in enumerate(outer):  # up to seven times as fast as conv2d
            pair = wide.narrow(axis, index, length) + wide.narrow(axis, 2 * reach_px - index, length)
            x = x.add_(pair, alpha=weight)
    return x


def detail_energy(x: Tensor, detail_px: float, near_px: float, wraps: Wraps | bool = False) -> Tensor:
    """Mean energy (B, 1, H, W) around each pixel of detail of x (B, C, H, W). The parameters are widths of blurs."""
    return gaussian_blur((x - gaussian_blur(x, detail_px, wraps)).square().sum(1, keepdim=True), near_px, wraps)


def amplify_detail(x: Tensor, wanted: Tensor, detail_px: float, near_px: float, wraps: Wraps | bool = False) -> Tensor:
    """x (B, C, H, W) in [0, 1], with its detail amplified, at most twofold, to this energy (B, 1, H / n, W / n)."""
    coarse, n = gaussian_blur(x, detail_px, wraps), x.shape[2] // wanted.shape[2]
    present = gaussian_blur(avg_pool2d((x - coarse).square().sum(1, keepdim=True), n), near_px / n, wraps)
    gain = ((wanted + LEAST_ENERGY) / (present + LEAST_ENERGY)).sqrt().clamp(1, MOST_GAIN)
    return (coarse + interpolate(gain, x.shape[2:], mode="bilinear") * (x - coarse)).clamp(0, 1)


def bordered_blur(x: Tensor, sigma_px: float, wraps: Wraps) -> Tensor:
    """Gaussian blur of any width of x (C, H, W), which wraps around or is mirrored at its borders."""
    if all(wraps) or sigma_px <= WIDE_PX:
        return gaussian_blur(x[None], sigma_px, wraps)[0]
    reach = round(3 * sigma_px)
    return blur(with_margin(x, reach, wraps), sigma_px)[:, reach:-reach, reach:-reach]


def box_mean(x: Tensor, height_px: int, width_px: int) -> Tensor:
    """Means (C, H, W) of x (C, H, W) over the part of a box around each pixel that lies inside the picture.

    Running sums take the same time for any width of the box, unlike `avg_pool2d`.
    """
    for axis, side in ((1, height_px), (2, width_px)):
        length, reach = x.shape[axis], side // 2
        size = [*x.shape]
        size[axis] += 2 * reach + 1
        sums = x.new_zeros(size, dtype=torch.double)  # 0 before the picture, the whole sum behind it
        torch.cumsum(x, axis, dtype=torch.double, out=sums.narrow(axis, reach + 1, length))
        sums.narrow(axis, reach + 1 + length, reach).copy_(sums.narrow(axis, reach + length, 1))
        here = torch.arange(length, device=x.device)
        counts = (here + reach + 1).clamp(max=length) - (here - reach).clamp(min=0)
        total = sums.narrow(axis, 2 * reach + 1, length) - sums.narrow(axis, 0, length)
        x = (total / counts.view((1, -1, 1) if axis == 1 else (1, 1, -1))).float()
    return x


def central_differences(x: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives (..., H - 2, W - 2) of x (..., H, W), down and to the right."""
    down = (x[..., 2:, 1:-1] - x[..., :-2, 1:-1]) / 2
    right = (x[..., 1:-1, 2:] - x[..., 1:-1, :-2]) / 2
    return down, right


def eigenvalues(xx: Tensor, yy: Tensor, xy: Tensor) -> tuple[Tensor, Tensor]:
    """The larger and the smaller eigenvalue of a structure tensor: energy across and along lines."""
    root = torch.hypot(xx - yy, 2 * xy)
    return (xx + yy + root) / 2, (xx + yy - root) / 2


def angle(xx: Tensor, yy: Tensor, xy: Tensor) -> Tensor:
    """Angle of the strongest change, in (-π/2, π/2], from the right downwards."""
    return torch.atan2(2 * xy, xx - yy) / 2


def coherence(xx: Tensor, yy: Tensor, xy: Tensor, least: float) -> Tensor:
    """Difference of the eigenvalues divided by their sum: from 0 without a direction to 1 for parallel lines.

    least: added to the sum, so that flat areas have no direction.
    """
    return torch.hypot(xx - yy, 2 * xy) / (xx + yy + least)


def guided_filter(I: Tensor, p: Tensor, mean: Callable[[Tensor], Tensor], epsilon: float) -> Tensor:  # noqa: E741
    """p (B, K, H, W) as a local linear function of a guide I (B, 1 or 3, H, W): mean(a)·I + mean(b) (eq. 8 and 19).

    mean: computes means of a window around each pixel, for any number of channels. epsilon: variance of the guide above
    which a difference is an edge. kornia's filter has only box windows, and wraps on all sides or on none.
    """
    mean_I = mean(I)
    mean_p = mean_I if p is I else mean(p)
    if I.shape[1] == 1:
        mean_II = mean(I * I)
        mean_Ip = mean_II if p is I else mean(I * p)
        a = (mean_Ip - mean_I * mean_p) / (mean_II - mean_I * mean_I + epsilon)
        return mean(a) * I + mean(mean_p - a * mean_I)
    channels = I.shape[1]
    products = mean((I[:, :, None] * I[:, None]).flatten(1, 2)).unflatten(1, (channels, channels))
    covariance = products - mean_I[:, :, None] * mean_I[:, None]  # (B, 3, 3, H, W)
    with_p = mean((I[:, :, None] * p[:, None]).flatten(1, 2)).unflatten(1, (channels, -1))
    with_p = with_p - mean_I[:, :, None] * mean_p[:, None]  # (B, 3, K, H, W)
    ridge = epsilon * torch.eye(channels).to(I)
    a = torch.linalg.solve(covariance.permute(0, 3, 4, 1, 2) + ridge, with_p.permute(0, 3, 4, 1, 2))
    a = a.permute(0, 3, 4, 1, 2)  # (B, 3, K, H, W)
    b = mean_p - (a * mean_I[:, :, None]).sum(1)
    mean_a = mean(a.flatten(1, 2)).unflatten(1, (channels, -1))
    return (mean_a * I[:, :, None]).sum(1) + mean(b)
