"""Tools for tests of large results: a generator that makes tiles, well or badly, and a filter that may have them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Generator, SizeParameters, Tile

if TYPE_CHECKING:
    from impasto.training.noise import NoiseField


class BlotchesParameters(SizeParameters):
    tile_px: int = Field(64, ge=1, le=16384, description="Size of a tile")
    delay_s: float = Field(0.0, ge=0, le=10, description="Seconds that each tile takes")
    fault: Literal["none", "gap", "overlap", "short", "maps", "bug"] = Field("none", description="What goes wrong")


class Blotches(Generator):
    """Noise with a normal map, which needs each tile's neighbours; seamless at any size."""

    name, label, description = "blotches", "Blotches", "Noise in tiles, for tests"
    parameters = BlotchesParameters

    def apply(
        self, subject: Maps, parameters: BlotchesParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Maps:
        size = parameters.size_px(subject)
        context.progress(0.5, "Blotching")
        return _region(_field(context), size, (0, 0, *size))

    def tiles(
        self, subject: Maps, parameters: BlotchesParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Iterator[Tile]:
        height, width = parameters.size_px(subject)
        field, step = _field(context), parameters.tile_px
        places = [(top, left) for top in range(0, height, step) for left in range(0, width, step)]
        if parameters.fault == "short":
            places.pop()
        for index, (top, left) in enumerate(places):
            context.check()
            time.sleep(parameters.delay_s)
            window = (top, left, min(step, height - top), min(step, width - left))
            maps = _region(field, (height, width), window)
            if parameters.fault != "none" and index == len(places) // 2:
                top, maps = self._spoil(parameters.fault, top, maps)
            yield top, left, maps

    def _spoil(self, fault: str, top: int, maps: Maps) -> tuple[int, Maps]:
        if fault == "bug":
            raise ZeroDivisionError("the bug in this tool")
        if fault == "maps":
            return top, Maps({"height": maps["height"]})
        return top + {"gap": 1, "overlap": -1}.get(fault, 0), maps


def _field(context: Context) -> NoiseField:
    from impasto.training.noise import NoiseField

    return NoiseField(int(context.rng.integers(2**31)))


def _region(field: NoiseField, size: tuple[int, int], window: tuple[int, int, int, int]) -> Maps:
    """All maps of a window, from noise one pixel wider on each side."""
    top, left, height, width = window
    noise = field.normal(0, 5, size, (top - 1, left - 1, height + 2, width + 2))
    noise = np.clip(0.5 + noise.permute(1, 2, 0).numpy() / 8, 0, 1)
    relief, inside = noise[..., 4:], noise[1:-1, 1:-1]
    slopes = np.stack([relief[1:-1, :-2, 0] - relief[1:-1, 2:, 0], relief[2:, 1:-1, 0] - relief[:-2, 1:-1, 0]], 2)
    normal = np.concatenate([slopes, np.full_like(slopes[..., :1], 2)], 2)
    normal /= np.sqrt((normal**2).sum(2, keepdims=True))
    arrays = {
        "base_color": inside[..., :3],
        "roughness": inside[..., 3:4],
        "normal": 0.5 + normal / 2,
        "height": inside[..., 4:],
    }
    return Maps.from_arrays(arrays, width_m=2.0, height_range_m=0.01)


class Negative(Filter):
    """Inverts the colour, pixel by pixel."""

    name, label, description = "negative", "Negative", "Inverts the colour, for tests"
    needs = ("base_color",)
    is_pointwise = True

    def apply(self, subject: Maps, parameters: Any, inputs: Mapping[str, Maps], context: Context) -> Maps:
        context.progress(0.5, "Inverting")
        return subject.with_arrays({"base_color": 1 - subject["base_color"].pixels})
