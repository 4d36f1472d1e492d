# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on regions: take one from a selection, fill it, find landmarks, mend a tile, extend a picture."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ..bridge.image_editors import shown_image
from ..core.errors import Message, ParameterError
from ..image import OnImage
from ..jobs.operator import TaskOperator, poll
from ..jobs.task import Place, Task, TaskReport
from ..library import AsksFirst
from ..tools.form import given_properties, parse_object, with_properties
from ..tools.request import Request
from . import faces, regions
from .request import Subject, fill_task, group_mask, landmarks_task, run_task, usual

PARAMETERS = StringProperty(
    name="Parameters", description="The tool's parameters as JSON; those not given are as the panel is set"
)
MASK = StringProperty(
    name="Mask", description="Name of a black and white image: white is the region; empty: the region of the image"
)
FACES, WEIGHTS, MASKS, IMAGE = "FACES", "GROUP", "MASK", "IMAGE"
MOST_MARGIN_PX = 8192


class OnRegion(OnImage):
    """Mixin: reports are shown in the Repair panel."""

    place = Place.REPAIR
    refusal = "Paint a region first"
    needs_region = False

    @classmethod
    def suits(cls, image: bpy.types.Image) -> bool:
        return not cls.needs_region or regions.has_region(image)


@with_properties(Request, "seed", "across_seams")
class IMPASTO_OT_fill_region(OnRegion, bpy.types.Operator):
    """Fill the region from the rest of the image, in all maps of its material, into new images in their places"""

    bl_label = "Fill Region"
    needs_region = True

    mask: MASK
    parameters: PARAMETERS

    def task(self, context: bpy.types.Context) -> Task:
        image = self.chosen_image(context)
        mask = regions.grid_of(image).split(regions.mask_or_region(image, self.mask))
        parameters, across = parse_object(self.parameters, "parameters"), given_properties(self, ("across_seams",))
        return fill_task(context, image, mask=mask, parameters=parameters, seed=self.seed, **across)


class IMPASTO_OT_find_landmarks(OnRegion, bpy.types.Operator):
    """Find blemishes, and landmarks that would be seen to repeat: they become the region, for you to check and fill"""

    bl_label = "Find Landmarks"

    parameters: PARAMETERS

    def task(self, context: bpy.types.Context) -> Task:
        return landmarks_task(context, self.chosen_image(context), parse_object(self.parameters, "parameters"))


@with_properties(Request, "seed")
class IMPASTO_OT_mend_tiling(OnRegion, bpy.types.Operator):
    """Mend the seams of an image that should tile, with all maps of its material; patterns get whole periods"""

    bl_label = "Mend Tiling"

    parameters: PARAMETERS

    def task(self, context: bpy.types.Context) -> Task:
        subject = Subject.of(context, self.chosen_image(context))
        values = parse_object(self.parameters, "parameters")
        return run_task(context, subject, subject.in_place("mended"), usual("mend"), parameters=values, seed=self.seed)


def _margin(side: str) -> Any:
    return IntProperty(
        name=side, description="Pixels that are added on this side", min=0, max=MOST_MARGIN_PX, subtype="PIXEL"
    )


@with_properties(Request, "seed")
class IMPASTO_OT_extend_image(AsksFirst, OnRegion, bpy.types.Operator):
    """Continue this image, with all maps of its material, beyond its borders: a new image, or a new material"""

    bl_label = "Extend"

    left: _margin("Left")
    right: _margin("Right")
    top: _margin("Top")
    bottom: _margin("Bottom")
    parameters: PARAMETERS

    def ask(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        column = self.layout.column()
        column.use_property_split = True
        for side in ("left", "right", "top", "bottom"):
            column.prop(self, side)

    def task(self, context: bpy.types.Context) -> Task:
        margins = {side: getattr(self, side) for side in ("left", "right", "top", "bottom")}
        if not any(margins.values()):
            raise ParameterError("no side is extended", "give the pixels to add at one of them")
        subject = Subject.of(context, self.chosen_image(context))
        parameters = {**parse_object(self.parameters, "parameters"), **margins, "unit": "pixels"}
        target = subject.beside("extended")
        return run_task(context, subject, target, usual("extend"), parameters=parameters, seed=self.seed)


class IMPASTO_OT_use_selection(OnRegion, bpy.types.Operator):
    """Add a selection to the region of this image: selected faces, a mask of Blender's, or a black and white image"""

    bl_label = "Use Selection"
    is_at_once = True
    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it

    source: EnumProperty(
        name="Source",
        description="The selection that is added",
        items=(
            (
                FACES,
                "Selected Faces",
                "UVs of the faces that are selected in edit mode, in the image editor if it has its own",
            ),
            (WEIGHTS, "Vertex Group", "The active vertex groups of the selected objects whose texture the image is"),
            (MASKS, "Mask", "A mask datablock, as the image editor's Mask mode makes them"),
            (IMAGE, "Image", "White parts of another image"),
        ),
    )
    name: StringProperty(
        name="Name", description="Name of the mask or image; empty: the editor's own, or else the first mask"
    )

    def do(self, context: bpy.types.Context) -> TaskReport:
        image = self.chosen_image(context)
        added = self._mask(context, image)
        if not added.any():
            raise ParameterError("the selection covers no pixel of the image", "select more, or choose another image")
        regions.keep(image, regions.region_of(image) | added)
        return TaskReport("INFO", Message("Added {:.1%} of {} to its region", added.mean(), image.name))

    def _mask(self, context: bpy.types.Context, image: bpy.types.Image) -> np.ndarray:
        if self.source == FACES:
            return faces.selected_faces_mask(context, regions.grid_of(image))
        if self.source == WEIGHTS:
            return group_mask(context, image)
        if self.source == MASKS:
            return faces.mask_in(faces.choice(context, self.name), regions.size_of(image))
        return regions.mask_in(regions.image_called(self.name), image)


class IMPASTO_OT_clear_region(OnRegion, bpy.types.Operator):
    """Forget the region of this image"""

    bl_label = "Clear Region"
    is_at_once = True
    bl_options = {"UNDO"}  # noqa: RUF012  as Blender wants it
    needs_region = True

    def do(self, context: bpy.types.Context) -> TaskReport:
        image = self.chosen_image(context)
        image.pop(regions.REGION, None)
        return TaskReport("INFO", Message("Cleared the region of {}", image.name))


@with_properties(Request, "seed")
class IMPASTO_OT_fill_faces(TaskOperator, bpy.types.Operator):
    """Fill the textures where the selected faces are, from the rest of their UV islands, in all maps of the material"""

    bl_label = "Fill Selected Faces"
    place = Place.REPAIR

    object: StringProperty(name="Object", description="Name of the object; empty: the active one")
    margin_px: IntProperty(
        name="Margin",
        description="Pixels around the faces that are filled, too, so that no border shows",
        default=2,
        min=0,
        max=64,
    )
    across_seams: BoolProperty(
        name="Across Seams", description="Fill from beyond the seams of the faces' UV islands, too"
    )
    parameters: PARAMETERS

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if context.mode == "EDIT_MESH" else "Select faces in edit mode first"

    def task(self, context: bpy.types.Context) -> Task:
        chosen = faces.faces_of(context, self.object, self.margin_px)
        parameters = parse_object(self.parameters, "parameters")
        return fill_task(
            context,
            chosen.image,
            subject=Subject(chosen.image, chosen.material, chosen.item),
            mask=chosen.mask,
            islands=None if self.across_seams else chosen.islands,
            parameters=parameters,
            seed=self.seed,
            across_seams=self.across_seams,
        )


class IMPASTO_OT_tiled_view(bpy.types.Operator):
    """Show the image beside itself in all directions, zoomed out so that three times three fit; again: once"""

    bl_label = "Tiled View"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll(cls, "" if shown_image(context) else "Open an image first")

    def execute(self, context: bpy.types.Context) -> set[str]:
        space, image = context.space_data, shown_image(context)
        space.show_repeat = not space.show_repeat
        region = next(region for region in context.area.regions if region.type == "WINDOW")
        if image is not None and all(image.size):
            fits = min(region.width / image.size[0], region.height / image.size[1])
            space.zoom_percentage = 100 * fits * (FITTED / 3 if space.show_repeat else FITTED)
        context.area.tag_redraw()
        return {"FINISHED"}


FITTED = 0.95
"""Share of the editor that the image fills."""
