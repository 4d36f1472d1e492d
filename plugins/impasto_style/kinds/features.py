"""Measured features for recognising a painting's kind: colours, ground, lines, dots, flat areas, grain."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from impasto.numerics.filters import angle, coherence, gaussian_blur
from impasto.surface.palette import in_bands, to_oklab
from impasto.surface.resizing import resize, size_at_most

SIDE_PX = 640
"""Longer side at which a painting is measured; smaller ones are measured as they are."""
LEAST_PX = 32
"""Smallest side of a painting that can be measured."""
SIGMAS_PX = (0.7, 1.4, 2.8, 5.6, 11.2)
"""Blurs between which the frequency bands lie."""
GREY = 0.03
"""Chroma in Oklab below which a colour counts as grey."""
GOLDEN_DEGREES = (55.0, 105.0)
GOLDEN_CHROMA = 0.05
CALM_GRADIENTS = (0.01, 0.03)
"""Places with a smaller gradient in Oklab, per pixel, count as flat."""
EXTREME = 0.15
"""Share of the range of lightness, from its ends, that counts as black or white."""
SPECTRUM_PX = 512
SPECTRUM_BANDS = 24
TINY = 1e-6


def features_of(pixels: np.ndarray) -> dict[str, float]:
    """Features of a painting (H, W, 3), sRGB in [0, 1], by name; they hardly depend on its size above `SIDE_PX`."""
    lab = torch.from_numpy(in_bands(to_oklab, shrunk(pixels))).permute(2, 0, 1)[None].float()
    lightness = lab[:, :1]
    blurs = [lab, *(gaussian_blur(lab, sigma_px) for sigma_px in SIGMAS_PX)]
    return {
        **_of_color(lab),
        **_of_tones(lightness),
        **_of_ground(lab),
        **_of_bands(blurs),
        **_of_flatness(blurs[1]),
        **_of_orientation(blurs[1][:, :1]),
        **_of_lines(lightness),
        **_of_dots(blurs),
        **_of_spectrum(lightness),
        **_of_grain(blurs),
    }


def shrunk(pixels: np.ndarray) -> np.ndarray:
    """The painting with a longer side of at most `SIDE_PX`."""
    return np.ascontiguousarray(resize(pixels, size_at_most(pixels.shape, SIDE_PX)), np.float32)


def _of_color(lab: Tensor) -> dict[str, float]:
    """Chroma, number of hues, and share of gold."""
    a, b = lab[0, 1], lab[0, 2]
    chroma, hue = torch.hypot(a, b), torch.atan2(b, a)
    total = chroma.sum() + TINY
    golden = (torch.rad2deg(hue) - sum(GOLDEN_DEGREES) / 2).abs() < (GOLDEN_DEGREES[1] - GOLDEN_DEGREES[0]) / 2
    golden &= chroma > GOLDEN_CHROMA
    spread = lab[0, 0][golden].std() if golden.sum() > 1 else torch.zeros(())
    return {
        "chroma": float(chroma.mean()),
        "chroma_strong": _quantile(chroma, 0.95),
        "grey": float((chroma < GREY).float().mean()),
        "one_hue": float(torch.hypot((chroma * hue.cos()).sum(), (chroma * hue.sin()).sum()) / total),
        "two_hues": float(torch.hypot((chroma * (2 * hue).cos()).sum(), (chroma * (2 * hue).sin()).sum()) / total),
        "golden": float(golden.float().mean()),
        "golden_contrast": float(golden.float().mean() * spread),
    }


def _of_tones(lightness: Tensor) -> dict[str, float]:
    """Distribution of lightness: quantiles, and the shares of black, white and mid tones."""
    low, middle, high = (_quantile(lightness, share) for share in (0.02, 0.5, 0.98))
    span = max(high - low, TINY)
    relative = (lightness - low) / span
    return {
        "darkest": low,
        "median": middle,
        "lightest": high,
        "black": float((relative < EXTREME).float().mean()),
        "white": float((relative > 1 - EXTREME).float().mean()),
        "halftones": float(((relative > 0.3) & (relative < 0.7)).float().mean()),
    }


def _of_ground(lab: Tensor) -> dict[str, float]:
    """Frequency, lightness and chroma of the most frequent colour, which is often the paper's."""
    steps = torch.tensor([0.06, 0.04, 0.04])[:, None]
    bins = (lab.flatten(2)[0] / steps).round().long() + 64  # (3, N)
    keys = (bins[0] * 128 + bins[1]) * 128 + bins[2]
    values, counts = keys.unique(return_counts=True)
    color = lab.flatten(2)[0][:, keys == values[counts.argmax()]].mean(1)
    distance = (lab[0] - color[:, None, None]).norm(dim=0)
    return {
        "ground": float((distance < 0.05).float().mean()),
        "ground_lightness": float(color[0]),
        "ground_chroma": float(color[1:].norm()),
    }


def _of_bands(blurs: list[Tensor]) -> dict[str, float]:
    """Energy and sparsity of lightness in each frequency band, and the relative energy of colour."""
    total = blurs[0][:, :1].std() + TINY
    found: dict[str, float] = {}
    for index, (fine, coarse) in enumerate(pairwise(blurs)):
        band = fine - coarse
        own, colors = band[:, :1].std() + TINY, band[:, 1:].pow(2).sum(1).mean().sqrt() + TINY
        found[f"energy_{index}"] = float((own / total).log())
        found[f"color_energy_{index}"] = float((colors / own).log())
        found[f"sparsity_{index}"] = float(band[:, :1].abs().mean() / own)
    return found


def _of_flatness(lab: Tensor) -> dict[str, float]:
    """Share of flat places, and steepest gradients relative to typical ones."""
    steepness = (_along(lab, 3).square() + _along(lab, 2).square()).sum(1).sqrt()
    usual, steep, steepest = (_quantile(steepness, share) + TINY for share in (0.5, 0.9, 0.99))
    shares = {f"flat_{index}": float((steepness < limit).float().mean()) for index, limit in enumerate(CALM_GRADIENTS)}
    return shares | {"steep": math.log(steep), "step": math.log(steepest / steep), "edge": math.log(steep / usual)}


def _of_orientation(lightness: Tensor) -> dict[str, float]:
    """Coherence of the structure tensor in small and large windows, and evenness of its directions."""
    x, y = _along(lightness, 3), _along(lightness, 2)
    products = torch.cat([x * x, y * y, x * y], 1)
    found: dict[str, float] = {}
    for window_px in (1.5, 4.0, 12.0):
        xx, yy, xy = gaussian_blur(products, window_px)[0]
        energy, coherent = xx + yy, coherence(xx, yy, xy, TINY)
        found[f"coherence_{window_px:g}"] = float((coherent * energy).sum() / (energy.sum() + TINY))
        found[f"calm_coherence_{window_px:g}"] = float(coherent[energy <= energy.median()].mean())
    energy = products[0, 0] + products[0, 1]
    bins = ((angle(*products[0]) / math.pi + 0.5) * 16).long().clamp(0, 15)
    shares = torch.zeros(16).index_add_(0, bins.flatten(), energy.flatten())
    shares = shares / (shares.sum() + TINY)
    return found | {"directions": float(-(shares * (shares + TINY).log()).sum())}


def _of_lines(lightness: Tensor) -> dict[str, float]:
    """Thin dark and light lines and dots: top-hat transforms, relative to the contrast."""
    contrast = lightness.std() + TINY
    found: dict[str, float] = {}
    for reach in (1, 3):
        closed, opened = _closing(lightness, reach), -_closing(-lightness, reach)
        dark, light = (closed - lightness).mean() / contrast, (lightness - opened).mean() / contrast
        found |= {f"dark_lines_{reach}": float(dark), f"light_lines_{reach}": float(light)}
        found[f"lines_{reach}"] = float(((dark + TINY) / (light + TINY)).log())
    return found


def _of_dots(blurs: list[Tensor]) -> dict[str, float]:
    """Share of fine detail that is round, in lightness and colour: Hessians with eigenvalues of one sign."""
    found: dict[str, float] = {}
    for index, name in ((1, "small"), (2, "large")):
        for channels, kind in ((slice(0, 1), "dots"), (slice(1, 3), "color_dots")):
            field = blurs[index][:, channels]
            xx, yy, xy = _along(_along(field, 3), 3), _along(_along(field, 2), 2), _along(_along(field, 3), 2)
            determinant, energy = xx * yy - xy * xy, xx * xx + yy * yy + 2 * xy * xy
            found[f"{name}_{kind}"] = float(determinant.clamp_min(0).mean() / (energy.mean() + TINY**2))
    return found


def _of_spectrum(lightness: Tensor) -> dict[str, float]:
    """Slope of the radial power spectrum on logarithmic axes, the highest peak above it, and the peak's place."""
    height, width = lightness.shape[2:]
    side = min(height, width, SPECTRUM_PX)
    top, left = (height - side) // 2, (width - side) // 2
    window = torch.hann_window(side)
    part = lightness[0, 0, top : top + side, left : left + side]
    power = torch.fft.rfft2((part - part.mean()) * window[:, None] * window).abs().square()
    frequency = torch.hypot(torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None])
    edges = torch.logspace(math.log10(3 / LEAST_PX / 4), math.log10(0.5), SPECTRUM_BANDS + 1)
    bins = torch.bucketize(frequency, edges)
    x, y = [], []
    for index in range(1, SPECTRUM_BANDS + 1):
        inside = bins == index
        if inside.any():
            x.append(math.log10(frequency[inside].mean()))
            y.append(float((power[inside].mean() + TINY**2).log10()))
    slope, offset = np.polyfit(x, y, 1)
    above = np.array(y) - (slope * np.array(x) + offset)
    return {"slope": float(slope), "peak": float(above.max()), "peak_frequency": x[int(above.argmax())]}


def _of_grain(blurs: list[Tensor]) -> dict[str, float]:
    """Fine grain in calm places, separately for light and dark ones, relative to the whole contrast."""
    lightness, fine = blurs[3][:, :1], (blurs[0] - blurs[1])[:, :1].abs()
    steepness = (_along(lightness, 3).square() + _along(lightness, 2).square()).sqrt()
    calm = steepness <= steepness.median()
    is_light = lightness > lightness[calm].median()
    contrast = blurs[0][:, :1].std() + TINY

    def grain(where: Tensor) -> float:
        return float(((fine[where].mean() if where.any() else torch.zeros(())) / contrast + TINY).log())

    return {"light_grain": grain(calm & is_light), "dark_grain": grain(calm & ~is_light)}


def _along(x: Tensor, axis: int) -> Tensor:
    """Central differences of (B, C, H, W) along an axis, of the same size."""
    padding = (1, 1, 0, 0) if axis == 3 else (0, 0, 1, 1)
    y = pad(x, padding, "replicate")
    length = x.shape[axis]
    return (y.narrow(axis, 2, length) - y.narrow(axis, 0, length)) / 2


def _widest(x: Tensor, reach: int) -> Tensor:
    """Largest value within a square window."""
    side = 2 * reach + 1
    return max_pool2d(max_pool2d(x, (1, side), 1, (0, reach)), (side, 1), 1, (reach, 0))


def _closing(x: Tensor, reach: int) -> Tensor:
    """Morphological closing by a square."""
    return -_widest(-_widest(x, reach), reach)


def _quantile(x: Tensor, share: float) -> float:
    """A quantile of the values, from an even sample, since exact quantiles of many values are slow."""
    values = x.flatten()
    return float(values[:: max(1, values.numel() // 2**16)].quantile(share))
