# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of maps that several objects share, and UDIM tiles: each part is as it is in a bake of its own."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import bmesh
import bpy
import numpy as np
import pytest
from baking import BYTE, SIZE_PX, about, bake, bake_refused, in_background, module, pixels, srgb, stored, unchanged
from blends import reopen
from conftest import refused
from mathutils import Euler
from solids import choose
from strips import bumped, material, plane, principled
from test_bake_high import SIZE, low_cube, painted_high

pytestmark = pytest.mark.usefixtures("scene")
MAPS = {"base_color", "roughness", "normal"}
SHIFT = {"First": (0.0, 0.0), "Second": (0.5, 0.0), "Third": (0.0, 0.5)}


def noisy(name: str) -> bpy.types.Material:
    """A material whose colour depends on generated and whose bump on object coordinates: neither survives joining."""
    made = material(name)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    noise, coordinates = nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeTexCoord")
    links.new(coordinates.outputs["Generated"], noise.inputs["Vector"])
    links.new(noise.outputs["Color"], principled(made).inputs["Base Color"])
    waves = nodes.new("ShaderNodeTexWave")
    links.new(coordinates.outputs["Object"], waves.inputs["Vector"])
    bumped(made, waves.outputs["Fac"])
    return made


def quarter(name: str, made: bpy.types.Material) -> bpy.types.Object:
    """A selected plane somewhere in space, whose island fills most of a quarter of the square."""
    obj = plane(made)
    obj.name = name
    obj.location, obj.rotation_euler = (3.0 * len(bpy.data.objects), 1.0, 0.5), (0.4, 0.2, 0.1)
    for loop in obj.data.uv_layers[0].data:
        loop.uv = [0.05 + 0.4 * value + shift for value, shift in zip(loop.uv, SHIFT[name], strict=True)]
    return obj


def three() -> list[bpy.types.Object]:
    shared = noisy("shared")
    objects = [quarter("First", noisy("own")), quarter("Second", shared), quarter("Third", shared)]
    objects[1].modifiers.new("Bevel", "SUBSURF").render_levels = 3
    return objects


def differences(samples: int) -> dict[str, np.ndarray]:
    """Differences between a set and the single bakes of its objects, away from their edges, by map."""
    bake(maps=MAPS, margin_px=0, samples=samples)
    bake(maps=MAPS, margin_px=0, samples=samples, target="ONE")
    found: dict[str, np.ndarray] = {}
    size = SIZE_PX // 2
    for name in MAPS:
        together = pixels(f"Third_{name}.001")
        for owner, (left, low) in SHIFT.items():
            part = np.s_[int(low * SIZE_PX) + 4 :, int(left * SIZE_PX) + 4 :]
            alone = pixels(f"{owner}_{name}")[part][: size - 8, : size - 8]
            found[f"{name} of {owner}"] = together[part][: size - 8, : size - 8] - alone
        assert name == "roughness" or together[..., 0].std() > 0.01
    return found


def test_a_set_equals_the_single_bakes_of_its_objects_except_for_noise() -> None:
    three()
    assert {what: np.abs(off).max() for what, off in differences(samples=1).items() if np.abs(off).max() > BYTE} == {}

    bpy.data.batch_remove(bpy.data.images)
    found = differences(samples=16)
    assert {what: off.mean() for what, off in found.items() if abs(off.mean()) > BYTE / 2} == {}
    colors = {what: off.std() for what, off in found.items() if not what.startswith("normal")}  # steep, so noisier
    assert {what: noise for what, noise in colors.items() if noise > 4 * BYTE} == {}


def test_an_object_whose_modifiers_move_its_uvs_has_no_window(capsys) -> None:
    quarter("First", noisy("own"))
    second = quarter("Second", material("moved", base_color=(1, 0, 0, 1)))
    warp = second.modifiers.new("Warp", "UV_WARP")
    warp.uv_layer, warp.offset = "UVMap", (0.0, 0.5)
    bpy.context.view_layer.update()
    bake(maps={"base_color"}, margin_px=0, target="ONE")
    assert "Baked base color of 2 objects" in capsys.readouterr().out
    baked, half = pixels("Second_base_color"), SIZE_PX // 2
    assert np.allclose(baked[half + 8 : -8, half + 8 : -8, :3], (1, 0, 0), atol=BYTE)
    assert not np.allclose(baked[8 : half - 8, 8 : half - 8, :3], (1, 0, 0), atol=0.1)


def test_the_margin_of_one_object_never_covers_another() -> None:
    colors = {"First": (1, 0, 0, 1), "Second": (0, 1, 0, 1), "Third": (0, 0, 1, 1)}
    for name, color in colors.items():
        quarter(name, material(name, base_color=color))
    bake(maps={"base_color"}, margin_px=32, target="ONE", margin_type="EXTEND")
    baked, half = pixels("Third_base_color"), SIZE_PX // 2
    quarters = {"First": baked[:half, :half], "Second": baked[:half, half:], "Third": baked[half:, :half]}
    for name, part in quarters.items():
        assert np.allclose(part[6:-6, 6:-6, :3], colors[name][:3], atol=BYTE), name
        assert np.allclose(part[:2, 6:-6, :3].max(axis=-1), 1.0, atol=BYTE), f"{name} has no margin"


def test_the_new_material_is_on_all_objects_and_shows_the_uv_map_of_each() -> None:
    objects = three()
    bake(maps={"base_color", "roughness"}, target="ONE", material="NEW")
    assert {obj.active_material.name for obj in objects} == {"Third Baked"}
    record = about("Third_base_color")
    assert record["objects"].split(", ") == ["Third", "First", "Second"]
    assert record["materials"] == ["own", "shared"]
    assert record["uv_map"] == "UVMap"

    objects[0].data.uv_layers[0].name = "Other"
    bake(maps={"roughness"}, target="ONE", material="NEW")
    nodes = objects[0].active_material.node_tree.nodes
    assert [node.uv_map for node in nodes if node.type == "UVMAP"] == [""]


def test_objects_occlude_each_other_in_a_set() -> None:
    lower, upper = quarter("First", material("low")), quarter("Second", material("high"))
    for obj, height in ((lower, 0.0), (upper, 0.05)):
        obj.location, obj.rotation_euler = (0, 0, height), (0, 0, 0)
    options = {"maps": {"ambient_occlusion"}, "samples": 16, "margin_px": 0}
    bake(**options)
    bake(**options, target="ONE")
    middle = SIZE_PX // 4, SIZE_PX // 4
    assert pixels("First_ambient_occlusion")[middle][0] > 0.95
    assert pixels("Second_ambient_occlusion.001")[middle][0] < 0.3


def test_objects_that_overlap_and_linked_duplicates_are_named(capsys: pytest.CaptureFixture) -> None:
    objects = three()
    bake(maps={"roughness"}, target="ONE")
    assert "overlap" not in capsys.readouterr().out
    for loop in objects[1].data.uv_layers[0].data:
        loop.uv[0] -= 0.5
    bake(maps={"roughness"}, target="ONE")
    assert "the UV islands of First, Second overlap; they share pixels" in capsys.readouterr().out
    bpy.ops.wm.read_homefile(use_empty=True)
    first = quarter("First", noisy("own"))
    twin = bpy.data.objects.new("Twin", first.data)
    bpy.context.collection.objects.link(twin)
    twin.select_set(True)
    bake(maps={"roughness"}, target="ONE", material="NEW")
    assert "the UV islands of First, Twin overlap" in capsys.readouterr().out
    assert {item.active_material.name for item in (first, twin)} == {"First Baked"}


def test_a_set_changes_only_its_images_and_names_unsuitable_objects() -> None:
    objects = three()
    with unchanged():
        bake(maps=MAPS, target="ONE")
    objects[-1].data.uv_layers.remove(objects[-1].data.uv_layers[0])
    bake_refused("Third has no UV map", target="ONE")


@pytest.mark.slow
def test_each_map_is_shown_when_it_is_done() -> None:
    """Its colours are those of the file; the last one needs no picture."""
    one = module("bake.objects.sets").BakeSet.of(quarter("First", material("red", base_color=(1, 0, 0, 1))))
    baked, _, shown = in_background([one, one], maps=("base_color", "normal"), width_px=600, height_px=300)
    assert len(baked) == 2
    assert [(one.shape, one.dtype.name) for one in shown] == [((100, 200, 3), "uint8")] * 3
    assert shown[0][75, 50].tolist() == [255, 0, 0], "the lower left quarter"
    assert shown[1][75, 50].tolist() == [128, 128, 255]


@pytest.mark.slow
def test_durations_of_maps_predict_the_next_bake() -> None:
    costs, settings = module("bake.process.costs"), module("bake.settings")
    costs.record.path.unlink(missing_ok=True)
    costs.record.__init__()
    options = settings.BakeOptions(maps=("base_color", "normal"), width_px=SIZE_PX, height_px=SIZE_PX)
    assert costs.estimate(options, 1) == "About 301 MiB of memory", "nothing was baked yet"
    in_background([module("bake.objects.sets").BakeSet.of(quarter("First", material("red")))], maps=options.maps)
    kept = json.loads(costs.record.path.read_text())
    assert kept == costs.record.rates
    assert set(kept) == {"base_color", "normal"}
    assert min(kept.values()) > 0
    assert costs.estimate(options, 1).endswith(" s and 301 MiB of memory")
    unknown = costs.estimate(replace(options, maps=("base_color", "height")), 1)
    assert unknown.startswith("About 301 MiB")


def test_remaining_time_follows_from_the_rates_of_this_bake() -> None:
    costs, settings = module("bake.process.costs"), module("bake.settings")
    spent = costs.Costs(settings.BakeOptions(width_px=1000, height_px=500, samples=3), {"normal": 1e-5, "height": 1e-5})
    assert spent.seconds_of(["normal", "height"]) == pytest.approx(40)
    assert spent.left(["normal", "height"]) == "about 40 s left"
    assert spent.left(["base_color"]) == "", "never baked"
    spent.add("normal", 60.0, tiles=1)
    spent.add("normal", 200.0, tiles=2)
    assert spent.left(["normal", "height"]) == "about 1.7 min left", "80 s and 20 s"
    assert spent.left(["base_color"]) == "about 1.3 min left", "as the others"
    assert spent.left([]) == ""


COLORS = {1001: (1, 0, 0), 1002: (0, 1, 0), 1012: (0, 0, 1)}


def strip(materials: list[bpy.types.Material]) -> bpy.types.Object:
    """Three faces, each in the middle of a tile of its own."""
    obj = plane(*materials, faces=3)
    for face, number in enumerate(COLORS):
        column, row = (number - 1001) % 10, (number - 1001) // 10
        for index in obj.data.polygons[face].loop_indices:
            loop = obj.data.uv_layers[0].data[index]
            loop.uv = (0.1 + 0.8 * (loop.uv[0] * 3 - face) + column, 0.1 + 0.8 * loop.uv[1] + row)
    return obj


def colored() -> bpy.types.Object:
    return strip([material(str(number), base_color=(*color, 1)) for number, color in COLORS.items()])


def test_all_tiles_that_are_used_are_baked_into_one_image(tmp_path: Path) -> None:
    colored()
    bake(maps={"base_color", "normal"}, use_tiles=True, out_dir=str(tmp_path))
    image = bpy.data.images["Strip_base_color"]
    assert image.source == "TILED"
    assert [tile.number for tile in image.tiles] == list(COLORS)
    assert {tuple(tile.size) for tile in image.tiles} == {(SIZE_PX, SIZE_PX)}
    spaces = [bpy.data.images[f"Strip_{name}"].colorspace_settings.name for name in ("base_color", "normal")]
    assert spaces == ["sRGB", "Non-Color"]
    assert json.loads(image["impasto_baked"])["object"] == "Strip"
    names = {f"Strip_{name}.{number}.png" for name in ("base_color", "normal") for number in COLORS}
    assert {path.name for path in tmp_path.iterdir()} == names
    for number, color in COLORS.items():
        found = stored(tmp_path / f"Strip_base_color.{number}.png")[8:-8, 8:-8, :3]
        assert np.allclose(found, srgb(color), atol=BYTE), number


def test_a_udim_tile_equals_a_separate_bake(tmp_path: Path) -> None:
    obj = strip([noisy("noise")])
    bake(maps={"base_color", "normal"}, use_tiles=True, margin_px=0, out_dir=str(tmp_path))
    for loop in obj.data.uv_layers[0].data:
        loop.uv[0] -= 1
    bake(maps={"base_color", "normal"}, margin_px=0)
    for name in ("base_color", "normal"):
        tile = stored(tmp_path / f"Strip_{name}.1002.png")[8:-8, 8:-8]
        assert tile[..., 0].std() > 0.01
        assert np.abs(tile - pixels(f"Strip_{name}.001")[8:-8, 8:-8]).max() <= BYTE


def test_the_material_shows_the_tiles_after_saving_too(tmp_path: Path) -> None:
    """Baked anew from the tiled image, each tile is what it was."""
    obj = colored()
    bake(maps={"base_color"}, use_tiles=True, material="NEW")
    reopen(tmp_path / "tiles.blend")
    obj = bpy.data.objects["Strip"]
    assert obj.active_material.name == "Strip Baked"
    bake(maps={"base_color"}, use_tiles=True, out_dir=str(tmp_path))
    for number, color in COLORS.items():
        found = stored(tmp_path / f"Strip_base_color.{number}.png")[10:-10, 10:-10, :3]
        assert np.allclose(found, srgb(color), atol=2 * BYTE), number


def test_udim_tiles_share_one_scale_and_unbaked_ones_are_reported(capsys: pytest.CaptureFixture) -> None:
    """The strongest emission of all tiles is 1."""
    obj = colored()
    for index, strength in enumerate((1.0, 2.0, 4.0)):
        shader = principled(obj.material_slots[index].material)
        shader.inputs["Emission Color"].default_value = [1] * 4
        shader.inputs["Emission Strength"].default_value = strength
    bake(maps={"emission"}, use_tiles=True)
    assert about("Strip_emission")["emission_strength"] == pytest.approx(4)

    bake(maps={"base_color"})
    assert "2 of 3 faces reach out of the 0–1 square" in capsys.readouterr().out
    bake(maps={"base_color"}, use_tiles=True)
    said = capsys.readouterr().out
    assert "reach out" not in said
    assert "overlap" not in said


def test_modifiers_that_move_uvs_are_refused() -> None:
    warp = colored().modifiers.new("Warp", "UV_WARP")
    warp.uv_layer, warp.offset = "UVMap", (0.5, 0.0)
    bake_refused("modifiers of Strip change its UVs, which tiles must not; apply them", use_tiles=True)


HALF = SIZE_PX // 2


def side_by_side() -> None:
    """Two planes in space, selected alone, each of which has half of the square."""
    bpy.ops.object.select_all(action="DESELECT")
    for index, name in enumerate(("Left", "Right")):
        obj = plane(material(name))
        obj.name = name
        obj.location, obj.rotation_euler = (3.0 * index, 0, index), Euler((0.5 * index, 0, 0))
        for loop in obj.data.uv_layers[0].data:
            loop.uv[0] = (loop.uv[0] + index) / 2


def test_masks_of_several_objects_tell_them_apart_in_one_image() -> None:
    side_by_side()
    bake(maps={"object_id", "material_id", "island_id"}, target="ONE", samples=16)
    identity = module("bake.maps.identity")
    named = list(identity.colors_of(["Left", "Right"]).values())
    numbered = [identity.number_color(number) for number in range(2)]
    for name, wanted in (("object_id", named), ("material_id", named), ("island_id", numbered)):
        colors = pixels(f"Right_{name}")[..., :3]
        halves = [np.unique(part.reshape(-1, 3), axis=0) for part in (colors[:, :HALF], colors[:, HALF:])]
        assert [len(half) for half in halves] == [1, 1], name
        found = np.concatenate(halves)
        assert np.allclose(found, wanted, atol=1e-3) or np.allclose(found[::-1], wanted, atol=1e-3), name


def test_position_and_normals_of_several_objects_are_those_in_the_world() -> None:
    side_by_side()
    bake(maps={"position", "world_normal", "object_normal"}, target="ONE", margin_px=0)
    record = about("Right_position")
    low, high = np.array(record["position_low"]), np.array(record["position_high"])
    assert (low[0], high[0]) == (pytest.approx(0), pytest.approx(4))
    right = pixels("Right_position")[:, HALF:, :3] * (high - low) + low
    assert right[..., 0].min() == pytest.approx(3, abs=0.05)
    normal = pixels("Right_world_normal")[HALF, -4, :3] * 2 - 1
    assert np.allclose(normal, (0, -math.sin(0.5), math.cos(0.5)), atol=1e-3)
    assert np.array_equal(pixels("Right_world_normal"), pixels("Right_object_normal"))


def test_a_set_of_one_high_and_one_low_object_shows_the_high_shape(capsys) -> None:
    choose(low_cube(), painted_high("Box_high"))
    bake(maps={"position", "object_id", "island_id", "curvature"}, surface="SELECTED", **SIZE)
    color = module("bake.maps.identity").colors_of(["Box_high"])["Box_high"]
    assert np.allclose(pixels("Box_low_object_id")[..., :3].reshape(-1, 3).max(axis=0), color, atol=0.002)
    assert "high objects lack the islands of low ones: their mask is black" in capsys.readouterr().out
    record = about("Box_low_position")
    assert record["position_high"] == pytest.approx([1.05] * 3, abs=0.01)
    assert pixels("Box_low_curvature")[..., 0].mean() > 0.5


def test_tiles_are_written_in_the_format_and_by_the_names_that_were_chosen(tmp_path: Path) -> None:
    strip([material("one", roughness=0.2), material("two", roughness=0.7)])
    options = {"use_tiles": True, "out_dir": str(tmp_path), "pattern": "T_{map}", "file_format": "EXR_FLOAT"}
    for _ in range(2):
        bake(maps={"roughness"}, **options)
    names = {f"T_roughness{number}.{tile}.exr" for number in ("", "_2") for tile in COLORS}
    assert {path.name for path in tmp_path.iterdir()} == names
    refused(
        "files for an engine have no UDIM tiles; choose one file for each map",
        bake,
        maps={"roughness"},
        use_tiles=True,
        out_dir=str(tmp_path),
        preset="unreal",
    )


CELLS, CELL_PX, ISLAND_PX = 4, 64, 28.0
SIDE_PX = CELLS * CELL_PX


def boxes(name: str, color: tuple[float, float, float], first: int) -> np.ndarray:
    """A cube whose faces are islands in cells of the image, from the `first` one on; their corners in pixels."""
    mesh = bmesh.new()
    bmesh.ops.create_cube(mesh, size=1.0)
    uvs, corners = mesh.loops.layers.uv.verify(), []
    for index, face in enumerate(mesh.faces, first):
        corners.append(np.array(divmod(index, CELLS)[::-1]) * CELL_PX + (17.3 + 0.11 * index, 18.6 - 0.07 * index))
        for loop, place in zip(face.loops, ((0, 0), (1, 0), (1, 1), (0, 1)), strict=True):
            loop[uvs].uv = (corners[-1] + np.multiply(place, ISLAND_PX)) / SIDE_PX
    obj = plane(material(name, base_color=(*color, 1)))
    mesh.to_mesh(obj.data)
    obj.name = name
    return np.array(corners)


def leaks(values: np.ndarray, corners: np.ndarray) -> list[float]:
    """Greatest difference from an island's own colour of the texels whose centres it holds, at mip levels 0 to 4."""
    found, scale = [], 1
    own = [values[tuple((corner[::-1] + ISLAND_PX / 2).astype(int))] for corner in corners]
    for _ in range(5):
        centres = (np.arange(len(values)) + 0.5) * scale
        most = 0.0
        for corner, color in zip(corners, own, strict=True):
            columns, rows = (np.flatnonzero((centres > low) & (centres < low + ISLAND_PX)) for low in corner)
            assert columns.size
            assert rows.size
            most = max(most, np.abs(values[np.ix_(rows, columns)] - color).max())
        found.append(most)
        values = values.reshape(len(values) // 2, 2, len(values) // 2, 2, -1).mean((1, 3))
        scale *= 2
    return found


@pytest.mark.parametrize("anti_aliasing", ["1", "4"])
@pytest.mark.parametrize("margin_type", ["EXTEND", "ADJACENT_FACES"])
def test_texels_of_islands_show_no_background_at_mip_levels_0_to_4(margin_type: str, anti_aliasing: str) -> None:
    """A texel of 16 pixels whose centre is in an island reaches 8 beyond it. Without a margin the measure sees that."""
    red, green = boxes("red", (1, 0, 0), 0), boxes("green", (0, 1, 0), 6)
    size = {"width_px": SIDE_PX, "height_px": SIDE_PX, "margin_type": margin_type, "anti_aliasing": anti_aliasing}
    for margin_px in (16, 0):
        bake(maps={"base_color", "object_id"}, target="ONE", margin_px=margin_px, **size)
    for name in ("base_color", "object_id"):
        for corners in (red, green):
            with_margin, without = (leaks(pixels(f"green_{name}{end}")[..., :3], corners) for end in ("", ".001"))
            assert max(with_margin) <= 1.01 / 255, (name, with_margin)
            assert without[0] <= 1.01 / 255, (name, without)
            assert min(without[2:]) > 0.05, (name, without)
