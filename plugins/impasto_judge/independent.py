"""Figures that no training here optimises: joint statistics, spectra, salience, repetition, and classifiers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.numerics.statistics import PrincipalChannels
from impasto.plugins.registry import registry
from impasto.texture import Maps

from .cases import EvaluationCase
from .metrics.pattern_salience import PatternSalience
from .metrics.values import spectrum_difference_db
from .real_texture import window_side

if TYPE_CHECKING:
    from .metrics.joint_statistics import RealStatistics

MOST_WINDOWS = 4
"""Most windows along each side of a result; real pictures have twice as many, which overlap."""
ENCODED_PX = 64
"""Side of the disjoint patches that an encoder sees."""


class IndependentFigures:
    """Figures of pictures, compared with the real ones of a case; heights are in metres where their range is known.

    names: of the compared maps. tiles, in all methods: whether a picture is seamless, as results are.
    """

    def __init__(self, case: EvaluationCase, names: Sequence[str]) -> None:
        self.case, self.names = case, tuple(names)
        self._channels = PrincipalChannels(_pool(case.judged, self.names), self.names)
        self._color = PrincipalChannels(_pool(case.judged, ("base_color",)), ("base_color",))
        self._salience = PatternSalience([self._color.of(maps) for maps in (*case.judged, *case.others)])
        self.window_px = self._window_px()

    def _window_px(self) -> int:
        """Side of the windows whose statistics are compared; 0 if the real pictures are too small for any."""
        shortest = min(min(maps.size_px) for maps in (*self.case.judged, *self.case.others))
        try:
            return window_side((shortest, shortest), (shortest, shortest))
        except ParameterError:
            return 0

    def of(self, maps: Maps, tiles: bool = True) -> dict[str, float]:
        """All figures except those of classifiers and of repetition."""
        salience, drift = self._salience.of_crop(self._color.of(maps))
        found = {
            **self._statistics(maps, tiles),
            **self._spectra(maps),
            **self.precision_recall(maps),
            "salience_of_crop": salience,
            "drift_of_crop": drift,
        }
        if "height" in self.names:
            real = np.mean([one["height"].pixels.std() for one in self.case.judged])
            found["relief_ratio"] = float(maps["height"].pixels.std() / max(real, 1e-9))
        return found

    def _spectra(self, maps: Maps) -> dict[str, float]:
        """Largest difference of power in an octave (dB), for each map."""
        found = {}
        for name in self.names:
            real = [one[name].pixels for one in self.case.judged]
            octaves = spectrum_difference_db(maps[name].pixels, real, bands_per_octave=1)
            found["spectrum_db" if name == "base_color" else f"{name}_spectrum_db"] = float(np.abs(octaves).max())
        return found

    def _statistics(self, maps: Maps, tiles: bool) -> dict[str, float]:
        """RMS difference of joint statistics, in spreads of real windows: of all kinds, and of phases alone."""
        from .metrics.joint_statistics import joint_statistics

        side = self.window_px
        if not side or min(maps.size_px) < side:
            return {}
        distances = self._real.distances(joint_statistics(self._windows(maps, MOST_WINDOWS, tiles)))
        return {"statistics": distances["all"], "phases": distances["phases"]}

    @cached_property
    def _real(self) -> RealStatistics:
        """Mean statistics of the judged pictures' windows, and their spread over those of all real ones."""
        from .metrics.joint_statistics import RealStatistics, joint_statistics

        known, other = (
            joint_statistics([window for one in group for window in self._windows(one, 2 * MOST_WINDOWS, False)])
            for group in (self.case.judged, self.case.others)
        )
        everything = {kind: np.concatenate([values, other[kind]]) for kind, values in known.items()}
        return RealStatistics.of(known, everything)

    def _windows(self, maps: Maps, most: int, tiles: bool) -> list[np.ndarray]:
        """Square windows (S, S, C) of a picture, spread over it."""
        pixels, side = self._channels.of(maps), self.window_px
        spare = [full if tiles else full - side + 1 for full in pixels.shape[:2]]
        wide = np.pad(pixels, ((0, side), (0, side), (0, 0)), mode="wrap") if tiles else pixels
        counts = [min(most, max(1, 2 * full // side - 1)) for full in pixels.shape[:2]]
        rows, columns = (
            np.linspace(0, room, count, endpoint=not tiles).astype(int).clip(0, room - 1)
            for room, count in zip(spare, counts, strict=True)
        )
        return [wide[y : y + side, x : x + side] for y in rows for x in columns]

    def precision_recall(self, maps: Maps) -> dict[str, float]:
        """Precision and recall of a picture's patches against the judged ones'; {} if no encoder is installed."""
        from .metrics.precision_recall import precision_recall

        features = _features([maps]) if min(maps.size_px) >= ENCODED_PX else None
        if features is None or self._judged_features is None:
            return {}
        precision, recall = precision_recall(features, self._judged_features)
        return {"precision": precision, "recall": recall}

    @cached_property
    def _judged_features(self) -> np.ndarray | None:
        if min(min(maps.size_px) for maps in self.case.judged) < 2 * ENCODED_PX:
            return None
        return _features(self.case.judged)

    def can_classify(self, pictures: Sequence[Maps]) -> bool:
        """Whether pictures and real ones are large enough for a classifier."""
        from .metrics.two_sample import PATCH_PX

        return all(min(maps.size_px) >= PATCH_PX for maps in (*pictures, *self.case.judged, *self.case.others))

    def two_sample_auc(self, learned: Maps, tested: Maps, real: Sequence[Maps], seed: int) -> float:
        """Score on `tested` and judged pictures of a classifier that has learned to tell `learned` from `real`."""
        from .metrics.two_sample import disjoint_two_sample_auc

        known = [self._channels.of(maps) for maps in real]
        judged = [self._channels.of(maps) for maps in self.case.judged]
        synthesised = (self._channels.of(maps) for maps in (learned, tested))
        return disjoint_two_sample_auc((next(synthesised), known), (next(synthesised), judged), seed)


def _pool(pictures: Sequence[Maps], names: Sequence[str]) -> Maps:
    """All pixels of pictures in one column."""
    columns = {
        name: np.concatenate([maps[name].pixels.reshape(-1, 1, maps[name].pixels.shape[2]) for maps in pictures])
        for name in names
    }
    return Maps.from_arrays(columns)


def _features(pictures: Sequence[Maps]) -> np.ndarray | None:
    """Features (N, F) of all disjoint patches of pictures in an installed encoder; None if there is none."""
    known = registry()
    patches = [
        maps["base_color"].pixels[y : y + ENCODED_PX, x : x + ENCODED_PX]
        for maps in pictures
        for y in range(0, maps.size_px[0] - ENCODED_PX + 1, ENCODED_PX)
        for x in range(0, maps.size_px[1] - ENCODED_PX + 1, ENCODED_PX)
    ]
    return known.encode(np.stack(patches), Context(weights=known.weights_library()))
