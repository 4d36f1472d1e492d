# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps that need not be baked again: images of earlier bakes with the fingerprint of all that they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import bpy
from bpy.types import Image

from ...bridge.fingerprints import contents_of, images_of, materials_fingerprint, nodes_in, object_state, sha256
from ...core.about import VERSION
from ..maps.geometry import CURVATURE_MAPS
from ..objects.sets import BakeSet, provenance_of
from ..settings import OF_MATERIALS, BakeOptions
from .scene import BakeScene

NOT_OF_PIXELS = ("maps", "inputs", "file_format", "edge_radius", "thickness_range", "unit_m")
"""Options that change no map's image, or only some maps'."""


def fingerprints(made: BakeScene, given: BakeSet, options: BakeOptions, uv_maps: Sequence[str]) -> dict[str, str]:
    """SHA-256 of all that each map depends on: shapes as they are rendered, places, materials, images, and settings."""
    slots = [[slot.material for slot in item.material_slots] for item in given.sources]
    materials = {one for used in slots for one in used if one}
    depsgraph = made.scene.view_layers[0].depsgraph
    places = {item: str(place) for place, item in enumerate(given.all_objects)}
    shared = {
        "versions": (VERSION, bpy.app.version_string),
        "set": given.to_json(places.__getitem__),  # a linked object and its override have one name, elsewhere two
        "options": {name: value for name, value in asdict(options).items() if name not in NOT_OF_PIXELS},
        "uv_maps": uv_maps,
        "slots": [[one.name if one else "" for one in used] for used in slots],
        "objects": [object_state(item.evaluated_get(depsgraph)) for item in made.scene.collection.objects],
    }
    contents = {image: sha256(contents_of(image)) for image in images_of(*given.sources)}
    nodes = {node for one in materials if one.node_tree for node in nodes_in(one.node_tree)}
    others = {node.object for node in nodes if getattr(node, "object", None)}
    of_materials = {
        "materials": materials_fingerprint(materials, contents),
        "others": sorted((item.name, repr(_place(item, made))) for item in others),
        "frame": _frame(made) if any(map(_changes, (*materials, *nodes, *contents))) else None,
    }
    return {
        name: hashlib.sha256(json.dumps([name, shared, _own(name, given, options, of_materials)]).encode()).hexdigest()
        for name in options.maps
    }


def _own(name: str, given: BakeSet, options: BakeOptions, of_materials: dict[str, Any]) -> Any:
    """Of objects' names, materials and options, what only some maps depend on."""
    if name in OF_MATERIALS:
        return of_materials, options.unit_m if name == "height" else None
    own: dict[str, Any] = dict.fromkeys(CURVATURE_MAPS, options.edge_radius)
    own |= {"thickness": options.thickness_range, "object_id": [item.name for item in given.sources]}
    return own.get(name)


def _place(item: bpy.types.Object, made: BakeScene) -> list[list[float]]:
    return [list(row) for row in item.evaluated_get(made.scene.view_layers[0].depsgraph).matrix_world]


def _frame(made: BakeScene) -> tuple[int, float]:
    return made.scene.frame_current, made.scene.frame_subframe


def _changes(item: Any) -> bool:
    """Whether a material, a node's tree or an image changes with the frame."""
    trees = [item, getattr(item, "node_tree", None)]
    is_moving = isinstance(item, Image) and item.source in ("MOVIE", "SEQUENCE")
    return is_moving or any(getattr(one, "animation_data", None) for one in trees)


def kept_images() -> dict[str, Image]:
    """Images of earlier bakes by their fingerprints: those that are as they were baked."""
    found = {}
    for image in bpy.data.images:
        about = provenance_of(image)
        if "fingerprint" in about and not image.is_dirty and about.get("bytes") == packed_bytes(image):
            found[about["fingerprint"]] = image
    return found


def packed_bytes(image: Image) -> int:
    """Size of an image's packed files: a cheap sign that it was painted on and packed again."""
    return sum(one.packed_file.size for one in image.packed_files)
