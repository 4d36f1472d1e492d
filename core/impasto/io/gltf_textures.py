"""Textures of a glTF material: in which of its slots they are, and where on the UVs they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

TRANSFORM = "KHR_texture_transform"
TRANSMISSION = "KHR_materials_transmission"
SLOTS: Mapping[str, tuple[str, ...]] = {
    "baseColorTexture": ("pbrMetallicRoughness",),
    "metallicRoughnessTexture": ("pbrMetallicRoughness",),
    "normalTexture": (),
    "occlusionTexture": (),
    "emissiveTexture": (),
    "transmissionTexture": ("extensions", TRANSMISSION),
}
"""Keys of the textures that are read and written, with the objects of a material that they are in."""


def slots_of(material: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The textures of a material, by the names of their slots; the first says where the others have to lie."""
    for slot, path in SLOTS.items():
        found: Any = material
        for key in path:
            found = found.get(key, {})
        if slot in found:
            yield slot, found[slot]


@dataclass(frozen=True)
class Placement:
    """Part of the UVs that a texture covers: of which set, and offset, rotation and scale (KHR_texture_transform)."""

    uv_set: int = 0
    offset: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> Placement:
        """The placement of a texture."""
        about = info.get("extensions", {}).get(TRANSFORM, {})
        offset, scale = (
            tuple(map(float, about.get(key, usual))) for key, usual in (("offset", (0, 0)), ("scale", (1, 1)))
        )
        if len(offset) != 2 or len(scale) != 2:
            raise ValueError
        uv_set = about.get("texCoord", info.get("texCoord", 0))
        return cls(int(uv_set), offset, float(about.get("rotation", 0)), scale)

    def uvs(self, given: np.ndarray) -> np.ndarray:
        """Places (…, 2) in the texture, V upwards, of UVs as glTF has them."""
        cosine, sine = np.cos(self.rotation), np.sin(self.rotation)
        u, v = np.moveaxis(given * self.scale, -1, 0)
        x, y = cosine * u + sine * v + self.offset[0], cosine * v - sine * u + self.offset[1]
        return np.stack([x, 1 - y], -1)


def placement_of(material: Mapping[str, Any]) -> Placement | None:
    """The placement of a material's first texture; None without textures."""
    return next((Placement.of(info) for _, info in slots_of(material)), None)
