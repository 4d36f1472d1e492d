"""File browsers of sources: which files they show and where they begin; what was chosen becomes a setting."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
from conftest import coordinates, png
from drawing import drawn


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "photos" / "bricks097.png"
    path.parent.mkdir()
    path.write_bytes(png(coordinates(8, 8)))
    return path


@pytest.fixture
def preferences(extension, scene):
    extension.engine.engine.preferences().last_folder = ""  # of other tests
    yield extension.engine.engine.preferences()
    extension.engine.engine.preferences().last_folder = ""


def begins_in(extension, target: str, name: str = "open_picture") -> str:
    """Folder in which the browser of a setting begins; empty for Blender's own choice."""
    cls = getattr(extension.interface.browsing, f"IMPASTO_OT_{name}")
    own = type("Own", (cls.__mro__[1],), {"target": target, "material": ""})()
    return own.start_folder(bpy.context)


def test_a_browser_shows_pictures_and_folders_as_thumbnails(extension, scene):
    for name in ("open_picture", "open_folder", "open_images"):
        known = getattr(bpy.ops.impasto, name).get_rna_type().properties
        assert (known["filter_image"].default, known["filter_folder"].default) == (True, True)
        assert known["display_type"].default == "THUMBNAIL"
        assert known["display_type"].enum_items["THUMBNAIL"].value == 3, "Blender's own number for it"


def test_a_picture_becomes_a_path_or_an_image_and_the_next_browser_begins_in_its_folder(
    extension, scene, preferences, picture
):
    assert begins_in(extension, "impasto.filepath") == ""
    bpy.ops.impasto.open_picture(target="impasto.filepath", filepath=str(picture))
    assert scene.impasto.filepath == str(picture)
    assert Path(preferences.last_folder) == picture.parent
    assert bpy.context.preferences.is_dirty, "so that Blender saves it"
    assert Path(begins_in(extension, "impasto_style.image")) == picture.parent

    bpy.ops.impasto.open_picture(target="impasto_style.image", filepath=str(picture))
    assert scene.impasto_style.image.name == "bricks097.png"
    bpy.ops.impasto.open_picture(target="impasto_parameters.flat.input_style", filepath=str(picture))
    assert scene.impasto_parameters.flat.input_style == scene.impasto_style.image
    bpy.ops.impasto.open_folder(target="impasto_training.folder", directory=f"{picture.parent.parent}/")
    assert Path(scene.impasto_training.folder) == picture.parent.parent
    assert Path(begins_in(extension, "impasto.filepath")) == picture.parent, "that of what is chosen comes first"
    bpy.ops.impasto.open_picture(target="impasto.filepath", filepath=f"{picture.parent}/")
    assert scene.impasto.filepath == str(picture.parent), "a folder of maps"


def test_paths_are_relative_where_the_preferences_want_that(scene, preferences, picture, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.context.preferences.filepaths.use_relative_paths = True
    bpy.ops.impasto.open_picture(target="impasto.filepath", filepath=str(picture))
    assert bpy.context.scene.impasto.filepath == "//photos/bricks097.png"


def test_what_is_no_picture_is_refused_and_changes_nothing(scene, preferences, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(RuntimeError, match=r"notes\.txt cannot be read as a picture; choose a picture"):
        bpy.ops.impasto.open_picture(target="impasto_style.image", filepath=str(tmp_path / "notes.txt"))
    assert scene.impasto_style.image is None
    assert preferences.last_folder == ""


def test_every_source_has_such_a_button(scene):
    """Of the panels of tools, styles, training, batches and words."""
    scene.impasto.tool, scene.impasto.source_kind = "quilt", "FILE"
    scene.impasto_style.tool, scene.impasto_training.data_kind = "flat", "FOLDER"
    scene.impasto_batch.apply, scene.impasto_match.matcher = "IMAGE", scene.impasto_match.matcher
    found = {}
    for panel in ("view_3d", "style_view_3d", "train_view_3d", "batch", "match_view_3d"):
        layout = drawn(getattr(bpy.types, f"IMPASTO_PT_{panel}"))
        buttons = [*layout.operators("impasto.open_picture"), *layout.operators("impasto.open_folder")]
        found[panel] = {button.target for button in buttons}
        opened = [options["open"] for what, _, options in layout.drawn if what == "template_ID" and "open" in options]
        assert opened == []
    assert "impasto.filepath" in found["view_3d"]
    assert {"impasto_style.image", "impasto_parameters.flat.input_style"} <= found["style_view_3d"]
    assert found["train_view_3d"] == {"impasto_training.folder"}
    assert found["batch"] == {"impasto_batch.image"}
    for target in set().union(*found.values()):
        owner, _, name = target.rpartition(".")
        assert hasattr(scene.path_resolve(owner), name)


SIZE_PX = 64


def drop(path, *more, **options):
    names = [{"name": one.name} for one in (path, *more)]
    return bpy.ops.impasto.drop_pictures(directory=str(path.parent), files=names, **options)


def test_a_picture_is_the_source_of_from_photo_whatever_was_chosen(extension, scene, wall_file):
    settings = scene.impasto
    settings.intent, settings.tool, settings.source_kind = "MODEL", "torus", "NONE"
    assert drop(wall_file) == {"FINISHED"}
    assert (settings.intent, settings.source_kind, settings.tool) == ("PHOTO", "FILE", "quilt")
    assert settings.filepath == str(wall_file)
    other = wall_file.with_name("wall_normal.png")
    other.write_bytes(wall_file.read_bytes())
    drop(wall_file, other)
    assert settings.filepath == str(wall_file.parent), "several are the maps of a folder"


def test_an_object_on_which_it_is_dropped_has_its_material_and_is_selected_alone(extension, scene, wall_file):
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object
    bpy.ops.mesh.primitive_plane_add()
    plane = bpy.context.object
    quilt = scene.impasto_parameters.quilt
    quilt.width_px = quilt.height_px = SIZE_PX
    drop(wall_file, object=cube.name)
    assert (cube.select_get(), plane.select_get(), bpy.context.object) == (True, False, cube)
    assert cube.active_material.name == wall_file.stem
    assert plane.active_material is None


def test_a_drop_without_files_says_so_and_pictures_only_are_taken(extension, scene):
    with pytest.raises(RuntimeError, match="no picture was dropped"):
        bpy.ops.impasto.drop_pictures()
    handler = bpy.types.IMPASTO_FH_pictures
    assert {".png", ".jpg", ".exr", ".heic", ".avif", ".dds"} <= set(handler.bl_file_extensions.split(";"))
    assert handler.bl_import_operator == "impasto.drop_pictures"


def test_each_intent_puts_back_its_own_tool(extension, scene):
    settings = scene.impasto
    assert (settings.intent, settings.tool) == ("PHOTO", "quilt")
    settings.tool = "straighten"
    settings.intent = "MODEL"
    assert settings.tool == "torus"
    settings.pictured_model = "leather"
    assert scene.impasto_parameters.torus.model == "leather"
    settings.intent = "RESTYLE"
    assert settings.tool == "torus"
    settings.intent = "PHOTO"
    assert settings.tool == "straighten"


@pytest.mark.parametrize("editor", ["view_3d", "shader_editor", "image_editor"])
def test_each_choice_shows_its_own_panels_and_more_shows_the_others(extension, scene, editor):
    panels = {name: getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("IMPASTO_PT_")}
    own = {name: panel for name, panel in panels.items() if name.endswith(editor) and panel.intents}
    without_words = own.keys() - {f"IMPASTO_PT_{editor}"}
    shown = {}
    for intent, *_ in extension.tools.intents.ITEMS:
        scene.impasto.intent = intent
        shown[intent] = {name for name in without_words if scene.impasto.intent in own[name].intents}
    assert set().union(*shown.values()) == without_words
    for intent, name in (("WORDS", "match"), ("RESTYLE", "style"), ("BAKE", "bake")):
        assert shown[intent] == {f"IMPASTO_PT_{name}_{editor}"}
    assert len(shown["MORE"]) >= 2
