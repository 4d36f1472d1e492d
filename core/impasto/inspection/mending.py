"""Fixing a map set without loss: sizes, missing relief, and the sign, encoding and length of normals.

The fixed set is written to a folder of its own. Unchanged maps are copied, and others are stored with 16 bits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from ..errors import FileError
from ..io.formats import BUILTIN_EXPORTERS, Exporter
from ..io.packing import Layout
from ..surface.color import linear_to_srgb, srgb_to_linear
from ..surface.heights import FLATTEST_PX, height_from_slopes, slopes_from_normal
from ..surface.orientation import flip, unit_normals, with_blue
from ..surface.resizing import resized_map
from ..surface.wrapping import wraps
from ..system.names import usable_name
from ..system.transaction import replace_files
from ..system.untrusted import explain, resolve
from ..texture import COLOR_MAPS, Maps, Texture
from .finding import Fix
from .inspect import Report
from .map_set import InspectedSet

Textures = dict[str, Texture]
DIRECTX = re.compile(r"(normals?|nor|nrm)[\s_\-.]*(dx|directx)(.*)$", re.IGNORECASE)
"""End of the name of a DirectX normal map."""


def _resize(textures: Textures, found: InspectedSet) -> Textures:
    return {name: resized_map(name, texture, found.largest_px) for name, texture in textures.items()}


def _with_normal(change: Callable[[np.ndarray], np.ndarray], textures: Textures, found: InspectedSet) -> Textures:
    """The textures with a changed normal map."""
    pixels = np.clip(change(textures["normal"].pixels), 0, 1)
    return {**textures, "normal": Texture(np.ascontiguousarray(pixels, np.float32))}


def _red_flipped(normal: np.ndarray) -> np.ndarray:
    return np.concatenate([1 - normal[..., :1], normal[..., 1:]], 2)


def _with_height(textures: Textures, found: InspectedSet) -> Textures:
    normal = textures["normal"]
    slopes = slopes_from_normal(normal.pixels)
    height_px = height_from_slopes(slopes, wraps(Maps({"normal": normal})))
    span_px = max(float(np.ptp(height_px)), FLATTEST_PX)
    height = np.clip(0.5 + (height_px - (height_px.min() + height_px.max()) / 2) / span_px, 0, 1)
    return {**textures, "height": Texture(height[..., None].astype(np.float32))}


def _with_normals(textures: Textures, found: InspectedSet) -> Textures:
    import torch

    from ..numerics.borders import with_margin
    from ..surface.heights import UNKNOWN_RELIEF
    from ..surface.relief import normal_from_height, without_rounding

    height = textures["height"]
    smooth = without_rounding(torch.from_numpy(height.pixels[..., 0]))
    around = with_margin(smooth, 1, wraps(Maps({"height": height})), is_odd=True)
    normal = normal_from_height(around * (UNKNOWN_RELIEF * height.size_px[1]))[:, 1:-1, 1:-1]
    return {**textures, "normal": Texture(normal.permute(1, 2, 0).contiguous().numpy())}


FIXES: Mapping[Fix, Callable[[Textures, InspectedSet], Textures]] = {
    "resize": _resize,
    "undo sRGB": partial(_with_normal, srgb_to_linear),
    "apply sRGB": partial(_with_normal, linear_to_srgb),
    "restore blue": partial(_with_normal, with_blue),
    "flip red": partial(_with_normal, _red_flipped),
    "flip green": partial(_with_normal, flip),
    "renormalise": partial(_with_normal, unit_normals),
    "derive height": _with_height,
    "derive normal": _with_normals,
}
"""Fixes in the order in which they are applied."""


def mend(report: Report, folder: Path) -> tuple[list[Fix], list[Path]]:
    """Write the fixed set into a folder. Return the fixes, and the files. The input stays as it is.

    Raise FileError if the folder is that of the input, if it has files with these names, or if there is nothing to fix.
    """
    found = report.found
    if resolve(folder) in (resolve(found.path), resolve(found.path.parent)):
        raise FileError("{} is the folder of the set itself", "choose another --out: the input is kept", folder)
    wanted = {finding.fix for finding in report.findings if finding.fix}
    if not wanted:
        raise FileError("there is nothing to mend in {}", "see the remedies of what was found", found.path)
    textures: Textures = dict(found.textures)
    fixes: list[Fix] = [fix for fix in FIXES if fix in wanted]
    for fix in fixes:
        textures = FIXES[fix](textures, found)
    contents = dict(_content(found, name, texture) for name, texture in textures.items())
    files = {folder / name: data for name, data in contents.items()}
    replace_files(files, replace=False)
    return fixes, list(files)


def _content(found: InspectedSet, name: str, texture: Texture) -> tuple[str, bytes]:
    """Name and content of a map's file: that of the input if the map is unchanged, or else a PNG with 16 bits."""
    source = found.maps.get(name)
    is_whole = source is not None and not source.place.channel
    is_converted = bool(found.color_space) and name in COLOR_MAPS
    if source is not None and is_whole and not is_converted and texture is found.textures.get(name):
        with explain(source.file):
            return source.file.name, source.file.read_bytes()
    stem = DIRECTX.sub(r"\1_gl\3", source.file.stem) if source and is_whole else f"{usable_name(found.name)}_{name}"
    exporter: Exporter = next(one for one in BUILTIN_EXPORTERS if one.name == "png16")
    return f"{stem}{exporter.suffix}", exporter.encode(Layout.of_map(name), replace(texture), {})
