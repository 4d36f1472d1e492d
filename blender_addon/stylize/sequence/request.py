# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to repaint a sequence: from plain values to a task of the worker, and its frames as an image."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count, takewhile
from pathlib import Path

import bpy

from ...bridge import image_editors, recent
from ...core.engine.replies import JobResult
from ...core.errors import Cancelled
from ...core.options import Sink
from ...jobs.session import connect, jobs, push_undo
from ...jobs.task import Task, TaskReport
from ...paths import FOLDER_PATH, absolute
from ...tools.arguments import argument, values_in, with_properties
from ...tools.request import Request
from ..request import without_relief
from ..settings import START
from .passes import pattern_of

OPEN = -1
"""Number of no frame."""
PAINTED = "painted"
"""Folder in that of the frames, unless another one is given."""
DIGITS = re.compile(r"[ ._-]*#+|\.exr$")
"""Parts of a pattern that are not in the name of its result."""
LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")
"""Number of a frame in the name of its file, as Blender finds it."""
KEPT = "the frames that are painted are kept, and Repaint Sequence goes on from them"


@dataclass(frozen=True)
class SequenceRequest:
    """A sequence in plain values: its frames, and where they go."""

    frames: str = argument(
        "",
        "Frames",
        "Folder with the frames of one shot, or a pattern such as //street_####.exr; empty: the scene's output",
        **FOLDER_PATH,
    )
    out_dir: str = argument(
        "",
        "Folder",
        "Folder for the painted frames, which keep their names; empty: a folder beside the frames",
        **FOLDER_PATH,
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
        film = replace(action, kind="film", values=values, options=options)

        def work(task: Task) -> JobResult:
            try:
                return film.answer(task, connected())
            except Cancelled:
                raise Cancelled(KEPT) from None

        named = shot.with_name(DIGITS.sub("", shot.name) or shot.parent.name)
        return Task("Repaint Sequence", work, _apply(replace(style, source=named).result_name()))


def _number(frame: int) -> int | None:
    return None if frame == OPEN else frame


def _apply(name: str) -> Callable[[JobResult], TaskReport]:
    """Function that puts the painted frames into the file that is open now, if it is still the same then."""
    epoch = jobs.file_epoch

    def apply(made: JobResult) -> TaskReport:
        count = f"Painted frames: {len(made.paths)}"
        files, notes = tuple(map(str, made.paths)), made.notes
        if epoch != jobs.file_epoch:
            return TaskReport("WARNING", "; ".join([count, *notes, "another file was opened meanwhile"]), files=files)
        image = sequence(name, made)
        push_undo(f"Impasto: {image.name}")
        text = "; ".join([count, *notes])
        return TaskReport("WARNING" if notes else "INFO", text, images=(image.name,), files=files)

    return apply


def sequence(name: str, made: JobResult) -> bpy.types.Image:
    """The painted frames as an image, the one that there is of these files, or a new one; image editors show it."""
    before = set(bpy.data.images)
    image = bpy.data.images.load(str(made.paths[0]), check_existing=True)
    if image not in before:
        image.name = name
    image.source = "SEQUENCE"
    image.reload()
    recent.keep([image])
    image_editors.show_instead(image, image)
    for space in image_editors.image_editors():
        if space.image == image:
            set_frames(space.image_user, int(made.figures["first"]), len(made.paths))
    return image


def set_frames(user: bpy.types.ImageUser | bpy.types.CompositorNodeImage, first: int, number: int) -> None:
    """Show each file in the scene's frame of its number."""
    user.frame_start, user.frame_offset, user.frame_duration = first, first - 1, number
    user.use_auto_refresh = True


def frames_of(image: bpy.types.Image) -> tuple[int, int]:
    """First frame of a sequence, and number of the frames there are from it on. FileNotFoundError without its file."""
    path = Path(bpy.path.abspath(image.filepath))
    path.stat()
    before, digits, after = LAST_NUMBER.split(path.name)
    files = (path.with_name(f"{before}{frame:0{len(digits)}}{after}") for frame in count(int(digits)))
    return int(digits), sum(1 for _ in takewhile(Path.exists, files))


@with_properties(SequenceRequest)
class SequenceSettings(bpy.types.PropertyGroup):
    """Settings of the panel Film, in each scene."""


POINTER = (bpy.types.Scene, "impasto_sequence", SequenceSettings)
