"""A job's data on the worker's side: reads the inputs that the client sent, and converts the result for the client."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..descriptions import MESH
from ..errors import FileError, ParameterError, ProtocolError
from ..recipe import Recipe
from ..system.transaction import temporary_folder
from ..system.untrusted import printable
from ..texture import COLOR_MAPS, Maps
from .messages import RELIT, ActionRequest, Delivery, JobInput, JobResult, ResultView

if TYPE_CHECKING:
    from ..atlas.mesh import Mesh
    from ..data.dataset import Dataset
    from ..io.reduction import Wanted
    from ..running.inputs import RecipeInput
    from ..tools import Result

PREVIEW_SIZE_PX = 512
LIT_FROM_PX = 1024
"""Longer side of the maps for a lit ball. Larger maps look the same on a small ball, and take longer."""


def read_inputs(
    recipe: Recipe | None, job_inputs: Mapping[str, JobInput], on_progress: Callable[[float, str], None]
) -> dict[str, RecipeInput]:
    """The inputs of an action by name: maps, a dataset where a step's tool declares one, or the mesh.

    `on_progress(fraction, name)` is called while pictures are read and may raise Cancelled.
    """
    from ..running.wanted import wanted_by

    if recipe is None:
        return {name: _input(one, on_progress) for name, one in job_inputs.items()}
    datasets = _datasets(recipe)

    def read(name: str, one: JobInput) -> RecipeInput:
        if name == MESH:
            return _mesh(one)
        if name in datasets:
            return _dataset(one, datasets[name], on_progress)
        return _input(one, on_progress, wanted_by(recipe, name, has_mesh=MESH in job_inputs))

    return {name: read(name, one) for name, one in job_inputs.items()}


def _datasets(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """Names of the inputs that a step's tool takes as a dataset, with the arguments of `read_dataset` for them."""
    from ..data.dataset import settings_for
    from ..plugins.registry import registry
    from ..tools import validate

    steps = [(registry().tool(step.tool), step) for step in recipe.active_steps]
    return {
        name: settings_for(validate(tool, step.parameters))
        for tool, step in steps
        for item in tool.inputs
        if item.kind == "dataset"
        for name in step.names_of(item.name)
    }


def _dataset(sent: JobInput, settings: Mapping[str, Any], on_progress: Callable[[float, str], None]) -> Dataset:
    """The dataset at a path that the client sent, or from maps that it sent, with their licence if that is known."""
    from ..data.dataset import dataset_of, read_dataset

    licence = sent.licence or "unknown"
    if sent.path:
        dataset = read_dataset(sent.path, licence=licence, on_progress=on_progress, width_m=sent.width_m, **settings)
    else:
        dataset = dataset_of(_input(sent, on_progress), licence=licence, **settings)
    dataset.check(settings.get("smallest_px", 1))
    return dataset


def _mesh(job_input: JobInput) -> Mesh:
    """The mesh at a path or in a file that the client sent."""
    from ..io.meshes import mesh_of, read_mesh

    if job_input.path:
        return read_mesh(job_input.path)
    if len(job_input.files) != 1:
        raise ProtocolError("the input has a mesh without a file", "send it as one PLY file")
    name, content = next(iter(job_input.files.items()))
    mesh = mesh_of(content.tobytes(), name)
    return replace(mesh, name=job_input.name or name)


def _input(job_input: JobInput, on_progress: Callable[[float, str], None], wanted: Wanted | None = None) -> Maps:
    """Maps that the client sent as a path, as files, or as arrays. wanted: as for `read_maps`; None for everything."""
    if job_input.path:
        maps = _read(job_input.path, job_input.color_space, on_progress, wanted)
    elif job_input.files:
        maps = _read_sent(job_input, on_progress, wanted)
    else:
        maps = _in_color_space(
            Maps.from_tile_arrays({name: _floats(name, a) for name, a in job_input.arrays.items()}), job_input
        )
    name = maps.name if job_input.name is None else job_input.name
    height_range_m = maps.height_range_m if job_input.height_range_m is None else job_input.height_range_m
    maps = replace(maps, name=name, height_range_m=height_range_m)
    return maps if job_input.width_m is None else maps.with_width(job_input.width_m)


def _in_color_space(maps: Maps, job_input: JobInput) -> Maps:
    """The maps with colours in sRGB, converted from the colour space that the client names, if any."""
    from ..io.color_spaces import named_space, srgb_of

    if not job_input.color_space or (space := named_space(job_input.color_space)) is None:
        return maps
    colors = {name: srgb_of(maps[name].pixels, space) for name in COLOR_MAPS & maps.keys()}
    return replace(maps.with_arrays(colors), color_space=job_input.color_space)


def _read(path: Path, space: str, on_progress: Callable[[float, str], None], wanted: Wanted | None) -> Maps:
    from ..io.files import read_maps
    from ..io.reduction import ALL

    name = printable(path.name)
    return read_maps(
        path, color_space=space, wanted=wanted or ALL, on_progress=lambda fraction: on_progress(fraction, name)
    )


def _read_sent(job_input: JobInput, on_progress: Callable[[float, str], None], wanted: Wanted | None) -> Maps:
    """Maps in the files that the client sent: one picture, or the files of a folder."""
    from ..io.files import unpack

    with temporary_folder() as temporary:
        path = unpack({name: data.data for name, data in job_input.files.items()}, temporary, job_input.folder or "")
        try:
            return _read(path, job_input.color_space, on_progress, wanted)
        except FileError as error:
            failure = FileError(error.message.replace(f"{temporary}{os.sep}", ""), error.remedy)
    raise failure


def _floats(name: str, array: np.ndarray) -> np.ndarray:
    """Pixels as float32, unsigned integers scaled to [0, 1]. Raise ParameterError for NaN and infinite values."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        message = "{} has pixels that are infinite or not a number"
        raise ParameterError(message, "open the picture in the program that made it and clean it", name)
    if array.dtype.kind == "u":
        return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    return array.astype(np.float32, copy=False)


def deliver(result: Result, wanted: ActionRequest, on_progress: Callable[[float, str], None]) -> JobResult:
    """The answer to a request. `on_progress(fraction, message)` is called meanwhile and may raise Cancelled."""
    from .views import view_of

    maps = result.maps
    first = next(iter(maps.tiles().values()))
    answer = JobResult(
        id=wanted.id,
        recipe=result.recipe,
        arrays={},
        models=result.models,
        figures={name: float(value) for name, value in result.figures.items() if math.isfinite(value)},
        notes=result.notes,
        name=maps.name,
        size_px=_size_px(first, result.paths),
        width_m=first.width_m,
        height_range_m=maps.height_range_m,
        paths=result.paths,
        seconds=result.seconds,
        reused=result.reused,
        description=result.description,
    )
    if wanted.view:
        arrays, figures = view_of(maps, wanted.view, on_progress)
        return replace(answer, arrays=arrays, paths=(), figures=figures or answer.figures)
    if result.paths:
        return answer
    if wanted.deliver.kind == "arrays":
        return replace(answer, arrays=maps.tile_arrays())
    return _encoded(answer, maps, wanted.deliver, on_progress)


def _encoded(answer: JobResult, maps: Maps, wanted: Delivery, on_progress: Callable[[float, str], None]) -> JobResult:
    """The answer with an encoded file for each map, and with the lit ball if it is requested."""
    from ..io.files import encode_maps
    from ..plugins.registry import registry
    from ..surface.resizing import maps_at_most
    from .views import relit

    exporter = registry().exporter(wanted.format)
    encoded = encode_maps(maps, exporter, answer.recipe)
    arrays = {name: np.frombuffer(data, np.uint8) for name, data in encoded.items()}
    if wanted.lit_px and maps and "base_color" in maps:
        arrays[RELIT] = relit(maps_at_most(maps, LIT_FROM_PX), ResultView("relit", side_px=wanted.lit_px), on_progress)
    notes = (*answer.notes, *exporter.notes_on(maps))
    return replace(answer, arrays=arrays, suffix=exporter.suffix, notes=notes)


def _size_px(maps: Maps, paths: Sequence[Path]) -> tuple[int, int] | None:
    """(height, width) of a result, also if it exists only as files; None for a result without maps."""
    from ..io.decode import read_size

    if maps:
        return maps.size_px
    return read_size(paths[0]) if paths else None


def preview_pixels(maps: Maps) -> np.ndarray:
    """The base colour, or else the first map, as uint8 RGB whose longer side is at most 512 px."""
    name = "base_color" if "base_color" in maps else next(iter(maps))
    pixels = maps[name].pixels
    step = -(-max(pixels.shape[:2]) // PREVIEW_SIZE_PX)
    small = np.clip(pixels[::step, ::step] * 255 + 0.5, 0, 255).astype(np.uint8)
    return np.repeat(small, 3, axis=2) if small.shape[2] == 1 else small
