"""Messages between a client and its worker. Each type has a class, whose annotations give the allowed values.

Both sides check every message on receipt by these classes, so other code never meets a wrong type. On its way, a
message is a frame: a dictionary with its type. Standard library and NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from ..descriptions import EngineDescription
from ..errors import ProtocolError
from ..options import DEFAULT, RunOptions
from ..recipe import Recipe
from ..system.names import is_file_name
from ..system.typed_json import Count, Length, PositiveLength, PositiveSize, Within, as_kind, one_of
from ..system.untrusted import excerpt
from ..texture import Maps

PREVIEW, RELIT, LOOKUP = "preview", "relit", "lookup"
"""Names of the arrays of a `ResultView` that are no maps."""


@dataclass(frozen=True, eq=False, kw_only=True)
class JobInput:
    """An input of a job: a file or folder that the worker reads, or pixels or files that are sent with the request.

    arrays: pixels (H, W, C) by map name, or by `tile_key` for UDIM tiles, as uint8, uint16 or float32. files: bytes
    (N,) of a picture, its tiles, a mesh or the maps of a folder, by file name. folder: name of that folder, if any.
    licence: licence of training data. color_space: name of the colour space to use instead of the file's. name,
    width_m, height_range_m: facts that can be missing in a file.
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

    def __post_init__(self) -> None:
        for name in (*self.files, *([] if self.folder is None else [self.folder])):
            if not is_file_name(name):
                raise ProtocolError("an input has a file or a folder called {}", "see the log", excerpt(name))

    @classmethod
    def of_maps(cls, maps: Maps) -> JobInput:
        """An input of these maps' pixels, with their name and scale."""
        width_m, height_range_m = maps.tile_width_m, maps.height_range_m
        return cls(arrays=maps.tile_arrays(), name=maps.name, width_m=width_m, height_range_m=height_range_m)


@dataclass(frozen=True)
class ResultView:
    """Arrays of a result that are sent to the host instead of the maps. `kind` is one of these:

    "small": maps as uint8, their longer side at most longest_px. "preview": the surface under a light, uint8 RGB of
    the same size, and small maps for an object. "relit": the surface on a ball and on a plane, uint8 RGB (frames,
    side_px, 2 side_px, 3), while the light makes one turn from the azimuth. "gaussian": for a shader that blends
    crops, a PNG with a Gaussian histogram for each map, and `LOOKUP`, the table that restores the values. azimuth,
    elevation: direction of the light in degrees. runs_small: run all steps at the preview's size, which is quicker.
    """

    kind: Literal["small", "preview", "relit", "gaussian"]
    longest_px: Annotated[int, Within(1, 4096)] = 512
    side_px: Annotated[int, Within(16, 512)] = 256
    runs_small: bool = False
    azimuth: float = 135.0
    elevation: float = 40.0
    frames: Annotated[int, Within(1, 120)] = 1


@dataclass(frozen=True)
class Delivery:
    """Form in which a result's maps are sent: as "arrays", or as "encoded" files. format: name of the exporter.

    lit_px: side of the lit ball and plane that are sent with encoded maps, as in a relit `ResultView`; 0 for none.
    """

    kind: Literal["arrays", "encoded"] = "arrays"
    format: str = "png"
    lit_px: Annotated[int, Within(0, 512)] = 0


Wish = Literal["pause", "resume", "stop", "cancel"]


@dataclass(frozen=True)
class JobWish:
    """A request to pause, resume, stop or cancel the running job `id`."""

    id: Count
    wish: Wish


@dataclass(frozen=True, kw_only=True)
class ActionRequest:
    """A request to carry out an action. name: name of an action of the core or a plugin. values: its values, as JSON.

    options: options of the run. deliver: form of a result that is not written to a folder. view: form of a result that
    is sent instead of the maps. supersedes: a key; older jobs with the same key are cancelled. detach: whether the job
    continues without the client.
    """

    id: Count
    name: str = "run"
    recipe: Recipe | None = None
    inputs: Mapping[str, JobInput] = field(default_factory=dict)
    options: RunOptions = DEFAULT
    values: Mapping[str, Any] = field(default_factory=dict)
    deliver: Delivery = Delivery()
    view: ResultView | None = None
    supersedes: str = ""
    detach: bool = False


@dataclass(frozen=True)
class Hello:
    """First message of a worker: its versions of the protocol and of impasto."""

    protocol: Count
    version: str


@dataclass(frozen=True, eq=False)
class JobNews:
    """News of a job, without what has not changed. fraction: share of the work that is done, in [0, 1].

    message: present activity. preview: an unfinished picture, uint8 RGB (H, W, 3). state: "running" or "paused".
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

    name, size_px (height, width), width_m, height_range_m: properties of the maps. paths: files that were written.
    suffix: ending of encoded files, such as ".png". Other fields: see `Result`.
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
        """Maps of a result that was delivered as "arrays"."""
        return Maps.from_tile_arrays(
            self.arrays, width_m=self.width_m, height_range_m=self.height_range_m, name=self.name
        )


@dataclass(frozen=True)
class CancelReply:
    """Reply that a job was cancelled, and is over."""

    id: Count


@dataclass(frozen=True)
class Failure:
    """Failure of a job; without an id, of a request that the worker could not read."""

    id: Count | None
    error: str
    message: str
    remedy: str


Request: TypeAlias = ActionRequest | JobWish
Reply: TypeAlias = Hello | JobNews | JobResult | CancelReply | Failure
REQUESTS: Mapping[str, type[Request]] = {"action": ActionRequest, "wish": JobWish}
REPLIES: Mapping[str, type[Reply]] = {
    "hello": Hello,
    "news": JobNews,
    "done": JobResult,
    "cancelled": CancelReply,
    "error": Failure,
}
"""Classes of requests and replies by type."""
TYPES = {kind: name for name, kind in (*REQUESTS.items(), *REPLIES.items())}


def frame_of(message: Request | Reply) -> dict[str, Any]:
    """Message as a dictionary with its type, ready to send."""
    return {"type": TYPES[type(message)], **vars(message)}


def request_of(frame: Mapping[str, Any]) -> Request:
    """Request in a frame. Raise ProtocolError for a wrong field, and ParameterError for a wrong recipe."""
    type_ = one_of(REQUESTS, frame.get("type"), "request.type")
    return as_kind(REQUESTS[type_], frame, type_)


def reply_of(frame: Mapping[str, Any]) -> Reply:
    """Reply in a frame. Errors are those of `request_of`."""
    type_ = one_of(REPLIES, frame.get("type"), "reply.type")
    return as_kind(REPLIES[type_], frame, type_)
