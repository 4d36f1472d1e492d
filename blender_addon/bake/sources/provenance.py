# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipe of a bake: the object, the pictures in its materials, the models that made those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from bpy.types import Image, Material

from ...bridge import images
from ...core.errors import ImpastoError
from ...core.io.metadata import in_png, metadata_of
from ...core.recipe import Recipe, Step
from ...core.system.untrusted import excerpt
from ..fingerprints import contents_of, images_in, sha256
from ..render.baked_maps import BakedMap

BAKE = "bake"
"""Name of the tool in a bake's recipe; no engine has it, since baking needs the .blend."""


@dataclass(frozen=True)
class BakeSources:
    """Pictures by name, as files, bytes or pixels; hashes of the models and weights that made them."""

    pictures: Mapping[str, Path | bytes | np.ndarray] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)


def sources_of(materials: Iterable[Material]) -> BakeSources:
    """Sources of materials. On the main thread."""
    trees = [material.node_tree for material in materials if material.node_tree]
    used = {image for tree in trees for image in images_in(tree, used_only=True)}
    found = sorted(used, key=lambda image: image.name)
    recipes = [recipe for image in found if (recipe := _recipe_of(image))]
    made_with = {
        kind: {name: hash_ for recipe in recipes for name, hash_ in recipe.made_with.get(kind, {}).items()}
        for kind in ("models", "weights")
    }
    return BakeSources({image.name: contents_of(image) for image in found}, **made_with)


def with_recipes(maps: Sequence[BakedMap], sources: BakeSources) -> list[BakedMap]:
    """The maps with their recipe, in their files too; for any thread."""
    inputs = {name: {"name": name, "sha256": sha256(contents)} for name, contents in sources.pictures.items()}
    return [baked if baked.is_kept else _with_recipe(baked, inputs, sources) for baked in maps]


def _with_recipe(baked: BakedMap, inputs: Mapping[str, Mapping[str, str | float]], sources: BakeSources) -> BakedMap:
    about = {name: value for name, value in baked.provenance.items() if name != "fingerprint"}
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


def baked_object(recipe: Recipe) -> str:
    """Name of the object in a bake's recipe, for a message."""
    return excerpt(recipe.steps[0].parameters.get("object", ""))


def _recipe_of(image: Image) -> Recipe | None:
    try:
        return images.recipe_of(image)
    except ImpastoError:
        return None
