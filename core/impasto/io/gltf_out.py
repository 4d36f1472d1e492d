"""Writing of GLB files with new textures: slots of materials change in the JSON, and everything else stays."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..atlas.mesh import Mesh
from ..surface.resizing import resized_map
from ..texture import Maps, Texture
from .gltf import BINARY, JSON, MAGIC, PLACE, SLOTS, TRANSFORM, TRANSMISSION, VERSION, Gltf, integer, reading, slots_of
from .gltf_maps import MASKED, maps_in
from .packing import Layout

LEVEL = 0.51 / 255
"""Maps that differ by less are the same, since files hold 8 bits."""
BLOCK = 8
"""Alignment of data, in bytes."""
METALLIC_ROUGHNESS, OCCLUSION = "metallicRoughnessTexture", "occlusionTexture"
MAPS: Mapping[str, tuple[str, ...]] = {
    "baseColorTexture": ("base_color", "opacity"),
    METALLIC_ROUGHNESS: ("ambient_occlusion", "roughness", "metallic"),
    OCCLUSION: ("ambient_occlusion",),
    "normalTexture": ("normal",),
    "emissiveTexture": ("emission",),
    "transmissionTexture": ("transmission_weight",),
}
"""Maps in each slot's picture. Occlusion is in the picture of roughness and metallic unless it has its own."""
KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
PLAIN = {"metallicFactor": 0.0, "roughnessFactor": 0.5}
"""Factors of a material that has no such maps."""
Encode = Callable[[Layout, Texture], bytes]


@dataclass(frozen=True)
class TextureUse:
    """Use of a texture by a material. info: its placement on the UVs, as JSON. sampler: the texture's sampler."""

    info: Mapping[str, Any]
    sampler: Mapping[str, Any]


class Repaint:
    """A glTF file whose materials get new textures. `glb` returns the file."""

    def __init__(self, gltf: Gltf) -> None:
        self._gltf = gltf
        self._new: dict[int, bytes] = {}
        """Data of buffer views that are new or have been replaced, by index."""

    def put(self, index: int, maps: Maps, encode: Encode, *, is_new: bool = False) -> list[str]:
        """Give a material these maps, and return notes. Pictures of maps that have not changed stay untouched.

        is_new: the maps replace the old material, of which only the placement on the UVs is kept.
        """
        with reading(self._gltf.name):
            material = self._gltf.item("materials", index)
            first = next((info for _, info in slots_of(material)), {})
            before = Maps() if is_new or not first else maps_in(self._gltf, index)
            if is_new:
                _clear(material, has_opacity="opacity" in maps)
            use = _use_of(first, self._gltf.item("textures", first["index"]) if first else {})
            for slot, names in _pictures(material).items():
                if any(name in maps and not _is_same(maps, before, name) for name in names):
                    self._show(material, slot, _whole(names, maps, before), encode, use)
        left = [name for name in maps if not any(name in names for names in MAPS.values())]
        return [f"a glTF material has no {', '.join(left)}, which --out FOLDER writes"] if left else []

    def add_material(self, name: str) -> int:
        """Index of a new material, which is assigned to all parts of meshes without a material."""
        materials = self._gltf.json.setdefault("materials", [])
        materials.append({"name": name, "pbrMetallicRoughness": dict(PLAIN)})
        for mesh in self._gltf.list_of("meshes"):
            for primitive in mesh["primitives"]:
                primitive.setdefault("material", len(materials) - 1)
        return len(materials) - 1

    def _show(self, material: dict[str, Any], slot: str, maps: Maps, encode: Encode, use: TextureUse) -> None:
        """Put a picture of these maps into a slot, and set the factors so that they do not change it."""
        infos = [_slot(material, slot)]
        if slot == METALLIC_ROUGHNESS and "ambient_occlusion" in maps:
            infos.append(_slot(material, OCCLUSION))
        used = [info["index"] for info in infos if "index" in info]
        for info in infos:
            info.clear()
            info |= use.info
        if slot == "transmissionTexture":
            extensions = self._gltf.json.setdefault("extensionsUsed", [])
            extensions += [] if TRANSMISSION in extensions else [TRANSMISSION]
        name = f"{material.get('name', 'material')} {slot.removesuffix('Texture')}"
        texture = self._texture(used, use.sampler, encode(*_picture(material, slot, maps)), name)
        for info in infos:
            info["index"] = texture

    def _texture(self, used: list[int], sampler: Mapping[str, Any], data: bytes, name: str) -> int:
        """Index of a texture with this picture: one of `used` that no slot refers to any more, or else a new one."""
        indices = [info["index"] for material in self._gltf.list_of("materials") for info in _infos(material)]
        free = [index for index in dict.fromkeys(used) if index not in indices]
        textures = self._gltf.json.setdefault("textures", [])
        others = [source for place, one in enumerate(textures) if place not in free for source in _sources(one)]
        images = [source for place in free for source in _sources(textures[place]) if source not in others]
        index = free[0] if free else len(textures)
        if not free:
            textures.append(dict(sampler))
        textures[index].pop("extensions", None)
        textures[index]["source"] = self._image(images, data, name)
        return index

    def _image(self, free: list[int], data: bytes, name: str) -> int:
        """Index of an image with this content: the first of the `free` ones, or else a new one."""
        images = self._gltf.json.setdefault("images", [])
        index = free[0] if free else len(images)
        if not free:
            images.append({})
        old = images[index]
        views = [one.get("bufferView") for place, one in enumerate(images) if place != index]
        is_own = "bufferView" in old and old["bufferView"] not in views
        images[index] = {
            "name": old.get("name", name),
            "mimeType": _kind(data),
            "bufferView": self._view(data, old["bufferView"] if is_own else None),
        }
        return index

    def _view(self, data: bytes, index: int | None = None) -> int:
        """Index of a buffer view of this data: the given one, which nothing else uses, or else a new one."""
        if index is None:
            views = self._gltf.json.setdefault("bufferViews", [])
            index = len(views)
            views.append({"buffer": 0, "byteLength": len(data)})
        self._new[index] = data
        return index

    def glb(self) -> bytes:
        """The file as GLB: its buffers joined, data that nothing uses removed, and all images embedded."""
        gltf = self._gltf
        with reading(gltf.name):
            for image in gltf.list_of("images"):
                if "uri" in image:
                    data = gltf.bytes_at(str(image.pop("uri")))
                    image |= {"mimeType": _kind(data), "bufferView": self._view(data)}
            binary = self._binary()
            first = {key: one for key, one in (gltf.list_of("buffers") or [{}])[0].items() if key in ("name", "extras")}
            gltf.json["buffers"] = [{**first, "byteLength": len(binary)}]
            text = json.dumps(gltf.json, ensure_ascii=False, separators=(",", ":")).encode()
        text = re.sub(rb'"%s(\d+)"' % PLACE.encode(), lambda found: b'"data:%s"' % gltf.uris[int(found[1])], text)
        chunks = b""
        for kind, body, filler in ((JSON, text, b" "), (BINARY, binary, b"\0")):
            body += filler * (-len(body) % 4)
            chunks += struct.pack("<I4s", len(body), kind) + body
        return struct.pack("<4sII", MAGIC, VERSION, 12 + len(chunks)) + chunks

    def _binary(self) -> bytes:
        """The data of all buffer views; their offsets in the JSON are updated."""
        gltf, views = self._gltf, self._gltf.list_of("bufferViews")
        views_left = [view for index, view in enumerate(views) if index not in self._new]
        binary = bytearray()
        starts = []
        for index in range(len(gltf.list_of("buffers"))):
            starts.append(len(binary))
            binary += gltf.buffer(index)
            binary += bytes(-len(binary) % BLOCK)
        for view in views_left:
            offset = starts[integer(view["buffer"])] + integer(view.get("byteOffset", 0))
            view |= {"buffer": 0, "byteOffset": offset}
        if not any("extensions" in view for view in views):  # an extension may refer to further data
            binary = _without_gaps(binary, views_left)
        for index, data in self._new.items():
            views[index] |= {"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)}
            binary += data + bytes(-len(data) % BLOCK)
        return bytes(binary)


def _without_gaps(binary: bytearray, views: list[dict[str, Any]]) -> bytearray:
    """The data without blocks that no view uses any more, such as replaced pictures; views are moved accordingly."""
    is_used = np.zeros(len(binary) // BLOCK, bool)
    for view in views:
        end = view["byteOffset"] + integer(view["byteLength"])
        is_used[view["byteOffset"] // BLOCK : -(-end // BLOCK)] = True
    places = np.concatenate([[0], np.cumsum(is_used)]) * BLOCK
    for view in views:
        block, rest = divmod(view["byteOffset"], BLOCK)
        view["byteOffset"] = int(places[block]) + rest
    return bytearray(np.frombuffer(binary, np.uint8).reshape(-1, BLOCK)[is_used].tobytes())


def _use_of(info: Mapping[str, Any], texture: Mapping[str, Any]) -> TextureUse:
    """Use of a texture by a material, from the material's reference and the texture."""
    found = {"texCoord": info["texCoord"]} if "texCoord" in info else {}
    if TRANSFORM in (extensions := info.get("extensions", {})):
        found["extensions"] = {TRANSFORM: extensions[TRANSFORM]}
    return TextureUse(found, {key: texture[key] for key in ("sampler",) if key in texture})


def _clear(material: dict[str, Any], has_opacity: bool) -> None:
    """Remove a material's look; its name and sidedness stay."""
    for key in ("normalTexture", OCCLUSION, "emissiveTexture", "emissiveFactor", "alphaMode", "alphaCutoff"):
        material.pop(key, None)
    material["pbrMetallicRoughness"] = dict(PLAIN)
    others = {key: one for key, one in material.pop("extensions", {}).items() if not key.startswith("KHR_materials_")}
    material |= {"extensions": others} if others else {}
    material |= {"alphaMode": "BLEND"} if has_opacity else {}


def _pictures(material: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The maps of each slot as in `MAPS`. Occlusion keeps a picture of its own, or else joins the other two maps."""
    infos = dict(slots_of(material))
    is_alone = OCCLUSION in infos and infos[OCCLUSION]["index"] != infos.get(METALLIC_ROUGHNESS, {}).get("index")
    left_out = "ambient_occlusion" if is_alone else ""
    pictures = {
        slot: tuple(one for one in names if one != left_out or slot == OCCLUSION) for slot, names in MAPS.items()
    }
    return pictures if is_alone else {slot: names for slot, names in pictures.items() if slot != OCCLUSION}


def _whole(names: tuple[str, ...], maps: Maps, before: Maps) -> Maps:
    """The maps of one picture at one size: the new maps, and the former ones where there is no new one."""
    found = {name: maps[name] if name in maps else before[name] for name in names if name in {*maps, *before}}
    return Maps({name: resized_map(name, one, maps.size_px) for name, one in found.items()})


def _is_same(maps: Maps, before: Maps, name: str) -> bool:
    """Whether a map is the same as before, within the precision of 8 bits."""
    if name not in before or before.size_px != maps.size_px:
        return False
    return float(np.abs(maps[name].pixels - before[name].pixels).max()) <= LEVEL


def _slot(material: dict[str, Any], slot: str) -> dict[str, Any]:
    """The object in which a material refers to a slot's texture; a new, empty one if there was none."""
    owner = material
    for key in SLOTS[slot]:
        owner = owner.setdefault(key, {})
    return owner.setdefault(slot, {})


def _picture(material: dict[str, Any], slot: str, maps: Maps) -> tuple[Layout, Texture]:
    """The picture of a slot. Factors of its maps are reset to 1; factors of other maps keep their effect."""
    factors: dict[str, Any] = material.setdefault("pbrMetallicRoughness", {})
    plain = np.ones((*maps.size_px, 1), np.float32)
    if slot == "baseColorTexture":
        has_alpha = "opacity" in maps and material.get("alphaMode") in MASKED
        if alpha := factors.pop("baseColorFactor", (1, 1, 1, 1))[3:]:
            factors |= {} if has_alpha or alpha[0] == 1 else {"baseColorFactor": [1, 1, 1, *alpha]}
        pixels = maps["base_color"].pixels if "base_color" in maps else plain.repeat(3, 2)
        pixels = np.concatenate([pixels, maps["opacity"].pixels], 2) if has_alpha else pixels
        return Layout(pixels.shape[2], True), Texture(np.ascontiguousarray(pixels), "srgb")
    if slot == METALLIC_ROUGHNESS:
        for name in {"roughness", "metallic"} & set(maps):
            factors.pop(f"{name}Factor", None)
        channels = [maps[name].pixels if name in maps else plain for name in MAPS[slot]]
        return Layout(3, False), Texture(np.concatenate(channels, 2))
    if slot == "emissiveTexture":
        material["emissiveFactor"] = [1, 1, 1]
    if slot == "transmissionTexture":
        material["extensions"][TRANSMISSION]["transmissionFactor"] = 1
    (name,) = MAPS[slot]
    return Layout.of_map(name), maps[name]


def _infos(material: Any) -> Iterator[dict[str, Any]]:
    """All references to textures in a material, also in its extensions."""
    for key, value in material.items() if isinstance(material, dict) else ():
        if key.endswith("Texture") and isinstance(value, dict) and "index" in value:
            yield value
        else:
            yield from _infos(value)


def _sources(texture: Mapping[str, Any]) -> Iterator[int]:
    """Indexes of a texture's images: its own, and those that extensions add in other formats."""
    for one in (texture, *texture.get("extensions", {}).values()):
        if "source" in one:
            yield one["source"]


def _kind(data: bytes | memoryview) -> str:
    """Media type of a picture."""
    return next((kind for start, kind in KINDS.items() if bytes(data[:4]).startswith(start)), "image/png")


def gltf_of(mesh: Mesh, name: str) -> Gltf:
    """A glTF file of one mesh, without a material."""
    corners = np.concatenate(
        [mesh.positions[..., [0, 2, 1]] * (1, 1, -1), mesh.smooth_normals[..., [0, 2, 1]] * (1, 1, -1)], 2
    )
    corners = np.concatenate([corners, mesh.uvs * (1, -1) + (0, 1)], 2).reshape(-1, 8).astype("<f4")
    vertices, numbers = np.unique(corners, axis=0, return_inverse=True)
    parts = (vertices[:, :3], vertices[:, 3:6], vertices[:, 6:], numbers.astype("<u4"))
    data = [np.ascontiguousarray(part).tobytes() for part in parts]
    views, start = [], 0
    for part in data:
        views.append({"buffer": 0, "byteOffset": start, "byteLength": len(part)})
        start += len(part)
    kinds = ("VEC3", "VEC3", "VEC2", "SCALAR")
    accessors: list[dict[str, Any]] = [
        {"bufferView": index, "componentType": 5126 if index < 3 else 5125, "count": len(part), "type": kind}
        for index, (part, kind) in enumerate(zip(parts, kinds, strict=True))
    ]
    accessors[0] |= {"min": vertices[:, :3].min(0).tolist(), "max": vertices[:, :3].max(0).tolist()}
    primitive = {"attributes": {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2}, "indices": 3}
    content = {
        "asset": {"version": "2.0", "generator": "Impasto"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": name}],
        "meshes": [{"primitives": [primitive], "name": name}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": start}],
    }
    return Gltf(name, content, binary=b"".join(data))
