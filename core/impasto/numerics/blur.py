"""Circular filters of tensors as products in the frequency domain, where wide ones cost as much as narrow ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch


def gaussian_response(x: torch.Tensor, sigma_px: float) -> torch.Tensor:
    """The frequency response (H, W // 2 + 1) of a Gaussian of `sigma_px` for pictures (..., H, W) like x."""
    height, width = x.shape[-2:]
    fy = torch.fft.fftfreq(height, device=x.device)[:, None]
    fx = torch.fft.rfftfreq(width, device=x.device)[None]
    c = 2 * torch.pi**2 * sigma_px**2
    return torch.exp(-c * fy.square()) * torch.exp(-c * fx.square())


def convolution(x: torch.Tensor, response: torch.Tensor) -> torch.Tensor:
    """Circular convolution of x (..., H, W) with the filter of a frequency response."""
    return torch.fft.irfft2(torch.fft.rfft2(x) * response, s=x.shape[-2:])


def blur(x: torch.Tensor, sigma_px: float) -> torch.Tensor:
    """Circular Gaussian blur of x (..., H, W)."""
    return convolution(x, gaussian_response(x, sigma_px))


def blurs(x: torch.Tensor, sigmas_px: Iterable[float]) -> Iterator[torch.Tensor]:
    """Circular Gaussian blurs of x (..., H, W), one of each width."""
    spectrum = torch.fft.rfft2(x)
    for sigma_px in sigmas_px:
        yield torch.fft.irfft2(spectrum * gaussian_response(x, sigma_px), s=x.shape[-2:])
