"""Maps of a glTF file's materials: textures multiplied by the material's factors, all at one size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError, Message
from ..surface.color import linear_to_srgb, srgb_to_linear
from ..surface.orientation import unit_normals
from ..surface.resizing import resized_map
from ..system.names import usable_name
from ..system.transaction import temporary_folder
from ..system.untrusted import excerpt
from ..texture import Maps
from . import decode
from .datablocks import MATERIAL, Datablock
from .gltf import REFUSED, TRANSMISSION, Gltf, Placement, placement_of, reading, slots_of
from .reduction import Wanted

WEBP = ("EXT_texture_webp", "EXT_texture_avif")
"""Extensions that give a texture an image in another format."""
MASKED = ("MASK", "BLEND")
"""Alpha modes in which the base colour's alpha is opacity."""
NO_TEXTURES = "give its material an image texture, or give a picture as the source and the file as the mesh"
Arrays = dict[str, np.ndarray]
AS_STORED = Wanted(upright=False)


def names_of(gltf: Gltf) -> list[str]:
    """A distinct name for each material of a file, also as a file name. Some materials have no name, or the same."""
    found: list[str] = []
    for index, material in enumerate(gltf.list_of("materials")):
        name = "/".join(Path(f"./{material.get('name') or ''}").parts) or f"{MATERIAL} {index}"  # as a path has it
        taken = {usable_name(one).casefold() for one in found}
        found.append(f"{name} {index}" if usable_name(name).casefold() in taken else name)
    return found


def datablocks_in(datablock: Datablock) -> list[Datablock]:
    """The material that is named, or all materials with textures if none is. Raise FileError if there are none."""
    if datablock.name:
        return [datablock]
    gltf = Gltf.at(datablock.file)
    with reading(gltf.name):
        materials = zip(names_of(gltf), gltf.list_of("materials"), strict=True)
        found = [replace(datablock, name=name) for name, material in materials if next(slots_of(material), None)]
        if not found:
            raise _no_textures(gltf, gltf.list_of("materials"), datablock.title)
    return found


def material_at(gltf: Gltf, datablock: Datablock) -> int:
    """Index of the material that is named. If none is, that of the only one with textures, or of the only one at all.

    Raise FileError if it is missing, or if there are several.
    """
    with reading(gltf.name):
        names = names_of(gltf)
        textured = [
            name for name, one in zip(names, gltf.list_of("materials"), strict=True) if next(slots_of(one), None)
        ]
        if not datablock.name and len(only := textured or names) == 1:
            return names.index(only[0])
        return names.index(datablock.name_in(names))


def files_of(datablock: Datablock) -> list[Path]:
    """The file, and the other files that hold the material's textures."""
    gltf = Gltf.at(datablock.file)
    index = material_at(gltf, datablock)
    with reading(gltf.name):
        images = [_image(gltf, info) for _, info in slots_of(gltf.item("materials", index))]
        uris = dict.fromkeys(str(image["uri"]) for image in images if "uri" in image)
        return [datablock.file, *(gltf.file_at(uri) for uri in uris if not uri.startswith("data:"))]


def read_material(datablock: Datablock, on_progress: Callable[[float], None] = lambda fraction: None) -> Maps:
    """The maps of a material. Raise FileError if it has no textures, or if they cannot be read."""
    gltf = Gltf.at(datablock.file)
    index = material_at(gltf, datablock)
    return replace(maps_in(gltf, index, on_progress), name=datablock.title)


def read_size(datablock: Datablock) -> tuple[int, int]:
    """(height, width) of a material's maps: that of its largest texture."""
    gltf = Gltf.at(datablock.file)
    material, sizes = gltf.item("materials", material_at(gltf, datablock)), []
    with temporary_folder() as folder, reading(gltf.name):
        for slot, info in slots_of(material):
            if Placement.of(info) == placement_of(material):
                sizes.append(_with_picture(gltf, slot, info, folder, decode.read_size))
        return _largest(sizes, gltf, material)


def read_metadata(datablock: Datablock) -> dict[str, Any]:
    """The metadata that Impasto wrote into a material's textures; empty if it made none of them."""
    gltf = Gltf.at(datablock.file)
    material = gltf.item("materials", material_at(gltf, datablock))
    with temporary_folder() as folder, reading(gltf.name):
        found = (_with_picture(gltf, slot, info, folder, decode.read_metadata) for slot, info in slots_of(material))
        return next(filter(None, found), {})


def maps_in(gltf: Gltf, index: int, on_progress: Callable[[float], None] = lambda fraction: None) -> Maps:
    """The maps of the material at this index. Notes name textures with another placement, and resized ones."""
    arrays: Arrays = {}
    notes = []
    with temporary_folder() as folder, reading(gltf.name):
        material = gltf.item("materials", index)
        slots = list(slots_of(material))
        for done, (slot, info) in enumerate(slots):
            on_progress(done / len(slots))
            if Placement.of(info) != placement_of(material):
                notes.append(Message("{} lies elsewhere on the UVs than the first texture, and is left as it is", slot))
                continue
            arrays |= _with_picture(gltf, slot, info, folder, partial(READERS[slot], material, info))
        size_px = _largest([pixels.shape[:2] for pixels in arrays.values()], gltf, material)
    if small := [name for name, pixels in arrays.items() if pixels.shape[:2] != size_px]:
        notes.append(Message("resized to {}x{}: {}", size_px[1], size_px[0], ", ".join(small)))
    alone = {name: Maps.from_arrays({name: pixels})[name] for name, pixels in arrays.items()}
    return Maps({name: resized_map(name, one, size_px) for name, one in alone.items()}, notes=tuple(notes))


def _no_textures(gltf: Gltf, materials: Iterable[Mapping[str, Any]], title: str) -> FileError:
    hiding = [one for material in materials for one in material.get("extensions", {}) if one in REFUSED]
    return gltf.unread_error(hiding) if hiding else FileError("{} has no textures", NO_TEXTURES, title)


def _largest(sizes: list[tuple[int, ...]], gltf: Gltf, material: Mapping[str, Any]) -> tuple[int, int]:
    if not sizes:
        raise _no_textures(gltf, [material], f"{gltf.name}, {material.get('name', MATERIAL)}")
    height, width = max(sizes, key=lambda size: size[0] * size[1])
    return height, width


def _image(gltf: Gltf, info: Mapping[str, Any]) -> dict[str, Any]:
    """The image of a texture. Raise FileError if its format is not read."""
    texture = gltf.item("textures", info["index"])
    others = texture.get("extensions", {})
    source = next((others[name]["source"] for name in WEBP if name in others), None)
    source = texture.get("source", source)
    if source is None:
        raise gltf.unread_error(others, ("textures without an image", "give them one, or remove them"))
    return gltf.item("images", source)


def _with_picture(gltf: Gltf, slot: str, info: Mapping[str, Any], folder: Path, read: Callable[[Path], Any]) -> Any:
    """The result of `read` for a texture's picture, written into a folder. FileErrors name the texture."""
    image, file = _image(gltf, info), folder / slot
    file.write_bytes(gltf.bytes_at(str(image["uri"])) if "uri" in image else gltf.view(image["bufferView"]))
    try:
        return read(file)
    except FileError as error:
        message = error.message.replace(str(file), slot)
        raise FileError("{}: {}", error.remedy, excerpt(gltf.name), message) from error
    finally:
        file.unlink()


def _base_color(material: Mapping[str, Any], info: Mapping[str, Any], file: Path) -> Arrays:
    red, green, blue, alpha = material["pbrMetallicRoughness"].get("baseColorFactor", (1, 1, 1, 1))
    found = decode.read_picture(file, AS_STORED).arrays()
    opacity = found.get("opacity", np.ones((1, 1, 1), np.float32)) * np.float32(min(max(alpha, 0), 1))
    found = {"base_color": _times(found["base_color"], (red, green, blue))}
    if material.get("alphaMode") in MASKED and opacity.min() < 1:
        found["opacity"] = np.broadcast_to(opacity, (*found["base_color"].shape[:2], 1)).copy()
    return found


def _times(colors: np.ndarray, factor: tuple[float, ...]) -> np.ndarray:
    """Encoded colours (H, W, 3), multiplied by a factor as light."""
    if tuple(factor) == (1, 1, 1):
        return colors
    return linear_to_srgb(srgb_to_linear(colors) * np.array(factor, np.float32)).clip(0, 1)


def _metallic_roughness(material: Mapping[str, Any], info: Mapping[str, Any], file: Path) -> Arrays:
    factors, stored = material["pbrMetallicRoughness"], decode.read_channels(file)
    green, blue = stored[..., [min(1, stored.shape[2] - 1)]], stored[..., [min(2, stored.shape[2] - 1)]]
    roughness, metallic = (np.float32(factors.get(f"{name}Factor", 1)) for name in ("roughness", "metallic"))
    return {"roughness": (green * roughness).clip(0, 1), "metallic": (blue * metallic).clip(0, 1)}


def _normal(material: Mapping[str, Any], info: Mapping[str, Any], file: Path) -> Arrays:
    normal, scale = decode.read_map(file, "normal", AS_STORED).pixels, float(info.get("scale", 1))
    if scale != 1:
        normal = unit_normals((normal - 0.5) * np.array((scale, scale, 1), np.float32) + 0.5)
    return {"normal": normal}


def _occlusion(material: Mapping[str, Any], info: Mapping[str, Any], file: Path) -> Arrays:
    depth = np.float32(info.get("strength", 1)) * (1 - decode.read_channels(file)[..., :1])
    return {"ambient_occlusion": (1 - depth).clip(0, 1)}


def _emission(material: Mapping[str, Any], info: Mapping[str, Any], file: Path) -> Arrays:
    colors = decode.read_map(file, "emission", AS_STORED).pixels
    return {"emission": _times(colors, material.get("emissiveFactor", (0, 0, 0)))}


def _transmission(material: Mapping[str, Any], info: Mapping[str, Any], file: Path) -> Arrays:
    factor = np.float32(material["extensions"][TRANSMISSION].get("transmissionFactor", 0))
    return {"transmission_weight": (decode.read_channels(file)[..., :1] * factor).clip(0, 1)}


READERS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any], Path], Arrays]] = {
    "baseColorTexture": _base_color,
    "metallicRoughnessTexture": _metallic_roughness,
    "normalTexture": _normal,
    "occlusionTexture": _occlusion,
    "emissiveTexture": _emission,
    "transmissionTexture": _transmission,
}
"""Readers of the maps in each slot, from the material, its reference to the texture, and the picture's file."""
