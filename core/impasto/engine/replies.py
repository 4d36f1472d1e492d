"""Frames from the worker to its client: a class for each type of frame, whose annotations say what it may hold.

They are checked here once, so other code never meets a wrong type. Standard library and NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from ..descriptions import EngineDescription
from ..recipe import Recipe
from ..system.typed_json import Count, Length, PositiveSize, as_kind, one_of
from ..texture import Maps

PREVIEW, RELIT, LOOKUP = "preview", "relit", "lookup"


@dataclass(frozen=True)
class Hello:
    """The worker's first frame: the protocol that it speaks, and its version of impasto."""

    protocol: Count
    version: str


@dataclass(frozen=True, eq=False)
class JobNews:
    """News of a job; what has not changed is left out. fraction: share of the work that is done, in [0, 1].

    message: what is being done. preview: an unfinished picture, uint8 RGB (H, W, 3). state: running, or paused.
    warnings: sentences about the inputs for the user, sent before the work begins.
    """

    id: Count
    fraction: float | None = None
    message: str = ""
    preview: np.ndarray | None = None
    state: Literal["running", "paused"] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class JobResult:
    """Result of an action. arrays: pixels or encoded files by map name, or by `tile_key` for UDIM tiles.

    paths: files that were written. suffix: ending of encoded files, such as ".png". seconds, reused, description: as in
    `Result`.
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

    @property
    def maps(self) -> Maps:
        """The maps of a result that was delivered as `arrays`."""
        return Maps.from_tile_arrays(
            self.arrays, width_m=self.width_m, height_range_m=self.height_range_m, name=self.name
        )


@dataclass(frozen=True)
class Stopped:
    """End of a cancelled job."""

    id: Count


@dataclass(frozen=True)
class Failure:
    """Failure of a job. Without an id, the worker could not read a request."""

    id: Count | None
    error: str
    message: str
    remedy: str


Reply: TypeAlias = Hello | JobNews | JobResult | Stopped | Failure
REPLIES: Mapping[str, type[Reply]] = {
    "hello": Hello,
    "news": JobNews,
    "done": JobResult,
    "cancelled": Stopped,
    "error": Failure,
}
"""The class of each type of frame."""


def frame_of(reply: Reply) -> dict[str, Any]:
    """The frame of a reply."""
    return {"type": next(name for name, kind in REPLIES.items() if isinstance(reply, kind)), **vars(reply)}


def reply_of(frame: Mapping[str, Any]) -> Reply:
    """The reply in a frame. ProtocolError names the wrong field; ParameterError says what is wrong with a recipe."""
    type_ = one_of(REPLIES, frame.get("type"), "reply.type")
    return as_kind(REPLIES[type_], frame, type_)
