"""Meshes in files of other programs: PLY of all kinds, OBJ and glTF, with their seams, parts and places."""

import json
import tracemalloc
from pathlib import Path

import glb_files
import numpy as np
import pytest
from cases import each_case

from impasto.atlas.mesh import Mesh
from impasto.atlas.polygons import triangles_of
from impasto.errors import FileError, ImpastoError
from impasto.io.meshes import is_shown, mesh_of, read_mesh

SQUARE = [(0, 0, 0), (2, 0, 0), (2, 2, 0), (0, 2, 0), (4, 1, 0)]
"""Vertices of a square and of a triangle at its side, which share two."""
UVS = [(0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5), (1, 0.25)]
FACES = [(0, 1, 2, 3), (1, 4, 2)]
AREA = 4 + 2
EMPTY = {"componentType": 5126, "count": 4, "type": "VEC3"}
DRACO = {"extensionsUsed": ["KHR_draco_mesh_compression"], "accessors": 3 * [EMPTY]}


def header(
    form: str, names: str, faces: str = "list uchar int vertex_indices", counts: tuple[int, int] = (5, 2)
) -> str:
    columns = "".join(f"property {name}\n" for name in names.split(","))
    rest = "".join(f"property {one}\n" for one in faces.split(","))
    return (
        f"ply\nformat {form} 1.0\ncomment other program\nelement vertex {counts[0]}\n{columns}"
        f"element face {counts[1]}\n{rest}end_header\n"
    )


def as_text(names: str = "float x,float y,float z,float s,float t") -> bytes:
    rows = [(*place, *uv) for place, uv in zip(SQUARE, UVS, strict=True)]
    lines = [" ".join(map(str, row)) for row in [*rows, *((len(face), *face) for face in FACES)]]
    return (header("ascii", names) + "\n".join(lines)).encode()


def as_binary(order: str, uvs: str = "double u,double v") -> bytes:
    form = {"<": "binary_little_endian", ">": "binary_big_endian"}[order]
    kind = np.dtype([("x", "f8"), ("y", "f4"), ("z", "f4"), ("red", "u1"), ("u", "f8"), ("v", "f8")]).newbyteorder(
        order
    )
    vertices = np.array([(*place, 9, *uv) for place, uv in zip(SQUARE, UVS, strict=True)], kind)
    faces = b"".join(bytes([len(face)]) + np.array(face, f"{order}i4").tobytes() for face in FACES)
    return header(form, f"double x,float y,float z,uchar red,{uvs}").encode() + vertices.tobytes() + faces


def with_corner_uvs() -> bytes:
    """UVs of each corner of a face, as MeshLab writes them, and another value of each face."""
    lines = [" ".join(map(str, place)) for place in SQUARE]
    for face in FACES:
        corners = [value for vertex in face for value in UVS[vertex]]
        lines.append(" ".join(map(str, (len(face), *face, len(corners), *corners, 7))))
    lists = "list uchar int vertex_index,list uchar float texcoord,int texnumber"
    return (header("ascii", "float x,float y,float z", lists) + "\n".join(lines)).encode()


OBJ = Path(__file__).with_name("square.obj").read_bytes()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (as_text(), "a.ply"),
        (as_text().replace(b"\n", b"\r\n"), "a.PLY"),
        (as_binary("<"), "a.ply"),
        (as_binary(">", "double texture_u,double texture_v"), "a.ply"),
        (with_corner_uvs(), "a.ply"),
        (OBJ, "a.obj"),
    ],
    ids=["text", "text of Windows", "binary", "big-endian", "UVs of corners", "OBJ"],
)
def test_quads_and_triangles_with_uvs_are_read_from_any_ply_and_obj(data, name):
    mesh = mesh_of(data, name)
    assert len(mesh) == 3
    assert mesh.areas.sum() == pytest.approx(AREA)
    corners = {(*map(float, place), *map(float, uv)) for place, uv in zip(SQUARE, UVS, strict=True)}
    assert set(map(tuple, np.concatenate([mesh.positions, mesh.uvs], 2).reshape(-1, 5).tolist())) == corners
    assert (mesh.normals[:, 2] > 0.99).all()
    assert mesh.islands.max() == 0


def test_concave_polygons_are_filled_exactly():
    arrow = np.array([(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)], float)
    dart = np.array([(0, 0), (4, 1), (0, 2), (1, 1)], float)
    comb = np.array([(0, 0), (6, 0), (6, 3), (5, 1), (4, 3), (3, 1), (2, 3), (1, 1), (0, 3)], float)
    for polygon, area in ((arrow, 10), (dart, 3), (dart[[1, 2, 3, 0]], 3), (comb, 12), (comb[::-1], 12)):
        for axes in ((0, 1), (1, 2), (2, 0)):
            places = np.zeros((len(polygon), 3))
            places[:, axes] = polygon
            triangles = places[triangles_of(np.array([len(polygon)]), places)]
            assert len(triangles) == len(polygon) - 2
            assert Mesh(triangles, triangles[..., :2]).areas.sum() == pytest.approx(area)
    assert not len(triangles_of(np.array([2, 0]), np.zeros((2, 3))))


def test_unused_ply_columns_take_no_memory():
    """4.5 MB that took 4.6 GiB: each corner of each face had all columns of its vertex."""
    names = ",".join(["float x", "float y", "float z", "float s", "float t", *(f"float a{i}" for i in range(745))])
    vertices = np.random.default_rng(0).random((1000, 750)).astype("<f4")
    faces = np.zeros(100_000, [("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, np.random.default_rng(1).integers(0, 1000, (100_000, 3))
    data = header("binary_little_endian", names, counts=(1000, 100_000)).encode() + vertices.tobytes() + faces.tobytes()
    tracemalloc.start()
    mesh = mesh_of(data, "wide.ply")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(mesh) == 100_000
    assert peak < 64 * 2**20


def test_a_glb_lies_as_in_its_scene_with_z_up_and_v_upwards(tmp_path):
    (tmp_path / "a.glb").write_bytes(glb_files.asset([glb_files.textured(0)], [glb_files.png(9, 9, 9)]))
    mesh = read_mesh(tmp_path / "a.glb")
    corners = np.concatenate([mesh.positions, mesh.uvs], 2).reshape(-1, 5).tolist()
    assert set(map(tuple, corners)) == {(5, -7, 6, 0, 0), (6, -7, 6, 1, 0), (6, -7, 7, 1, 1), (5, -7, 7, 0, 1)}
    assert mesh.normals[0].tolist() == [0, -1, 0]


@each_case("places-of-nodes")
def test_nodes_place_their_meshes_and_keep_the_outside(node, box):
    data = glb_files.asset([{}], [], nodes=[{"children": [1]}, {"mesh": 0, **node}])
    mesh = mesh_of(data, "a.glb")
    places = mesh.positions.reshape(-1, 3)
    np.testing.assert_allclose([places.min(0), places.max(0)], box, atol=1e-5)
    assert (mesh.normals[:, 1] < -0.99).all()


def changed(data: bytes, change) -> bytes:
    content, binary = glb_files.content_of(data)
    return glb_files.glb(content, change(content, binary) or binary)


def as_strip(content, binary):
    content["meshes"][0]["primitives"][0]["mode"] = 5
    start = content["bufferViews"][2]["byteOffset"]
    content["accessors"][2]["count"] = 4
    return binary[:start] + np.array([0, 1, 3, 2], "<u2").tobytes() + binary[start + 8 :]


def as_fan(content, binary):
    content["meshes"][0]["primitives"][0]["mode"] = 6
    del content["meshes"][0]["primitives"][0]["indices"]


def with_integers(content, binary):
    """UVs as normalised integers of 16 bits, of a second set, in an array with other data between."""
    uvs = np.zeros((4, 4), "<u2")
    uvs[:, :2] = glb_files.UVS * 65535
    more = {"bufferView": len(content["bufferViews"]), "componentType": 5123, "normalized": True}
    content["accessors"].append({**content["accessors"][1], **more})
    content["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": 32, "byteStride": 8})
    content["buffers"][0]["byteLength"] = len(binary) + 32
    content["meshes"][0]["primitives"][0]["attributes"] = {"POSITION": 0, "TEXCOORD_1": 3}
    content["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["texCoord"] = 1
    return binary + uvs.tobytes()


def with_sparse(content, binary):
    """UVs that are all 0, but for those that are listed."""
    content["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": 4})
    content["buffers"][0]["byteLength"] = len(binary) + 4
    where = {"bufferView": len(content["bufferViews"]) - 1, "componentType": 5121}
    content["accessors"][1]["sparse"] = {"count": 4, "indices": where, "values": {"bufferView": 1}}
    del content["accessors"][1]["bufferView"]
    return binary + bytes(range(4))


@pytest.mark.parametrize("change", [as_strip, as_fan, with_integers, with_sparse])
def test_other_layouts_of_gltf_are_the_same_mesh(change):
    data = glb_files.asset([glb_files.textured(0)], [glb_files.png(9, 9, 9)])
    expected, found = mesh_of(data, "a.glb"), mesh_of(changed(data, change), "a.glb")
    assert found.areas.sum() == pytest.approx(1)
    for name in ("positions", "uvs"):
        corners = [np.unique(getattr(one, name).reshape(6, -1), axis=0) for one in (expected, found)]
        np.testing.assert_allclose(*corners, atol=1e-4)
    assert (found.normals[:, 1] < -0.99).all()


def test_a_texture_transform_moves_the_uvs():
    transform = {"offset": [0.1, 0.2], "rotation": np.pi / 2, "scale": [2, 3]}
    material = glb_files.textured(0)
    material["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] = {"KHR_texture_transform": transform}
    mesh = mesh_of(glb_files.asset([material], [glb_files.png(9, 9, 9)]), "a.glb")
    corner = mesh.uvs[(mesh.positions == (6, -7, 6)).all(2)][0]  # of UV (1, 1), downwards
    np.testing.assert_allclose(corner, (0.1 + 3, 1 - (0.2 - 2)), atol=1e-5)


def test_a_part_is_the_faces_of_one_material(tmp_path):
    materials = [glb_files.textured(0), {"name": "a/b"}]
    (tmp_path / "a.glb").write_bytes(glb_files.asset(materials, [glb_files.png(9, 9, 9)]))
    assert len(read_mesh(tmp_path / "a.glb")) == 4
    assert len(read_mesh(tmp_path / "a.glb" / "Material" / "M0")) == 2
    assert len(read_mesh(tmp_path / "a.glb" / "Material" / "a" / "b")) == 2
    content, binary = glb_files.content_of((tmp_path / "a.glb").read_bytes())
    content["meshes"][0]["primitives"].pop()
    (tmp_path / "unused.glb").write_bytes(glb_files.glb(content, binary))
    variants = {"KHR_materials_variants": {"mappings": [{"material": 1, "variants": [0]}]}}
    content["meshes"][0]["primitives"][0]["extensions"] = variants
    (tmp_path / "variants.glb").write_bytes(glb_files.glb(content, binary))
    assert [is_shown(tmp_path / name / "Material/a/b") for name in ("unused.glb", "variants.glb")] == [False, True]
    assert len(read_mesh(tmp_path / "variants.glb/Material/a/b")) == 2
    with pytest.raises(FileError, match="there is no Material/M7") as caught:
        read_mesh(tmp_path / "a.glb" / "Material" / "M7")
    assert "M0" in caught.value.remedy


def test_a_gltf_with_files_or_data_in_it_is_read_like_its_glb(tmp_path):
    import base64

    data = glb_files.asset([{}], [])
    content, binary = glb_files.content_of(data)
    binary = binary[: content["buffers"][0]["byteLength"]]
    for uri in ("my data.bin", f"data:application/octet-stream;base64,{base64.b64encode(binary).decode()}"):
        content["buffers"][0]["uri"] = uri.replace(" ", "%20")
        (tmp_path / "my data.bin").write_bytes(binary)
        (tmp_path / "a.gltf").write_text(json.dumps(content))
        assert read_mesh(tmp_path / "a.gltf").sha256() == mesh_of(data, "a.glb").sha256()
    content["buffers"][0]["uri"] = "../data.bin"
    (tmp_path / "a.gltf").write_text(json.dumps(content))
    with pytest.raises(FileError, match="leads out of"):
        read_mesh(tmp_path / "a.gltf")


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (as_text("float x,float y,float z,float a,float b"), "a.ply", "has no UVs"),
        (as_text().replace(b"0.25", b"1e30"), "a.ply", "far too large"),
        (b"solid cube", "a.stl", "is no mesh that is read"),
        (OBJ.replace(b"-3/-3", b"-3/-6"), "a.obj", "no OBJ file"),
        (b"v 0 0 0", "a.obj", "no OBJ file"),
        (glb_files.asset([{}], [], extensionsRequired=["KHR_draco_mesh_compression"]), "a.glb", "Draco"),
        (glb_files.asset([{}], [], **DRACO), "a.glb", "Draco"),
        (glb_files.asset([{}], [], extensionsRequired=["VENDOR_x"]), "a.glb", "VENDOR_x"),
        (glb_files.asset([{}], [], asset={"version": "1.0"}), "a.glb", "no glTF 2.0 file"),
    ],
)
def test_unreadable_meshes_are_refused_with_a_remedy(data, name, message):
    with pytest.raises(ImpastoError, match=message) as caught:
        mesh_of(data, name)
    assert caught.value.remedy
