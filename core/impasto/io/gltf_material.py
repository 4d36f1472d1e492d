"""A glTF file of one material without a mesh: the pictures beside it, and where they lie on UVs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .gltf_textures import TRANSFORM, TRANSMISSION, Placement
from .packing import PackedMaterial

KINDS = {".png": "image/png", ".jpg": "image/jpeg"}
"""Formats that glTF may hold."""


ROLES = ("base_color", "orm", "normal", "emission", "transmission_weight")


def document(material: PackedMaterial) -> Mapping[str, str]:
    """NAME.gltf, which refers to the files beside it; nothing for tiles and formats that glTF does not know."""
    if not (kind := KINDS.get(material.suffix)):
        return {}
    roles = [role for role in ROLES if role in material.files]
    place = _place(material.placement)
    shown = {role: {"index": index, **place} for index, role in enumerate(roles)}
    factors: dict[str, Any] = {"metallicFactor": 1 if "metallic" in material.maps else 0}
    slots: dict[str, Any] = {"name": material.name, "pbrMetallicRoughness": factors}
    if "base_color" in shown:
        factors["baseColorTexture"] = shown["base_color"]
        slots |= {"alphaMode": "BLEND"} if "opacity" in material.maps else {}
    if "orm" in shown:
        factors["metallicRoughnessTexture"] = shown["orm"]
        slots |= {"occlusionTexture": shown["orm"]} if "ambient_occlusion" in material.maps else {}
    if "normal" in shown:
        slots["normalTexture"] = shown["normal"]
    if "emission" in shown:
        slots |= {"emissiveTexture": shown["emission"], "emissiveFactor": [1, 1, 1]}
    if "transmission_weight" in shown:
        transmission = {"transmissionFactor": 1, "transmissionTexture": shown["transmission_weight"]}
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
    """A texture's KHR_texture_transform; nothing where it lies on the UVs as they are."""
    if placement is None or placement == Placement():
        return {}
    about = {"offset": [*placement.offset], "rotation": placement.rotation, "scale": [*placement.scale]}
    return {"extensions": {TRANSFORM: about}}
