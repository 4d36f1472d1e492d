"""Textures of whole objects: what runs on a mesh changes, what it leaves alone, and what covers an object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cubes import colors_of, cube
from restyling import CAT
from scipy.ndimage import gaussian_filter

from impasto import Maps, Recipe, Step, run
from impasto.atlas.charts import Charts
from impasto.atlas.mesh import Mesh
from impasto.atlas.raster import NONE
from impasto.atlas.seams import seam_jumps
from impasto.context import Context
from impasto.errors import ParameterError
from impasto.running.unfolding import Unfolding
from impasto.tools import Filter, Input
from impasto.udim import TileSheet

SIZE = (192, 192)
MESH = cube(sides=(0.3, 0.15, 0.3, 0.2, 0.25, 0.3), turns=(0, 1, 2, 3, 1, 2))


class Mend(Filter):
    """A filter with a mask, of which tests need only the declaration."""

    name, label, description = "mend", "Mend", "Mends what a mask shows"
    inputs = (Input("mask", "what is mended", on_subject=True), Input("reference", "what it should look like"))

    def apply(self, subject, parameters, inputs, context):
        return subject


def noise(seed: int = 0) -> Maps:
    rng = np.random.default_rng(seed)
    normal = np.broadcast_to(np.array([0.5, 0.5, 1.0], np.float32), (*SIZE, 3)).copy()
    normal[..., 0] += 0.1 * rng.random(SIZE, np.float32)
    return Maps.from_arrays({"base_color": rng.random((*SIZE, 3), np.float32), "normal": normal}, width_m=2.0)


def unfolding(maps: Maps) -> tuple[Unfolding, Maps]:
    surface = Unfolding(maps)
    return surface, surface.subject(Mend(), maps, Context(), MESH, is_masked=False)


def test_unchanged_texels_stay_identical():
    maps = noise()
    made = run(Recipe((Step("sharpen"),)), {"source": maps, "mesh": MESH}).maps
    assert np.array_equal(made["normal"].pixels, maps["normal"].pixels)
    assert not np.array_equal(made["base_color"].pixels, maps["base_color"].pixels)
    assert (made.width_m, made.size_px) == (2.0, SIZE)
    surface, seen = unfolding(maps)
    inputs = surface.inputs(Mend(), {"mask": Maps({"base_color": maps["base_color"]}), "reference": maps})
    assert np.array_equal(inputs["mask"]["base_color"].pixels, seen["base_color"].pixels)
    assert inputs["reference"] is maps
    pixels = seen["base_color"].pixels.copy()
    y, x = np.argwhere(surface.canvas.texels == 0).mean(0).astype(int)
    pixels[y - 3 : y + 3, x - 3 : x + 3] = 0
    made = surface.on_texture(seen.with_arrays({"base_color": pixels}))
    assert 4 < (made["base_color"].pixels != maps["base_color"].pixels).any(2).sum() < 400
    surface, seen = unfolding(maps)
    with pytest.raises(ParameterError, match="changed the shape"):
        surface.on_texture(Maps.from_arrays({"base_color": seen["base_color"].pixels[:, :40]}))
    surface, seen = unfolding(maps)
    larger = {name: np.repeat(np.repeat(pixels, 2, 0), 2, 1) for name, pixels in seen.arrays().items()}
    assert surface.on_texture(Maps.from_arrays(larger)).size_px == (384, 384)


def walls(across: float) -> Mesh:
    """Two walls around a corner, each with the same UVs, from 0 to `across`."""
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    positions, uvs = [], []
    for corner in (lambda u, v: (u, 0, v), lambda u, v: (1, u, v)):
        for triangle in ([0, 1, 2], [0, 2, 3]):
            positions.append([corner(u, v) for u, v in square[triangle]])
            uvs.append(square[triangle] * across)
    return Mesh(np.array(positions, np.float32), np.array(uvs, np.float32))


@pytest.mark.parametrize("across", [1.0, 3.0])
def test_seamless_textures_on_a_mesh_stay_seamless(across):
    tile = run(Recipe((Step("gravel", {"width_px": 128, "height_px": 128}),))).maps
    recipe = Recipe((Step("sharpen"),))
    made = run(recipe, {"source": tile, "mesh": walls(across)})
    flat = run(recipe, {"source": tile})
    assert np.array_equal(made.maps["base_color"].pixels, flat.maps["base_color"].pixels)
    assert any("tiles" in note for note in made.notes)


def test_tools_with_results_unrelated_to_the_mesh_are_refused():
    size = {"width_px": 64, "height_px": 64}
    with pytest.raises(ParameterError, match="does not lie on the mesh"):
        run(Recipe((Step("bricks", size),)), {"mesh": MESH})
    made = run(Recipe((Step("bricks", size), Step("cover-object", size))), {"mesh": MESH}).maps
    assert made.size_px == (64, 64)
    for tool in ("cut-decal", "crop-period"):  # they cut their subject
        with pytest.raises(ParameterError, match="does not lie on the mesh"):
            run(Recipe((Step(tool),)), {"source": noise(), "mesh": MESH})


def doubled(mesh: Mesh) -> Mesh:
    """The mesh and its mirror image in x, as under a Mirror modifier: of a cube, in the same place."""
    mirrored = mesh.positions[:, ::-1] * np.array([-1, 1, 1], np.float32)
    return replace(
        mesh, positions=np.concatenate([mesh.positions, mirrored]), uvs=np.concatenate([mesh.uvs, mesh.uvs[:, ::-1]])
    )


def test_erasing_seams_reduces_jumps_also_on_a_mirrored_cube():
    charts = Charts.of(MESH, SIZE)
    greys = np.linspace(0.2, 0.8, 6, dtype=np.float32)[charts.chart[charts.texels]]
    source = Maps.from_arrays({"roughness": greys + 0.02 * noise()["base_color"].pixels[..., 0]})
    for mesh in (MESH, doubled(MESH)):
        made = run(Recipe((Step("erase-seams", {"most_step": 1.0}),)), {"source": source, "mesh": mesh})
        assert made.figures["roughness_jump_after"] < 0.2 * made.figures["roughness_jump_before"]
        assert not made.notes


def test_steep_seams_are_left_where_parts_of_an_object_meet():
    """Three faces of one part in slightly different tints, and three of a much darker part."""
    charts = Charts.of(MESH, SIZE)
    greys = np.array([0.7, 0.75, 0.8, 0.2, 0.25, 0.3], np.float32)[charts.chart[charts.texels]]
    source = Maps.from_arrays({"base_color": np.repeat(greys[..., None], 3, 2)})
    for step, most in ((Step("erase-seams"), 0.0), (Step("sharpen", {"amount": 0.01}), 0.01)):  # borders are resampled
        result = run(Recipe((step,)), {"source": source, "mesh": MESH}).maps["base_color"].pixels[..., 0]
        change = np.abs(result - greys)[charts.texels != NONE]
        assert (change > 0.015).any(), "tints of one part meet halfway"
        assert (change > 0.08).mean() <= most


def test_edges_of_many_faces_are_named():
    """Two cubes in one place, each with UVs of its own: 12 edges, and 6 diagonals."""
    both = replace(
        MESH, positions=np.tile(MESH.positions, (2, 1, 1)), uvs=np.concatenate([MESH.uvs, MESH.uvs + np.float32(0.02)])
    )
    notes = run(Recipe((Step("sharpen"),)), {"source": noise(), "mesh": both}).notes
    assert any("more than two faces" in note and note.endswith(": 18") for note in notes)


def waves() -> Maps:
    """A texture that tiles, whose stripes are oblique."""
    y, x = np.mgrid[:128, :128] / 128 * 2 * np.pi
    return Maps.from_arrays({"base_color": np.stack([0.5 + 0.4 * np.sin(3 * x + y + shift) for shift in range(3)], 2)})


@pytest.mark.parametrize("way", ["unrolled", "triplanar"])
def test_covers_of_a_cube_continue_across_its_seams(way):
    size = {"width_px": 512, "height_px": 512}
    step = Step("cover-object", {**size, "way": way, "repeat_m": 0.5})
    made = run(Recipe((step,)), {"source": waves(), "mesh": MESH}).maps
    flat = Maps.from_arrays({"base_color": np.tile(waves()["base_color"].pixels, (4, 4, 1))})
    found, control = (seam_jumps(maps, Charts.of(MESH, maps.size_px))["base_color"].color for maps in (made, flat))
    assert found < 1.5
    assert control > 2 * found


@pytest.mark.parametrize("way", ["unrolled", "triplanar"])
def test_patterns_without_continuation_end_at_the_edge(way):
    """Squares of black and white: two patterns one over the other would be grey."""
    y, x = np.indices((128, 128)) // 64
    squares = Maps.from_arrays({"base_color": np.repeat(((x + y) % 2)[..., None], 3, 2).astype(np.float32)})
    size = {"width_px": 512, "height_px": 512}
    recipe = Recipe((Step("cover-object", {**size, "way": way, "repeat_m": 0.45, "turn": 20.0, "sharpness": 32.0}),))
    made = run(recipe, {"source": squares, "mesh": MESH}).maps["base_color"].pixels[..., 0]
    is_grey = (np.abs(made - 0.5) < 0.3)[Charts.of(MESH, (512, 512)).texels != NONE]
    assert is_grey.mean() < 0.06


@pytest.mark.parametrize("way", ["unrolled", "triplanar"])
def test_all_udim_tiles_of_a_mesh_are_covered_as_one_surface(way):
    on_tiles = replace(MESH, uvs=MESH.uvs + np.where(np.arange(12) < 6, 0, 1)[:, None, None].astype(np.float32))
    steps = Step("cover-object", {"way": way, "repeat_m": 0.5, "width_px": 256, "height_px": 256}), Step("sharpen")
    result = run(Recipe(steps), {"source": waves(), "mesh": on_tiles})
    tiles, sheet = result.maps.tiles(), result.maps.sheet
    assert {number: maps.size_px for number, maps in tiles.items()} == {1001: (256, 256), 1012: (256, 256)}
    assert any("1001, 1012" in note for note in result.notes)
    assert result.recipe.steps[0].parameters["width_px"] == 256
    assert result.recipe.inputs["mesh"]["sha256"] == on_tiles.sha256()
    charts = Charts.of(replace(on_tiles, uvs=sheet.uvs_of(on_tiles.uvs)), sheet.size_px)
    one = Maps.from_arrays({"base_color": np.tile(waves()["base_color"].pixels, (2, 2, 1))})
    flat = Maps.of_tiles(dict.fromkeys(tiles, one))
    found, control = (seam_jumps(maps, charts)["base_color"].color for maps in (result.maps, flat))
    assert found < 1.5
    assert control > 2 * found
    again = run(result.recipe, {"source": waves(), "mesh": on_tiles}).maps
    assert np.array_equal(again["base_color"].pixels, result.maps["base_color"].pixels)


def spots(seed: int) -> Maps:
    """A picture of spots, which does not tile, as bright at one end as dark at the other."""
    grey = gaussian_filter(np.random.default_rng(seed).random((160, 160)), 3)
    grey = (grey - grey.min()) / np.ptp(grey) * np.linspace(0.4, 1, 160)
    relief = np.stack([grey, np.full_like(grey, 0.5), np.full_like(grey, 1.0)], 2)
    return Maps.from_arrays({"base_color": np.repeat(grey[..., None], 3, 2), "normal": relief})


@pytest.mark.essential
def test_grown_textures_continue_across_seams_without_a_seamless_example():
    size = {"width_px": 256, "height_px": 256}
    step = Step("cover-object", {**size, "way": "grown", "repeat_m": 2.0})
    made = run(Recipe((step,)), {"source": spots(0), "mesh": MESH}).maps
    flat = run(Recipe((Step("patch-synthesis", size),)), {"source": spots(0)}).maps
    found, control = (seam_jumps(maps, Charts.of(MESH, (256, 256)))["base_color"].color for maps in (made, flat))
    assert set(made) == {"base_color", "normal"}
    assert found < 1.2
    assert control > 1.5 * found
    again = run(Recipe((step,)), {"source": spots(0), "mesh": MESH}).maps
    assert np.array_equal(made["base_color"].pixels, again["base_color"].pixels)


def test_patterns_keep_their_real_size_on_islands_of_any_density():
    size = {"width_px": 512, "height_px": 512}
    made = run(Recipe((Step("cover-object", {**size, "repeat_m": 0.5}),)), {"source": waves(), "mesh": MESH}).maps
    charts = Charts.of(MESH, (512, 512))
    shown = np.where(charts.texels == NONE, NONE, charts.chart[charts.texels])
    grey = made["base_color"].pixels[..., 0]
    steps = np.hypot(*(np.gradient(grey, axis=axis) for axis in (0, 1)))
    per_metre = [np.median(steps[shown == chart]) * charts.matrices[chart].__abs__().max() ** -1 for chart in range(6)]
    assert max(per_metre) < 1.15 * min(per_metre)
    places = np.float32([(0, 0, 0), (1, 0, 0), (3, 0, 0), (0, 0, 1), (1, 0, 1), (3, 0, 1)])
    uvs = np.float32([(0, 0), (0.4, 0), (0.8, 0), (0, 0.4), (0.4, 0.4), (0.8, 0.4)])
    faces = [[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4]]
    for mesh, is_stretched in ((MESH, False), (Mesh(places[faces], uvs[faces]), True)):
        made = run(Recipe((Step("cover-object", size | {"repeat_m": 0.5}),)), {"source": waves(), "mesh": mesh})
        assert any("UVs stretch what lies on 100%" in note for note in made.notes) == is_stretched
    with pytest.raises(ParameterError, match="one repeat of the texture"):
        run(Recipe((Step("cover-object", {"repeat_m": 0.0005}),)), {"source": waves(), "mesh": MESH})


@pytest.mark.slow
def test_an_object_over_two_tiles_is_repainted_as_one_surface():
    uvs = MESH.uvs.copy()
    uvs[6:] += (1, -0.5)
    mesh = replace(MESH, uvs=uvs)
    sheet = TileSheet((1001, 1002), ((112, 112),) * 2)
    on_sheet = replace(mesh, uvs=sheet.uvs_of(uvs))
    charts = Charts.of(on_sheet, sheet.size_px)
    source = replace(colors_of(on_sheet, sheet.size_px), sheet=sheet)
    recipe = Recipe((Step("patches-style", {}, {"style": ("style",)}),))
    flat, made = (run(recipe, {"source": source, "style": CAT, **more}).maps for more in ({}, {"mesh": mesh}))
    found, control = (seam_jumps(maps, charts)["base_color"].color for maps in (made, flat))
    assert made.sheet == sheet
    assert found < 1.2
    assert control > 2 * found


def test_objects_of_several_materials_share_the_statistics_of_their_colours():
    rng, one = np.random.default_rng(0), cube()
    colors = {1001: (0.7, 0.2, 0.2), 1002: (0.2, 0.3, 0.7)}
    tiles = {
        number: Maps.from_arrays({"base_color": np.float32(color) + 0.15 * rng.random((96, 96, 3), np.float32)})
        for number, color in colors.items()
    }
    other = one.positions + 3, one.uvs + np.float32([1, 0])
    positions, uvs = (np.concatenate(pair) for pair in zip((one.positions, one.uvs), other, strict=True))
    both = {"source": Maps.of_tiles(tiles), "style": CAT}
    recipe = Recipe((Step("wct", {}, {"style": ("style",)}),))
    joint = run(recipe, {**both, "mesh": Mesh(positions, uvs)}).maps.tiles()
    alone = run(recipe, both).maps.tiles()
    means = [[maps["base_color"].pixels.mean((0, 1)) for maps in made.values()] for made in (joint, alone)]
    style = CAT["base_color"].pixels.mean((0, 1))
    assert np.abs(np.mean(means[0], 0) - style).max() < 0.03  # the colours of both together are the style's
    assert means[0][1][2] - means[0][0][2] > 0.05  # so the blue one stays bluer
    assert np.abs(means[1] - style).max() < 0.02  # alone, each has the style's mean


@pytest.mark.parametrize("shift", [0.3, -1.0])
def test_uvs_that_cross_or_miss_tiles_repeat_one_texture(shift):
    parameters = {"repeat_m": 0.5, "width_px": 48, "height_px": 48}
    moved = replace(MESH, uvs=MESH.uvs + np.float32(shift))
    made = run(Recipe((Step("cover-object", parameters),)), {"source": waves(), "mesh": moved}).maps
    assert made.sheet is None
    assert made.size_px == (48, 48)
