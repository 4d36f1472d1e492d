"""Tiled images (UDIM): read, joined on a sheet, painted as one surface with a mesh, tile by tile without one."""

import json
from dataclasses import replace

import numpy as np
import pytest
from cubes import cube
from scipy.ndimage import binary_erosion

from impasto import Maps, Recipe, Step, run
from impasto.atlas.charts import Charts
from impasto.atlas.mesh import Mesh
from impasto.atlas.raster import NONE
from impasto.cli.main import main
from impasto.errors import FileError, ParameterError
from impasto.io.files import read_maps, read_size, source_name, write_maps
from impasto.io.meshes import ply_of
from impasto.running.rerun import rerun
from impasto.running.runner import run_to_files
from impasto.running.streaming import Sink
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


def test_a_mask_changes_only_the_tile_that_it_is_white_on():
    maps = Maps.of_tiles({1001: noise(1), 1012: noise(2)})
    white, black = (Maps.from_arrays({"base_color": np.full((8, 8, 3), value, np.float32)}) for value in (1, 0))
    step = Step("blend-materials", {}, {"over": "over", "mask": "mask"})
    other = Maps.from_arrays({"base_color": np.zeros((32, 32, 3), np.float32)})
    inputs = {"source": maps, "over": other, "mask": Maps.of_tiles({1001: black, 1012: white})}
    charts = Charts.of(replace(tiled_cube(), uvs=maps.sheet.uvs_of(tiled_cube().uvs)), maps.size_px)
    inside = binary_erosion(maps.sheet.split(charts.texels[..., None] != NONE)[1001][..., 0], iterations=10)
    for more in ({}, {"mesh": tiled_cube()}):  # the mask fades across the seams between the tiles
        made = run(Recipe((step,)), {**inputs, **more}).maps.tiles()
        change = np.abs(made[1001]["base_color"].pixels - maps.tiles()[1001]["base_color"].pixels).max(2)
        assert change[inside].max() < 1e-6
        assert made[1012]["base_color"].pixels.mean() < 0.3
    with pytest.raises(ParameterError, match="has no tile 1012"):
        run(Recipe((step,)), {**inputs, "mask": Maps.of_tiles({1001: black})})


def test_without_a_mesh_each_tile_is_a_picture_of_its_own(tmp_path):
    maps = two_tiles()
    result = run(SHARPEN, {"source": maps})
    for number, tile in maps.tiles().items():
        alone = run(SHARPEN, {"source": tile}).maps
        assert np.array_equal(result.maps.tiles()[number]["base_color"].pixels, alone["base_color"].pixels)
    assert result.recipe.inputs["source"]["sha256"] == maps.sha256()
    assert result.recipe.steps[0].parameters
    with pytest.raises(ParameterError, match="a tiled source"):
        run_to_files(SHARPEN, {"source": maps}, Sink(tmp_path, "two"), tile_by_tile=True)


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
    made = run_to_files(SHARPEN, {"source": read_maps(pattern).with_width(2.0)}, Sink(tmp_path / "out", "c"))
    assert made.recipe.inputs["source"]["width_m"] == 2.0
    assert rerun(made.paths[0], tmp_path / "again", {"source": pattern}).result.recipe == made.recipe
    with pytest.raises(FileError, match=r"call the first one none\.1001\.png"):
        read_maps(tmp_path / "none.<UDIM>.png")
    (tmp_path / "wall" / "wall_normal.1001.png").write_bytes(paths[0].read_bytes())
    with pytest.raises(ParameterError, match="the tile 1012 has no normal"):
        read_maps(tmp_path / "wall")


@pytest.mark.parametrize("given", [["c.1001.png"], ["c.1001.png", "c.1012.png"], ["c.<UDIM>.png"]])
def test_the_command_takes_all_tiles_with_a_mesh(given, tmp_path, capsys):
    write_maps(two_tiles(), tmp_path, "c")
    for file in tmp_path.glob("*.png"):
        file.rename(file.with_name(file.name.replace("_base_color", "")))
    (tmp_path / "cube.ply").write_bytes(ply_of(tiled_cube()))
    sources = [str(tmp_path / one) for one in given]
    main(["apply", "sharpen", *sources, "--mesh", str(tmp_path / "cube.ply"), "--out", str(tmp_path / "out"), "--json"])
    files = [path.rpartition("/")[2] for path in json.loads(capsys.readouterr().out)["files"]]
    assert files == ["c_base_color.1001.png", "c_base_color.1012.png"]
    again = str(tmp_path / "out" / files[0])
    inputs = [f"--input=source={tmp_path / 'c.<UDIM>.png'}", f"--input=mesh={tmp_path / 'cube.ply'}"]
    main(["rerun", again, *inputs, "--out", str(tmp_path / "again"), "--json"])
    assert json.loads(capsys.readouterr().out)["identical"]
