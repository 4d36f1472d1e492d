"""Frames from the worker to its client: each is checked for its fields and types, and a wrong field is named.

Code behind this never meets a wrong type. Standard library and NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import ParameterError, ProtocolError
from ..recipe import Recipe
from ..system.shapes import ANY_NUMBER, ID, RANGE_M, Integer, OrNone, check
from ..system.untrusted import shown
from ..texture import MAP_CHANNELS, Maps

PREVIEW, RELIT, LOOKUP = "preview", "relit", "lookup"


@dataclass(frozen=True)
class Hello:
    """The worker's first frame: protocol, and version of impasto."""

    protocol: int
    version: str


@dataclass(frozen=True)
class Progress:
    """Progress of a job, with `fraction` in [0, 1]."""

    id: int
    fraction: float
    message: str


@dataclass(frozen=True, eq=False)
class Preview:
    """An unfinished picture, uint8 RGB (H, W, 3)."""

    id: int
    pixels: np.ndarray


@dataclass(frozen=True)
class State:
    """Change of a job's state: running now, or paused."""

    id: int
    state: Literal["running", "paused"]


@dataclass(frozen=True)
class Described:
    """The worker's description of its tools, models, weights and plugins."""

    id: int
    description: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Answer:
    """Result of a job: `arrays` are pixels or encoded files by map name, `paths` the files that were written.

    suffix: of encoded files, such as ".png".
    """

    id: int
    recipe: Recipe
    arrays: Mapping[str, np.ndarray]
    paths: tuple[Path, ...]
    models: tuple[Path, ...]
    figures: Mapping[str, float]
    notes: tuple[str, ...]
    name: str
    size_px: tuple[int, int] | None
    width_m: float | None
    height_range_m: float | None
    suffix: str = ""

    @property
    def maps(self) -> Maps:
        """Maps of a job whose result was delivered as `arrays`."""
        return Maps.from_arrays(self.arrays, width_m=self.width_m, height_range_m=self.height_range_m, name=self.name)


@dataclass(frozen=True)
class Matched:
    """A recipe that a matcher found, with notes for the user and figures that it measured."""

    id: int
    recipe: Recipe
    notes: tuple[str, ...]
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Warned:
    """Sentences about a job's inputs for the user, before the job's work begins."""

    id: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Stopped:
    """End of a cancelled job."""

    id: int


@dataclass(frozen=True)
class Failure:
    """Failure of a job; without an id, of a request that the worker could not read."""

    id: int | None
    error: str
    message: str
    remedy: str


Received = Hello | Progress | Preview | State | Warned | Described | Answer | Matched | Stopped | Failure
DESCRIPTION = {
    "version": str,
    "tools": [
        {
            "name": str,
            "kind": str,
            "label": str,
            "description": str,
            "rank": ANY_NUMBER,
            "task": str,
            "preview_px": ID,
            "group": str,
            "subgroup": str,
            "thumbnail": str,
            "needs": [str],
            "uses_subject": bool,
            "weights": [str],
            "inputs": [
                {
                    "name": str,
                    "description": str,
                    "required": bool,
                    "kind": str,
                    "many": bool,
                    "for_each": str,
                    "least": Integer(1),
                }
            ],
            "parameters": {"properties?": {str: dict}},
        }
    ],
    "matchers": [
        {
            "name": str,
            "label": str,
            "description": str,
            "subject": ("text", "picture"),
            "example": str,
            "can_edit": bool,
            "varies": bool,
            "rank": ANY_NUMBER,
            "suggestions": [str],
        }
    ],
    "models": [
        {
            "name": str,
            "label": str,
            "tool": str,
            "material": str,
            "classes": [str],
            "sliders": [
                {
                    "name": str,
                    "label": str,
                    "description": str,
                    "low": ANY_NUMBER,
                    "high": ANY_NUMBER,
                    "default": ANY_NUMBER,
                }
            ],
            "shipped": bool,
            "report": str,
            "bytes": ID,
            "licence": str,
            "thumbnail": str,
        }
    ],
    "damaged_models": [{"name": str, "error": str, "remedy": str}],
    "weights": [{"name": str, "label": str, "licence": str, "bytes": ID, "installed": bool, "error": str}],
    "plugins": [{"name": str, "error": str, "remedy": str}],
}
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "hello": {"protocol": ID, "version": str},
    "progress": {"id": ID, "fraction": ANY_NUMBER, "message": str},
    PREVIEW: {"id": ID},
    "state": {"id": ID, "state": ("running", "paused")},
    "warnings": {"id": ID, "warnings": [str]},
    "described": {"id": ID, "description": DESCRIPTION},
    "done": {
        "id": ID,
        "recipe": dict,
        "figures": {str: ANY_NUMBER},
        "notes": [str],
        "models": [str],
        "paths?": [str],
        "suffix?": str,
        "name": str,
        "size_px": OrNone([ID]),
        "width_m": OrNone(RANGE_M),
        "height_range_m": OrNone(RANGE_M),
    },
    "matched": {"id": ID, "recipe": dict, "notes": [str], "figures": {str: ANY_NUMBER}},
    "cancelled": {"id": ID},
    "error": {"id": OrNone(ID), "error": str, "message": str, "remedy": str},
}


def answer_of(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Received:
    """The answer in a frame. ProtocolError names the wrong field."""
    check(header, {"type": tuple(ANSWERS)}, "answer")
    kind = header["type"]
    check(header, ANSWERS[kind], kind)
    if kind == "done":
        return _answer(header, arrays)
    if kind == "matched":
        return Matched(header["id"], _recipe(header), tuple(header["notes"]), header["figures"])
    if kind == PREVIEW:
        return Preview(header["id"], _preview(arrays))
    if kind == "warnings":
        return Warned(header["id"], tuple(header["warnings"]))
    if kind == "progress":
        return Progress(header["id"], min(max(header["fraction"], 0.0), 1.0), header["message"])
    others = {"hello": Hello, "state": State, "described": Described, "cancelled": Stopped, "error": Failure}
    made = others[kind]
    return made(**{name: header[name] for name in made.__dataclass_fields__})  # type: ignore[attr-defined]


def _answer(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Answer:
    recipe = _recipe(header)
    size = header["size_px"]
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise ProtocolError(f"done.size_px must be [height, width], got {shown(size)}", "see the log")
    for name, array in arrays.items():
        is_file = array.ndim == 1 and array.dtype == np.uint8
        dimensions = 4 if name == RELIT else 3
        if (
            name not in (*MAP_CHANNELS, PREVIEW, RELIT, LOOKUP)
            or not array.size
            or not (is_file or array.ndim == dimensions)
        ):
            raise ProtocolError(f"done has an array {shown(name)} of the shape {array.shape}", "see the log")
    return Answer(
        header["id"],
        recipe,
        arrays,
        tuple(map(Path, header.get("paths", ()))),
        tuple(map(Path, header["models"])),
        header["figures"],
        tuple(header["notes"]),
        header["name"],
        size and (size[0], size[1]),
        header["width_m"],
        header["height_range_m"],
        header.get("suffix", ""),
    )


def _recipe(header: Mapping[str, Any]) -> Recipe:
    try:
        return Recipe.from_dict(header["recipe"])
    except ParameterError as error:
        raise ProtocolError(f"{header['type']}.recipe: {error.message}", error.remedy) from error


def _preview(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    pixels = arrays.get(PREVIEW)
    if pixels is None or pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        said = "missing" if pixels is None else f"{pixels.dtype} {pixels.shape}"
        raise ProtocolError(f"preview needs the array preview, uint8 (height, width, 3), it is {said}", "see the log")
    return pixels
