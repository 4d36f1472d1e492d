# SPDX-License-Identifier: GPL-3.0-or-later
"""Baked maps in the .blend: new packed images, and a material on request, in one undo step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
from bpy.types import Image, Material, NodeTree

from ..bridge import images, materials, naming, replaced, tiles
from ..bridge.target import NEW, NONE, UNUSED, Target
from ..core.errors import Message, series
from ..core.system.transaction import replace_files
from ..engine import engine
from ..jobs.session import push_undo
from ..jobs.task import Task, TaskReport
from ..tools.packed_files import PackedFiles
from . import files, overlay
from .files import PATTERN
from .fingerprints import images_in, kept_images, packed_bytes
from .objects.checks import check_local
from .objects.sets import BAKED, BakeSet
from .render.baked_maps import BakedMap

NAMED_SETS = 2
"""Most sets of maps that a report names one by one."""


@dataclass(frozen=True)
class _StoredSet:
    """Maps now in the file. title: what was baked; maps: the new ones; objects: UIDs; material: new, or none."""

    title: str
    maps: Sequence[str]
    objects: Sequence[int]
    material: str = ""


def target_of(bake_set: BakeSet, material: str) -> Target:
    """The target of a set. Raise ParameterError if an object cannot have another material."""
    for obj in bake_set.objects if material == NEW else ():
        check_local(obj)
    return Target(bake_set.title, material, tuple(obj.session_uid for obj in bake_set.objects))


def put(baked: Sequence[tuple[Sequence[BakedMap], Target]], notes: Sequence[str] = ()) -> TaskReport:
    """Make images and materials of baked maps; the report names them and repeats the notes."""
    if not all(target.is_in_open_file for _, target in baked):
        folder = engine.user_folder(create=True) / "kept"
        titles = ", ".join(title_of(maps) for maps, _ in baked)
        for maps, _ in baked:
            save([one for one in maps if one.png], folder)
        return TaskReport("WARNING", Message("Another file was opened: the maps of {} were kept in {}", titles, folder))
    notes = [*notes, *(note for maps, _ in baked for one in maps for note in one.notes)]
    bakes: list[_StoredSet] = []
    new_images: list[str] = []
    unassigned, known = "", kept_images()
    for every, target in baked:
        maps = [one for one in every if not one.is_kept or _fingerprint(one) in known]
        fresh = [one for one in maps if not one.is_kept]
        stored = {one.name: known[_fingerprint(one)] if one.is_kept else store(one) for one in maps}
        if not fresh and (target.material == NONE or _is_shown(set(stored.values()))):
            continue
        title, material = title_of(maps), None
        new_images += [image.name for image in stored.values()]
        if target.material != NONE:
            material = make_material(f"{title} Baked", stored, maps)
            unassigned = material.name if target.material == UNUSED else ""
            if target.material == NEW:
                notes += _assign(material, target)
        else:
            replaced.keep(stored.values())
        of = title if len(target.objects) == 1 else Message("{} objects", len(target.objects))
        bakes.append(_StoredSet(of, [one.name for one in fresh], target.objects, material.name if material else ""))
        replaced.note(material or next(iter(stored.values())))
    first = [(target, next((one for one in maps if not one.is_kept), None)) for maps, target in baked]
    overlay.keep_misses([(target.objects, one.misses) for target, one in first if one])
    said = _sentences(bakes)
    if unchanged := sum(one.is_kept for maps, _ in baked for one in maps):
        said.append(Message("{} unchanged maps were kept", unchanged))
    push_undo("Impasto: Bake")
    return TaskReport(
        "WARNING" if notes else "INFO",
        series("; ", [*said, *dict.fromkeys(notes)]),
        unassigned=unassigned,
        materials=tuple(one.material for one in bakes if one.material),
        images=tuple(new_images),
    )


def _sentences(stored: Sequence[_StoredSet]) -> list[str]:
    """Sentences of the report: one for each set, or one in sum if they are many."""
    if len(stored) > NAMED_SETS:
        maps, objects = sum(len(one.maps) for one in stored), len({uid for one in stored for uid in one.objects})
        if materials := sum(bool(one.material) for one in stored):
            return [Message("Baked {} maps for {} objects and made {} materials", maps, objects, materials)]
        return [Message("Baked {} maps for {} objects", maps, objects)]
    said = []
    for one in stored:
        what = one.maps[0].replace("_", " ") if len(one.maps) == 1 else Message("{} maps", len(one.maps))
        if one.material:
            said.append(Message("Baked {} of {} and made the material {}", what, one.title, one.material))
        else:
            said.append(Message("Baked {} of {}", what, one.title))
    return said


def _is_shown(wanted: set[Image]) -> bool:
    """Whether one material shows all of these images."""
    return any(wanted <= set(images_in(one.node_tree)) for one in bpy.data.materials if one.node_tree)


def _fingerprint(baked: BakedMap) -> str:
    return str(baked.provenance["fingerprint"])


def title_of(maps: Sequence[BakedMap]) -> str:
    """Name of the object whose maps these are."""
    return str(maps[0].provenance["object"])


def store(baked: BakedMap) -> Image:
    """New packed image in the colour space of its map, with its provenance."""
    name = f"{naming.of_parts(str(baked.provenance['object']))}_{baked.name}"
    image = tiles.add(name, baked.name, baked.tiles or {0: baked.png}, baked.recipe)
    image[BAKED] = json.dumps({**baked.provenance, "bytes": packed_bytes(image)})
    return image


def save(maps: Sequence[BakedMap], folder: Path, *, pattern: str = PATTERN, replace: bool = False) -> list[Path]:
    """Write the maps as files, all or none; without `replace` a set whose name is taken gets a number."""
    if not maps:
        return []
    taken = () if replace else files.stems_in(folder)
    names = files.stems(pattern, title_of(maps), [baked.name for baked in maps], taken)
    contents = {}
    for baked in maps:
        for number, png in (baked.tiles or {0: baked.png}).items():
            ending = f".{number}{baked.suffix}" if number else baked.suffix
            contents[folder / f"{names[baked.name]}{ending}"] = baked.others.get(number, png)
    replace_files(contents, replace=replace)
    return list(contents)


def pack(task: Task, maps: Sequence[BakedMap], packed: PackedFiles) -> None:
    """Write the maps as the files that an engine expects, by the engine's command."""
    packed.write(task, title_of(maps), {one.name: one.png for one in maps if one.name in materials.LABELS})


def make_material(name: str, stored: Mapping[str, Image], maps: Sequence[BakedMap]) -> Material:
    """New material that shows the baked images on the UVs that they were baked to."""
    material = materials.new(name)
    replaced.keep([material])
    relief_m = next((one.provenance["height_range_m"] for one in maps if one.name == "height"), None)
    materials.apply_maps(material, stored, materials.Look(relief_m=relief_m, has_sliders=False))
    nodes, about = material.node_tree.nodes, maps[0].provenance
    if maps[0].recipe:
        material[images.RECIPE] = maps[0].recipe.to_json()
    for baked in maps:
        if baked.name == "height":
            displacement = next(node for node in nodes if node.type == "DISPLACEMENT")
            displacement.inputs["Midlevel"].default_value = baked.provenance["midlevel"]
        if baked.name == "emission":
            shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
            shader.inputs["Emission Strength"].default_value = baked.provenance["emission_strength"]
        if "value_scale" in baked.provenance:
            _multiply(material.node_tree, stored[baked.name], baked.provenance["value_scale"])
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


def _multiply(tree: NodeTree, image: Image, factor: float) -> None:
    """Multiply an image's values on their way to the shader."""
    source = next(node for node in tree.nodes if node.type == "TEX_IMAGE" and node.image == image)
    scale = tree.nodes.new("ShaderNodeVectorMath")
    scale.operation, scale.inputs["Scale"].default_value = "SCALE", factor
    scale.location = (source.location.x + 280, source.location.y)
    for link in list(source.outputs["Color"].links):
        tree.links.new(scale.outputs["Vector"], link.to_socket)
    tree.links.new(source.outputs["Color"], scale.inputs["Vector"])


def _assign(material: Material, target: Target) -> list[str]:
    objects = target.found_objects()
    for obj in objects:
        for index in range(len(obj.material_slots) or 1):
            replaced.assign(obj, material, index)
    return [] if objects else ["the object was deleted meanwhile: the material is kept without it"]
