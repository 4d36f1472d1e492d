"""Recognition of map sets by the names of their files: which maps a file holds, and to which set and tile it belongs.

`conventions.tsv` lists the words that libraries, programs and engines use for maps, one row per convention, as
WORD=MAPS. MAPS is a map; `1-` before a map that is stored inverted; the maps in the channels, from red on; `directx`
for normals whose green points down; `bump` for a height or normals; `preview` for a picture of the material; `-` for a
map that is not used. The word stands at the end of a file's name; sizes, versions and the like may follow it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import chain, pairwise
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

import numpy as np

from ..errors import FileError, Message, ParameterError, did_you_mean, series
from ..system.untrusted import excerpt, files_in, is_folder, is_there, printable, read_json
from ..texture import MAP_CHANNELS, NORMAL_MAPS
from ..udim import FIRST
from .signatures import EXTENSIONS, REFUSED_EXTENSIONS
from .udim import is_tiled, tile_number, tiles_at, without_number

CONVENTIONS = Path(__file__).with_name("conventions.tsv")
SET_FILE = ".maps.json"
"""End of the name of a set file: JSON that gives the source of each map, as in `parse_source`."""
ALL_OF_ONE = "_*"
"""End of a path that stands for one of several sets in a folder, as in FOLDER/brick_*."""
PREVIEW, OTHER, BUMP, DIRECTX, OPENGL = "preview", "-", "bump", "directx", "opengl"
CHANNELS = "rgba"
ONLY_IN_SETS = frozenset({"normal", "height", "roughness", "ambient_occlusion", "opacity", "confidence", "bent_normal"})
"""Maps that are never photographs, even if no other map is there. A lone rusty_metal.jpg may be a photograph."""
FOLDERS_OF_MAPS = ("textures", "texture", "maps")
"""Names that downloads give to their folder of maps."""
CONTACT_SHEET, DONE_FILE = "contact_sheet.png", "batch.jsonl"
"""Files that a batch writes into the folder of its results."""
WEAK = ("depth", "smooth")
"""Words that are often part of a picture's name, as in sandstone_smooth.png. They count only with other maps."""
MOST_NAMED = 6
MOST_PREVIEWS = 2
"""Up to so many other pictures in a folder of map sets are previews of the sets, not photographs."""
LOSSY = (".jpg", ".jpeg")
PART = re.compile(r"\d+(?:[kK]|bit|bpc)(?![a-z])|sRGB|ACEScg|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
"""Parts into which a file's name is divided: 2K, 16bit, GL, Normal, 102."""
SIZE = re.compile(r"\d+k|\d{3,5}|jpe?g|png|tiff?|exr|tga", re.IGNORECASE)
SIZE_IN_NAME = re.compile(r"\d+k|jpe?g|png|tiff?|exr|512|1024|2048|4096|8192", re.IGNORECASE)
"""Sizes and formats that may end a set's name. Other numbers there belong to the name."""
FILLING = re.compile(
    rf"{SIZE.pattern}|\d+(bit|bpc)?|x|v|lod|var|bit|bpc|maps?|tex|texture|image|seamless|tileable|final|copy|raw|srgb|"
    "acescg|lin|linear|utility|lossless",
    re.IGNORECASE,
)
"""Parts that may follow the word for a map."""
COUNT = re.compile(r"0\d*|\d{1,2}|\d{6,}")
"""Numbers after the word that may distinguish sets, as in color_1, normal_1, color_2, normal_2."""
MARI = re.compile(r"_(1[0-9]{3})$")
"""Mari's UDIM tile number, behind a map's word."""
LONGEST_WORD = 5
"""Most parts that form a word for a map."""
SHORT = 3
"""The parts of a word with up to so many letters must be adjacent."""
CLEAR_SIGNS = ("gl", "dx", "opengl", "directx", "d3d", "unity", "godot", "blender", "unreal", "ue")
DIRECTX_SIGNS = ("dx", "directx", "d3d", "unreal", "ue")
"""Ends of words for normals that state their sign, and those that state DirectX's."""
UNREAL = "t_"
"""Start of the names of Unreal's textures, whose normals have DirectX's sign."""
NORMAL_BLUE, NORMAL_LEAN = 0.7, 0.12
"""A normal map has at least this mean blue, and its mean red and green differ from half by at most this."""
GREYS = frozenset({"roughness", "metallic", "height", "ambient_occlusion", "opacity"})
GREY = 0.03
"""A picture whose channels differ by less on average is grey."""


class MapPlace(NamedTuple):
    """A map's place in a file: the whole file (""), or one channel. For normals, only green can be inverted."""

    channel: str = ""
    is_inverted: bool = False


AS_IT_IS = MapPlace()


@dataclass(frozen=True)
class MapSource:
    """A map's file, and its place there. is_sure: the file's name states the sign of normals."""

    file: Path
    place: MapPlace = AS_IT_IS
    is_sure: bool = True

    def text(self, name: str) -> str:
        """Text from which `parse_source` reads this source of the map `name`."""
        channel, is_inverted = self.place
        if name in NORMAL_MAPS:
            ending = f":{DIRECTX if is_inverted else OPENGL}" if is_inverted or self.is_sure else ""
        else:
            ending = f":{'1-' if is_inverted else ''}{channel or CHANNELS[0]}" if channel or is_inverted else ""
        return f"{self.file}{ending}"


@dataclass(frozen=True)
class MapSet:
    """The maps of one surface by name. left_out: reasons why other files are not used.

    set_file: the set file that lists the maps, if there is one.
    """

    name: str
    maps: Mapping[str, MapSource]
    left_out: Mapping[Path, str] = field(default_factory=dict)
    set_file: Path | None = None

    @property
    def files(self) -> list[Path]:
        """The files of the maps, each once."""
        return list(dict.fromkeys(source.file for source in self.maps.values()))

    @property
    def note(self) -> str:
        """A sentence about files that are left out; "" if none are."""
        listed = [Message("{} ({})", printable(file.name), reason) for file, reason in sorted(self.left_out.items())]
        named = series(", ", listed[:MOST_NAMED])
        if len(listed) > MOST_NAMED:
            named = Message("{} and {} more", named, len(listed) - MOST_NAMED)
        return Message("not used of the folder: {}", named) if listed else ""


class WordMeaning(NamedTuple):
    """The maps that a word stands for, with their places; or the reason why it stands for none.

    rank: number of the convention; a lower one is preferred. is_weak: the word is often part of a picture's name.
    """

    places: Mapping[str, MapPlace]
    reason: str
    rank: int
    is_weak: bool


class Named(NamedTuple):
    """One reading of a file's name. name: the set's part of it. size: in pixels, if the name states it, else 0.

    is_apart: the set's part continues after the word. Such a reading counts only if files that share it form a set.
    """

    file: Path
    name: str
    meaning: WordMeaning
    word: str
    size: int
    is_apart: bool = False

    @property
    def group(self) -> str:
        """The set's name in a form that all files of the set share."""
        return _group(self.name)


def _group(name: str) -> str:
    """A set's name in lower case, without sizes at its end."""
    parts = list(PART.finditer(name))
    while parts and SIZE_IN_NAME.fullmatch(parts[-1][0]):
        parts.pop()
    return name[: parts[-1].end()].casefold() if parts else ""


@cache
def conventions() -> Mapping[str, WordMeaning]:
    """The meaning of each word in `conventions.tsv`. Words are in lower case, without separators."""
    words: dict[str, WordMeaning] = {}
    rows = CONVENTIONS.read_text(encoding="utf-8").splitlines()[1:]
    for rank, row in enumerate(rows):
        for entry in row.split("\t")[1].split():
            word, _, text = entry.partition("=")
            key = "".join(PART.findall(word)).lower()
            is_packed = text.count(",") > 1
            is_weak = (len(key) <= 2 and key.isascii() and key != "ao") or (is_packed and len(key) <= 4) or key in WEAK
            words.setdefault(key, _meaning(text, rank, is_weak))
            for sign in CLEAR_SIGNS[: 2 if len(key) < SHORT else None] if text == "normal" else ():
                of_sign = _meaning(DIRECTX if sign in DIRECTX_SIGNS else text, rank, False)
                words.setdefault(f"{key}{sign}", of_sign)
    return words


def _meaning(text: str, rank: int, is_weak: bool) -> WordMeaning:
    if text == PREVIEW:
        return WordMeaning({}, "a preview", rank, False)
    if text == OTHER:
        return WordMeaning({}, "no map of a material here", rank, is_weak)
    if text in (DIRECTX, BUMP):
        name = "normal" if text == DIRECTX else BUMP
        return WordMeaning({name: MapPlace("", text == DIRECTX)}, "", rank, is_weak)
    parts = text.split(",")
    places, index = dict[str, MapPlace](), 0
    for part in parts:
        name = part.removeprefix("1-")
        if name != OTHER:
            is_whole = len(parts) == 1 or MAP_CHANNELS[name] > 1
            places[name] = MapPlace("" if is_whole else CHANNELS[index], name != part)
        index += MAP_CHANNELS.get(name, 1)
    return WordMeaning(places, "", rank, is_weak)


def read_name(file: Path) -> Named | None:
    """The likeliest reading of a file's name alone, by the longest word at its end; None if no word is there."""
    return next((one for one in _readings(file) if not one.is_apart), None)


def _readings(file: Path) -> list[Named]:
    """All readings of a file's name, the likeliest first: words at its end, longest first, then words elsewhere."""
    stem = without_number(file).stem
    parts = list(PART.finditer(stem))
    size = max((int(part[0][:-1]) * 1024 for part in parts if re.fullmatch(r"\d+[kK]", part[0])), default=0)
    at_end, apart = list[Named](), list[Named]()
    for end in range(len(parts), 0, -1):
        behind = [part[0] for part in parts[end:]]
        is_end = all(map(FILLING.fullmatch, behind))
        for first, word in _words_before(stem, parts, end):
            before, meaning = stem[: parts[first - 1].end()] if first else "", conventions()[word]
            if is_end:
                at_end.append(Named(file, before, meaning, word, size))
            if not meaning.is_weak and (not is_end or any(map(COUNT.fullmatch, behind))):
                rest = f"{before}{stem[parts[end - 1].end() :]}"
                apart.append(Named(file, rest if before else rest.lstrip(" _-."), meaning, word, size, not is_end))
    return at_end + apart + _readings_without_separator(file, stem, parts)


def _readings_without_separator(file: Path, stem: str, parts: list[re.Match[str]]) -> list[Named]:
    """Readings of names such as bricknormal, whose last part ends in a word."""
    part = next((part for part in reversed(parts) if not FILLING.fullmatch(part[0])), None)
    cuts = range(part.start() + 1, part.end() - SHORT) if part else ()
    words = ((cut, stem[cut : part.end()].lower()) for cut in cuts if part)
    known = ((cut, word) for cut, word in words if word in conventions() and not conventions()[word].is_weak)
    return [Named(file, stem[:cut], conventions()[word], word, 0, True) for cut, word in known]


def _words_before(stem: str, parts: list[re.Match[str]], end: int) -> list[tuple[int, str]]:
    """Each known word that ends before part `end`, the longest first, with the index of its first part."""
    words = []
    for first in range(max(0, end - LONGEST_WORD), end):
        word = "".join(part[0] for part in parts[first:end]).lower()
        begins = first == 0 or not stem[parts[first].start() - 1].isalnum()
        is_joined = all(one.end() == next_.start() for one, next_ in pairwise(parts[first:end]))
        is_apart = begins or len(word) > 2 or word == "ao"  # as in brickAO
        if word in conventions() and is_apart and (is_joined or _may_be_separated(word)):
            # Poliigon's workflow, as in METAL_COL_4K_METALNESS: the map's word stands before the size
            before = first
            while before and SIZE.fullmatch(parts[before - 1][0]):
                before -= 1
            if word in ("metalness", "specular") and before < first:
                words += _words_before(stem, parts, before)
            words.append((first, word))
    return words


def _may_be_separated(word: str) -> bool:
    """Whether a word's parts may be separated. In metal_roughness and rough_n, the first part is the set's name."""
    return (len(word) > SHORT or word.endswith(CLEAR_SIGNS)) and sum(
        bool(place.channel) for place in conventions()[word].places.values()
    ) != 2


def map_name(file: Path) -> str | None:
    """The map in a file by its name: "normal" for brick_normal_gl.png; None for other files, and for packed maps."""
    named = read_name(file)
    whole = (name for name, place in (named.meaning.places if named else {}).items() if not place.channel)
    return next(({BUMP: "height"}.get(name, name) for name in whole), None)


def set_name(file: Path) -> str:
    """The name of a file's map set: "brick" for brick_base_color.png; the whole stem if no word is for a map."""
    named = read_name(file)
    return named.name or without_number(file).stem if named and _is_sure(file) else file.stem


def sets_among(files: Iterable[Path]) -> tuple[list[MapSet], list[Path]]:
    """The map sets among pictures, found by names, and the files that belong to no set.

    A set is several files that share a name; at least one of them cannot be a photograph. Weak words such as `_N` count
    only with other words, or if that file looks like normals.
    """
    files = sorted(files)
    groups, plain = _files_by_set(tuple(files))
    sets = [found for group, members in groups.items() if (found := _set_of(members, plain.get(group)))]
    used = {file for one in sets for file in [*one.files, *one.left_out]}
    return sets, [file for file in files if file not in used]


@lru_cache(maxsize=4)
def _files_by_set(files: tuple[Path, ...]) -> tuple[Mapping[str, list[Named]], Mapping[str, Path]]:
    """Readings of files by their set's name, and files without a word for a map by name. Cached for large folders."""
    groups: dict[str, list[Named]] = {}
    plain = dict[str, Path]()
    for file, one in _read(files).items():
        if one is None or (one.word == "mask" and not _looks_like(file, "opacity")):  # a coloured one is a MaskMap
            plain[_group(file.stem)] = file
        else:
            groups.setdefault(one.group, []).append(one)
    return groups, plain


def _read(files: Iterable[Path]) -> dict[Path, Named | None]:
    """The best reading of each file's name: its set has most maps, and fewest files for the same map."""
    readings = {file: _readings(file) for file in files}
    words: dict[str, dict[Path, Named]] = {}
    for one in (one for found in readings.values() for one in found):
        words.setdefault(one.group, {}).setdefault(one.file, one)
    maps = {group: {name for one in of.values() for name in one.meaning.places} for group, of in words.items()}
    worth = {group: (len(maps[group]), len({one.word for one in of.values()}) - len(of)) for group, of in words.items()}
    whole = {group for group, names in maps.items() if "base_color" in names and _is_relief(names)}
    chosen = dict[Path, Named | None]()
    for file, found in readings.items():
        known = [one for one in found if not one.is_apart or one.group in whole]
        chosen[file] = max(known, key=lambda one: worth[one.group], default=None)
    return chosen


def _set_of(members: list[Named], plain: Path | None) -> MapSet | None:
    """The set of files that share a name; None if they form none. plain: the picture that has only the set's name."""
    sure = [one for one in members if not one.meaning.is_weak]
    if not any(_is_relief(one.meaning.places) for one in sure) and not _weak_set(members, plain):
        members = sure
    names = {name for one in members for name in one.meaning.places}
    if "base_color" not in names or not _is_relief(names - {"opacity"}):
        members = [one for one in members if _fits(one)]  # leaves out button_normal.png and door_metal.png
    maps: dict[str, tuple[tuple[object, ...], MapSource]] = {}
    for one in members:
        for name, place in one.meaning.places.items():
            if name == BUMP:
                name = "normal" if _looks_like(one.file, "normal") else "height"
            source, order = _source(one, name, place)
            maps[name] = min(maps.get(name, (order, source)), (order, source), key=lambda item: item[0])
    found = {name: source for name, (_, source) in maps.items()}
    left_out: dict[Path, str] = {}
    if plain is not None and found and members[0].name:
        if "base_color" not in found and ONLY_IN_SETS & found.keys():
            found["base_color"] = MapSource(plain)
        elif len(found) > 1:
            left_out[plain] = "a preview, since there is another base colour"
    if not found:
        return None
    chosen = {source.file for source in found.values()}
    for one in members:
        if one.meaning.reason and len(found) > 1:
            left_out[one.file] = one.meaning.reason
        elif one.meaning.places and one.file not in chosen:
            words = " and ".join(name.replace("_", " ") for name in one.meaning.places)
            left_out[one.file] = Message("there is another file for {}", words)
    return MapSet(next(one.name for one in members if one.meaning.places), found, left_out)


def _is_relief(names: Collection[str]) -> bool:
    """Whether one of these maps cannot be a photograph."""
    return bool({BUMP, *ONLY_IN_SETS}.intersection(names))


def _weak_set(members: list[Named], plain: Path | None) -> bool:
    """Whether files with short words, such as `_D` and `_N`, form a set: Unreal's, or colour and plausible normals."""
    names = {name for one in members for name in one.meaning.places}
    normals = [one.file for one in members if "normal" in one.meaning.places]
    is_unreal = members[0].group.startswith(UNREAL) and (len(names) > 1 or members[0].word == "bc")
    return ("base_color" in names or plain is not None) and (
        is_unreal or any(_looks_like(file, "normal") for file in normals)
    )


def _fits(one: Named) -> bool:
    """Whether a file looks as its word says: normals are mostly blue, and maps of one channel grey."""
    whole = [name for name, place in one.meaning.places.items() if not place.channel and name in GREYS | NORMAL_MAPS]
    return all(_looks_like(one.file, name) for name in whole)


def _looks_like(file: Path, name: str) -> bool:
    """Whether a picture has the colours of a map: mostly blue with red and green near half for normals, else grey."""
    try:
        pixels = small_pixels(file)
    except FileError:
        return False
    red, green, blue = pixels.mean((0, 1))
    if name not in NORMAL_MAPS:
        return float(np.ptp(pixels, axis=2).mean()) < GREY
    return bool(blue > NORMAL_BLUE and abs(red - 0.5) < NORMAL_LEAN and abs(green - 0.5) < NORMAL_LEAN)


def _small_pixels(file: Path) -> np.ndarray:
    from .decode import read_small

    return read_small(file, "normal", 32).pixels


small_pixels: Callable[[Path], np.ndarray] = _small_pixels
"""Reader of a small version of a picture as stored: (H, W, 3). Blender, which lacks our decoders, sets its own."""


def _source(one: Named, name: str, place: MapPlace) -> tuple[MapSource, tuple[object, ...]]:
    """A map's source, and its sort key among files for the same map: readable, whole and OpenGL ones come first."""
    is_sure = name not in NORMAL_MAPS or one.word.endswith(CLEAR_SIGNS)
    if not is_sure and one.name.casefold().startswith(UNREAL):
        place = MapPlace("", True)
    is_unread = one.file.suffix.lower() not in EXTENSIONS
    is_lossy = one.file.suffix.lower() in LOSSY
    preferred = bool(place.channel), not is_sure, place.is_inverted, one.meaning.rank, -one.size, is_lossy
    order = is_unread, *preferred, one.file.name
    return MapSource(one.file, place, is_sure), order


def set_at(path: Path) -> MapSet | None:
    """The map set at a path: a folder, one of several in a folder (FOLDER/brick_*), or a set file; None for others.

    Raise FileError if there are no maps, or several sets of which any may be meant.
    """
    if path.name.endswith(SET_FILE):
        return _set_in_file(path)
    if path.name.endswith(ALL_OF_ONE) and is_folder(path.parent):
        wanted = path.name.removesuffix(ALL_OF_ONE).casefold()
        groups, plain = _files_by_set(tuple(sorted(pictures_among(files_in(path.parent)))))
        likely = (item for item in groups.items() if wanted in (one.name.casefold() for one in item[1]))
        sets = [_set_of(members, plain.get(group)) for group, members in likely]
        found = next((one for one in sets if one and one.name.casefold() == wanted), None)
        if found is None:
            raise FileError("there is no map set {}", "see the names of the files there", excerpt(path))
        beside = [file for file in plain.values() if file not in found.files]
        beside = beside if len(beside) <= MOST_PREVIEWS else []
        return replace(found, left_out={**found.left_out, **dict.fromkeys(beside, "its name names no map")})
    return _set_in(path) if is_folder(path) else None


def sets_in(folder: Path) -> tuple[list[MapSet], list[Path]]:
    """The result of `sets_among` for the pictures in a folder. Of a tiled set, only the first tile counts."""
    return _sets_of_tiles(pictures_among(files_in(folder)))


def _sets_of_tiles(pictures: Iterable[Path]) -> tuple[list[MapSet], list[Path]]:
    found, rest = dict[str, MapSet](), list[Path]()
    for files in by_tile(pictures).values():
        sets, others = sets_among(files)
        rest += others
        for one in sets:
            found.setdefault(one.name.casefold(), one)
    return list(found.values()), rest


def pictures_among(files: Iterable[Path]) -> list[Path]:
    """The files that are pictures by their extension, without hidden files and the contact sheet of a batch."""
    known, files = EXTENSIONS + REFUSED_EXTENSIONS, list(files)
    own = CONTACT_SHEET if any(file.name == DONE_FILE for file in files) else ""
    return [file for file in files if file.suffix.lower() in known and not file.name.startswith((".", own or "."))]


def _set_in(folder: Path) -> MapSet:
    """The only set in a folder, or in its folder of textures. FileError as for `set_at`."""
    files = files_in(folder)
    listed = [file for file in files if file.name.endswith(SET_FILE) and not file.name.startswith(".")]
    if len(listed) == 1:
        return _set_in_file(listed[0])
    sets, rest = _sets_of_tiles(pictures_among(files))
    if not sets:
        below = [one for one in files if is_folder(one) and one.name.casefold() in FOLDERS_OF_MAPS]
        if len(below) == 1 and sets_in(below[0])[0]:
            return _set_in(below[0])
        remedy = "name them like brick_base_color.png, brick_roughness.png, or say which they are: --map normal=FILE"
        raise FileError("{} contains no maps that can be recognised by their names", remedy, folder)
    sets = _largest_first(sets)
    first, *others = sets
    if _is_whole(first) and others and "base_color" in others[0].maps and len(others[0].maps) == len(first.maps):
        names = ", ".join(printable(f"{one.name}{ALL_OF_ONE}") for one in sets[:MOST_NAMED])
        message = Message("{} contains several map sets: {}", folder, names)
        raise FileError(message, "give one of them, such as {}", excerpt(folder / (first.name + ALL_OF_ONE)))
    return merged_set(files, sets, rest)


def _largest_first(sets: Iterable[MapSet]) -> list[MapSet]:
    return sorted(sets, key=lambda one: ("base_color" not in one.maps, -len(one.maps)))


def _is_whole(one: MapSet) -> bool:
    """Whether a set describes a whole surface, so that maps of other sets do not belong to it."""
    return "base_color" in one.maps and len(one.maps) > 1


def merged_set(files: Iterable[Path], sets: Iterable[MapSet], rest: Iterable[Path]) -> MapSet:
    """One set made from all files: the largest of the sets, completed with maps that it lacks.

    sets, rest: as returned by `sets_among`.
    """
    first, *others = _largest_first(sets)
    is_whole = _is_whole(first)
    maps, left_out = dict(first.maps), dict(first.left_out)
    for other in others:
        if is_whole or other.maps.keys() & maps.keys():
            left_out |= dict.fromkeys(other.files, "of another set")
        else:
            maps |= other.maps
        left_out |= other.left_out
    left_out |= dict.fromkeys(rest, "its name names no map")
    known = {*left_out, *(source.file for source in maps.values())}
    unknown = (file for file in files if file not in known and not file.name.startswith(".impasto"))
    return MapSet(first.name, maps, left_out | {file: "no picture" for file in unknown if not is_folder(file)})


def _set_in_file(path: Path) -> MapSet:
    """The set in a set file. Its files are at their paths or next to it. Raise FileError if it is no set file."""
    content = read_json(path, Message("the set file {}", excerpt(path)))
    remedy = 'write {"normal": "brick_n.png", "roughness": "brick_orm.png:g"}'
    if not isinstance(content, dict) or not content or not all(isinstance(text, str) for text in content.values()):
        raise FileError("{} does not name maps' files", remedy, excerpt(path))
    maps = {}
    for name, text in content.items():
        try:
            source = parse_source(name, text)
        except ParameterError as error:
            raise FileError("{}: {}", error.remedy, excerpt(path), error.message) from error
        stated_path = PureWindowsPath(source.file)  # splits C:\\brick\\n.png as well as paths of other systems
        places = (path.parent / place for place in (source.file, stated_path.as_posix(), stated_path.name))
        file = next(filter(is_there, places), path.parent / source.file)
        maps[name] = MapSource(file, source.place, source.is_sure)
    return MapSet(path.name.removesuffix(SET_FILE), maps, set_file=path)


def parse_source(name: str, text: str) -> MapSource:
    """A map's source from a text FILE or FILE:CHANNEL: `orm.png:g`, `mask.png:1-a`, or for normals `n.png:directx`.

    Raise ParameterError if there is no such map, or the channel does not fit it.
    """
    if name not in MAP_CHANNELS:
        near, known = did_you_mean(name, MAP_CHANNELS), ", ".join(MAP_CHANNELS)
        raise ParameterError("there is no map called {}", "{}use one of {}", excerpt(name), near, known)
    file, _, ending = text.rpartition(":")
    if not file or not (found := re.fullmatch(rf"(1-)?([{CHANNELS}])|{DIRECTX}|{OPENGL}", ending)):
        if Path(file).suffix.lower() in EXTENSIONS:
            remedy = "end it in :r, :g, :b or :a, in :1-r and so on, or for normals in :{} or :{}"
            raise ParameterError("{} names no channel of a picture", remedy, excerpt(text), DIRECTX, OPENGL)
        return MapSource(Path(text), is_sure=False)
    if ending in (DIRECTX, OPENGL):
        if name not in NORMAL_MAPS:
            raise ParameterError("{} has no sign like {}", "leave :{} out", name, excerpt(ending), ending)
        return MapSource(Path(file), MapPlace("", ending == DIRECTX))
    if MAP_CHANNELS[name] > 1:
        message = "{} has {} channels, got {}"
        raise ParameterError(message, "name a file alone", name, MAP_CHANNELS[name], excerpt(ending))
    return MapSource(Path(file), MapPlace(found[2], found[1] is not None))


def tiles_in(path: Path) -> dict[int, dict[str, MapSource]]:
    """The maps of a tiled image by tile number and name; a single picture has the name "". Empty for other sources."""
    if is_tiled(path):
        return {number: {"": MapSource(file)} for number, file in tiles_at(path).items()}
    folder = path.parent if path.name.endswith(ALL_OF_ONE) else path
    files = by_tile(pictures_among(files_in(folder)) if is_folder(folder) else [])
    others = files.pop(0, [])
    found = {number: sets_among(of_tile)[0] for number, of_tile in files.items()}
    if folder != path:
        wanted = path.name.removesuffix(ALL_OF_ONE).casefold()
        found = {number: [one for one in sets if one.name.casefold() == wanted] for number, sets in found.items()}
    elif any(len(set(maps)) < len(maps) for maps in ([*chain(*(one.maps for one in sets))] for sets in found.values())):
        return {}  # several tiled images
    elif found and any(map(_is_whole, sets_among(others)[0])):
        return {}
    tiles = {number: {name: of for one in sets for name, of in one.maps.items()} for number, sets in found.items()}
    return {number: maps for number, maps in tiles.items() if maps}


def beside_tiles(path: Path, tiles: Mapping[int, Mapping[str, MapSource]]) -> MapSet:
    """A set without maps whose note names the pictures in a folder that are not a map of any tile."""
    used = {source.file for maps in tiles.values() for source in maps.values()}
    files = pictures_among(files_in(path)) if is_folder(path) else []
    return MapSet(path.name, {}, {file: "no map of a tile" for file in files if file not in used})


def by_tile(files: Iterable[Path]) -> dict[int, list[Path]]:
    """Pictures by their UDIM tile number, 0 for none: wall_color.1001.png, or wall_color_1001.png as Mari writes it.

    Mari's number counts only behind a word for a map, and if there is a tile 1001. IMG_1001.jpg is not a tile, and
    neither is color_1024.png.
    """
    files = sorted(files)
    marked = {file: int(found[1]) for file in files if (found := MARI.search(file.stem)) and _is_sure(file)}
    known = marked if FIRST in marked.values() else {}
    tiles: dict[int, list[Path]] = {}
    for file in files:
        tiles.setdefault(tile_number(file) or known.get(file, 0), []).append(file)
    return dict(sorted(tiles.items()))


def _is_sure(file: Path) -> bool:
    """Whether a file's name clearly ends in a word for a map."""
    named = read_name(file)
    return named is not None and not named.meaning.is_weak and bool(named.meaning.places)


def folder_of(path: Path) -> str:
    """Name of the folder for a source's files on the machine that they are sent to; "" for a picture."""
    if path.name.endswith((SET_FILE, ALL_OF_ONE)):
        return path.name.removesuffix(SET_FILE).removesuffix(ALL_OF_ONE) or path.absolute().parent.name
    return path.name if is_folder(path) else ""


def sent_files(path: Path) -> dict[str, Path]:
    """A source's files by the names under which they are sent to another machine. Raise FileError for equal names."""
    files = files_at(path)
    named = {file.name: file for file in files}
    if len(named) < len(files):
        twice = next(file for file in files if named[file.name] != file)
        remedy = "rename one of them, since they are sent to another machine into one folder"
        raise FileError("{} has two files that are called {}", remedy, excerpt(path.name), excerpt(twice.name))
    return named


def files_at(path: Path) -> list[Path]:
    """The files that a source is read from: a picture, its tiles, or a set's maps and the file that lists them."""
    if tiles := tiles_in(path):
        return list(dict.fromkeys(source.file for tile in tiles.values() for source in tile.values()))
    found = set_at(path)
    if found is None:
        return [path]
    return [*found.files, *filter(None, [found.set_file])]
