"""Figures of how well maps show a surface's relief, which blank maps fail; and the simplest estimates, as controls."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from ..surface.color import linear_to_srgb, luma
from ..surface.heights import normal_from_slopes, slopes_from_height
from ..surface.shading import Light, Shaded, reflect
from ..texture import Maps
from .metrics.diversity import ms_ssim
from .metrics.patches import sliced_wasserstein

BANDS: Mapping[str, tuple[float, float]] = {"form": (1 / 8, math.inf), "pieces": (1 / 64, 1 / 8), "grain": (0, 1 / 64)}
"""Wavelengths of each frequency band of slopes, relative to the width: of the whole surface, of its stones or bricks,
and of their grain."""
FLAT_DEGREES = 2.0
"""Tilt of the truth below which an estimate's tilt is false relief."""
LIGHTS, ELEVATION = 8, 25.0
"""Number of raking lights all around, and their elevation in degrees."""
GREY, ROUGHNESS = 0.5, 0.8
"""Colour of the surface whose shading is compared, and its roughness where the truth or the estimate has none."""
SHADING_PX = 256
"""Side of the part of the shading whose structure is compared."""
LUMINANCE_HEIGHT = 1 / 1024
"""Height from black to white of the control `luminance`, relative to the width: more is worse on measured sets."""
GRADIENTS_DEGREES = 12.0
"""Mean tilt of the control `gradients`: drama, as in DeepBump's results; measured sets have 4 to 20."""
BLUR = 1 / 256
"""Deviation of the blur before gradients are taken, relative to the width."""


def control_estimates(color: np.ndarray) -> dict[str, Maps]:
    """The simplest estimates of a picture (H, W, 3) by name: flat, luminance as height, gradients of it when blurred.

    The last is the idea of DeepBump (its network is another matter). All have the roughness 0.5.
    """
    height, width = color.shape[:2]
    lightness = luma(color)
    blurred = gaussian_filter(lightness, BLUR * width, mode="wrap")
    slopes = {
        "flat": np.zeros((height, width, 2), np.float32),
        "luminance": slopes_from_height(lightness * (LUMINANCE_HEIGHT * width)),
        "gradients": _with_mean_tilt(slopes_from_height(blurred), GRADIENTS_DEGREES),
    }
    rough = np.full((height, width, 1), 0.5, np.float32)
    return {
        name: Maps.from_arrays({"base_color": color, "normal": normal_from_slopes(one), "roughness": rough})
        for name, one in slopes.items()
    }


def _with_mean_tilt(slopes: np.ndarray, degrees: float) -> np.ndarray:
    """Slopes (H, W, 2) scaled to a mean tilt, by bisection of the factor's logarithm; flat ones stay so."""
    low, high = -20.0, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if tilts(slopes * np.float32(2**middle)).mean() < degrees else (low, middle)
    return slopes * np.float32(2**low) if np.ptp(slopes) > 0 else slopes


def tilts(slopes: np.ndarray) -> np.ndarray:
    """Angles (H, W) in degrees from straight up, of slopes (H, W, 2)."""
    return np.degrees(np.arctan(np.linalg.norm(slopes, axis=2)))


def relief_figures(found: np.ndarray, true: np.ndarray) -> dict[str, float | None]:
    """Figures of slopes (H, W, 2) against the true ones: `tilt_ratio`, `false_relief_degrees`, NAME_correlation.

    The ratio is None if the truth is flat. The correlations are Pearson's within each of `BANDS`, so they do not depend
    on scale; 0 where the estimate has nothing there, None where the truth has nothing.
    """
    tilt, true_tilt = tilts(found), tilts(true)
    is_flat = true_tilt < FLAT_DEGREES
    mean = float(true_tilt.mean(dtype=np.float64))
    figures: dict[str, float | None] = {
        "tilt_ratio": float(tilt.mean(dtype=np.float64)) / mean if mean >= FLAT_DEGREES else None,
        "false_relief_degrees": float(tilt[is_flat].mean(dtype=np.float64)) if is_flat.any() else None,
    }
    for name, (one, other) in _bands(found, true).items():
        figures[f"{name}_correlation"] = _correlation(one, other)
    return figures


def _bands(found: np.ndarray, true: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Both sides' slopes in each frequency band."""
    return {
        name: tuple(_low_passed(slopes, shortest) - _low_passed(slopes, longest) for slopes in (found, true))
        for name, (shortest, longest) in BANDS.items()
    }


def _low_passed(slopes: np.ndarray, wavelength: float) -> np.ndarray:
    """Slopes (H, W, 2) without wavelengths below one that is relative to the width; infinite leaves their mean."""
    if math.isinf(wavelength):
        return slopes.mean((0, 1))
    sigma = wavelength * slopes.shape[1] / (2 * math.pi)
    return gaussian_filter(slopes, (sigma, sigma, 0), mode="wrap") if sigma else slopes


def _correlation(found: np.ndarray, true: np.ndarray) -> float | None:
    """Pearson's correlation of fields without a mean."""
    power = float((true * true).mean(dtype=np.float64))
    own = float((found * found).mean(dtype=np.float64))
    if power < 1e-10:
        return None
    return float((found * true).mean(dtype=np.float64)) / math.sqrt(power * own) if own > 1e-12 else 0.0


def relit_likeness(estimate: Maps, truth: Maps) -> dict[str, float | None]:
    """`relit_structure` and `relit_statistics` of normals and roughness under eight raking lights, on grey.

    Structure: multi-scale SSIM of the shading, 1 if equal. Statistics: sliced Wasserstein distance of its patches in
    all frequency bands, near 0 if equal; contrast counts in it, and places do not.
    """
    structure, statistics = [], []
    for azimuth in np.arange(LIGHTS) * 360 / LIGHTS:
        light = Light(float(azimuth), ELEVATION).direction().view(3, 1, 1)
        found, true = (shading(maps, light) for maps in (estimate, truth))
        structure.append(ms_ssim(np.repeat(found, 3, 2), np.repeat(true, 3, 2), SHADING_PX))
        statistics.append(np.mean(sliced_wasserstein(found, true, patches=2048, directions=64, by_contrast=True)))
    return {"relit_structure": float(np.mean(structure)), "relit_statistics": float(np.mean(statistics))}


def shading(maps: Maps, to_light: torch.Tensor) -> np.ndarray:
    """Shading (H, W, 1) of the normals and roughness of maps on a grey dielectric, in sRGB values, from above."""
    size_px = maps.size_px
    plain = {name: maps[name] for name in ("normal", "roughness") if name in maps}
    surface = Shaded.of_maps(Maps(plain))
    color = torch.full((3, *size_px), GREY)
    up = torch.tensor([0.0, 0.0, 1.0]).view(3, 1, 1)
    reflected = reflect(Shaded(color, *list(vars(surface).values())[1:]), to_light, up)[:1]
    return linear_to_srgb(reflected.clamp(0, 1).permute(1, 2, 0).numpy())
