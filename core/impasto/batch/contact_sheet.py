"""Contact sheet of a batch: its rendered results and its failures, with their names."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError, ImpastoError
from ..io.decode import read_small
from ..io.map_files import map_name
from ..plugins.registry import registry
from ..surface.thumbnail import cell, empty_cell, grid, scale_down
from ..system.untrusted import excerpt
from ..texture import Maps
from .record import BatchResult, RecordedFailure

SIDE_PX = 160
COLUMNS = 10
GAP_PX = 4
SHOWN_MAPS = ("base_color", "normal")
FAILED_COLOR = (190, 40, 40)


def contact_sheet(items: Sequence[BatchResult | RecordedFailure], folder: Path) -> bytes:
    """PNG with a cell and a name for each result or failure. A result that cannot be read counts as a failure."""
    return grid([_cell(item, folder) for item in items], COLUMNS, GAP_PX)


def _cell(item: BatchResult | RecordedFailure, folder: Path) -> Any:
    if isinstance(item, RecordedFailure):
        return _failure_cell(item.name, item.error)
    try:
        return cell(item.name, _picture(item, folder), SIDE_PX)
    except ImpastoError as error:
        return _failure_cell(item.name, type(error).__name__)


def _picture(result: BatchResult, folder: Path) -> np.ndarray:
    """The rendered result (H, W, 3) in [0, 1]: from base colour and normals, another map, or a file of a folder."""
    files = {name: folder / file for file in result.files if (name := map_name(Path(file)))}
    if frame := next((file for file in result.files if "/" in file), ""):
        maps = Maps.from_arrays({"base_color": _in_folder(folder / frame)})
        return scale_down(maps, _longest_px(maps)) / 255
    if not files:
        raise FileError("{} has no maps that are known by their names", "", excerpt(result.name))
    known = [name for name in SHOWN_MAPS if name in files] or [*files][:1]
    maps = Maps({name: read_small(files[name], name, 2 * SIDE_PX) for name in known})
    if "base_color" in maps or "normal" in maps:
        return scale_down(maps, _longest_px(maps)) / 255
    return np.repeat(maps[known[0]].pixels, 3, axis=2)[..., :3]


def _in_folder(file: Path) -> np.ndarray:
    """A file of a folder (H, W, 3), read by the first action that can. Raise FileError if none can."""
    for action in registry().actions.values():
        if action.has_folder:
            with suppress(ImpastoError):
                return action.picture(file)
    raise FileError("no action reads {}", "", excerpt(file))


def _longest_px(maps: Maps) -> int:
    """Longer side at which the shorter one fills a cell."""
    height, width = maps.size_px
    return max(1, round(SIDE_PX * max(height, width) / min(height, width)))


def _failure_cell(name: str, error: str) -> Any:
    """A cell with a cross and the class of the error."""
    from PIL import ImageDraw

    image = empty_cell(name, SIDE_PX)
    draw = ImageDraw.Draw(image)
    top, bottom = image.height - SIDE_PX + 40, image.height - 40
    for ends in ((40, top, SIDE_PX - 40, bottom), (40, bottom, SIDE_PX - 40, top)):
        draw.line(ends, FAILED_COLOR, 6)
    draw.text((SIDE_PX / 2, image.height - 14), error, FAILED_COLOR, anchor="mm")
    return image
