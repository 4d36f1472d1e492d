"""Packings for engines: `packings.toml` says the channels, the sign of normals and the file names that each expects."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from ..errors import ParameterError, did_you_mean
from ..system.untrusted import excerpt
from . import gltf_material, materialx
from .packing import MAPS, PackedPicture, Packing, parse_channels, parse_pictures

DESCRIBED = {"gltf": gltf_material.document, "materialx": materialx.document}
"""Writers of a preset's text files."""


def _picture(pattern: str, channels: str) -> PackedPicture:
    found = tuple(channel for part in channels.rstrip("?").split(",") for channel in parse_channels(part))
    names = [channel.map_name for channel in found]
    role = "orm" if names == ["ambient_occlusion", "roughness", "metallic"] else names[0]
    return PackedPicture(pattern, found, role, has_optional_alpha=channels.endswith("?"))


PRESETS: Mapping[str, Packing] = {
    name: Packing(name, tuple(_picture(*one) for one in pictures.items()), DESCRIBED.get(name, Packing.describe))
    for name, pictures in tomllib.loads(Path(__file__).with_name("packings.toml").read_text(encoding="utf-8")).items()
}


def packing_of(text: str) -> Packing:
    """The packing of a preset's name, of pictures as in `parse_pictures`, or of both; "" is one file for each map.

    ParameterError lists the presets, or says what is wrong with a picture.
    """
    words = text.split()
    if not words:
        return MAPS
    if "=" in words[0]:
        return Packing(text, parse_pictures(text))
    if words[0] not in PRESETS:
        remedy = f"{did_you_mean(words[0], PRESETS)}choose from {', '.join(PRESETS)}, or write NAME=CHANNEL,CHANNEL,…"
        raise ParameterError(f"there is no preset for export called {excerpt(words[0])}", remedy)
    preset = PRESETS[words[0]]
    return Packing(text, preset.pictures + parse_pictures(" ".join(words[1:])), preset.describe)
