"""Metrics of textures that need no pretrained weights.

Pixels are float32 (H, W, C) in [0, 1] as in `Texture`. Every metric is deterministic for a seed. None replaces looking:
a structure that is broken but locally right passes them all.
"""

from .alignment import best_shift
from .copies import (
    Copies,
    Nearest,
    largest_copied_block,
    nearest_patches,
    novelty,
    repeated_share,
    verbatim_copies,
)
from .diversity import largest_correlation, ms_ssim, over_pairs
from .patches import Pictures, as_list, contrast_ratio, fine, sliced_wasserstein
from .values import color_distance, radial_power_spectrum, spectrum_difference_db
from .wavelets import wavelet_distance

__all__ = [
    "Copies",
    "Nearest",
    "Pictures",
    "as_list",
    "best_shift",
    "color_distance",
    "contrast_ratio",
    "fine",
    "largest_copied_block",
    "largest_correlation",
    "ms_ssim",
    "nearest_patches",
    "novelty",
    "over_pairs",
    "radial_power_spectrum",
    "repeated_share",
    "sliced_wasserstein",
    "spectrum_difference_db",
    "verbatim_copies",
    "wavelet_distance",
]
