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
    yield extension.engine.engine.preferences()
    extension.engine.engine.preferences().last_folder = ""


def begins_in(extension, target: str, name: str = "open_picture") -> str:
    """Folder in which the browser of a setting begins; empty for Blender's own choice."""
    cls = getattr(extension.interface.browsing, f"IMPASTO_OT_{name}")
    own = type("Own", (cls.__mro__[1],), {"target": target, "material": ""})()
    return own.start_folder(bpy.context)


@pytest.mark.parametrize("name", ["open_picture", "open_folder", "open_images"])
def test_a_browser_shows_pictures_and_folders_as_thumbnails(extension, scene, name):
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


def test_a_folder_of_maps_may_be_chosen_as_source(scene, preferences, picture):
    bpy.ops.impasto.open_picture(target="impasto.filepath", filepath=f"{picture.parent}/")
    assert scene.impasto.filepath == str(picture.parent)


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
