"""Preparation of training data: crops, smaller sizes, heights that agree with normals; blanks and duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ..errors import FileError, ParameterError
from ..surface import heights
from ..surface.color import encoded_pixels
from ..surface.resizing import nearest_resized, resize, resized_map, resized_maps, scaled_size, size_at_most
from ..surface.wrapping import wraps
from ..texture import Maps, Texture

GIVEN_RELIEF = 0.04
"""Range of heights, in picture widths, if neither the file nor a normal map gives it (stone: 0.03 to 0.06)."""
LARGEST_PX = 16384
"""Longest side of enlarged maps."""
LEAST_DEVIATION = 0.006  # a grey level and a half
THUMBNAIL_PX = 32
SAME_CORRELATION = 0.9
SAME_COLOR = 0.03


@dataclass(frozen=True)
class Preparation:
    """Settings of the preparation. crop: the part of each picture to use (left, top, right, bottom), from 0 to 1.

    width_m: real-world width, in metres, of pictures whose files do not state it. color_space: name of a colour space
    that overrides what the files say; "" for what they say.
    """

    longest_px: int = 1024
    smallest_px: int = 64
    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    width_m: float = 1.0
    color_space: str = ""

    def __post_init__(self) -> None:
        if len(self.crop) != 4 or not (0 <= self.crop[0] < self.crop[2] <= 1 and 0 <= self.crop[1] < self.crop[3] <= 1):
            remedy = "give left, top, right, bottom from 0 to 1, such as 0.1,0.1,0.9,0.9"
            raise ParameterError("crop got {}", remedy, self.crop)
        if min(self.smallest_px, self.longest_px) < 1:
            message = "longest_px is {} and smallest_px {}"
            raise ParameterError(message, "both must be above 0", self.longest_px, self.smallest_px)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain data. The colour space is left out if it is empty."""
        return {name: value for name, value in asdict(self).items() if value != ""}


def prepare(
    textures: Mapping[str, Texture],
    preparation: Preparation,
    width_m: float | None = None,
    height_range_m: float | None = None,
    name: str = "",
) -> Maps:
    """Maps of one size from stored textures, which may have different resolutions.

    Colour is averaged as light and normals as slopes. Raise FileError if the maps have different aspect ratios.
    """
    size_px = _target_size(textures, preparation)
    arrays = {key: _fit(key, texture, preparation.crop, size_px) for key, texture in textures.items()}
    width_m = (width_m or preparation.width_m) * (preparation.crop[2] - preparation.crop[0])
    return _with_height(Maps.from_arrays(arrays, name=name), width_m, height_range_m)


def _target_size(textures: Mapping[str, Texture], preparation: Preparation) -> tuple[int, int]:
    """(height, width) of the prepared maps: that of the largest map's crop, shrunk to `longest_px`."""
    shapes = {key: texture.size_px for key, texture in textures.items()}
    height, width = max(shapes.values())
    for key, (other_height, other_width) in shapes.items():
        if abs(other_height * width - other_width * height) > 0.01 * other_width * height:
            message = "its {} has another shape ({}x{}) than the rest ({}x{})"
            raise FileError(message, "export the maps in one size", key, other_width, other_height, width, height)
    rows, columns = (box[1] - box[0] for box in pixel_box((height, width), preparation.crop))
    return size_at_most((rows, columns), preparation.longest_px)


def pixel_box(size_px: tuple[int, int], crop: tuple[float, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    """((top, bottom), (left, right)) in pixels, at least one pixel each."""
    (height, width), (left, top, right, bottom) = size_px, crop
    rows, columns = (round(top * height), round(bottom * height)), (round(left * width), round(right * width))
    return (rows[0], max(rows[1], rows[0] + 1)), (columns[0], max(columns[1], columns[0] + 1))


def _fit(name: str, texture: Texture, crop: tuple[float, ...], size_px: tuple[int, int]) -> np.ndarray:
    """The crop of a map (H, W, C), in the standard colour space of its name, resized to `size_px`."""
    (top, bottom), (left, right) = pixel_box(texture.size_px, crop)
    fitted = resized_map(name, replace(texture, pixels=texture.pixels[top:bottom, left:right]), size_px)
    return encoded_pixels(fitted)


def maps_at_scale(maps: Maps, scale: float, nearest: bool = False) -> Maps:
    """Maps with `scale` times the pixels along each side, blended or nearest. Raise ParameterError for too many."""
    height, width = scaled_size(maps.size_px, scale)
    if max(height, width) > LARGEST_PX and scale > 1:
        message, remedy = "scale {:g} makes {}x{} pixels of {}x{}", "stay below {} pixels a side"
        raise ParameterError(message, remedy, scale, width, height, maps.size_px[1], maps.size_px[0], LARGEST_PX)
    if (height, width) == maps.size_px:
        return maps
    if nearest:
        return nearest_resized(maps, (height, width))
    return resized_maps(maps, (height, width))


def _with_height(maps: Maps, width_m: float, height_range_m: float | None) -> Maps:
    """The maps with their height made to agree with their normals, if they have any, and its range in metres."""
    if "normal" in maps:
        own = maps["height"].pixels if "height" in maps else None
        relief = heights.with_agreeing_height(maps["normal"].pixels, own, wraps(maps))
        maps = maps.with_arrays({"normal": relief.normal, "height": relief.height})
        height_range_m = relief.span_px / maps.size_px[1] * width_m
    elif "height" in maps:
        height_range_m = height_range_m or GIVEN_RELIEF * width_m
    return replace(maps, width_m=width_m, height_range_m=height_range_m if "height" in maps else None)


def is_blank(maps: Maps) -> bool:
    """Whether there is nothing to learn, because every map of the surface is nearly constant."""
    names = [name for name in ("base_color", "normal", "height", "roughness") if name in maps]
    if names and "normal" in names and "height" in names:
        names.remove("height")  # it is stretched to its full range, however flat it was
    return all(maps[name].pixels.std((0, 1)).max() < LEAST_DEVIATION for name in names)


def thumbnail(maps: Maps) -> np.ndarray:
    """Thumbnail (THUMBNAIL_PX, THUMBNAIL_PX, 3) of the base colour, for comparing pictures."""
    return resize(maps["base_color"].pixels, (THUMBNAIL_PX, THUMBNAIL_PX))


def find_same(thumbnails: np.ndarray) -> np.ndarray:
    """Matrix (n, n) of bools: whether two of the thumbnails (n, h, w, 3) show the same picture.

    Pictures that differ only in size and compression count as the same.
    """
    colors = thumbnails.mean((1, 2))  # (n, 3)
    deviations = (thumbnails - colors[:, None, None]).reshape(len(thumbnails), -1)
    deviations /= np.maximum(np.linalg.norm(deviations, axis=1, keepdims=True), 1e-6)
    differences = np.abs(colors[:, None] - colors).max(2)
    return (deviations @ deviations.T > SAME_CORRELATION) & (differences < SAME_COLOR)
