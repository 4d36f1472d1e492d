"""Figures by which results are judged: what each means, and the range in which it should lie."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

FIGURES: Mapping[str, str] = {
    "fine_swd_of_floor": "Distance of fine patches, over another crop's",
    "wavelets_of_floor": "Distance of wavelet coefficients, over another crop's",
    "statistics_of_crop": "Distance of joint wavelet statistics, over another crop's",
    "phases_of_crop": "Distance of the phases across scales, over another crop's",
    "spectrum_db": "Largest difference of power in a frequency band, in dB",
    "two_sample_auc": "How well a classifier tells its patches from the data's: 0.5 if not at all, 1 always",
    "precision": "Precision: share of its patches that could be the data's",
    "recall": "Recall: share of the data's patches that could be its own",
    "contrast_low": "Contrast of the faintest detail, over the data's",
    "contrast_high": "Contrast of the strongest detail, over the data's",
    "salience_of_crop": "Salience of the most salient patch, over a crop's",
    "drift_of_crop": "Drift of its colours across the picture, over a crop's",
    "repeated_share": "Share that occurs in it twice",
    "relief_ratio": "Steepness of its relief, over the data's",
    "novelty": "Distance of its patches from the nearest in the data, over another crop's",
}
"""Meaning of each figure of a model, in the order of tables; there are others for information."""
SEAM = "Visibility of the border, in standard deviations"
GOALS: Mapping[str, tuple[float, float]] = {
    "fine_swd_of_floor": (0, 1.5),
    "statistics_of_crop": (0, 1.5),
    "two_sample_auc": (0, 0.8),
    "contrast_low": (0.75, 1.3),
    "contrast_high": (0.75, 1.3),
    "spectrum_db": (0, 3),
    "salience_of_crop": (0, 1.1),
    "drift_of_crop": (0, 1.2),
    "relief_ratio": (0.75, 1.3),
    "seam_z_high": (-4, 3),
    "seam_z_low": (-4, 3),
    "novelty": (0.85, np.inf),
    "near_copies": (0, 0.05),
    "copied_block_px": (0, 64),
    "largest_correlation": (0, 0.8),
    "normal_length_error": (0, 0.01),
}
"""Range in which each figure of the model should lie; other figures are for information."""
CLASS_GOALS: Mapping[str, tuple[float, float]] = {
    **GOALS,
    "fine_swd_of_floor": (0, 2.0),
    "statistics_of_crop": (0, 2.0),
}
MORE_REPEATED = 0.05
"""Share of a tile that may occur in it twice, more than in another crop: in walls, some bricks look alike."""


def within(value: float, goal: tuple[float, float]) -> bool:
    """Whether a value lies in a range."""
    return goal[0] <= value <= goal[1]
