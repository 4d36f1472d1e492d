"""Figures of results, compared with real pictures: distances, spectra, contrast, seams and copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from impasto.data.parts import window_of
from impasto.errors import Message, ParameterError
from impasto.surface.heights import normal_height_consistency, normal_length_error
from impasto.surface.wrapping import seam_z
from impasto.texture import Maps

from .cases import EvaluationCase
from .channels import ScaledChannels
from .metrics.alignment import best_shift
from .metrics.copies import Nearest, nearest_patches, novelty, verbatim_copies
from .metrics.patches import contrast_ratio, mean_of_finest, sliced_wasserstein
from .metrics.values import color_distance, spectrum_difference_db
from .metrics.wavelets import wavelet_distance

JUDGED_MAPS = ("base_color", "roughness", "metallic", "height")
"""Maps that are compared; normals and occlusion follow from height."""
NOVELTY_PATCHES = 128
SWD_DIRECTIONS = 512
CONSTANT = 0.004
"""A map whose channels all have less deviation, about one step of 8 bits, has no structure to compare."""


def figures_of(
    case: EvaluationCase,
    generated: Mapping[str, Maps],
    on_progress: Callable[[float, str], None] = lambda fraction, message: None,
) -> tuple[dict[str, float], dict[str, dict[str, float]], dict[str, dict[str, Any]]]:
    """Figures of real pictures against each other; of each result, by name; and their details by level and map."""
    names = compared_maps(case, next(iter(generated.values())))
    metric_case, metric_made = with_heights_in_metres(case, list(generated.values()))
    channels = ScaledChannels(names, metric_case.judged)
    on_progress(0, "floor")
    floor, copies = floor_of(metric_case, channels), CopySearch(case)
    found, details = {}, {}
    for index, (name, maps) in enumerate(generated.items()):
        on_progress((index + 1) / (len(generated) + 1), f"judging {name}")
        figures, levels = comparison_figures(metric_case, metric_made[index], channels, floor)
        own, seams = own_figures(maps)
        found[name] = {**figures, **own, **copies.figures(maps)}
        details[name] = {**levels, **seams}
    return floor, found, details


def with_heights_in_metres(case: EvaluationCase, generated: Sequence[Maps]) -> tuple[EvaluationCase, list[Maps]]:
    """The case and the results, with heights in metres above their mean, at the texel size of the results.

    Every height map fills [0, 1], so the same relief has different values in different pictures. Heights stay unchanged
    unless the ranges of all of them are known.
    """
    everything = [*case.judged, *case.trained, *case.others, *generated]
    if not all(maps.height_range_m and maps.width_m for maps in everything if "height" in maps):
        return case, list(generated)
    texel_m = (generated[0].width_m or 1.0) / generated[0].size_px[1]

    def in_metres(maps: Maps) -> Maps:
        if "height" not in maps or not maps.height_range_m or not maps.width_m:
            return maps
        height = maps["height"].pixels
        span_m = maps.height_range_m / maps.width_m * maps.size_px[1] * texel_m
        return maps.with_arrays({"height": span_m * (height - height.mean())})

    judged, trained, others = (tuple(map(in_metres, side)) for side in (case.judged, case.trained, case.others))
    return replace(case, judged=judged, trained=trained, others=others), [in_metres(maps) for maps in generated]


def compared_maps(case: EvaluationCase, generated: Maps) -> tuple[str, ...]:
    """Names of the maps that all pictures have and that are not constant."""

    def varies(name: str) -> bool:
        deviations = (maps[name].pixels.std((0, 1), dtype=np.float64) for maps in case.judged)
        return max(float(channels.max()) for channels in deviations) > CONSTANT

    everywhere = [
        name
        for name in JUDGED_MAPS
        if all(name in maps for maps in (generated, *case.judged, *case.trained, *case.others))
    ]
    names = tuple(name for name in everywhere if varies(name))
    if "base_color" not in names:
        message = Message(
            "nothing of {} can be compared with {}", generated.name or "what was made", case.judged[0].name
        )
        raise ParameterError(message, "judge by pictures of a material that has some structure, with base colour")
    return names


def floor_of(case: EvaluationCase, channels: ScaledChannels) -> dict[str, float]:
    """Distances between disjoint real pictures."""
    pairs = case.floor_pairs()
    return {
        "fine_swd": float(np.mean([mean_of_finest(_swd(*pair, channels)) for pair in pairs])),
        "wavelets": float(np.mean([_wavelets(*pair, channels) for pair in pairs])),
        "spectrum_db": float(np.mean([np.abs(_spectrum_db(*pair)).max() for pair in pairs])),
    }


def _spectrum_db(generated: Sequence[Maps], real: Sequence[Maps]) -> list[float]:
    return spectrum_difference_db(colors_of(generated), colors_of(real))


def _swd(generated: Sequence[Maps], real: Sequence[Maps], channels: ScaledChannels) -> list[float]:
    found, wanted = ([channels.of(maps) for maps in side] for side in (generated, real))
    return sliced_wasserstein(found, wanted, directions=SWD_DIRECTIONS)


def _wavelets(generated: Sequence[Maps], real: Sequence[Maps], channels: ScaledChannels) -> float:
    found, wanted = ([channels.luminances(maps) for maps in side] for side in (generated, real))
    return wavelet_distance(found, wanted)


def comparison_figures(
    case: EvaluationCase, maps: Maps, channels: ScaledChannels, floor: Mapping[str, float], tiles: bool = True
) -> tuple[dict[str, float], dict[str, Any]]:
    """Figures that compare a result with the real pictures, and the same by level or band.

    tiles: whether the result is seamless, and may be rolled to the same phase of the pattern as the real picture.
    """
    if len(case.judged) == 1:  # the floor was measured at this size
        rolled = _roll(maps, case.judged[0], channels) if tiles else maps
        height, width = case.judged[0].size_px
        maps = window_of(rolled, (slice(height), slice(width)))
    real = list(case.judged)
    swd = _swd([maps], real, channels)
    contrast = contrast_ratio(channels.of(maps), [channels.of(one) for one in real])
    spectrum = _spectrum_db([maps], real)
    distances = {name: color_distance(maps[name].pixels, [one[name].pixels for one in real]) for name in channels.names}
    figures = {
        "fine_swd": mean_of_finest(swd),
        "fine_swd_of_floor": mean_of_finest(swd) / floor["fine_swd"],
        "wavelets_of_floor": _wavelets([maps], real, channels) / max(floor["wavelets"], 1e-6),
        "contrast_low": min(contrast[:3]),
        "contrast_high": max(contrast[:3]),
        "spectrum_db": float(np.abs(spectrum).max()),
        **{f"{name}_distance": float(np.mean(distance)) for name, distance in distances.items()},
    }
    return figures, {"swd_levels": swd, "contrast_levels": contrast, "spectrum_bands_db": spectrum}


def _roll(maps: Maps, real: Maps, channels: ScaledChannels) -> Maps:
    """Seamless maps, rolled to the same phase of the pattern as the real ones."""
    shift = best_shift(channels.of(maps), channels.of(real))
    return Maps.from_arrays({name: np.roll(maps[name].pixels, shift, (0, 1)) for name in maps}, name=maps.name)


def own_figures(maps: Maps) -> tuple[dict[str, float], dict[str, Any]]:
    """Figures that need no real pictures: seams of every map, and consistency of normals and height."""
    seams = {name: seam_z(maps[name].pixels) for name in maps}
    figures = {"seam_z_high": max(map(max, seams.values())), "seam_z_low": min(map(min, seams.values()))}
    if "normal" in maps:
        normal = maps["normal"].pixels
        figures["normal_length_error"] = normal_length_error(normal)
        if "height" in maps:
            angle, correlation = normal_height_consistency(normal, maps["height"].pixels)
            figures |= {"normal_angle_deg": angle, "normal_correlation": correlation}
    return figures, {"seam_z": seams}


class CopySearch:
    """Search for copies of the training data in results. Without known training data, there are no figures.

    For a model trained on whole pictures, each half serves as the reference for copies of the other half.
    """

    def __init__(self, case: EvaluationCase) -> None:
        self.trained = colors_of(case.trained)
        pairs = [(list(case.trained), list(case.judged))] if case.trained else []
        if case.trained and not case.held_out:
            pairs = [pair for one, other in case.floor_pairs()[:1] for pair in ((one, other), (other, one))]
        self.searched = [
            (colors_of(known), self._usual(colors_of(known), colors_of(others))) for known, others in pairs
        ]

    def _usual(self, known: list[np.ndarray], others: list[np.ndarray]) -> list[Nearest]:
        share = max(1, NOVELTY_PATCHES // len(others))
        return [nearest_patches(other, known, count=share) for other in others]

    def figures(self, maps: Maps) -> dict[str, float]:
        """Novelty, the fraction of near copies, and the side of the largest copied block in pixels."""
        if not self.searched:
            return {}
        color = maps["base_color"].pixels
        found = [novelty(nearest_patches(color, known, count=NOVELTY_PATCHES), usual) for known, usual in self.searched]
        blocks = [verbatim_copies(color, picture).block_px for picture in self.trained]
        return {
            "novelty": min(median for median, _ in found),
            "near_copies": max(copies for _, copies in found),
            "copied_block_px": float(max(blocks)),
        }


def colors_of(surfaces: Sequence[Maps]) -> list[np.ndarray]:
    return [maps["base_color"].pixels for maps in surfaces]
