"""`pack-atlas`: cuts out the objects of photographs, and packs them into one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.io.packing import NEUTRAL
from impasto.texture import Maps
from impasto.tools import Field, Filter, Input, Inputs, Result, display_hints

from .decal import MASK, VISIBLE, CutParameters, crop, cut

MOST = 256
"""Most objects on a sheet."""
LEAST_SHARE = 5e-4
"""Objects with a smaller area, relative to their picture, are left out."""
Size = tuple[int, int]
"""(height, width)."""


class PackAtlasParameters(CutParameters):
    """Parameters of the edges and of the sheet."""

    padding_px: int = Field(
        8,
        ge=0,
        le=256,
        description="Transparent margin around each object, into which its colours continue",
        json_schema_extra=display_hints(high=64),
    )
    power_of_two: bool = Field(True, description="Make both sides of the sheet powers of two")


class PackAtlas(Filter):
    """Finds the objects of pictures, extends their colours under their edges, and packs them on shelves."""

    name, label = "pack-atlas", "Atlas"
    description = "Cuts the objects of photographs out, and packs them into one sheet with opacity"
    rank = 54
    group = "Shape"
    keeps_size = False
    example = "leaves.jpg --more ferns.jpg --padding-px 16 "
    parameters = PackAtlasParameters
    needs = ("base_color",)
    inputs = (MASK, Input("more", "further pictures with objects", required=False, many=True))

    def apply(self, subject: Maps, parameters: PackAtlasParameters, inputs: Inputs, context: Context) -> Result:
        """The sheet; figures are left, top, width and height of each object in pixels, without padding."""
        pictures: list[Maps] = [subject, *inputs.get("more", ())]  # type: ignore[misc]
        parts: list[Maps] = []
        for index, maps in enumerate(pictures):
            mask = inputs.get("mask") if maps is subject else None
            share = _share_of_progress(context, index, len(pictures))
            alpha = cut(maps, parameters, mask, share)  # type: ignore[arg-type]
            parts += parts_of(maps, alpha, parameters.padding_px, share)
        if not parts:
            raise ParameterError("no object is large enough for a sheet", "lower the tolerance, or give a mask of one")
        if len(parts) > MOST:
            message = "there are {} objects, and a sheet holds {}"
            raise ParameterError(message, "raise the tolerance, or give a mask of fewer", len(parts), MOST)
        context.progress(0.9, "Packing")
        return sheet(subject, parts, parameters)


def _share_of_progress(context: Context, index: int, count: int) -> Context:
    whole = context.on_progress
    return replace(context, on_progress=lambda fraction, text: whole(0.9 * (index + fraction) / count, text))


def parts_of(maps: Maps, alpha: np.ndarray, padding_px: int, context: Context) -> list[Maps]:
    """Each connected part of alpha (H, W), cropped with a margin; from the top, then from the left."""
    from scipy.ndimage import find_objects

    from .islands import labels_of

    labels = labels_of(alpha > VISIBLE)
    counts = np.bincount(labels.ravel())
    found = [label for label in range(1, len(counts)) if counts[label] >= LEAST_SHARE * alpha.size]
    every = find_objects(labels)
    boxes = {label: every[label - 1] for label in found[: MOST + 1]}
    parts = []
    for index, (label, box) in enumerate(sorted(boxes.items(), key=lambda one: (one[1][0].start, one[1][1].start))):
        context.progress(0.6 + 0.4 * index / len(boxes), "Cutting objects out")
        parts.append(crop(maps, np.where(labels[box] == label, alpha[box], 0), box, padding_px))
    return parts


def sheet(subject: Maps, parts: Sequence[Maps], parameters: PackAtlasParameters) -> Result:
    """The parts on one sheet, with the subject's maps and opacity; maps that a part lacks are neutral."""
    places, size_px = pack([part.size_px for part in parts], power_of_two=parameters.power_of_two)
    padding, arrays = parameters.padding_px, {}
    figures: dict[str, float] = {}
    for name in {*subject, "opacity"}:
        neutral = (0.0,) if name == "opacity" else NEUTRAL[name]
        array = np.broadcast_to(np.array(neutral, np.float32), (*size_px, len(neutral))).copy()
        for part, (top, left) in zip(parts, places, strict=True):
            if name in part:
                array[top : top + part.size_px[0], left : left + part.size_px[1]] = part[name].pixels
        arrays[name] = array
    for index, (part, (top, left)) in enumerate(zip(parts, places, strict=True), start=1):
        height, width = (size - 2 * padding for size in part.size_px)
        box = {"left": left + padding, "top": top + padding, "width": width, "height": height}
        figures |= {f"part_{index}_{side}": float(value) for side, value in box.items()}
    sheet_maps = replace(subject, textures={}).with_arrays(arrays)
    width_m = subject.width_m and subject.width_m * size_px[1] / subject.size_px[1]
    return Result(replace(sheet_maps, width_m=width_m), figures=figures)


def pack(sizes: Sequence[Size], *, power_of_two: bool) -> tuple[list[tuple[int, int]], Size]:
    """(top, left) of each rectangle, and the sheet's size, the smallest and then the squarest of those tried.

    Rectangles are packed on shelves: rows of one height, filled from the left, the highest first.
    """
    tried = [_on_shelves(sizes, width, power_of_two) for width in _widths(sizes, power_of_two)]
    return min(tried, key=lambda one: (one[1][0] * one[1][1], max(one[1])))


def _widths(sizes: Sequence[Size], power_of_two: bool) -> list[int]:
    """Widths to try: powers of two, or multiples of the widest rectangle."""
    widest, all_ = max(width for _, width in sizes), sum(width for _, width in sizes)
    if power_of_two:
        first, last = ((width - 1).bit_length() for width in (widest, all_))
        return [1 << exponent for exponent in range(first, last + 1)]
    return sorted({min(all_, widest * count) for count in range(1, len(sizes) + 1)})


def _on_shelves(sizes: Sequence[Size], width: int, power_of_two: bool) -> tuple[list[tuple[int, int]], Size]:
    """Places of the rectangles on a sheet of this width, and its size."""
    places = [(0, 0)] * len(sizes)
    top, left, shelf, used = 0, 0, 0, 0
    for index in sorted(range(len(sizes)), key=lambda index: (-sizes[index][0], -sizes[index][1])):
        if left + sizes[index][1] > width:
            top, left, shelf = top + shelf, 0, 0
        places[index] = top, left
        left += sizes[index][1]
        shelf, used = max(shelf, sizes[index][0]), max(used, left)
    height = top + shelf
    if power_of_two:
        return places, (1 << (height - 1).bit_length(), width)
    return places, (height, used)
