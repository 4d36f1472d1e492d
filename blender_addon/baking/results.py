# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts baked maps into the .blend: new packed images, a material where one is wanted; one undo step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.types import Image, Material, Object

from .. import engine, images, materials
from ..core.errors import ParameterError
from ..core.transaction import replace_files
from ..jobs import Report, jobs, push_undo

if TYPE_CHECKING:
    from .maps import BakedMap

BAKED = "impasto_baked"
"""The custom property that says, as JSON, what an image was baked from."""
NONE, NEW, ASSIGN = "NONE", "NEW", "ASSIGN"


@dataclass(frozen=True)
class Target:
    """Where baked maps go. object_uid is a session id: the object may be gone by then, or another file open."""

    object_uid: int
    material: str = NONE
    file_epoch: int = 0


def target_of(obj: Object, material: str) -> Target:
    """The target for an object. ParameterError where it cannot be given a material."""
    if material == ASSIGN and not obj.is_editable:
        raise ParameterError(
            f"the object {obj.name} is linked from another file",
            "make it local (Object, Relations, Make Local), or make a material without assigning it",
        )
    return Target(obj.session_uid, material, jobs.file_epoch)


def put(maps: Sequence[BakedMap], target: Target) -> Report:
    """Make images, and the material, of baked maps; says what was made and what the user should know."""
    title = str(maps[0].provenance["object"])
    if target.file_epoch != jobs.file_epoch:
        kept = save(maps, engine.user_folder(create=True) / "kept")
        return Report("WARNING", f"Another file was opened: the maps of {title} were kept in {kept[0].parent}")
    notes = [note for baked in maps for note in baked.notes]
    stored = {baked.name: store(baked) for baked in maps}
    names = ", ".join(image.name for image in stored.values())
    made = f"Baked {names}"
    if target.material != NONE:
        material = make_material(f"{title} Baked", stored, maps)
        made = f"Baked {names} and made the material {material.name}"
        if target.material == ASSIGN:
            notes += _assign(material, target)
    push_undo("Impasto: Bake")
    return Report("WARNING" if notes else "INFO", "; ".join([made, *dict.fromkeys(notes)]))


def store(baked: BakedMap) -> Image:
    """A new packed image, in the colour space of its map, which knows where it comes from."""
    name = f"{baked.provenance['object']}_{baked.name}"
    image = bpy.data.images.new(name, 8, 8, is_data=baked.name not in images.COLOR_MAPS)
    image.pack(data=baked.png, data_len=len(baked.png))
    image.source = "FILE"
    image.use_fake_user = True
    image["impasto_map"] = baked.name
    image[BAKED] = json.dumps(baked.provenance)
    return image


def save(maps: Sequence[BakedMap], folder: Path) -> list[Path]:
    """Write the maps as PNG files, all or none. What is there is never overwritten: each gets a free name."""
    contents = {}
    for baked in maps:
        stem = bpy.path.clean_name(f"{baked.provenance['object']}_{baked.name}")
        names = (f"{stem}.png", *(f"{stem}_{number}.png" for number in range(2, 10_000)))
        contents[next(folder / name for name in names if not (folder / name).exists())] = baked.png
    replace_files(contents, replace=False)
    return list(contents)


def make_material(name: str, stored: Mapping[str, Image], maps: Sequence[BakedMap]) -> Material:
    """A new material that shows the baked images on the UVs that they were baked to."""
    material = materials.new(name)
    material.use_fake_user = True
    materials.apply_maps(material, stored, materials.Look())
    nodes, about = material.node_tree.nodes, maps[0].provenance
    for baked in maps:
        if baked.name == "emission":
            shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
            shader.inputs["Emission Strength"].default_value = baked.provenance["emission_strength"]
    uv = nodes.new("ShaderNodeUVMap")
    uv.uv_map = about["uv_map"]
    for node in [node for node in nodes if node.type in ("TEX_IMAGE", "NORMAL_MAP")]:
        if node.type == "NORMAL_MAP":
            node.uv_map = about["uv_map"]
        else:
            material.node_tree.links.new(uv.outputs["UV"], node.inputs["Vector"])
    for node in [node for node in nodes if node.type in ("MAPPING", "TEX_COORD")]:
        uv.location = node.location
        nodes.remove(node)
    return material


def _assign(material: Material, target: Target) -> list[str]:
    obj = next((item for item in bpy.data.objects if item.session_uid == target.object_uid), None)
    if obj is None:
        return ["the object was deleted meanwhile: the material is kept without it"]
    for slot in obj.material_slots:
        if not obj.data.is_editable:
            slot.link = "OBJECT"
        slot.material = material
    return []
