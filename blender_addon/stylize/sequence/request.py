# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to repaint a sequence: from plain values to a task of the worker, and its frames as an image."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ...core.engine.replies import JobResult
from ...core.errors import Cancelled
from ...core.options import Sink
from ...jobs.session import connect, jobs, push_undo
from ...jobs.task import Report, Task
from ...paths import RELATIVE_PATH, absolute
from ...tools.arguments import argument, values_in, with_properties
from ...tools.request import Request
from ..request import without_relief
from ..settings import START
from . import result
from .passes import pattern_of

OPEN = -1
"""Number of no frame."""
PAINTED = "painted"
"""Folder in that of the frames, unless another one is given."""
DIGITS = re.compile(r"[ ._-]*#+|\.exr$")
"""Parts of a pattern that are not in the name of its result."""
KEPT = "the frames that are painted are kept, and Repaint Sequence goes on from them"


@dataclass(frozen=True)
class SequenceRequest:
    """A sequence in plain values: its frames, and where they go."""

    frames: str = argument(
        "",
        "Frames",
        "Folder with the frames of one shot, or a pattern such as //street_####.exr; empty: the scene's output",
        subtype="DIR_PATH",
        options=RELATIVE_PATH,
    )
    out_dir: str = argument(
        "",
        "Folder",
        "Folder for the painted frames, which keep their names; empty: a folder beside the frames",
        subtype="DIR_PATH",
        options=RELATIVE_PATH,
    )
    first: int = argument(OPEN, "First Frame", "Number of the first frame; -1: the first there is", min=OPEN)
    last: int = argument(OPEN, "Last Frame", "Number of the last frame; -1: the last there is", min=OPEN)
    replace: bool = argument(False, "Start Over", "Paint frames again that are in the folder already")

    @classmethod
    def from_scene(cls, scene: bpy.types.Scene) -> SequenceRequest:
        """The sequence that the panel is set to."""
        return cls(**values_in(cls, scene.impasto_sequence))

    def shot(self, scene: bpy.types.Scene) -> Path:
        """Folder or pattern of the frames. ParameterError for a relative one in a file that was never saved."""
        return Path(absolute(self.frames)) if self.frames else pattern_of(scene)

    def folder(self, scene: bpy.types.Scene) -> Path:
        """Folder of the painted frames. ParameterError as for the shot."""
        if self.out_dir:
            return Path(absolute(self.out_dir))
        shot = self.shot(scene)
        return (shot.parent if "#" in shot.name else shot) / PAINTED

    def task(self, context: bpy.types.Context, style: Request) -> Task:
        """Task that repaints the sequence by a request of the Style panel. ImpastoError if it cannot be started."""
        given = {name: sources for name, sources in style.inputs.items() if name != START}
        style = replace(style, inputs=given, parameters=without_relief(style.parameters))
        connected, action = connect(), style.preview()
        shot, folder = self.shot(context.scene), self.folder(context.scene)
        values = {"shot": shot, "first": _number(self.first), "last": _number(self.last)}
        options = replace(action.options, sink=Sink(folder.parent, folder.name, replace=self.replace))
        film = replace(action, name="film", values=values, options=options)

        def work(task: Task) -> JobResult:
            try:
                return film.answer(task, connected())
            except Cancelled:
                raise Cancelled(KEPT) from None

        named = shot.with_name(DIGITS.sub("", shot.name) or shot.parent.name)
        return Task("Repaint Sequence", work, _apply(replace(style, source=named).result_name()))


def _number(frame: int) -> int | None:
    return None if frame == OPEN else frame


def _apply(name: str) -> Callable[[JobResult], Report]:
    """Function that puts the painted frames into the file that is open now, if it is still the same then."""
    epoch = jobs.file_epoch

    def apply(made: JobResult) -> Report:
        count = f"Painted frames: {len(made.paths)}"
        files, notes = tuple(map(str, made.paths)), made.notes
        if epoch != jobs.file_epoch:
            return Report("WARNING", "; ".join([count, *notes, "another file was opened meanwhile"]), files=files)
        image = result.sequence(name, made)
        push_undo(f"Impasto: {image.name}")
        text = "; ".join([count, *notes])
        return Report("WARNING" if notes else "INFO", text, images=(image.name,), files=files)

    return apply


@with_properties(SequenceRequest)
class SequenceSettings(bpy.types.PropertyGroup):
    """Settings of the panel Film, in each scene."""


POINTER = (bpy.types.Scene, "impasto_sequence", SequenceSettings)
