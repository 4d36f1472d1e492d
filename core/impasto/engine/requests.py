"""Frames from the client to the worker: a class for each type of frame, whose annotations say what it may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from ..errors import ParameterError, ProtocolError
from ..recipe import MAX_SEED, Recipe
from ..system.names import is_file_name
from ..system.typed_json import Count, Length, PositiveLength, Within, one_of, typed
from ..system.untrusted import shown
from ..texture import MAP_CHANNELS


@dataclass(frozen=True)
class Given:
    """An input of a job: a file or folder that the worker reads, or the pixels or files that came with the frame.

    files: bytes (N,) by name, of a picture, or of the maps in a folder called `folder`.
    """

    path: Path | None = None
    pixels: Mapping[str, np.ndarray] = field(default_factory=dict)
    files: Mapping[str, np.ndarray] = field(default_factory=dict)
    folder: str | None = None
    licence: str = ""
    name: str | None = None
    width_m: PositiveLength | None = None
    height_range_m: Length | None = None


@dataclass(frozen=True)
class Delivery:
    """Form in which the client wants the result. longest_px: of a preview and of small maps.

    folder, name, export, tile_by_tile: of files. replace: overwrite existing files. wait_s: longest wait for another
    run that writes them. side_px, azimuth, elevation (degrees), frames: of the ball and the plane in a relit result,
    which show one turn of the light.
    """

    kind: Literal["arrays", "small", "preview", "relit", "gaussian", "encoded", "files"] = field(
        metadata={"json": "as"}
    )
    folder: str = ""
    name: str = ""
    format: str = "png"
    export: str = ""
    tile_by_tile: bool | None = None
    replace: bool = False
    wait_s: Annotated[int, Within(0, 3600)] = 0
    longest_px: Annotated[int, Within(1, 4096)] = 512
    side_px: Annotated[int, Within(16, 512)] = 256
    azimuth: float = 135.0
    elevation: float = 40.0
    frames: Annotated[int, Within(1, 120)] = 1

    def __post_init__(self) -> None:
        if self.kind == "files" and not (self.folder and self.name):
            raise ProtocolError("job.deliver needs folder and name for files", "say where to write them")


@dataclass(frozen=True)
class Request:
    """A request of `kind` "describe", or about the job `id`: "pause", "resume", "stop" or "cancel"."""

    id: Count
    kind: str = field(metadata={"json": "type"})


@dataclass(frozen=True)
class JobRequest(Request):
    """A recipe to run. supersedes: older jobs with this key are cancelled. detach: continue without the client."""

    recipe: Recipe
    inputs: Mapping[str, Given]
    delivery: Delivery = field(default=Delivery("arrays"), metadata={"json": "deliver"})
    device: str = "auto"
    supersedes: str = ""
    detach: bool = False


@dataclass(frozen=True)
class MatchRequest(Request):
    """A recipe to find for a text, or for the input `picture`. start: one to be changed. supersedes: as for a job."""

    matcher: str
    inputs: Mapping[str, Given]
    text: str = ""
    seed: Annotated[int, Within(0, MAX_SEED)] = 0
    start: Recipe | None = None
    device: str = "auto"
    supersedes: str = ""


@dataclass(frozen=True)
class MoreLikeRequest(Request):
    """A recipe to make that resembles `favourites`. supersedes: as for a job; the rest as for `more_like`."""

    favourites: tuple[Recipe, ...]
    seed: Annotated[int, Within(0, MAX_SEED)] = 0
    variety: float = 0.5
    locked: tuple[str, ...] = ()
    supersedes: str = ""


REQUESTS: Mapping[str, type[Request]] = {
    **dict.fromkeys(("describe", "pause", "resume", "stop", "cancel"), Request),
    "job": JobRequest,
    "match": MatchRequest,
    "more_like": MoreLikeRequest,
}
"""The class of each type of frame."""


def request_of(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Request:
    """The request in a frame. ProtocolError names the wrong field, ParameterError a mistake in the recipe."""
    type_ = one_of(REQUESTS, header.get("type"), "request.type")
    described = typed(dict[str, dict[str, Any]], header.get("inputs", {}), f"{type_}.inputs")
    return typed(REQUESTS[type_], {**header, "inputs": _inputs(described, arrays, f"{type_}.inputs")}, type_)


def _inputs(
    described: Mapping[str, Mapping[str, Any]], arrays: Mapping[str, np.ndarray], where: str
) -> dict[str, Given]:
    """Each input with its own arrays, which are named INPUT/MAP, or INPUT/INDEX if they are files."""
    own: dict[str, dict[str, np.ndarray]] = {name: {} for name in described}
    for key, array in arrays.items():
        name, _, part = key.partition("/")
        if name not in described or "path" in described[name]:
            raise ProtocolError(f"the array {shown(key)} belongs to no input", "name it INPUT/MAP")
        if "files" not in described[name]:
            _check_pixels(key, part, array)
        own[name][part] = array
    inputs = {}
    for name, about in described.items():
        content: dict[str, Any] = {"pixels": own[name]}
        if "files" in about:
            names = typed(list[str], about["files"], f"{where}.{name}.files")
            content = {"files": _files(name, names, own[name])}
        inputs[name] = given = typed(Given, {**about, **content}, f"{where}.{name}")
        if given.folder is not None and not is_file_name(given.folder):
            raise ProtocolError(f"job.inputs.{name}.folder is {shown(given.folder)}", "see the log")
    return inputs


def _files(input_: str, names: Sequence[str], arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The files of an input by name: arrays of bytes that are numbered in this order."""
    found = {}
    for index, name in enumerate(names):
        array = arrays.get(str(index))
        if not is_file_name(name) or name in found:
            raise ProtocolError(f"job.inputs.{input_}.files has {shown(name)}", "see the log")
        if array is None or array.ndim != 1 or array.dtype != np.uint8:
            raise ProtocolError(f"the file {shown(name)} of {shown(input_)} is missing", "see the log")
        found[name] = array
    if len(arrays) != len(names) or not names:
        raise ProtocolError(f"job.inputs.{input_}.files names {len(names)} of {len(arrays)} files", "see the log")
    return found


def _check_pixels(key: str, map_: str, array: np.ndarray) -> None:
    if map_ not in MAP_CHANNELS:
        raise ProtocolError(f"the array {shown(key)} is no map", f"use one of {', '.join(MAP_CHANNELS)}")
    if array.ndim not in (2, 3) or not array.size:
        raise ProtocolError(f"{key} has the shape {array.shape}", "send pixels as (height, width, channels)")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        message = f"{key} has pixels that are infinite or not a number"
        raise ParameterError(message, "open the picture in the program that made it and clean it")
