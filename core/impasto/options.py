"""Values of a run beside its recipe and inputs: where it computes, how large, and where its result goes.

They are the same in the command, in a worker, on another machine and in a batch. Standard library only: Blender uses
them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from .system.names import check_name
from .system.typed_json import PositiveSize, Within

LONGEST_WAIT_S = 3600


@dataclass(frozen=True)
class Sink:
    """Destination of a result: FOLDER/NAME_base_color.png and so on; `format` is an exporter's name.

    export: an engine's preset or packed pictures, as for `packing_of`; "" is one file for each map. replace: overwrite
    existing files; otherwise they are a FileError. wait_s: seconds to wait for another run that writes files of this
    name. tile_by_tile: whether the result is made and written in tiles, so that it may be larger than memory, which is
    a ParameterError if a tool or the format cannot; None: it is above 4096², if they can. The files have the same bytes
    either way.
    """

    folder: Path
    name: str
    format: str = "png"
    replace: bool = True
    wait_s: Annotated[float, Within(0, LONGEST_WAIT_S)] = 0.0
    export: str = ""
    tile_by_tile: bool | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "the name of the files")


@dataclass(frozen=True)
class RunOptions:
    """Values of a run. models_folder, weights_folder: libraries other than the user's.

    enough_px: longer side that is enough for a preview, so that generators may make the same picture smaller.
    preview_px: longer side at which all steps are run instead, for a preview that is only similar. keeps_steps: whether
    a worker uses results of steps that it has kept, and keeps those that are made. sink: where the result is written,
    if it is.
    """

    device: str = "auto"
    models_folder: Path | None = None
    weights_folder: Path | None = None
    enough_px: PositiveSize | None = None
    preview_px: PositiveSize | None = None
    keeps_steps: bool = False
    sink: Sink | None = None


DEFAULT = RunOptions()
