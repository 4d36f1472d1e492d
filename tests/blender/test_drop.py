"""Pictures that are dropped from a file manager, and the choices at the top of the tab."""

import bpy
import pytest

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


def test_several_pictures_are_the_maps_of_a_folder(extension, scene, wall_file):
    other = wall_file.with_name("wall_normal.png")
    other.write_bytes(wall_file.read_bytes())
    drop(wall_file, other)
    assert scene.impasto.filepath == str(wall_file.parent)


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
    assert {".png", ".jpg", ".exr"} <= set(handler.bl_file_extensions.split(";"))
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
    without_words = own.keys() - {f"IMPASTO_PT_{editor}", f"IMPASTO_PT_new_{editor}"}
    shown = {}
    for intent, *_ in extension.tools.intents.ITEMS:
        scene.impasto.intent = intent
        shown[intent] = {name for name in without_words if scene.impasto.intent in own[name].intents}
    assert set().union(*shown.values()) == without_words
    for intent, name in (("WORDS", "match"), ("RESTYLE", "style"), ("BAKE", "bake")):
        assert shown[intent] == {f"IMPASTO_PT_{name}_{editor}"}
    assert len(shown["MORE"]) >= 2
