"""Figures of how well maps show a surface's relief, and the simplest estimates as controls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from scipy.optimize import brentq

from impasto.surface.color import linear_to_srgb, luma
from impasto.surface.heights import normal_from_slopes, slopes_from_height
from impasto.surface.shading import Light, Shaded, reflect
from impasto.texture import Maps

from .metrics.diversity import ms_ssim
from .metrics.patches import sliced_wasserstein

BANDS: Mapping[str, tuple[float, float]] = {"form": (1 / 8, math.inf), "pieces": (1 / 64, 1 / 8), "grain": (0, 1 / 64)}
"""Wavelengths of each frequency band of slopes, relative to the width: of the whole surface, of its stones or bricks,
and of their grain."""
LEAST_DEVIATION = 1e-6
"""Values with less deviation count as constant."""
LEAST_SLOPE = 1e-5
"""A band of true slopes with less deviation is empty."""
FLAT_DEGREES = 2.0
"""True tilt below which an estimate's tilt is false relief."""
LIGHTS, ELEVATION = 8, 25.0
"""Number of raking lights around the surface, and their elevation in degrees."""
GREY = 0.5
"""Linear colour of the surface for comparing shading."""
SHADING_PX = 256
"""Side of the part of the shading for comparing structure."""
LUMINANCE_HEIGHT = 1 / 1024
"""Height of the control `luminance` from black to white, relative to the width; more is worse on measured sets."""
GRADIENTS_DEGREES = 12.0
"""Mean tilt of the control `gradients`, strong as in DeepBump's results; measured sets have 4 to 20."""
BLUR = 1 / 256
"""Deviation of the blur before gradients are taken, relative to the width."""


def control_estimates(color: np.ndarray) -> dict[str, Maps]:
    """The simplest estimates from a picture (H, W, 3) by name: flat, luminance as height, and its blurred gradients.

    The last is the idea of DeepBump, without its network. All of them have the roughness 0.5.
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
    """Slopes (H, W, 2) scaled to a mean tilt; flat slopes stay flat."""
    if np.ptp(slopes) == 0:
        return slopes
    exponent = brentq(lambda power: float(tilts(slopes * np.float32(2**power)).mean()) - degrees, -20, 20, rtol=1e-6)
    return slopes * np.float32(2**exponent)


def tilts(slopes: np.ndarray) -> np.ndarray:
    """Angles (H, W) in degrees from straight up, of slopes (H, W, 2)."""
    return np.degrees(np.arctan(np.linalg.norm(slopes, axis=2)))


def relief_figures(found: np.ndarray, true: np.ndarray) -> dict[str, float | None]:
    """Figures of slopes (H, W, 2) against the true ones: `tilt_ratio`, `false_relief_degrees`, NAME_correlation.

    The ratio is None if the truth is flat. The correlations are Pearson's in each of `BANDS`, so they do not depend on
    scale. They are 0 if the estimate's band is empty, and None if the truth's is.
    """
    tilt, true_tilt = tilts(found), tilts(true)
    is_flat = true_tilt < FLAT_DEGREES
    mean = float(true_tilt.mean(dtype=np.float64))
    figures: dict[str, float | None] = {
        "tilt_ratio": float(tilt.mean(dtype=np.float64)) / mean if mean >= FLAT_DEGREES else None,
        "false_relief_degrees": float(tilt[is_flat].mean(dtype=np.float64)) if is_flat.any() else None,
    }
    for name, (one, other) in _bands(found, true).items():
        figures[f"{name}_correlation"] = (correlation(one, other) or 0.0) if other.std() >= LEAST_SLOPE else None
    return figures


def _bands(found: np.ndarray, true: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Both sides' slopes in each frequency band."""
    return {
        name: tuple(_smooth_slopes(slopes, shortest) - _smooth_slopes(slopes, longest) for slopes in (found, true))
        for name, (shortest, longest) in BANDS.items()
    }


def _smooth_slopes(slopes: np.ndarray, wavelength: float) -> np.ndarray:
    """Slopes (H, W, 2) without shorter wavelengths than this, relative to the width; inf leaves only their mean."""
    if math.isinf(wavelength):
        return slopes.mean((0, 1))
    sigma = wavelength * slopes.shape[1] / (2 * math.pi)
    return gaussian_filter(slopes, (sigma, sigma, 0), mode="wrap") if sigma else slopes


def correlation(found: np.ndarray, true: np.ndarray) -> float | None:
    """Pearson's correlation; None if either is constant."""
    found, true = (values - values.mean(dtype=np.float64) for values in (found, true))
    deviations = found.std(), true.std()
    if min(deviations) < LEAST_DEVIATION:
        return None
    return float((found * true).mean() / (deviations[0] * deviations[1]))


def relit_likeness(estimate: Maps, truth: Maps) -> dict[str, float | None]:
    """`relit_structure` and `relit_statistics` of normals and roughness under eight raking lights, on grey.

    Structure: multi-scale SSIM of the shading, 1 if equal. Statistics: sliced Wasserstein distance of its patches in
    all frequency bands, near 0 if equal; contrast counts in it, and places do not.
    """
    surfaces = [_grey_surface(maps) for maps in (estimate, truth)]
    up = torch.tensor([0.0, 0.0, 1.0]).view(3, 1, 1)
    structure, statistics = [], []
    for azimuth in np.arange(LIGHTS) * 360 / LIGHTS:
        light = Light(float(azimuth), ELEVATION).direction().view(3, 1, 1)
        found, true = (_in_srgb(reflect(surface, light, up)[:1]) for surface in surfaces)
        structure.append(ms_ssim(np.repeat(found, 3, 2), np.repeat(true, 3, 2), SHADING_PX))
        statistics.append(np.mean(sliced_wasserstein(found, true, patches=2048, directions=64, by_contrast=True)))
    return {"relit_structure": float(np.mean(structure)), "relit_statistics": float(np.mean(statistics))}


def _grey_surface(maps: Maps) -> Shaded:
    """The normals and roughness of maps on a grey dielectric."""
    plain = Maps({name: maps[name] for name in ("normal", "roughness") if name in maps})
    return replace(Shaded.of_maps(plain), color=torch.full((3, *maps.size_px), GREY))


def _in_srgb(radiance: torch.Tensor) -> np.ndarray:
    """Picture (H, W, 1) of radiance (1, H, W)."""
    return linear_to_srgb(radiance.clamp(0, 1).permute(1, 2, 0).numpy())
