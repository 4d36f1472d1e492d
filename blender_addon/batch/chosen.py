# SPDX-License-Identifier: GPL-3.0-or-later
"""The materials of a batch, and the .blend files that the engine reads them from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..assets import catalogs
from ..bake.sources import contents, material_maps
from ..bridge import former, images, recent
from ..bridge.fingerprints import images_in, materials_fingerprint, object_state
from ..core.errors import FileError, ParameterError
from ..core.system.transaction import replace_files
from ..core.system.untrusted import read_bytes

SELECTED, FILE, CATALOG = "SELECTED", "FILE", "CATALOG"
WRITTEN = "materials.blend"
"""Copy of the open file's materials: whether that is saved, and what else changes in it, makes no difference then."""
MOST_BYTES = 2**16
"""Size limit of the record beside it."""
LISTED = 5
"""Names in a message."""


@dataclass(frozen=True)
class ChosenMaterial:
    """A material in a saved file. source: FILE.blend/Material/NAME. catalog: id of its catalogue; None: no asset."""

    name: str
    source: str
    catalog: str | None = None


def selected_materials(context: bpy.types.Context) -> list[bpy.types.Material]:
    """Materials of the selected objects, each once. Cheap enough for a panel."""
    slots = [slot for item in context.selected_objects for slot in item.material_slots]
    return _usable(slot.material for slot in slots if slot.material)


def of_file() -> list[bpy.types.Material]:
    """Materials of the open file that something uses, besides the user's own that have a fake user."""
    held = former.use_counts()
    own = {one: int(one.use_fake_user and recent.MADE in one) for one in bpy.data.materials}
    return _usable(one for one in bpy.data.materials if one.users > held[one] + own[one])


def _usable(materials: Iterable[bpy.types.Material]) -> list[bpy.types.Material]:
    return [material for material in dict.fromkeys(materials) if not material.is_grease_pencil]


def choose(context: bpy.types.Context, what: str, library: str, catalog: str, folder: Path) -> list[ChosenMaterial]:
    """The materials of a batch but its own results. Those of the open file are copied into the folder.

    ParameterError if there are none, or an image has unsaved pixels; FileError if a file cannot be read or written.
    """
    if what == CATALOG and library:
        ids = catalogs.ids_within(library, catalog) if catalog else None
        assets = [asset for asset in catalogs.assets_of(library) if ids is None or asset.catalog in ids]
        found = [ChosenMaterial(asset.name, _place(asset.file, asset.name), asset.catalog) for asset in assets]
        reason = "the catalogue has no material assets", "choose another catalogue"
    else:
        materials = of_file() if what == FILE else selected_materials(context) if what != CATALOG else _assets(catalog)
        found = _sources([one for one in materials if not _is_result(one, folder.parent)], folder)
        reason = {
            FILE: ("the file has no materials", "add one to an object"),
            CATALOG: ("the open file has no material assets there", "mark some, or choose a library"),
        }.get(what, ("the selected objects have no materials", "select objects with materials"))
    if not found:
        raise ParameterError(*reason)
    return found


def _assets(catalog: str) -> list[bpy.types.Material]:
    """Material assets of the open file, in a catalogue or in all."""
    ids = catalogs.ids_within("", catalog) if catalog else None
    marked = [material for material in bpy.data.materials if material.asset_data and not material.library]
    return [material for material in _usable(marked) if ids is None or catalogs.catalog_of(material) in ids]


def _is_result(material: bpy.types.Material, folder: Path) -> bool:
    """Whether a material shows a result of a batch in this folder: a second run must not take it for a source."""
    used = images_in(material.node_tree) if material.node_tree else ()
    paths = [bpy.path.abspath(image.filepath, library=image.library) for image in used if images.MAP in image]
    return any(Path(path).is_relative_to(folder) for path in paths)


def _sources(materials: Sequence[bpy.types.Material], folder: Path) -> list[ChosenMaterial]:
    _refuse_unsaved_images(materials)
    if own := [material for material in materials if not material.library]:
        _write(own, folder / WRITTEN)
    found = []
    for material in materials:
        file = _file_of(material.library, material) if material.library else folder / WRITTEN
        catalog = catalogs.catalog_of(material) if material.asset_data and not material.library else None
        found.append(ChosenMaterial(material.name, _place(file, material.name), catalog))
    return found


def _place(file: Path, name: str) -> str:
    return f"{file.as_posix()}/Material/{name}"


def _file_of(library: bpy.types.Library, material: bpy.types.Material) -> Path:
    file = Path(bpy.path.abspath(library.filepath))
    if not file.is_file():
        raise FileError(f"the material {material.name} is linked from {file}, which is not there", "find the file")
    return file


def _refuse_unsaved_images(materials: Iterable[bpy.types.Material]) -> None:
    """Raise ParameterError for images whose pixels are in this Blender only."""
    trees = [material.node_tree for material in materials if material.node_tree]
    found = {image.name for tree in trees for image in images_in(tree) if image.is_dirty and image.source != "VIEWER"}
    if found:
        names = ", ".join(sorted(found)[:LISTED]) + ("…" if len(found) > LISTED else "")
        raise ParameterError(f"images have pixels that are not saved: {names}", "save or pack them (Image menu)")


def _objects_for(materials: Iterable[bpy.types.Material]) -> dict[str, bpy.types.Object]:
    """The objects on which materials must be baked, by the materials' names."""
    options = contents.saved_options()
    baked = [one for one in materials if not material_maps.shows_images(one)]
    return {one.name: obj for one in baked if (obj := material_maps.subject_of(one, options).obj)}


def _write(materials: Sequence[bpy.types.Material], path: Path) -> None:
    """Copy the materials into a file, with the settings of a bake, unless it has them just so.

    Objects on which some must be baked are written, too.
    """
    settings = bpy.context.scene.impasto_bake
    names = [prop.identifier for prop in settings.bl_rna.properties if not prop.is_readonly and prop.is_runtime]
    baked = {name: getattr(settings, name) for name in names}
    record = path.with_name(f"{path.name}.json")
    described = {name: sorted(value) if isinstance(value, set) else value for name, value in baked.items()}
    objects, depsgraph = _objects_for(materials), bpy.context.evaluated_depsgraph_get()
    states = {name: object_state(obj.evaluated_get(depsgraph)) for name, obj in objects.items()}
    made_of = {*materials, *(slot.material for obj in objects.values() for slot in obj.material_slots)} - {None}
    about = {"fingerprint": materials_fingerprint(made_of), "bake": described, "objects": states}
    state = hashlib.sha256(json.dumps(about).encode()).hexdigest().encode()
    if path.is_file() and record.is_file() and read_bytes(record, MOST_BYTES) == state:
        return
    record.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    scene = bpy.data.scenes.new("Impasto")
    written = {name: obj.copy() if obj.library else obj for name, obj in objects.items()}
    try:
        scene[material_maps.CHOSEN] = {name: obj.name for name, obj in written.items()}
        for name, value in baked.items():
            setattr(scene.impasto_bake, name, value)
        scene.view_layers[0].update()  # or Blender 5.2 crashes as it writes
        with former.left_out(materials):
            blocks = {*materials, *written.values(), scene}
            bpy.data.libraries.write(str(path), blocks, path_remap="ABSOLUTE", fake_user=True)
    except RuntimeError as error:  # so Blender says that it cannot write
        raise FileError(f"the materials cannot be written to {path}", "choose another folder") from error
    finally:
        bpy.data.scenes.remove(scene)
        bpy.data.batch_remove([obj for name, obj in written.items() if obj != objects[name]])
    replace_files({record: state})
