"""Atlases as surfaces, on one sheet or on tiles (UDIM): canvases, unfolding, and directions of a mesh or an image."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from cubes import SIZE, colors_of, cube
from scipy.ndimage import gaussian_filter

from impasto import Maps, Recipe, RunOptions, Step, run
from impasto.atlas.canvas import ChartCanvas
from impasto.atlas.charts import Charts
from impasto.atlas.directions import directed
from impasto.atlas.mesh import Mesh
from impasto.atlas.raster import NONE
from impasto.atlas.sampling import nearest_values
from impasto.atlas.unrolling import unrolled_charts
from impasto.errors import FileError, ParameterError
from impasto.io.files import read_maps, read_size, source_name, write_maps
from impasto.io.ply import ply_of
from impasto.io.udim import without_number
from impasto.options import Sink
from impasto.running.rerun import rerun
from impasto.udim import TileSheet
from impasto_objects.directed import pattern_places

UNEQUAL = (0.3, 0.15, 0.3, 0.2, 0.25, 0.3)
TURNED = (0, 1, 2, 3, 1, 2)


@pytest.mark.parametrize("mirrored", [False, True])
def test_charts_are_upright_and_never_mirrored(mirrored):
    charts = Charts.of(cube(turns=TURNED, mirrored=(mirrored,) * 6), SIZE)
    places, heights = charts.in_metres, charts.mesh.positions[..., 2]
    for triangle in range(8):  # of the four walls
        high, low = places[triangle][heights[triangle] > 0], places[triangle][heights[triangle] < 0]
        assert high[:, 1].max() < low[:, 1].min()
    edges = places[:, 1:] - places[:, :1]
    assert (np.linalg.det(edges) < 0).all()  # counterclockwise from outside, where y points down


def test_unfolding_and_folding_restores_the_maps():
    mesh = cube(sides=UNEQUAL, turns=TURNED, mirrored=(True, False) * 3)
    maps = colors_of(mesh)
    canvas = ChartCanvas.of(Charts.of(mesh, SIZE))
    back = canvas.fold(canvas.unfold(maps))
    shown = Charts.of(mesh, SIZE).texels != NONE
    difference = np.abs(back["base_color"].pixels - maps["base_color"].pixels)[shown]
    assert np.median(difference) < 0.002
    assert np.quantile(difference, 0.99) < 0.02


def test_paint_is_as_sharp_on_the_texture_as_on_the_canvas():
    canvas = ChartCanvas.of(Charts.of(cube(sides=UNEQUAL, turns=TURNED), SIZE))
    maps = Maps.from_arrays(
        {"base_color": gaussian_filter(noise(0, canvas.size_px)["base_color"].pixels, (0.7, 0.7, 0))}
    )
    paints = [maps, canvas.fold(maps), canvas.fold(maps, is_painted=True)]
    paint, blurred, sharp = (np.diff(one["base_color"].pixels, axis=1).std() for one in paints)
    assert blurred < 0.9 * paint < 0.95 * paint < sharp


def test_charts_continue_across_seams_in_their_gutters():
    canvas = ChartCanvas.of(Charts.of(cube(), (512, 512)))
    chart = canvas.charts.chart[nearest_values(canvas.texels, canvas.texels)]
    grey = np.linspace(0, 1, 6, dtype=np.float32)[chart]
    made = canvas.across(torch.from_numpy(grey)[None, None])[0, 0].numpy()
    border = (canvas.texels != NONE)[1:] & canvas.gutters.mask[:-1]
    x, y = np.floor(canvas.gutters.source[:-1][border]).astype(int).T
    before, after = np.abs(grey[1:][border] - grey[y, x]), np.abs(made[1:][border] - made[:-1][border])
    assert np.median(before) > 0.2
    assert np.median(after) < 0.2 * np.median(before)  # both texels are up to one from the seam, of a fade of 16


def test_mirrored_halves_share_texels_and_edges_of_three_triangles_are_no_seams():
    one = cube()
    mirrored = (one.positions * (-1, 1, 1) + (3, 0, 0)).astype(np.float32)
    both = ChartCanvas.of(Charts.of(Mesh(np.r_[one.positions, mirrored], np.r_[one.uvs, one.uvs]), SIZE))
    assert (both.charts.copies, both.size_px) == (6, ChartCanvas.of(Charts.of(one, SIZE)).size_px)
    fan = np.float32([[(0, 0, 0), (1, 0, 0), other] for other in ((0, 1, 0), (0, -1, 0), (0, 0, 1))])
    apart = np.float32([(0, 0), (0.2, 0), (0, 0.2)]) + np.float32([0, 0.3, 0.6])[:, None, None]
    assert [len(Mesh(fan[:count], apart[:count]).seams[0]) for count in (2, 3)] == [1, 0]
    assert len(Mesh(fan[:2], fan[:2, :, :2].copy()).seams[0]) == 0, "without a cut there is none"


def test_walls_of_a_cube_are_unrolled_around_its_corners_and_sides_of_a_pyramid_around_its_tip():
    mesh = cube(sides=UNEQUAL, turns=TURNED)
    walls = np.abs(mesh.normals[:, 2]) < 0.5
    places = unrolled_charts(Charts.of(mesh, (512, 512))).in_metres[walls]
    assert np.allclose(np.ptp(places[..., 1] + mesh.positions[walls][..., 2]), 0, atol=1e-4)  # level around all corners
    middles = np.sort([places[number : number + 2, :, 0].mean() for number in range(0, 8, 2)])
    assert np.allclose(np.diff(middles), 1, atol=1e-4)
    rim = [(np.cos(turn), np.sin(turn), 0) for turn in np.arange(7) * np.pi / 3]
    sides = np.float32([[rim[number], rim[number + 1], (0, 0, 2)] for number in range(6)])
    uvs = np.float32([[(x, y), (x + 0.2, y), (x + 0.1, y + 0.4)] for y in (0.05, 0.55) for x in (0.05, 0.35, 0.65)])
    charts = unrolled_charts(Charts.of(Mesh(sides, uvs), (256, 256)))
    assert np.ptp(charts.in_metres[:, 2], axis=0).max() < 1e-4


def test_normals_turn_with_their_charts():
    mesh = cube(turns=TURNED, mirrored=(False, True) * 3)
    charts = Charts.of(mesh, SIZE)
    up = np.array([0.0, -0.6])  # in the charts, where y points down
    flat = np.einsum("tji,j->ti", charts.turns[charts.chart], up) * (1, -1)
    normals = np.concatenate([flat, np.full((12, 1), 0.8)], 1)[charts.texels] * 0.5 + 0.5
    maps = Maps.from_arrays({"normal": normals.astype(np.float32)})
    canvas = ChartCanvas.of(Charts.of(mesh, SIZE))
    seen = canvas.unfold(maps)["normal"].pixels[canvas.texels != NONE] * 2 - 1
    assert np.abs(np.median(seen, axis=0) - (0, 0.6, 0.8)).max() < 0.02
    assert np.quantile(np.abs(seen - (0, 0.6, 0.8)), 0.95) < 0.05
    back = canvas.fold(canvas.unfold(maps))["normal"].pixels
    shown = charts.texels != NONE
    assert np.quantile(np.abs(back - maps["normal"].pixels)[shown], 0.95) < 0.05


def squares(count: int, repeats: float = 0.0) -> Mesh:
    """Squares apart from each other, each an island; the first shows the texture so many times."""
    corners = np.array([[(0, 0), (1, 0), (1, 1)], [(0, 0), (1, 1), (0, 1)]], np.float32)
    positions = [np.concatenate([corners, np.full((2, 3, 1), z, np.float32)], 2) for z in range(count)]
    side = int(np.ceil(count**0.5))
    uvs = [(0.1 + 0.8 * corners + np.array([i % side, i // side], np.float32)) / side for i in range(count)]
    if repeats:
        uvs[0] = corners * np.float32(repeats)
    return Mesh(np.concatenate(positions), np.concatenate(uvs).astype(np.float32))


def test_faces_without_usable_uvs_are_left_out_or_refused():
    charts = Charts.of(squares(4, repeats=500.0), (512, 512))
    assert (charts.chart[:2] == NONE).all()
    assert ChartCanvas.of(charts).size_px
    with pytest.raises(ParameterError, match="repeat the texture"):
        Charts.of(squares(1, repeats=500.0), (512, 512))
    with pytest.raises(ParameterError, match="too large to be unfolded"):
        Charts.of(cube(), (8192, 8192))
    with pytest.raises(ParameterError, match="no area"):
        ChartCanvas.of(Charts.of(replace(cube(), uvs=np.zeros_like(cube().uvs)), SIZE))


@pytest.mark.parametrize("is_apart", [False, True])
def test_degenerate_uv_triangles_do_not_affect_chart_sizes(is_apart):
    mesh = cube()
    far = np.array([9, 9, 9], np.float32)
    edge, ends = mesh.positions[0, :2] - far * is_apart, mesh.uvs[0, :2]
    line = Mesh(
        np.concatenate([mesh.positions, [[edge[1], edge[0], far]]]),
        np.concatenate([mesh.uvs, [[ends[1], ends[0], ends[0] + 2e-6]]]),
    )
    charts, own = Charts.of(line, (512, 512)), Charts.of(mesh, (512, 512))
    assert (charts.chart[-1] == NONE) == is_apart
    assert np.allclose(charts.texel_areas[0], own.texel_areas[0], rtol=0.1)
    drawn, expected = ((ChartCanvas.of(one).texels != NONE).sum() for one in (charts, own))
    assert drawn > 0.9 * expected


def with_directions(mesh: Mesh, direction: np.ndarray) -> Mesh:
    """The mesh with directions at its corners (T, 3, 3), or one for all of them."""
    return replace(mesh, directions=np.broadcast_to(direction, mesh.positions.shape).astype(np.float32))


def test_directions_of_the_mesh_point_up_on_its_charts():
    along = np.array([1.0, 1.0, 0.0]) / 2**0.5
    mesh = with_directions(cube(turns=TURNED), along)
    charts = Charts.of(mesh, SIZE)
    flat, distance = charts.in_metres, mesh.positions @ along
    level = charts.is_directed[charts.chart] & (np.abs(mesh.normals[:, 2]) > 0.5)
    assert level.sum() == 4
    depths = -flat[level][..., 1]
    assert np.allclose(np.diff(depths, axis=1), np.diff(distance[level], axis=1), atol=1e-4)
    upright = Charts.of(cube(turns=TURNED), SIZE)
    assert not upright.is_directed.any()


def bent_plane(count: int = 24) -> tuple[Mesh, np.ndarray]:
    """A level square of 1 m in two islands side by side, whose directions (T, 3, 3) turn by 60 degrees."""
    triangles = [[(x, y), (x + 1, y), (x + 1, y + 1)] for x in range(count) for y in range(count)]
    triangles += [[(x, y), (x + 1, y + 1), (x, y + 1)] for x in range(count) for y in range(count)]
    flat = np.array(triangles, np.float32) / count
    is_second = (flat[..., 0].mean(1) > 0.5)[:, None, None]
    uvs = 0.4 * flat + 0.05 + is_second * np.array([0.2, 0.3], np.float32)
    positions = np.concatenate([flat, np.zeros_like(flat[..., :1])], 2)
    angle = (flat[..., 0] - 0.5) * np.pi / 3
    directions = np.stack([-np.sin(angle), np.cos(angle), np.zeros_like(angle)], -1).astype(np.float32)
    return Mesh(positions, uvs, "plane", directions), directions


def test_varying_directions_are_followed_within_charts_and_across_seams():
    mesh, directions = bent_plane()
    canvas = ChartCanvas.of(unrolled_charts(Charts.of(mesh, (512, 512))))
    places, _ = pattern_places(canvas)
    shown = canvas.texels != NONE
    inner = shown[1:-1, 1:-1] & shown[2:, 1:-1] & shown[:-2, 1:-1] & shown[1:-1, 2:] & shown[1:-1, :-2]
    wanted = directions.mean(1)[canvas.texels[1:-1, 1:-1][inner]]
    errors = []
    for found in (places, canvas.in_metres):
        down, across = (np.gradient(found[..., 1], axis=axis)[1:-1, 1:-1][inner] for axis in (0, 1))
        rows = canvas.charts.chart[canvas.texels[1:-1, 1:-1][inner]]
        turn = _to_space(canvas)[rows]
        up = -np.einsum("nij,nj->ni", turn, np.stack([across, down], 1))
        up /= np.linalg.norm(up, axis=1, keepdims=True)
        errors.append(np.rad2deg(np.arccos((up * wanted[:, :2]).sum(1).clip(-1, 1))).mean())
    assert errors[0] < 0.4 * errors[1]
    assert errors[0] < 4
    assert errors[1] > 7


def _to_space(canvas: ChartCanvas) -> np.ndarray:
    """Matrix (I, 2, 2) from each chart of a level plane to X and Y in space."""
    mesh, found = canvas.charts.mesh, np.zeros((2, 2, 2))
    for chart in (0, 1):
        triangle = np.flatnonzero(canvas.charts.chart == chart)[0]
        flat, space = (
            corners[triangle, 1:] - corners[triangle, :1] for corners in (canvas.charts.in_metres, mesh.positions)
        )
        found[chart] = (np.linalg.inv(flat) @ space[:, :2]).T
    return found


def test_places_along_directions_meet_at_seams():
    mesh, _ = bent_plane()
    canvas = ChartCanvas.of(unrolled_charts(Charts.of(mesh, (512, 512))))
    places, _ = pattern_places(canvas)
    _, shown = canvas.shown_texels(canvas.size_px)
    apart = np.hypot(*(places.reshape(-1, 2)[shown] - places).transpose(2, 0, 1)) * canvas.density
    near = canvas.gutters.mask & ~(shown == np.roll(shown, 1, 0))
    seam = near & (np.abs(canvas.in_metres[..., 0] - 0.5) < 3 / canvas.density)
    assert np.median(apart[seam]) < 1


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


def test_joined_tiles_of_any_size_split_into_the_same_tiles():
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


def test_unused_tiles_and_other_maps_stay_identical():
    normal = np.full((SIDE, SIDE, 3), (0.5, 0.5, 1), np.float32)
    tiles = {number: noise(number).with_arrays({"normal": normal}) for number in (1001, 1005, 1012)}
    made = run(SHARPEN, {"source": Maps.of_tiles(tiles), "mesh": tiled_cube()}).maps.tiles()
    unseen = [made[1005][name].pixels - tiles[1005][name].pixels for name in ("base_color", "normal")]
    assert not np.abs(unseen).any()
    assert not np.array_equal(made[1012]["base_color"].pixels, tiles[1012]["base_color"].pixels)
    assert np.array_equal(made[1012]["normal"].pixels, normal)


def test_without_a_mesh_each_tile_is_a_separate_picture(tmp_path):
    maps = two_tiles()
    result = run(SHARPEN, {"source": maps})
    for number, tile in maps.tiles().items():
        alone = run(SHARPEN, {"source": tile}).maps
        assert np.array_equal(result.maps.tiles()[number]["base_color"].pixels, alone["base_color"].pixels)
    assert result.recipe.inputs["source"]["sha256"] == maps.sha256()
    assert result.recipe.steps[0].parameters
    with pytest.raises(ParameterError, match="a tiled source"):
        run(SHARPEN, {"source": maps}, RunOptions(sink=Sink(tmp_path, "two", tile_by_tile=True)))


def test_faces_outside_all_tiles_are_left_out_and_a_mesh_outside_all_is_refused():
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
def test_the_command_takes_all_tiles_with_a_mesh_and_directions(given, tmp_path, monkeypatch, said):
    write_maps(two_tiles(), tmp_path, "c")
    write_maps(flow(1, 0, (32, 32)), tmp_path, "flow")
    for file in tmp_path.glob("*.png"):
        file.rename(file.with_name(file.name.replace("_base_color", "")))
    (tmp_path / "cube.ply").write_bytes(ply_of(tiled_cube()))
    monkeypatch.chdir(tmp_path)
    lying = ("--mesh", "cube.ply", "--directions", "flow.png")
    files = json.loads(said("apply", "sharpen", *given, *lying, "--out", "out", "--json")[1])["files"]
    assert files == ["out/c_base_color.1001.png", "out/c_base_color.1012.png"]
    inputs = ("--input=source=c.<UDIM>.png", "--input=mesh=cube.ply", "--input=directions=flow.png")
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


def test_direction_images_and_attributes_align_patterns_alike():
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


def test_varying_directions_are_followed_per_face():
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


def test_direction_images_work_per_tile_and_fall_back_to_the_mesh():
    mesh = cube()
    own = np.broadcast_to(np.float32([1, 0, 0]), mesh.positions.shape)
    neutral = flow(1 / 255, 1 / 255)
    assert directed(mesh, neutral).directions is None
    assert np.array_equal(directed(replace(mesh, directions=own), neutral).directions, own)
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
def test_images_without_directions_are_refused_with_a_remedy(image, said):
    with pytest.raises(ParameterError, match=said) as caught:
        directed(cube(), image)
    assert "red along U" in caught.value.remedy
    with pytest.raises(ParameterError, match="no mesh that they lie on") as caught:
        run(Recipe((Step("sharpen"),)), {"source": flow(1, 0), "directions": flow(1, 0)})
    assert "give the input mesh" in caught.value.remedy


@pytest.mark.parametrize("name", ["/", ".", ".<UDIM>"])
def test_paths_without_a_name_before_the_tile_number_stay_unchanged(name):
    assert without_number(Path(name)) == Path(name)
