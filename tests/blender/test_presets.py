"""Each tool has presets: Blender's files, that hold its parameters and size and do nothing but set them."""

from __future__ import annotations

import ast
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


@pytest.fixture
def checker(scene):
    scene.impasto.tool = "checker"
    yield scene.impasto_parameters.checker
    for tool in ("checker", "quilt"):
        for folder in bpy.utils.preset_paths(f"impasto/{tool}"):
            for mine in Path(folder).glob("Mine_*.py"):
                mine.unlink()


def listed() -> dict[str, str]:
    """The file of each preset that the menu offers, by name."""
    paths = [given.filepath for given in drawn(bpy.types.IMPASTO_MT_presets).operators("script.execute_preset")]
    return {bpy.path.display_name(path, title_case=False): path for path in paths}


def choose(name: str) -> None:
    bpy.ops.script.execute_preset(filepath=listed()[name], menu_idname="IMPASTO_MT_presets")


def assigned(path: str) -> dict[str, object]:
    """Parameters that a preset's file sets, by name; colours as lists, as in JSON."""
    lines = [line for line in ast.parse(Path(path).read_text()).body if isinstance(line, ast.Assign)]
    found = {line.targets[0].attr: ast.literal_eval(line.value) for line in lines[1:]}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def buttons() -> tuple[str, str]:
    """Text of the panel's menu, and the name of the preset that the button beside it removes."""
    panel = drawn(bpy.types.IMPASTO_PT_view_3d)
    _add, *remove = panel.operators("impasto.preset_add")
    menu = next(options for what, arguments, options in panel.drawn if arguments == ("IMPASTO_MT_presets",))
    return menu["text"], remove[0].name if remove else ""


def test_a_preset_holds_the_parameters_and_the_size_in_a_file_of_assignments_only(scene, checker):
    checker.squares, checker.contrast, checker.color, checker.pattern = 9, 0.3, (0.1, 0.2, 0.3), "stripes"
    checker.note = 'said "so"'
    checker.width_px, scene.impasto.seed = 320, 5
    assert bpy.ops.impasto.preset_add(name="Mine nine") == {"FINISHED"}
    assert list(listed()) == ["Mine nine"]
    for name in ("squares", "contrast", "color", "pattern", "note"):
        checker.property_unset(name)
    checker.width_px, scene.impasto.seed = 0, 6
    choose("Mine nine")
    assert (checker.squares, checker.pattern, checker.note) == (9, "stripes", 'said "so"')
    assert checker.contrast == pytest.approx(0.3)
    assert tuple(checker.color) == pytest.approx((0.1, 0.2, 0.3))
    assert (checker.width_px, scene.impasto.seed) == (320, 6)

    imported, *lines = ast.parse(Path(listed()["Mine nine"]).read_text()).body
    assert isinstance(imported, ast.Import)
    assert all(isinstance(line, ast.Assign) for line in lines)
    assert not any(isinstance(node, ast.Call) for line in lines for node in ast.walk(line))


def test_presets_are_those_of_their_tool_and_can_be_removed_and_made_again(scene, checker):
    bpy.ops.impasto.preset_add(name="Mine here")
    assert list(listed()) == ["Mine here"]
    assert buttons() == ("Mine here", "Mine here")
    scene.impasto.tool = "quilt"
    assert list(listed()) == SHIPPED["quilt"]
    assert buttons() == ("Presets", "")
    assert bpy.ops.impasto.preset_add(name="Large shapes", remove_name=True) == {"CANCELLED"}
    assert list(listed()) == SHIPPED["quilt"], "those that come along stay"
    scene.impasto.tool = "checker"
    assert bpy.ops.impasto.preset_add(name="Mine here", remove_name=True) == {"FINISHED"}
    assert (listed(), buttons()) == ({}, ("Presets", ""))
    assert bpy.ops.impasto.preset_add(name="Mine here") == {"FINISHED"}


def test_those_that_come_along_set_what_they_say_and_nothing_else(extension, scene):
    catalogue = extension.engine.catalogue.catalogue
    of_materials = [tool["name"] for tool in catalogue if tool["thumbnail"]]
    assert len(of_materials) >= 32
    for tool in (*SHIPPED, *of_materials):
        scene.impasto.tool = tool
        scene.impasto_parameters.quilt.width_px = 256
        defaults = extension.parameters.properties.parameters_of(scene, catalogue[tool])
        assert list(listed()) == SHIPPED[tool] if tool in SHIPPED else len(listed()) >= 2, tool
        for name, path in listed().items():
            choose(name)
            assert extension.parameters.properties.parameters_of(scene, catalogue[tool]) == defaults | assigned(path)
            assert buttons() == (name, name)
        assert scene.impasto_parameters.quilt.width_px == 256


def test_no_preset_is_made_for_a_tool_that_is_gone(extension, checker, monkeypatch):
    assert bpy.ops.impasto.preset_add.poll()
    monkeypatch.setattr(extension.engine.catalogue.catalogue, "_tools", {})
    assert not bpy.ops.impasto.preset_add.poll()
    assert not drawn(bpy.types.IMPASTO_PT_view_3d).operators("impasto.preset_add")
