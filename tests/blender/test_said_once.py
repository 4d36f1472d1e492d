"""Panels say a thing once, and only as long and where it is true."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import bpy
import pytest
from conftest import MODULE
from drawing import drawn


def texts(panel: str) -> list[str]:
    """Lines of the labels of a panel."""
    layout = drawn(getattr(bpy.types, panel))
    return [str(options["text"]) for what, _, options in layout.drawn if what == "label" and "text" in options]


def seen_in(category: str) -> SimpleNamespace:
    """A 3D view whose side panel is open at a tab; the module has no window that shows one."""
    region = SimpleNamespace(type="UI", width=280, active_panel_category=category, tag_redraw=lambda: None)
    return SimpleNamespace(type="VIEW_3D", regions=[region])


@pytest.fixture
def announced(extension, monkeypatch):
    """Texts of the popups."""
    shown: list[str] = []
    monkeypatch.setattr(sys.modules[f"{MODULE}.jobs.session"], "announce", lambda report: shown.append(report.text))
    return shown


def fail(extension, place: str) -> None:
    """Run a task from a panel that ends in an error."""
    session, task = extension.jobs.session, extension.jobs.task

    def work(_task):
        raise extension.core.errors.ParameterError("the picture is empty", "choose another")

    failing = task.Task("Generate", work, lambda result: result)
    failing.place = task.Place(place)
    session.jobs.start(failing)
    drawn(bpy.types.IMPASTO_PT_view_3d)
    assert failing.wait(10)
    session.jobs.tick()


@pytest.mark.parametrize(("category", "popups"), [("Impasto", 0), ("Item", 1)])
def test_an_error_that_an_open_panel_shows_has_no_popup_too(extension, scene, announced, monkeypatch, category, popups):
    monkeypatch.setattr(extension.jobs.session, "areas", lambda: [seen_in(category)])
    fail(extension, "texture")
    assert len(announced) == popups


def test_an_error_of_a_panel_that_is_folded_has_a_popup(extension, scene, announced, monkeypatch):
    monkeypatch.setattr(extension.jobs.session, "areas", lambda: [seen_in("Impasto")])
    extension.jobs.session.jobs.drawn.clear()
    fail(extension, "endless")
    assert announced == ["the picture is empty; choose another"]


def test_what_a_button_says_already_is_not_repeated_in_red_below_it(extension, scene, material):
    request, jobs = extension.endless.request, extension.jobs.session.jobs
    extension.bridge.surfaces.base_color_of(material)[request.REGULAR] = True
    why = extension.endless.operators.IMPASTO_OT_make_endless.why_not(bpy.context)
    assert "its pattern is regular" in why
    jobs.tell(extension.jobs.task.Report("ERROR", why), extension.jobs.task.Place.ENDLESS)
    said = " ".join(texts("IMPASTO_PT_endless_view_3d"))
    assert said.count("its pattern is regular") == 1
    assert "turn Break Patterns on" in said


def test_an_error_of_an_engine_is_gone_once_another_is_chosen(extension, scene, monkeypatch):
    Report, Place = extension.jobs.task.Report, extension.jobs.task.Place
    monkeypatch.delenv("IMPASTO_ENGINE")
    chosen = bpy.context.preferences.addons[MODULE].preferences
    jobs = extension.jobs.session.jobs
    jobs.tell(Report("ERROR", "no Python was found", is_of_engine=True), Place.PREFERENCES)
    jobs.tell(Report("ERROR", "the picture is empty"), Place.TEXTURE)
    try:
        assert jobs.report_at(Place.PREFERENCES)
        chosen.engine_python = sys.executable
        assert jobs.report_at(Place.PREFERENCES) is None
        assert jobs.report_at(Place.TEXTURE).text == "the picture is empty"
        chosen.engine_python = ""
        assert jobs.report_at(Place.PREFERENCES)
    finally:
        chosen.engine_python = ""


def test_the_box_of_a_missing_engine_has_each_button_and_the_failure_once(extension, scene, monkeypatch):
    monkeypatch.delenv("IMPASTO_ENGINE")
    monkeypatch.setattr(extension.engine.engine._record, "_engine", None)
    extension.setup.graphics.this_computer()
    report = extension.jobs.task.Report("ERROR", "neither venv nor pip was found", is_of_engine=True)
    extension.jobs.session.jobs.tell(report, extension.jobs.task.Place.TEXTURE)
    layout = drawn(bpy.types.IMPASTO_PT_view_3d)
    buttons = [arguments[0] for what, arguments, _ in layout.drawn if what == "operator"]
    for name in ("set_up_engine", "check_engine", "open_log"):
        assert buttons.count(f"impasto.{name}") == 1
    assert buttons.count("preferences.addon_show") == 1
    labels = [str(options.get("text")) for what, _, options in layout.drawn if what == "label"]
    assert sum("neither venv" in text.lower() for text in labels) == 1


def test_an_image_has_buttons_for_what_can_be_done_with_it(extension, image):
    operators = extension.image.panel.IMAGE_BUTTONS

    def offered() -> set[str]:
        suits = {name: getattr(bpy.types, name.replace("impasto.", "IMPASTO_OT_")).suits for name in operators}
        return {name for name in operators if suits[name](image)}

    plain = offered()
    assert "impasto.make_seamless" in plain
    assert not {"impasto.rerun", "impasto.continue_larger"} & plain
    recipe = extension.core.recipe.Recipe((extension.core.recipe.Step("patches-style"),))
    image[extension.bridge.images.RECIPE] = recipe.to_json()
    assert {"impasto.rerun", "impasto.continue_larger"} <= offered()


def test_an_empty_model_shows_which_one_is_used(extension, scene):
    scene.impasto.tool, scene.impasto.source_kind = "torus", "NONE"
    first = extension.engine.catalogue.catalogue.model("torus", "")["name"]
    layout = drawn(bpy.types.IMPASTO_PT_view_3d)
    shown = [options for what, arguments, options in layout.drawn if what == "prop" and arguments[1] == "model"]
    assert [options["placeholder"] for options in shown] == [first]


def test_the_uv_map_of_a_bake_is_searched_among_those_that_all_selected_meshes_have(extension, scene, plane):
    search = extension.bake.settings._search_uv_maps
    assert search(None, bpy.context, "") == ["UVMap"]
    plane.data.uv_layers.new(name="Lightmap")
    assert search(None, bpy.context, "light") == ["Lightmap"]
    bpy.ops.mesh.primitive_plane_add()
    plane.select_set(True)
    assert search(None, bpy.context, "") == ["UVMap"]
    bpy.ops.object.select_all(action="DESELECT")
    assert search(None, bpy.context, "") == []


def test_variations_are_picked_by_a_word_and_not_by_their_seeds(extension, scene):
    scene.impasto.tool, scene.impasto.source_kind = "checker", "NONE"
    scene.impasto_parameters.checker.width_px = scene.impasto_parameters.checker.height_px = 8
    bpy.ops.impasto.variations()
    assert extension.jobs.session.jobs.made.text == "Made four variations"
    names = {texts_of["text"] for texts_of in drawn(bpy.types.IMPASTO_PT_view_3d).looks("impasto.pick_variation")}
    assert names == {"Pick"}


@pytest.mark.parametrize("tool", ["bricks", "scratched-metal", "checker"])
def test_the_live_preview_is_right_above_the_sliders_that_it_follows(extension, scene, tool):
    scene.impasto.tool = tool
    about = extension.engine.catalogue.catalogue[tool]
    sliders = [
        extension.parameters.groups.identifier(name) for name in extension.parameters.groups.drawn_parameters(about)
    ]
    shown = drawn(bpy.types.IMPASTO_PT_view_3d).props()
    above = shown[: min(shown.index(slider) for slider in sliders if slider in shown)]
    assert above[-2:] == ["live_preview", "tile_preview"]
