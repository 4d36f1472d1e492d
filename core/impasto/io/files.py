"""Reading of pictures, folders with one file per map, and materials in a .blend or .glb; writing of map sets.

Every file that is written holds the recipe that made it. Headers are checked before anything is decoded. Files are
written under temporary names and renamed, so that an interrupted write loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

from ..errors import FileError
from ..recipe import Recipe
from ..system.names import as_unicode, check_name, usable_name
from ..system.transaction import recover, stage, temporary_folder
from ..system.untrusted import explain, is_folder, is_there, make_folder, resolve
from ..texture import Maps
from ..udim import tile_key, tile_suffix
from . import blend, decode, gltf_maps
from .datablocks import Datablock
from .formats import BUILTIN_EXPORTERS, Exporter, RowWriter, WholeFile
from .map_files import (
    ALL_OF_ONE,
    FOLDERS_OF_MAPS,
    SET_FILE,
    MapSource,
    beside_tiles,
    files_at,
    set_at,
    set_name,
    sets_in,
    tiles_in,
)
from .metadata import metadata_of
from .packing import MAPS, Layout, MapFiles, PackedPicture, Packing
from .reduction import ALL, Wanted
from .udim import is_tiled, tiles_at, with_all_tiles, without_number
from .unpacking import common_size, read_sources, report_part


def read_maps(
    path: str | Path,
    *,
    upright: bool = True,
    on_progress: Callable[[float], None] = lambda fraction: None,
    color_space: str = "",
    wanted: Wanted = ALL,
) -> Maps:
    """A picture as base_color (and opacity), a map set as `set_at` finds it, or a material of a .blend or .glb.

    NAME.<UDIM>.png, or a folder whose files have UDIM tile numbers, is read as a tiled image.
    upright: apply the EXIF orientation. `on_progress(fraction)` is called during reading, and may raise Cancelled.
    color_space: name of a colour space that overrides what the files say, such as "ACEScg".
    wanted: options for a single picture. The default is a colour picture with values up to 1, at its full size;
    `impasto.io.reduction.Wanted(takes_light=True)` reads a panorama with values above 1 as linear light.
    FileError says what is wrong with the file, and what to do.
    """
    path = Path(path)
    if datablock := Datablock.at(path):
        if datablock.is_gltf and color_space:
            raise FileError("the colours of {} are sRGB, as glTF says", "leave the colour space out", datablock.title)
        if datablock.is_gltf:
            return gltf_maps.read_material(datablock, on_progress)
        with blend.written_maps(datablock, on_progress) as (folder, notes):
            maps = read_maps(folder, on_progress=on_progress, color_space=color_space)
            return replace(maps, name=as_unicode(datablock.title), notes=(*maps.notes, *notes))
    recover(path if is_folder(path) else path.parent)
    plain = Wanted(upright=upright, color_space=color_space)
    if tiles := tiles_in(path):
        parts = {
            number: _read_tile(tile, plain, partial(report_part, on_progress, index, len(tiles)))
            for index, (number, tile) in enumerate(tiles.items())
        }
        maps = Maps.of_tiles(_in_one_range(parts))
        note = beside_tiles(path, tiles).note
        return replace(maps, name=as_unicode(path.name), notes=(*maps.notes, *filter(None, [note])))
    found = set_at(path)
    if found is None:
        alone = replace(wanted, upright=upright, color_space=color_space)
        return replace(decode.read_picture(path, alone, on_progress), name=as_unicode(path.name))
    maps = read_sources(found.maps, plain, on_progress)
    name = path.name if is_folder(path) else found.name
    return replace(maps, name=as_unicode(name), notes=(*maps.notes, *filter(None, [found.note])))


def _read_tile(tile: Mapping[str, MapSource], wanted: Wanted, on_progress: Callable[[float], None]) -> Maps:
    """The maps of one UDIM tile, from their files by name; the name "" stands for a single picture."""
    if "" in tile:
        return decode.read_picture(tile[""].file, wanted, on_progress)
    return read_sources(tile, wanted, on_progress)


def _in_one_range(tiles: Mapping[int, Maps]) -> Mapping[int, Maps]:
    """Maps of UDIM tiles, with heights in metres rescaled to the range of all tiles together."""
    if all(maps.lowest_m is None for maps in tiles.values()):
        return tiles
    ends = {number: (maps.lowest_m or 0.0, maps.height_range_m or 1.0) for number, maps in tiles.items()}
    lowest = min(low for low, _ in ends.values())
    range_m = max(low + own for low, own in ends.values()) - lowest
    scaled = {
        number: maps.with_arrays({"height": (maps["height"].pixels * own + (low - lowest)) / range_m})
        for number, maps in tiles.items()
        for low, own in [ends[number]]
    }
    return {number: replace(maps, lowest_m=lowest, height_range_m=range_m) for number, maps in scaled.items()}


def read_size(path: Path) -> tuple[int, int]:
    """(height, width) of a source, or of its largest UDIM tile, without decoding it. FileError as for `read_maps`."""
    if datablock := Datablock.at(path):
        return gltf_maps.read_size(datablock) if datablock.is_gltf else blend.source_at(datablock).size_px
    if tiles := tiles_in(path):
        return max(map(common_size, tiles.values()))
    found = set_at(path)
    return decode.read_size(path) if found is None else common_size(found.maps)


def unpack(contents: Mapping[str, bytes | memoryview], folder: Path, set_name: str = "") -> Path:
    """Write a picture, its tiles, or a set of maps called `set_name` into a folder; return the path to read it by."""
    folder = make_folder(folder / set_name)
    for name, content in contents.items():
        with explain(folder / name):
            (folder / name).write_bytes(content)
    one, *others = with_all_tiles(folder / name for name in contents) if len(contents) > 1 else [folder / min(contents)]
    return folder if set_name or others else one


def source_files(path: Path) -> list[Path]:
    """The files that a source is read from: a picture, tiles, maps, or a .blend or .gltf with the files it uses."""
    if datablock := Datablock.at(path):
        return gltf_maps.files_of(datablock) if datablock.is_gltf else list(blend.source_at(datablock).files)
    return files_at(path)


@contextmanager
def on_disk(path: Path) -> Iterator[Path]:
    """A picture or a folder of maps on disk with the content of a source, until the end of the block."""
    if (datablock := Datablock.at(path)) is None:
        yield path
        return
    if datablock.is_gltf:
        with temporary_folder() as folder:
            write_maps(read_maps(path), folder, datablock.file_name or source_name(path))
            yield folder
        return
    with blend.written_maps(datablock) as (folder, _):
        yield folder


def sources_in(path: Path) -> list[Path]:
    """The path alone; for a .blend or .glb that names no datablock, the paths of all its materials or objects."""
    if (datablock := Datablock.at(path)) is None:
        return [path]
    return [one.path for one in (gltf_maps if datablock.is_gltf else blend).datablocks_in(datablock)]


def is_source(path: Path) -> bool:
    """Whether the file or folder of the source exists."""
    datablock = Datablock.at(path)
    if path.name.endswith(ALL_OF_ONE):
        return is_folder(path.parent)
    return is_there(datablock.file if datablock else next(iter(tiles_at(path).values())) if is_tiled(path) else path)


def source_name(path: Path) -> str:
    """Name for results of a source: that of its datablock, map set, file or folder; `.` and `..` are resolved."""
    if datablock := Datablock.at(path):
        return datablock.file_name if datablock.name else usable_name(datablock.file.stem)
    if path.name.endswith((ALL_OF_ONE, SET_FILE)):
        return usable_name(path.name.removesuffix(SET_FILE).removesuffix(ALL_OF_ONE) or resolve(path.parent).name)
    if path.name.casefold() in FOLDERS_OF_MAPS and is_folder(path) and (found := sets_in(path)[0]) and found[0].name:
        return usable_name(as_unicode(found[0].name))
    named = without_number(path) if is_tiled(path) else path
    return usable_name(set_name(resolve(named) if named.name in ("", "..") else named))


def read_recipe(path: str | Path) -> Recipe:
    """The recipe in a file that Impasto wrote. Raise FileError if there is none."""
    path = Path(path)
    datablock = Datablock.at(path)
    metadata = gltf_maps.read_metadata(datablock) if datablock and datablock.is_gltf else decode.read_metadata(path)
    if "recipe" not in metadata:
        raise FileError("{} has no recipe", "only files that Impasto wrote do; editors often drop it", path)
    return Recipe.from_dict(metadata["recipe"])


def encode_maps(maps: Maps, exporter: Exporter, recipe: Recipe | None = None) -> dict[str, bytes]:
    """One encoded file per map, with the recipe inside, by map name, or by MAP.NUMBER for UDIM tiles."""
    encoded = {}
    for number, tile in maps.tiles().items():
        metadata = metadata_of(recipe, tile.width_m, tile.height_range_m)
        for name in tile:
            encoded[tile_key(name, number)] = exporter.encode(Layout.of_map(name), tile[name], metadata)
    return encoded


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

    UDIM tiles are written as NAME_base_color.1001.png and so on. All files get temporary names first, so that a full
    disk leaves the older files intact. packing: the files that an engine expects, instead of one per map. replace:
    overwrite existing files; otherwise they are a FileError.
    """
    check_name(name, "the name of the files")
    tiles = maps.tiles()
    files = {
        number: MapFiles.of(tile, tile.size_px, Path(folder) / name, tile_suffix(exporter.suffix, number), packing)
        for number, tile in tiles.items()
    }
    paths = list(dict.fromkeys(path for one in files.values() for path in one.paths))
    with stage(paths, replace=replace) as parts:
        for number, tile in tiles.items():
            metadata = metadata_of(recipe, tile.width_m, tile.height_range_m)
            _write_bands([tile], tile.size_px, files[number], exporter, metadata, parts)
    return paths


def write_bands(
    bands: Iterable[Maps],
    size_px: tuple[int, int],
    files: MapFiles,
    exporter: Exporter,
    metadata: Mapping[str, str],
    *,
    replace: bool,
) -> None:
    """Write bands of rows, from the top, to all files of a set, or nothing. size_px: (height, width) of all together.

    A complete set may be given as a single band.
    """
    with stage(files.paths, replace=replace) as parts:
        _write_bands(bands, size_px, files, exporter, metadata, parts)


def _write_bands(
    bands: Iterable[Maps],
    size_px: tuple[int, int],
    files: MapFiles,
    exporter: Exporter,
    metadata: Mapping[str, str],
    parts: Mapping[Path, Path],
) -> None:
    """Write bands to the temporary files. One thread per picture packs and writes a band while the next is computed."""
    with ExitStack() as stack:
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
        for band in chain(bands, (None,)):
            for future in writing:
                future.result()  # raises the first exception of any thread
            writing = [pool.submit(_write, target, files.pictures[target], rows[target], band) for target in rows]
        for future in writing:
            future.result()


def _write(target: Path, picture: PackedPicture, rows: RowWriter | WholeFile, band: Maps | None) -> None:
    """Append a band to a file, or complete the file if there is none."""
    with explain(target):
        if band is None:
            rows.close()
        else:
            rows.write(picture.texture(band))
