"""The action `film`: a worker repaints the frames of a shot. In a batch, a shot is one row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from impasto.actions import Action, Doing
from impasto.errors import ParameterError
from impasto.system.typed_json import MAX_ID, Count, Within
from impasto.tools import Result

from .rows import COLUMNS, values_of

if TYPE_CHECKING:
    import numpy as np

FIRST = "first"
"""Name of the figure with the first frame's number."""


@dataclass(frozen=True)
class FilmValues:
    """Frames to repaint. shot: as for `frames_on_disk`. first, last: frame numbers; None for no limit.

    frame_step: write every n-th frame. keyframes: frames painted by hand, as for `numbered_files`.
    """

    shot: Path
    first: Count | None = None
    last: Count | None = None
    frame_step: Annotated[int, Within(1, MAX_ID)] = 1
    keyframes: Path | None = None


class RepaintShot(Action):
    """Repaints each frame of a shot with a recipe for a picture, into the folder NAME of the sink.

    Existing frames are kept, and the shot resumes after them, unless the sink replaces files. The inputs are the
    recipe's, without the picture.
    """

    name, values = "film", FilmValues
    columns = COLUMNS
    has_folder = True

    def carry_out(self, doing: Doing, values: FilmValues) -> Result:
        """The painted frames; each is shown as soon as it is done."""
        from .footage import frames_on_disk
        from .frames import asked_frames
        from .preparation import ready_keyframes
        from .progress import ShotProgress
        from .shot import repaint_shot

        sink = doing.options.sink
        if sink is None or doing.recipe is None:
            raise ParameterError("a film needs a recipe and a folder", "give both")
        with frames_on_disk(values.shot, values.first, values.last) as frames:
            notes: list[str] = []
            keyframes = ready_keyframes(frames, values.keyframes, notes.append)
            progress = ShotProgress(
                len(asked_frames(frames, values.frame_step)), doing.host.on_progress, doing.host.on_preview
            )
            paths = repaint_shot(
                frames,
                doing.recipe,
                doing.read(),
                sink.folder / sink.name,
                replace(doing.options, sink=None),
                replace(doing.host, on_progress=progress.report),
                keyframes=keyframes,
                frame_step=values.frame_step,
                replaces=sink.replace,
                on_frame=progress.add,
                on_note=notes.append,
            )
        figures = {FIRST: float(next(iter(frames)))}
        return Result(recipe=doing.recipe, paths=tuple(paths), notes=tuple(notes), figures=figures)

    def of_row(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a row. ParameterError for fields that a shot does not take."""
        return values_of(fields)

    def placed(self, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """The values with their paths resolved against a folder."""
        paths = {name: str(folder / values[name]) for name in ("shot", "keyframes") if values.get(name)}
        return {**values, **paths}

    def check(self, values: FilmValues) -> None:
        """Raise FileError if there are no frames or keyframes."""
        from .footage import check_shot
        from .frames import numbered_files

        check_shot(values.shot)
        _ = values.keyframes and numbered_files(values.keyframes)

    def check_sent(self) -> None:
        """Raise ParameterError: a shot may be too large to send."""
        raise ParameterError("frames are not sent to workers", "leave --send out, and use a folder that all see")

    def content(self, values: FilmValues) -> list[Any]:
        """The frame numbers, the files of the frames or the movie, and the keyframes. FileError if some are missing."""
        from .footage import shot_files
        from .frames import numbered_files

        keyframes = numbered_files(values.keyframes) if values.keyframes else {}
        files = shot_files(values.shot, values.first, values.last)
        painted = {str(number): path for number, path in keyframes.items()}
        return [values.first, values.last, values.frame_step, {path.name: path for path in files}, painted]

    def title(self, values: FilmValues) -> str:
        """The default name of a result."""
        from .footage import shot_name

        return shot_name(values.shot)

    def picture(self, file: Path) -> np.ndarray:
        """The colours (H, W, 3) of a painted frame."""
        from .footage import painted_color

        return painted_color(file)
