"""The list *file → map* under the source: what is recognised, what is not used, and what was changed by hand."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import png
from drawing import drawn

SIDE = 8
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


def test_a_download_is_listed_with_what_is_not_used_and_why(extension, settings, download):
    settings.filepath = str(download)
    assert listed(settings) == {
        "Color.png": ("base_color", "WHOLE"),
        "Roughness.png": ("roughness", "WHOLE"),
        "NormalGL.png": ("normal", "opengl"),
        "NormalDX.png": ("NOT_USED", "WHOLE"),
        "Bricks102.png": ("NOT_USED", "WHOLE"),
        "Bricks102.usda": ("NOT_USED", "WHOLE"),
    }
    labels = " ".join(drawn(bpy.types.IMPASTO_PT_view_3d).labels())
    for said in ("Bricks102.png (a preview", "Bricks102.usda (no picture)", "there is another file for normal"):
        assert said in labels
    assert extension.generate.request.chosen_source(settings) == download, "an unchanged list is the folder"


def test_what_is_changed_is_in_the_material_and_the_report_names_what_is_not_used(extension, settings, plane, tmp_path):
    folder = write(tmp_path / "wall", wall_color=COLOR, wall_normal=LEANING, pack=PACKED, other=COLOR)
    settings.filepath = str(folder)
    assert row_of(settings, "wall_normal.png").place == "WHOLE", "the name does not tell the sign"
    row_of(settings, "wall_normal.png").place = "directx"
    pack = row_of(settings, "pack.png")
    pack.holds = "roughness"
    pack.place = "g"
    settings.source_maps.active = list(settings.source_maps.rows).index(pack)
    bpy.ops.impasto.add_source_map()
    added = settings.source_maps.rows[-1]
    added.holds = "metallic"
    added.place = "1-b"
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    material = plane.active_material
    assert value_of(material, "Base Color") == list(COLOR)
    assert value_of(material, "Roughness") == [PACKED[1]] * 3
    assert value_of(material, "Metallic") == [255 - PACKED[2]] * 3
    assert value_of(material, "Normal")[1] == pytest.approx(255 - LEANING[1], abs=4)
    said = extension.jobs.session.jobs.made.text
    assert material.name in said
    assert "not used of the folder: other.png (its name names no map)" in said

    settings.filepath = ""
    assert bpy.ops.impasto.restore_settings(entry=f"MATERIAL:{material.name}") == {"FINISHED"}
    assert listed(settings) == {
        "wall_color.png": ("base_color", "WHOLE"),
        "wall_normal.png": ("normal", "directx"),
        "pack.png": ("metallic", "1-b"),
        "other.png": ("NOT_USED", "WHOLE"),
    }
    assert bpy.ops.impasto.read_source_maps() == {"FINISHED"}


def test_of_several_dropped_files_only_those_count(extension, settings, plane, download):
    names = ["Bricks102_1K-PNG_Color.png", "Bricks102_1K-PNG_NormalDX.png", "Bricks102.png"]
    bpy.ops.impasto.drop_pictures(directory=str(download), files=[{"name": name} for name in names])
    wanted = {
        "Color.png": ("base_color", "WHOLE"),
        "NormalDX.png": ("normal", "directx"),
        "Bricks102.png": ("NOT_USED", "WHOLE"),
    }
    assert listed(settings) == wanted
    bpy.ops.impasto.read_source_maps()
    assert listed(settings) == wanted
    settings.tool = "transform"
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    assert "Impasto Roughness" not in plane.active_material.node_tree.nodes
    assert "Bricks102.png (a preview" in extension.jobs.session.jobs.made.text
    assert plane.active_material.name == download.name


def test_photographs_that_are_dropped_are_maps_only_if_that_is_said(extension, settings, tmp_path):
    folder = write(tmp_path / "photos", first=COLOR, second=COLOR)
    bpy.ops.impasto.drop_pictures(directory=str(folder), files=[{"name": "first.png"}, {"name": "second.png"}])
    assert listed(settings) == {"first.png": ("NOT_USED", "WHOLE"), "second.png": ("NOT_USED", "WHOLE")}
    assert extension.generate.request.why_incomplete(bpy.context)
    row_of(settings, "first.png").holds = "base_color"
    assert not extension.generate.request.why_incomplete(bpy.context)


def test_several_sets_are_offered_and_the_set_beside_a_file(extension, settings, plane, tmp_path):
    sets = {f"{name}_{map_}": COLOR for name in ("brick", "moss") for map_ in ("color", "roughness")}
    folder = write(tmp_path / "both", **sets)
    settings.filepath = str(folder)
    group = settings.source_maps
    assert ([one.name for one in group.sets], len(group.rows)) == ([f"{folder}/brick_*", f"{folder}/moss_*"], 0)
    group.one_set = f"{folder}/moss_*"
    assert (settings.filepath, [row.name for row in group.rows]) == (
        f"{folder}/moss_*",
        ["moss_color.png", "moss_roughness.png"],
    )
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    assert (plane.active_material.name, value_of(plane.active_material, "Base Color")) == ("moss", list(COLOR))
    for blend in (tmp_path / "scene.blend", folder / "scene.blend"):
        settings.filepath = ""
        bpy.ops.wm.save_as_mainfile(filepath=str(blend), copy=False)
        assert bpy.ops.impasto.restore_settings(entry="MATERIAL:moss") == {"FINISHED"}
        assert bpy.path.abspath(settings.filepath) == f"{folder}/moss_*"
        assert [row.name for row in group.rows] == ["moss_color.png", "moss_roughness.png"]
    settings.filepath = str(folder / "brick_color.png")
    assert len(group.rows) == 0
    assert drawn(bpy.types.IMPASTO_PT_view_3d).operators("impasto.use_set_beside")
    bpy.ops.impasto.use_set_beside()
    assert bpy.path.abspath(settings.filepath) == f"{folder}/brick_*"


def test_short_names_are_a_set_where_the_normals_look_like_some(extension, settings, tmp_path):
    settings.filepath = str(write(tmp_path / "game", rock_D=COLOR, rock_N=(128, 128, 250)))
    assert listed(settings) == {"rock_D.png": ("base_color", "WHOLE"), "rock_N.png": ("normal", "WHOLE")}
    settings.filepath = str(write(tmp_path / "photos", rock_D=COLOR, rock_N=COLOR))
    assert set(listed(settings).values()) == {("NOT_USED", "WHOLE")}


def test_pictures_whose_names_say_nothing_are_listed_to_be_chosen_and_tiles_are_not(extension, settings, tmp_path):
    folder = write(tmp_path / "farbe", eins=COLOR, zwei=PACKED)
    settings.filepath = str(folder)
    assert listed(settings) == {"eins.png": ("NOT_USED", "WHOLE"), "zwei.png": ("NOT_USED", "WHOLE")}
    row_of(settings, "eins.png").holds = "base_color"
    assert extension.generate.request.chosen_source(settings).name.startswith("farbe~")
    numbers = {f"w_{map_}.{number}": COLOR for map_ in ("color", "roughness") for number in (1001, 1002)}
    settings.filepath = str(write(tmp_path / "tiles", **numbers))
    assert len(settings.source_maps.rows) == 0, "tiles have a set each"
    for path in (
        "",
        "//nowhere",
        str(tmp_path / "missing" / "x.png"),
        str(tmp_path / "none_*"),
        "farbe.blend/Material/M",
    ):
        settings.filepath = path
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
        assert "wall_color.png (there is another file" in extension.jobs.session.jobs.made.text
    for row in owner.source_maps.rows:
        row.holds = "NOT_USED"
    assert "Choose the map of one of the files" in drawn(panel).labels()
