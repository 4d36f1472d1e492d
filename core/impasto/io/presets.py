"""Packings for engines, and the text files that come with their pictures: glTF without a mesh, and MaterialX.

`packings.toml` has the channels, the sign of normals and the file names that each engine expects. The glTF says where
the pictures lie on UVs. The MaterialX connects them to OpenPBR, with real-world heights. It is written without
MaterialX's own library, which would save some ten lines here and install 29 MB. *Endless* has no counterpart in it:
`hextiledimage` (1.39.5) turns and scales its tiles and knows colours only.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from ..errors import ParameterError, did_you_mean
from ..surface.heights import UNKNOWN_RELIEF
from ..system.untrusted import excerpt
from .gltf import TRANSFORM, TRANSMISSION, Placement
from .packing import MAPS, PackedMaterial, PackedPicture, Packing, parse_channels, parse_pictures

GLTF_KINDS = {".png": "image/png", ".jpg": "image/jpeg"}
"""Media types of the picture formats that glTF allows."""
GLTF_ROLES = ("base_color", "orm", "normal", "emission", "transmission_weight")
MATERIALX_VERSION = "1.39"
MATERIALX_INPUTS: Mapping[str, list[str]] = tomllib.loads(Path(__file__).with_name("materialx.toml").read_text("utf-8"))
"""Input of `open_pbr_surface`, and its type, for each map."""


def gltf_document(material: PackedMaterial) -> Mapping[str, str]:
    """NAME.gltf, which refers to the pictures by name; nothing for UDIM tiles, and for formats that glTF forbids."""
    if not (kind := GLTF_KINDS.get(material.suffix)):
        return {}
    roles = [role for role in GLTF_ROLES if role in material.files]
    place = _place(material.placement)
    textures = {role: {"index": index, **place} for index, role in enumerate(roles)}
    factors: dict[str, Any] = {"metallicFactor": 1 if "metallic" in material.maps else 0}
    slots: dict[str, Any] = {"name": material.name, "pbrMetallicRoughness": factors}
    if "base_color" in textures:
        factors["baseColorTexture"] = textures["base_color"]
        slots |= {"alphaMode": "BLEND"} if "opacity" in material.maps else {}
    if "orm" in textures:
        factors["metallicRoughnessTexture"] = textures["orm"]
        slots |= {"occlusionTexture": textures["orm"]} if "ambient_occlusion" in material.maps else {}
    if "normal" in textures:
        slots["normalTexture"] = textures["normal"]
    if "emission" in textures:
        slots |= {"emissiveTexture": textures["emission"], "emissiveFactor": [1, 1, 1]}
    if "transmission_weight" in textures:
        transmission = {"transmissionFactor": 1, "transmissionTexture": textures["transmission_weight"]}
        slots["extensions"] = {TRANSMISSION: transmission}
    used = [TRANSFORM] * bool(place) + [TRANSMISSION] * ("extensions" in slots)
    content = {
        "asset": {"version": "2.0", "generator": "Impasto"},
        **({"extensionsUsed": used} if used else {}),
        "materials": [slots],
        "textures": [{"source": index, "sampler": 0} for index in range(len(roles))],
        "samplers": [{}],
        "images": [{"uri": quote(material.files[role]), "mimeType": kind, "name": role} for role in roles],
    }
    return {f"{material.name}.gltf": json.dumps(content, indent=1, ensure_ascii=False) + "\n"}


def _place(placement: Placement | None) -> dict[str, Any]:
    """A texture's KHR_texture_transform; empty if it covers the unit square of UVs."""
    if placement is None or placement == Placement():
        return {}
    about = {"offset": [*placement.offset], "rotation": placement.rotation, "scale": [*placement.scale]}
    return {"extensions": {TRANSFORM: about}}


def materialx_document(material: PackedMaterial) -> Mapping[str, str]:
    """NAME.mtlx, which refers to the pictures by name."""
    root = ElementTree.Element("materialx", version=MATERIALX_VERSION)
    shader = _node(root, "open_pbr_surface", "surface", "surfaceshader")
    for role, (input_, type_) in MATERIALX_INPUTS.items():
        if role in material.files:
            _image(root, material, role, type_)
            _value(shader, input_, type_, nodename=_join(root, role))
    if "emission" in material.files:
        _value(shader, "emission_luminance", "float", value="1")
    name = "".join(one if one.isascii() and one.isalnum() else "_" for one in material.name)  # as MaterialX allows
    output = _node(root, "surfacematerial", f"material_{name}", "material")
    _value(output, "surfaceshader", "surfaceshader", nodename="surface")
    if "height" in material.files:
        _image(root, material, "height", "float")
        _displace(root, material)
        _value(output, "displacementshader", "displacementshader", nodename="displacement")
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return {f"{material.name}.mtlx": f'<?xml version="1.0"?>\n{text}\n'}


def _join(root: ElementTree.Element, role: str) -> str:
    """Name of the node that feeds a map's input: its image, or a new node behind the image."""
    if role == "normal":
        node = _node(root, "normalmap", "normal_map", "vector3")
        _value(node, "in", "vector3", nodename="normal_image")
        return "normal_map"
    return f"{role}_image"


def _image(root: ElementTree.Element, material: PackedMaterial, role: str, type_: str) -> None:
    """Add an image node. Colour is sRGB-encoded in PNG files, and linear in EXR files."""
    node = _node(root, "image", f"{role}_image", type_)
    file = _value(node, "file", "filename", value=material.files[role])
    if type_ == "color3":
        file.set("colorspace", "lin_rec709" if material.suffix == ".exr" else "srgb_texture")


def _displace(root: ElementTree.Element, material: PackedMaterial) -> None:
    """Add displacement, in metres, or in widths of the picture if its width is unknown. A height of 0.5 stays put."""
    width = material.width_m or 1.0
    scale = UNKNOWN_RELIEF * width if material.height_range_m is None else material.height_range_m
    middle = _node(root, "subtract", "height_offset", "float")
    _value(middle, "in1", "float", nodename="height_image")
    _value(middle, "in2", "float", value="0.5")
    node = _node(root, "displacement", "displacement", "displacementshader")
    _value(node, "displacement", "float", nodename="height_offset")
    _value(node, "scale", "float", value=f"{scale:.6g}")


def _node(root: ElementTree.Element, kind: str, name: str, type_: str) -> ElementTree.Element:
    return ElementTree.SubElement(root, kind, name=name, type=type_)


def _value(node: ElementTree.Element, name: str, type_: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(node, "input", attrib={"name": name, "type": type_, **attributes})


DESCRIBED = {"gltf": gltf_document, "materialx": materialx_document}
"""Functions that write the text files of a preset."""


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
    """The packing for a preset's name, for pictures as in `parse_pictures`, or for both; "" gives one file per map.

    ParameterError lists the presets, or says what is wrong with a picture.
    """
    words = text.split()
    if not words:
        return MAPS
    if "=" in words[0]:
        return Packing(text, parse_pictures(text))
    if words[0] not in PRESETS:
        message, remedy = "there is no preset for export called {}", "{}choose from {}, or write NAME=CHANNEL,CHANNEL,…"
        raise ParameterError(message, remedy, excerpt(words[0]), did_you_mean(words[0], PRESETS), ", ".join(PRESETS))
    preset = PRESETS[words[0]]
    return Packing(text, preset.pictures + parse_pictures(" ".join(words[1:])), preset.describe)
