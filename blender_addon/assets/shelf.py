# SPDX-License-Identifier: GPL-3.0-or-later
"""An asset shelf of Impasto's materials in the 3D view, and the operator by which a click on one assigns it."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty

from ..bridge import former, images
from ..bridge.materials import material_called
from ..bridge.target import assignable_objects
from ..core.errors import FileError, ParameterError
from ..core.io.assets import ROOT_CATALOG
from ..core.io.datablocks import Datablock
from ..jobs.task import Report
from ..material.using import OnMaterial, assign_chosen
from . import catalogs

HIDDEN = {"HIDDEN", "SKIP_SAVE"}
LOCAL = "LOCAL"
SHELF = (4, 3)
"""First version of Blender whose shelves call an operator when an asset is clicked."""


class IMPASTO_OT_use_asset(OnMaterial, bpy.types.Operator):
    """Give this material to the selected objects; in edit mode, to the selected faces"""

    bl_idname = "impasto.use_asset"
    bl_label = "Use Material Asset"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012  as Blender wants it

    # Blender names the clicked asset by these, with its own numbers of kinds of libraries
    asset_library_type: EnumProperty(
        items=((LOCAL, "", "", 1), ("ALL", "", "", 2), ("ESSENTIALS", "", "", 3), ("CUSTOM", "", "", 100)),
        options=HIDDEN,
    )
    asset_library_identifier: StringProperty(options=HIDDEN)
    relative_asset_identifier: StringProperty(options=HIDDEN)

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        return "" if assignable_objects(context) else "Select the objects that shall have it"

    def do(self, context: bpy.types.Context) -> Report:
        return assign_chosen(context, self._material().name)

    def _material(self) -> bpy.types.Material:
        """The clicked material. ParameterError or FileError if there is none."""
        identifier = Path(self.relative_asset_identifier)
        if self.asset_library_type == LOCAL:
            return material_called(identifier.name)
        folder = catalogs.library_folder(self.asset_library_identifier)
        found = Datablock.at(folder / identifier) if folder else None
        if found is None:
            raise ParameterError("no asset was clicked", "click one in the asset shelf")
        return loaded(str(found.blend), found.name)


def loaded(file: str, name: str) -> bpy.types.Material:
    """A material asset of a file, or the one that it was loaded as before. FileError if it is not there."""
    try:
        with bpy.data.libraries.load(file, link=False, assets_only=True) as (found, wanted):
            wanted.materials = [one for one in found.materials if one == name]
    except OSError as error:
        raise FileError(f"cannot read the asset library's file {file}", "repair it, or move it away") from error
    if not wanted.materials or wanted.materials[0] is None:
        raise FileError(f"there is no material {name} in {file}", "refresh the asset library")
    material = wanted.materials[0]
    material.asset_clear()
    held = former.use_counts()  # as what another took the place of
    others = (one for one in bpy.data.materials if one != material and not held[one])
    before = next((one for one in others if _is_same(one, material)), None)
    if before is None:
        return material
    bpy.data.batch_remove([material, *_images(material)])
    return before


def _is_same(one: bpy.types.Material, other: bpy.types.Material) -> bool:
    """Whether both are the same small stand-in, still as it was loaded."""
    is_stand_in = images.STAND_IN in one and images.STAND_IN in other
    return is_stand_in and one.get(images.RECIPE) == other.get(images.RECIPE)


def _images(material: bpy.types.Material) -> list[bpy.types.Image]:
    nodes = [node for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image]
    return [node.image for node in nodes if node.image.users == 1]


class IMPASTO_AST_materials(bpy.types.AssetShelf):
    """Impasto's materials of all asset libraries, to be clicked or dragged onto objects"""

    bl_space_type = "VIEW_3D"
    bl_activate_operator = IMPASTO_OT_use_asset.bl_idname
    bl_default_preview_size = 64
    filter_material = True

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.mode in ("OBJECT", "EDIT_MESH")

    @classmethod
    def asset_poll(cls, asset: bpy.types.AssetRepresentation) -> bool:
        return asset.id_type == "MATERIAL" and ROOT_CATALOG in asset.metadata.tags


CLASSES = (IMPASTO_OT_use_asset, *((IMPASTO_AST_materials,) if bpy.app.version >= SHELF else ()))
