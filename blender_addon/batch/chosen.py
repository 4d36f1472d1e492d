# SPDX-License-Identifier: GPL-3.0-or-later
"""Materials of a batch, the .blend files that the engine reads them from, and the recipe that is applied to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy

from ..assets import catalogs
from ..bake.fingerprints import images_in, materials_fingerprint, object_state
from ..bake.settings import BakeOptions
from ..bake.sources import material_maps
from ..bridge import encode, image_editors, images, replaced
from ..bridge.inputs import SOURCE, Source, existing
from ..bridge.recipe_inputs import all_sources
from ..core.descriptions import DIRECTIONS, MESH
from ..core.errors import FileError, Message, ParameterError
from ..core.recipe import Recipe, name_inputs
from ..core.system.names import usable_name
from ..core.system.transaction import replace_files
from ..core.system.untrusted import make_folder, read_bytes, read_json
from ..engine.catalogue import catalogue
from ..generate import request as generate_request
from ..stylize import request as stylize_request
from ..tools.request import Request
from ..tools.sources import tool_poll_message

SELECTED, FILE, CATALOG = "SELECTED", "FILE", "CATALOG"
WRITTEN = "materials.blend"
"""Copy of the open file's materials, so that saving and other changes of that file make no difference."""
MOST_BYTES = 2**16
"""Size limit of the record next to it."""
LISTED = 5
"""Most names in a message."""


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
    """Materials of the open file that something uses, and the user's own with a fake user."""
    held = replaced.use_counts()
    own = {one: int(one.use_fake_user and replaced.MADE in one) for one in bpy.data.materials}
    return _usable(one for one in bpy.data.materials if one.users > held[one] + own[one])


def _usable(materials: Iterable[bpy.types.Material]) -> list[bpy.types.Material]:
    return [material for material in dict.fromkeys(materials) if not material.is_grease_pencil]


def choose(context: bpy.types.Context, what: str, library: str, catalog: str, folder: Path) -> list[ChosenMaterial]:
    """Materials of a batch, without its own results. Those of the open file are copied into the folder.

    Raise ParameterError without materials or for unsaved pixels, and FileError if a file cannot be read or written.
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
    """Whether a material shows a result in this folder of a batch, which a second run must not use as a source."""
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
        raise FileError("the material {} is linked from {}, which is not there", "find the file", material.name, file)
    return file


def _refuse_unsaved_images(materials: Iterable[bpy.types.Material]) -> None:
    """Raise ParameterError for images with unsaved pixels."""
    trees = [material.node_tree for material in materials if material.node_tree]
    found = {image.name for tree in trees for image in images_in(tree) if image.is_dirty and image.source != "VIEWER"}
    if found:
        names = ", ".join(sorted(found)[:LISTED]) + ("…" if len(found) > LISTED else "")
        raise ParameterError("images have pixels that are not saved: {}", "save or pack them (Image menu)", names)


def _objects_for(materials: Iterable[bpy.types.Material]) -> dict[str, bpy.types.Object]:
    """Objects on which materials must be baked, by the materials' names."""
    options = BakeOptions.of(bpy.context.scene.impasto_bake)
    baked = [one for one in materials if not material_maps.shows_images(one)]
    return {one.name: obj for one in baked if (obj := material_maps.subject_of(one, options).obj)}


def _write(materials: Sequence[bpy.types.Material], path: Path) -> None:
    """Copy the materials into a file, with the bake settings, unless the file is up to date.

    Objects on which materials must be baked are written, too.
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
        with replaced.left_out(materials):
            blocks = {*materials, *written.values(), scene}
            bpy.data.libraries.write(str(path), blocks, path_remap="ABSOLUTE", fake_user=True)
    except RuntimeError as error:  # so Blender says that it cannot write
        raise FileError("the materials cannot be written to {}", "choose another folder", path) from error
    finally:
        bpy.data.scenes.remove(scene)
        bpy.data.batch_remove([obj for name, obj in written.items() if obj != objects[name]])
    replace_files({record: state})


TEXTURE, STYLE, RECIPE, IMAGE = "TEXTURE", "STYLE", "RECIPE", "IMAGE"
ANY = Path("source")
"""Placeholder for the source, in a request that becomes a recipe for many materials."""


@dataclass(frozen=True)
class AppliedRecipe:
    """The recipe that a batch applies. name: of its file. inputs: images and files by their names in the recipe."""

    name: str
    recipe: Recipe
    inputs: Mapping[str, Source | None] = field(default_factory=dict)

    @classmethod
    def of_request(cls, request: Request) -> AppliedRecipe:
        """Recipe of a tool with its parameters and inputs. Raise ParameterError if it does not change a source."""
        tool = catalogue[request.tool]
        if tool["kind"] == "trainer" or not tool["uses_subject"]:
            message = "{} makes nothing of a material"
            raise ParameterError(message, "choose a tool that changes its source", tool["label"])
        recipe = replace(request, source=ANY).recipe()
        return cls(request.tool, recipe, name_inputs(request.inputs)[1])

    @classmethod
    def of_file(cls, path: Path) -> AppliedRecipe:
        """Recipe in a file. Raise FileError if it cannot be read."""
        recipe = Recipe.from_dict(read_json(existing(path)))
        return cls(usable_name(path.stem), *_without_record(recipe, folder=path.parent))

    @classmethod
    def of_image(cls, image: bpy.types.Image) -> AppliedRecipe:
        """Recipe that made an image. Raise FileError if it has none."""
        return cls(usable_name(Path(image.name).stem), *_without_record(images.recipe_of(image), image))

    def write(self, folder: Path) -> tuple[str, dict[str, str]]:
        """Write the recipe and unsaved images; return the recipe's file name, and the path of each input."""
        make_folder(folder)
        file = folder / f"{self.name}.json"
        file.write_text(self.recipe.to_json(), encoding="utf-8")
        inputs = {name: source for name, source in self.inputs.items() if source is not None}
        return file.name, {name: _input_file(name, source, folder) for name, source in inputs.items()}


def _without_record(
    recipe: Recipe, image: bpy.types.Image | None = None, folder: Path | None = None
) -> tuple[Recipe, dict[str, Source]]:
    """The recipe without its record, and its inputs except the source, mesh and directions."""
    others = {name: about for name, about in recipe.inputs.items() if name not in (SOURCE, MESH, DIRECTIONS)}
    return Recipe(recipe.steps, recipe.seed), all_sources(replace(recipe, inputs=others), image, folder)


def _input_file(name: str, source: Source, folder: Path) -> str:
    """Path of an input's file; relative to the folder if it is written there."""
    if isinstance(source, Path):
        return existing(source).absolute().as_posix()
    plain = images.read(source)
    if isinstance(plain, Path):
        return plain.absolute().as_posix()
    return encode.write(source, make_folder(folder / name)).relative_to(folder).as_posix()


def chosen_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """Image whose recipe the panel uses: the chosen one, or else one shown in an image editor."""
    images_shown = [space.image for space in image_editors.image_editors() if images.has_recipe(space.image)]
    return context.scene.impasto_batch.image or next(iter(images_shown), None)


def tool_of(context: bpy.types.Context, apply: str) -> str:
    """Name of the tool of the panel whose recipe is used."""
    return (context.scene.impasto if apply == TEXTURE else context.scene.impasto_style).tool


def of_panel(context: bpy.types.Context, apply: str) -> AppliedRecipe:
    """Recipe of the Impasto panel or the Style panel."""
    of = generate_request if apply == TEXTURE else stylize_request
    return AppliedRecipe.of_request(of.from_scene(context))


def recipe_poll_message(context: bpy.types.Context, settings: bpy.types.PropertyGroup) -> str:
    """Reason why the panel's settings yield no recipe; empty if they do. Cheap enough for a panel."""
    if settings.apply == RECIPE:
        return "" if settings.recipe else "Choose a recipe"
    if settings.apply == IMAGE:
        return "" if images.has_recipe(chosen_image(context)) else "Choose an image that Impasto made"
    name = tool_of(context, settings.apply)
    if name in catalogue and not catalogue[name]["uses_subject"]:
        text = "{} makes nothing of a material: choose a tool that changes its source"
        return Message(text, catalogue[name]["label"])
    return tool_poll_message(context.scene, name)
