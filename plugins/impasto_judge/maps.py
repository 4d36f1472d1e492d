"""Errors of estimated maps against the true maps of the same surface, with those of trivial maps as controls.

Every figure is a mean over all pixels. An estimate of another size than the truth is compared at the smaller of the two
sizes: colour is averaged as light, normals as slopes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from impasto.errors import Message, ParameterError
from impasto.surface.color import linear_pixels, linear_to_srgb
from impasto.surface.heights import slopes_from_normal
from impasto.surface.resizing import resized_maps
from impasto.texture import Maps

from .relief import LEAST_DEVIATION, control_estimates, correlation, relief_figures, relit_likeness
from .renders import LOG_EPSILON, render_log_l1

COMPARED = ("base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion")
RELIEF_DEGREES = 5.0
"""A set has relief if the mean angle between its true normals and straight up is larger than this."""
LEAST_FLAT_DEGREES = 1e-3
UP: np.ndarray = np.array([0, 0, 1], np.float32)
LARGEST_STRETCH = 0.01
"""Largest relative difference between two sets' proportions, since sizes are rounded to pixels."""


def _means(meaning: str, heading: str = "", init: bool = True) -> Any:
    """A field for a figure, None by default. heading: its column's, for the most telling figures."""
    return field(default=None, init=init, metadata={"meaning": meaning, "heading": heading})


@dataclass(frozen=True)
class MapFigures:
    """Figures of one set of maps, or their means over several; None where a map is missing."""

    normal_degrees: float | None = _means("mean angle between estimated and true normals", "normals °")
    flat_degrees: float | None = _means("the same for a flat surface")
    normal_of_flat: float | None = _means(
        "the first over the second; for means a ratio of means", "of flat", init=False
    )
    slope_correlation: float | None = _means("Pearson's correlation of slopes")
    tilt_ratio: float | None = _means("mean tilt over the truth's: 0 for a blank map", "tilt")
    false_relief_degrees: float | None = _means("mean tilt where the truth has less than 2 degrees", "false °")
    form_correlation: float | None = _means(
        "correlation of slopes of wavelengths over an eighth of the width", "form r"
    )
    pieces_correlation: float | None = _means("the same from there to a 64th, as of bricks and stones", "pieces r")
    grain_correlation: float | None = _means("the same below a 64th", "grain r")
    relit_structure: float | None = _means("multi-scale SSIM of the shading under eight raking lights", "relit")
    relit_statistics: float | None = _means("sliced Wasserstein distance of the shading's patches", "distance")
    roughness_rmse: float | None = _means("root of the mean square error of roughness")
    roughness_error: float | None = _means("mean |error| of roughness", "rough")
    half_roughness_error: float | None = _means("the same for a constant 0.5")
    mean_roughness_error: float | None = _means("the same for the truth's own mean")
    roughness_correlation: float | None = _means("Pearson's correlation of roughness", "rough r")
    occlusion_correlation: float | None = _means("Pearson's correlation of ambient occlusion", "AO r")
    height_correlation: float | None = _means("Pearson's correlation of heights", "height r")
    base_color_log_l1: float | None = _means("mean |error| of log(0.1 + linear base colour)", "colour")
    render_log_l1: float | None = _means("mean |error| of log(0.1 + radiance) of nine renders", "renders")

    def __post_init__(self) -> None:
        if self.normal_degrees is not None and self.flat_degrees and self.flat_degrees >= LEAST_FLAT_DEGREES:
            object.__setattr__(self, "normal_of_flat", self.normal_degrees / self.flat_degrees)

    @property
    def has_relief(self) -> bool:
        """Whether the true surface has enough relief for the figures of relief to mean something."""
        return self.flat_degrees is not None and self.flat_degrees > RELIEF_DEGREES


def compare_maps(estimate: Maps, truth: Maps) -> MapFigures:
    """Figures of estimated maps against the true ones. Raise ParameterError if their proportions differ."""
    estimate, truth = at_one_size(estimate, truth)
    both = {name: (estimate[name].pixels, truth[name].pixels) for name in estimate if name in truth}
    figures: dict[str, float | None] = {"render_log_l1": render_log_l1(estimate, truth)}
    if "normal" in both:
        figures |= normal_figures(*both["normal"]) | relit_likeness(estimate, truth)
    if "roughness" in both:
        figures |= _roughness_figures(*both["roughness"])
    if "base_color" in both:
        found, true = (np.log(linear_pixels(maps["base_color"]) + LOG_EPSILON) for maps in (estimate, truth))
        figures["base_color_log_l1"] = _mean(np.abs(found - true))
    if "ambient_occlusion" in both:
        figures["occlusion_correlation"] = correlation(*both["ambient_occlusion"])
    if "height" in both:
        figures["height_correlation"] = correlation(*both["height"])
    return MapFigures(**figures)


def compare_controls(truth: Maps) -> dict[str, MapFigures]:
    """Figures of the simplest estimates from the true base colour, by name; {} without one."""
    if "base_color" not in truth:
        return {}
    controls = control_estimates(linear_to_srgb(linear_pixels(truth["base_color"])))
    return {name: compare_maps(estimate, truth) for name, estimate in controls.items()}


def mean_figures(figures: Sequence[MapFigures]) -> MapFigures:
    """Mean of each figure over the sets that have it; `normal_of_flat` is then a ratio of means."""
    found = {item.name: [getattr(one, item.name) for one in figures] for item in fields(MapFigures) if item.init}
    known = {name: [value for value in values if value is not None] for name, values in found.items()}
    return MapFigures(**{name: float(np.mean(values)) for name, values in known.items() if values})


def at_one_size(estimate: Maps, truth: Maps) -> tuple[Maps, Maps]:
    """Both sets at the smaller of their sizes, with only the compared maps."""
    size_px = compared_size(estimate.size_px, truth.size_px)
    estimate, truth = (resized_maps(_compared_maps(maps), size_px) for maps in (estimate, truth))
    return estimate, truth


def _compared_maps(maps: Maps) -> Maps:
    return Maps({name: maps[name] for name in maps if name in COMPARED})


def compared_size(estimate_px: tuple[int, int], truth_px: tuple[int, int]) -> tuple[int, int]:
    """The smaller of two sizes (height, width). Raise ParameterError if their proportions differ."""
    (height, width), (true_height, true_width) = estimate_px, truth_px
    if abs(height * true_width - true_height * width) > LARGEST_STRETCH * true_height * width:
        message = Message("the estimate is {}x{} px and the truth {}x{} px", width, height, true_width, true_height)
        raise ParameterError(message, "crop them to the same part of the surface")
    return min(estimate_px, truth_px)


def normal_figures(found: np.ndarray, true: np.ndarray) -> dict[str, float | None]:
    """Figures of normals (H, W, 3), encoded in [0, 1]."""
    slopes = [slopes_from_normal(normal) for normal in (found, true)]
    centred = [slope - slope.mean((0, 1), dtype=np.float64).astype(np.float32) for slope in slopes]
    return {
        "normal_degrees": _mean(_degrees(_unit(found), _unit(true))),
        "flat_degrees": _mean(_degrees(UP, _unit(true))),
        "slope_correlation": correlation(*centred),
        **relief_figures(*slopes),
    }


def _unit(normal: np.ndarray) -> np.ndarray:
    """Unit vectors (H, W, 3) of encoded normals; straight up where a normal has no length."""
    vectors = 2 * normal - 1
    lengths = np.linalg.norm(vectors, axis=2, keepdims=True)
    return np.where(lengths > LEAST_DEVIATION, vectors / np.maximum(lengths, LEAST_DEVIATION), UP)


def _degrees(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Angles (H, W) between unit vectors, from their distance, which stays exact for small angles."""
    return np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(one - other, axis=2) / 2, 0, 1)))


def _roughness_figures(found: np.ndarray, true: np.ndarray) -> dict[str, float | None]:
    difference = np.abs(found - true)
    return {
        "roughness_rmse": _mean(difference * difference) ** 0.5,
        "roughness_error": _mean(difference),
        "half_roughness_error": _mean(np.abs(true - 0.5)),
        "mean_roughness_error": _mean(np.abs(true - _mean(true))),
        "roughness_correlation": correlation(found, true),
    }


def _mean(values: np.ndarray) -> float:
    return float(values.mean(dtype=np.float64))
