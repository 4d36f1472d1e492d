"""The results of a batch as a list of assets with rendered previews, from which Blender makes a library."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import numpy as np

from ..descriptions import EngineDescription
from ..errors import ImpastoError
from ..io.assets import AssetList, ListedAsset, asset_text
from ..io.decode import read_metadata, read_small
from ..io.files import encode_maps
from ..io.formats import BUILTIN_EXPORTERS
from ..io.packing import PackedPicture, all_of
from ..io.presets import packing_of
from ..io.scanlines import open_scanlines
from ..io.udim import tile_number, with_all_tiles, without_number
from ..io.unpacking import unpacked_maps
from ..plugins.installation import description
from ..recipe import Recipe
from ..surface.shading import ball
from ..system.untrusted import explain
from ..texture import Maps
from ..udim import tile_suffix
from .record import BatchResult

LIST = "assets.json"
PREVIEW_PX, QUALITY = 256, 88
LIT = ("base_color", "roughness", "metallic", "normal", "ambient_occlusion")
"""Maps that the preview shows."""


def write_asset_list(
    results: Iterable[BatchResult], folder: Path, target: Path, warn: Callable[[str], None]
) -> tuple[Path, int]:
    """Write the list, its previews and copies of the maps into `target`. Return the list and the number of its assets.

    folder: of the results. warn(sentence): is called for each result that cannot be an asset, for example without a
    base colour.
    """
    known = description()
    listed = []
    for result in results:
        try:
            if (asset := _asset(result, folder, target, known)) is None:
                warn(f"{result.name} is not in the library: it has no base colour")
            else:
                listed.append(asset)
        except ImpastoError as error:
            warn(f"{result.name} is not in the library: {error}")
    path = target / LIST
    path.write_text(json.dumps(AssetList(assets=listed)), "utf-8")
    return path, len(listed)


def _asset(result: BatchResult, folder: Path, target: Path, known: EngineDescription) -> ListedAsset | None:
    tiles = _written_maps(result, folder, target)
    if not all("base_color" in files for files in tiles.values()) or not tiles:
        return None
    first = tiles[min(tiles)]
    maps = Maps({name: read_small(first[name], name, 2 * PREVIEW_PX) for name in LIT if name in first})
    about = read_metadata(folder / next(iter(result.files)))
    recipe = Recipe.from_dict(about["recipe"]) if "recipe" in about else None
    tools = {tool["name"]: tool for tool in known["tools"]}
    text = asset_text(recipe, tools, known["models"], maps["base_color"].pixels.mean((0, 1)).tolist())
    preview = target / f"{result.name}.jpg"
    _write_preview(ball(maps, PREVIEW_PX), preview)
    asset = ListedAsset(
        name=result.name,
        catalog=text.catalog,
        tags=list(text.tags),
        description=text.description,
        license=text.license,
        preview=preview.name,
        maps={name: with_all_tiles([file])[0].name for name, file in first.items()},
        values={},
    )
    if recipe:
        asset["recipe"] = recipe.to_dict()
    if "width_m" in about:
        asset["width_m"] = float(about["width_m"])
    if "height_range_m" in about:
        asset["relief_m"] = float(about["height_range_m"])
    return asset


def _written_maps(result: BatchResult, folder: Path, target: Path) -> dict[int, dict[str, Path]]:
    """One file for each map of a result, copied or unpacked, by UDIM tile (0 without tiles) and map."""
    packed = {picture.pattern.format(name=result.name): picture for picture in packing_of(result.export).pictures}
    tiles: dict[int, dict[str, Path]] = {}
    for file in map(folder.joinpath, result.files):
        number, picture = tile_number(file), packed.get(without_number(file).stem)
        if picture is not None:
            found = tiles.setdefault(number, {})
            found |= _maps_of(file, picture, target / result.name, number, without=found)
    return tiles


def _maps_of(
    file: Path, picture: PackedPicture, stem: Path, number: int, *, without: Collection[str]
) -> dict[str, Path]:
    """Write STEM_MAP.png for each map of a packed picture that is not in `without`. A picture of one map is copied."""
    name = picture.channels[0].map_name
    if name and picture.channels == all_of(name):
        path = stem.with_name(f"{stem.name}_{name}{tile_suffix(file.suffix, number)}")
        with explain(file, "copy"):
            shutil.copyfile(file, path)
        return {name: path}
    exporter = BUILTIN_EXPORTERS[0 if str(open_scanlines(file).spec.format) == "uint8" else 1]
    maps = {name: map_ for name, map_ in unpacked_maps(file, picture).items() if name not in without}
    paths = {name: stem.with_name(f"{stem.name}_{name}{tile_suffix(exporter.suffix, number)}") for name in maps}
    for name, data in encode_maps(Maps(maps), exporter).items():
        with explain(paths[name]):
            paths[name].write_bytes(data)
    return paths


def _write_preview(picture: np.ndarray, path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)).save(path, quality=QUALITY)
