"""Material assets: catalogue, tags and description of a recipe's result, catalogue files, and lists of assets.

A list of assets (`AssetList`, JSON) refers to pictures in its folder, and Blender makes an asset library from it.
Standard library only, since Blender uses it too.
"""

from __future__ import annotations

import colorsys
import re
import tomllib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from ..recipe import Recipe, Step

CATALOGS_FILE = "blender_assets.cats.txt"
ROOT_CATALOG = "Impasto"
MOST_BYTES = 2**26
"""Size limit of a list of assets."""
_NAMESPACE = uuid.UUID("6f0c1e4e-5d0a-4c57-9d2b-1f7a4f6a9b11")
"""Namespace for the ids of catalogues. A path gives the same id in every library, so that libraries can be merged."""
_HEADER = """# This is an Asset Catalog Definition file for Blender.
#
# Empty lines and lines starting with `#` will be ignored.
# The first non-ignored line should be the version indicator.
# Other lines are of the format "UUID:catalog/path/for/assets:simple catalog name"

VERSION 1

"""
CLASS_WORDS: Mapping[str, Sequence[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
"""Beginnings of words, in names of photographs or of models' materials, that imply a class of materials."""
MOST_WORDS = 8
"""Most words of a phrase that become tags."""
SHORTEST_WORD = 3
_FROM = "From "
"""Beginning of subgroups that name what a tool makes materials from, instead of a class of materials."""


@dataclass(frozen=True)
class AssetText:
    """Texts of an asset. catalog: the path of its catalogue, such as Impasto/Stone."""

    catalog: str
    tags: tuple[str, ...]
    description: str
    license: str = ""


class ListedAsset(TypedDict):
    """An asset to be made. preview, maps: files in the list's folder. values: maps that are a constant number.

    A map of UDIM tiles is named NAME.<UDIM>.png. is_stand_in: the maps are a small preview of the recipe's result.
    """

    name: str
    catalog: str
    tags: list[str]
    description: str
    license: str
    preview: str
    maps: dict[str, str]
    values: dict[str, float]
    width_m: NotRequired[float]
    relief_m: NotRequired[float]
    recipe: NotRequired[dict[str, Any]]
    is_stand_in: NotRequired[bool]


class AssetList(TypedDict):
    """The assets of a library."""

    assets: list[ListedAsset]


def asset_text(
    recipe: Recipe | None,
    tools: Mapping[str, Mapping[str, Any]],
    models: Iterable[Mapping[str, Any]] = (),
    color: Sequence[float] | None = None,
) -> AssetText:
    """Texts of an asset made by a recipe. tools, models: their descriptions. color: mean colour, sRGB in [0, 1]."""
    named = [color_name(color)] if color is not None else []
    if recipe is None:
        return AssetText(ROOT_CATALOG, (ROOT_CATALOG, *named), "")
    made_by = [step for step in recipe.active_steps if tools.get(step.tool, {}).get("group") == "Make"][:1]
    used = [model for step in made_by for model in models if _is_used(model, step)]
    phrase = str(recipe.matched.get("text", ""))
    sources = [str(item["name"]) for item in recipe.inputs.values()]
    own = [str(tools[step.tool]["subgroup"]) for step in made_by]
    spoken = " ".join([*(str(model["material"] or model["label"]) for model in used), *sources, phrase])
    kind = next((name for name in own if name and not name.startswith(_FROM)), "") or class_in(spoken)
    labels = [str(tools[step.tool]["label"]) for step in made_by] + [str(model["label"]) for model in used]
    words = [word for word in re.findall(r"\w+", phrase.lower()) if len(word) >= SHORTEST_WORD][:MOST_WORDS]
    tags = dict.fromkeys(filter(None, (ROOT_CATALOG, kind, *labels, *named, *words)))
    licenses = dict.fromkeys(str(model["licence"]) for model in used if model["licence"])
    return AssetText(catalog_path(kind), tuple(tags), _description(recipe, sources, phrase), ", ".join(licenses))


def _is_used(model: Mapping[str, Any], step: Step) -> bool:
    return bool(model["tool"] == step.tool and model["name"] == step.parameters.get("model"))


def _description(recipe: Recipe, sources: Sequence[str], phrase: str) -> str:
    used = [f"“{phrase}”"] if phrase else [*sources, *sorted(recipe.made_with.get("models", {}))]
    return f"Made by Impasto from {', '.join(used)}" if used else "Made by Impasto"


def class_in(text: str) -> str:
    """The class of materials that a word in a text implies; "" if none does."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    found = (name for name, starts in CLASS_WORDS.items() for word in words if word.startswith(tuple(starts)))
    return next(found, "")


def color_name(color: Sequence[float]) -> str:
    """The common name of a colour, given as sRGB in [0, 1]."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(min(max(float(part), 0.0), 1.0) for part in color[:3]))
    if value < 0.16:
        return "black"
    if saturation < 0.16:
        return "white" if value > 0.75 else "grey"
    degrees = hue * 360
    if degrees < 50 and value < 0.6 and not (degrees < 12 and saturation > 0.6):
        return "brown"
    if 15 <= degrees < 65 and saturation < 0.4:
        return "beige"
    limits = ((14, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (255, "blue"), (290, "purple"))
    return next((name for limit, name in limits if degrees < limit), "pink" if degrees < 340 else "red")


def catalog_path(kind: str) -> str:
    """Path of the catalogue for a class of materials; without a class, that of all Impasto materials."""
    return f"{ROOT_CATALOG}/{kind}" if kind else ROOT_CATALOG


def catalog_id(path: str) -> str:
    """Id of the catalogue at a path, the same everywhere."""
    return str(uuid.uuid5(_NAMESPACE, path))


def catalog_ids(text: str) -> dict[str, str]:
    """Ids of the catalogues in a catalogue file's text, by path such as Stone/Brick."""
    lines = [line.strip().split(":") for line in text.splitlines() if not line.lstrip().startswith(("#", "VERSION"))]
    return {line[1].strip(): line[0].strip().lower() for line in lines if len(line) >= 2}


def with_catalogs(text: str, paths: Iterable[str]) -> str:
    """A catalogue file's text with catalogues at these paths added. Existing ones are left unchanged."""
    known = catalog_ids(text)
    missing = sorted({path for path in paths if path not in known})
    lines = "".join(f"{catalog_id(path)}:{path}:{path.replace('/', '-')}\n" for path in missing)
    if not lines:
        return text
    before = text if text.strip() else _HEADER
    return f"{before}{'' if before.endswith(chr(10)) else chr(10)}{lines}"
