"""Hostile meshes: headers that promise what does not follow, numbers beyond all vertices, names that mislead."""

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
from .corpus import Corpus, Maker, Reader, endless, written
from .data import picture

PLANE = np.array([[(0, 0, 0), (1, 0, 0), (1, 1, 0)], [(0, 0, 0), (1, 1, 0), (0, 1, 0)]], np.float32)
GOOD = ply_of(Mesh(PLANE, PLANE[..., :2].copy()))
MANY = 10**9


def changed(before: bytes, after: bytes) -> bytes:
    assert before in GOOD
    return GOOD.replace(before, after)


PLY: dict[str, bytes] = {
    "half a mesh": GOOD[: len(GOOD) // 2],
    "an endless header": b"ply\nformat binary_little_endian 1.0\n" + b"comment \x1b[2J" * 10**6,
    "a header of no Unicode": b"ply\nformat binary_little_endian 1.0\n\xff\xfe\nend_header\n",
    "as text": changed(b"binary_little_endian", b"ascii"),
    "in the other order": changed(b"binary_little_endian", b"binary_big_endian"),
    "no version": changed(b" 1.0", b""),
    "no vertices": changed(b"element vertex 6", b"element edge 6"),
    "no count": changed(b"element vertex 6", b"element vertex"),
    "a negative count": changed(b"element vertex 6", b"element vertex -6"),
    "a huge count of vertices": changed(b"element vertex 6", b"element vertex 12000000"),
    "a huge count of faces": changed(b"element face 2", b"element face 4000000"),
    "a billion faces": changed(b"element face 2", b"element face 1000000000"),
    "a count of ten thousand digits": changed(b"element face 2", b"element face " + b"9" * 10000),
    "a property of an unknown type": changed(b"float x", b"quaternion x"),
    "a property before all elements": changed(b"element vertex 6\n", b""),
    "no positions": changed(b"float x", b"float a"),
    "no UVs": changed(b"float s", b"float a"),
    "one property twice": changed(b"float s", b"float x"),
    "faces without a list": changed(b"list uchar uint vertex_indices", b"uint vertex_indices"),
    "a list of floats": changed(b"list uchar uint vertex_indices", b"list uchar float vertex_indices"),
    "a number beyond all vertices": GOOD[:-4] + b"\xff\xff\xff\xff",
    "a face longer than the file": GOOD.replace(b"\x03\x00\x00\x00\x00\x01", b"\xff\x00\x00\x00\x00\x01"),
    "a face that is a negative list": changed(b"list uchar", b"list char").replace(
        b"\x03\x00\x00\x00\x00\x01", b"\xff\x00\x00\x00\x00\x01"
    ),
    "text of words": b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\nfish",
    "text without numbers": b"ply\nformat ascii 1.0\nelement vertex 9\nproperty float x\nend_header\n",
    "text with a list of infinite length": b"ply\nformat ascii 1.0\nelement face 1\nproperty list uchar int "
    b"vertex_indices\nend_header\ninf 1 2 3",
    "a million empty faces": b"ply\nformat binary_little_endian 1.0\nelement face 1000000\nproperty list uchar int "
    b"vertex_indices\nend_header\n" + bytes(10**6),
    "positions that are no numbers": GOOD.replace(
        PLANE[1, 2].tobytes() + PLANE[1, 2, :2].tobytes(), np.full(5, np.nan, "<f4").tobytes()
    ),
}
VERTICES = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n"
OBJ: dict[str, bytes] = {
    "faces only": b"f 1/1 2/2 3/3\n",
    "a number beyond all vertices": VERTICES + b"f 1/1 2/2 9/3\n",
    "a number beyond all UVs": VERTICES + b"f 1/1 2/2 3/9\n",
    "a number before all vertices": VERTICES + b"f 1/1 2/2 -9/3\n",
    "a vertex of no number": VERTICES + b"f 0/1 2/2 3/3\n",
    "a number of ten thousand digits": VERTICES + b"f " + b"9" * 10000 + b"/1 2/2 3/3\n",
    "a huge number": VERTICES + b"f 99999999999999999999/1 2/2 3/3\n",
    "words for numbers": b"v fish 0 0\n" + VERTICES + b"f 1/1 2/2 3/3\n",
    "infinite positions": VERTICES.replace(b"v 1 0 0", b"v 1e999 0 0") + b"f 1/1 2/2 3/3\n",
    "too few values": b"v 1\n" + VERTICES + b"f 1/1 2/2 3/3\n",
    "one line of 40 MB": VERTICES + b"f" + b" 1/1" * 10**7,
    "a line that goes on for ever": VERTICES + b"f 1/1 \\\n" * 3_000_000,
    "no UVs": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
}
Change = Callable[[dict[str, Any]], Any]


def gltf(change: Change, pictures: tuple[bytes, ...] = (), **more: Any) -> bytes:
    """A good GLB with something changed in its JSON."""
    data = glb_files.asset([glb_files.textured(0)], pictures or (picture(),), **more)
    content, binary = glb_files.content_of(data)
    change(content)
    return glb_files.glb(content, binary)


def view(**fields: Any) -> bytes:
    return gltf(lambda content: content["bufferViews"][0].update(fields))


def accessor(index: int = 0, **fields: Any) -> bytes:
    return gltf(lambda content: content["accessors"][index].update(fields))


def node(*nodes: dict[str, Any]) -> bytes:
    return gltf(lambda content: content.update(nodes=list(nodes)))


def without_view(content: dict[str, Any]) -> None:
    content["accessors"][0] = {"componentType": 5126, "count": MANY, "type": "VEC3"}


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
GLB: dict[str, bytes] = {
    "half a file": HEAD[: len(HEAD) // 2],
    "a length beyond the file": HEAD[:8] + b"\xff\xff\xff\x7f" + HEAD[12:],
    "a chunk beyond the file": HEAD[:12] + b"\xff\xff\xff\x7f" + HEAD[16:],
    "of version 1": HEAD[:4] + b"\1\0\0\0" + HEAD[8:],
    "without JSON": glb_files.glb({}, b"").replace(b"JSON", b"NOSJ"),
    "JSON that is a list": glb_files.glb([], b""),  # type: ignore[arg-type]
    "JSON without anything": glb_files.glb({}, b""),
    "JSON nested a thousand times": glb_files.glb({"asset": json.loads("[" * 900 + "]" * 900)}, b""),
    "lists that are texts": gltf(lambda content: content.update(meshes="fish", nodes="fish")),
    "nodes that are numbers": gltf(lambda content: content.update(nodes=[7])),
    "a count of a billion": accessor(count=MANY),
    "a count of a billion without data": gltf(without_view),
    "a negative count": accessor(count=-1),
    "a count that is a text": accessor(count="4"),
    "a count of 10^30": accessor(count=10**30),
    "a thousand arrays without data": gltf(many_empty_arrays),
    "a mesh in a million places": gltf(a_mesh_in_many_places),
    "an unknown type": accessor(type="MAT9"),
    "an unknown component": accessor(componentType=1),
    "positions that are pairs": accessor(type="VEC2"),
    "a negative offset": accessor(byteOffset=-8),
    "an offset beyond the data": accessor(byteOffset=MANY),
    "a view with a negative offset": view(byteOffset=-8),
    "a view beyond its buffer": view(byteLength=MANY),
    "a negative stride": view(byteStride=-12),
    "a huge stride": view(byteStride=2**31),
    "a view of no buffer": view(buffer=7),
    "a buffer longer than its data": gltf(lambda content: content["buffers"][0].update(byteLength=MANY)),
    "an index of a view that is negative": accessor(bufferView=-1),
    "faces of vertices that are not there": gltf(lambda content: content["accessors"][0].update(count=2)),
    "faces by fractions": accessor(2, componentType=5126, count=3),
    "sparse values beyond all": accessor(
        sparse={"count": 4, "indices": {"bufferView": 2, "componentType": 5125}, "values": {"bufferView": 0}}
    ),
    "sparse values without end": accessor(
        sparse={"count": MANY, "indices": {"bufferView": 2, "componentType": 5121}, "values": {"bufferView": 0}}
    ),
    "nodes in a circle": node({"mesh": 0, "children": [1]}, {"children": [0]}),
    "a node that is its own child": node({"mesh": 0, "children": [0]}),
    "a hundred thousand nodes below each other": node(
        *({"children": [index + 1]} for index in range(100_000)), {"mesh": 0}
    ),
    "a child that is not there": node({"children": [7], "mesh": 0}),
    "a matrix of 3 numbers": node({"mesh": 0, "matrix": [1, 2, 3]}),
    "a rotation of words": node({"mesh": 0, "rotation": ["a", "b", "c", "d"]}),
    "an infinite scale": node({"mesh": 0, "scale": [1e308, 1e308, 1e308]}),
    "a scene that is not there": gltf(lambda content: content.update(scene=9)),
    "a mesh that is not there": node({"mesh": 9}),
    "a material that is not there": gltf(lambda content: content["meshes"][0]["primitives"][0].update(material=9)),
    "data that are no base64": gltf(lambda content: content["buffers"][0].update(uri="data:;base64,!!!")),
    "data of 20 MB that are no JSON": b'{"asset":{"version":"2.0"},"x":"data:' + b"A" * 20_000_000,
    "a file above": gltf(lambda content: content["buffers"][0].update(uri="../../../etc/passwd")),
    "an absolute file": gltf(lambda content: content["buffers"][0].update(uri="/etc/passwd")),
    "a file of the net": gltf(lambda content: content["buffers"][0].update(uri="https://example.com/a.bin")),
    "an escape in a name": gltf(lambda content: content["buffers"][0].update(uri="\x1b[2J")),
    "compressed meshes": gltf(lambda content: content.update(extensionsRequired=["KHR_draco_mesh_compression"])),
    "an unknown extension": gltf(lambda content: content.update(extensionsRequired=["\x1b[2J"])),
    "a transform of words": gltf(
        lambda content: content["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"].update(
            extensions={"KHR_texture_transform": {"offset": ["a", "b"]}}
        )
    ),
}


def with_picture(make: Maker) -> Maker:
    """A GLB whose texture is a file made by another maker."""

    def made(path: Path) -> None:
        make(path)
        path.write_bytes(glb_files.asset([glb_files.textured(0)], [path.read_bytes()]))

    return made


def material(**fields: Any) -> bytes:
    return gltf(lambda content: content["materials"][0].update(fields))


TEXTURES: dict[str, Maker] = {
    "a picture of one bit that is large": with_picture(blank_png(13_000, 1, 0, 1)),
    "a picture that claims much": with_picture(written(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\x86\xa0\0\1\x86\xa0\x08\2")),
    "a picture that is none": with_picture(written(b"fish")),
    **{
        name: written(data)
        for name, data in {
            "an image that is not there": gltf(lambda content: content["textures"][0].update(source=9)),
            "a texture that is not there": gltf(lambda content: content.update(textures=[])),
            "a texture without an image": gltf(lambda content: content.update(textures=[{}])),
            "an image without data": gltf(lambda content: content.update(images=[{}])),
            "an image in a file above": gltf(lambda content: content.update(images=[{"uri": "../../etc/passwd"}])),
            "an image that is the file itself": gltf(lambda content: content.update(images=[{"uri": "file.glb"}])),
            "a factor of words": material(
                pbrMetallicRoughness={"baseColorTexture": {"index": 0}, "baseColorFactor": ["a", 1, 1, 1]}
            ),
            "a factor of three": material(
                pbrMetallicRoughness={"baseColorTexture": {"index": 0}, "baseColorFactor": [1, 1, 1]}
            ),
            "a factor that is no number": material(
                pbrMetallicRoughness={"baseColorTexture": {"index": 0}, "baseColorFactor": None}
            ),
            "textures that are texts": material(pbrMetallicRoughness={"baseColorTexture": "fish"}),
            "materials without textures": material(pbrMetallicRoughness={}),
            "a name of control characters": gltf(
                lambda content: content.update(materials=[{**glb_files.textured(9), "name": "\x1b[2J/../../x"}])
            ),
        }.items()
    },
}


def read(file: Path, _out: Path) -> None:
    """Read the file as the worker and the command do, and find its seams."""
    mesh = read_input("mesh", file)
    assert isinstance(mesh, Mesh)
    mesh.seams  # noqa: B018


READERS = (Reader("read", function="hostile.meshes:read"),)
REPAINT = ("apply", "sharpen", "{file}", "--mesh", "-", "--out")
CORPORA = [
    Corpus(
        "meshes",
        ".ply",
        {**{name: written(content) for name, content in PLY.items()}, **endless({"a mesh": GOOD})},
        READERS,
    ),
    Corpus(
        "obj", ".obj", {**{name: written(data) for name, data in OBJ.items()}, **endless({"an OBJ": VERTICES})}, READERS
    ),
    Corpus(
        "glb",
        ".glb",
        {**{name: written(data) for name, data in GLB.items()}, **endless({"a GLB": HEAD})},
        READERS,
        harmless=frozenset({"a buffer longer than its data", "a hundred thousand nodes below each other"}),
    ),
    Corpus(
        "textures of a glb",
        ".glb",
        TEXTURES,
        (
            Reader("maps", (*REPAINT, "{out}")),
            Reader("glb", (*REPAINT, "{out}/out.glb")),
        ),
    ),
]
