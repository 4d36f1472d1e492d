"""Hostile meshes: headers that promise what does not follow, numbers beyond all vertices, names that mislead.

What is a few words or numbers stands in changes.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import glb_files
import numpy as np

from impasto.atlas.mesh import Mesh
from impasto.io.ply import ply_of
from impasto.running.inputs import read_input

from .browser_pictures import blank_png
from .corpus import CHANGES, Corpus, Maker, Reader, changed, endless, written
from .data import picture

PLANE = np.array([[(0, 0, 0), (1, 0, 0), (1, 1, 0)], [(0, 0, 0), (1, 1, 0), (0, 1, 0)]], np.float32)
GOOD = ply_of(Mesh(PLANE, PLANE[..., :2].copy()))


def replaced(before: bytes, after: bytes) -> bytes:
    assert before in GOOD
    return GOOD.replace(before, after)


TRIANGLE, LONGER = b"\x03\x00\x00\x00\x00\x01", b"\xff\x00\x00\x00\x00\x01"
PLY: dict[str, bytes] = {
    **{
        name: replaced(before.encode(), after.encode())
        for name, (before, after) in CHANGES["PLY with another text in its header"].items()
    },
    **{name: text.encode() for name, text in CHANGES["PLY"].items()},
    "half a mesh": GOOD[: len(GOOD) // 2],
    "an endless header": b"ply\nformat binary_little_endian 1.0\n" + b"comment \x1b[2J" * 10**6,
    "a header of no Unicode": b"ply\nformat binary_little_endian 1.0\n\xff\xfe\nend_header\n",
    "a count of ten thousand digits": replaced(b"element face 2", b"element face " + b"9" * 10000),
    "a number beyond all vertices": GOOD[:-4] + b"\xff\xff\xff\xff",
    "a face longer than the file": replaced(TRIANGLE, LONGER),
    "a face that is a negative list": replaced(b"list uchar", b"list char").replace(TRIANGLE, LONGER),
    "a million empty faces": b"ply\nformat binary_little_endian 1.0\nelement face 1000000\nproperty list uchar int "
    b"vertex_indices\nend_header\n" + bytes(10**6),
    "positions that are no numbers": GOOD.replace(
        PLANE[1, 2].tobytes() + PLANE[1, 2, :2].tobytes(), np.full(5, np.nan, "<f4").tobytes()
    ),
}
VERTICES = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n"
OBJ: dict[str, bytes] = {
    **{name: text.encode() for name, text in CHANGES["OBJ"].items()},
    "a number of ten thousand digits": VERTICES + b"f " + b"9" * 10000 + b"/1 2/2 3/3\n",
    "one line of 40 MB": VERTICES + b"f" + b" 1/1" * 10**7,
    "a line that goes on for ever": VERTICES + b"f 1/1 \\\n" * 3_000_000,
}
Change = Callable[[dict[str, Any]], Any]


def gltf(change: Change) -> bytes:
    """A good GLB with something changed in its JSON."""
    content, binary = glb_files.content_of(HEAD)
    change(content)
    return glb_files.glb(content, binary)


def with_values(values: dict[str, Any]) -> bytes:
    content, binary = glb_files.content_of(HEAD)
    return glb_files.glb(changed(content, values), binary)


def many_empty_arrays(content: dict[str, Any]) -> None:
    """Each of a hundred bytes, and of 48 MB in memory."""
    empty = {"componentType": 5126, "count": 4_000_000, "type": "VEC3"}
    content["accessors"] += [empty] * 1000
    parts = content["meshes"][0]["primitives"]
    parts += [{**parts[0], "attributes": {"POSITION": 3 + index, "TEXCOORD_0": 1}} for index in range(1000)]


def a_mesh_in_many_places(content: dict[str, Any]) -> None:
    """A million faces, of a thousand nodes that show a thousand parts."""
    content["meshes"][0]["primitives"] *= 3000
    content["nodes"] = [{"mesh": 0}] * 3000
    content["scenes"] = [{"nodes": list(range(3000))}]


HEAD = glb_files.asset([glb_files.textured(0)], [picture()])
DEEP_NODES = [*({"children": [index + 1]} for index in range(100_000)), {"mesh": 0}]
GLB: dict[str, bytes] = {
    **{name: with_values(values) for name, values in CHANGES["glTF changed at these places"].items()},
    "half a file": HEAD[: len(HEAD) // 2],
    "a length beyond the file": HEAD[:8] + b"\xff\xff\xff\x7f" + HEAD[12:],
    "a chunk beyond the file": HEAD[:12] + b"\xff\xff\xff\x7f" + HEAD[16:],
    "of version 1": HEAD[:4] + b"\1\0\0\0" + HEAD[8:],
    "without JSON": glb_files.glb({}, b"").replace(b"JSON", b"NOSJ"),
    "JSON that is a list": glb_files.glb([], b""),  # type: ignore[arg-type]
    "JSON without anything": glb_files.glb({}, b""),
    "JSON nested a thousand times": glb_files.glb({"asset": json.loads("[" * 900 + "]" * 900)}, b""),
    "a thousand arrays without data": gltf(many_empty_arrays),
    "a mesh in a million places": gltf(a_mesh_in_many_places),
    "a hundred thousand nodes below each other": with_values({"nodes": DEEP_NODES}),
    "data of 20 MB that are no JSON": b'{"asset":{"version":"2.0"},"x":"data:' + b"A" * 20_000_000,
}


def with_picture(make: Maker) -> Maker:
    """A GLB whose texture is a file made by another maker."""

    def made(path: Path) -> None:
        make(path)
        path.write_bytes(glb_files.asset([glb_files.textured(0)], [path.read_bytes()]))

    return made


ESCAPING = {**glb_files.textured(9), "name": "\x1b[2J/../../x"}
TEXTURES: dict[str, Maker] = {
    **{name: written(with_values(values)) for name, values in CHANGES["materials changed at these places"].items()},
    "a picture of one bit that is large": with_picture(blank_png(13_000, 1, 0, 1)),
    "a picture that claims much": with_picture(written(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\x86\xa0\0\1\x86\xa0\x08\2")),
    "a picture that is none": with_picture(written(b"fish")),
    "a name of control characters": written(with_values({"materials": [ESCAPING]})),
}


def read(file: Path, _out: Path) -> None:
    """Read the file as the worker and the command do, and find its seams."""
    mesh = read_input("mesh", file)
    assert isinstance(mesh, Mesh)
    mesh.seams  # noqa: B018


def files(contents: dict[str, bytes], **endless_ones: bytes) -> dict[str, Maker]:
    return {name: written(data) for name, data in contents.items()} | endless(endless_ones)


READERS = (Reader("read", function="hostile.meshes:read"),)
REPAINT = ("apply", "sharpen", "{file}", "--mesh", "-", "--out")
PAINTERS = Reader("maps", (*REPAINT, "{out}")), Reader("glb", (*REPAINT, "{out}/out.glb"))
HARMLESS = frozenset({"a buffer longer than its data", "a hundred thousand nodes below each other"})
CORPORA = [
    Corpus("meshes", ".ply", files(PLY, **{"a mesh": GOOD}), READERS),
    Corpus("obj", ".obj", files(OBJ, **{"an OBJ": VERTICES}), READERS),
    Corpus("glb", ".glb", files(GLB, **{"a GLB": HEAD}), READERS, harmless=HARMLESS),
    Corpus("textures of a glb", ".glb", TEXTURES, PAINTERS),
]
