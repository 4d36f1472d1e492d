"""Frames from the worker to its client: a class for each type of frame, whose annotations say what it may hold.

Code behind this never meets a wrong type. Standard library and NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from ..descriptions import EngineDescription
from ..errors import ProtocolError
from ..recipe import Recipe
from ..system.typed_json import Count, Length, PositiveSize, as_kind, one_of
from ..system.untrusted import excerpt
from ..texture import MAP_CHANNELS, Maps
from ..udim import tile_of

PREVIEW, RELIT, LOOKUP = "preview", "relit", "lookup"


@dataclass(frozen=True)
class Hello:
    """The worker's first frame: protocol, and version of impasto."""

    protocol: Count
    version: str


@dataclass(frozen=True)
class JobProgress:
    """Progress of a job, with `fraction` in [0, 1]."""

    id: Count
    fraction: float
    message: str


@dataclass(frozen=True, eq=False)
class JobPreview:
    """An unfinished picture: the array `preview`, uint8 RGB (H, W, 3)."""

    id: Count
    arrays: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        pixels = self.arrays.get(PREVIEW)
        if pixels is None or pixels.dtype != np.uint8 or pixels.shape[2:] != (3,) or not pixels.size:
            said = "missing" if pixels is None else f"{pixels.dtype} {pixels.shape}"
            message = f"preview needs the array preview, uint8 (height, width, 3), it is {said}"
            raise ProtocolError(message, "see the log")

    @property
    def pixels(self) -> np.ndarray:
        """The picture."""
        return self.arrays[PREVIEW]


@dataclass(frozen=True)
class JobState:
    """Change of a job's state: running now, or paused."""

    id: Count
    state: Literal["running", "paused"]


@dataclass(frozen=True)
class JobWarnings:
    """Sentences about a job's inputs for the user, before the job's work begins."""

    id: Count
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class JobResult:
    """Result of an action. arrays: pixels or encoded files by map name, of tiles by `tile_key`. paths: written files.

    suffix: of encoded files, such as ".png". seconds, reused, description: as in `Result`.
    """

    id: Count
    recipe: Recipe | None
    arrays: Mapping[str, np.ndarray]
    models: tuple[Path, ...]
    figures: Mapping[str, float]
    notes: tuple[str, ...]
    name: str
    size_px: tuple[PositiveSize, PositiveSize] | None
    width_m: Length | None
    height_range_m: Length | None
    paths: tuple[Path, ...] = ()
    suffix: str = ""
    seconds: tuple[Length, ...] = ()
    reused: tuple[bool, ...] = ()
    description: EngineDescription | None = None

    def __post_init__(self) -> None:
        for name, array in self.arrays.items():
            is_file = array.ndim == 1 and array.dtype == np.uint8
            is_known = tile_of(name)[0] in (*MAP_CHANNELS, PREVIEW, RELIT, LOOKUP)
            if not (is_known and array.size and (is_file or array.ndim == (4 if name == RELIT else 3))):
                raise ProtocolError(f"done has an array {excerpt(name)} of the shape {array.shape}", "see the log")

    @property
    def maps(self) -> Maps:
        """Maps of a job whose result was delivered as `arrays`."""
        return Maps.from_tile_arrays(
            self.arrays, width_m=self.width_m, height_range_m=self.height_range_m, name=self.name
        )


@dataclass(frozen=True)
class Stopped:
    """End of a cancelled job."""

    id: Count


@dataclass(frozen=True)
class JobFailure:
    """Failure of a job; without an id, of a request that the worker could not read."""

    id: Count | None
    error: str
    message: str
    remedy: str


Reply: TypeAlias = Hello | JobProgress | JobPreview | JobState | JobWarnings | JobResult | Stopped | JobFailure
REPLIES: Mapping[str, type[Reply]] = {
    "hello": Hello,
    "progress": JobProgress,
    PREVIEW: JobPreview,
    "state": JobState,
    "warnings": JobWarnings,
    "done": JobResult,
    "cancelled": Stopped,
    "error": JobFailure,
}
"""The class of each type of frame."""


def reply_of(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Reply:
    """The reply in a frame. ProtocolError names the wrong field, ParameterError what is wrong with a recipe."""
    type_ = one_of(REPLIES, header.get("type"), "reply.type")
    return as_kind(REPLIES[type_], {**header, "arrays": arrays}, type_)
