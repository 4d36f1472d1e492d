"""Requests from a client to its worker, declared once for both sides: what their annotations allow is all that is read.

Standard library and NumPy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from ..errors import ProtocolError
from ..options import DEFAULT, RunOptions
from ..recipe import Recipe
from ..system.names import is_file_name
from ..system.typed_json import Count, Length, PositiveLength, Within, as_kind, one_of
from ..system.untrusted import excerpt
from ..texture import Maps


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

    def __post_init__(self) -> None:
        for name in (*self.files, *([] if self.folder is None else [self.folder])):
            if not is_file_name(name):
                raise ProtocolError(f"an input has a file or a folder called {excerpt(name)}", "see the log")

    @classmethod
    def of_maps(cls, maps: Maps) -> JobInput:
        """The pixels of maps, with their name and scale."""
        width_m, height_range_m = maps.tile_width_m, maps.height_range_m
        return cls(arrays=maps.tile_arrays(), name=maps.name, width_m=width_m, height_range_m=height_range_m)


@dataclass(frozen=True)
class ResultView:
    """A result as a host shows it, instead of its maps.

    small: the maps as uint8, their longer side at most longest_px. preview: the surface under a light, as small, uint8
    RGB. relit: the surface on a ball and on a plane, uint8 RGB (frames, side_px, 2 side_px, 3), in one turn of the
    light that begins at the azimuth. gaussian: for shaders that blend it, PNGs with Gaussian histograms, and `lookup`,
    the table that takes them back. azimuth, elevation: of the light, in degrees. runs_small: all steps are run at the
    preview's size, which is quick and similar, instead of their result scaled down, and the base colour comes with it.
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
    """Form of a result's maps: `arrays`, or `encoded` files of a format, an exporter's name.

    lit_px: side of the ball and of the plane that come with encoded maps, as in a `ResultView` that is relit; 0: none.
    """

    kind: Literal["arrays", "encoded"] = "arrays"
    format: str = "png"
    lit_px: Annotated[int, Within(0, 512)] = 0


Wish = Literal["pause", "resume", "stop", "cancel"]


@dataclass(frozen=True)
class JobRequest:
    """A wish about the job `id`."""

    id: Count
    wish: Wish


@dataclass(frozen=True, kw_only=True)
class ActionRequest:
    """Something to carry out. name: of an action, of the core or of a plugin; values: those of its own, as JSON.

    options: of the runs. deliver: the form of a result that is not written. view: what is wanted instead of its maps.
    supersedes: older jobs with this key are cancelled. detach: continue without the client.
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


Request: TypeAlias = ActionRequest | JobRequest
REQUESTS: Mapping[str, type[Request]] = {"action": ActionRequest, "wish": JobRequest}
"""The class of each type of frame."""


def frame_of(request: Request) -> dict[str, Any]:
    """The frame of a request."""
    return {"type": "action" if isinstance(request, ActionRequest) else "wish", **vars(request)}


def request_of(frame: Mapping[str, Any]) -> Request:
    """The request in a frame. ProtocolError names the wrong field, ParameterError a mistake in the recipe."""
    type_ = one_of(REQUESTS, frame.get("type"), "request.type")
    return as_kind(REQUESTS[type_], frame, type_)
