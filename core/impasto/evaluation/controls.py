"""Controls: tiles of a source by simple methods, beside which the figures of a result can be read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..recipe import Recipe, Step
from ..running.runner import run
from ..texture import Maps

QUILT = "quilt"


def quilted(source: Maps, size_px: tuple[int, int], seed: int = 0) -> Maps:
    """The source quilted to (height, width) with the defaults of `quilt`."""
    height, width = size_px
    step = Step(QUILT, {"width_px": width, "height_px": height})
    return run(Recipe((step,), seed), {"source": source}).maps


def random_phase_noise(source: Maps, size_px: tuple[int, int], names: tuple[str, ...], seed: int = 0) -> Maps:
    """A tile (height, width) with the source's means and spectrum, but without structure (Galerne et al. 2011).

    Asymptotic discrete spot noise: the maps convolved with one white noise, so that they keep their correlations.
    """
    (height, width), rng = size_px, np.random.default_rng(seed)
    noise = np.fft.rfft2(rng.standard_normal(size_px))
    made: Mapping[str, np.ndarray] = {
        name: _convolved(source[name].pixels[:height, :width], noise, size_px) for name in names
    }
    width_m = source.width_m and source.width_m / source.size_px[1] * width
    return Maps.from_arrays(made, width_m=width_m, height_range_m=source.height_range_m, name="noise")


def _convolved(pixels: np.ndarray, noise: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    import torch

    from .metrics.steerable import periodic_component

    mean = pixels.mean((0, 1))
    channels = torch.from_numpy(np.ascontiguousarray((pixels - mean).transpose(2, 0, 1), np.float64))
    spots = periodic_component(channels).numpy() / np.sqrt(pixels.shape[0] * pixels.shape[1])
    waves = np.fft.irfft2(np.fft.rfft2(spots, s=size_px) * noise, s=size_px)
    return (waves.transpose(1, 2, 0) + mean).clip(0, 1)
