# SPDX-License-Identifier: GPL-3.0-or-later
"""Asset shelves of Impasto's materials in the 3D view, and the operators by which a click or a drag assigns one."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import bmesh
import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from ..bridge import images, replaced
from ..bridge.materials import material_called
from ..bridge.target import assignable_objects
from ..core.errors import FileError, ParameterError
from ..core.io.assets import ROOT_CATALOG
from ..core.io.datablocks import Datablock
from ..interface.under_mouse import face_below, is_in_view, ray_below
from ..jobs.operator import InstantOperator
from ..jobs.task import TaskReport
from ..material import using
from ..material.using import EDITED, assign_chosen
from . import catalogs

HIDDEN = {"HIDDEN", "SKIP_SAVE"}
LOCAL = "LOCAL"
SHELF = (4, 3)
"""First version of Blender whose shelves call an operator when an asset is clicked."""
DRAGS = (5, 0)
"""First version whose shelves call one when an asset is dragged."""


class OfAsset(InstantOperator):
    """Mixin: an operator on the asset that was clicked or dragged in a shelf."""

    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012  as Blender wants it

    # Blender identifies the asset by these; the numbers are Blender's
    asset_library_type: EnumProperty(
        items=((LOCAL, "", "", 1), ("ALL", "", "", 2), ("ESSENTIALS", "", "", 3), ("CUSTOM", "", "", 100)),
        options=HIDDEN,
    )
    asset_library_identifier: StringProperty(options=HIDDEN)
    relative_asset_identifier: StringProperty(options=HIDDEN)

    def material(self) -> bpy.types.Material:
        """The asset. Raise ParameterError or FileError if there is none."""
        identifier = Path(self.relative_asset_identifier)
        if self.asset_library_type == LOCAL:
            return material_called(identifier.name)
        folder = catalogs.library_folder(self.asset_library_identifier)
        found = Datablock.at(folder / identifier) if folder else None
        if found is None:
            raise ParameterError("no asset was clicked", "click one in the asset shelf")
        return loaded(str(found.file), found.name)


class IMPASTO_OT_use_asset(OfAsset, bpy.types.Operator):
    """Give this material to the selected objects; in edit mode, to the selected faces"""

    bl_label = "Use Material Asset"

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if assignable_objects(context) else "Select the objects that shall have it"

    def do(self, context: bpy.types.Context) -> TaskReport:
        return assign_chosen(context, self.material().name)


class IMPASTO_OT_drop_asset(OfAsset, bpy.types.Operator):
    """Give this material to the selected faces if it is dropped on one of them, else to those of the same slot"""

    bl_label = "Drop Material Asset"

    object: StringProperty(options=HIDDEN)
    face: IntProperty(min=0, options=HIDDEN)

    @classmethod
    def poll_message(cls, context: bpy.types.Context) -> str:
        return "" if context.mode == EDITED else "Select faces in edit mode first"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        context.window_manager.modal_handler_add(self)
        context.window.cursor_modal_set("HAND")
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        is_released = (event.type, event.value) == ("LEFTMOUSE", "RELEASE")
        if not is_released and event.type not in ("ESC", "RIGHTMOUSE"):
            return {"RUNNING_MODAL"}
        context.window.cursor_modal_restore()
        place = event.mouse_x, event.mouse_y
        if not is_released or not is_in_view(context.area, *place):
            return {"CANCELLED"}
        below = face_below(context.objects_in_mode_unique_data, *ray_below(context.area, *place))
        if below is None:
            return {"CANCELLED"}
        self.object, self.face = below[0].name, below[1]
        return self.execute(context)

    def do(self, context: bpy.types.Context) -> TaskReport:
        items = context.objects_in_mode_unique_data
        item = next((one for one in items if one.name == self.object), None)
        faces = bmesh.from_edit_mesh(item.data).faces if item else None
        if faces is None or self.face >= len(faces):
            raise ParameterError("there is no such face in edit mode", "drop it on a face")
        faces.ensure_lookup_table()
        face, name = faces[self.face], self.material().name
        if face.select:
            return using.assign_to_faces(name, items)
        return using.assign_to_slot(name, item, face.material_index)


def loaded(file: str, name: str) -> bpy.types.Material:
    """A material asset of a file; if it was loaded before, that material. Raise FileError if it is missing."""
    try:
        with bpy.data.libraries.load(file, link=False, assets_only=True) as (found, wanted):
            wanted.materials = [one for one in found.materials if one == name]
    except OSError as error:
        raise FileError("cannot read the asset library's file {}", "repair it, or move it away", file) from error
    if not wanted.materials or wanted.materials[0] is None:
        raise FileError("there is no material {} in {}", "refresh the asset library", name, file)
    material = wanted.materials[0]
    material.asset_clear()
    held = replaced.use_counts()  # materials that another one replaced
    others = (one for one in bpy.data.materials if one != material and not held[one])
    before = next((one for one in others if _is_same(one, material)), None)
    if before is None:
        return material
    bpy.data.batch_remove([material, *_images(material)])
    return before


def _is_same(one: bpy.types.Material, other: bpy.types.Material) -> bool:
    """Whether both are the same stand-in of the asset library, unchanged since it was loaded."""
    is_stand_in = images.STAND_IN in one and images.STAND_IN in other
    return is_stand_in and one.get(images.RECIPE) == other.get(images.RECIPE)


def _images(material: bpy.types.Material) -> list[bpy.types.Image]:
    nodes = [node for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image]
    return [node.image for node in nodes if node.image.users == 1]


class AssetsOnMeshes:
    """Mixin: a shelf of Impasto's materials of all asset libraries in 3D views."""

    bl_space_type = "VIEW_3D"
    bl_activate_operator = "impasto.use_asset"
    bl_default_preview_size = 64
    filter_material = True
    modes: ClassVar[tuple[str, ...]] = ("OBJECT", EDITED)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.mode in cls.modes

    @classmethod
    def asset_poll(cls, asset: bpy.types.AssetRepresentation) -> bool:
        return asset.id_type == "MATERIAL" and ROOT_CATALOG in asset.metadata.tags


class IMPASTO_AST_materials(AssetsOnMeshes, bpy.types.AssetShelf):
    """Materials to be clicked, or dragged by Blender onto a slot, which it does in object mode only"""

    modes = ("OBJECT",) if bpy.app.version >= DRAGS else AssetsOnMeshes.modes


class IMPASTO_AST_faces(AssetsOnMeshes, bpy.types.AssetShelf):
    """Materials to be clicked, or dragged onto faces in edit mode"""

    bl_drag_operator = "impasto.drop_asset"
    modes = (EDITED,)


SHELVES = ((SHELF, IMPASTO_AST_materials), (DRAGS, IMPASTO_AST_faces))
CLASSES = (
    IMPASTO_OT_use_asset,
    IMPASTO_OT_drop_asset,
    *(shelf for version, shelf in SHELVES if bpy.app.version >= version),
)
