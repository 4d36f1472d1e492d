"""Small GLB files: a square for each material, and its pictures."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

PLACES = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], "<f4")
UVS = np.array([(0, 1), (1, 1), (1, 0), (0, 0)], "<f4")
"""As glTF has them, V downwards: the picture stands upright on the square."""
FACES = np.array([0, 1, 2, 0, 2, 3], "<u2")


def png(*color: int, side: int = 8) -> bytes:
    """A picture of one colour, with a white corner at the upper left."""
    pixels = np.full((side, side, len(color)), color, np.uint8)
    pixels[: side // 4, : side // 4] = 255
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def glb(content: Mapping[str, Any], binary: bytes) -> bytes:
    """The bytes of a GLB."""
    text = json.dumps(content).encode()
    text += b" " * (-len(text) % 4)
    binary += bytes(-len(binary) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def content_of(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON and the binary data of a GLB."""
    length = struct.unpack_from("<I", data, 12)[0]
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def asset(materials: Sequence[Mapping[str, Any]], pictures: Sequence[bytes], **changes: Any) -> bytes:
    """A GLB whose node moves a mesh by (5, 6, 7), with a square for each material; texture i shows picture i."""
    parts = [PLACES.tobytes(), UVS.tobytes(), FACES.tobytes().ljust(12, b"\0"), *pictures]
    views, binary = [], b""
    for part in parts:
        binary += bytes(-len(binary) % 4)
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(part)})
        binary += part
    primitive = {"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2}
    content = {
        "asset": {"version": "2.0", "generator": "a test"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": [5, 6, 7], "extras": {"kept": [1, 2.5, "ü"]}}],
        "meshes": [{"primitives": [{**primitive, "material": index} for index in range(len(materials))]}],
        "materials": list(materials),
        "textures": [{"source": index, "sampler": 0} for index in range(len(pictures))],
        "samplers": [{"wrapS": 10497}],
        "images": [{"bufferView": 3 + index, "mimeType": "image/png"} for index in range(len(pictures))],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]},
            {"bufferView": 1, "componentType": 5126, "count": 4, "type": "VEC2"},
            {"bufferView": 2, "componentType": 5123, "count": 6, "type": "SCALAR"},
        ],
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    return glb({**content, **changes}, binary)


def textured(index: int, **more: Any) -> dict[str, Any]:
    """A material with a texture as its base colour."""
    return {"name": f"M{index}", "pbrMetallicRoughness": {"baseColorTexture": {"index": index}, **more}}
