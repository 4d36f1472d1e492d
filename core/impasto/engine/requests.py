"""Frames from the client to the worker: each is checked for its fields and types, and a wrong field is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import ParameterError, ProtocolError
from ..recipe import MAX_SEED, Recipe
from ..system.names import is_file_name
from ..system.shapes import ANY_NUMBER, ID, LENGTH_M, RANGE_M, Integer, OrNone, check
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
    width_m: float | None = None
    height_range_m: float | None = None


@dataclass(frozen=True)
class Delivery:
    """Form in which the client wants the result. longest_px: of a preview and of small maps.

    folder, name, export, tile_by_tile: of files. replace: overwrite existing files. wait_s: longest wait for another
    run that writes them. side_px, azimuth, elevation (degrees), frames: of the ball and the plane in a relit result,
    which show one turn of the light.
    """

    kind: Literal["arrays", "small", "preview", "relit", "gaussian", "encoded", "files"] = "arrays"
    folder: str = ""
    name: str = ""
    format: str = "png"
    export: str = ""
    tile_by_tile: bool | None = None
    replace: bool = False
    wait_s: int = 0
    longest_px: int = 512
    side_px: int = 256
    azimuth: float = 135.0
    elevation: float = 40.0
    frames: int = 1


@dataclass(frozen=True)
class Request:
    """A request of `kind` "describe", or about the job `id`: "pause", "resume", "stop" or "cancel"."""

    id: int
    kind: str


@dataclass(frozen=True)
class JobRequest(Request):
    """A recipe to run. supersedes: older jobs with this key are cancelled. detach: continue without the client."""

    recipe: Recipe
    inputs: Mapping[str, Given]
    delivery: Delivery
    device: str
    supersedes: str
    detach: bool


@dataclass(frozen=True)
class MatchRequest(Request):
    """A recipe to find for a text, or for the input `picture`. start: one to be changed. supersedes: as for a job."""

    matcher: str
    text: str
    inputs: Mapping[str, Given]
    seed: int
    start: Recipe | None
    device: str
    supersedes: str


@dataclass(frozen=True)
class MoreLikeRequest(Request):
    """A recipe to make that resembles `favourites`. supersedes: as for a job; the rest as for `more_like`."""

    favourites: tuple[Recipe, ...]
    seed: int
    variety: float
    locked: tuple[str, ...]
    supersedes: str


ASKED = ("describe", "pause", "resume", "stop", "cancel")
GIVEN = {
    "path?": str,
    "files?": [str],
    "folder?": OrNone(str),
    "name?": str,
    "licence?": str,
    "width_m?": OrNone(LENGTH_M),
    "height_range_m?": OrNone(RANGE_M),
}
JOB = {
    "recipe": dict,
    "inputs?": {str: GIVEN},
    "deliver?": {
        "as": ("arrays", "small", "preview", "relit", "gaussian", "encoded", "files"),
        "folder?": str,
        "name?": str,
        "format?": str,
        "export?": str,
        "tile_by_tile?": OrNone(bool),
        "replace?": bool,
        "wait_s?": Integer(0, 3600),
        "longest_px?": Integer(1, 4096),
        "side_px?": Integer(16, 512),
        "azimuth?": ANY_NUMBER,
        "elevation?": ANY_NUMBER,
        "frames?": Integer(1, 120),
    },
    "device?": str,
    "supersedes?": str,
    "detach?": bool,
}


MATCH = {
    "matcher": str,
    "text?": str,
    "inputs?": {"picture?": GIVEN},
    "seed?": Integer(0, MAX_SEED),
    "start?": OrNone(dict),
    "device?": str,
    "supersedes?": str,
}
MORE_LIKE = {
    "favourites": [dict],
    "seed?": Integer(0, MAX_SEED),
    "variety?": ANY_NUMBER,
    "locked?": [str],
    "supersedes?": str,
}


def request_of(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Request:
    """The request in a frame. ProtocolError names the wrong field, ParameterError a mistake in the recipe."""
    check(header, {"type": ("job", "match", "more_like", *ASKED), "id": ID}, "request")
    if header["type"] == "match":
        return _match_request(header, arrays)
    if header["type"] == "more_like":
        return _more_like_request(header)
    if header["type"] != "job":
        return Request(header["id"], header["type"])
    check(header, JOB, "job")
    wanted = dict(header.get("deliver", {"as": "arrays"}))
    delivery = Delivery(wanted.pop("as"), **{name: wanted[name] for name in wanted if name in _FIELDS})
    if delivery.kind == "files" and not (delivery.folder and delivery.name):
        raise ProtocolError("job.deliver needs folder and name for files", "say where to write them")
    return JobRequest(
        header["id"],
        "job",
        Recipe.from_dict(header["recipe"]),
        _inputs(header.get("inputs", {}), arrays),
        delivery,
        header.get("device", "auto"),
        header.get("supersedes", ""),
        header.get("detach", False),
    )


def _match_request(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> MatchRequest:
    check(header, MATCH, "match")
    start = header.get("start")
    return MatchRequest(
        header["id"],
        "match",
        header["matcher"],
        header.get("text", ""),
        _inputs(header.get("inputs", {}), arrays),
        header.get("seed", 0),
        Recipe.from_dict(start) if start is not None else None,
        header.get("device", "auto"),
        header.get("supersedes", ""),
    )


def _more_like_request(header: Mapping[str, Any]) -> MoreLikeRequest:
    check(header, MORE_LIKE, "more_like")
    return MoreLikeRequest(
        header["id"],
        "more_like",
        tuple(map(Recipe.from_dict, header["favourites"])),
        header.get("seed", 0),
        header.get("variety", 0.5),
        tuple(header.get("locked", ())),
        header.get("supersedes", ""),
    )


_FIELDS = tuple(item.name for item in fields(Delivery) if item.name != "kind")


def _inputs(described: Mapping[str, Mapping[str, Any]], arrays: Mapping[str, np.ndarray]) -> dict[str, Given]:
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
        known = {key: about[key] for key in ("licence", "name", "width_m", "height_range_m") if key in about}
        path = Path(about["path"]) if "path" in about else None
        if path is not None and (not about["path"] or "\0" in about["path"]):
            raise ProtocolError(f"job.inputs.{name}.path is {shown(about['path'])}", "give the path of a file")
        if "files" in about:
            files = _files(name, about["files"], own[name])
            inputs[name] = Given(path, {}, files, _folder(name, about.get("folder")), **known)
        else:
            inputs[name] = Given(path, own[name], **known)
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


def _folder(input_: str, name: str | None) -> str | None:
    if name is not None and not is_file_name(name):
        raise ProtocolError(f"job.inputs.{input_}.folder is {shown(name)}", "see the log")
    return name


def _check_pixels(key: str, map_: str, array: np.ndarray) -> None:
    if map_ not in MAP_CHANNELS:
        raise ProtocolError(f"the array {shown(key)} is no map", f"use one of {', '.join(MAP_CHANNELS)}")
    if array.ndim not in (2, 3) or not array.size:
        raise ProtocolError(f"{key} has the shape {array.shape}", "send pixels as (height, width, channels)")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        message = f"{key} has pixels that are infinite or not a number"
        raise ParameterError(message, "open the picture in the program that made it and clean it")
