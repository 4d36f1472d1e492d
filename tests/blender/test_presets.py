"""Each tool has presets: its parameters and size as data, for the panel's tool, a stylizer and any layer."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import pytest
from drawing import drawn

SHIPPED = {
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
    assert checker.contrast == pytest.approx(0.3)
    assert tuple(checker.color) == pytest.approx((0.1, 0.2, 0.3))
    assert (checker.width_px, scene.impasto.seed) == (320, 6)
    (file,) = folder("checker").glob("Mine*")
    recipe = extension.core.recipe.Recipe.from_json(file.read_text())
    assert [step.tool for step in recipe.steps] == ["checker"]


def test_presets_are_those_of_their_tool_and_can_be_removed_and_made_again(scene, checker):
    bpy.ops.impasto.preset_add(name="Mine here")
    assert listed() == ["Mine here"]
    assert buttons() == ("Mine here", "Mine here")
    scene.impasto.tool = "quilt"
    assert listed() == SHIPPED["quilt"]
    assert buttons() == ("Presets", "")
    with pytest.raises(RuntimeError, match="no preset of yours called 'Large shapes'"):
        bpy.ops.impasto.preset_add(name="Large shapes", remove_name=True)
    assert listed() == SHIPPED["quilt"], "those that come along stay"
    scene.impasto.tool = "checker"
    assert bpy.ops.impasto.preset_add(name="Mine here", remove_name=True) == {"FINISHED"}
    assert (listed(), buttons()) == ([], ("Presets", ""))
    assert bpy.ops.impasto.preset_add(name="Mine here") == {"FINISHED"}


def test_those_that_come_along_set_what_they_say_and_nothing_else(extension, scene):
    catalogue = extension.engine.catalogue.catalogue
    of_materials = [tool["name"] for tool in catalogue if tool["thumbnail"]]
    assert len(of_materials) >= 32
    for tool in (*SHIPPED, *of_materials):
        scene.impasto.tool = tool
        scene.impasto_parameters.quilt.width_px = 256
        parameters_of = extension.parameters.properties.parameters_of
        defaults = parameters_of(scene, catalogue[tool])
        assert listed() == SHIPPED[tool] if tool in SHIPPED else len(listed()) >= 2, tool
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
    assert listed("LAYER") == SHIPPED["adjust"]
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


@pytest.mark.parametrize(
    "text",
    [
        "import bpy\nbpy.ops.wm.quit_blender()\n",
        "import bpy\nbpy.context.scene.impasto_parameters.checker.squares = len(bpy.data.objects)\n",
        "import bpy\nfor x in (1, 2):\n    bpy.context.scene.impasto_parameters.checker.squares = x\n",
        "import bpy\nbpy.context.scene.impasto_parameters.checker.pattern = 'nowhere'\n",
        "def broken(:\n",
    ],
)
def test_a_preset_of_an_earlier_version_is_read_and_never_run(checker, text):
    checker.squares, checker.contrast = 7, 0.3
    (folder("checker") / "Mine_old.py").write_text(text)
    with pytest.raises(RuntimeError, match="add it anew"):
        choose("Mine old")
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


def test_no_preset_is_made_for_a_tool_that_is_gone(extension, checker, monkeypatch):
    assert bpy.ops.impasto.preset_add.poll()
    monkeypatch.setattr(extension.engine.catalogue.catalogue, "_tools", {})
    assert not bpy.ops.impasto.preset_add.poll()
    assert not drawn(bpy.types.IMPASTO_PT_view_3d).operators("impasto.preset_add")
