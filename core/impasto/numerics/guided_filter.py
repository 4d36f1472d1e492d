"""The guided filter (He et al. 2013): smooth what a guide shows as even, and keep the guide's edges."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def guided_filter(I: Tensor, p: Tensor, mean: Callable[[Tensor], Tensor], epsilon: float) -> Tensor:  # noqa: E741
    """p (B, K, H, W) as a local linear function of a guide I (B, 1 or 3, H, W): mean(a)·I + mean(b) (eq. 8 and 19).

    mean: of a window around each pixel, of any number of channels. epsilon: variance of the guide above which a
    difference counts as an edge. Not kornia's own, whose windows are boxes, and whose borders both wrap, or neither.
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
