"""The action `film`: a worker repaints the frames of a shot, of which a batch has a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from impasto.actions import Action, Doing, text_of, whole_number_of
from impasto.errors import ParameterError
from impasto.system.typed_json import MAX_ID, Count, Within
from impasto.tools import Result

if TYPE_CHECKING:
    import numpy as np

FIRST = "first"
"""Figure of the result: the number of its first frame."""
LEAST = {"first": 0, "last": 0, "frame_step": 1}
"""Columns with numbers, and the least of each."""


@dataclass(frozen=True)
class FilmValues:
    """Frames to repaint. shot: as for `frames_on_disk`. first, last: numbers of its frames, or None for all.

    frame_step: distance of the frames that are written. keyframes: frames that were painted by hand, as for
    `numbered_files`.
    """

    shot: Path
    first: Count | None = None
    last: Count | None = None
    frame_step: Annotated[int, Within(1, MAX_ID)] = 1
    keyframes: Path | None = None


class RepaintShot(Action):
    """Repaints the frames of a shot by a recipe of one picture, into the folder NAME of its sink.

    The frames that are there are gone on from, or replaced. Inputs are the recipe's, beside the picture.
    """

    name, values = "film", FilmValues
    columns: ClassVar[Mapping[str, str]] = {
        "shot": "frames or a movie, instead of `source`: painted as by `stylize --film`, into the folder NAME",
        "first": "number of the shot's first frame",
        "last": "number of its last frame",
        "frame_step": "distance of the frames that are painted: 2 is every second one",
        "keyframes": "folder or pattern of its frames that were painted by hand",
    }
    has_folder = True
    files = "frames"

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
        if not fields.get("shot"):
            given = next(name for name in self.columns if name in fields)
            raise ParameterError(f"{given} is for a shot", "give the frames as shot, or leave it out")
        if unfit := next((name for name in ("source", "width_m") if name in fields), ""):
            raise ParameterError(f"a shot takes no {unfit}", "leave it out")
        found: dict[str, Any] = {name: text_of(name, fields) for name in ("shot", "keyframes") if name in fields}
        for name, least in LEAST.items():
            if (number := whole_number_of(name, fields)) is not None:
                if number < least:
                    raise ParameterError(f"{name} is {number}", f"write a whole number from {least}")
                found[name] = number
        return found

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

    def files_of(self, values: FilmValues) -> tuple[list[Any], list[Path]]:
        """What a result depends on: which frames, and the files of these and of keyframes."""
        from .footage import shot_files
        from .frames import numbered_files

        keyframes = numbered_files(values.keyframes) if values.keyframes else {}
        files = shot_files(values.shot, values.first, values.last)
        return [values.first, values.last, values.frame_step, [*map(str, keyframes)]], [*files, *keyframes.values()]

    def title(self, values: FilmValues) -> str:
        """The usual name of a result."""
        from .footage import shot_name

        return shot_name(values.shot)

    def picture(self, file: Path) -> np.ndarray:
        """The colours (H, W, 3) of a painted frame."""
        from .footage import painted_color

        return painted_color(file)
