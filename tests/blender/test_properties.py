"""Panels are drawn from a tool's JSON Schema alone; what is set there reaches the recipe, and is kept as presets."""

from __future__ import annotations

import json
import math
import operator
from dataclasses import MISSING, fields
from pathlib import Path

import bpy
import numpy as np
import pytest
from blends import reopen
from conftest import cases, coordinates, packed_image, refused
from drawing import drawn


@pytest.fixture
def tool(extension, scene):
    return extension.engine.catalogue.catalogue["checker"]


def rna(group, name):
    return group.bl_rna.properties[name]


def test_every_kind_of_parameter_becomes_a_property_with_its_tooltip_default_and_limits(checker, scene, extension):
    names = ("squares", "contrast", "color", "offset", "pattern", "diagonal", "note")
    squares, contrast, color, offset, pattern, diagonal, note = (rna(checker, name) for name in names)
    assert (squares.type, squares.hard_min, squares.hard_max) == ("INT", 1, 64)
    about = (contrast.type, contrast.name, contrast.description)
    assert about == ("FLOAT", "Contrast", "How far the two colours are apart")
    assert (color.subtype, color.array_length, offset.array_length) == ("COLOR_GAMMA", 3, 2)
    assert [item.identifier for item in pattern.enum_items] == ["checker", "stripes"]
    assert (diagonal.type, note.type) == ("BOOLEAN", "STRING")
    assert checker.contrast == pytest.approx(0.7)
    assert checker.pattern == "checker"
    assert tuple(checker.color) == pytest.approx((0.8, 0.2, 0.1))

    group = scene.impasto_parameters.transform
    crop, scale, rotate = (rna(group, name) for name in ("crop", "scale", "rotate"))
    assert (crop.hard_min, crop.hard_max) == (0, 1)
    assert (scale.soft_max, scale.hard_max, scale.precision) == (1, 16, 4)
    assert scale.hard_min == pytest.approx(0.001)
    assert (rotate.subtype, rotate.hard_max) == ("ANGLE", pytest.approx(math.tau))
    transform = extension.engine.catalogue.catalogue["transform"]
    group.rotate = math.radians(30)
    assert extension.parameters.properties.value_of(group, transform, "rotate") == 30.0

    make = extension.parameters.properties.property_of
    share = make("strength", {"type": "number", "default": 0.5, "minimum": 0, "maximum": 1})
    length = make("range_m", {"type": "number", "default": 0.5, "minimum": 0, "maximum": 1})
    free = make("gain", {"type": "number", "default": 0.5, "minimum": 0, "maximum": 4})
    assert [made.keywords["subtype"] for made in (share, length, free)] == ["FACTOR", "DISTANCE", "NONE"]


def test_visible_if_hides_a_parameter_until_its_condition_holds(extension, scene, checker, tool):
    assert not extension.parameters.properties.is_visible(checker, tool, "diagonal")
    checker.pattern = "stripes"
    assert extension.parameters.properties.is_visible(checker, tool, "diagonal")
    assert extension.parameters.properties.is_visible(checker, tool, "squares")
    parameters = extension.parameters.properties.parameters_of(scene, tool)
    assert parameters["contrast"] == 0.7, "floats have six digits in a recipe"
    assert parameters["color"] == [0.8, 0.2, 0.1]
    drawn = extension.parameters.groups.drawn_parameters(tool)
    assert drawn == ["squares", "contrast", "color", "offset", "pattern", "diagonal", "note"], "not the size"


@pytest.mark.essential
def test_values_survive_a_refresh_of_the_tools_and_save_and_reload(scene, checker, tmp_path):
    checker.squares = 9
    scene.impasto.tool = "checker"
    bpy.ops.impasto.refresh_tools()
    assert bpy.context.scene.impasto_parameters.checker.squares == 9
    reopen(tmp_path / "saved.blend")
    assert bpy.context.scene.impasto_parameters.checker.squares == 9
    assert bpy.context.scene.impasto.tool == "checker"


def test_removed_tools_leave_no_broken_panel(extension, scene):
    """Its name stays in the file as a number that means nothing until the plugin is back."""
    scene.impasto.tool = "checker"
    catalogue, properties = extension.engine.catalogue.catalogue, extension.parameters.properties
    kept = dict(catalogue._tools)
    try:
        catalogue._tools = {"quilt": kept["quilt"], "photo-maps": kept["photo-maps"]}
        properties.refresh()
        assert scene.impasto.tool not in catalogue
        assert extension.generate.request.request_poll_message(bpy.context) == "Choose a tool"
    finally:
        catalogue._tools = kept
        properties.refresh()
    assert scene.impasto.tool == "checker"


@pytest.mark.parametrize(("module", "request_name", "settings"), cases("requests"))
def test_settings_of_a_new_scene_are_the_defaults_of_their_request(extension, scene, module, request_name, settings):
    request = getattr(operator.attrgetter(module)(extension), request_name)
    defaults = {item.name: item.default for item in fields(request)}
    for name, value in extension.tools.form.values_in(request, getattr(scene, settings)).items():
        if defaults[name] is MISSING:
            assert not value, name
        else:
            expected = set(defaults[name]) if isinstance(value, set) else defaults[name]
            assert value == (pytest.approx(expected) if isinstance(value, float) else expected), name


def test_no_two_parameters_of_a_tool_have_the_same_label(extension):
    label_of = extension.parameters.groups.label_of
    for tool in extension.engine.catalogue.catalogue:
        labels = [label_of(name, schema) for name, schema in tool["parameters"]["properties"].items()]
        twice = sorted(label for label in set(labels) if labels.count(label) > 1)
        assert not twice, f"{tool['name']}: {twice}"


def test_enum_numbers_are_exact_distinct_and_stable(extension):
    numbers_of = extension.tools.lists.numbers_of
    names = [f"file picture {index}.png" for index in range(20_000)]  # enough that some hashes are the same
    numbers = numbers_of(names)
    assert len(set(numbers.values())) == len(names)
    assert all(0 < number == int(np.float32(number)) < 2**24 for number in numbers.values())
    assert numbers_of(["b", "a"])["a"] == numbers_of(["a", "z"])["a"]
    assert numbers_of(["a", "b"], default="b")["b"] == 0


def test_lists_of_tools_and_the_gallery_have_numbers_that_buttons_keep(extension, scene):
    for which in ("tool", "estimator", "trainer", "stylizer"):
        numbers = [item[-1] for item in extension.tools.lists.items_of(which)(None, None) if item[0]]  # no headings
        assert len(set(numbers)) == len(numbers) > 1
        assert all(number < 2**24 for number in numbers)
    for index in range(30):
        packed_image(f"picture {index}", coordinates(8, 8))
    items = extension.stylize.gallery.gallery_items(None, None)
    assert len({item[-1] for item in items}) == len(items) == 37
    assert all(item[-1] < 2**24 for item in items)
    for key, *_ in items:
        bpy.context.scene.impasto_parameters.patches_style.gallery_style = key
        assert bpy.context.scene.impasto_parameters.patches_style.gallery_style == key


BUNDLED = {
    "quilt": ["Even spread", "Keep as photographed", "Large shapes"],
    "photo-maps": ["Fabric", "Metal", "Stone and brick"],
    "weathering": ["Overgrown", "Sooty", "Worn edges"],
    "adjust": ["Black and white", "Golden hour", "Overcast"],
    "blend-materials": ["Fill joints", "Snow cover"],
}
MENUS = {"PANEL": "IMPASTO_MT_presets", "STYLE": "IMPASTO_MT_style_presets", "LAYER": "IMPASTO_MT_layer_presets"}


@pytest.fixture
def checker(scene):
    scene.impasto.tool = "checker"
    yield scene.impasto_parameters.checker
    for tool in ("checker", "quilt"):
        for mine in folder(tool).glob("Mine*"):
            mine.unlink()


def folder(tool: str) -> Path:
    """The user's own presets of a tool."""
    return Path(bpy.utils.user_resource("SCRIPTS", path=f"presets/impasto/{tool}", create=True))


def listed(of: str = "PANEL") -> list[str]:
    """The presets that the menu offers."""
    return [given.preset for given in drawn(getattr(bpy.types, MENUS[of])).operators("impasto.apply_preset")]


def choose(name: str, of: str = "PANEL") -> None:
    assert name in listed(of)
    bpy.ops.impasto.apply_preset(preset=name, of=of)


def buttons() -> tuple[str, str]:
    """Text of the panel's menu, and the name of the preset that the button beside it removes."""
    panel = drawn(bpy.types.IMPASTO_PT_view_3d)
    _add, *remove = panel.operators("impasto.preset_add")
    menu = next(options for what, arguments, options in panel.drawn if arguments == ("IMPASTO_MT_presets",))
    return menu["text"], remove[0].name if remove else ""


def test_a_preset_holds_the_parameters_and_the_size_as_a_recipe(scene, checker, extension):
    checker.squares, checker.contrast, checker.color, checker.pattern = 9, 0.3, (0.1, 0.2, 0.3), "stripes"
    checker.note = 'said "so"'
    checker.width_px, scene.impasto.seed = 320, 5
    assert bpy.ops.impasto.preset_add(name="Mine nine") == {"FINISHED"}
    assert listed() == ["Mine nine"]
    for name in ("squares", "contrast", "color", "pattern", "note"):
        checker.property_unset(name)
    checker.width_px, scene.impasto.seed = 0, 6
    choose("Mine nine")
    assert (checker.squares, checker.pattern, checker.note) == (9, "stripes", 'said "so"')
    assert (checker.contrast, *checker.color) == pytest.approx((0.3, 0.1, 0.2, 0.3))
    assert (checker.width_px, scene.impasto.seed) == (320, 6)
    (file,) = folder("checker").glob("Mine*")
    recipe = extension.core.recipe.Recipe.from_json(file.read_text())
    assert [step.tool for step in recipe.steps] == ["checker"]


def test_presets_are_those_of_their_tool_and_can_be_removed_and_made_again(scene, checker):
    bpy.ops.impasto.preset_add(name="Mine here")
    assert listed() == ["Mine here"]
    assert buttons() == ("Mine here", "Mine here")
    scene.impasto.tool = "quilt"
    assert listed() == BUNDLED["quilt"]
    assert buttons() == ("Presets", "")
    refused("no preset of yours called 'Large shapes'", "preset_add", name="Large shapes", remove_name=True)
    assert listed() == BUNDLED["quilt"], "those that come along stay"
    scene.impasto.tool = "checker"
    assert bpy.ops.impasto.preset_add(name="Mine here", remove_name=True) == {"FINISHED"}
    assert (listed(), buttons()) == ([], ("Presets", ""))
    assert bpy.ops.impasto.preset_add(name="Mine here") == {"FINISHED"}


def test_bundled_presets_set_only_their_values(extension, scene):
    catalogue = extension.engine.catalogue.catalogue
    of_materials = [tool["name"] for tool in catalogue if tool["thumbnail"]]
    assert len(of_materials) >= 32
    for tool in (*BUNDLED, *of_materials):
        scene.impasto.tool = tool
        scene.impasto_parameters.quilt.width_px = 256
        parameters_of = extension.parameters.properties.parameters_of
        defaults = parameters_of(scene, catalogue[tool])
        assert listed() == BUNDLED[tool] if tool in BUNDLED else len(listed()) >= 2, tool
        said = {one["name"]: one["values"] for one in catalogue[tool]["settings"]}
        for name in listed():
            choose(name)
            assert parameters_of(scene, catalogue[tool]) == defaults | said[name], name
            assert buttons() == (name, "")
        assert scene.impasto_parameters.quilt.width_px == 256


def test_a_preset_is_put_on_the_active_layer_alone_and_made_of_it(scene, plane, extension):
    for tool in ("bricks", "adjust", "bricks"):
        bpy.ops.impasto.add_layer(tool=tool)
    stack = plane.active_material.impasto_layers
    stack.active = 1
    assert listed("LAYER") == BUNDLED["adjust"]
    choose("Golden hour", "LAYER")
    assert stack.layers[1].impasto_parameters.adjust.saturation == pytest.approx(1.25)
    assert not scene.impasto_parameters.adjust.is_property_set("saturation")
    stack.active, own = 2, stack.layers[2].impasto_parameters.bricks
    choose(listed("LAYER")[0], "LAYER")
    assert own.bond == "herringbone"
    assert stack.layers[0].impasto_parameters.bricks.bond == "running"
    bpy.ops.impasto.layer_preset_add(name="Mine of a layer")
    own.bond, stack.active = "running", 0
    try:
        choose("Mine of a layer", "LAYER")
        assert stack.layers[0].impasto_parameters.bricks.bond == "herringbone"
    finally:
        bpy.ops.impasto.layer_preset_add(name="Mine of a layer", remove_name=True)


@pytest.mark.parametrize("text", cases("presets"))
def test_a_preset_of_an_earlier_version_is_read_and_never_run(checker, text):
    checker.squares, checker.contrast = 7, 0.3
    (folder("checker") / "Mine_old.py").write_text(text)
    refused("add it anew", choose, "Mine old")
    path = folder("checker") / "Mine_old.py"
    path.write_text(
        "import bpy\nbpy.context.scene.impasto_parameters.checker.squares = 5\n"
        "bpy.context.scene.impasto_parameters.checker.gone = 5\n"
    )
    choose("Mine old")
    assert (checker.squares, checker.is_property_set("contrast")) == (5, False)
    bpy.ops.impasto.preset_add(name="Mine old")
    assert not path.exists()
    assert json.loads(path.with_suffix(".json").read_text())["steps"][0]["parameters"]["squares"] == 5


def test_removed_tools_get_no_presets(extension, checker, monkeypatch):
    assert bpy.ops.impasto.preset_add.poll()
    monkeypatch.setattr(extension.engine.catalogue.catalogue, "_tools", {})
    assert not bpy.ops.impasto.preset_add.poll()
    assert not drawn(bpy.types.IMPASTO_PT_view_3d).operators("impasto.preset_add")
