# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to repaint the frames of a shot, from plain values to a task, and the set-up of a scene to render them.

Cycles only: its vectors are tested here. EEVEE has a pass of that name too, which no test without a window can render.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count, takewhile
from pathlib import Path

import bpy

from ..bridge import image_editors, replaced
from ..core.engine.messages import JobResult
from ..core.errors import Cancelled, Message, ParameterError
from ..core.options import Sink
from ..jobs.session import connect, jobs, push_undo
from ..jobs.task import Task, TaskReport
from ..paths import FOLDER_PATH, absolute
from ..tools.form import argument, values_in, with_properties
from ..tools.request import Request
from .request import without_relief
from .settings import START

LAYER = "Impasto Film"
"""Name of the view layer."""
FOLDER = "film"
"""Folder of the frames, if the scene's output path has no frame numbers."""
DEPTH = 2
"""Objects that Cryptomatte keeps for each pixel; only the largest is used."""
PROBE = 999983
"""Frame number that no shot has; its path shows where Blender writes the digits."""


def set_up(context: bpy.types.Context) -> list[str]:
    """Set the scene up, and return notes on what has changed. Raise ParameterError if Blender has no Cycles."""
    scene = context.scene
    notes = _set_up_render(scene)
    _set_up_layer(context)
    if rendered := [layer.name for layer in scene.view_layers if layer.use and layer.name != LAYER]:
        notes.append(Message("{} is rendered too, unless its Use for Rendering is turned off", ", ".join(rendered)))
    return [*notes, *_set_up_files(scene)]


def motion_poll_message(scene: bpy.types.Scene) -> str:
    """Reason why frames of this scene would have no motion vectors; empty if they have. Cheap enough for a panel."""
    if scene.render.use_motion_blur:
        return "With motion blur, all motion vectors are 0"
    has_vectors = any(layer.use and layer.use_pass_vector for layer in scene.view_layers)
    return "" if has_vectors and scene.render.engine == "CYCLES" else "This scene renders no motion vectors yet"


def pattern_of(scene: bpy.types.Scene) -> Path:
    """Pattern of the scene's rendered files. Raise ParameterError for a relative path in a file that is not saved."""
    absolute(scene.render.filepath)
    path = bpy.path.abspath(scene.render.frame_path(frame=PROBE))
    return Path(re.sub(rf"0*{PROBE}", "####", path))


def _set_up_render(scene: bpy.types.Scene) -> list[str]:
    """Render with Cycles, without motion blur, all view layers."""
    notes = []
    if scene.render.engine != "CYCLES":
        try:
            scene.render.engine = "CYCLES"
        except TypeError as error:  # so Blender says that the add-on is not enabled
            raise ParameterError("Blender has no Cycles", "enable it among the add-ons in the preferences") from error
        notes.append("the render engine is Cycles")
    if scene.render.use_motion_blur:
        scene.render.use_motion_blur = False
        notes.append("motion blur is off")
    scene.render.use_single_layer = False
    return notes


def _set_up_layer(context: bpy.types.Context) -> None:
    """Add a copy of the current view layer, unless there is one, with the passes; the current one stays current."""
    scene, current = context.scene, context.view_layer
    if LAYER not in scene.view_layers:
        before, name = set(scene.view_layers.keys()), current.name
        bpy.ops.scene.view_layer_add(type="COPY")
        (added,) = set(scene.view_layers.keys()) - before
        scene.view_layers[added].name = LAYER
        context.window.view_layer = scene.view_layers[name]
    scene.view_layers.move(scene.view_layers.find(LAYER), 0)  # an image shows the first layer of its file
    layer = scene.view_layers[LAYER]
    layer.use = layer.use_pass_combined = layer.use_pass_vector = layer.use_pass_cryptomatte_object = True
    layer.use_pass_position = True
    layer.pass_cryptomatte_depth = DEPTH
    layer.use_pass_object_index = any(item.pass_index for item in layer.objects)


def _set_up_files(scene: bpy.types.Scene) -> list[str]:
    """Write OpenEXR MultiLayer; keep the output path if it has frame numbers."""
    render, settings = scene.render, scene.render.image_settings
    if hasattr(settings, "media_type"):  # from Blender 5.0 on
        settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format = "OPEN_EXR_MULTILAYER"
    render.use_file_extension = True
    if "#" not in render.filepath:
        folder = "//" if bpy.data.filepath else f"{Path(bpy.path.abspath(render.filepath)).parent.as_posix()}/"
        name = bpy.path.clean_name(Path(bpy.data.filepath).stem or scene.name)
        render.filepath = f"{folder}{FOLDER}/{name}_####"
    return [Message("frames are written to {}", render.filepath)]


OPEN = -1
"""Frame number that stands for the first or last frame of the shot."""
PAINTED = "painted"
"""Default folder of painted frames, next to the frames."""
DIGITS = re.compile(r"[ ._-]*#+|\.exr$")
"""Parts of a pattern that are left out of the name of its result."""
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
        """Folder or pattern of the frames. Raise ParameterError for a relative one in a file that was never saved."""
        return Path(absolute(self.frames)) if self.frames else pattern_of(scene)

    def folder(self, scene: bpy.types.Scene) -> Path:
        """Folder of the painted frames. ParameterError as for the shot."""
        if self.out_dir:
            return Path(absolute(self.out_dir))
        shot = self.shot(scene)
        return (shot.parent if "#" in shot.name else shot) / PAINTED

    def task(self, context: bpy.types.Context, style: Request) -> Task:
        """Task that repaints the sequence as the Style panel requests. Raise ImpastoError if it cannot be started."""
        inputs = {name: sources for name, sources in style.inputs.items() if name != START}
        style = replace(style, inputs=inputs, parameters=without_relief(style.parameters))
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
    """Function that adds the painted frames to the file that is open now, unless another one is open by then."""
    epoch = jobs.file_epoch

    def apply(result: JobResult) -> TaskReport:
        count = Message("Painted frames: {}", len(result.paths))
        files, notes = tuple(map(str, result.paths)), result.notes
        if epoch != jobs.file_epoch:
            return TaskReport.noted(count, [*notes, "another file was opened meanwhile"], files=files)
        image = sequence(name, result)
        push_undo(f"Impasto: {image.name}")
        return TaskReport.noted(count, notes, images=(image.name,), files=files)

    return apply


def sequence(name: str, result: JobResult) -> bpy.types.Image:
    """Image of the painted frames, an existing or a new one, which image editors show."""
    before = set(bpy.data.images)
    image = bpy.data.images.load(str(result.paths[0]), check_existing=True)
    if image not in before:
        image.name = name
    image.source = "SEQUENCE"
    image.reload()
    replaced.keep([image])
    image_editors.show_instead(image, image)
    for space in image_editors.image_editors():
        if space.image == image:
            set_frames(space.image_user, int(result.figures["first"]), len(result.paths))
    return image


def set_frames(user: bpy.types.ImageUser | bpy.types.CompositorNodeImage, first: int, number: int) -> None:
    """Show each file in the scene's frame of the same number."""
    user.frame_start, user.frame_offset, user.frame_duration = first, first - 1, number
    user.use_auto_refresh = True


def frames_of(image: bpy.types.Image) -> tuple[int, int]:
    """First frame of a sequence, and number of consecutive frames from it. Raise FileNotFoundError without its file."""
    path = Path(bpy.path.abspath(image.filepath))
    path.stat()
    before, digits, after = LAST_NUMBER.split(path.name)
    files = (path.with_name(f"{before}{frame:0{len(digits)}}{after}") for frame in count(int(digits)))
    return int(digits), sum(1 for _ in takewhile(Path.exists, files))


@with_properties(SequenceRequest)
class SequenceSettings(bpy.types.PropertyGroup):
    """Settings of the panel Film, in each scene."""


POINTER = (bpy.types.Scene, "impasto_sequence", SequenceSettings)
