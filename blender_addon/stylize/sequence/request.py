# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to repaint a sequence, from plain values to a task, and its frames as an image and in the compositor."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count, takewhile
from pathlib import Path

import bpy

from ...bridge import former, image_editors
from ...core.engine.messages import JobResult
from ...core.errors import Cancelled
from ...core.options import Sink
from ...jobs.session import connect, jobs, push_undo
from ...jobs.task import Task, TaskReport
from ...paths import FOLDER_PATH, absolute
from ...tools.form import argument, values_in, with_properties
from ...tools.request import Request
from ..request import without_relief
from ..settings import START
from .passes import LAYER, pattern_of

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
    """Function that adds the painted frames to the file that is open now, unless another one is open by then."""
    epoch = jobs.file_epoch

    def apply(made: JobResult) -> TaskReport:
        count = f"Painted frames: {len(made.paths)}"
        files, notes = tuple(map(str, made.paths)), made.notes
        if epoch != jobs.file_epoch:
            return TaskReport.noted(count, [*notes, "another file was opened meanwhile"], files=files)
        image = sequence(name, made)
        push_undo(f"Impasto: {image.name}")
        return TaskReport.noted(count, notes, images=(image.name,), files=files)

    return apply


def sequence(name: str, made: JobResult) -> bpy.types.Image:
    """Image of the painted frames, an existing or a new one, which image editors show."""
    before = set(bpy.data.images)
    image = bpy.data.images.load(str(made.paths[0]), check_existing=True)
    if image not in before:
        image.name = name
    image.source = "SEQUENCE"
    image.reload()
    former.keep([image])
    image_editors.show_instead(image, image)
    for space in image_editors.image_editors():
        if space.image == image:
            set_frames(space.image_user, int(made.figures["first"]), len(made.paths))
    return image


def set_frames(user: bpy.types.ImageUser | bpy.types.CompositorNodeImage, first: int, number: int) -> None:
    """Show each file in the scene's frame of the same number."""
    user.frame_start, user.frame_offset, user.frame_duration = first, first - 1, number
    user.use_auto_refresh = True


def frames_of(image: bpy.types.Image) -> tuple[int, int]:
    """First frame of a sequence, and number of consecutive frames from it. FileNotFoundError without its file."""
    path = Path(bpy.path.abspath(image.filepath))
    path.stat()
    before, digits, after = LAST_NUMBER.split(path.name)
    files = (path.with_name(f"{before}{frame:0{len(digits)}}{after}") for frame in count(int(digits)))
    return int(digits), sum(1 for _ in takewhile(Path.exists, files))


@with_properties(SequenceRequest)
class SequenceSettings(bpy.types.PropertyGroup):
    """Settings of the panel Film, in each scene."""


POINTER = (bpy.types.Scene, "impasto_sequence", SequenceSettings)


IS_GROUP = bpy.app.version >= (5, 0)
"""Whether the compositor is a node group, with the output of one."""
IMAGE, RENDER = "CompositorNodeImage", "CompositorNodeRLayers"
OUTPUT = "NodeGroupOutput" if IS_GROUP else "CompositorNodeComposite"
APART = 350.0
"""Horizontal distance between nodes."""


def compositor_poll_message(scene: bpy.types.Scene) -> str:
    """Reason why no painted frames can be added; empty if some can. ParameterError as for a shot."""
    if not painted_image(scene):
        return "There is no painted sequence yet: press Repaint Sequence"
    group = scene.compositing_node_group if IS_GROUP else None
    return "The compositor is linked from another file: make it local" if group and group.library else ""


def painted_image(scene: bpy.types.Scene) -> bpy.types.Image | None:
    """Image of the scene's painted frames with the lowest first frame, or None. ParameterError as for a shot."""
    request = SequenceRequest.from_scene(scene)
    shot, folder = request.shot(scene), request.folder(scene).resolve()
    begin = shot.name.partition("#")[0] if "#" in shot.name else ""
    found = {}
    for image in (one for one in bpy.data.images if one.source == "SEQUENCE"):
        path = Path(bpy.path.abspath(image.filepath))
        if path.name.startswith(begin) and path.parent.resolve() == folder:
            found[path.name] = image
    return found[min(found)] if found else None


def add_to_compositor(scene: bpy.types.Scene, image: bpy.types.Image) -> list[str]:
    """Select the image's node, adding it if it is missing; return notes. OSError if its frames are gone.

    A compositor without nodes also gets an output, and unconnected Render Layers: without those, Blender would render
    the shot again without its passes. In other compositors, all other nodes stay as they are.
    """
    first, count = frames_of(image)
    tree, notes = _tree(scene), []
    node = next((one for one in tree.nodes if one.bl_idname == IMAGE and one.image == image), None)
    if node is None:
        others = list(tree.nodes)
        node = tree.nodes.new(IMAGE)
        node.image = image
        if others:
            node.location = min(one.location.x for one in others) - APART, max(one.location.y for one in others)
            notes.append("the other nodes are as they were: connect it to them")
        else:
            _connect(tree, node)
            notes.append("renders show it")
    with contextlib.suppress(TypeError):  # so Blender says that the frames have no such layer
        node.layer = LAYER
    set_frames(node, first, count)
    for one in tree.nodes:
        one.select = one == node
    tree.nodes.active = node
    return notes


def _tree(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    """The scene's compositor, switched on; without nodes if it was new."""
    if IS_GROUP:
        if scene.compositing_node_group is None:
            scene.compositing_node_group = bpy.data.node_groups.new(scene.name, "CompositorNodeTree")
        return scene.compositing_node_group
    if scene.node_tree is None or not scene.node_tree.nodes:
        scene.use_nodes = True
        scene.node_tree.nodes.clear()
    return scene.node_tree


def _connect(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    """Connect a node to an output, in a tree without other nodes."""
    tree.nodes.new(RENDER).location.x = -APART
    if IS_GROUP and not tree.interface.items_tree:
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    output = tree.nodes.new(OUTPUT)
    output.location.x = APART
    tree.links.new(node.outputs[0], output.inputs[0])
