"""A photograph as the reference for results: its channels, windows of equal size, and halves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from impasto.data.parts import OTHER_PART, part_of
from impasto.errors import ParameterError
from impasto.numerics.statistics import PrincipalChannels
from impasto.surface.resizing import resize
from impasto.texture import Maps

from .metrics.copies import Nearest, nearest_patches, novelty, repeated_share, verbatim_copies
from .metrics.landmarks import layout_correlation, salience
from .metrics.patches import contrast_ratio

LARGEST_WINDOW_PX, SMALLEST_WINDOW_PX, WINDOW_STEP_PX = 256, 64, 16
MOST_WINDOWS = 7
"""Most windows along each side of a picture."""
CHECKED_PATCHES = 128


class RealTexture:
    """Figures of results against a photograph, and of one part of it against another, as the scores of another crop.

    source: maps, with heights in metres if known. names: of the compared maps. size_px: (height, width) of the results.
    Figures that depend on a picture's size are measured in windows of one size, both in results and in the source.
    """

    def __init__(self, source: Maps, names: Sequence[str], size_px: tuple[int, int]) -> None:
        self.source, self.names, self.size_px = source, tuple(names), size_px
        self.window_px = window_side(source.size_px, size_px)
        self._channels = PrincipalChannels(source, self.names)
        self._pixels = self._channels.of(source)
        self._measure_windows()
        self._halves = {part: part_of(source, part)["base_color"].pixels for part in ("left", "right")}

    @cached_property
    def _usual(self) -> list[Nearest]:
        return [nearest_patches(self._halves["right"], self._halves["left"], count=CHECKED_PATCHES)]

    def _measure_windows(self) -> None:
        """Measure the statistics of the source's windows; the windows in each half are the references."""
        from .metrics.joint_statistics import RealStatistics, joint_statistics

        side = self.window_px
        places = _places(self._pixels.shape[:2], side)
        found = joint_statistics([self._pixels[y : y + side, x : x + side] for y, x in places])
        self._inside: dict[str, Mapping[str, np.ndarray]] = {}
        for part in OTHER_PART:
            inside = _windows_inside(places, side, self._pixels.shape[:2], part)
            self._inside[part] = {kind: values[inside] for kind, values in found.items()}
        self._known = {part: RealStatistics.of(values, found) for part, values in self._inside.items()}

    def figures(self, maps: Maps) -> dict[str, float]:
        """Figures of a seamless result."""
        color = maps["base_color"].pixels
        copied = verbatim_copies(color, self.source["base_color"].pixels)
        nearest = nearest_patches(color, self._halves["left"], count=CHECKED_PATCHES)
        return {
            **self.key_figures(maps),
            "copied_share": copied.share,
            "copied_block_px": float(copied.block_px),
            "copied_in_place": copied.in_place,
            "layout_correlation": self._layout(self._channels.of(maps)),
            "novelty": novelty(nearest, self._usual)[0],
        }

    def key_figures(self, maps: Maps) -> dict[str, float]:
        """The most telling and fastest figures of a result, without a search for copies of the source."""
        from .metrics.joint_statistics import joint_statistics

        pixels, side = self._channels.of(maps), self.window_px
        wide = np.pad(pixels, ((0, side), (0, side), (0, 0)), mode="wrap")
        counts = [min(MOST_WINDOWS, -(-2 * full // side)) for full in pixels.shape[:2]]
        places = [(y * pixels.shape[0] // counts[0], x * pixels.shape[1] // counts[1]) for y, x in np.ndindex(*counts)]
        found = joint_statistics([wide[y : y + side, x : x + side] for y, x in places])
        known = [self._known[part].distances(found) for part in OTHER_PART]
        salient, usual = salience(pixels, self._pixels)
        return {
            **self._statistics(known),
            "salience": salient,
            "salience_of_crop": salient / usual,
            "repeated_share": repeated_share(maps["base_color"].pixels, mirrored=True),
        }

    def crop_figures(self) -> dict[str, float]:
        """The same figures for one half of the source against the other."""
        left, right = (part_of(self.source, part) for part in ("left", "right"))
        height, width = (min(sides) for sides in zip(self.size_px, self.source.size_px, strict=True))
        copied = verbatim_copies(self._halves["left"], self._halves["right"])
        return {
            **self._statistics(self._floors()),
            "salience": salience(self._pixels[:height, :width], self._pixels)[1],
            "salience_of_crop": 1.0,
            "repeated_share": self.repeated_share_of_crop(),
            "copied_share": copied.share,
            "copied_block_px": float(copied.block_px),
            "copied_in_place": copied.in_place,
            "layout_correlation": layout_correlation(*(self._channels.of(half) for half in (left, right))),
            "novelty": 1.0,
            **self.contrast(left, right),
        }

    def repeated_share_of_crop(self) -> float:
        """Repeated share of a crop with the results' size."""
        height, width = (min(sides) for sides in zip(self.size_px, self.source.size_px, strict=True))
        return repeated_share(self.source["base_color"].pixels[:height, :width], mirrored=True)

    def two_sample_auc(self, maps: Maps | None, seed: int) -> float:
        """Score of a classifier that distinguishes a result, or None for the other half, from a half of the source.

        Even seeds use the upper half, odd ones the lower. The picture is cropped to the half, and to the results' size.
        """
        from .metrics.two_sample import two_sample_auc

        middle = self._pixels.shape[0] // 2
        halves = [self._pixels[:middle], self._pixels[-middle:]]
        real, other = halves[:: 1 - 2 * (seed % 2)]
        found = other if maps is None else self._channels.of(maps)
        height, width = (min(sides) for sides in zip(self.size_px, other.shape[:2], strict=True))
        return two_sample_auc(real, found[:height, :width], seed)

    def _floors(self) -> list[dict[str, float]]:
        """Distances between the windows of each half and of the other."""
        return [self._known[other].distances(self._inside[part]) for part, other in OTHER_PART.items()]

    def _statistics(self, distances: Sequence[Mapping[str, float]]) -> dict[str, float]:
        """Mean distances of joint statistics: of all kinds together, relative to another crop's, and by kind."""
        mean = {kind: float(np.mean([one[kind] for one in distances])) for kind in distances[0]}
        floor = float(np.mean([one["all"] for one in self._floors()]))
        kinds = {f"statistics_{kind}": value for kind, value in mean.items() if kind != "all"}
        return {"statistics_of_crop": mean["all"] / floor, "statistics": mean["all"], **kinds}

    def _layout(self, pixels: np.ndarray) -> float:
        """Correlation with the source's layout: the larger of that at equal texel size, and stretched to its size."""
        found = layout_correlation(pixels, self._pixels)
        if pixels.shape == self._pixels.shape:
            return found
        return max(found, layout_correlation(resize(pixels, self._pixels.shape[:2]), self._pixels))

    def contrast(self, maps: Maps, real: Maps | None = None) -> dict[str, float]:
        """Smallest and largest contrast ratio to the real maps, over all maps and the three finest levels."""
        real = real or self.source
        ratios = {name: contrast_ratio(maps[name].pixels, real[name].pixels)[:3] for name in self.names}
        return {"contrast_low": min(map(min, ratios.values())), "contrast_high": max(map(max, ratios.values()))}


def check_two_sample_size(size_px: tuple[int, int]) -> None:
    """Raise ParameterError for results that are too small for a classifier."""
    from .metrics.two_sample import PATCH_PX

    height, width = size_px
    if height < PATCH_PX or width < 2 * PATCH_PX:
        message = "the picture is {}x{} px, and a classifier needs {}x{} px"
        remedy = "make a larger one, or leave the classifier out"
        raise ParameterError(message, remedy, width, height, 2 * PATCH_PX, PATCH_PX)


def window_side(source_px: tuple[int, int], result_px: tuple[int, int]) -> int:
    """Side of the windows for statistics. Raise ParameterError if a picture is too small for them."""
    most = min(LARGEST_WINDOW_PX, min(source_px) // 4, *result_px)
    if most < SMALLEST_WINDOW_PX:
        (height, width), least = source_px, 4 * SMALLEST_WINDOW_PX
        if min(source_px) < least:
            message = "the source is {}x{} px, and its shorter side needs {} px to compare parts of it"
            remedy = "give a larger part of the photograph, or the photograph at full size"
            raise ParameterError(message, remedy, width, height, least)
        message = "the picture is {}x{} px, and each side needs {} px"
        raise ParameterError(message, "make a larger one", result_px[1], result_px[0], SMALLEST_WINDOW_PX)
    return most // WINDOW_STEP_PX * WINDOW_STEP_PX


def _places(size_px: tuple[int, int], side: int) -> list[tuple[int, int]]:
    """Upper left corners of windows that overlap by half, at most `MOST_WINDOWS` along each side."""
    counts = [min(MOST_WINDOWS, 2 * full // side - 1) for full in size_px]
    rows, columns = (
        np.linspace(0, full - side, count).astype(int) for full, count in zip(size_px, counts, strict=True)
    )
    return [(int(y), int(x)) for y in rows for x in columns]


def _windows_inside(places: Sequence[tuple[int, int]], side: int, size_px: tuple[int, int], part: str) -> list[int]:
    """Indices of the windows in the left, right, top or bottom half."""
    axis = 1 if part in ("left", "right") else 0
    middle = size_px[axis] // 2
    if part in ("left", "top"):
        return [index for index, place in enumerate(places) if place[axis] + side <= middle]
    return [index for index, place in enumerate(places) if place[axis] >= size_px[axis] - middle]
