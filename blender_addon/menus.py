# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries in Blender's own menus, in the words that artists search for (F3 searches menus, not panels); pages of the
manual for *Online Manual*, which are bundled, so that no network is needed; and shortcuts of the most used operators,
which the preferences list, and which do nothing until switched on there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import bpy

from .bridge import images
from .bridge.target import active_material
from .interface.drawing import name_place, operator_class

Entries = tuple[tuple[str, str, str], ...]

OBJECT: Entries = (
    ("impasto.generate", "Generate Seamless PBR Texture", "TEXTURE"),
    ("impasto.match", "Material from Words or Photograph", "TEXTURE"),
    ("impasto.variations", "Texture Variations", "RENDERLAYERS"),
    ("impasto.stylize", "Style Transfer: Repaint Material", "BRUSH_DATA"),
    ("impasto.bake", "Bake Material to Textures", "RENDER_STILL"),
    ("impasto.export", "Export Maps for Unity, Unreal, Godot, glTF, MaterialX", "EXPORT"),
    ("impasto.restore", "Restore Replaced Material", "LOOP_BACK"),
    ("impasto.make_endless", "Make Material Endless: No Repeats", "MOD_ARRAY"),
    ("impasto.train", "Train Texture Model on Own Pictures", "PLAY"),
    ("impasto.set_up_engine", "Set Up Engine (PyTorch)", "IMPORT"),
)
IMAGE: Entries = (
    ("impasto.make_seamless", "Make Seamless: Tileable Texture", "TEXTURE"),
    ("impasto.match_image", "Procedural Twin of Photo", "TEXTURE"),
    ("impasto.place_points", "Straighten Photo: Correct Perspective", "VIEW_PERSPECTIVE"),
    ("impasto.estimate_maps", "PBR Maps from Photo: Normal, Roughness, Height", "NODE_MATERIAL"),
    ("impasto.stylize", "Style Transfer: Repaint Image", "BRUSH_DATA"),
    ("impasto.continue_larger", "Upscale Painting", "FULLSCREEN_ENTER"),
    ("impasto.rerun", "Make Again from Recipe", "FILE_REFRESH"),
    ("impasto.paint_region", "Paint Region to Fill", "GREASEPENCIL"),
    ("impasto.fill_region", "Fill Region: Remove Objects and Blemishes", "BRUSH_DATA"),
    ("impasto.heal_stroke", "Heal Stroke: Content-Aware Brush", "SCULPTMODE_HLT"),
    ("impasto.find_landmarks", "Find Landmarks that Repeat", "VIEWZOOM"),
    ("impasto.mend_tiling", "Mend Tiling: Repair Seams", "MOD_ARRAY"),
    ("impasto.extend_image", "Extend Image Beyond its Borders", "FULLSCREEN_ENTER"),
)
MATERIAL: Entries = OBJECT[:8]
SLOT: Entries = (("impasto.edit_layers", "Edit Layers", "GREASEPENCIL"), OBJECT[3], OBJECT[4], OBJECT[6])
NODE: Entries = (
    ("impasto.edit_layers", "Edit Layers", "GREASEPENCIL"),
    ("impasto.make_seamless", "Make Seamless", "TEXTURE"),
    ("impasto.estimate_maps", "Maps from Image", "NODE_MATERIAL"),
    ("impasto.stylize", "Restyle", "BRUSH_DATA"),
)
ASSET: Entries = (("impasto.assign", "Assign", "MATERIAL"), ("impasto.edit_layers", "Edit Layers", "GREASEPENCIL"))
FACES: Entries = (("impasto.fill_faces", "Fill Textures of Selected Faces", "BRUSH_DATA"),)
PLACES = {
    "IMPASTO_MT_object": ("VIEW3D_MT_object", OBJECT),
    "IMPASTO_MT_image": ("IMAGE_MT_image", IMAGE),
    "IMPASTO_MT_faces": ("VIEW3D_MT_edit_mesh_faces", FACES),
    "IMPASTO_MT_material": ("NODE_MT_node", MATERIAL),
    "IMPASTO_MT_slot": ("MATERIAL_MT_context_menu", SLOT),
    "IMPASTO_MT_listed_slot": ("UI_MT_list_item_context_menu", SLOT),
    "IMPASTO_MT_image_node": ("NODE_MT_context_menu", NODE),
    "IMPASTO_MT_asset": ("ASSETBROWSER_MT_context_menu", ASSET),
}
"""Our menus: for each the Blender menu that it is appended to, and its entries."""


def _of_slot(context: bpy.types.Context) -> bpy.types.ID | None:
    """Material of the slot whose list is clicked."""
    is_slot = getattr(getattr(context, "ui_list", None), "bl_idname", "") == "MATERIAL_UL_matslots"
    return active_material(context) if is_slot else None


def _of_node(context: bpy.types.Context) -> bpy.types.ID | None:
    """Image of the active node."""
    node = context.active_node
    return node.image if node and node.type == "TEX_IMAGE" else None


def _of_asset(context: bpy.types.Context) -> bpy.types.ID | None:
    """Material in this file that is the active asset."""
    asset = getattr(context, "asset", None)
    found = asset.local_id if asset else None
    return found if isinstance(found, bpy.types.Material) else None


SUBJECTS = {"IMPASTO_MT_listed_slot": _of_slot, "IMPASTO_MT_image_node": _of_node, "IMPASTO_MT_asset": _of_asset}
"""Menus about one material or image, which are shown only if there is one."""
GIVEN = {"IMPASTO_MT_image_node": "image", "IMPASTO_MT_asset": "material"}
"""Of those menus, the property of their operators that gets its name."""


def _menu(name: str, entries: Entries) -> type[bpy.types.Menu]:
    def draw(self: bpy.types.Menu, context: bpy.types.Context) -> None:
        subject = SUBJECTS[name](context) if name in SUBJECTS else None
        self.layout.operator_context = "INVOKE_DEFAULT"  # as in Blender's menus, also where a shortcut opens this one
        for operator, text, icon in entries:
            row = self.layout.row()
            if name not in GIVEN:  # else the operator is about one datablock, not the panel's settings
                name_place(row, operator_class(operator).place)
            row.enabled = subject is None or operator != "impasto.edit_layers" or images.RECIPE in subject
            button = row.operator(operator, text=text, icon=icon)
            if subject and name in GIVEN:
                setattr(button, GIVEN[name], subject.name)

    return type(name, (bpy.types.Menu,), {"bl_idname": name, "bl_label": "Impasto", "draw": draw})


CLASSES = tuple(_menu(name, entries) for name, (_place, entries) in PLACES.items())


def _entry_drawer(name: str) -> Callable[[bpy.types.Menu, bpy.types.Context], None]:
    def draw(self: bpy.types.Menu, context: bpy.types.Context) -> None:
        if context.area and context.area.type == "NODE_EDITOR" and context.space_data.tree_type != "ShaderNodeTree":
            return
        if name in SUBJECTS and SUBJECTS[name](context) is None:
            return
        self.layout.separator()
        self.layout.menu(name, icon="TEXTURE")

    return draw


_drawn = {name: _entry_drawer(name) for name in PLACES}


def manual() -> tuple[str, tuple[tuple[str, str], ...]]:
    """Manual map for Blender: the folder of the pages, and the page of each pattern of RNA names; the first counts."""
    here = Path(__file__).parent
    pages = (here / "manual.tsv").read_text(encoding="utf-8").splitlines()
    return f"{(here / 'manual').as_uri()}/", tuple((name, page) for name, page in (row.split("\t") for row in pages))


SHORTCUTS = (
    ("3D View", "VIEW_3D", "impasto.generate", "T"),
    ("3D View", "VIEW_3D", "impasto.variations", "V"),
    ("3D View", "VIEW_3D", "impasto.run_layers", "L"),
    ("3D View", "VIEW_3D", "impasto.stylize", "R"),
    ("3D View", "VIEW_3D", "impasto.bake", "B"),
    ("Image", "IMAGE_EDITOR", "impasto.make_seamless", "T"),
    ("Image", "IMAGE_EDITOR", "impasto.fill_region", "R"),
)
"""Blender's keymap and editor, the operator, and its key with Ctrl, Shift and Alt, which Blender leaves free."""
_made: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def shortcuts() -> Iterator[bpy.types.KeyMapItem]:
    """The shortcuts as the user has them."""
    keymaps = bpy.context.window_manager.keyconfigs.user.keymaps
    for name, space, operator, _key in SHORTCUTS:
        keymap = keymaps.find(name, space_type=space)
        yield from (item for item in keymap.keymap_items if item.idname == operator)


def draw_shortcuts(layout: bpy.types.UILayout) -> None:
    """Draw the shortcuts, each with its switch and its key."""
    for item in shortcuts():
        row = layout.row()
        row.prop(item, "active", text="", emboss=False)
        row.label(text=item.name)
        row.prop(item, "type", text="", full_event=True)


def register() -> None:
    for name, (place, _entries) in PLACES.items():
        getattr(bpy.types, place).append(_drawn[name])
    bpy.utils.register_manual_map(manual)
    if (config := bpy.context.window_manager.keyconfigs.addon) is None:  # without windows there are none
        return
    for name, space, operator, key in SHORTCUTS:
        keymap = config.keymaps.new(name, space_type=space)
        item = keymap.keymap_items.new(operator, key, "PRESS", ctrl=True, shift=True, alt=True)
        item.active = False
        _made.append((keymap, item))


def unregister() -> None:
    for keymap, item in _made:
        keymap.keymap_items.remove(item)
    _made.clear()
    bpy.utils.unregister_manual_map(manual)
    for name, (place, _entries) in PLACES.items():
        getattr(bpy.types, place).remove(_drawn[name])
