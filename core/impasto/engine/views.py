"""Views of a result: pictures that a host shows, or data that its shader blends, instead of the maps.

For each kind of `ResultView`, a function here makes the arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ..texture import MAP_CHANNELS, Maps, Texture
from .messages import LOOKUP, PREVIEW, RELIT, ResultView

if TYPE_CHECKING:
    from ..surface.gaussianization import GaussianMap
    from ..surface.shading import BallAndPlane

ON_OBJECT = ("base_color", "roughness", "normal")
"""Maps that are sent with a preview's picture."""
Arrays = dict[str, np.ndarray]


def view_of(maps: Maps, view: ResultView, on_progress: Callable[[float, str], None]) -> tuple[Arrays, dict[str, float]]:
    """Arrays of a view of maps, and figures about the view; {} keeps the figures of the result.

    `on_progress(fraction, message)` is called while frames are rendered and may raise Cancelled.
    """
    from ..surface.thumbnail import scale_down

    if view.kind == "gaussian":
        return gaussian_maps(maps), gaussian_figures(maps)
    if view.kind == "small":
        return small_maps(maps, view.longest_px), {}
    if view.kind == "preview":
        return {PREVIEW: scale_down(maps, view.longest_px)} | _maps_on_object(maps, view), {}
    return {RELIT: relit(maps, view, on_progress)}, {}


def _maps_on_object(maps: Maps, view: ResultView) -> Arrays:
    """Small maps, unlit, for an object that is lit by its own scene."""
    textures = {name: texture for name, texture in maps.items() if name in ON_OBJECT}
    return small_maps(Maps(textures), view.longest_px) if textures else {}


def small_maps(maps: Maps, longest_px: int) -> Arrays:
    """The maps as uint8, shrunk to a longer side of at most longest_px."""
    from ..surface.color import encoded_pixels
    from ..surface.resizing import maps_at_most

    small = maps_at_most(maps, longest_px)
    return {name: np.round(np.clip(encoded_pixels(x), 0, 1) * 255).astype(np.uint8) for name, x in small.items()}


def relit(maps: Maps, view: ResultView, on_progress: Callable[[float, str], None]) -> np.ndarray:
    """The maps on a ball and a plane, with one turn of the light: uint8 RGB (frames, side_px, 2 side_px, 3)."""
    from ..surface.shading import Light

    light, frames = Light(view.azimuth, view.elevation), []
    for picture in _ball_and_plane(_KnownMaps(maps.sha256(), maps), view.side_px).turn(light, view.frames):
        frames.append(np.round(picture * 255).astype(np.uint8))
        on_progress(len(frames) / view.frames, "Rendering")
    return np.stack(frames)


@dataclass(frozen=True)
class _KnownMaps:
    """Maps that compare equal if their pixels are equal, for the cache."""

    sha256: str
    maps: Maps = field(compare=False)


@lru_cache(maxsize=1)
def _ball_and_plane(known: _KnownMaps, side_px: int) -> BallAndPlane:
    """The maps on a ball and a plane, ready to be lit. The last maps are cached, so that their light can move fast."""
    from ..surface.shading import BallAndPlane

    return BallAndPlane.of_maps(known.maps, side_px)


def gaussian_figures(maps: Maps) -> dict[str, float]:
    """`is_regular`: whether the maps have a pattern. `wraps_down`, `wraps_across`: whether they are seamless."""
    from ..surface.wrapping import wraps

    down, across = wraps(maps)
    return {"is_regular": float(_is_regular(maps)), "wraps_down": float(down), "wraps_across": float(across)}


def gaussian_maps(maps: Maps) -> Arrays:
    """PNG of each map, with one component per channel, from -LIMIT to LIMIT, and the table `LOOKUP` (N, ENTRIES, 3).

    A row of the table has a component's contribution to the map's channels, in the order of maps and components. For
    normals, the contributions are to the vector before it is normalised.
    """
    from ..surface.gaussianization import gaussianize

    gaussians = [gaussianize(name, maps[name]) for name in maps]
    return {one.name: np.frombuffer(_encode(one), np.uint8) for one in gaussians} | {
        LOOKUP: np.concatenate([_rgb(one) for one in gaussians])
    }


def _is_regular(maps: Maps) -> bool:
    """Whether the base colour, or else the first map, has a regular pattern."""
    import torch

    from ..patterns.detection import find_regularity
    from ..surface.color import luma

    return find_regularity(torch.from_numpy(luma(maps[next(iter(maps))].pixels))) is not None


def _encode(one: GaussianMap) -> bytes:
    from ..io.files import encode_maps
    from ..plugins.registry import registry
    from ..surface.gaussianization import LIMIT

    channels = np.full((*one.values.shape[1:], MAP_CHANNELS[one.name]), 0.5, np.float32)
    channels[..., : len(one.values)] = np.moveaxis(one.values, 0, 2) / (2 * LIMIT) + 0.5
    return encode_maps(Maps({one.name: Texture(channels)}), registry().exporter("png-auto"))[one.name]


def _rgb(one: GaussianMap) -> np.ndarray:
    """The map's table with three channels. Grey is repeated, and slopes become x and y of a normal whose z is 1."""
    count = one.lookup.shape[2]
    if count == 3:
        return one.lookup
    if count == 1:
        return np.repeat(one.lookup, 3, axis=2)
    slopes = one.lookup * np.array([-1, 1], np.float32)
    return np.concatenate([slopes, np.zeros_like(slopes[..., :1])], axis=2)
