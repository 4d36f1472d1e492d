"""The bundled library: made from its list, listed in the preferences, and generated when its materials are used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import bmesh
import bpy
import numpy as np
import pytest
from blends import edit_faces, from_library, listed_library, reopen
from conftest import packed_image, pixels_of, refused
from drawing import drawn
from mathutils import Vector


@pytest.fixture
def listed(extension, tmp_path) -> Path:
    """A list of three of the bundled assets, two of them of one catalogue."""
    bundled = extension.assets.library.LIST
    every = json.loads(bundled.read_text())["assets"]
    folder = tmp_path / "pictures"
    folder.mkdir()
    chosen = [one for one in every if one["name"] in ("Bricks", "Cobbles", "Marble – Carrara")]
    for name in [file for one in chosen for file in (one["preview"], *one["maps"].values())]:
        shutil.copy(bundled.parent / name, folder)
    (folder / "list.json").write_text(json.dumps({"assets": chosen}))
    return folder / "list.json"


@pytest.fixture
def library(run, listed, tmp_path) -> Path:
    assert run("library", listed, "--out", tmp_path / "library") == 0
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.mesh.primitive_plane_add(size=1)
    return tmp_path / "library"


def assets_in(file: Path) -> list[str]:
    with bpy.data.libraries.load(str(file), assets_only=True) as (found, _):
        return sorted(found.materials)


def test_the_bundled_list_has_all_materials_presets_and_models_and_little_weight(extension):
    folder = extension.assets.library.LIST.parent
    every = json.loads((folder / "assets.json").read_text())["assets"]
    description = json.loads((Path(extension.__file__).parent / "description.json").read_text())
    drawn_by = {step["tool"] for one in every for step in one["recipe"]["steps"]}
    classes = {tool["name"] for tool in description["tools"] if tool["thumbnail"] and tool["group"] == "Make"}
    assert classes <= drawn_by
    assert len(every) > 140
    assert len({one["name"] for one in every}) == len(every)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 5_000_000
    files = {name for one in every for name in (one["preview"], *one["maps"].values())}
    assert files | {"assets.json"} == {file.name for file in folder.iterdir()}


def test_a_library_has_a_file_and_a_catalogue_for_each_class_with_previews_and_recipes(library):
    assert {file.name for file in library.glob("*.blend")} == {"Masonry.blend", "Stone.blend"}
    assert assets_in(library / "Masonry.blend") == ["Bricks", "Cobbles"]
    known = catalogs_in(library)
    bricks = from_library(library / "Masonry.blend", link=False, materials="Bricks")
    assert bricks.asset_data.catalog_id == known["Impasto/Masonry"]
    assert {tag.name for tag in bricks.asset_data.tags} >= {"Impasto", "Masonry", "Bricks"}
    assert json.loads(bricks["impasto_recipe"])["steps"][0]["tool"] == "bricks"
    preview = preview_of(bricks)
    assert preview.shape == (192, 192, 4)
    red, _, blue = preview[80:110, 80:110, :3].mean((0, 1))
    assert red > 1.3 * blue
    assert preview[:, :, :3].std() > 0.1
    image = bricks.node_tree.nodes["Impasto Base Color"].image
    assert tuple(image.size) == (192, 192)
    assert image.packed_file
    assert pixels_of(image)[..., :3].std() > 0.05
    assert bricks.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value > 0.5


def test_a_new_library_replaces_the_old_one_and_keeps_foreign_files(run, library, listed):
    chosen = json.loads(listed.read_text())["assets"][:1]
    listed.write_text(json.dumps({"assets": chosen}))
    (library / "mine.txt").write_text("mine")
    assert run("library", listed, "--out", library) == 0
    assert {file.name for file in library.glob("*.blend")} == {"Masonry.blend"}
    assert (library / "mine.txt").read_text() == "mine"


def test_an_asset_of_tiles_has_a_tiled_image_with_all_of_them(run, listed, tmp_path):
    (bricks,) = [one for one in json.loads(listed.read_text())["assets"] if one["name"] == "Bricks"]
    for name, file in bricks["maps"].items():
        for number in (1001, 1012):
            shutil.copy(listed.parent / file, listed.parent / f"tiles_{name}.{number}{Path(file).suffix}")
        bricks["maps"][name] = f"tiles_{name}.<UDIM>{Path(file).suffix}"
    listed.write_text(json.dumps({"assets": [bricks]}))
    assert run("library", listed, "--out", tmp_path / "library") == 0
    shutil.rmtree(listed.parent)
    bricks = from_library(tmp_path / "library" / "Masonry.blend", link=False, materials="Bricks")
    images = [node.image for node in bricks.node_tree.nodes if node.type == "TEX_IMAGE"]
    assert [tile.number for tile in images[0].tiles] == [1001, 1012]
    assert [len(image.packed_files) for image in images] == [2] * len(images)


def test_user_files_are_never_replaced_and_paths_stay_in_the_library(run, listed, tmp_path, capsys):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "Stone.blend").write_bytes(b"mine")
    assert run("library", listed, "--out", folder) == 3
    assert "Stone.blend is no file of this library" in capsys.readouterr().err
    assert [file.name for file in folder.iterdir()] == ["Stone.blend"]
    assert (folder / "Stone.blend").read_bytes() == b"mine"

    given = json.loads(listed.read_text())
    given["assets"][0]["preview"] = "../secret.jpg"
    listed.write_text(json.dumps(given))
    assert run("library", listed, "--out", tmp_path / "library") == 3
    assert "leads out of" in capsys.readouterr().err


def test_the_library_is_listed_in_the_preferences_and_removed_alone(extension, tmp_path):
    library, libraries = extension.assets.library, bpy.context.preferences.filepaths.asset_libraries
    with listed_library(tmp_path, "Impasto") as own:
        bpy.context.preferences.is_dirty = False
        for act, names in ((library.add, ["Impasto.001"]), (library.remove, [])):
            act()
            act()
            assert [one.name for one in libraries if Path(one.path) == library.folder()] == names
            assert not bpy.context.preferences.is_dirty or not names
        assert own.name == "Impasto"


def test_the_library_is_made_anew_if_its_list_or_the_version_changes(extension):
    library = extension.assets.library
    assert not library.is_made()
    library.folder().mkdir(parents=True)
    try:
        built = library.folder() / "built.txt"
        built.write_text(f"{extension.engine.catalogue.catalogue.version} {'0' * 64}")
        assert not library.is_made()
        built.write_text(library._source())
        assert library.is_made()
    finally:
        shutil.rmtree(library.folder())


def test_library_materials_are_loaded_once_and_made_at_the_chosen_size(extension, library):
    loaded = extension.assets.shelf.loaded
    bricks = loaded(str(library / "Masonry.blend"), "Bricks")
    assert loaded(str(library / "Masonry.blend"), "Bricks") == bricks
    assert not bricks.asset_data
    assert len(bpy.data.images) == 1
    plane = bpy.context.active_object
    plane.active_material = bricks
    buttons = drawn(bpy.types.IMPASTO_PT_material_view_3d).operators("impasto.generate_asset")
    assert [button.size_px for button in buttons] == [1024, 2048, 4096]
    assert bpy.ops.impasto.generate_asset(size_px=64) == {"FINISHED"}
    assert plane.active_material == bricks
    nodes = bricks.node_tree.nodes
    assert tuple(nodes["Impasto Base Color"].image.size) == (64, 64)
    assert nodes["Impasto Normal"].image
    assert [layer.tool for layer in bricks.impasto_layers.layers] == ["bricks"]
    assert not drawn(bpy.types.IMPASTO_PT_material_view_3d).operators("impasto.generate_asset")
    other = loaded(str(library / "Masonry.blend"), "Bricks")
    assert other not in (bricks, *(entry.material for entry in bricks.impasto_former))  # which are no stand-ins
    plane.active_material = cobbles = loaded(str(library / "Masonry.blend"), "Cobbles")
    before = pixels_of(cobbles.node_tree.nodes["Impasto Base Color"].image)[..., :3].mean((0, 1))
    bpy.ops.impasto.generate_asset(size_px=512)
    after = pixels_of(cobbles.node_tree.nodes["Impasto Base Color"].image)[..., :3].mean((0, 1))
    np.testing.assert_allclose(before, after, atol=0.03)
    with pytest.raises(extension.core.errors.FileError, match="no material Sand"):
        loaded(str(library / "Masonry.blend"), "Sand")
    plane.active_material = bpy.data.materials.new("plain")
    refused("has no recipe", "generate_asset")


@pytest.fixture
def clicked(library):
    """Properties by which Blender names an asset that is clicked or dragged."""
    with listed_library(library) as listed:
        of_library = {"asset_library_type": "CUSTOM", "asset_library_identifier": listed.name}
        yield {**of_library, "relative_asset_identifier": "Masonry.blend/Material/Bricks"}


def test_a_click_in_the_shelf_assigns_the_material_of_its_library_or_of_the_file(clicked):
    plane, use_asset = bpy.context.active_object, bpy.ops.impasto.use_asset
    use_asset(**{**clicked, "relative_asset_identifier": "Stone.blend/Material/Marble – Carrara"})
    marble = plane.active_material
    assert marble.name == "Marble – Carrara"
    assert "impasto_stand_in" in marble
    refused("no asset was clicked", "use_asset", **{**clicked, "relative_asset_identifier": ""})
    plane.active_material = bpy.data.materials.new("own")
    use_asset(asset_library_type="LOCAL", relative_asset_identifier=f"Material/{marble.name}")
    assert plane.active_material == marble


def cube_in_edit_mode(selected, slots=("own",)) -> bpy.types.Object:
    """A cube of which one face is selected; its last face is in the last slot."""
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.active_object
    for name in slots:
        cube.data.materials.append(bpy.data.materials.new(name))
    cube.data.polygons[5].material_index = max(len(slots) - 1, 0)
    edit_faces(dict, "DESELECT")
    cube.data.polygons[selected].select = True
    bpy.ops.object.mode_set(mode="EDIT")
    return cube


def materials_of_faces(cube) -> list[str]:
    bpy.ops.object.mode_set(mode="OBJECT")
    return [cube.material_slots[face.material_index].name for face in cube.data.polygons]


@pytest.mark.parametrize(
    ("slots", "face", "own"),
    [(("own",), None, 5), (("own",), 2, 5), (("own", "other"), 5, 5), ((), 5, 0)],
    ids=["clicked", "dropped on a selected face", "dropped on another", "dropped where no slot is"],
)
def test_in_edit_mode_assets_go_to_selected_faces_or_a_slot(clicked, slots, face, own):
    cube = cube_in_edit_mode(2, slots)
    if face is None:
        bpy.ops.impasto.use_asset(**clicked)
    else:
        bpy.ops.impasto.drop_asset(**clicked, object=cube.name, face=face)
    found = materials_of_faces(cube)
    assert (found.count("own"), found.count("Bricks")) == (own, 6 - own)
    assert found[face or 2] == "Bricks"


def test_drops_beside_the_mesh_or_in_object_mode_are_refused(clicked):
    cube = cube_in_edit_mode(selected=2)
    refused("no such face", "drop_asset", **clicked, object=cube.name, face=6)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert not bpy.ops.impasto.drop_asset.poll()


def test_blender_drops_materials_itself_in_object_mode_only(extension, plane):
    """Why edit mode has a shelf of its own, whose drags call the extension where Blender can do that."""
    window, shelves = bpy.context.window_manager.windows[0], extension.assets.shelf.SHELVES
    area = next(one for one in window.screen.areas if one.type == "VIEW_3D")
    region = next(one for one in area.regions if one.type == "WINDOW")
    drag = "impasto.drop_asset" if bpy.app.version >= (5, 0) else ""
    for mode, expected in {"EDIT": (False, drag), "OBJECT": (True, "")}.items():
        bpy.ops.object.mode_set(mode=mode)
        with bpy.context.temp_override(window=window, area=area, region=region):
            shown = [one for version, one in shelves if bpy.app.version >= version and one.poll(bpy.context)]
            assert bpy.ops.object.drop_named_material.poll() == expected[0]
        drags = [getattr(one, "bl_drag_operator", "") for one in shown]
        assert drags == ([expected[1]] if bpy.app.version >= shelves[0][0] else [])


def test_the_face_below_the_mouse_is_the_nearest_visible_one(extension, scene):
    cube = cube_in_edit_mode(selected=0)
    cube.location = 10, 0, 0
    bpy.context.view_layer.update()
    below = extension.interface.under_mouse.face_below
    origin, down = Vector((10, 0, 5)), Vector((0, 0, -1))
    top = below([cube], origin, down)[1]
    mesh = bmesh.from_edit_mesh(cube.data)
    mesh.faces.ensure_lookup_table()
    assert mesh.faces[top].normal.z == pytest.approx(1)
    mesh.faces[top].hide = True
    assert mesh.faces[below([cube], origin, down)[1]].normal.z == pytest.approx(-1)
    assert below([cube], Vector((0, 0, 5)), down) is None


CHECKER = {"tool": "checker", "width_px": 64, "height_px": 32, "estimator": "none"}
CATALOGS = "blender_assets.cats.txt"


@pytest.fixture
def bricks(plane) -> bpy.types.Material:
    """A small result of a procedural material."""
    bpy.ops.impasto.run(tool="bricks", width_px=64, height_px=64, estimator="none")
    return plane.active_material


def preview_of(item) -> np.ndarray:
    width, height = item.preview.image_size
    values = np.empty(width * height * 4, np.float32)
    item.preview.image_pixels_float.foreach_get(values)
    return values.reshape(height, width, 4)


def tags_of(material) -> list[str]:
    return [tag.name for tag in material.asset_data.tags]


@pytest.mark.parametrize("bits", ["8", "16"])
def test_a_result_becomes_an_asset_whose_preview_is_rendered_on_a_ball(plane, monkeypatch, bits):
    red = np.full((16, 16, 3), (200, 60, 20), np.uint8)
    packed_image("red.png", red)
    bpy.ops.impasto.run(tool="chatty", image="red.png", bits=bits, material="NEW")
    assert bpy.ops.impasto.mark_asset() == {"FINISHED"}
    material = plane.active_material
    assert material.asset_data.description == "Made by Impasto from red.png"
    assert tags_of(material)[0] == "Impasto"
    assert "red" in tags_of(material)
    preview = preview_of(material)
    assert preview.shape == (256, 256, 4)
    assert (preview[..., 3] == 1).all()
    red, green, blue = preview[128, 128, :3]
    assert red > 2 * green > 2 * blue
    np.testing.assert_allclose(preview[2, 2, :3], preview[2, 2, 0], atol=0.02)  # the background is grey
    assert preview[200, 60, 0] > preview[50, 200, 0] + 0.1  # the light comes from the upper left
    monkeypatch.delenv("IMPASTO_ENGINE")
    bpy.ops.impasto.mark_asset(material=material.name)
    made = preview_of(material)[..., :3] * 255
    np.testing.assert_allclose(made, np.broadcast_to((200, 60, 20), (16, 16, 3)), atol=2)  # without an engine
    assert len(tags_of(material)) == len(set(tags_of(material)))


def test_tags_come_from_the_phrase_and_the_recipe(plane):
    bpy.ops.impasto.match(text="mossy red bricks", width_px=64, height_px=64)
    bpy.ops.impasto.mark_asset()
    tags = tags_of(plane.active_material)
    assert {"Impasto", "Masonry", "Bricks", "mossy", "red", "bricks"} <= set(tags)
    assert plane.active_material.asset_data.description == "Made by Impasto from “mossy red bricks”"


@pytest.mark.slow
def test_a_model_is_named_and_the_asset_is_there_when_the_file_is_opened_again(plane, tmp_path):
    bpy.ops.impasto.run(tool="torus", parameters='{"model": "bricks"}', width_px=32, height_px=32, estimator="none")
    bpy.ops.impasto.mark_asset(material="Red bricks")
    before = preview_of(bpy.data.materials["Red bricks"]).copy()
    reopen(tmp_path / "library.blend")
    material = bpy.data.materials["Red bricks"]
    assert material.asset_data.description == "Made by Impasto from bricks"
    assert material.asset_data.license == "CC0-1.0"
    assert "Masonry" in tags_of(material)
    np.testing.assert_allclose(preview_of(material), before, atol=1 / 255)
    assert before.std() > 0.02


def catalogs_in(folder) -> dict[str, str]:
    text = (folder / CATALOGS).read_text()
    lines = [line for line in text.splitlines() if line.count(":") == 2 and line[0] != "#"]
    return {line.split(":")[1]: line.split(":")[0] for line in lines}


def test_catalogues_of_the_user_stay_and_are_used(bricks, tmp_path):
    own = "11111111-2222-3333-4444-555555555555"
    text = f"# mine\nVERSION 1\n\n{own}:Impasto/Masonry:my walls\n{own[:-1]}6:Wood:Wood"
    (tmp_path / CATALOGS).write_text(text)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "own.blend"))
    bpy.ops.impasto.mark_asset()
    assert bricks.asset_data.catalog_id == own
    assert (tmp_path / CATALOGS).read_text() == text
    bpy.ops.impasto.run(tool="planks", width_px=32, height_px=32, estimator="none", material="NEW")
    bpy.ops.impasto.mark_asset()
    assert (tmp_path / CATALOGS).read_text().startswith(f"{text}\n")
    assert set(catalogs_in(tmp_path)) == {"Impasto/Masonry", "Wood", "Impasto/Wood"}


def test_a_catalogue_that_the_user_chose_is_left_alone(bricks, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "own.blend"))
    bricks.asset_mark()
    bricks.asset_data.catalog_id = own = "11111111-2222-3333-4444-555555555555"
    bricks.asset_data.author = "me"
    bpy.ops.impasto.mark_asset()
    assert bricks.asset_data.catalog_id == own
    assert bricks.asset_data.author == "me"
    assert not (tmp_path / CATALOGS).exists()


def test_the_catalogue_of_the_files_library_is_written_on_saving(bricks, tmp_path):
    (tmp_path / "walls").mkdir()
    with listed_library(tmp_path):
        bpy.ops.impasto.mark_asset()
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "walls" / "own.blend"))
    assert catalogs_in(tmp_path) == {"Impasto/Masonry": bricks.asset_data.catalog_id}


def test_the_history_offers_mark_as_asset_for_materials(plane):
    bpy.ops.impasto.run(**CHECKER)
    bpy.ops.impasto.run(**CHECKER, material="NONE", name="images")
    panel, offered = bpy.types.IMPASTO_PT_history_view_3d, []
    for entry in [button.entry for button in drawn(panel).operators("impasto.select_entry")]:
        bpy.ops.impasto.select_entry(entry=entry)
        offered += [button.material for button in drawn(panel).operators("impasto.mark_asset")]
    assert offered == ["Texture"]


def test_absent_materials_are_refused_with_a_remedy(plane):
    bpy.ops.impasto.run(**CHECKER)
    refused(r"no material called 'x'; see bpy\.data\.materials", "mark_asset", material="x")
    plane.active_material = None
    refused("active object has no material", "mark_asset")
