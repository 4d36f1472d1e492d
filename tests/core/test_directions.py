"""Directions as an image: the same as those at the mesh's vertices, in any size, on any charts, and errors."""

import json
from dataclasses import replace

import numpy as np
import pytest
from cubes import cube
from test_atlas import TURNED, bent_plane

from impasto import Maps, Recipe, Step, run
from impasto.atlas.charts import Charts
from impasto.atlas.directions import directed
from impasto.atlas.mesh import Mesh
from impasto.cli.main import main
from impasto.errors import ParameterError
from impasto.io.files import write_maps
from impasto.io.meshes import ply_of

COVER = Recipe((Step("cover-object", {"width_px": 64, "height_px": 64, "repeat_m": 0.5}),))


def flow(right: float, up: float, size_px: tuple[int, int] = (8, 8), blue: float = 0.0) -> Maps:
    """An image of one direction everywhere, encoded."""
    color = np.array([right * 0.5 + 0.5, up * 0.5 + 0.5, blue], np.float32)
    return Maps.from_arrays({"base_color": np.broadcast_to(color, (*size_px, 3)).copy()})


def noise(size_px: tuple[int, int]) -> Maps:
    return Maps.from_arrays({"base_color": np.random.default_rng(0).random((*size_px, 3), np.float32)})


def frame(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (T, 3) in space along U and V of a mesh whose islands are turned and mirrored, but not sheared."""
    along = []
    for axis in (0, 1):
        slopes = np.linalg.solve(mesh.uvs[:, 1:] - mesh.uvs[:, :1], mesh.positions[:, 1:] - mesh.positions[:, :1])
        along.append(slopes[:, axis] / np.linalg.norm(slopes[:, axis], axis=1, keepdims=True))
    return along[0], along[1]


@pytest.mark.parametrize(("right", "up"), [(1.0, 0.0), (0.0, -1.0), (0.6, 0.8)])
def test_an_image_of_one_direction_is_the_same_as_that_direction_at_all_vertices(right, up):
    mesh = cube(turns=TURNED)
    u, v = frame(mesh)
    attribute = np.repeat((right * u + up * v)[:, None], 3, 1).astype(np.float32)
    for image in (flow(right, up), flow(right / 4, up / 4, (5, 7), blue=1.0)):
        found = directed(mesh, image)
        length = np.linalg.norm(found.directions, axis=2, keepdims=True)
        np.testing.assert_allclose(found.directions / length, attribute, atol=1e-6)
        charts = [Charts.of(one, (64, 64)) for one in (found, replace(mesh, directions=attribute))]
        assert charts[0].is_directed.all()
        np.testing.assert_allclose(charts[0].matrices, charts[1].matrices, rtol=1e-4, atol=1e-7)


def test_a_pattern_lies_along_an_image_as_along_the_attribute():
    mesh = cube(turns=TURNED)
    attribute = np.repeat(frame(mesh)[0][:, None], 3, 1).astype(np.float32)
    texture = noise((32, 32))
    given = {"source": texture, "mesh": mesh}
    by_image = run(COVER, {**given, "directions": flow(1, 0)})
    by_attribute = run(COVER, {**given, "mesh": replace(mesh, directions=attribute)})
    plain = run(COVER, given).maps["base_color"].pixels
    pixels = [one.maps["base_color"].pixels for one in (by_image, by_attribute)]
    np.testing.assert_allclose(pixels[0], pixels[1], atol=1e-3)
    assert np.abs(pixels[0] - plain).mean() > 0.02
    assert by_image.recipe.inputs["mesh"]["sha256"] == mesh.sha256()
    assert by_image.recipe.inputs["directions"].keys() >= {"name", "sha256"}


def test_directions_that_vary_are_followed_face_by_face():
    mesh, wanted = bent_plane()
    u = (np.arange(300) + 0.5) / 300
    first, second = (u - 0.05) / 0.4, (u - 0.25) / 0.4
    image = np.zeros((200, 300, 3), np.float32)
    for rows, place in ((slice(0, 100), second), (slice(100, 200), first)):  # the second island lies higher
        angle = (place - 0.5) * np.pi / 3
        image[rows] = np.stack([-np.sin(angle), np.cos(angle), np.zeros_like(u)], 1) * 0.5 + 0.5
    uvs = mesh.uvs.copy()
    is_second = mesh.positions[..., 0].mean(1) > 0.5
    uvs[is_second, :, 1] = 0.55 + mesh.positions[is_second, :, 1] * 0.4
    uvs[~is_second, :, 1] = 0.05 + mesh.positions[~is_second, :, 1] * 0.4
    found = directed(replace(mesh, uvs=uvs, directions=None), Maps.from_arrays({"base_color": image})).directions
    found = found / np.linalg.norm(found, axis=2, keepdims=True)
    mean = wanted.mean(1) / np.linalg.norm(wanted.mean(1), axis=1, keepdims=True)
    assert (found[:, 0] * mean).sum(1).min() > np.cos(np.radians(2))


def test_where_the_image_has_no_direction_the_meshs_own_stay():
    mesh = cube()
    own = np.broadcast_to(np.float32([1, 0, 0]), mesh.positions.shape)
    neutral = flow(1 / 255, 1 / 255)
    assert directed(mesh, neutral).directions is None
    assert np.array_equal(directed(replace(mesh, directions=own), neutral).directions, own)


def test_tiles_have_directions_of_their_own():
    mesh = cube()
    uvs = mesh.uvs.copy()
    uvs[6:] += (1, 0)
    image = Maps.of_tiles({1001: flow(1, 0), 1002: flow(0, 1, (4, 4))})
    found = directed(replace(mesh, uvs=uvs), image).directions[:, 0]
    u, v = frame(mesh)
    np.testing.assert_allclose(found, np.concatenate([u[:6], v[6:]]), atol=1e-6)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (Maps.from_arrays({"base_color": np.full((4, 4, 3), 0.7, np.float32)}), "is grey"),
        (replace(flow(1, 0), name="flow.exr"), r"flow\.exr is no flow map"),
        (Maps.from_arrays({"height": np.zeros((4, 4, 1), np.float32)}), "is no flow map"),
    ],
)
def test_images_that_have_no_directions_are_refused_with_a_remedy(image, said):
    with pytest.raises(ParameterError, match=said) as caught:
        directed(cube(), image)
    assert "red along U" in caught.value.remedy
    with pytest.raises(ParameterError, match="no mesh that they lie on") as caught:
        run(Recipe((Step("sharpen"),)), {"source": flow(1, 0), "directions": flow(1, 0)})
    assert "give the input mesh" in caught.value.remedy


def test_the_command_takes_the_image_and_makes_the_result_again(tmp_path, capsys):
    write_maps(flow(1, 0, (32, 32)), tmp_path, "flow")
    write_maps(noise((32, 32)), tmp_path, "c")
    (tmp_path / "cube.ply").write_bytes(ply_of(cube()))
    source, image, mesh = (str(tmp_path / name) for name in ("c_base_color.png", "flow_base_color.png", "cube.ply"))
    lying = ["--mesh", mesh, "--directions", image]
    main(["apply", "sharpen", source, *lying, "--out", str(tmp_path / "out"), "--json"])
    (made,) = json.loads(capsys.readouterr().out)["files"]
    inputs = [f"--input={name}={file}" for name, file in (("source", source), ("mesh", mesh), ("directions", image))]
    main(["rerun", made, *inputs, "--out", str(tmp_path / "again"), "--json"])
    assert json.loads(capsys.readouterr().out)["identical"]
