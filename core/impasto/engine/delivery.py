"""Data of a job on the worker's side: reading the inputs that the client sent, and converting the result for it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import FileError
from ..recipe import Recipe
from ..system.transaction import temporary_folder
from ..system.untrusted import printable
from ..texture import Maps
from .requests import Delivery, Given

if TYPE_CHECKING:
    from ..data.dataset import Dataset
    from ..surface.relight import BallAndPlane
    from ..tools import Result

PREVIEW_SIZE_PX = 512


def read_inputs(
    recipe: Recipe, given: Mapping[str, Given], tell: Callable[[float, str], None]
) -> dict[str, Maps | Dataset]:
    """The inputs of a job: maps, or a dataset if a step's tool declares one.

    `tell(fraction, name)` is called while pictures are read and may raise Cancelled.
    """
    datasets = _datasets(recipe)
    return {
        name: _dataset(one, datasets[name], tell) if name in datasets else _input(one, tell)
        for name, one in given.items()
    }


def read_picture(given: Given) -> Maps:
    """The picture that a matcher is given."""
    return _input(given, lambda *_: None)


def _datasets(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """Inputs that a step's tool takes as a dataset, with the arguments for reading them."""
    from ..data.dataset import settings_for
    from ..plugins.registry import registry
    from ..tools import validate

    steps = [(registry().tool(step.tool), step) for step in recipe.steps]
    return {
        name: settings_for(validate(tool, step.parameters))
        for tool, step in steps
        for item in tool.inputs
        if item.kind == "dataset"
        for name in step.names_of(item.name)
    }


def _dataset(given: Given, settings: Mapping[str, Any], tell: Callable[[float, str], None]) -> Dataset:
    """Dataset that the client sent as a path, or as the arrays of one surface; with its licence, if known."""
    from ..data.dataset import dataset_of, read_dataset

    licence = given.licence or "unknown"
    if given.path:
        dataset = read_dataset(given.path, licence=licence, on_progress=tell, width_m=given.width_m, **settings)
    else:
        dataset = dataset_of(_input(given, tell), licence=licence, **settings)
    dataset.check(settings.get("smallest_px", 1))
    return dataset


def _input(given: Given, tell: Callable[[float, str], None]) -> Maps:
    """Maps that the client sent as a path, as files, or as arrays."""
    if given.path:
        maps = _read(given.path, tell)
    elif given.files:
        maps = _read_sent(given, tell)
    else:
        maps = Maps.from_arrays({name: _to_float(array) for name, array in given.pixels.items()})
    about: dict[str, Any] = {"name": given.name, "width_m": given.width_m, "height_range_m": given.height_range_m}
    return replace(maps, **{key: value for key, value in about.items() if value is not None})


def _read(path: Path, tell: Callable[[float, str], None]) -> Maps:
    from ..io.files import read_maps

    name = printable(path.name)
    return read_maps(path, on_progress=lambda fraction: tell(fraction, name))


def _read_sent(given: Given, tell: Callable[[float, str], None]) -> Maps:
    """Maps of files that the client sent: one picture, or those in a folder."""
    from ..io.files import unpacked

    with temporary_folder() as temporary:
        path = unpacked({name: data.data for name, data in given.files.items()}, temporary, given.folder or "")
        try:
            return _read(path, tell)
        except FileError as error:
            failure = FileError(error.message.replace(f"{temporary}{os.sep}", ""), error.remedy)
    raise failure


def _to_float(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "u":
        return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    return array.astype(np.float32, copy=False)


def deliver(
    result: Result, wanted: Delivery, tell: Callable[[float, str], None]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of the answer: `arrays` or `small` ones, a `preview`, `relit`,
    `gaussian` maps, `encoded` files, or paths.

    `tell(fraction, message)` is called while frames are rendered and may raise Cancelled.
    """
    from ..io.files import encode_maps
    from ..plugins.registry import registry
    from ..surface.thumbnail import scaled_down

    assert result.recipe is not None
    maps = result.maps
    about = {
        "type": "done",
        "recipe": result.recipe.to_dict(),
        "figures": {name: float(value) for name, value in result.figures.items() if math.isfinite(value)},
        "notes": list(result.notes),
        "models": [str(path) for path in result.models],
        "width_m": maps.width_m,
        "height_range_m": maps.height_range_m,
        "name": maps.name,
        "size_px": _size_px(result),
    }
    if wanted.kind == "arrays":
        return about, maps.arrays()
    if wanted.kind == "small":
        return about, _small(maps, wanted.longest_px)
    if wanted.kind == "preview":
        return about, {"preview": scaled_down(maps, wanted.longest_px)}
    if wanted.kind == "relit":
        return about, {"relit": _relit(maps, wanted, tell)}
    if wanted.kind == "gaussian":
        from .gaussian_maps import gaussian_maps

        figures, arrays = gaussian_maps(maps)
        return {**about, "figures": figures}, arrays
    if wanted.kind == "files":
        return {**about, "paths": [str(path) for path in result.paths]}, {}
    exporter = registry().exporter(wanted.format)
    encoded = encode_maps(maps, exporter, result.recipe)
    return {**about, "suffix": exporter.suffix}, {name: np.frombuffer(data, np.uint8) for name, data in encoded.items()}


def _small(maps: Maps, longest_px: int) -> dict[str, np.ndarray]:
    """The maps as uint8, shrunk to a longer side of at most longest_px: enough for pictures in a panel."""
    from ..data.prepare import resized_map
    from ..surface.color import linear_to_srgb

    factor = min(1.0, longest_px / max(maps.size_px))
    height, width = (max(1, round(side * factor)) for side in maps.size_px)
    small = {name: resized_map(name, maps[name], (height, width)) for name in maps}
    encoded = {name: linear_to_srgb(x.pixels) if x.color_space == "linear" else x.pixels for name, x in small.items()}
    return {name: np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8) for name, pixels in encoded.items()}


def _relit(maps: Maps, wanted: Delivery, tell: Callable[[float, str], None]) -> np.ndarray:
    """One turn of the light around the maps on a ball and a plane: uint8 RGB (frames, side_px, 2 side_px, 3)."""
    from ..surface.shading import Light

    light, frames = Light(wanted.azimuth, wanted.elevation), []
    for picture in _ball_and_plane(_Known(maps.sha256(), maps), wanted.side_px).turn(light, wanted.frames):
        frames.append(np.round(picture * 255).astype(np.uint8))
        tell(len(frames) / wanted.frames, "Rendering")
    return np.stack(frames)


@dataclass(frozen=True)
class _Known:
    """Maps that are equal if their pixels are."""

    sha256: str
    maps: Maps = field(compare=False)


@lru_cache(maxsize=1)
def _ball_and_plane(known: _Known, side_px: int) -> BallAndPlane:
    """The maps, to be lit; the last ones are kept, since their light is moved again and again."""
    from ..surface.relight import BallAndPlane

    return BallAndPlane.of_maps(known.maps, side_px)


def _size_px(result: Result) -> list[int] | None:
    """[height, width] of the result, even if it exists only as files; None for a result without maps."""
    from ..io.decode import read_size

    if result.maps:
        return list(result.maps.size_px)
    return list(read_size(result.paths[0])) if result.paths else None


def preview_pixels(maps: Maps) -> np.ndarray:
    """The base colour (or else the first map) as uint8 RGB, its longer side at most 512 px."""
    name = "base_color" if "base_color" in maps else next(iter(maps))
    pixels = maps[name].pixels
    step = -(-max(pixels.shape[:2]) // PREVIEW_SIZE_PX)
    small = np.clip(pixels[::step, ::step] * 255 + 0.5, 0, 255).astype(np.uint8)
    return np.repeat(small, 3, axis=2) if small.shape[2] == 1 else small
