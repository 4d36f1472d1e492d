"""Meshes with UVs: their islands and seams, and the files that they travel in."""

from dataclasses import replace

import numpy as np
import pytest
from cubes import cube

from impasto.atlas.mesh import Mesh
from impasto.errors import FileError, ParameterError
from impasto.io.meshes import mesh_of, ply_of, read_mesh


def test_each_edge_of_a_cube_is_a_seam_with_both_its_sides():
    mesh = cube()
    assert mesh.islands.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    first, second = mesh.seams
    assert len(first) == 12
    assert (mesh.islands[first // 3] != mesh.islands[second // 3]).all()
    starts, ends = mesh.half_edges(mesh.vertices, first)
    others, their_ends = mesh.half_edges(mesh.vertices, second)
    assert (np.sort(np.stack([starts, ends]), 0) == np.sort(np.stack([others, their_ends]), 0)).all()
    assert sorted([*first, *second]) == sorted(mesh.borders)
    corners = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1)]
    three = np.array([[corners[0], corners[1], corners[other]] for other in (2, 3, 4)], np.float32)
    apart = np.arange(3)[:, None, None] * 0.3
    fan = Mesh(three, (np.array([[(0, 0), (0.2, 0), (0, 0.2)]] * 3) + apart).astype(np.float32))
    assert len(fan.seams[0]) == 0, "an edge of three triangles is none"
    assert len(Mesh(fan.positions[:2], fan.positions[:2, :, :2].copy()).seams[0]) == 0, "without a cut there is none"


def test_directions_come_back_from_the_file_and_belong_to_the_mesh(tmp_path):
    directions = np.random.default_rng(0).random((12, 3, 3), np.float32)
    mesh = replace(cube(), directions=directions)
    path = tmp_path / "cube.ply"
    path.write_bytes(ply_of(mesh))
    found = read_mesh(path)
    assert np.array_equal(found.directions, directions)
    assert found.sha256() == mesh.sha256() != cube().sha256()
    path.write_bytes(ply_of(cube()))
    assert read_mesh(path).sha256() == cube().sha256()
    with pytest.raises(ParameterError, match="no numbers"):
        replace(cube(), positions=np.where(np.arange(3) > 1, np.nan, cube().positions))


def test_other_names_and_types_of_a_ply_file_are_understood():
    vertices = np.zeros(3, [("x", "<f8"), ("y", "<f8"), ("z", "<f8"), ("red", "|u1"), ("u", "<f4"), ("v", "<f4")])
    vertices["x"], vertices["v"] = (0, 1, 0), (0, 0, 1)
    header = (
        b"ply\nformat binary_little_endian 1.0\ncomment of another program\nelement vertex 3\nproperty double x\n"
        b"property double y\nproperty double z\nproperty uchar red\nproperty float u\nproperty float v\n"
        b"element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    )
    face = b"\x03" + np.array([2, 0, 1], "<i4").tobytes()
    mesh = mesh_of(header + vertices.tobytes() + face, "other.ply")
    assert mesh.positions[0, :, 0].tolist() == [0, 0, 1]
    assert mesh.uvs[0, :, 1].tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-5],
        lambda data: data[:40],
        lambda data: b"",
        lambda data: data.replace(b"binary_little", b"binary_big"),
        lambda data: data.replace(b"property float s\nproperty float t\n", b"property float q\nproperty float r\n"),
        lambda data: data.replace(b"element face 12", b"element face 99999999999"),
        lambda data: data.replace(b"element vertex 36", b"element vertex -1"),
        lambda data: data[:-1] + b"\xff",
    ],
)
def test_a_file_that_is_no_mesh_is_refused_with_a_remedy(change):
    with pytest.raises(FileError) as caught:
        mesh_of(change(ply_of(cube())), "broken.ply")
    assert "broken.ply" in caught.value.message
    assert "PLY" in caught.value.remedy
