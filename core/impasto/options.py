"""Options of a run: where it computes, how large previews are, and where its result goes.

The command, a worker, another machine and a batch use the same options. Standard library only: Blender uses them too.
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

    export: preset of a game engine or packed pictures, as for `packing_of`; "" for one file for each map. replace:
    overwrite existing files, instead of raising FileError. wait_s: seconds to wait for another run that writes files of
    this name. tile_by_tile: make and write the result in strips, so that it may exceed the memory. Raise ParameterError
    if a tool or the format cannot. None: only above 4096², and only if both can. The bytes of the files are the same.
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
    """Options of a run. models_folder, weights_folder: libraries to use in place of the user's.

    enough_px: longer side that is enough for a preview, so that generators may make the same picture smaller.
    preview_px: run all steps with this longer side, for a preview that is only similar. keeps_steps: let a worker reuse
    results of steps in its cache, and add new ones to it. sink: destination of the result; None to write no files.
    prepares: begin with the tools that a photograph needs, such as one that removes a shadow; the recipe then has them.
    """

    device: str = "auto"
    models_folder: Path | None = None
    weights_folder: Path | None = None
    enough_px: PositiveSize | None = None
    preview_px: PositiveSize | None = None
    keeps_steps: bool = False
    sink: Sink | None = None
    prepares: bool = False


DEFAULT = RunOptions()
