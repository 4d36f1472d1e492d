"""Sets of maps in folders, paired by name: each in a folder of its own, as in MatSynth (split/category/material), or
several beside each other, as the command writes them (brick_normal.png, wall_normal.png).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from impasto.errors import FileError, ParameterError
from impasto.io import decode
from impasto.io.map_files import MapSource, pictures_among, sets_among
from impasto.io.unpacking import read_sources
from impasto.surface.resizing import resized_map
from impasto.system.names import as_unicode
from impasto.system.untrusted import excerpt, files_in, is_folder, printable
from impasto.texture import Maps

from .maps import COMPARED, compared_size

SHOWN_NAMES = 5


@dataclass(frozen=True)
class ComparedSet:
    """Maps of one surface. other_name: a second name, if the set is alone in its folder."""

    name: str
    maps: Mapping[str, MapSource]
    other_name: str = ""

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width) of the largest map. Raise ParameterError if the maps have different proportions."""
        sizes = [decode.read_size(source.file) for source in self.maps.values()]
        for size_px in sizes:
            compared_size(size_px, max(sizes))
        return max(sizes)

    def read(self, size_px: tuple[int, int]) -> Maps:
        """The maps at a size (height, width), read one after another to save memory."""
        read = {name: read_sources({name: source}) for name, source in self.maps.items()}
        return Maps(
            {name: resized_map(name, one[name], size_px) for name, one in read.items() if name in one}, name=self.name
        )


@dataclass(frozen=True)
class Pair:
    """An estimate and the truth of the same surface."""

    name: str
    estimate: ComparedSet
    truth: ComparedSet

    def read(self) -> tuple[Maps, Maps]:
        """Both at the smaller of their sizes. Raise ParameterError if their proportions differ."""
        try:
            size_px = compared_size(self.estimate.size_px, self.truth.size_px)
        except ParameterError as error:
            raise ParameterError("{}: {}", error.remedy, self.name, error.message) from error
        return self.estimate.read(size_px), self.truth.read(size_px)


@dataclass(frozen=True)
class ComparedSets:
    """Pairs of an estimate and the truth, and the names of sets that lack either."""

    pairs: tuple[Pair, ...]
    without_estimate: tuple[str, ...]
    without_truth: tuple[str, ...]


def pair_sets(estimates: Path, truths: Path) -> ComparedSets:
    """Pairs of sets with the same name; a single set in each folder is a pair whatever its name.

    Raise FileError if a folder has no sets, ParameterError if no names agree.
    """
    found, true = sets_in(estimates), sets_in(truths)
    if len(found) == len(true) == 1:
        return ComparedSets((Pair(true[0].name, found[0], true[0]),), (), ())
    by_name = {name: one for one in found for name in (one.other_name, one.name) if name}
    pairs = tuple(Pair(one.name, by_name[name], one) for one in true if (name := _known_name(one, by_name)))
    if not pairs:
        message, remedy = "{} has {}, but {} has {}", "give folders whose sets have the same names"
        raise ParameterError(message, remedy, excerpt(estimates), _listing(found), excerpt(truths), _listing(true))
    paired = {pair.name for pair in pairs}
    used = {pair.estimate.name for pair in pairs}
    without_estimate = tuple(one.name for one in true if one.name not in paired)
    return ComparedSets(pairs, without_estimate, tuple(one.name for one in found if one.name not in used))


def sets_in(folder: Path) -> list[ComparedSet]:
    """The sets in and below a folder, by name: the path of the set's folder, or that and the prefix of its files.

    Raise FileError if there are none.
    """
    if not is_folder(folder):
        raise FileError("{} is no folder", "give a folder of maps, or a folder of such folders", excerpt(folder))
    sets = sorted(_walk(folder, folder), key=lambda one: one.name)
    if not sets:
        message = "{} contains no maps that can be recognised by their names"
        raise FileError(message, "name them like brick_base_color.png, brick_roughness.png", excerpt(folder))
    return sets


def _walk(root: Path, folder: Path) -> Iterator[ComparedSet]:
    entries = [entry for entry in files_in(folder) if not entry.name.startswith(".")]
    found = {one.name: maps for one in sets_among(pictures_among(entries))[0] if (maps := _compared_sources(one.maps))}
    path = as_unicode("/".join(folder.relative_to(root).parts))
    for group, maps in found.items():
        name = "/".join(filter(None, (path, as_unicode(group))))
        if len(found) == 1:
            yield ComparedSet(path or name or as_unicode(root.name), maps, name)
        else:
            yield ComparedSet(name, maps)
    for entry in entries:
        if is_folder(entry) and not entry.is_symlink():
            yield from _walk(root, entry)


def _compared_sources(maps: Mapping[str, MapSource]) -> dict[str, MapSource]:
    return {name: source for name, source in maps.items() if name in COMPARED}


def _known_name(one: ComparedSet, by_name: Mapping[str, ComparedSet]) -> str | None:
    return next((name for name in (one.name, one.other_name) if name in by_name), None)


def _listing(sets: list[ComparedSet]) -> str:
    names = ", ".join(printable(one.name) for one in sets[:SHOWN_NAMES])
    return names + (f" and {len(sets) - SHOWN_NAMES} more" if len(sets) > SHOWN_NAMES else "")
