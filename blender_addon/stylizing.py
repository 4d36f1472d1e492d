# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be repainted and how, from the Style panel's settings to a task; the small picture that follows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, PointerProperty, StringProperty

from . import engine, images, materials, orders, properties, renders, results, styles, surfaces, weights
from .catalogue import DEFAULT_STYLIZER, catalogue, properties_of
from .core.errors import ImpastoError, ParameterError
from .jobs import connect, jobs
from .properties import MAX_INT, STYLE, identifier, items_of, pointer_to, tell_changed
from .tasks import Task
from .variations import Live, Ready

IMAGE, MATERIAL, RENDER = "IMAGE", "MATERIAL", "RENDER"
SUBJECTS = (
    (IMAGE, "Image", "An image of this .blend file"),
    (MATERIAL, "Material", "The textures of the active object's material"),
    (RENDER, "Render", "The render result"),
)
LONGEST, STROKES, RELIEF, START = "longest_px", "strokes_px", "relief", "start"
"""The parameters and the input of stylizers that mean something to Blender, too."""
PREVIEW_PX = 256
PREVIEWERS = {"wct": PREVIEW_PX, DEFAULT_STYLIZER: 160}
"""The stylizers that make the small picture, and how large they can make it while one waits: the first that can run."""


def _carry_over(settings: StyleSettings, context: bpy.types.Context) -> None:
    """Another stylizer is chosen: what both can be told stays as it was set."""
    former, settings.former = settings.former or DEFAULT_STYLIZER, settings.tool
    if former in catalogue and settings.tool in catalogue:
        copy_settings(settings.id_data, catalogue[former], catalogue[settings.tool])
    tell_changed(STYLE)(settings, context)


def copy_settings(scene: bpy.types.Scene, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Set the parameters and inputs of a tool as those of the same name and kind are set for another."""
    known = properties_of(before)
    shared = [
        identifier(name)
        for name, schema in properties_of(now).items()
        if name in known and _range_of(known[name]) == _range_of(schema)
    ]
    inputs = {item["name"] for item in properties.image_inputs(before)}
    shared += [pointer_to(item["name"]) for item in properties.image_inputs(now) if item["name"] in inputs]
    group, other = properties.group_of(scene, now), properties.group_of(scene, before)
    for name in shared:
        if other.is_property_set(name):
            setattr(group, name, getattr(other, name))
        else:
            group.property_unset(name)


def _range_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What values a parameter may have, whatever is said of it."""
    return {key: value for key, value in schema.items() if key not in ("default", "description", "title")}


class ResultProperties:
    """What the results are; the scene's settings, and the same as the operator's properties."""

    material: EnumProperty(
        name="Result",
        description="Where repainted textures go",
        items=(
            (results.NEW, "New Material", "A copy of the material, in its place on the selected objects"),
            (results.ACTIVE, "Same Material", "The material itself; its former images stay in the file"),
            (results.NONE, "Images", "New images, no material"),
        ),
    )
    bits: EnumProperty(
        name="Depth",
        description="Bits of each channel of the results",
        items=(("8", "8 bits", "Small and fast"), ("16", "16 bits", "Smooth heights; four times the memory")),
    )


class StyleSettings(ResultProperties, bpy.types.PropertyGroup):
    """What the Style panel is set to, in each scene."""

    tool: EnumProperty(
        name="Stylizer", description="How it is repainted", items=items_of("stylizer"), update=_carry_over
    )
    former: StringProperty(options={"HIDDEN"})
    subject: EnumProperty(name="Repaint", description="What is repainted", items=SUBJECTS, update=tell_changed(STYLE))
    image: PointerProperty(
        name="Image",
        description="The image that is repainted; in the image editor, without one: the image that is shown",
        type=bpy.types.Image,
        update=tell_changed(STYLE),
    )
    gallery_style: styles.gallery("style")
    gallery_style_2: styles.gallery("style_2")
    gallery_style_3: styles.gallery("style_3")
    seed: IntProperty(
        name="Seed", description="Another seed, another result", min=0, max=MAX_INT, update=tell_changed(STYLE)
    )
    live_preview: BoolProperty(
        name="Live Preview", description="Show a small preview whenever something changes", update=tell_changed(STYLE)
    )


@dataclass(frozen=True)
class Subject:
    """What is repainted. source: its picture; material: the one whose base colour that is; image: whom to replace."""

    source: bpy.types.Image | Path
    longest_px: int = 0
    image: bpy.types.Image | None = None
    material: bpy.types.Material | None = None

    @classmethod
    def of_image(cls, image: bpy.types.Image, scene: bpy.types.Scene) -> Subject:
        """An image of the .blend; the render result among them, which has no pixels of its own."""
        if renders.is_result(image):
            return cls.of_render(scene)
        return cls(image, max(image.size), image)

    @classmethod
    def of_material(cls, material: bpy.types.Material | None) -> Subject:
        """The textures of a material. ParameterError where no image gives its colour."""
        image = surfaces.base_color_of(material)
        return cls(image, max(image.size), material=material)

    @classmethod
    def of_render(cls, scene: bpy.types.Scene) -> Subject:
        """The render result. ParameterError where there is none."""
        size = max(scene.render.resolution_x, scene.render.resolution_y) * scene.render.resolution_percentage // 100
        return cls(renders.picture(scene), size, bpy.data.images[renders.NAME])

    def task(self, context: bpy.types.Context, request: orders.Request, material: str) -> Task:
        """The task that repaints it; material: where repainted textures go. ImpastoError says what is wrong."""
        if renders.is_result(self.image):  # nothing that could stand out of a surface
            request = replace(request, parameters=_without_relief(request.parameters))
        has_relief = self.material is not None and bool(request.parameters.get(RELIEF))
        source = self.material if has_relief else self.source
        name = replace(request, source=self.material or self.source).result_name()
        return replace(request, source=source, name=name).task(self._target(context, name, material))

    def _target(self, context: bpy.types.Context, name: str, material: str) -> results.Target:
        if self.material is None:
            image = self.image.session_uid if self.image else 0
            return results.Target(name, image=image, is_picture=True, file_epoch=jobs.file_epoch)
        if material == results.ACTIVE:
            materials.check_editable(self.material)
        objects = [item for item in {*context.selected_objects, context.active_object} if item and item.is_editable]
        uids = tuple(item.session_uid for item in objects if item.type in results.CAN_HAVE_MATERIAL)
        painted = self.material.session_uid
        return results.Target(name, material, uids, painted=painted, file_epoch=jobs.file_epoch)


def _without_relief(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: 0.0 if name == RELIEF else value for name, value in parameters.items()}


def subject_of(context: bpy.types.Context, kind: str) -> Subject:
    """What the panel is set to repaint, of one kind. ParameterError where there is none."""
    if kind == RENDER:
        return Subject.of_render(context.scene)
    if kind == MATERIAL:
        return Subject.of_material(active_material(context))
    if image := chosen_image(context):
        return Subject.of_image(image, context.scene)
    raise ParameterError("no image is given", "choose one, or open one in the image editor")


def chosen_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """The image that the panel is set to repaint, or else the one that is looked at."""
    chosen = context.scene.impasto_style.image or images.shown_image(context)
    if chosen is None and context.area is None:  # a timer asks, for the preview
        chosen = next((space.image for space in images.image_editors() if space.image), None)
    return chosen


def active_material(context: bpy.types.Context) -> bpy.types.Material | None:
    """The active object's active material."""
    return context.active_object.active_material if context.active_object else None


def is_painted(image: bpy.types.Image | None) -> bool:
    """Whether the image says that a stylizer made it, which can go on from it; cheap enough for a panel."""
    if not images.has_recipe(image):
        return False
    name = images.recipe_of(image).steps[-1].tool
    return name in catalogue and START in [item["name"] for item in catalogue[name]["inputs"]]


def from_scene(context: bpy.types.Context) -> orders.Request:
    """What the panel asks for, but for the subject."""
    settings = context.scene.impasto_style
    tool = catalogue[settings.tool]
    return orders.Request(
        tool=settings.tool,
        parameters=properties.parameters_of(context.scene, tool),
        inputs=properties.images_of(context.scene, tool),
        seed=settings.seed,
        bits=settings.bits,
        estimator="none",
    )


def what_is_missing(context: bpy.types.Context) -> str:
    """Why the panel's settings cannot be carried out; empty where they can. Cheap enough for a panel."""
    settings = context.scene.impasto_style
    if settings.tool not in catalogue:
        return "Choose a stylizer"
    tool = catalogue[settings.tool]
    lacking = weights.why_missing(tool, properties.parameters_of(context.scene, tool))
    if missing := lacking or why_no_subject(context):
        return missing
    chosen = properties.images_of(context.scene, tool)
    unset = [item["name"] for item in tool["inputs"] if item["required"] and item["name"] not in chosen]
    return f"Choose an image for {', '.join(unset)}" if unset else ""


def why_no_subject(context: bpy.types.Context) -> str:
    """Why there is nothing to repaint; empty where there is."""
    kind = context.scene.impasto_style.subject
    if kind == RENDER:
        return "" if renders.is_there() else "Render the scene first (F12)"
    if kind == IMAGE:
        return "" if chosen_image(context) else "Choose an image to repaint"
    try:
        surfaces.base_color_of(active_material(context))
    except ImpastoError as error:
        return str(error)
    return ""


def previewer(context: bpy.types.Context) -> Mapping[str, Any] | None:
    """The stylizer that makes the small picture; None for a tool that cannot be told how large its result shall be."""
    chosen = context.scene.impasto_style.tool
    if chosen not in catalogue or LONGEST not in properties_of(catalogue[chosen]):
        return None
    known = (catalogue[name] for name in PREVIEWERS if name in catalogue)
    return next((tool for tool in known if not weights.missing_for(tool)), catalogue[chosen])


def why_no_preview(context: bpy.types.Context) -> str:
    """Why there can be no small picture of what the panel is set to; empty where there can."""
    if engine.find() is None:
        return "Impasto has no engine yet: press Set Up Engine"
    tool = previewer(context)
    if tool is None:
        return "This stylizer makes its result as its source is"
    if jobs.shown:
        return f"Impasto is busy: {jobs.shown.label}"
    lacks_style = "style" not in properties.images_of(context.scene, catalogue[context.scene.impasto_style.tool])
    return why_no_subject(context) or ("Choose an image for style" if lacks_style else "")


def wanted(context: bpy.types.Context) -> Ready:
    """For a task's work: how to reach the worker, and what to paint of the panel's settings, small."""
    request, tool = from_scene(context), previewer(context)
    subject = subject_of(context, context.scene.impasto_style.subject)
    parameters = {name: value for name, value in request.parameters.items() if name in properties_of(tool)}
    longest_px = min(PREVIEWERS.get(tool["name"], PREVIEW_PX), subject.longest_px)
    if (strokes_px := parameters.get(STROKES)) and (full_px := parameters[LONGEST] or subject.longest_px):
        parameters[STROKES] = max(1, round(strokes_px * longest_px / full_px))
    parameters |= {LONGEST: longest_px, RELIEF: 0.0}
    inputs = {name: image for name, image in request.inputs.items() if name != START}
    changes = {"tool": tool["name"], "parameters": parameters, "inputs": inputs, "source": subject.source}
    request = replace(request, device=engine.preferences().device, **changes)
    return connect(), request, request.given()


live = Live(STYLE, "impasto_style", why_no_preview, wanted)


def register() -> None:
    bpy.utils.register_class(StyleSettings)
    bpy.types.Scene.impasto_style = PointerProperty(type=StyleSettings)
    live.register()


def unregister() -> None:
    live.unregister()
    del bpy.types.Scene.impasto_style
    bpy.utils.unregister_class(StyleSettings)
