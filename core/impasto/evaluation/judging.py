"""Measures what was made for one material beside real pictures of it; see `evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..data.parts import OTHER_PART, part_of
from ..errors import ParameterError
from ..texture import MAP_CHANNELS, Maps
from . import metrics

JUDGED_MAPS = ("base_color", "roughness", "metallic", "height")
"""Normals and occlusion follow from height."""
NOVELTY_PATCHES = 128
SWD_DIRECTIONS = 512
CONSTANT = 0.004
"""A map that deviates by less than a step of 8 bits has no structure to compare."""

GOALS: Mapping[str, tuple[float, float]] = {
    "fine_swd_of_floor": (0, 1.5),
    "contrast_low": (0.75, 1.3),
    "contrast_high": (0.75, 1.3),
    "spectrum_db": (0, 3),
    "seam_z_high": (-4, 3),
    "seam_z_low": (-4, 3),
    "novelty": (0.85, np.inf),
    "near_copies": (0, 0.05),
    "copied_block_px": (0, 64),
    "largest_correlation": (0, 0.8),
    "normal_length_error": (0, 0.01),
}
"""Where each figure should lie; the others are for information."""
CLASS_GOALS: Mapping[str, tuple[float, float]] = {**GOALS, "fine_swd_of_floor": (0, 2.0)}


@dataclass(frozen=True)
class Case:
    """One material: the real pictures that judge it, and those that the model learned it from, where they are known."""

    label: str
    judged: tuple[Maps, ...]
    trained: tuple[Maps, ...]
    held_out: bool

    def floor_pairs(self) -> list[tuple[list[Maps], list[Maps]]]:
        """Disjoint real pictures of the material: the training's and the judges', or else two halves of the judges."""
        if self.trained and self.held_out:
            return [(list(self.trained), list(self.judged))]
        if len(self.judged) > 1:
            return [(list(self.judged[::2]), list(self.judged[1::2]))]
        one = self.judged[0]
        return [([part_of(one, part)], [part_of(one, OTHER_PART[part])]) for part in ("left", "top")]


@dataclass(frozen=True)
class Judgement:
    """What was made for one case, and how good it is. `seeds` has the figures of each seed, `details` the lists."""

    case: Case
    floor: Mapping[str, float]
    made: tuple[Maps, ...]
    seeds: tuple[Mapping[str, float], ...]
    details: tuple[Mapping[str, Any], ...]
    together: Mapping[str, float] = field(default_factory=dict)

    def mean(self) -> dict[str, float]:
        """Mean of each figure over the seeds, and the figures of all seeds together."""
        return {name: float(np.mean([seed[name] for seed in self.seeds])) for name in self.seeds[0]} | {**self.together}

    def deviation(self) -> dict[str, float]:
        """Deviation of each figure over the seeds."""
        return {name: float(np.std([seed[name] for seed in self.seeds])) for name in self.seeds[0]}

    def goals(self) -> Mapping[str, tuple[float, float]]:
        """Where each figure should lie."""
        return CLASS_GOALS if self.case.label else GOALS

    def missed(self) -> list[str]:
        """The figures whose mean is not where it should be."""
        wanted = self.goals()
        return [name for name, value in self.mean().items() if name in wanted and not _within(value, wanted[name])]

    def as_json(self) -> dict[str, Any]:
        """All but the pictures."""
        return {
            "label": self.case.label,
            "data": [maps.name for maps in self.case.judged],
            "held_out": self.case.held_out,
            "floor": dict(self.floor),
            "mean": self.mean(),
            "deviation": self.deviation(),
            "missed": self.missed(),
            "seeds": [{**figures, **details} for figures, details in zip(self.seeds, self.details, strict=True)],
        }


def _within(value: float, goal: tuple[float, float]) -> bool:
    return goal[0] <= value <= goal[1]


def judge(
    case: Case, made: Sequence[Maps], on_progress: Callable[[float, str], None] = lambda fraction, message: None
) -> Judgement:
    """Measure what was made, a set of maps a seed, beside the case's real pictures."""
    names = _compared_maps(case, made[0])
    levelled, made_levelled = _with_heights_in_metres(case, made)
    standard = _Standard(names, levelled.judged)
    on_progress(0, "floor")
    floor, copies = _floor(levelled, standard), _Copies(case)
    seeds, details = [], []
    for index, maps in enumerate(made):
        on_progress((index + 1) / (len(made) + 1), f"judging seed {index}")
        figures, lists = _beside_the_real(levelled, made_levelled[index], standard, floor)
        itself, seams = _by_itself(maps)
        seeds.append({**figures, **itself, **copies.figures(maps)})
        details.append({**lists, **seams})
    return Judgement(case, floor, tuple(made), tuple(seeds), tuple(details), _diversity(made))


def _with_heights_in_metres(case: Case, made: Sequence[Maps]) -> tuple[Case, list[Maps]]:
    """The same with heights in metres above their mean, at the texel size of what was made.

    Ranges are chosen so that each height map fills its own, so the same relief has other values in another picture.
    Heights stay as they are where what they span is not known of all.
    """
    everything = [*case.judged, *case.trained, *made]
    if not all(maps.height_range_m and maps.width_m for maps in everything if "height" in maps):
        return case, list(made)
    texel_m = (made[0].width_m or 1.0) / made[0].size_px[1]

    def levelled(maps: Maps) -> Maps:
        if "height" not in maps or not maps.height_range_m or not maps.width_m:
            return maps
        height = maps["height"].pixels
        span_m = maps.height_range_m / maps.width_m * maps.size_px[1] * texel_m
        return maps.with_arrays({"height": span_m * (height - height.mean())})

    judged, trained = (tuple(map(levelled, side)) for side in (case.judged, case.trained))
    return replace(case, judged=judged, trained=trained), [levelled(maps) for maps in made]


def _compared_maps(case: Case, made: Maps) -> tuple[str, ...]:
    """The maps that all have and that are no even grey."""

    def varies(name: str) -> bool:
        return max(float(maps[name].pixels.std()) for maps in case.judged) > CONSTANT

    everywhere = [name for name in JUDGED_MAPS if all(name in maps for maps in (made, *case.judged, *case.trained))]
    names = tuple(name for name in everywhere if varies(name))
    if "base_color" not in names:
        raise ParameterError(
            f"nothing of {made.name or 'what was made'} can be compared with {case.judged[0].name}",
            "judge by pictures of a material that has some structure, with base colour",
        )
    return names


class _Standard:
    """Stacks maps as channels in units of the real pictures' deviations, so that every map counts the same."""

    def __init__(self, names: tuple[str, ...], real: Sequence[Maps]) -> None:
        self.names = names
        pixels = [[maps[name].pixels.reshape(-1, MAP_CHANNELS[name]) for maps in real] for name in names]
        values = [np.concatenate(parts) for parts in pixels]
        self.mean = [value.mean(0) for value in values]
        self.deviation = [max(float((value - value.mean(0)).std()), 1e-6) for value in values]

    def channels(self, maps: Maps) -> np.ndarray:
        """(H, W, C), all channels of each map."""
        parts = [
            (maps[name].pixels - mean) / deviation
            for name, mean, deviation in zip(self.names, self.mean, self.deviation, strict=True)
        ]
        return np.concatenate(parts, 2)

    def luminances(self, maps: Maps) -> np.ndarray:
        """(H, W, M), one channel a map."""
        return np.concatenate([maps[name].pixels.mean(2, keepdims=True) for name in self.names], 2)


def _floor(case: Case, standard: _Standard) -> dict[str, float]:
    """What real pictures score beside each other."""
    pairs = case.floor_pairs()
    return {
        "fine_swd": float(np.mean([metrics.fine(_swd(*pair, standard)) for pair in pairs])),
        "wavelets": float(np.mean([_wavelets(*pair, standard) for pair in pairs])),
        "spectrum_db": float(np.mean([np.abs(_spectrum_db(*pair)).max() for pair in pairs])),
    }


def _spectrum_db(made: Sequence[Maps], real: Sequence[Maps]) -> list[float]:
    return metrics.spectrum_difference_db(_colors(made), _colors(real))


def _swd(made: Sequence[Maps], real: Sequence[Maps], standard: _Standard) -> list[float]:
    found, wanted = ([standard.channels(maps) for maps in side] for side in (made, real))
    return metrics.sliced_wasserstein(found, wanted, directions=SWD_DIRECTIONS)


def _wavelets(made: Sequence[Maps], real: Sequence[Maps], standard: _Standard) -> float:
    found, wanted = ([standard.luminances(maps) for maps in side] for side in (made, real))
    return metrics.wavelet_distance(found, wanted)


def _beside_the_real(
    case: Case, maps: Maps, standard: _Standard, floor: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, Any]]:
    """Figures that compare with the real pictures, and the same level by level."""
    if len(case.judged) == 1:  # the floor is of pictures of this size, which begin alike
        maps = _cropped(_rolled(maps, case.judged[0], standard), case.judged[0].size_px)
    real = list(case.judged)
    swd = _swd([maps], real, standard)
    contrast = metrics.contrast_ratio(standard.channels(maps), [standard.channels(one) for one in real])
    spectrum = _spectrum_db([maps], real)
    distances = {
        name: metrics.color_distance(maps[name].pixels, [one[name].pixels for one in real]) for name in standard.names
    }
    figures = {
        "fine_swd": metrics.fine(swd),
        "fine_swd_of_floor": metrics.fine(swd) / floor["fine_swd"],
        "wavelets_of_floor": _wavelets([maps], real, standard) / max(floor["wavelets"], 1e-6),
        "contrast_low": min(contrast[:3]),
        "contrast_high": max(contrast[:3]),
        "spectrum_db": float(np.abs(spectrum).max()),
        **{f"{name}_distance": float(np.mean(distance)) for name, distance in distances.items()},
    }
    return figures, {"swd_levels": swd, "contrast_levels": contrast, "spectrum_bands_db": spectrum}


def _rolled(maps: Maps, real: Maps, standard: _Standard) -> Maps:
    """Seamless maps, begun where the real ones do: at a joint, or so far from it."""
    shift = metrics.best_shift(standard.channels(maps), standard.channels(real))
    return Maps.from_arrays({name: np.roll(maps[name].pixels, shift, (0, 1)) for name in maps}, name=maps.name)


def _cropped(maps: Maps, size_px: tuple[int, int]) -> Maps:
    height, width = size_px
    return Maps.from_arrays({name: maps[name].pixels[:height, :width] for name in maps}, name=maps.name)


def _by_itself(maps: Maps) -> tuple[dict[str, float], dict[str, Any]]:
    """Figures of the result alone: seams of every map, and normals against height."""
    seams = {name: metrics.seam_z(maps[name].pixels) for name in maps}
    figures = {"seam_z_high": max(map(max, seams.values())), "seam_z_low": min(map(min, seams.values()))}
    if "normal" in maps:
        normal = maps["normal"].pixels
        figures["normal_length_error"] = metrics.normal_length_error(normal)
        if "height" in maps:
            angle, correlation = metrics.normal_height_consistency(normal, maps["height"].pixels)
            figures |= {"normal_angle_deg": angle, "normal_correlation": correlation}
    return figures, {"seam_z": seams}


class _Copies:
    """Looks for copies in what the model learned from; nothing where that is not known.

    Where it learned all of the picture, each half is what the other half is beside it.
    """

    def __init__(self, case: Case) -> None:
        self.trained = _colors(case.trained)
        pairs = case.floor_pairs()[:1] if case.trained else []
        if not case.held_out:
            pairs = [pair for one, other in pairs for pair in ((one, other), (other, one))]
        self.searched = [(_colors(known), self._usual(_colors(known), _colors(others))) for known, others in pairs]

    def _usual(self, known: list[np.ndarray], others: list[np.ndarray]) -> list[metrics.Nearest]:
        share = max(1, NOVELTY_PATCHES // len(others))
        return [metrics.nearest_patches(other, known, count=share) for other in others]

    def figures(self, maps: Maps) -> dict[str, float]:
        """Novelty, the share of near copies and the side of the largest block that is copied."""
        if not self.searched:
            return {}
        color = maps["base_color"].pixels
        found = [
            metrics.novelty(metrics.nearest_patches(color, known, count=NOVELTY_PATCHES), usual)
            for known, usual in self.searched
        ]
        blocks = [metrics.largest_copied_block(color, picture)[0] for picture in self.trained]
        return {
            "novelty": min(median for median, _ in found),
            "near_copies": max(copies for _, copies in found),
            "copied_block_px": float(max(blocks)),
        }


def _colors(surfaces: Sequence[Maps]) -> list[np.ndarray]:
    return [maps["base_color"].pixels for maps in surfaces]


def _diversity(made: Sequence[Maps]) -> dict[str, float]:
    """How alike the results of the seeds are; nothing for one seed."""
    if len(made) < 2:
        return {}
    colors = _colors(made)
    return {
        "largest_correlation": max(metrics.over_pairs(metrics.largest_correlation, colors)),
        "ms_ssim": float(np.mean(metrics.over_pairs(metrics.ms_ssim, colors))),
    }
