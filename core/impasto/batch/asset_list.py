"""The results of a batch as a list of assets, with rendered previews, for Blender to make a library of."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from ..descriptions import EngineDescription
from ..errors import ImpastoError
from ..io.assets import AssetList, ListedAsset, asset_text
from ..io.decode import read_metadata, read_small
from ..io.map_files import map_name
from ..plugins.installation import description
from ..recipe import Recipe
from ..surface.shading import ball
from ..system.untrusted import explain
from ..texture import Maps
from .record import Made

LIST = "assets.json"
PREVIEW_PX, QUALITY = 256, 88
LIT = ("base_color", "roughness", "metallic", "normal", "ambient_occlusion")
"""Maps that are seen on the preview."""


def write_asset_list(
    results: Iterable[Made], folder: Path, target: Path, warn: Callable[[str], None]
) -> tuple[Path, int]:
    """Write the list, the previews and copies of the maps into a folder; the list, and the number of its assets.

    folder: of the results. warn(sentence): called for a result that cannot be an asset, such as one without a colour.
    """
    known = description()
    listed = []
    for made in results:
        try:
            if (asset := _asset(made, folder, target, known)) is None:
                warn(f"{made.name} is not in the library: it has no base colour of one file")
            else:
                listed.append(asset)
        except ImpastoError as error:
            warn(f"{made.name} is not in the library: {error}")
    path = target / LIST
    path.write_text(json.dumps(AssetList(assets=listed)), "utf-8")
    return path, len(listed)


def _asset(made: Made, folder: Path, target: Path, known: EngineDescription) -> ListedAsset | None:
    files = {name: folder / file for file in made.files if (name := map_name(Path(file)))}
    if "base_color" not in files or len(files) < len(made.files):
        return None
    maps = Maps({name: read_small(files[name], name, 2 * PREVIEW_PX) for name in LIT if name in files})
    about = read_metadata(files["base_color"])
    recipe = Recipe.from_dict(about["recipe"]) if "recipe" in about else None
    tools = {tool["name"]: tool for tool in known["tools"]}
    text = asset_text(recipe, tools, known["models"], maps["base_color"].pixels.mean((0, 1)).tolist())
    preview = target / f"{made.name}.jpg"
    _write_preview(ball(maps, PREVIEW_PX), preview)
    for file in files.values():
        with explain(file, "copy"):
            shutil.copyfile(file, target / file.name)
    asset = ListedAsset(
        name=made.name,
        catalog=text.catalog,
        tags=list(text.tags),
        description=text.description,
        license=text.license,
        preview=preview.name,
        maps={name: file.name for name, file in files.items()},
        values={},
    )
    if recipe:
        asset["recipe"] = recipe.to_dict()
    if "width_m" in about:
        asset["width_m"] = float(about["width_m"])
    if "height_range_m" in about:
        asset["relief_m"] = float(about["height_range_m"])
    return asset


def _write_preview(picture: np.ndarray, path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)).save(path, quality=QUALITY)
