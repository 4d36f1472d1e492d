# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the history: results in this file, variations of this session, and recipes kept across files.

They are collected only when something has changed, since panels ask for them at every redraw.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import bpy

from ..bridge import images, naming, replaced, surfaces
from ..core.errors import ParameterError
from ..core.recipe import GROUP, Recipe
from ..engine.catalogue import catalogue
from ..generate import variations
from ..interface import previews
from ..translations.texts import sentence
from .stored import StoredRecipe, stored

MATERIAL, IMAGE, VARIATION, STORED = "MATERIAL", "IMAGE", "VARIATION", "STORED"
COLLECTIONS = {MATERIAL: "materials", IMAGE: "images"}
"""Collections in `bpy.data` of results, by kind of entry."""
MOST_READ = 1024
"""Most parsed recipes that are kept."""


@dataclass(frozen=True)
class HistoryEntry:
    """A result, a variation or a recipe across files. text: its recipe as JSON, or ""; made_s: since 1970."""

    kind: str
    name: str
    made_s: float
    text: str
    is_starred: bool = False
    variation: variations.Variation | None = None
    stored: StoredRecipe | None = None

    @property
    def key(self) -> str:
        """Kind and name, by which operators find the entry again."""
        return f"{self.kind}:{self.stored.path.name if self.stored else self.name}"

    @property
    def item(self) -> replaced.Result | None:
        """The result in this file; None if the entry is another kind, or the result was deleted."""
        return getattr(bpy.data, COLLECTIONS[self.kind]).get(self.name) if self.kind in COLLECTIONS else None

    @property
    def label(self) -> str:
        """Name of the entry; for one of several maps, the name of the set."""
        item = self.item
        return naming.of_set(item) if isinstance(item, bpy.types.Image) else self.name

    @property
    def short_label(self) -> str:
        """Label without a variation's seed, whose digits would be cut off below a thumbnail."""
        return _name_of(self.text) if self.variation is not None else self.label

    @property
    def is_gone(self) -> bool:
        """Whether the entry is a result that was deleted or renamed since it was listed."""
        return self.kind in COLLECTIONS and self.item is None

    @property
    def image(self) -> bpy.types.Image | None:
        """Picture of the result in this file."""
        return surfaces.picture_of(self.item) if self.item else None

    @property
    def date(self) -> str:
        """Day and time at which it was made."""
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.made_s))

    @property
    def icon(self) -> int:
        """Blender's number of its thumbnail; 0 if it has none."""
        if self.variation is not None:
            return previews.icon_of_pixels(f"history {self.name}", self.variation.pixels[::2, ::2])
        if self.stored is not None:
            return previews.icon_of_thumbnail(self.key, self.stored.thumbnail)
        return previews.icon_of_image(self.image) if self.image else 0

    @property
    def recipe(self) -> Recipe:
        """Recipe of the entry. Raise ParameterError if it has none that can be read."""
        if not self.text:
            raise ParameterError("the entry {} has no recipe", "choose another entry", self.name)
        return Recipe.from_json(self.text)


@dataclass(frozen=True)
class Origin:
    """A recipe in words: labels of its tools, and the phrase or picture that it matches."""

    labels: tuple[str, ...] = ()
    phrase: str = ""


@lru_cache(MOST_READ)
def origin_of(text: str) -> Origin:
    """The recipe in this JSON, in words; empty if it cannot be read."""
    try:
        recipe = Recipe.from_json(text)
    except ParameterError:
        return Origin()
    steps = [step for step in recipe.steps if step.tool != GROUP]
    labels = [catalogue[step.tool]["label"] if step.tool in catalogue else step.tool for step in steps]
    return Origin(tuple(dict.fromkeys(labels)), recipe.matched.get("text") or recipe.matched.get("name", ""))


class _Collected:
    """Entries as they were collected last, and the number of materials, images and variations at that time."""

    def __init__(self) -> None:
        self.entries: tuple[HistoryEntry, ...] = ()
        self.counts: tuple[int, ...] = ()


_collected = _Collected()


def _counts() -> tuple[int, ...]:
    return len(bpy.data.materials), len(bpy.data.images), len(variations.variations_of_file())


def forget(*_: object) -> None:
    """Collect the entries anew the next time that they are needed."""
    _collected.counts = ()


def collect() -> None:
    """Collect the entries of this file anew."""
    kinds = {bpy.types.Material: MATERIAL, bpy.types.Image: IMAGE}
    found = [
        HistoryEntry(kinds[type(one)], one.name, one[replaced.MADE], images.recipe_text(one), replaced.STARRED in one)
        for one in replaced.latest_results()
    ]
    for one in variations.variations_of_file():
        text = one.recipe.to_json()
        found.append(HistoryEntry(VARIATION, f"{_name_of(text)} {one.seed}", one.made_s, text, variation=one))
    _collected.entries, _collected.counts = tuple(sorted(found, key=lambda one: -one.made_s)), _counts()


def _name_of(text: str) -> str:
    origin = origin_of(text)
    return origin.phrase or next(iter(origin.labels), "")


def entries(all_files: bool = False) -> Sequence[HistoryEntry]:
    """All entries, the latest first. all_files: with stored recipes of other files."""
    if _collected.counts != _counts():
        collect()
    if not all_files:
        return _collected.entries
    times = {entry.made_s for entry in _collected.entries}
    others = [
        HistoryEntry(STORED, one.name, one.made_s, one.text, one.is_starred, stored=one)
        for one in stored.recipes
        if one.made_s not in times  # of this file
    ]
    return sorted([*_collected.entries, *others], key=lambda one: -one.made_s)


def found_entries(search: str, starred_only: bool, all_files: bool) -> Sequence[HistoryEntry]:
    """Entries whose name, phrase and tools contain every word of a search."""
    words = search.lower().split()
    return [
        entry
        for entry in entries(all_files)
        if (entry.is_starred or not starred_only) and (not words or all(word in _searched(entry) for word in words))
    ]


def _searched(entry: HistoryEntry) -> str:
    origin = origin_of(entry.text)
    labels = (label for each in origin.labels for label in (each, sentence(each)))
    return " ".join([entry.name, origin.phrase, *labels]).lower()


def entry_of(key: str) -> HistoryEntry:
    """Entry with this key. Raise ParameterError if there is none."""
    found = next((entry for entry in entries(all_files=True) if entry.key == key), None)
    if found is None or found.is_gone:
        forget()
        raise ParameterError("this entry is not in the history any more", "choose another one")
    return found


def _file_changed(*_: object) -> None:
    collect()  # here, so that drawing does not wait until all recipes of a file are read


HANDLERS = tuple((event, _file_changed) for event in ("load_post", "undo_post", "redo_post"))


def register() -> None:
    replaced.listeners.append(forget)


def unregister() -> None:
    replaced.listeners.remove(forget)
    _collected.entries, _collected.counts = (), ()
