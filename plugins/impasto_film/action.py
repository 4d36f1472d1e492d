"""The action `film`: a worker repaints the frames of a shot, which is one row of a batch."""

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
"""Name of the figure that holds the number of the first frame."""


@dataclass(frozen=True)
class FilmValues:
    """Frames to repaint. shot: as for `frames_on_disk`. first, last: numbers of its frames, or None for all.

    frame_step: every n-th frame is written. keyframes: frames that were painted by hand, as for
    `numbered_files`.
    """

    shot: Path
    first: Count | None = None
    last: Count | None = None
    frame_step: Annotated[int, Within(1, MAX_ID)] = 1
    keyframes: Path | None = None


class RepaintShot(Action):
    """Repaints the frames of a shot by a recipe of one picture, into the folder NAME of its sink.

    Painting resumes after the frames that are there, or replaces them if the sink says so. Inputs are the recipe's,
    beside the picture.
    """

    name, values = "film", FilmValues
    columns = COLUMNS
    has_folder = True

    def carry_out(self, doing: Doing, values: FilmValues) -> Result:
        """The painted frames, which are shown as they come."""
        from .footage import frames_on_disk
        from .frames import asked_frames, keyframes_of
        from .preparation import note_on_motion
        from .progress import ShotProgress
        from .shot import repaint_shot

        sink = doing.options.sink
        if sink is None or doing.recipe is None:
            raise ParameterError("a film needs a recipe and a folder", "give both")
        with frames_on_disk(values.shot, values.first, values.last) as frames:
            notes = [note for note in (note_on_motion(frames),) if note]
            keyframes: Mapping[int, Path] = {}
            if values.keyframes:
                keyframes, said = keyframes_of(values.keyframes, frames)
                notes += said
            progress = ShotProgress(
                len(asked_frames(frames, values.frame_step)), doing.host.on_progress, doing.host.on_preview
            )
            paths = repaint_shot(
                frames,
                doing.recipe,
                doing.read(),
                sink.folder / sink.name,
                replace(doing.options, sink=None),
                replace(doing.host, on_progress=progress.tell),
                keyframes=keyframes,
                frame_step=values.frame_step,
                replaces=sink.replace,
                on_frame=progress.add,
                on_note=notes.append,
            )
        figures = {FIRST: float(next(iter(frames)))}
        return Result(recipe=doing.recipe, paths=tuple(paths), notes=tuple(notes), figures=figures)

    def of_row(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a row. ParameterError for fields that do not go with it."""
        return values_of(fields)

    def placed(self, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """The values with paths that are relative to a folder."""
        paths = {name: str(folder / values[name]) for name in ("shot", "keyframes") if values.get(name)}
        return {**values, **paths}

    def check(self, values: FilmValues) -> None:
        """Raise FileError if there are no frames, or some lack."""
        from .footage import check_shot
        from .frames import numbered_files

        check_shot(values.shot)
        _ = values.keyframes and numbered_files(values.keyframes)

    def check_sent(self) -> None:
        """Raise ParameterError: a shot may be large."""
        raise ParameterError("frames are not sent to workers", "leave --send out, and use a folder that all see")

    def content(self, values: FilmValues) -> list[Any]:
        """Numbers and files of the frames, or a movie, and of keyframes. FileError if some are missing."""
        from .footage import shot_files
        from .frames import numbered_files

        keyframes = numbered_files(values.keyframes) if values.keyframes else {}
        files = shot_files(values.shot, values.first, values.last)
        painted = {str(number): path for number, path in keyframes.items()}
        return [values.first, values.last, values.frame_step, {path.name: path for path in files}, painted]

    def title(self, values: FilmValues) -> str:
        """The usual name of a result."""
        from .footage import shot_name

        return shot_name(values.shot)

    def picture(self, file: Path) -> np.ndarray:
        """The colours (H, W, 3) of a painted frame."""
        from .footage import painted_color

        return painted_color(file)
