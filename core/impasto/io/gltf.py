"""glTF 2.0 files (ISO/IEC 12113): their JSON, their data within limits, and where textures lie on the UVs.

Meshes and materials are read by `meshes` and `gltf_maps`. trimesh 5.2 was tried instead: it takes UVs of
normalised integers for thousands of textures, knows no second UV set and no texture transform, and writes scenes anew.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import numpy as np

from ..atlas.mesh import MOST_TRIANGLES
from ..errors import FileError, Message
from ..system.untrusted import excerpt, inside, parse_json, read_bytes

MOST_BYTES = 2**29
MOST_NUMBERS = 16 * MOST_TRIANGLES
"""Limit of numbers in all arrays of a file that need memory of their own."""
MAGIC, VERSION, JSON, BINARY = b"glTF", 2, b"JSON", b"BIN\0"
COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
DATA_URI = re.compile(rb'"data:([^"\\]*)"')
PLACE = "data:#"
"""Data URIs are replaced by this and an index before the JSON is parsed, since they may exceed the limit of JSON."""
REMEDY = "export it again, or check it with Khronos' glTF Validator"
NO_DATA = ("arrays without data", REMEDY)
COMPRESSED = "export it without compression, or unpack it by npx @gltf-transform/cli copy FILE.glb plain.glb"
REFUSED = {
    "KHR_draco_mesh_compression": ("compressed meshes (Draco)", COMPRESSED),
    "EXT_meshopt_compression": ("compressed data (meshopt)", COMPRESSED),
    "KHR_meshopt_compression": ("compressed data (meshopt)", COMPRESSED),
    "KHR_texture_basisu": ("KTX2 textures (Basis Universal)", "export it with PNG or JPEG textures"),
    "KHR_materials_pbrSpecularGlossiness": (
        "materials by specular and glossiness",
        "convert it by npx @gltf-transform/cli metalrough FILE.glb converted.glb",
    ),
}
"""Extensions that hide data which is read here, with a name for that data and a remedy."""
UNDERSTOOD = re.compile(
    r"KHR_(materials_\w+|texture_transform|mesh_quantization|lights_\w+|animation_\w+|xmp\w*|node_\w+)|"
    r"EXT_(texture_webp|texture_avif|mesh_gpu_instancing|lights_\w+)"
)
"""Extensions that a file may require: those that are read here, and those that do not concern textures and meshes."""
TRANSFORM = "KHR_texture_transform"
TRANSMISSION = "KHR_materials_transmission"
SLOTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("baseColorTexture", "metallicRoughnessTexture"), ("pbrMetallicRoughness",)),
    **dict.fromkeys(("normalTexture", "occlusionTexture", "emissiveTexture"), ()),
    "transmissionTexture": ("extensions", TRANSMISSION),
}
"""Keys of the textures that are read and written, with the path of keys to their object in a material."""


@contextmanager
def reading(name: str) -> Iterator[None]:
    """A block that reads unchecked data. Errors in it become a FileError: the file of this name is damaged."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error) as error:
        raise FileError("{} is damaged, or no glTF 2.0 file", REMEDY, excerpt(name)) from error


def integer(value: Any) -> int:
    """A count or an index from JSON. Raise ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**40:
        raise ValueError
    return value


@dataclass
class Gltf:
    """A glTF file. json: its JSON. folder: where the files that it refers to are; None if it was sent alone.

    binary: the binary chunk of a GLB. uris: contents of data URIs, which the JSON has as `PLACE` and an index.
    """

    name: str
    json: dict[str, Any]
    folder: Path | None = None
    binary: bytes = b""
    uris: list[bytes] = field(default_factory=list)
    _buffers: dict[int, memoryview] = field(default_factory=dict)
    _accessors: dict[int, np.ndarray] = field(default_factory=dict)
    _left: int = MOST_NUMBERS

    @classmethod
    def at(cls, path: Path) -> Gltf:
        """The glTF file at a path. Raise FileError if it is none, or requires an extension that is not read."""
        return cls.of(read_bytes(path, MOST_BYTES), path.name, path.parent)

    @classmethod
    def of(cls, data: bytes, name: str, folder: Path | None = None) -> Gltf:
        """The glTF file in these bytes. folder: where the files that it refers to are."""
        with reading(name):
            text, binary = _chunks(data) if data[:4] == MAGIC else (data, b"")
        uris: list[bytes] = []
        text = DATA_URI.sub(partial(_extract_uri, uris), text)
        found = parse_json(text.rstrip(b"\0 "), Message("the JSON of {}", excerpt(name)))
        one = cls(name, found, folder, binary, uris)
        with reading(name):
            if str(found["asset"]["version"]).partition(".")[0] != "2":
                raise ValueError
            one._check_extensions()
        return one

    def _check_extensions(self) -> None:
        for extension in self.list_of("extensionsRequired"):
            if extension in REFUSED:
                raise self.unread_error([extension])
            if not (isinstance(extension, str) and UNDERSTOOD.fullmatch(extension)):
                message = "{} needs the glTF extension {}, which is not known here"
                raise FileError(message, "export it without that extension", excerpt(self.name), excerpt(extension))

    def unread_error(self, extensions: Iterable[str], usual: tuple[str, str] = ("", "")) -> FileError:
        """The error for data that is not read: the first extension that hides it, or else `usual` (data, remedy)."""
        what, remedy = next((REFUSED[one] for one in extensions if one in REFUSED), usual)
        return FileError("{} has {}, which are not read", remedy, excerpt(self.name), what)

    def list_of(self, kind: str) -> list[Any]:
        """All items of a kind, such as "materials" or "nodes"."""
        found = self.json.get(kind, [])
        if not isinstance(found, list):
            raise ValueError
        return found

    def item(self, kind: str, index: Any) -> dict[str, Any]:
        """One item of a kind. Raise LookupError or ValueError if it is missing."""
        found = self.list_of(kind)[integer(index)]
        if not isinstance(found, dict):
            raise ValueError
        return found

    def bytes_at(self, uri: str) -> bytes:
        """The content of a URI: the data in it, or a file below the folder."""
        if uri.startswith("data:"):
            content = self.uris[int(uri[len(PLACE) :])] if uri.startswith(PLACE) else uri[5:].encode()
            head, _, text = content.partition(b",")
            return base64.b64decode(text, validate=False) if head.endswith(b";base64") else unquote_to_bytes(text)
        return read_bytes(self.file_at(uri), MOST_BYTES)

    def file_at(self, uri: str) -> Path:
        """The path of the file at a URI. Raise FileError if it is outside the folder."""
        if self.folder is None or re.match(r"\w+:", uri):
            message = "{} uses {}, which is not part of it"
            raise FileError(message, "export it as GLB, with everything in one file", excerpt(self.name), excerpt(uri))
        return inside(self.folder, unquote(uri), Message("a file of {}:", excerpt(self.name)))

    def buffer(self, index: Any) -> memoryview:
        """The bytes of a buffer."""
        if index not in self._buffers:
            one = self.item("buffers", index)
            if "uri" not in one and (index or not self.binary):
                raise self.unread_error(one.get("extensions", {}), NO_DATA)
            data = self.bytes_at(str(one["uri"])) if "uri" in one else self.binary
            self._buffers[index] = memoryview(data)[: integer(one["byteLength"])]
        return self._buffers[index]

    def view(self, index: Any) -> memoryview:
        """The bytes of a buffer view. Raise ValueError if it ends behind the buffer."""
        one = self.item("bufferViews", index)
        start, length = integer(one.get("byteOffset", 0)), integer(one["byteLength"])
        found = self.buffer(one["buffer"])[start : start + length]
        if len(found) < length:
            raise ValueError
        return found

    def accessor(self, index: Any) -> np.ndarray:
        """Values (N, C) of an accessor as stored; normalised integers become floats."""
        if index not in self._accessors:
            self._accessors[index] = self._values(self.item("accessors", index))
        return self._accessors[index]

    def _values(self, one: Mapping[str, Any]) -> np.ndarray:
        kind, width, count = np.dtype(COMPONENTS[one["componentType"]]), WIDTHS[one["type"]], integer(one["count"])
        if "bufferView" not in one and not one.get("sparse"):
            raise self.unread_error(self.list_of("extensionsUsed"), NO_DATA)
        if one.get("sparse") or one.get("normalized"):  # others are views of the file and cost no memory
            self._spend(count * width)
        if "bufferView" in one:
            stride = integer(self.item("bufferViews", one["bufferView"]).get("byteStride", 0)) or width * kind.itemsize
            values = self._array(one, kind, (count, width), (stride, kind.itemsize))
        else:
            values = np.zeros((count, width), kind)
        if sparse := one.get("sparse"):
            values, others, where = values.copy(), integer(sparse["count"]), sparse["indices"]
            numbers = self._array(where, np.dtype(COMPONENTS[where["componentType"]]), (others,))
            values[numbers] = self._array(sparse["values"], kind, (others, width))
        if not one.get("normalized") or kind.kind == "f":
            return values
        return np.maximum(values.astype(np.float32) / np.iinfo(kind).max, -1)

    def _array(
        self, one: Mapping[str, Any], kind: np.dtype, shape: tuple[int, ...], strides: tuple[int, int] | None = None
    ) -> np.ndarray:
        """The values in a buffer view, without a copy."""
        return np.ndarray(shape, kind, self.view(one["bufferView"]), integer(one.get("byteOffset", 0)), strides)

    def _spend(self, numbers: int) -> None:
        """Count numbers that need memory of their own. Raise FileError for too many: a few bytes can demand much."""
        self._left -= numbers
        if self._left < 0:
            raise FileError("the arrays of {} are larger than the file", REMEDY, excerpt(self.name))


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    """The JSON and the binary chunk of a GLB."""
    _, version, length = struct.unpack_from("<4sII", data)
    if version != VERSION or length > len(data):
        raise ValueError
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<I4s", data, at)
        if at + 8 + size > length:
            raise ValueError
        found.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    return found[JSON], found.get(BINARY, b"")


def _extract_uri(uris: list[bytes], found: re.Match[bytes]) -> bytes:
    uris.append(found[1])
    return b'"%s%d"' % (PLACE.encode(), len(uris) - 1)


def slots_of(material: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The textures of a material with the names of their slots. The others must lie on the UVs where the first does."""
    for slot, path in SLOTS.items():
        found: Any = material
        for key in path:
            found = found.get(key, {})
        if slot in found:
            yield slot, found[slot]


@dataclass(frozen=True)
class Placement:
    """Part of the UVs that a texture covers: the UV set, and offset, rotation and scale (KHR_texture_transform)."""

    uv_set: int = 0
    offset: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> Placement:
        """The placement in a material's reference to a texture."""
        about = info.get("extensions", {}).get(TRANSFORM, {})
        offset, scale = (
            tuple(map(float, about.get(key, usual))) for key, usual in (("offset", (0, 0)), ("scale", (1, 1)))
        )
        if len(offset) != 2 or len(scale) != 2:
            raise ValueError
        uv_set = about.get("texCoord", info.get("texCoord", 0))
        return cls(int(uv_set), offset, float(about.get("rotation", 0)), scale)

    def uvs(self, coordinates: np.ndarray) -> np.ndarray:
        """Coordinates (…, 2) in the texture, with V up, from the mesh's UVs as glTF stores them."""
        cosine, sine = np.cos(self.rotation), np.sin(self.rotation)
        u, v = np.moveaxis(coordinates * self.scale, -1, 0)
        x, y = cosine * u + sine * v + self.offset[0], cosine * v - sine * u + self.offset[1]
        return np.stack([x, 1 - y], -1)


def placement_of(material: Mapping[str, Any]) -> Placement | None:
    """The placement of a material's first texture; None if it has no textures."""
    return next((Placement.of(info) for _, info in slots_of(material)), None)
