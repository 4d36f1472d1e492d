"""Atlases as surfaces: canvases whose gutters show what lies across seams, and textures without steps at them."""

from dataclasses import replace

import numpy as np
import pytest
from cubes import SIZE, colors_of, cube

from impasto.atlas.canvas import ChartCanvas
from impasto.atlas.charts import Charts
from impasto.atlas.mesh import Mesh
from impasto.atlas.raster import NONE
from impasto.atlas.unrolling import pattern_places, unrolled_charts
from impasto.errors import ParameterError
from impasto.texture import Maps

UNEQUAL = (0.3, 0.15, 0.3, 0.2, 0.25, 0.3)
TURNED = (0, 1, 2, 3, 1, 2)


def noise(size_px=SIZE, seed=0) -> Maps:
    return Maps.from_arrays({"base_color": np.random.default_rng(seed).random((*size_px, 3)).astype(np.float32)})


@pytest.mark.parametrize("mirrored", [False, True])
def test_charts_are_upright_and_never_mirrored(mirrored):
    charts = Charts.of(cube(turns=TURNED, mirrored=(mirrored,) * 6), SIZE)
    places, heights = charts.in_metres, charts.mesh.positions[..., 2]
    for triangle in range(8):  # of the four walls
        high, low = places[triangle][heights[triangle] > 0], places[triangle][heights[triangle] < 0]
        assert high[:, 1].max() < low[:, 1].min()
    edges = places[:, 1:] - places[:, :1]
    assert (np.linalg.det(edges) < 0).all()  # counterclockwise from outside, where y points down


def test_what_is_unfolded_and_folded_is_as_before():
    mesh = cube(sides=UNEQUAL, turns=TURNED, mirrored=(True, False) * 3)
    maps = colors_of(mesh)
    canvas = ChartCanvas.of(Charts.of(mesh, SIZE))
    back = canvas.fold(canvas.unfold(maps))
    shown = Charts.of(mesh, SIZE).texels != NONE
    difference = np.abs(back["base_color"].pixels - maps["base_color"].pixels)[shown]
    assert np.median(difference) < 0.002
    assert np.quantile(difference, 0.99) < 0.02


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


def test_what_cannot_be_unfolded_is_left_out_or_refused():
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
def test_a_triangle_that_is_a_thin_line_on_the_texture_decides_on_no_size(is_apart):
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


def directed(mesh: Mesh, direction: np.ndarray) -> Mesh:
    """The mesh with directions at its corners (T, 3, 3), or one for all of them."""
    return replace(mesh, directions=np.broadcast_to(direction, mesh.positions.shape).astype(np.float32))


def test_directions_of_the_mesh_point_up_on_its_charts():
    along = np.array([1.0, 1.0, 0.0]) / 2**0.5
    mesh = directed(cube(turns=TURNED), along)
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


def test_places_follow_directions_that_vary_within_charts_and_go_on_across_seams():
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
