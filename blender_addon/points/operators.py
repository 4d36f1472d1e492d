# SPDX-License-Identifier: GPL-3.0-or-later
"""`impasto.place_points`: show the picture on which the points of a tool or of a layer can be dragged."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty

from ..bridge import image_editors
from ..bridge.inputs import picture_of
from ..bridge.target import chosen_material
from ..core.errors import ParameterError
from ..engine.catalogue import catalogue
from ..jobs.operator import report_result
from ..jobs.task import EXPECTED, Place, error_report
from ..parameters.points import points_of
from ..tools.lists import PHOTO
from ..tools.sources import chosen_source
from .gizmos import MODES

STRAIGHTEN = "straighten"
"""Task of the tool, see `impasto.tools.TASKS`."""


class IMPASTO_OT_place_points(bpy.types.Operator):
    """Drag the tool's points on its source in the image editor, with Shift more precisely; straighten if it has none"""

    bl_label = "Place on Picture"
    place = Place.TEXTURE

    of_layer: BoolProperty(
        name="Of Layer", description="Show the source of the layers, on which the active layer's points can be dragged"
    )

    def execute(self, _context: bpy.types.Context) -> set[str]:
        problem = ParameterError("points are placed in a window", "without one, give them as parameters of the tool")
        return report_result(self, error_report(problem))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        try:
            image = self._picture(context)
        except EXPECTED as error:
            return report_result(self, error_report(error))
        if image_editors.is_image_editor(context):
            context.space_data.image = image
        else:
            image_editors.show(image)
        for space in image_editors.image_editors():
            if space.image == image:
                space.mode = space.mode if space.mode in MODES else MODES[0]
                space.show_gizmo = True
        image_editors.redraw()
        return {"FINISHED"}

    def _picture(self, context: bpy.types.Context) -> bpy.types.Image:
        """The image to place them on: the source. ImpastoError if there is none."""
        stack = chosen_material(context).impasto_layers if self.of_layer else None
        if stack is None:
            _choose(context.scene.impasto, image_editors.shown_image(context))
        source = chosen_source(stack or context.scene.impasto)
        if source is None:
            raise ParameterError("no source is chosen", "choose a file, or an image of this .blend")
        return picture_of(source)


def _choose(settings: bpy.types.PropertyGroup, image: bpy.types.Image | None) -> None:
    """Choose the tool that straightens and the editor's image, if the panel's tool has no points. ParameterError."""
    if image is None or (settings.tool in catalogue and points_of(catalogue[settings.tool])):
        return
    name = catalogue.usual(STRAIGHTEN)
    if not name:
        raise ParameterError(f"no tool is installed for this: {STRAIGHTEN}", "install a plugin that has one")
    settings.intent, settings.tool = PHOTO, name
    settings.source_kind, settings.image = "IMAGE", image
