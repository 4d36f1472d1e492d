"""Requests from a client to its worker, declared once for both sides: what their annotations allow is all that is read.

Standard library and NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np

from ..descriptions import MESH
from ..errors import ParameterError, ProtocolError
from ..options import DEFAULT, RunOptions
from ..recipe import Recipe
from ..system.names import is_file_name
from ..system.typed_json import Count, Length, PositiveLength, Within, as_kind, one_of
from ..system.untrusted import excerpt
from ..texture import MAP_CHANNELS, Maps
from ..udim import tile_of

ViewKind = Literal["small", "preview", "relit", "gaussian"]
DeliveryKind = Literal["arrays", "encoded"]
CONTENT = ("inputs", "arrays", "files")
"""Fields whose arrays follow the header."""


@dataclass(frozen=True, eq=False, kw_only=True)
class JobInput:
    """An input of a job: a file or folder that the worker reads, or pixels or files that are sent with the frame.

    arrays: pixels (H, W, C) by map name, of any type that hosts use: uint8, uint16 or float32; those of tiles by
    `tile_key`. files: bytes (N,) by name, of a picture, its tiles or a mesh, or of the maps in a folder called
    `folder`. licence: of training data. color_space: the name of one that takes the place of
    what the file says. The others are facts that files may not state.
    """

    path: Path | None = None
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    files: Mapping[str, np.ndarray] = field(default_factory=dict)
    folder: str | None = None
    licence: str = ""
    color_space: str = ""
    name: str | None = None
    width_m: PositiveLength | None = None
    height_range_m: Length | None = None

    @classmethod
    def of_maps(cls, maps: Maps) -> JobInput:
        """The pixels of maps, with their name and scale."""
        width_m, height_range_m = maps.tile_width_m, maps.height_range_m
        return cls(arrays=maps.tile_arrays(), name=maps.name, width_m=width_m, height_range_m=height_range_m)


@dataclass(frozen=True)
class ResultForm:
    """Form in which a client wants a result: a `View` or a `Delivery`."""


@dataclass(frozen=True)
class View(ResultForm):
    """A result as a host shows it, instead of its maps.

    small: the maps as uint8, their longer side at most longest_px. preview: the surface under a light, as small, uint8
    RGB. relit: the surface on a ball and on a plane, uint8 RGB (frames, side_px, 2 side_px, 3), in one turn of the
    light that begins at the azimuth. gaussian: for shaders that blend it, PNGs with Gaussian histograms, and `lookup`,
    the table that takes them back. azimuth, elevation: of the light, in degrees. runs_small: all steps are run at the
    preview's size, which is quick and similar, instead of their result scaled down, and the base colour comes with it.
    """

    kind: ViewKind = field(metadata={"json": "as"})
    longest_px: Annotated[int, Within(1, 4096)] = 512
    side_px: Annotated[int, Within(16, 512)] = 256
    runs_small: bool = False
    azimuth: float = 135.0
    elevation: float = 40.0
    frames: Annotated[int, Within(1, 120)] = 1


@dataclass(frozen=True)
class Delivery(ResultForm):
    """Form of a result's maps: `arrays`, or `encoded` files of a format, an exporter's name.

    lit_px: side of the ball and of the plane that come with encoded maps, as in a `View` that is relit; 0: none.
    """

    kind: DeliveryKind = field(default="arrays", metadata={"json": "as"})
    format: str = "png"
    lit_px: Annotated[int, Within(0, 512)] = 0


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request about the job `id`, of `kind` "pause", "resume", "stop" or "cancel"."""

    id: Count
    kind: str = field(metadata={"json": "type"})


@dataclass(frozen=True, kw_only=True)
class ActionRequest(Request):
    """Something to carry out. name: of an action, of the core or of a plugin; values: those of its own, as JSON.

    options: of the runs. deliver: the form of a result that is not written. supersedes: older jobs with this key are
    cancelled. detach: continue without the client.
    """

    kind: str = field(default="action", metadata={"json": "type"})
    name: str = "run"
    recipe: Recipe | None = None
    inputs: Mapping[str, JobInput] = field(default_factory=dict)
    options: RunOptions = DEFAULT
    values: Mapping[str, Any] = field(default_factory=dict)
    deliver: ResultForm = Delivery()
    supersedes: str = ""
    detach: bool = False


REQUESTS: Mapping[str, type[Request]] = {
    **dict.fromkeys(("pause", "resume", "stop", "cancel"), Request),
    "action": ActionRequest,
}
"""The class of each type of frame."""


def frame_of(request: Request) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a request; fields that are as by default are left out."""
    header = _plain(request)
    arrays: dict[str, np.ndarray] = {}
    if isinstance(request, ActionRequest):
        header["inputs"] = {}
        for name, given in request.inputs.items():
            header["inputs"][name] = _plain(given) | ({"files": list(given.files)} if given.files else {})
            own = given.arrays or {str(index): data for index, data in enumerate(given.files.values())}
            arrays.update({f"{name}/{part}": array for part, array in own.items()})
    return header, arrays


def _plain(value: Any) -> Any:
    """A value as JSON, without what follows the header."""
    if isinstance(value, Recipe):
        return value.to_dict()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if not is_dataclass(value):
        return str(value) if isinstance(value, Path) else value
    own = [(item, getattr(value, item.name)) for item in fields(value) if item.name not in CONTENT]
    return {
        item.metadata.get("json", item.name): _plain(one) for item, one in own if item.metadata or one != item.default
    }


def request_of(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Request:
    """The request in a frame. ProtocolError names the wrong field, ParameterError a mistake in the recipe."""
    type_ = one_of(REQUESTS, header.get("type"), "request.type")
    described = as_kind(dict[str, dict[str, Any]], header.get("inputs", {}), f"{type_}.inputs")
    values = {**header, "inputs": _inputs(described, arrays, f"{type_}.inputs")}
    if type_ == "action" and "deliver" in header:
        values["deliver"] = _form(header["deliver"], f"{type_}.deliver")
    return as_kind(REQUESTS[type_], values, type_)


def _form(given: Any, where: str) -> ResultForm:
    given = as_kind(dict[str, Any], given, where)
    kind = one_of((*get_args(ViewKind), *get_args(DeliveryKind)), given.get("as"), f"{where}.as")
    return as_kind(View if kind in get_args(ViewKind) else Delivery, given, where)


def _inputs(
    described: Mapping[str, Mapping[str, Any]], arrays: Mapping[str, np.ndarray], where: str
) -> dict[str, JobInput]:
    """Each input with its own arrays, which are named INPUT/MAP, or INPUT/INDEX if they are files."""
    own: dict[str, dict[str, np.ndarray]] = {name: {} for name in described}
    for key, array in arrays.items():
        name, _, part = key.partition("/")
        if name not in described or "path" in described[name]:
            raise ProtocolError(f"the array {excerpt(key)} belongs to no input", "name it INPUT/MAP")
        if "files" not in described[name]:
            _check_pixels(key, part, array)
        own[name][part] = array
    inputs = {}
    for name, about in described.items():
        content: dict[str, Any] = {"arrays": own[name]}
        if "files" in about:
            names = as_kind(list[str], about["files"], f"{where}.{name}.files")
            content = {"files": _files(name, names, own[name])}
        inputs[name] = given = as_kind(JobInput, {**about, **content}, f"{where}.{name}")
        if name == MESH and not given.path and len(given.files) != 1:
            raise ProtocolError(f"{where} has a mesh without a file", "send it as one PLY file")
        if given.folder is not None and not is_file_name(given.folder):
            raise ProtocolError(f"action.inputs.{name}.folder is {excerpt(given.folder)}", "see the log")
    return inputs


def _files(input_: str, names: Sequence[str], arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The files of an input by name: arrays of bytes that are numbered in this order."""
    found = {}
    for index, name in enumerate(names):
        array = arrays.get(str(index))
        if not is_file_name(name) or name in found:
            raise ProtocolError(f"action.inputs.{input_}.files has {excerpt(name)}", "see the log")
        if array is None or array.ndim != 1 or array.dtype != np.uint8:
            raise ProtocolError(f"the file {excerpt(name)} of {excerpt(input_)} is missing", "see the log")
        found[name] = array
    if len(arrays) != len(names) or not names:
        raise ProtocolError(f"action.inputs.{input_}.files names {len(names)} of {len(arrays)} files", "see the log")
    return found


def _check_pixels(key: str, map_: str, array: np.ndarray) -> None:
    if tile_of(map_)[0] not in MAP_CHANNELS:
        raise ProtocolError(f"the array {excerpt(key)} is no map", f"use one of {', '.join(MAP_CHANNELS)}")
    if array.ndim not in (2, 3) or not array.size:
        raise ProtocolError(f"{key} has the shape {array.shape}", "send pixels as (height, width, channels)")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        message = f"{key} has pixels that are infinite or not a number"
        raise ParameterError(message, "open the picture in the program that made it and clean it")
