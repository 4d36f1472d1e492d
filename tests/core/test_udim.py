"""Tiled images (UDIM), with a mesh and without one; and directions as an image, for a mesh and its tiles."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cubes import cube
from test_atlas import TURNED, bent_plane

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.atlas.charts import Charts
from impasto.atlas.directions import directed
from impasto.atlas.mesh import Mesh
from impasto.errors import FileError, ParameterError
from impasto.io.files import read_maps, read_size, source_name, write_maps
from impasto.io.ply import ply_of
from impasto.io.udim import without_number
from impasto.options import Sink
from impasto.running.rerun import rerun
from impasto.udim import TileSheet

SIDE = 96
SHARPEN = Recipe((Step("sharpen"),))


def tiled_cube() -> Mesh:
    """A cube whose first three faces lie on tile 1001, and the others on 1012."""
    mesh = cube(sides=(0.3, 0.15, 0.3, 0.2, 0.25, 0.3), turns=(0, 1, 2, 3, 1, 2))
    uvs = mesh.uvs.copy()
    uvs[6:] += (1, 0.5)
    return replace(mesh, uvs=uvs)


def noise(seed: int = 0, size_px: tuple[int, int] = (SIDE, SIDE)) -> Maps:
    return Maps.from_arrays({"base_color": np.random.default_rng(seed).random((*size_px, 3), np.float32)})


def two_tiles(**about) -> Maps:
    return replace(Maps.of_tiles({1001: noise(1), 1012: noise(2, (64, 128))}), **about)


def test_tiles_of_any_size_are_split_as_they_were_joined():
    maps = Maps.of_tiles({1012: noise(2, (64, 128)), 1001: noise(1)})
    tiles = maps.tiles()
    assert list(tiles) == [1001, 1012]
    assert np.array_equal(tiles[1001]["base_color"].pixels, noise(1)["base_color"].pixels)
    assert np.array_equal(tiles[1012]["base_color"].pixels, noise(2, (64, 128))["base_color"].pixels)
    doubled = replace(maps, textures={}).with_arrays(
        {"base_color": maps["base_color"].pixels.repeat(2, 0).repeat(2, 1)}
    )
    assert [tile.size_px for tile in doubled.tiles().values()] == [(2 * SIDE, 2 * SIDE), (128, 256)]
    assert np.array_equal(doubled.tiles()[1012]["base_color"].pixels[::2, ::2], tiles[1012]["base_color"].pixels)
    assert list(maps.tile_arrays()) == ["base_color.1001", "base_color.1012"]
    assert Maps.from_tile_arrays(maps.tile_arrays()).sha256() == maps.sha256()
    assert not Maps.from_tile_arrays({})
    with pytest.raises(ParameterError, match="number them"):
        Maps.from_tile_arrays({"base_color": np.zeros((4, 4, 3)), "base_color.1001": np.zeros((4, 4, 3))})
    for numbers in ((), (1002, 1001), (1001, 1001), (7,), (2001,)):
        with pytest.raises(ParameterError, match="number them from 1001 to 2000"):
            TileSheet(numbers, ((8, 8),) * len(numbers))


def test_a_tile_that_no_face_shows_and_other_maps_are_as_before_to_the_last_bit():
    normal = np.full((SIDE, SIDE, 3), (0.5, 0.5, 1), np.float32)
    tiles = {number: noise(number).with_arrays({"normal": normal}) for number in (1001, 1005, 1012)}
    made = run(SHARPEN, {"source": Maps.of_tiles(tiles), "mesh": tiled_cube()}).maps.tiles()
    unseen = [made[1005][name].pixels - tiles[1005][name].pixels for name in ("base_color", "normal")]
    assert not np.abs(unseen).any()
    assert not np.array_equal(made[1012]["base_color"].pixels, tiles[1012]["base_color"].pixels)
    assert np.array_equal(made[1012]["normal"].pixels, normal)


def test_without_a_mesh_each_tile_is_a_picture_of_its_own(tmp_path):
    maps = two_tiles()
    result = run(SHARPEN, {"source": maps})
    for number, tile in maps.tiles().items():
        alone = run(SHARPEN, {"source": tile}).maps
        assert np.array_equal(result.maps.tiles()[number]["base_color"].pixels, alone["base_color"].pixels)
    assert result.recipe.inputs["source"]["sha256"] == maps.sha256()
    assert result.recipe.steps[0].parameters
    with pytest.raises(ParameterError, match="a tiled source"):
        run(SHARPEN, {"source": maps}, RunOptions(sink=Sink(tmp_path, "two", tile_by_tile=True)))


def test_faces_beside_all_tiles_are_left_out_and_a_mesh_beside_all_is_refused():
    maps, mesh = two_tiles(), tiled_cube()
    away = replace(mesh, uvs=mesh.uvs + np.where(np.arange(12) < 2, 5, 0)[:, None, None].astype(np.float32))
    assert run(SHARPEN, {"source": maps, "mesh": away}).maps.sheet == maps.sheet
    with pytest.raises(ParameterError, match="no face of cube lies on the tiles of its texture: 1001, 1012"):
        run(SHARPEN, {"source": maps, "mesh": replace(mesh, uvs=mesh.uvs + 5)})
    with pytest.raises(ParameterError, match="the source is tiled"):
        run(Recipe((Step("cover-object"),)), {"source": maps, "mesh": mesh})


def test_a_tiled_set_is_written_and_read_whole(tmp_path):
    maps = two_tiles(width_m=2.0)
    paths = write_maps(maps, tmp_path / "wall", "wall")
    assert [path.name for path in paths] == ["wall_base_color.1001.png", "wall_base_color.1012.png"]
    pattern = tmp_path / "wall" / "wall_base_color.<UDIM>.png"
    for source in (tmp_path / "wall", pattern):
        again = read_maps(source)
        assert again.sheet == maps.sheet
        assert np.abs(again["base_color"].pixels - maps["base_color"].pixels).max() < 1 / 255
    assert again.name == pattern.name
    assert source_name(pattern) == "wall"
    assert read_size(pattern) == (SIDE, SIDE)
    made = run(SHARPEN, {"source": read_maps(pattern).with_width(2.0)}, RunOptions(sink=Sink(tmp_path / "out", "c")))
    assert made.recipe.inputs["source"]["width_m"] == 2.0
    assert rerun(made.paths[0], tmp_path / "again", {"source": pattern}).result.recipe == made.recipe
    with pytest.raises(FileError, match=r"call the first one none\.1001\.png"):
        read_maps(tmp_path / "none.<UDIM>.png")
    (tmp_path / "wall" / "wall_normal.1001.png").write_bytes(paths[0].read_bytes())
    with pytest.raises(ParameterError, match="the tile 1012 has no normal"):
        read_maps(tmp_path / "wall")


@pytest.mark.parametrize("given", [["c.1001.png"], ["c.1001.png", "c.1012.png"], ["c.<UDIM>.png"]])
def test_the_command_takes_all_tiles_with_a_mesh(given, tmp_path, monkeypatch, said):
    write_maps(two_tiles(), tmp_path, "c")
    for file in tmp_path.glob("*.png"):
        file.rename(file.with_name(file.name.replace("_base_color", "")))
    (tmp_path / "cube.ply").write_bytes(ply_of(tiled_cube()))
    monkeypatch.chdir(tmp_path)
    files = json.loads(said("apply", "sharpen", *given, "--mesh", "cube.ply", "--out", "out", "--json")[1])["files"]
    assert files == ["out/c_base_color.1001.png", "out/c_base_color.1012.png"]
    inputs = ("--input=source=c.<UDIM>.png", "--input=mesh=cube.ply")
    assert json.loads(said("rerun", files[0], *inputs, "--out", "again", "--json")[1])["identical"]


COVER = Recipe((Step("cover-object", {"width_px": 64, "height_px": 64, "repeat_m": 0.5}),))


def flow(right: float, up: float, size_px: tuple[int, int] = (8, 8), blue: float = 0.0) -> Maps:
    """An image of one direction everywhere, encoded."""
    color = np.array([right * 0.5 + 0.5, up * 0.5 + 0.5, blue], np.float32)
    return Maps.from_arrays({"base_color": np.broadcast_to(color, (*size_px, 3)).copy()})


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
    texture = noise(0, (32, 32))
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


def test_the_command_takes_the_image_and_makes_the_result_again(tmp_path, monkeypatch, said):
    write_maps(flow(1, 0, (32, 32)), tmp_path, "flow")
    write_maps(noise(0, (32, 32)), tmp_path, "c")
    (tmp_path / "cube.ply").write_bytes(ply_of(cube()))
    monkeypatch.chdir(tmp_path)
    lying = ("c_base_color.png", "--mesh", "cube.ply", "--directions", "flow_base_color.png")
    (made,) = json.loads(said("apply", "sharpen", *lying, "--out", "out", "--json")[1])["files"]
    files = {"source": "c_base_color.png", "mesh": "cube.ply", "directions": "flow_base_color.png"}
    inputs = [f"--input={name}={file}" for name, file in files.items()]
    assert json.loads(said("rerun", made, *inputs, "--out", "again", "--json")[1])["identical"]


@pytest.mark.parametrize("name", ["/", ".", ".<UDIM>"])
def test_a_path_that_is_all_number_or_no_name_stays_as_it_is(name):
    assert without_number(Path(name)) == Path(name)
