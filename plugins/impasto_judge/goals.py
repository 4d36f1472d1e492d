"""Figures by which results are judged: what each means, and the range in which it should lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class Figure:
    """Meaning of a figure, and the ranges in which it should lie: of a model's results, and of a single picture.

    Without a range it is for information. relative: a picture's goal that depends on the controls, in words.
    """

    meaning: str
    of_model: Range | None = None
    of_picture: Range | None = None
    relative: str = ""


MODEL_FIGURES: Mapping[str, Figure] = {
    "fine_swd_of_floor": Figure("Distance of fine patches, over another crop's", of_model=(0, 1.5)),
    "wavelets_of_floor": Figure("Distance of wavelet coefficients, over another crop's"),
    "statistics_of_crop": Figure(
        "Distance of joint wavelet statistics, over another crop's", of_model=(0, 1.5), of_picture=(0, 1.3)
    ),
    "phases_of_crop": Figure("Distance of the phases across scales, over another crop's"),
    "spectrum_db": Figure("Largest difference of power in a frequency band, in dB", of_model=(0, 3)),
    "two_sample_auc": Figure(
        "How well a classifier tells its patches from the data's: 0.5 if not at all, 1 always",
        of_model=(0, 0.8),
        relative="as the quilt's, give or take the deviation",
    ),
    "precision": Figure("Precision: share of its patches that could be the data's"),
    "recall": Figure("Recall: share of the data's patches that could be its own"),
    "contrast_low": Figure(
        "Contrast of the faintest detail, over the data's", of_model=(0.75, 1.3), of_picture=(0.75, 1.3)
    ),
    "contrast_high": Figure(
        "Contrast of the strongest detail, over the data's", of_model=(0.75, 1.3), of_picture=(0.75, 1.3)
    ),
    "salience_of_crop": Figure(
        "Salience of the most salient patch, over a crop's", of_model=(0, 1.1), of_picture=(0, 1.3)
    ),
    "drift_of_crop": Figure("Drift of its colours across the picture, over a crop's", of_model=(0, 1.2)),
    "repeated_share": Figure("Share that occurs in it twice", relative="at most 0.05 above another crop's"),
    "relief_ratio": Figure("Steepness of its relief, over the data's", of_model=(0.75, 1.3)),
    "novelty": Figure(
        "Distance of its patches from the nearest in the data, over another crop's", of_model=(0.85, np.inf)
    ),
}
"""Figures that a model's card records, in the order of tables."""
FIGURES: Mapping[str, Figure] = {
    **MODEL_FIGURES,
    "seam_z_high": Figure("Visibility of the border, in standard deviations", of_model=(-4, 3), of_picture=(-4, 3)),
    "seam_z_low": Figure(
        "The same, where it is least: a smeared border has low ones", of_model=(-4, 3), of_picture=(-4, 3)
    ),
    "statistics": Figure("Difference of joint wavelet statistics, in standard deviations between crops (RMS)"),
    "salience": Figure("Most salient patch of the low-passed picture, in standard deviations"),
    "layout_correlation": Figure(
        "Correlation of the low-passed picture with the data: 1 if its layout was kept", of_picture=(-1, 0.5)
    ),
    "copied_share": Figure("Share of the picture in squares of at least 32 px that are copied from the data"),
    "copied_block_px": Figure(
        "Side of the largest of these, in pixels", of_model=(0, 64), relative="below half of the picture's side"
    ),
    "copied_in_place": Figure("Share of the picture that was copied to where it lies in the data"),
    "near_copies": Figure(
        "Share of patches that are the data's (correlation above 0.98), more than other pictures have",
        of_model=(0, 0.05),
    ),
    "largest_correlation": Figure("Largest correlation of two results with different seeds", of_model=(0, 0.8)),
    "normal_length_error": Figure("Mean error of the lengths of its normals", of_model=(0, 0.01)),
    "two_sample_deviation": Figure("Standard deviation of two_sample_auc between classifiers"),
}
"""All figures but the `statistics_…` of each kind, and `base_color_distance` and so on of each map."""
GOALS: Mapping[str, Range] = {name: figure.of_model for name, figure in FIGURES.items() if figure.of_model}
"""Range in which each figure of a model should lie; other figures are for information."""
CLASS_GOALS: Mapping[str, Range] = {**GOALS, "fine_swd_of_floor": (0, 2.0), "statistics_of_crop": (0, 2.0)}
PICTURE_GOALS: Mapping[str, Range] = {name: figure.of_picture for name, figure in FIGURES.items() if figure.of_picture}
"""Range in which each figure of a single picture should lie, likewise."""
MORE_REPEATED = 0.05
"""Share of a tile that may occur in it twice, more than in another crop: in walls, some bricks look alike."""


def within(value: float, goal: Range) -> bool:
    """Whether a value lies in a range."""
    return goal[0] <= value <= goal[1]
