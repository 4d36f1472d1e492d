"""`trim-sheet`: horizontal strips of photographs, each seamless along its length, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.surface.resizing import resized_maps
from impasto.system.untrusted import excerpt
from impasto.texture import Maps
from impasto.tools import Field, Filter, Input, Inputs, Parameters, Result, display_hints, zero_means

MOST_STRIPS = 12
"""Most strips to find."""
WINDOW = 1 / 30
"""Height of the compared windows above and below a border, relative to the picture's."""
STANDS_OUT = 3.0
LEAST_CHANGE = 0.06
"""Least change at a border, as a multiple of the median, and at all: within one texture it is up to 0.05."""
GRADIENT_WEIGHT = 2.0


class TrimSheetParameters(Parameters):
    """Parameters of the strips and the sheet."""

    rows: str = Field(
        "", description="Borders of the strips as fractions from the top, such as 0,0.25,0.6,1; empty: found"
    )
    strips: int = Field(
        0,
        ge=0,
        le=64,
        description="Number of strips to find, if no borders are given; 0: as many as stand out",
        json_schema_extra=display_hints(high=12) | zero_means("as many as stand out", 4),
    )
    sheet_px: int = Field(
        0,
        ge=0,
        le=16384,
        description="Width of the sheet in pixels; 0: what the picture gives",
        json_schema_extra=zero_means("what the picture gives", 1024),
    )
    overlap: float = Field(
        0.15, ge=0.01, le=0.5, description="Part of each strip's length in which its ends may be joined"
    )
    padding_px: int = Field(
        8,
        ge=0,
        le=256,
        description="Rows between strips, which repeat their borders",
        json_schema_extra=display_hints(high=64),
    )
    power_of_two: bool = Field(False, description="Make both sides of the sheet powers of two")


class TrimSheet(Filter):
    """Cuts strips between found or given rows; a minimum-error cut makes each one seamless."""

    name, label = "trim-sheet", "Trim sheet"
    description = "Cuts horizontal strips out of photographs, makes each endless along its length, and stacks them"
    rank = 53
    group = "Shape"
    keeps_size = False
    example = "facade.jpg --strips 4 --sheet-px 1024 "
    parameters = TrimSheetParameters
    needs = ("base_color",)
    inputs = (Input("more", "further strips, a picture for each", required=False, many=True),)

    def apply(self, subject: Maps, parameters: TrimSheetParameters, inputs: Inputs, context: Context) -> Result:
        """The sheet; figures are the top and the bottom of each strip, as fractions from the top."""
        strips = [*_strips_of(subject, parameters), *inputs.get("more", ())]
        width = sheet_width(subject, parameters)
        rows_of_strips = []
        for index, strip in enumerate(strips):
            context.progress(0.9 * index / len(strips), "Making strips endless")
            rows_of_strips.append(_endless(_with_maps_of(subject, strip), width, parameters.overlap))
        context.note("{} strips", len(rows_of_strips))
        return _stack(subject, rows_of_strips, parameters)


def sheet_width(subject: Maps, parameters: TrimSheetParameters) -> int:
    """Width of the sheet in pixels."""
    width = parameters.sheet_px or max(1, round(subject.size_px[1] * (1 - parameters.overlap)))
    if parameters.power_of_two:
        return 1 << (width.bit_length() - 1)
    return width


def _strips_of(subject: Maps, parameters: TrimSheetParameters) -> list[Maps]:
    """The parts of the subject between the rows."""
    from .decal import color_of

    height = subject.size_px[0]
    rows = given_rows(parameters.rows, height) if parameters.rows else found_rows(color_of(subject), parameters.strips)
    return [_rows_of(subject, top, bottom) for top, bottom in pairwise(rows)]


def given_rows(text: str, height: int) -> list[int]:
    """Borders in pixels from "0,0.3,1", fractions from the top. Raise ParameterError unless they rise from 0 to 1."""
    try:
        fractions = [float(part) for part in text.split(",")]
    except ValueError:
        fractions = []
    rows = [round(fraction * height) for fraction in fractions]
    if len(rows) < 2 or not all(0 <= a < b <= height for a, b in pairwise(rows)):
        remedy = "give at least two rising fractions from 0 to 1, such as 0,0.25,0.6,1"
        raise ParameterError("the rows {} are no strips of a picture of {} px", remedy, excerpt(text), height)
    return rows


def found_rows(color: np.ndarray, count: int) -> list[int]:
    """Borders in pixels of `count` strips of a picture (H, W, 3), or of as many as stand out if it is 0.

    Each row is described by means, deviations and gradients of its colours. A border is where these change most between
    a window above and a window below.
    """
    height = len(color)
    window = max(1, round(WINDOW * height))
    gradient = np.abs(color - np.roll(color, 1, 1)).mean(1)
    features = np.concatenate([color.mean(1), color.std(1), GRADIENT_WEIGHT * gradient], axis=1) / 3**0.5
    sums = np.concatenate([np.zeros((1, 9)), np.cumsum(features, 0, dtype=np.float64)])
    borders = np.arange(window, height - window + 1)
    if not len(borders):
        return [0, height]
    below, above = sums[borders + window] - sums[borders], sums[borders] - sums[borders - window]
    change = np.linalg.norm(below - above, axis=1) / window
    least = -1.0 if count else max(LEAST_CHANGE, STANDS_OUT * float(np.median(change)))
    chosen: list[int] = []
    for index in np.argsort(-change, kind="stable"):
        if len(chosen) + 1 >= (count or MOST_STRIPS) or change[index] <= least:
            break
        if all(abs(int(borders[index]) - other) > window for other in chosen):
            chosen.append(int(borders[index]))
    return [0, *sorted(chosen), height]


def _rows_of(maps: Maps, top: int, bottom: int) -> Maps:
    return replace(maps, textures={name: replace(maps[name], pixels=maps[name].pixels[top:bottom]) for name in maps})


def _with_maps_of(subject: Maps, strip: Maps) -> Maps:
    """A strip with the sheet's maps. ParameterError names a missing one."""
    if missing := [name for name in subject if name not in strip]:
        message = "a strip has no {}, unlike the source"
        raise ParameterError(message, "give folders with the same maps, or pictures only", ", ".join(missing))
    return replace(strip, textures={name: strip[name] for name in subject})


def _endless(strip: Maps, width: int, overlap: float) -> Maps:
    """A strip of this width, seamless along its length."""
    from .closing import close

    overlap_px = round(width * overlap / (1 - overlap))
    scale = (width + overlap_px) / strip.size_px[1]
    size_px = max(1, round(strip.size_px[0] * scale)), width + overlap_px
    return close(resized_maps(strip, size_px), overlap_px)


def _stack(subject: Maps, strips: Sequence[Maps], parameters: TrimSheetParameters) -> Result:
    """The sheet of strips, with padding above and below each, and its figures."""
    padding = parameters.padding_px
    heights = [strip.size_px[0] for strip in strips]
    total = sum(heights) + len(strips) * padding
    height = 1 << (total - 1).bit_length() if parameters.power_of_two else total
    above, below = padding // 2, padding - padding // 2
    arrays = {}
    for name in subject:
        parts = [np.pad(strip[name].pixels, ((above, below), (0, 0), (0, 0)), "edge") for strip in strips]
        arrays[name] = np.pad(np.concatenate(parts), ((0, height - total), (0, 0), (0, 0)), "edge")
    tops = np.cumsum([above, *(size + padding for size in heights[:-1])])
    figures: dict[str, float] = {}
    for index, (top, size) in enumerate(zip(tops, heights, strict=True), start=1):
        figures |= {f"strip_{index}_top": float(top / height), f"strip_{index}_bottom": float((top + size) / height)}
    width_m = strips[0].width_m
    return Result(replace(replace(subject, textures={}).with_arrays(arrays), width_m=width_m), figures=figures)
