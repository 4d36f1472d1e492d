"""Hostile meshes: headers that promise what does not follow, numbers beyond all vertices, names that mislead."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from impasto.atlas.mesh import Mesh
from impasto.io.ply import ply_of
from impasto.running.inputs import read_input

from .corpus import Corpus, Reader, endless, written

PLANE = np.array([[(0, 0, 0), (1, 0, 0), (1, 1, 0)], [(0, 0, 0), (1, 1, 0), (0, 1, 0)]], np.float32)
GOOD = ply_of(Mesh(PLANE, PLANE[..., :2].copy()))


def changed(before: bytes, after: bytes) -> bytes:
    assert before in GOOD
    return GOOD.replace(before, after)


FILES: dict[str, bytes] = {
    "half a mesh": GOOD[: len(GOOD) // 2],
    "an endless header": b"ply\nformat binary_little_endian 1.0\n" + b"comment \x1b[2J" * 10**6,
    "a header of no Unicode": b"ply\nformat binary_little_endian 1.0\n\xff\xfe\nend_header\n",
    "as text": changed(b"binary_little_endian", b"ascii"),
    "no version": changed(b" 1.0", b""),
    "no vertices": changed(b"element vertex 6", b"element edge 6"),
    "no count": changed(b"element vertex 6", b"element vertex"),
    "a huge count of vertices": changed(b"element vertex 6", b"element vertex 12000000"),
    "a huge count of faces": changed(b"element face 2", b"element face 4000000"),
    "a count of ten thousand digits": changed(b"element face 2", b"element face " + b"9" * 10000),
    "a property of an unknown type": changed(b"float x", b"quaternion x"),
    "no positions": changed(b"float x", b"float a"),
    "no UVs": changed(b"float s", b"float a"),
    "faces without a list": changed(b"list uchar uint vertex_indices", b"uint vertex_indices"),
    "a number beyond all vertices": GOOD[:-4] + b"\xff\xff\xff\xff",
    "quadrangles": GOOD.replace(b"\x03\x00\x00\x00\x00\x01", b"\x04\x00\x00\x00\x00\x01"),
    "positions that are no numbers": GOOD.replace(
        PLANE[1, 2].tobytes() + PLANE[1, 2, :2].tobytes(), np.full(5, np.nan, "<f4").tobytes()
    ),
}


def read(file: Path, _out: Path) -> None:
    """Read the file as the worker and the command do, and find its seams."""
    mesh = read_input("mesh", file)
    assert isinstance(mesh, Mesh)
    mesh.seams  # noqa: B018


CORPORA = [
    Corpus(
        "meshes",
        ".ply",
        {**{name: written(content) for name, content in FILES.items()}, **endless({"a mesh": GOOD})},
        (Reader("read", function="hostile.meshes:read"),),
    )
]
