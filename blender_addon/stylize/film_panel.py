# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel Film in Blender's render properties, and its operators: frames in, painted frames out."""

from __future__ import annotations

import contextlib
from pathlib import Path

import bpy

from ..core.errors import ImpastoError, Message, series
from ..interface.drawing import draw_status, draw_text, name_place, poll_message
from ..jobs.operator import InstantOperator, TaskOperator, busy_poll_message, clicked_panel
from ..jobs.session import jobs, push_undo
from ..jobs.task import Place, Task, TaskReport
from ..parameters.operators import Open, draw_open_number
from ..tools.form import values_over, with_properties
from ..tools.panel import draw_run
from ..tools.request import Request
from ..tools.sources import tool_poll_message
from .film import LAYER, OPEN, SequenceRequest, frames_of, motion_poll_message, set_frames, set_up
from .operators import StyleArguments
from .preview import live

IS_GROUP = bpy.app.version >= (5, 0)
"""Whether the compositor is a node group, with the output of one."""
IMAGE, RENDER = "CompositorNodeImage", "CompositorNodeRLayers"
OUTPUT = "NodeGroupOutput" if IS_GROUP else "CompositorNodeComposite"
APART = 350.0
"""Horizontal distance between nodes."""


class SceneChange(InstantOperator):
    """Mixin for an operator that changes the scene; the panel shows its report."""

    bl_options = {"REGISTER"}  # noqa: RUF012  scripts get the step of undo, too
    bl_label: str

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if bpy.app.background else busy_poll_message()

    def execute(self, context: bpy.types.Context) -> set[str]:
        done = super().execute(context)
        if done == {"FINISHED"}:
            push_undo(f"Impasto: {self.bl_label}")
        jobs.show_report(jobs.outcome, clicked_panel(context, Place.SEQUENCE))
        return done


class IMPASTO_OT_set_up_sequence(SceneChange, bpy.types.Operator):
    """Render the motion that frames are repainted by: a view layer of its own with Vector and Cryptomatte Object, \
Cycles without motion blur, OpenEXR MultiLayer"""

    bl_label = "Set Up Passes"

    def do(self, context: bpy.types.Context) -> TaskReport:
        return TaskReport("INFO", series("; ", [Message("{} is set up", LAYER), *set_up(context)]))


class IMPASTO_OT_composite_sequence(SceneChange, bpy.types.Operator):
    """Add the painted frames to the compositor as an Image node, in time with the scene; without other nodes, renders \
show them"""

    bl_label = "Add to Compositor"

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return super().poll_message(context) or compositor_poll_message(context.scene)

    def do(self, context: bpy.types.Context) -> TaskReport:
        image = painted_image(context.scene)
        assert image is not None  # else `poll` says why
        notes = add_to_compositor(context.scene, image)
        text = series("; ", [Message("{} is in the compositor", image.name), *notes])
        return TaskReport("INFO", text, images=(image.name,))


@with_properties(SequenceRequest)
@with_properties(Request, "inputs", "seed", "device")
class IMPASTO_OT_repaint_sequence(StyleArguments, TaskOperator, bpy.types.Operator):
    """Repaint the frames of a shot as the Style panel is set, so that paint stays on what it was painted on"""

    bl_label = "Repaint Sequence"
    place = Place.SEQUENCE

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        scene = context.scene
        SequenceRequest.from_scene(scene).folder(scene)
        return tool_poll_message(scene, scene.impasto_style.tool, scene.impasto_style.mask_by)

    def task(self, context: bpy.types.Context) -> Task:
        style = self.style_request(context)
        live.cancel()
        values = values_over(SequenceRequest, context.scene.impasto_sequence, self)
        return SequenceRequest(**values).task(context, style)


class IMPASTO_PT_film(bpy.types.Panel):
    """Rendered frames are repainted as the tab Restyle is set."""

    bl_label = "Impasto Film"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "render"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  as Blender wants it

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        layout.use_property_split, layout.use_property_decorate = True, False
        name_place(layout, Place.SEQUENCE)
        draw_status(layout)
        layout.operator("impasto.set_up_sequence", icon="RENDERLAYERS")
        if not scene.impasto_sequence.frames and (why := motion_poll_message(scene)):
            draw_text(layout, why, "INFO")
        _draw_frames(layout, scene)
        draw_text(layout, "Style and painting are those of the tab Restyle", "BRUSH_DATA")
        draw_run(layout, "impasto.repaint_sequence", Place.SEQUENCE, "SEQUENCE")
        if not poll_message("impasto.composite_sequence"):
            layout.operator("impasto.composite_sequence", icon="NODE_COMPOSITING")


def _draw_frames(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """Draw the folders of the frames and of the painted frames, and their range; empty fields show the defaults."""
    settings, column = scene.impasto_sequence, layout.column()
    request = SequenceRequest.from_scene(scene)
    try:
        places = (str(request.shot(scene)), str(request.folder(scene)))
    except ImpastoError:  # the reason is shown below the button
        places = ("", "")
    for name, place in zip(("frames", "out_dir"), places, strict=True):
        column.prop(settings, name, placeholder=place)
    draw_open_number(column, settings, "first", Open(OPEN, scene.frame_start, "The first there is"), "First Frame")
    draw_open_number(column, settings, "last", Open(OPEN, scene.frame_end, "The last there is"), "Last Frame")
    column.prop(settings, "replace")


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
    """Select the image's node, adding it if it is missing; return notes. Raise OSError if its frames are gone.

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
