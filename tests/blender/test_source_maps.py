"""Sources: the list *file → map* below one, its preparation, and a photograph with the settings of a new file."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest
from blends import maps_of
from conftest import cases, pixels_of, png, refused
from drawing import drawn

SIDE, UNUSED = 8, ("NOT_USED", "WHOLE")
COLOR, LEANING, PACKED = (90, 70, 60), (100, 180, 240), (10, 80, 200)
WHOLE = {"Color": COLOR, "NormalGL": (128, 128, 255), "NormalDX": (128, 128, 255), "Roughness": (40, 40, 40)}


def write(folder: Path, **pictures: tuple[int, int, int]) -> Path:
    folder.mkdir(exist_ok=True)
    for stem, color in pictures.items():
        (folder / f"{stem}.png").write_bytes(png(np.full((SIDE, SIDE, 3), color, np.uint8)))
    return folder


@pytest.fixture
def settings(extension, scene):
    """The panel, set to hand maps over as they are."""
    scene.impasto.tool, scene.impasto.source_kind = "transform", "FILE"
    yield scene.impasto
    extension.engine.engine.preferences().last_folder = ""


@pytest.fixture
def download(tmp_path) -> Path:
    """A folder as ambientCG's, with a preview and a text."""
    maps = {f"Bricks102_1K-PNG_{name}": color for name, color in WHOLE.items()}
    folder = write(tmp_path / "Bricks102_1K-PNG", **maps, Bricks102=COLOR)
    (folder / "Bricks102.usda").write_text("#usda 1.0")
    return folder


def listed(settings) -> dict[str, tuple[str, str]]:
    return {row.name.removeprefix("Bricks102_1K-PNG_"): (row.holds, row.place) for row in settings.source_maps.rows}


def row_of(settings, file: str):
    return next(row for row in settings.source_maps.rows if row.name == file)


def value_of(material, label: str) -> list[int]:
    """The middle pixel of a map of a material, in 255ths."""
    image = material.node_tree.nodes[f"Impasto {label}"].image
    pixels = np.array(image.pixels[:]).reshape(SIDE, SIDE, -1)
    return np.round(pixels[SIDE // 2, SIDE // 2, :3] * 255).astype(int).tolist()


def test_downloads_are_listed_with_unused_files_and_reasons(extension, settings, download):
    settings.filepath = str(download)
    assert listed(settings) == {
        "Color.png": ("base_color", "WHOLE"),
        "Roughness.png": ("roughness", "WHOLE"),
        "NormalGL.png": ("normal", "opengl"),
        **dict.fromkeys(("NormalDX.png", "Bricks102.png", "Bricks102.usda"), UNUSED),
    }
    labels = " ".join(drawn(bpy.types.IMPASTO_PT_view_3d).labels())
    for said in ("Bricks102.png (a preview", "Bricks102.usda (no picture)", "there is another file for normal"):
        assert said in labels
    assert extension.tools.sources.chosen_source(settings) == download, "an unchanged list is the folder"


def test_changed_maps_are_used_and_unused_files_reported(extension, settings, plane, tmp_path):
    folder = write(tmp_path / "wall", wall_color=COLOR, wall_normal=LEANING, pack=PACKED, other=COLOR)
    settings.filepath = str(folder)
    assert row_of(settings, "wall_normal.png").place == "WHOLE", "the name does not tell the sign"
    row_of(settings, "wall_normal.png").place = "directx"
    pack = row_of(settings, "pack.png")
    pack.holds, pack.place = "roughness", "g"
    settings.source_maps.active = list(settings.source_maps.rows).index(pack)
    bpy.ops.impasto.add_source_map()
    settings.source_maps.rows[-1].holds, settings.source_maps.rows[-1].place = "metallic", "1-b"
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    material = plane.active_material
    assert value_of(material, "Base Color") == list(COLOR)
    assert value_of(material, "Roughness") == [PACKED[1]] * 3
    assert value_of(material, "Metallic") == [255 - PACKED[2]] * 3
    assert value_of(material, "Normal")[1] == pytest.approx(255 - LEANING[1], abs=4)
    said = extension.jobs.session.jobs.outcome.text
    assert material.name in said
    assert "not used of the folder: other.png (its name names no map)" in said

    settings.filepath = ""
    assert bpy.ops.impasto.restore_settings(entry=f"MATERIAL:{material.name}") == {"FINISHED"}
    assert listed(settings) == {
        "wall_color.png": ("base_color", "WHOLE"),
        "wall_normal.png": ("normal", "directx"),
        "pack.png": ("metallic", "1-b"),
        "other.png": UNUSED,
    }
    assert bpy.ops.impasto.read_source_maps() == {"FINISHED"}


def test_only_the_dropped_files_are_used(extension, settings, plane, download):
    names = ["Bricks102_1K-PNG_Color.png", "Bricks102_1K-PNG_NormalDX.png", "Bricks102.png"]
    bpy.ops.impasto.drop_pictures(directory=str(download), files=[{"name": name} for name in names])
    wanted = {"Color.png": ("base_color", "WHOLE"), "NormalDX.png": ("normal", "directx"), "Bricks102.png": UNUSED}
    assert listed(settings) == wanted
    bpy.ops.impasto.read_source_maps()
    assert listed(settings) == wanted
    settings.tool = "transform"
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    assert "Impasto Roughness" not in plane.active_material.node_tree.nodes
    assert "Bricks102.png (a preview" in extension.jobs.session.jobs.outcome.text
    assert plane.active_material.name == download.name


def test_dropped_photographs_are_maps_only_if_chosen(extension, settings, tmp_path):
    folder = write(tmp_path / "photos", first=COLOR, second=COLOR)
    bpy.ops.impasto.drop_pictures(directory=str(folder), files=[{"name": "first.png"}, {"name": "second.png"}])
    assert listed(settings) == {"first.png": UNUSED, "second.png": UNUSED}
    assert extension.generate.request.request_poll_message(bpy.context)
    row_of(settings, "first.png").holds = "base_color"
    assert not extension.generate.request.request_poll_message(bpy.context)


def test_several_sets_are_offered_and_the_set_beside_a_file(extension, settings, plane, tmp_path):
    sets = {f"{name}_{map_}": COLOR for name in ("brick", "moss") for map_ in ("color", "roughness")}
    folder = write(tmp_path / "both", **sets)
    settings.filepath = str(folder)
    group = settings.source_maps
    assert ([one.name for one in group.sets], len(group.rows)) == ([f"{folder}/brick_*", f"{folder}/moss_*"], 0)
    group.one_set = f"{folder}/moss_*"
    names = ["moss_color.png", "moss_roughness.png"]
    assert (settings.filepath, [row.name for row in group.rows]) == (f"{folder}/moss_*", names)
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    assert (plane.active_material.name, value_of(plane.active_material, "Base Color")) == ("moss", list(COLOR))
    for blend in (tmp_path / "scene.blend", folder / "scene.blend"):
        settings.filepath = ""
        bpy.ops.wm.save_as_mainfile(filepath=str(blend), copy=False)
        assert bpy.ops.impasto.restore_settings(entry="MATERIAL:moss") == {"FINISHED"}
        assert bpy.path.abspath(settings.filepath) == f"{folder}/moss_*"
        assert [row.name for row in group.rows] == names
    settings.filepath = str(folder / "brick_color.png")
    assert len(group.rows) == 0
    assert drawn(bpy.types.IMPASTO_PT_view_3d).operators("impasto.use_set_beside")
    bpy.ops.impasto.use_set_beside()
    assert bpy.path.abspath(settings.filepath) == f"{folder}/brick_*"


def test_short_names_are_a_set_where_the_normals_look_like_some(extension, settings, tmp_path):
    settings.filepath = str(write(tmp_path / "game", rock_D=COLOR, rock_N=(128, 128, 250)))
    assert listed(settings) == {"rock_D.png": ("base_color", "WHOLE"), "rock_N.png": ("normal", "WHOLE")}
    settings.filepath = str(write(tmp_path / "photos", rock_D=COLOR, rock_N=COLOR))
    assert set(listed(settings).values()) == {UNUSED}


def test_pictures_with_meaningless_names_are_listed_for_choosing(extension, settings, tmp_path):
    folder = write(tmp_path / "farbe", eins=COLOR, zwei=PACKED)
    settings.filepath = str(folder)
    assert listed(settings) == {"eins.png": UNUSED, "zwei.png": UNUSED}
    row_of(settings, "eins.png").holds = "base_color"
    assert extension.tools.sources.chosen_source(settings).name.startswith("farbe~")
    numbers = {f"w_{map_}.{number}": COLOR for map_ in ("color", "roughness") for number in (1001, 1002)}
    settings.filepath = str(write(tmp_path / "tiles", **numbers))
    assert len(settings.source_maps.rows) == 0, "tiles have a set each"
    nowhere = (f"{tmp_path}/missing/x.png", f"{tmp_path}/none_*")
    for settings.filepath in ("", "//nowhere", *nowhere, "farbe.blend/Material/M"):
        assert len(settings.source_maps.rows) == 0


@pytest.mark.parametrize("place", ["texture", "layers", "match"])
def test_a_map_has_one_file_and_reading_again_undoes_changes(extension, settings, plane, tmp_path, place):
    folder = write(tmp_path / "wall", wall_color=COLOR, wall_roughness=PACKED, other=LEANING)
    panel, owner, make = bpy.types.IMPASTO_PT_view_3d, settings, bpy.ops.impasto.generate
    if place == "layers":
        bpy.ops.impasto.add_layer(tool="transform")
        owner, make = plane.active_material.impasto_layers, bpy.ops.impasto.run_layers
        panel = bpy.types.IMPASTO_PT_layers_view_3d
    if place == "match":
        settings.intent, owner, make = "WORDS", bpy.context.scene.impasto_match, bpy.ops.impasto.match
        owner.matcher, panel = "mean-color", bpy.types.IMPASTO_PT_match_view_3d
    owner.source_kind, owner.filepath = "FILE", str(folder)
    before, drawing = listed(owner), drawn(panel)
    assert "Not used of the folder: other.png" in " ".join(drawing.labels())
    assert ("context_pointer_set", ("impasto_source", owner), {}) in drawing.drawn
    row_of(owner, "other.png").holds = "base_color"
    assert row_of(owner, "wall_color.png").holds == "NOT_USED"
    with bpy.context.temp_override(impasto_source=owner):
        bpy.ops.impasto.read_source_maps()
    assert listed(owner) == before
    row_of(owner, "other.png").holds = "base_color"
    make()
    material = bpy.context.object.active_material
    if place == "match":
        assert json.loads(material["impasto_recipe"])["matched"]["name"].startswith("wall~")
    else:
        assert value_of(material, "Base Color") == list(LEANING)
        assert "wall_color.png (there is another file" in extension.jobs.session.jobs.outcome.text
    for row in owner.source_maps.rows:
        row.holds = "NOT_USED"
    assert "Choose the map of one of the files" in drawn(panel).labels()


def color_of(material):
    return maps_of(material)["base_color"]


@pytest.fixture
def photo(tmp_path):
    (tmp_path / "photo.png").write_bytes(png(np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)))
    return tmp_path / "photo.png"


def test_scripts_prepare_the_source(extension, plane, photo):
    recipe_of = extension.bridge.images.recipe_of
    given = {"source": str(photo), "width_m": 2.0, "tool": "quilt", "estimator": "none"}
    preparation = json.dumps({"crop": (0, 0, 0.75, 1), "scale": 0.5})
    assert bpy.ops.impasto.run(preparation=preparation, **given) == {"FINISHED"}
    image = color_of(plane.active_material)
    assert tuple(image.size) == (30, 30)
    first = recipe_of(image).steps[0]
    wanted = {"rotate": 0, "crop": [0, 0, 0.75, 1], "scale": 0.5, "pixel_art": "auto"}
    assert (first.tool, first.parameters) == ("transform", wanted)
    assert "1.5" in plane.active_material.node_tree.nodes["Impasto Mapping"].label
    bpy.ops.impasto.run(preparation='{"rotate": 0, "crop": [0, 0, 1, 1], "scale": 1}', **given)
    steps = recipe_of(color_of(plane.active_material)).steps
    assert [step.tool for step in steps] == ["quilt"], "one that changes nothing is no step"


@pytest.fixture
def quilting(scene, photo):
    """The panel, set to make the photograph seamless."""
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.filepath = "quilt", "FILE", str(photo)
    scene.impasto.estimator = "none"
    return scene.impasto


def test_panel_settings_become_layers_with_preparation_below(extension, plane, scene, quilting):
    assert bpy.ops.impasto.generate(preparation='{"scale": 0.25}', material="NONE", name="small") == {"FINISHED"}
    assert tuple(bpy.data.images["small_base_color"].size) == (20, 15)
    quilting.width_m, scene.impasto_parameters.quilt.variety = 2.0, 0.75
    assert bpy.ops.impasto.begin_layers() == {"FINISHED"}
    stack = plane.active_material.impasto_layers
    assert ([layer.tool for layer in stack.layers], stack.source_kind) == (["quilt"], "FILE")
    assert (stack.filepath, stack.width_m) == (quilting.filepath, 2.0)
    assert stack.layers[0].impasto_parameters.quilt.variety == pytest.approx(0.75)
    assert bpy.ops.impasto.add_layer(tool="transform") == {"FINISHED"}
    assert bpy.ops.impasto.move_layer(direction="DOWN") == {"FINISHED"}
    preparation = stack.layers[0].impasto_parameters.transform
    panel = bpy.types.IMPASTO_PT_layers_view_3d
    props = [(given, look.get("text")) for what, given, look in drawn(panel).drawn if what == "prop"]
    shown = [(given[1], text) for given, text in props if given[0] == preparation]
    sides = [("crop", side) for side in ("Left", "Top", "Right", "Bottom")]
    assert shown == [("rotate", None), *sides, ("scale", None), ("pixel_art", None)]
    preparation.rotate, preparation.scale = math.radians(90), 0.7
    assert bpy.ops.impasto.run_layers() == {"FINISHED"}
    image = color_of(plane.active_material)
    assert tuple(image.size) == (42, 56)
    steps = extension.bridge.images.recipe_of(image).steps
    assert steps[0].parameters == {"rotate": 90, "crop": [0, 0, 1, 1], "scale": 0.7, "pixel_art": "auto"}


@pytest.mark.any_blender
@pytest.mark.parametrize(("preparation", "said"), cases("preparation"))
def test_a_wrong_preparation_is_named(photo, scene, preparation, said):
    refused(said, "run", tool="quilt", estimator="none", source=str(photo), preparation=preparation)


def test_a_preset_of_the_preparing_tool_keeps_its_values(scene):
    scene.impasto.tool, group = "transform", scene.impasto_parameters.transform
    group.rotate, group.crop, group.scale = math.radians(30), (0.25, 0, 0.75, 1), 0.5
    try:
        assert bpy.ops.impasto.preset_add(name="Mine") == {"FINISHED"}
        for name in ("rotate", "crop", "scale"):
            group.property_unset(name)
        bpy.ops.impasto.apply_preset(preset="Mine")
        assert group.rotate == pytest.approx(math.radians(30))
        assert (tuple(group.crop), group.scale) == ((0.25, 0, 0.75, 1), 0.5)
    finally:
        bpy.ops.impasto.preset_add(name="Mine", remove_name=True)


SIDE_PX = 512
SEAMLESS = (-4, 3)
"""Of `seam_z`: below, the border is smeared; above, it is seen."""
TAKE = f"""
import sys
from PIL import Image
from skimage import data
grey = Image.fromarray(data.brick()).resize(({SIDE_PX}, {SIDE_PX}))
Image.merge("RGB", [grey.point(lambda value, share=share: value * share) for share in (1, 0.7, 0.6)]).save(sys.argv[1])
"""


@pytest.fixture
def photograph(tmp_path) -> Path:
    """scikit-image's wall of bricks in colour, which the engine has."""
    subprocess.run([os.environ["IMPASTO_ENGINE"], "-P", "-c", TAKE, str(tmp_path / "wall.png")], check=True)
    return tmp_path / "wall.png"


def seam_z(pixels: np.ndarray) -> tuple[float, float]:
    """The core's measure, in the engine's Python."""
    code = "from impasto.surface.wrapping import seam_z; import io, sys, numpy as np; "
    code += "print(*seam_z(np.load(io.BytesIO(sys.stdin.buffer.read()))))"
    given = io.BytesIO()
    np.save(given, pixels)
    command = [os.environ["IMPASTO_ENGINE"], "-P", "-c", code]
    low, high = subprocess.run(command, input=given.getvalue(), capture_output=True, check=True).stdout.split()
    return float(low), float(high)


def tilt(normal: np.ndarray) -> float:
    """Mean angle in degrees between encoded normals and the surface's own."""
    x, y, z = np.moveaxis(2 * normal[..., :3].astype(np.float64) - 1, 2, 0)
    return float(np.degrees(np.arctan2(np.hypot(x, y), z)).mean())


@pytest.mark.essential
def test_a_photograph_becomes_a_seamless_material_with_default_settings(extension, scene, plane, photograph):
    """Borders of the photograph show, those of the maps do not; the normals lean as those of a wall do."""
    settings, source = scene.impasto, pixels_of(bpy.data.images.load(str(photograph)))[..., :3]
    settings.source_kind, settings.filepath = "FILE", str(photograph)
    assert drawn(bpy.types.IMPASTO_PT_view_3d).operators("impasto.generate"), "the panel's button"
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    maps = {name: pixels_of(image)[..., :3] for name, image in maps_of(plane.active_material).items()}
    assert {"base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion"} <= set(maps)
    assert min(seam_z(source)) > SEAMLESS[1], "else this says nothing"
    for name, pixels in maps.items():
        assert pixels.shape == (SIDE_PX, SIDE_PX, 3), name
        assert all(SEAMLESS[0] < z < SEAMLESS[1] for z in seam_z(pixels)), name
    np.testing.assert_allclose(maps["base_color"].mean((0, 1)), source.mean((0, 1)), atol=0.08)
    assert maps["base_color"].std() > 0.6 * source.std()
    assert min(maps[name].std() for name in ("height", "roughness")) > 0.02
    assert 1.5 < tilt(maps["normal"]) < 45
    recipe = extension.bridge.images.metadata_of(maps_of(plane.active_material)["base_color"])["recipe"]
    usual = extension.engine.catalogue.catalogue.usual
    assert [step["tool"] for step in recipe["steps"]] == [usual("seamless"), usual("maps")]
    assert recipe["inputs"]["source"]["name"] == photograph.name
