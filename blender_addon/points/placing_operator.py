# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.place_points`: show the picture with handles, and let them be dragged until the user has done."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, StringProperty

from ..bridge import image_editors
from ..bridge.inputs import picture_of
from ..bridge.target import chosen_material
from ..core.errors import ParameterError
from ..engine.catalogue import catalogue
from ..generate.request import chosen_source
from ..jobs.operator import tell
from ..jobs.session import push_undo
from ..jobs.task import EXPECTED, error_report
from ..layers.request import source_of
from ..tools.placing import placing
from ..translations.texts import sentence
from .gizmos import MODES
from .handles import visible_part
from .settings import live

HELP = "Drag the handles, with Shift more precisely. Enter: done, Esc: as before, Ctrl Z: one step back"


class IMPASTO_OT_place_points(bpy.types.Operator):
    """Drag the points of the tool on the picture in the image editor; Enter ends, Esc puts them back"""

    bl_idname = "impasto.place_points"
    bl_label = "Place on Picture"

    tool: StringProperty(
        name="Tool",
        description="Tool whose points are placed on the image in the editor; empty: the panel's, on its source",
    )
    of_layer: BoolProperty(
        name="Of Layer", description="Show the source of the layers, on which the active layer's points can be dragged"
    )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        problem = ParameterError("points are placed in a window", "without one, give them as parameters of the tool")
        return tell(self, error_report(problem))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        name = self.tool or context.scene.impasto.tool
        if placing.tool == name and not self.of_layer:  # a second click has done
            placing.end()
            image_editors.redraw()
            return {"FINISHED"}
        try:
            image = self._picture(context)
        except EXPECTED as error:
            return tell(self, error_report(error))
        area = self._show(context, image)
        if self.of_layer:  # whose handles are there as long as it is the active one
            placing.end()
            image_editors.redraw()
            return {"FINISHED"}
        placing.begin(context.scene, catalogue[name], image)
        live.ask()
        image_editors.redraw()
        if area is None:  # in another window, whose events come to none of this one's operators
            return {"FINISHED"}
        self._tool = name
        context.window_manager.modal_handler_add(self)
        context.workspace.status_text_set(sentence(HELP))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        area = self._area(context)
        if placing.tool != self._tool or area is None:
            return self._end(context, {"FINISHED"})
        if event.value != "PRESS":
            return {"PASS_THROUGH"}
        if event.type == "ESC":
            if placing.restore(context.scene):
                push_undo(self.bl_label)
            return self._end(context, {"CANCELLED"})
        if event.type in {"RET", "NUMPAD_ENTER"} or (event.type == "RIGHTMOUSE" and _is_over(area, event)):
            return self._end(context, {"FINISHED"})
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender where another file is opened meanwhile."""
        self._end(context, set())

    def _end(self, context: bpy.types.Context, result: set[str]) -> set[str]:
        if placing.tool == self._tool:
            placing.end()
        context.workspace.status_text_set(None)
        image_editors.redraw()
        return result

    def _picture(self, context: bpy.types.Context) -> bpy.types.Image:
        """The image to place them on: that in the editor, or the panel's source. ImpastoError if there is none."""
        if self.tool:
            if image := image_editors.shown_image(context):
                return image
            raise ParameterError("no image is given", "open one in the image editor")
        stack = chosen_material(context).impasto_layers if self.of_layer else None
        source = source_of(stack) if stack else chosen_source(context.scene.impasto)
        if source is None:
            raise ParameterError("no source is chosen", "choose a file, or an image of this .blend")
        return picture_of(source)

    def _show(self, context: bpy.types.Context, image: bpy.types.Image) -> bpy.types.Area | None:
        """Show the image with gizmos; the area of the context's window that does, None if it is in another window."""
        if image_editors.is_image_editor(context):
            context.space_data.image = image
        else:
            image_editors.show(image)
        for space in image_editors.image_editors():
            if space.image == image:
                space.mode = space.mode if space.mode in MODES else MODES[0]
                space.show_gizmo = True
        return _area_with(context, image.session_uid)

    def _area(self, context: bpy.types.Context) -> bpy.types.Area | None:
        return _area_with(context, placing.image)


def _area_with(context: bpy.types.Context, image: int) -> bpy.types.Area | None:
    """Area of the context's window that shows the image of this session id."""
    areas = (area for area in context.window.screen.areas if area.type == "IMAGE_EDITOR")
    return next((area for area in areas if (found := area.spaces.active.image) and found.session_uid == image), None)


def _is_over(area: bpy.types.Area, event: bpy.types.Event) -> bool:
    """Whether the mouse is over the picture, not over a panel beside it."""
    region = next(region for region in area.regions if region.type == "WINDOW")
    left, bottom, right, top = visible_part(area, region, 0)
    return left <= event.mouse_x - region.x <= right and bottom <= event.mouse_y - region.y <= top


CLASSES = (IMPASTO_OT_place_points,)
