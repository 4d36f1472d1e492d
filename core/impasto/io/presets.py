"""Packings for engines: the channels, the sign of normals and the file names that each expects."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ParameterError, did_you_mean
from ..system.untrusted import excerpt
from . import gltf_material
from .materialx import INPUTS, document
from .packing import MAPS, Channel, PackedPicture, Packing, all_of, parse_pictures

OCCLUSION, ROUGHNESS, METALLIC, OPACITY = (
    Channel(name) for name in ("ambient_occlusion", "roughness", "metallic", "opacity")
)
SMOOTHNESS = Channel("roughness", is_inverted=True)
ORM = (OCCLUSION, ROUGHNESS, METALLIC)
DETAIL = Channel(constant=1.0)
"""Mask of a detail map: everywhere, as without a mask."""


def _color(pattern: str) -> PackedPicture:
    """Base colour, with opacity as alpha where there is any."""
    return PackedPicture(pattern, (*all_of("base_color"), OPACITY), "base_color", has_optional_alpha=True)


def _directx(name: str, pattern: str) -> PackedPicture:
    """Normals whose green points down."""
    red, green, blue = all_of(name)
    return PackedPicture(pattern, (red, Channel(name, green.index, is_inverted=True), blue), name)


PRESETS: Mapping[str, Packing] = {
    one.name: one
    for one in (
        Packing(
            "gltf",
            (
                _color("{name}_baseColor"),
                PackedPicture("{name}_occlusionRoughnessMetallic", ORM, "orm"),
                PackedPicture.of_map("normal", "{name}_normal"),
                PackedPicture.of_map("emission", "{name}_emissive"),
                PackedPicture.of_map("transmission_weight", "{name}_transmission"),
            ),
            gltf_material.document,
        ),
        Packing(
            "unreal",
            (
                _color("T_{name}_BC"),
                PackedPicture("T_{name}_ORM", ORM, "orm"),
                _directx("normal", "T_{name}_N"),
                PackedPicture.of_map("emission", "T_{name}_E"),
                PackedPicture.of_map("height", "T_{name}_H"),
                _directx("bent_normal", "T_{name}_BN"),
            ),
        ),
        Packing(
            "unity-urp",
            (
                _color("{name}_BaseMap"),
                PackedPicture("{name}_MetallicSmoothness", (METALLIC,) * 3 + (SMOOTHNESS,), "mask"),
                PackedPicture.of_map("normal", "{name}_Normal"),
                PackedPicture.of_map("ambient_occlusion", "{name}_Occlusion"),
                PackedPicture.of_map("height", "{name}_Height"),
                PackedPicture.of_map("emission", "{name}_Emission"),
            ),
        ),
        Packing(
            "unity-hdrp",
            (
                _color("{name}_BaseMap"),
                PackedPicture("{name}_MaskMap", (METALLIC, OCCLUSION, DETAIL, SMOOTHNESS), "mask"),
                PackedPicture.of_map("normal", "{name}_Normal"),
                PackedPicture.of_map("bent_normal", "{name}_BentNormal"),
                PackedPicture.of_map("height", "{name}_Height"),
                PackedPicture.of_map("emission", "{name}_Emissive"),
            ),
        ),
        Packing(
            "godot",
            (
                _color("{name}_albedo"),
                PackedPicture("{name}_orm", ORM, "orm"),
                PackedPicture.of_map("normal", "{name}_normal"),
                PackedPicture.of_map("emission", "{name}_emission"),
                PackedPicture.of_map("height", "{name}_height"),
            ),
        ),
        Packing(
            "materialx",
            tuple(PackedPicture.of_map(name) for name in (*INPUTS, "height")),
            document,
        ),
    )
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
