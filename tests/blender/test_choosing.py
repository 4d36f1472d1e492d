"""Choosing a tool and random values of its parameters, in the Impasto panel."""

import math
import random

import bpy
import pytest
from drawing import drawn

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
    offered = [tool["name"] for tool in catalogue if tool["kind"] != "trainer"]
    assert groups == [menu.name_of(group) for group in extension.core.descriptions.GROUPS if group != "Train"]
    entries = {
        name: [given.tool for given in drawn(getattr(bpy.types, name)).operators("impasto.add_layer")]
        for name in groups
    }
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


def test_the_button_of_the_tool_has_its_whole_name_and_a_search_beside_it(extension, scene, group):
    layout = drawn(bpy.types.IMPASTO_PT_view_3d)
    buttons = [(arguments[0], options["text"]) for what, arguments, options in layout.drawn if what == "menu"]
    assert buttons[0] == ("IMPASTO_MT_tools", "Bricks")
    props = layout.props()
    assert "tool" not in props, "a list in half the width cuts the names"
    assert props.index("live_preview") < props.index("bond"), "above the sliders that it follows"
    searched = [given.menu_idname for given in layout.operators("wm.search_single_menu")]
    assert searched == ["IMPASTO_MT_tools", "IMPASTO_MT_add_layer"], "of the tool, and of a first layer"


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
    before = values(group)
    assert bpy.ops.impasto.randomize(seed=5) == {"FINISHED"}
    first = values(group)
    assert sum(first[name] != before[name] for name in before) > 8
    assert first["width_px"] == before["width_px"]
    bpy.ops.impasto.randomize(seed=5)
    assert values(group) == first
    bpy.ops.impasto.randomize(seed=6)
    assert values(group) != first


@pytest.mark.any_blender
def test_random_values_are_valid_for_every_tool(extension, scene):
    choosing, catalogue = extension.generate.choosing, extension.engine.catalogue
    for tool in catalogue.catalogue:
        for name, schema in catalogue.properties_of(tool).items():
            if choosing._is_drawn(schema) and schema.get("type") in ("number", "integer"):
                for seed in range(20):
                    value = choosing.random_value(name, schema, random.Random(seed))
                    in_degrees = math.degrees(value) if schema.get("format") == "angle" else value
                    assert schema.get("minimum", -1e9) <= in_degrees <= schema.get("maximum", 1e9), (tool["name"], name)
