# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipe of a bake: the object, the pictures in its materials, the models that made those."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.types import Image, NodeTree, Object

from ..bridge import images
from ..core.errors import ImpastoError
from ..core.io.metadata import in_png, metadata_of
from ..core.recipe import Recipe, Step
from .cover import values_of
from .maps import BakedMap

if TYPE_CHECKING:
    import numpy as np

BAKE = "bake"
"""Name of the tool in a bake's recipe; no engine has it, since baking needs the .blend."""


@dataclass(frozen=True)
class Sources:
    """Pictures by name, as files, bytes or pixels; hashes of the models and weights that made them."""

    pictures: Mapping[str, Path | bytes | np.ndarray] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)


def sources_of(*objects: Object) -> Sources:
    """Sources of objects' materials. On the main thread."""
    found = sorted(images_of(*objects, used_only=True), key=lambda image: image.name)
    recipes = [recipe for image in found if (recipe := _recipe_of(image))]
    made_with = {
        kind: {name: hash_ for recipe in recipes for name, hash_ in recipe.made_with.get(kind, {}).items()}
        for kind in ("models", "weights")
    }
    return Sources({image.name: _contents(image) for image in found}, **made_with)


def with_recipes(maps: Sequence[BakedMap], sources: Sources) -> list[BakedMap]:
    """The maps with their recipe, in their files too; for any thread."""
    inputs = {name: {"name": name, "sha256": _hash(contents)} for name, contents in sources.pictures.items()}
    return [_with_recipe(baked, inputs, sources) for baked in maps]


def _with_recipe(baked: BakedMap, inputs: Mapping[str, Mapping[str, str | float]], sources: Sources) -> BakedMap:
    about = dict(baked.provenance)
    parameters = {**about, "materials": ", ".join(about["materials"])}
    made_with = {
        "versions": {"blender": parameters.pop("blender")},
        **({"models": dict(sources.models)} if sources.models else {}),
        **({"weights": dict(sources.weights)} if sources.weights else {}),
    }
    recipe = Recipe((Step(BAKE, parameters),), 0, inputs, made_with)
    metadata = metadata_of(recipe, height_range_m=about.get("height_range_m"))
    tiles = {number: in_png(png, metadata) for number, png in baked.tiles.items()}
    return replace(baked, png=in_png(baked.png, metadata), recipe=recipe, tiles=tiles)


def images_of(*objects: Object, used_only: bool = False) -> set[Image]:
    """Images in objects' materials; used_only: those of nodes with linked outputs."""
    materials = {slot.material for obj in objects for slot in obj.material_slots if slot.material}
    trees = [material.node_tree for material in materials if material.node_tree]
    return {image for tree in trees for image in images_in(tree, used_only=used_only)}


def images_in(tree: NodeTree, *, used_only: bool = False) -> Iterator[Image]:
    """Images in the nodes of a tree and of its groups; used_only: those of nodes with linked outputs."""
    for node in tree.nodes:
        if used_only and not any(output.is_linked for output in node.outputs):
            continue
        if getattr(node, "image", None) is not None:
            yield node.image
        if node.type == "GROUP" and node.node_tree is not None:
            yield from images_in(node.node_tree, used_only=used_only)


def _recipe_of(image: Image) -> Recipe | None:
    try:
        return images.recipe_of(image)
    except ImpastoError:
        return None


def _contents(image: Image) -> Path | bytes | np.ndarray:
    if image.packed_file and not image.is_dirty:
        return image.packed_file.data
    path = Path(bpy.path.abspath(image.filepath, library=image.library)) if image.filepath else None
    if path and path.is_file() and not image.is_dirty:
        return path
    return values_of(image)


def _hash(contents: Path | bytes | np.ndarray) -> str:
    if isinstance(contents, Path):
        with contents.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    return hashlib.sha256(contents if isinstance(contents, bytes) else contents.data).hexdigest()
