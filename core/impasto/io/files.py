"""Reading pictures, folders with one file per map and what is in a .blend; writing map sets.

Every file written holds the recipe that made it. Headers are checked before anything is decoded; files are written
beside their target and renamed, so that an interrupted write loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from ..errors import FileError
from ..recipe import Recipe
from ..system.names import as_unicode, check_name, usable_name
from ..system.transaction import recover, stage
from ..system.untrusted import explain, files_in, is_folder, is_there, make_folder, resolve
from ..texture import Maps
from . import blend, decode
from .datablocks import Datablock
from .encode import RowWriter
from .formats import BUILTIN_EXPORTERS, AtOnce, Exporter
from .metadata import metadata_of
from .packing import MAPS, Layout, MapFiles, PackedPicture, Packing

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "base_color": (
        "base_color",
        "basecolor",
        "basemap",
        "bc",
        "base",
        "albedo",
        "diffuse",
        "diff",
        "color",
        "colour",
        "col",
    ),
    "roughness": ("roughness", "rough", "rgh"),
    "metallic": ("metallic", "metalness", "metal", "met"),
    "bent_normal": ("bent_normal", "bentnormal", "bent_normals"),
    "normal": ("normal", "normal_gl", "normalgl", "nor_gl", "nor", "nrm", "normal_opengl"),
    "height": ("height", "displacement", "disp", "bump"),
    "ambient_occlusion": ("ambient_occlusion", "ambientocclusion", "ao", "occlusion"),
    "opacity": ("opacity", "alpha", "mask"),
    "emission": ("emission", "emissive", "emit"),
    "confidence": ("confidence",),
}
"""Suffixes that common texture libraries give to the files of each map, the most specific first."""
OTHER_SUFFIXES = ("blend_mask",)
"""Suffixes of files that are no maps, although they end like some: MatSynth's masks of blended materials."""


def read_maps(
    path: str | Path, *, upright: bool = True, on_progress: Callable[[float], None] = lambda fraction: None
) -> Maps:
    """A picture as base_color (and opacity), a folder of maps matched by `SUFFIXES`, or a datablock of a .blend.

    upright: apply the EXIF orientation. `on_progress(fraction)` is called during reading, and may raise Cancelled.
    FileError says what is wrong with the file, and what to do.
    """
    path = Path(path)
    if datablock := Datablock.at(path):
        with blend.written_maps(datablock, on_progress) as folder:
            return replace(read_maps(folder, on_progress=on_progress), name=as_unicode(datablock.title))
    recover(path if is_folder(path) else path.parent)
    if not is_folder(path):
        return replace(decode.read_picture(path, upright=upright, on_progress=on_progress), name=as_unicode(path.name))
    found = map_files(path)
    _common_size(path, found)
    textures = {}
    for index, (name, file) in enumerate(found.items()):
        tell = lambda fraction, done=index: on_progress((done + fraction) / len(found))  # noqa: E731
        textures[name] = decode.read_map(file, name, upright=upright, on_progress=tell)
    return Maps(textures, name=as_unicode(path.name), **_scale(next(iter(found.values()))))


def read_size(path: Path) -> tuple[int, int]:
    """(height, width) of a source, without decoding it. FileError as for `read_maps`."""
    if datablock := Datablock.at(path):
        return blend.source_at(datablock).size_px
    return _common_size(path, map_files(path)) if is_folder(path) else decode.read_size(path)


def _common_size(folder: Path, files: Mapping[str, Path]) -> tuple[int, int]:
    if len(sizes := {decode.read_size(file) for file in files.values()}) > 1:
        listed = ", ".join(f"{width}x{height}" for height, width in sorted(sizes))
        raise FileError(f"the maps in {folder} must have one size, got {listed}", "resize them first")
    return sizes.pop()


def map_files(folder: Path) -> dict[str, Path]:
    """The files of a map set by map, as in `first_of_each`. FileError if there are none."""
    found = first_of_each(files_in(folder))
    if not found:
        raise FileError(
            f"{folder} contains no maps that can be recognised by their names",
            "name them like brick_base_color.png, brick_roughness.png",
        )
    return found


def first_of_each(files: Iterable[Path]) -> dict[str, Path]:
    """The files that hold maps, by map. Of several for one map, readable formats, then earlier `SUFFIXES` come first.

    So MatSynth's basecolor.png is taken before its diffuse.png, and height.png before displacement.png.
    """
    found: dict[str, tuple[bool, int, Path]] = {}
    for file in files:
        name, rank = _map_and_rank(file)
        if name and file.suffix.lower() in decode.EXTENSIONS + decode.REFUSED_EXTENSIONS:
            item = file.suffix.lower() not in decode.EXTENSIONS, rank, file
            found[name] = min(found.get(name, item), item)
    return {name: file for name, (_, _, file) in found.items()}


def map_name(file: Path) -> str | None:
    """The map that a file holds, by the suffix of its name: "normal" for brick_normal_gl.png."""
    return _map_and_rank(file)[0]


def _map_and_rank(file: Path) -> tuple[str | None, int]:
    """The map that a file holds, and the place of its suffix among the map's."""
    stem = re.sub(r"[\s\-.]+", "_", file.stem.lower())
    stem = "_" + re.sub(r"_\d+k$", "", stem)
    if stem.endswith(tuple(f"_{suffix}" for suffix in OTHER_SUFFIXES)):
        return None, 0
    for name, suffixes in SUFFIXES.items():
        for rank, suffix in enumerate(suffixes):
            if stem.endswith(f"_{suffix}"):
                return name, rank
    return None, 0


def set_name(file: Path) -> str:
    """Name that the maps of a set share: "brick" for brick_base_color.png; the whole stem if it names no map."""
    suffixes = sorted((suffix for names in SUFFIXES.values() for suffix in names), key=len, reverse=True)
    found = re.fullmatch(rf"(.+?)[\s\-._]+(?:{'|'.join(suffixes)})(?:_\d+k)?", file.stem, re.IGNORECASE)
    return found[1] if found else file.stem


def unpack(contents: Mapping[str, bytes | memoryview], folder: Path, set_name: str = "") -> Path:
    """The path of a picture, or of a set of maps called `set_name`, whose files are written into a folder, by name."""
    folder = make_folder(folder / set_name)
    for name, content in contents.items():
        with explain(folder / name):
            (folder / name).write_bytes(content)
    return folder if set_name else folder / next(iter(contents))


def source_files(path: Path) -> list[Path]:
    """The files that a source is read from: a picture, those of a map set, or a .blend and what it uses outside it."""
    if datablock := Datablock.at(path):
        return list(blend.source_at(datablock).files)
    return list(map_files(path).values()) if is_folder(path) else [path]


@contextmanager
def on_disk(path: Path) -> Iterator[Path]:
    """A picture or a folder of maps with the content of a source, until the end of the block."""
    if (datablock := Datablock.at(path)) is None:
        yield path
        return
    with blend.written_maps(datablock) as folder:
        yield folder


def sources_in(path: Path) -> list[Path]:
    """The path, or those of all materials or all objects of a .blend if it names none of them."""
    datablock = Datablock.at(path)
    return [one.path for one in blend.datablocks_in(datablock)] if datablock else [path]


def is_source(path: Path) -> bool:
    """Whether there is a file, a folder or a .blend to read the source from."""
    datablock = Datablock.at(path)
    return is_there(datablock.blend if datablock else path)


def source_name(path: Path) -> str:
    """Name for the result of a source: of its datablock or map set, or of the folder that `.` and `..` stand for."""
    if datablock := Datablock.at(path):
        return datablock.file_name
    return usable_name(set_name(resolve(path) if path.name in ("", "..") else path))


def read_recipe(path: str | Path) -> Recipe:
    """The recipe in a file that Impasto wrote. FileError if there is none."""
    path = Path(path)
    metadata = decode.read_metadata(path)
    if "recipe" not in metadata:
        raise FileError(f"{path} has no recipe", "only files that Impasto wrote do; editors often drop it")
    return Recipe.from_dict(metadata["recipe"])


def _scale(path: Path) -> dict[str, float]:
    metadata = decode.read_metadata(path)
    return {key: float(metadata[key]) for key in ("width_m", "height_range_m") if key in metadata}


def encode_maps(maps: Maps, exporter: Exporter, recipe: Recipe | None = None) -> dict[str, bytes]:
    """One encoded file per map, by map name, with the recipe inside."""
    metadata = metadata_of(recipe, maps.width_m, maps.height_range_m)
    return {name: exporter.encode(Layout.of_map(name), maps[name], metadata) for name in maps}


def write_maps(
    maps: Maps,
    folder: str | Path,
    name: str,
    exporter: Exporter = BUILTIN_EXPORTERS[0],
    recipe: Recipe | None = None,
    *,
    packing: Packing = MAPS,
    replace: bool = True,
) -> list[Path]:
    """Write NAME_base_color.png and so on into `folder`, all of them or none; return the paths.

    Everything is written beside its target first, so that a full disk leaves the older files intact. packing: other
    files, as an engine expects them. replace: overwrite existing files; otherwise they are a FileError.
    """
    check_name(name, "the name of the files")
    files = MapFiles.of(maps, maps.size_px, Path(folder) / name, exporter.suffix, packing)
    metadata = metadata_of(recipe, maps.width_m, maps.height_range_m)
    write_bands([maps], maps.size_px, files, exporter, metadata, replace=replace)
    return list(files.paths)


def write_bands(
    bands: Iterable[Maps],
    size_px: tuple[int, int],
    files: MapFiles,
    exporter: Exporter,
    metadata: Mapping[str, str],
    *,
    replace: bool,
) -> None:
    """Write bands of rows, from the top, that make up `size_px` (height, width), to all files, or nothing.

    Threads, one per picture, pack and write a band while the next one is computed. A complete set is a single band.
    """
    with stage(files.paths, replace=replace) as parts, ExitStack() as stack:
        rows = {}
        for target, picture in files.pictures.items():
            with explain(target):
                rows[target] = exporter.begin(parts[target], picture.layout, size_px, metadata)
            stack.callback(rows[target].abandon)
        for target, text in files.texts.items():
            with explain(target):
                parts[target].write_text(text, encoding="utf-8")
        pool = stack.enter_context(ThreadPoolExecutor(len(rows), "rows"))
        writing: list[Future[None]] = []
        for band in bands:
            _wait(writing)
            writing = [pool.submit(_write, target, files.pictures[target], rows[target], band) for target in rows]
        _wait(writing)
        _wait([pool.submit(_close, target, rows[target].close) for target in rows])


def _write(target: Path, picture: PackedPicture, rows: RowWriter | AtOnce, band: Maps) -> None:
    with explain(target):
        rows.write(picture.texture(band))


def _close(target: Path, close: Callable[[], None]) -> None:
    with explain(target):
        close()


def _wait(writing: Iterable[Future[None]]) -> None:
    """Wait for the threads; raise the first exception of any."""
    for future in writing:
        future.result()
