"""Messages between a client and its worker: a class for each type of frame, whose annotations say what it may hold.

Both sides check what they receive here, once, so other code never meets a wrong type. Standard library and NumPy only.
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


@dataclass(frozen=True, eq=False, kw_only=True)
class JobInput:
    """An input of a job: a file or folder that the worker reads, or pixels or files that are sent with the frame.

    arrays: pixels (H, W, C) by map name, or by `tile_key` for UDIM tiles, as uint8, uint16 or float32. files: bytes
    (N,) by name, of a picture, its tiles or a mesh, or of the maps in a folder called `folder`. licence: of training
    data. color_space: name of a colour space that overrides what the file says. The other fields are facts that a file
    may not state.
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
                raise ProtocolError(f"an input has a file or a folder called {excerpt(name)}", "see the log")

    @classmethod
    def of_maps(cls, maps: Maps) -> JobInput:
        """An input of these maps' pixels, with their name and scale."""
        width_m, height_range_m = maps.tile_width_m, maps.height_range_m
        return cls(arrays=maps.tile_arrays(), name=maps.name, width_m=width_m, height_range_m=height_range_m)


@dataclass(frozen=True)
class ResultView:
    """A picture of a result, or data for a shader, which is sent to the host instead of the maps.

    small: the maps as uint8, their longer side at most longest_px. preview: the surface under a light, uint8 RGB of the
    same size, and small maps for showing it on an object. relit: the surface on a ball and on a plane, uint8 RGB
    (frames, side_px, 2 side_px, 3); the light makes one turn that begins at the azimuth. gaussian: for a shader that
    blends crops, a PNG with a Gaussian histogram for each map, and `lookup`, the table that restores the values.
    azimuth, elevation: direction of the light, in degrees. runs_small: run all steps at the preview's size, which is
    quicker, instead of scaling their result down.
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
    """Form in which a result's maps are sent: `arrays`, or `encoded` files. format: the name of an exporter.

    lit_px: side of the lit ball and plane that are sent with encoded maps, as in a relit `ResultView`; 0 for none.
    """

    kind: Literal["arrays", "encoded"] = "arrays"
    format: str = "png"
    lit_px: Annotated[int, Within(0, 512)] = 0


Wish = Literal["pause", "resume", "stop", "cancel"]


@dataclass(frozen=True)
class JobRequest:
    """A request to pause, resume, stop or cancel the job `id`."""

    id: Count
    wish: Wish


@dataclass(frozen=True, kw_only=True)
class ActionRequest:
    """A request to carry out an action. name: of the core's or a plugin's action. values: the action's own, as JSON.

    options: how recipes are run. deliver: the form of a result that is not written to a folder. view: what is sent
    instead of the maps. supersedes: a key; older jobs with the same key are cancelled. detach: continue without the
    client.
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


Request: TypeAlias = ActionRequest | JobRequest
Reply: TypeAlias = Hello | JobNews | JobResult | Stopped | Failure
REQUESTS: Mapping[str, type[Request]] = {"action": ActionRequest, "wish": JobRequest}
REPLIES: Mapping[str, type[Reply]] = {
    "hello": Hello,
    "news": JobNews,
    "done": JobResult,
    "cancelled": Stopped,
    "error": Failure,
}
"""The class of each type of frame."""
TYPES = {kind: name for name, kind in (*REQUESTS.items(), *REPLIES.items())}


def frame_of(message: Request | Reply) -> dict[str, Any]:
    """The frame of a message."""
    return {"type": TYPES[type(message)], **vars(message)}


def request_of(frame: Mapping[str, Any]) -> Request:
    """The request in a frame. ProtocolError names the wrong field; ParameterError says what is wrong with a recipe."""
    type_ = one_of(REQUESTS, frame.get("type"), "request.type")
    return as_kind(REQUESTS[type_], frame, type_)


def reply_of(frame: Mapping[str, Any]) -> Reply:
    """The reply in a frame. Errors as for `request_of`."""
    type_ = one_of(REPLIES, frame.get("type"), "reply.type")
    return as_kind(REPLIES[type_], frame, type_)
