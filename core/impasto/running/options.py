"""What a run is asked for beside its recipe and inputs: values that travel, and what its host does meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..io.packing import Packing
from ..io.presets import packing_of
from ..system.locks import held
from ..system.names import check_name
from ..texture import Maps

if TYPE_CHECKING:
    from .kept import KeptSteps


@dataclass(frozen=True)
class Sink:
    """Destination of a result: FOLDER/NAME_base_color.png and so on; `format` is an exporter's name.

    export: an engine's preset or packed pictures, as for `packing_of`; "" is one file for each map. replace: overwrite
    existing files; otherwise they are a FileError. wait_s: longest wait for another run to end that writes files of
    this name. tile_by_tile: whether the result is made and written in tiles, so that it may be larger than memory; by
    default it is above 4096², if tools and format can. The files have the same bytes either way.
    """

    folder: Path
    name: str
    format: str = "png"
    replace: bool = True
    wait_s: float = 0.0
    export: str = ""
    tile_by_tile: bool | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "the name of the files")
        packing_of(self.export)

    @property
    def packing(self) -> Packing:
        """The pictures to write."""
        return packing_of(self.export)

    def lock(self) -> AbstractContextManager[None]:
        """Lock for writing a result here; entering it raises FileError while another run does."""
        return held(self.folder / self.name, wait_s=self.wait_s)


@dataclass(frozen=True)
class RunOptions:
    """Values of a run beside its recipe and inputs, the same here, in a worker and in a batch.

    models_folder, weights_folder: libraries other than the user's. enough_px: longer side that is enough for a preview,
    so that generators may make the same picture smaller. preview_px: longer side at which all steps are run instead,
    for a preview that is only similar. sink: where the result is written, if it is.
    """

    device: str = "auto"
    models_folder: Path | None = None
    weights_folder: Path | None = None
    enough_px: int | None = None
    preview_px: int | None = None
    sink: Sink | None = None


@dataclass(frozen=True)
class Host:
    """The program that a run belongs to: what it is told, what it decides meanwhile, and what it has kept.

    on_progress(fraction, message), on_preview(maps): called from the run's thread. Cancelled is raised once
    `is_cancelled()` is true. Once `is_stopped()` is true, tools that improve their result step by step finish early
    with what they have. kept: results of steps of earlier runs, to be used again.
    """

    on_progress: Callable[[float, str], None] = lambda fraction, message: None
    on_preview: Callable[[Maps], None] = lambda maps: None
    is_cancelled: Callable[[], bool] = lambda: False
    is_stopped: Callable[[], bool] = lambda: False
    kept: KeptSteps | None = None
