"""Controls, which give figures a scale: other real crops, and tiles made from the data by simple methods."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from impasto.data.parts import window_of
from impasto.errors import ImpastoError, ParameterError
from impasto.plugins.registry import registry
from impasto.recipe import Recipe, Step
from impasto.running.runner import run
from impasto.texture import Maps

from .cases import EvaluationCase, spread

MODEL, CROP, QUILT, NOISE, MEAN = "model", "crop", "quilt", "noise", "mean"
ROWS = (MODEL, CROP, QUILT, NOISE, MEAN)
"""Rows of a comparison: a model's results; other real crops; a quilt of the data; noise with its spectrum; and results
of the model without its network."""
MOST_CROPS = 3


def simple_controls(case: EvaluationCase, names: tuple[str, ...], size_px: int, count: int) -> dict[str, list[Maps]]:
    """Real crops, and `count` quilts and noises of the material; without quilts if the data are too small."""
    source = max(case.trained or case.others, key=lambda maps: min(maps.size_px))
    rows = {CROP: crops(case)}
    with suppress(ImpastoError):  # the source may be smaller than its blocks
        rows[QUILT] = [quilt_control(source, (size_px, size_px), seed) for seed in range(count)]
    rows[NOISE] = [random_phase_noise(source, (size_px, size_px), names, seed) for seed in range(count)]
    return rows


def crops(case: EvaluationCase) -> list[Maps]:
    """Up to three disjoint parts of the other real pictures, with the judged pictures' size or smaller."""
    found = []
    height, width = case.judged[0].size_px
    for maps in case.others:
        rows, columns = (min(side, full) for side, full in zip((height, width), maps.size_px, strict=True))
        for y in range(0, maps.size_px[0] - rows + 1, rows):
            for x in range(0, maps.size_px[1] - columns + 1, columns):
                found.append(window_of(maps, (slice(y, y + rows), slice(x, x + columns))))
    return spread(found, MOST_CROPS)


def quilt_control(source: Maps, size_px: tuple[int, int], seed: int = 0) -> Maps:
    """The source made seamless at (height, width) by the default tool with its default parameters.

    Raise ParameterError if no tool makes pictures seamless.
    """
    height, width = size_px
    usual = registry().tools_for("seamless")[:1]
    if not usual:
        raise ParameterError("no tool makes pictures seamless", "install a plugin that has one; see `impasto tools`")
    step = Step(usual[0].name, {"width_px": width, "height_px": height})
    return run(Recipe((step,), seed), {"source": source}).maps


def random_phase_noise(source: Maps, size_px: tuple[int, int], names: tuple[str, ...], seed: int = 0) -> Maps:
    """A tile (height, width) with the source's means and spectrum, but without structure (Galerne et al. 2011).

    Asymptotic discrete spot noise: the maps convolved with one white noise, so that they keep their correlations.
    """
    (height, width), rng = size_px, np.random.default_rng(seed)
    noise = np.fft.rfft2(rng.standard_normal(size_px))
    maps: Mapping[str, np.ndarray] = {
        name: _convolve(source[name].pixels[:height, :width], noise, size_px) for name in names
    }
    width_m = source.width_m and source.width_m / source.size_px[1] * width
    return Maps.from_arrays(maps, width_m=width_m, height_range_m=source.height_range_m, name="noise")


def _convolve(pixels: np.ndarray, noise: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    import torch

    from impasto.numerics.borders import periodic_component

    mean = pixels.mean((0, 1))
    channels = torch.from_numpy(np.ascontiguousarray((pixels - mean).transpose(2, 0, 1), np.float64))
    spots = periodic_component(channels).numpy() / np.sqrt(pixels.shape[0] * pixels.shape[1])
    waves = np.fft.irfft2(np.fft.rfft2(spots, s=size_px) * noise, s=size_px)
    return (waves.transpose(1, 2, 0) + mean).clip(0, 1)
