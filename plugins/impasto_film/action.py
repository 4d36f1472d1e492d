"""The action `film`: a worker repaints the frames of a shot. In the table of a batch, each shot is a row."""

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
"""Key of the first frame's number in `Result.figures`."""


@dataclass(frozen=True)
class FilmValues:
    """Choice of the frames to repaint. shot: folder or pattern (street_####.exr) of the frames, or a movie.

    first, last: frame numbers; None for no limit. frame_step: paint every n-th frame. keyframes: folder or pattern of
    frames that were painted by hand.
    """

    shot: Path
    first: Count | None = None
    last: Count | None = None
    frame_step: Annotated[int, Within(1, MAX_ID)] = 1
    keyframes: Path | None = None


class RepaintShot(Action):
    """Repaints the frames of a shot by a recipe for a picture. The sink's name is the folder of the painted frames.

    Existing frames are kept, and the shot resumes after them, unless the sink replaces files. The inputs are those of
    the recipe, without the picture.
    """

    name, values = "film", FilmValues
    columns = COLUMNS
    has_folder = True

    def carry_out(self, doing: Doing, values: FilmValues) -> Result:
        """Repaint the frames, show each as soon as it is done, and return the paths of their files."""
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
        """Values for a row of a batch. Raise ParameterError for fields that a shot does not take."""
        return values_of(fields)

    def placed(self, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """Values whose relative paths are resolved against a folder."""
        paths = {name: str(folder / values[name]) for name in ("shot", "keyframes") if values.get(name)}
        return {**values, **paths}

    def check(self, values: FilmValues) -> None:
        """Raise FileError if there is no such shot or folder of keyframes. Frames may still be missing."""
        from .footage import check_shot
        from .frames import numbered_files

        check_shot(values.shot)
        if values.keyframes:
            numbered_files(values.keyframes)

    def check_sent(self) -> None:
        """Always raise ParameterError: frames may be too large to send."""
        raise ParameterError("frames are not sent to workers", "leave --send out, and use a folder that all see")

    def content(self, values: FilmValues) -> list[Any]:
        """All that a result depends on: frame numbers, files and keyframes. Raise FileError if some are missing."""
        from .footage import shot_files
        from .frames import numbered_files

        keyframes = numbered_files(values.keyframes) if values.keyframes else {}
        files = shot_files(values.shot, values.first, values.last)
        painted = {str(number): path for number, path in keyframes.items()}
        return [values.first, values.last, values.frame_step, {path.name: path for path in files}, painted]

    def title(self, values: FilmValues) -> str:
        """Default name of a result."""
        from .footage import shot_name

        return shot_name(values.shot)

    def picture(self, file: Path) -> np.ndarray:
        """Colours (H, W, 3) of a painted frame's file."""
        from .footage import painted_color

        return painted_color(file)
