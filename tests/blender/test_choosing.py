"""Choosing a tool, an intent, random values of parameters, and sources in file browsers."""

from __future__ import annotations

import math
import random
from pathlib import Path

import bpy
import pytest
from conftest import coordinates, png, refused
from drawing import drawn, texts_of_number

TOOL = "bricks"


@pytest.fixture
def group(extension, scene):
    scene.impasto.tool = TOOL
    return scene.impasto_parameters.bricks


def values(group) -> dict[str, object]:
    found = {}
    for item in group.bl_rna.properties:
        if item.identifier not in ("rna_type", "name"):
            value = getattr(group, item.identifier)
            found[item.identifier] = tuple(value) if getattr(item, "is_array", False) else value
    return found


def test_tools_are_listed_under_headings(extension, scene):
    items = [(identifier, name) for identifier, name, *_ in extension.tools.lists.items_of("tool")(None, None)]
    names = [identifier for identifier, _ in items]
    heading = items.index(("", "Masonry"))
    assert names.index("lens") < items.index(("", "From a photo")) < names.index("quilt") < heading < names.index(TOOL)
    assert items.index(("", "Finish")) < names.index("tint")
    assert "" not in [identifier for identifier, *_ in extension.tools.lists.items_of("stylizer")(None, None)]


def lines_of(menu: str) -> list[tuple[str, str]]:
    """Headings and tools of a group's menu: what each is, and its text or name."""
    lines = drawn(getattr(bpy.types, menu)).drawn
    headings = {"label": lambda _, options: options["text"], "prop_enum": lambda arguments, _: arguments[2]}
    return [(what, headings[what](arguments, options)) for what, arguments, options in lines if what in headings]


def test_the_menu_has_every_tool_once_below_its_group_and_its_heading(extension, scene):
    """The groups are in the order of the core, and no entry is cut off: no column is longer than a small screen."""
    menu = extension.tools.menu
    groups = [arguments[0] for what, arguments, _ in drawn(menu.IMPASTO_MT_add_layer).drawn if what == "menu"]
    catalogue = list(extension.engine.catalogue.catalogue)
    offered = [tool["name"] for tool in catalogue if tool["kind"] not in ("trainer", "group")]
    assert groups == [menu.name_of(group) for group in extension.core.descriptions.GROUPS if group != "Train"]
    buttons = {name: drawn(getattr(bpy.types, name)).operators("impasto.add_layer") for name in groups}
    entries = {name: [given.tool for given in given_to] for name, given_to in buttons.items()}
    assert [name for names in entries.values() for name in names] == offered
    assert {"straighten", "real-scale"} <= set(entries["IMPASTO_MT_add_layer_prepare"])
    columns = menu.columns({"": [{}] * 3, "One": [{}] * 12, "Two": [{}] * 4, "Long": [{}] * 40})
    assert [list(column) for column in columns] == [["", "One"], ["Two"], ["Long"]]


def test_the_menu_of_an_intent_has_the_tools_that_begin_a_texture_and_no_other(extension, scene):
    menu = {}
    for intent in ("PHOTO", "WORDS", "MODEL"):
        scene.impasto.intent = intent
        menu[intent] = lines_of("IMPASTO_MT_tools")
    tools = {intent: [name for what, name in lines if what == "prop_enum"] for intent, lines in menu.items()}
    assert {"quilt", "patch-synthesis", "photo-maps", "cover-object"} <= set(tools["PHOTO"])
    pictured = [name for name, *_ in extension.tools.lists.items_of("pictured")(None, None)]
    assert sorted(tools["WORDS"]) == sorted(pictured)
    assert {"vae", "torus"} <= set(tools["MODEL"])
    kinds = {tool["name"]: tool["kind"] for tool in extension.engine.catalogue.catalogue}
    beginning = [name for name, kind in kinds.items() if kind in ("generator", "estimator")]
    assert sorted(name for names in tools.values() for name in names) == sorted(beginning)
    made = menu["WORDS"]
    assert made.index(("label", "Masonry")) < made.index(("prop_enum", TOOL)) < made.index(("label", "Metal"))


def test_the_gallery_has_the_tools_with_a_picture_and_no_gaps(extension, scene, group):
    assert [options for what, options, _ in drawn(bpy.types.IMPASTO_PT_view_3d).drawn if what == "template_icon_view"]
    names = [name for name, *_ in extension.tools.lists.items_of("pictured")(None, None)]
    assert len(names) == len(set(names)) == 70
    assert scene.impasto.pictured == TOOL
    scene.impasto.pictured = "moss"
    assert scene.impasto.tool == "moss"
    scene.impasto.tool = "quilt"
    assert scene.impasto.pictured == "" or scene.impasto.pictured in names


def test_random_values_are_other_ones_within_their_ranges(extension, scene, group):
    found = [values(group)]
    for seed in (5, 5, 6):
        assert bpy.ops.impasto.randomize(seed=seed) == {"FINISHED"}
        found.append(values(group))
    before, first, again, other = found
    assert sum(first[name] != before[name] for name in before) > 8
    assert first["width_px"] == before["width_px"]
    assert first == again != other


@pytest.mark.any_blender
def test_random_values_are_valid_for_every_tool(extension, scene):
    choosing, catalogue = extension.generate.operators, extension.engine.catalogue
    for tool in catalogue.catalogue:
        for name, schema in catalogue.properties_of(tool).items():
            if choosing._is_drawn(schema) and schema.get("type") in ("number", "integer"):
                for seed in range(20):
                    value = choosing.random_value(name, schema, random.Random(seed))
                    in_degrees = math.degrees(value) if schema.get("format") == "angle" else value
                    assert schema.get("minimum", -1e9) <= in_degrees <= schema.get("maximum", 1e9), (tool["name"], name)


MOST_CONTROLS = 8
INTENTS = ("PHOTO", "WORDS", "MODEL", "RESTYLE", "BAKE", "MORE", "LAYERS", "EXPORT")
ABOVE = ("intents", "material")
"""Panels above those of a tab: the tabs, and this material."""


def panels_of(space: str) -> list[type[bpy.types.Panel]]:
    """The panels of an editor that have no other above them."""
    found = [getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("IMPASTO_PT_")]
    mine = [cls for cls in found if cls.bl_space_type == space and "INSTANCED" not in getattr(cls, "bl_options", ())]
    return [cls for cls in mine if not hasattr(cls, "bl_parent_id")]


def panels() -> list[type[bpy.types.Panel]]:
    """The panels of the tab that the 3D view shows now, but for those above them."""
    return [cls for cls in panels_of("VIEW_3D") if cls.__name__.split("_")[2] not in ABOVE and cls.poll(bpy.context)]


def is_open(cls: type[bpy.types.Panel]) -> bool:
    return "DEFAULT_CLOSED" not in getattr(cls, "bl_options", ())


def open_controls() -> set[str]:
    """Controls of the tab besides the choice of what to make."""
    found = (drawn(cls, is_folded=True).controls() for cls in panels() if is_open(cls))
    return set().union(*found) - {"impasto.intent"}


def test_newcomers_and_restylers_see_at_most_eight_controls(scene, material):
    settings, style = scene.impasto, scene.impasto_style
    for settings.intent in INTENTS:
        assert len(open_controls()) <= MOST_CONTROLS, (settings.intent, open_controls())
    settings.intent, style.live_preview = "RESTYLE", True
    for style.subject in ("IMAGE", "MATERIAL", "RENDER"):
        assert len(open_controls()) <= MOST_CONTROLS, (style.subject, open_controls())


@pytest.mark.essential
def test_words_and_their_sliders_share_one_make_button(extension, scene):
    settings, match = scene.impasto, scene.impasto_match
    settings.intent, settings.tool, match.matcher = "WORDS", "bricks", "phrase"

    def buttons() -> list[str]:
        names = ("impasto.generate", "impasto.match")
        return [name for cls in panels() for name in names for _ in drawn(cls).operators(name)]

    assert buttons() == ["impasto.generate"]
    match.text = "yellow bricks"
    assert buttons() == ["impasto.match"]
    assert bpy.ops.impasto.match(width_px=64, height_px=64) == {"FINISHED"}
    assert (settings.tool, buttons()) == ("bricks", ["impasto.generate"])
    settings.tool = "planks"
    assert buttons() == ["impasto.generate"]
    match.text = "red bricks"
    assert buttons() == ["impasto.match"]
    settings.tool = "quilt"
    match.text = ""
    assert buttons() == ["impasto.match"]  # which says that words are missing


def test_sizes_follow_a_source_or_layers_below_only_if_there_is_one(scene, plane):
    settings, bricks = scene.impasto, scene.impasto_parameters.bricks
    settings.intent, settings.tool = "MODEL", "bricks"
    bricks.width_px, bricks.height_px = 0, 2048
    panel = drawn(bpy.types.IMPASTO_PT_view_3d)
    assert texts_of_number(panel, bricks, "width_px") == ["1024 px"]
    assert texts_of_number(panel, bricks, "height_px") == ["number"]
    settings.tool, settings.source_kind = "quilt", "FILE"
    quilt = scene.impasto_parameters.quilt
    quilt.width_px = 0
    assert texts_of_number(drawn(bpy.types.IMPASTO_PT_view_3d), quilt, "width_px") == ["As the source"]

    for tool in ("bricks", "planks"):
        assert bpy.ops.impasto.add_layer(tool=tool) == {"FINISHED"}
    stack = plane.active_material.impasto_layers

    def width(index: int) -> list[str]:
        stack.active = index
        group = getattr(stack.layers[index].impasto_parameters, stack.layers[index].tool)
        return texts_of_number(drawn(bpy.types.IMPASTO_PT_layers_view_3d), group, "width_px")

    assert (width(0), width(1)) == (["1024 px"], ["As the source"])
    stack.source_kind = "FILE"
    assert width(0) == ["As the source"]


def test_layers_are_a_tab_of_their_own_beside_make(plane, scene):
    scene.impasto.intent = "WORDS"
    bpy.ops.impasto.add_layer(tool="bricks")
    assert "IMPASTO_PT_match_view_3d" in [cls.__name__ for cls in panels()]
    for scene.impasto.tab, intent in {"LAYERS": "LAYERS", "MAKE": "WORDS", "EXPORT": "EXPORT"}.items():
        assert (scene.impasto.intent, scene.impasto.tab) == (intent, "MAKE" if intent == "WORDS" else intent)
    scene.impasto.tab = "LAYERS"
    assert [cls.__name__ for cls in panels() if is_open(cls)] == ["IMPASTO_PT_layers_view_3d"]


def test_the_parameters_of_the_active_layer_are_right_below_the_list_and_reports_below_all(extension, plane):
    for tool in ("bricks", "tint"):
        bpy.ops.impasto.add_layer(tool=tool)
    jobs, TaskReport, Place = extension.jobs.session.jobs, extension.jobs.task.TaskReport, extension.jobs.task.Place
    before = drawn(bpy.types.IMPASTO_PT_layers_view_3d).drawn
    jobs.show_report(TaskReport("WARNING", "made the material; no moss"), Place.LAYERS)
    after = drawn(bpy.types.IMPASTO_PT_layers_view_3d).drawn
    place = next(index for index, (what, given, _) in enumerate(after) if given == ("impasto.run_layers",))
    assert str(after[:place]) == str(before[:place])
    names = [given[1] for what, given, _ in after if what == "prop"]
    assert names.index("strength") < names.index("source_kind")


@pytest.mark.parametrize("editor", ["view_3d", "shader_editor", "image_editor"])
def test_nothing_is_above_the_tabs_and_this_material_and_their_order_is_the_same_everywhere(editor):
    kind = {"view_3d": "VIEW_3D", "shader_editor": "NODE_EDITOR", "image_editor": "IMAGE_EDITOR"}[editor]
    orders = {cls.__name__: cls.bl_order for cls in panels_of(kind)}
    above = [f"IMPASTO_PT_{name}_{editor}" for name in ABOVE]
    assert sorted(orders, key=orders.get)[:2] == above
    assert [orders[name] for name in above] == [0, 1]
    assert min(order for name, order in orders.items() if name not in above) > 1
    assert max(orders, key=orders.get) == f"IMPASTO_PT_history_{editor}"


def test_a_running_task_changes_nothing_but_the_row_below_the_tabs(extension, scene, plane, monkeypatch):
    """The row is one of the same height without a task; panels of tabs are drawn the same."""

    def shown() -> list[list[tuple]]:
        layouts = [drawn(cls) for scene.impasto.intent in INTENTS for cls in panels()]
        return [[(what, str(given)) for what, given, _ in layout.drawn] for layout in layouts]

    before, tabs = shown(), drawn(bpy.types.IMPASTO_PT_intents_view_3d)
    task = extension.jobs.task
    running = task.Task("work", lambda _: None, lambda _: task.TaskReport("INFO", ""))
    monkeypatch.setattr(extension.jobs.session.jobs, "tasks", [running])
    busy = drawn(bpy.types.IMPASTO_PT_intents_view_3d)
    assert busy.operators("impasto.cancel")
    rows = [[what for what, *_ in layout.drawn if what in ("row", "column")] for layout in (tabs, busy)]
    assert rows[0] == rows[1]
    assert shown() == before


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "photos" / "bricks097.png"
    path.parent.mkdir()
    path.write_bytes(png(coordinates(8, 8)))
    return path


@pytest.fixture
def preferences(extension, scene):
    chosen = extension.engine.engine.preferences()
    chosen.last_folder = ""  # of other tests
    yield chosen
    chosen.last_folder = ""


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

    for target in ("impasto_style.image", "impasto_parameters.flat.input_style"):
        bpy.ops.impasto.open_picture(target=target, filepath=str(picture))
        assert scene.path_resolve(target).name == "bricks097.png"
    assert scene.impasto_parameters.flat.input_style == scene.impasto_style.image
    bpy.ops.impasto.open_folder(target="impasto_training.folder", directory=f"{picture.parent.parent}/")
    assert Path(scene.impasto_training.folder) == picture.parent.parent
    assert Path(begins_in(extension, "impasto.filepath")) == picture.parent, "that of what is chosen comes first"
    bpy.ops.impasto.open_picture(target="impasto.filepath", filepath=f"{picture.parent}/")
    assert scene.impasto.filepath == str(picture.parent), "a folder of maps"


def test_only_pictures_are_accepted_and_paths_follow_the_preferences(scene, preferences, picture, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    refused(
        r"notes\.txt cannot be read as a picture; choose a picture",
        "open_picture",
        target="impasto_style.image",
        filepath=str(tmp_path / "notes.txt"),
    )
    assert scene.impasto_style.image is None
    assert preferences.last_folder == ""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.context.preferences.filepaths.use_relative_paths = True
    bpy.ops.impasto.open_picture(target="impasto.filepath", filepath=str(picture))
    assert scene.impasto.filepath == "//photos/bricks097.png"


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


def drop(path, *more, **options):
    names = [{"name": one.name} for one in (path, *more)]
    return bpy.ops.impasto.drop_pictures(directory=str(path.parent), files=names, **options)


def test_a_dropped_picture_is_the_source_of_from_photo(extension, scene, wall_file):
    settings = scene.impasto
    settings.intent, settings.tool, settings.source_kind = "MODEL", "torus", "NONE"
    assert drop(wall_file) == {"FINISHED"}
    assert (settings.intent, settings.source_kind, settings.tool) == ("PHOTO", "FILE", "quilt")
    assert settings.filepath == str(wall_file)
    other = wall_file.with_name("wall_normal.png")
    other.write_bytes(wall_file.read_bytes())
    drop(wall_file, other)
    assert settings.filepath == str(wall_file.parent), "several are the maps of a folder"


def test_a_drop_on_an_object_selects_it_and_gives_it_the_material(extension, scene, wall_file):
    plane, quilt = bpy.context.object, scene.impasto_parameters.quilt
    bpy.ops.mesh.primitive_cube_add()
    cube, quilt.width_px, quilt.height_px = bpy.context.object, 64, 64
    plane.select_set(True)
    cube.select_set(False)
    drop(wall_file, object=cube.name)
    assert (cube.select_get(), plane.select_get(), bpy.context.object) == (True, False, cube)
    assert cube.active_material.name == wall_file.stem
    assert plane.active_material is None


def test_drops_take_only_pictures_and_report_missing_files(extension, scene):
    refused("no picture was dropped", "drop_pictures")
    handler = bpy.types.IMPASTO_FH_pictures
    assert {".png", ".jpg", ".exr", ".heic", ".avif", ".dds"} <= set(handler.bl_file_extensions.split(";"))
    assert handler.bl_import_operator == "impasto.drop_pictures"


def test_restyle_starts_with_the_active_material_if_it_can_be_repainted(scene, plane, image):
    scene.impasto.tab = "RESTYLE"
    assert scene.impasto_style.subject == "IMAGE"
    bpy.ops.impasto.run(tool="checker", image=image.name, width_px=16, height_px=16)
    for tab in ("BAKE", "RESTYLE"):
        scene.impasto.tab = tab
    assert scene.impasto_style.subject == "MATERIAL"


def test_each_tab_restores_its_own_tool(extension, scene):
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
    for intent, *_ in extension.tools.lists.ITEMS:
        scene.impasto.intent = intent
        shown[intent] = {name for name in without_words if scene.impasto.intent in own[name].intents}
    assert set().union(*shown.values()) == without_words
    for intent, name in (("WORDS", "match"), ("RESTYLE", "style"), ("BAKE", "bake")):
        assert shown[intent] == {f"IMPASTO_PT_{name}_{editor}"}
    assert len(shown["MORE"]) >= 2
