# SPDX-License-Identifier: GPL-3.0-or-later
"""Results in the .blend: images, and a material on the objects of the target, as one undo step."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ..core.descriptions import MESH
from ..core.engine.messages import JobResult
from ..core.errors import Message, series
from ..core.io.udim import tile_number, without_number
from ..core.system.transaction import replace_files
from ..core.udim import tile_of
from ..engine import engine
from ..jobs.session import push_undo
from ..jobs.task import Applied, TaskReport
from . import (
    endless_nodes,
    image_editors,
    images,
    joined,
    mapping,
    materials,
    naming,
    on_object,
    replaced,
    sliders,
    surfaces,
    tiles,
)
from .target import ACTIVE, NEW, NONE, Target, by_uid

NOWHERE = "no object has it yet: it is kept in the file"


Then = Callable[[JobResult, Sequence[bpy.types.Material]], Sequence[str]]
"""Function for further work on a result and its new materials. It returns notes for the report."""


def put(parts: Sequence[tuple[JobResult, Target]], then: Then = lambda *_: ()) -> Applied:
    """Make images and materials from encoded results and their targets, as one undo step.

    The report names them, with all notes. Each `yield` frees the main thread: after the images of each result, the
    group of sliders, and each half of a draft of a new material.
    """
    if not parts[0][1].is_in_open_file:
        return _keep_all_as_files(parts)
    on_object.take_back()
    made_images, drafts = [], []
    for result, target in parts:
        made_images.append({name: image.session_uid for name, image in _images(result, target).items()})
        yield
    if any(target.material != NONE for _, target in parts):
        sliders.shared_tree()
        yield
    for (result, target), uids in zip(parts, made_images, strict=True):
        drafts.append((yield from _draft(result, _found(uids), target)))
    if not parts[0][1].is_in_open_file:
        return _keep_all_as_files(parts)
    notes: list[str] = [*parts[0][0].notes]
    reports: list[TaskReport] = []
    for (result, target), uids, draft in zip(parts, made_images, drafts, strict=True):
        found, material = _found(uids), by_uid(bpy.data.materials, draft)
        if material and not found:  # its images are gone
            bpy.data.materials.remove(material)
            material = None
        report, own = _put(result, found or _images(result, target), target, material)
        reports.append(report)
        notes += own
    notes += then(parts[0][0], [bpy.data.materials[name] for report in reports for name in report.materials])
    push_undo(f"Impasto: {(*reports[0].materials, *reports[0].images)[0]}")
    unassigned = [report.unassigned for report in reports if report.unassigned]
    said = [*(report.text for report in reports), *dict.fromkeys(notes), *([NOWHERE] if unassigned else [])]
    has_warnings = len(notes) > len(parts[0][0].notes)
    return TaskReport(
        "WARNING" if has_warnings else "INFO",
        series("; ", said),
        unassigned=unassigned[0] if unassigned else "",
        materials=tuple(name for report in reports for name in report.materials),
        images=tuple(name for report in reports for name in report.images),
        files=tuple(map(str, parts[0][0].paths)),
    )


def _found(uids: Mapping[str, int]) -> dict[str, bpy.types.Image]:
    """Images with these session ids, by map; none if they were undone meanwhile."""
    found = {name: by_uid(bpy.data.images, uid) for name, uid in uids.items()}
    return found if all(found.values()) else {}


def _draft(result: JobResult, new: Mapping[str, bpy.types.Image], target: Target) -> Generator[None, None, int]:
    """Make a new material, which nothing uses yet, in two steps. Return its session id, or 0 if it is not needed."""
    if target.material != NEW or target.painted or not new:
        return 0
    material = materials.new(target.name)
    uid: int = material.session_uid
    look = _look(*_as_mapped(result, new, target))
    materials.apply_maps(material, new, replace(look, sliders_later=True))
    yield
    if material := by_uid(bpy.data.materials, uid):
        materials.add_sliders(material)
        yield
    return uid


def _put(
    job: JobResult, new: Mapping[str, bpy.types.Image], target: Target, draft: bpy.types.Material | None
) -> tuple[TaskReport, list[str]]:
    """Make the material of one target, if any, from new images. Return a report and notes."""
    for image in new.values() if target.part else ():
        image[joined.PART] = target.part
    notes: list[str] = []
    first = new.get("base_color") or next(iter(new.values()))
    material = None
    if target.material != NONE:
        material = _repaint(job, new, target, notes) if target.painted else _material(job, new, target, notes, draft)
        material[images.RECIPE] = job.recipe.to_json()
        material.pop(images.STAND_IN, None)
        what = Message("the material {}", material.name)
    else:
        replaced.keep(new.values())
        what = Message("the image{} {}", "s" * (len(new) > 1), ", ".join(image.name for image in new.values()))
    if before := by_uid(bpy.data.images, target.image):
        image_editors.show_instead(before, first)
    replaced.note(material or first)
    unassigned = material.name if material and material.users == int(material.use_fake_user) else ""
    names = (material.name,) if material else ()
    message, image_names = Message("Made {}", what), tuple(one.name for one in new.values())
    report = TaskReport("INFO", message, unassigned=unassigned, materials=names, images=image_names)
    return report, notes


def _images(result: JobResult, target: Target) -> dict[str, bpy.types.Image]:
    if result.paths:
        paths = _by_map({f"{map_of(path)}.{tile_number(path)}": path for path in result.paths})
        return {map_: tiles.load(files, map_, result.recipe) for map_, files in paths.items() if map_}
    files = _by_map({key: data.tobytes() for key, data in result.arrays.items()})
    has_alpha = {"opacity", "base_color"} <= files.keys()
    if has_alpha and (target.is_picture or _has_alpha_in_color(target)):  # the opacity was the alpha of the picture
        files["base_color"] = tiles.with_alpha(files["base_color"], files.pop("opacity"), result.recipe)
    return {map_: tiles.add(_image_name(target, map_), map_, own, result.recipe) for map_, own in files.items()}


def _by_map(parts: Mapping[str, Any]) -> dict[str, dict[int, Any]]:
    """Parts of a result by map and number of the tile, which is 0 without tiles."""
    found: dict[str, dict[int, Any]] = {}
    for key, part in parts.items():
        map_, number = tile_of(key)
        found.setdefault(map_, {})[number] = part
    return found


def _has_alpha_in_color(target: Target) -> bool:
    """Whether the repainted material has its opacity, if any, in the image of its base colour."""
    painted = by_uid(bpy.data.materials, target.painted)
    nodes = surfaces.map_nodes(painted) if painted else {}
    own = nodes.get("opacity")
    return bool(target.painted) and (own is None or own.image == nodes["base_color"].image)


def _image_name(target: Target, map_: str) -> str:
    return target.name if target.is_picture and map_ == "base_color" else f"{target.name}_{map_}"


def map_of(path: Path) -> str:
    """Name of the map at the end of the name of a file that Impasto wrote; empty for other files."""
    stem = without_number(path).stem
    found = (name for name in materials.LABELS if stem.endswith(f"_{name}"))
    return max(found, key=len, default="")  # "bent_normal" ends like "normal"


def _as_mapped(result: JobResult, new: Mapping[str, bpy.types.Image], target: Target) -> tuple[JobResult, Target]:
    """The result and its target. Textures that were made on the UVs of objects are mapped by these UVs, unscaled."""
    if MESH in result.recipe.inputs or any(image.source == tiles.TILED for image in new.values()):
        return replace(result, width_m=materials.unit_m(), size_px=None), replace(target, mapping=mapping.UV)
    return result, target


def _material(
    result: JobResult,
    new: Mapping[str, bpy.types.Image],
    target: Target,
    notes: list[str],
    draft: bpy.types.Material | None = None,
) -> bpy.types.Material:
    result, target = _as_mapped(result, new, target)
    objects = target.found_objects()
    if len(objects) < len(target.objects):
        notes.append("an object was deleted meanwhile: the material is kept without it")
    active = by_uid(bpy.data.materials, target.active_material)
    if active is None and target.material == ACTIVE:
        notes.append("the material was deleted meanwhile: this is a new one")
    if active:
        replaced.keep_state(active)
    material = active or draft or materials.new(target.name)
    has_width, is_mapped = bool(result.width_m or target.width_m), active is not None and mapping.is_offered(active)
    is_kept = target.mapping == mapping.AUTO and is_mapped and (mapping.is_chosen(active) or not has_width)
    kind = mapping.of_material(material) if is_kept else target.mapping
    unit = materials.uv_unit(mapping.node_of(material)) if is_kept else None
    if draft is None:
        materials.apply_maps(material, new, _look(result, target, active))
    if unit:
        mapping.set_unit(material, unit)
    notes += _map(material, objects, kind, has_width=has_width)
    if active is None:
        for item in objects:
            replaced.assign(item, material)
    if active is None or not material.users:
        replaced.keep([material])
    return material


def _map(material: bpy.types.Material, objects: Sequence[bpy.types.Object], kind: str, *, has_width: bool) -> list[str]:
    """Map a new result to objects as `kind` says, or as fits their UVs. Return notes."""
    material.pop(mapping.WHY, None)
    without_uv = [item.name for item in objects if item.type == "MESH" and not item.data.uv_layers]
    if kind == mapping.AUTO:
        mapping.choose(material, objects, has_width=has_width)
    if without_uv and kind in (mapping.AUTO, mapping.UV):
        mapping.change(material, mapping.BOX)
        return [Message("{} has no UVs: projected from the sides of a box, relief by bump", ", ".join(without_uv))]
    if kind not in (mapping.AUTO, mapping.UV):
        mapping.change(material, kind)
    return []


def _repaint(
    result: JobResult, new: Mapping[str, bpy.types.Image], target: Target, notes: list[str]
) -> bpy.types.Material:
    """Repaint a material, or a copy of it that replaces it on the objects. Return the repainted material."""
    before = by_uid(bpy.data.materials, target.painted)
    nodes = surfaces.map_nodes(before) if before else {}
    if before is None or "base_color" not in nodes:
        notes.append("the material was deleted or changed meanwhile: this is a new one")
        return _material(result, new, replace(target, painted=0, material=NEW), notes)
    if target.material == ACTIVE:
        replaced.keep_state(before)
        images_by_map = {name: node.image for name, node in nodes.items() if name in new}
        _make_plain(before, notes)
        surfaces.repaint(before, new, result.height_range_m)
        for name, image in images_by_map.items():
            image_editors.replace_shown(image, new[name])
        return before
    material = replaced.plain_copy(before)
    material.name = target.name
    _make_plain(material, notes)
    surfaces.repaint(material, new, result.height_range_m)
    for item in target.found_objects():
        for slot in [slot for slot in item.material_slots if slot.material == before]:
            replaced.assign(item, material, slot.slot_index)
    replaced.keep([material])
    return material


def _make_plain(material: bpy.types.Material, notes: list[str]) -> None:
    """Remove the nodes that make a material endless, because they blend its old textures."""
    if node := endless_nodes.find(material):
        endless_nodes.remove(material.node_tree, node)
        notes.append("it is plain again: make it endless anew, of its new textures")


def _look(result: JobResult, target: Target, active: bpy.types.Material | None = None) -> materials.Look:
    height, width = result.size_px or (1, 1)
    return materials.Look(
        width_m=result.width_m or target.width_m or (materials.width_of(active.node_tree) if active else 1.0),
        aspect=height / width,
        relief_m=result.height_range_m,
        use_displacement=target.use_displacement,
        use_ambient_occlusion=target.use_ambient_occlusion,
    )


def _keep_all_as_files(parts: Sequence[tuple[JobResult, Target]]) -> TaskReport:
    """Keep results as files, because another .blend is open now. Return the report of the last result."""
    return [_keep_as_files(result, target) for result, target in parts][-1]


def _keep_as_files(result: JobResult, target: Target) -> TaskReport:
    """Keep the result of one target as files."""
    if result.paths:
        return TaskReport("WARNING", Message("Another file was opened: the maps of {} are files only", target.name))
    folder = engine.user_folder(create=True) / "kept"
    name = naming.free(folder, naming.of_files(target.name))
    files = {folder / f"{name}_{map_}.png": data.tobytes() for map_, data in result.arrays.items()}
    replace_files(files, replace=False)
    text = "Another file was opened: the maps of {} were kept in {}"
    return TaskReport("WARNING", Message(text, target.name, folder))
