"""Texts in panels: why a button can do nothing, reports in their place; each once, and as long as it is true."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import bpy
import pytest
from blends import reopen
from conftest import MODULE
from drawing import Layout, drawn

PANELS = {
    "texture": "IMPASTO_PT_view_3d",
    "style": "IMPASTO_PT_style_view_3d",
    "bake": "IMPASTO_PT_bake_view_3d",
    "training": "IMPASTO_PT_train_view_3d",
    "image": "IMPASTO_PT_this_image",
    "material": "IMPASTO_PT_material_view_3d",
}
BESIDE_AN_EMPTY_FIELD = {"impasto.change_by_words"}
"""Buttons that need no reason, since they stand beside the field that is to be filled in."""


@pytest.fixture
def checker(scene):
    """The panel, set to a quick generator that needs no source."""
    settings = scene.impasto
    settings.tool, settings.source_kind, settings.estimator = "checker", "NONE", "none"
    scene.impasto_parameters.checker.width_px = scene.impasto_parameters.checker.height_px = 8
    return settings


def said(panel: str) -> str:
    """All that a panel's labels say."""
    return " ".join(drawn(getattr(bpy.types, PANELS[panel])).labels())


def offers(panel: str, operator: str) -> list:
    return drawn(getattr(bpy.types, PANELS[panel])).operators(operator)


def run_from(extension, place: str) -> None:
    """Start and finish the panel's task as a click in this panel does."""
    request = extension.generate.request.from_scene(bpy.context)
    task = request.task(extension.bridge.target.target_of(bpy.context, "NEW", "made"))
    task.place = extension.jobs.task.Place(place)
    jobs = extension.jobs.session.jobs
    jobs.start(task)
    assert task.wait(60)
    while jobs.tick():
        pass


class TestReasons:
    def test_missing_models_are_named(self, scene, extension):
        scene.impasto.source_kind = "NONE"
        for tool in ("gan", "conditional-gan", "progressive-gan", "vae"):
            scene.impasto.tool = tool
            assert extension.engine.catalogue.catalogue.model(tool, "") is None
            assert "needs a model that you trained" in said("texture"), tool
        scene.impasto.tool = "torus"
        scene.impasto_parameters.torus.model = "nowhere"
        assert "There is no model called nowhere" in said("texture")
        scene.impasto_parameters.torus.model = ""
        assert "There is no model" not in said("texture")

    def test_results_made_of_exemplar_pieces_are_announced(self, scene, image, extension, monkeypatch):
        scene.impasto.tool, parameters = "torus", scene.impasto_parameters.torus
        model = extension.engine.catalogue.catalogue.model("torus", "")
        assert model["exemplar"] == "bark.exemplar"
        usual = [("bark.exemplar", True, None, True), ("", True, None, False), ("beside it", True, None, True)]
        for exemplar, *given, is_announced in (*usual, ("b", False, None, False), ("b", True, image, False)):
            parameters.texture_transfer, parameters.input_exemplar = given
            monkeypatch.setitem(model, "exemplar", exemplar)
            assert ("Copies pieces of the training picture" in said("texture")) == is_announced, (exemplar, given)

    def test_every_disabled_button_says_why(self, scene, extension):
        """With nothing chosen and nothing to work on; what is on an image is asked for below."""
        bpy.ops.object.select_all(action="SELECT")
        bpy.ops.object.delete()
        panels = [cls for cls in extension.registration.classes() if issubclass(cls, bpy.types.Panel)]
        assert not bpy.types.IMPASTO_PT_layers_view_3d.poll(bpy.context)  # they are there with layers alone
        panels = [cls for cls in panels if not issubclass(cls, extension.layers.panel.LayersPanel)]
        told, silent = set(), []
        for panel in panels:
            layout = drawn(panel) if panel.bl_space_type != "IMAGE_EDITOR" else Layout()
            text = " ".join(layout.labels()).casefold()
            buttons = {arguments[0] for what, arguments, _ in layout.drawn if what == "operator"}
            for name in buttons - BESIDE_AN_EMPTY_FIELD:
                operator = getattr(bpy.types, name.replace("impasto.", "IMPASTO_OT_"), None)
                if (
                    reason := extension.interface.drawing.poll_message(name)
                    if hasattr(operator, "poll_message")
                    else ""
                ):
                    told.add(name.removeprefix("impasto."))
                    silent += [(panel.__name__, name)] if reason.split("; ")[0].casefold() not in text else []
        assert not silent
        assert {"generate", "match", "stylize", "train", "bake", "batch", "relight", "make_endless", "export"} <= told

    def test_the_buttons_on_an_image_all_ask_for_one_where_the_editor_shows_none(self, extension):
        empty = SimpleNamespace(space_data=SimpleNamespace(type="IMAGE_EDITOR", image=None))
        for name in extension.image.IMAGE_BUTTONS:
            cls = getattr(bpy.types, name.replace("impasto.", "IMPASTO_OT_"))
            assert cls.poll_message(empty) == "Open an image first"
            assert cls.poll(empty), "a script gives the name of an image"


def test_unassigned_results_can_be_assigned_from_the_panel(checker, plane, extension):
    plane.select_set(False)
    run_from(extension, "texture")
    assert "no object has it yet" in said("texture").lower()
    (button,) = offers("texture", "impasto.assign")
    assert "Select the objects" in said("texture")
    plane.select_set(True)
    assert "Select the objects" not in said("texture")
    assert bpy.ops.impasto.assign(material=button.material) == {"FINISHED"}
    assert plane.active_material.name == button.material
    assert not offers("texture", "impasto.assign")

    bpy.ops.mesh.primitive_cube_add(calc_uvs=False)
    bpy.ops.impasto.assign(material=button.material)
    assert "unwrap" in extension.jobs.session.jobs.outcome.text


@pytest.mark.parametrize("place", ["texture", "style", "image"])
def test_reports_are_shown_only_in_their_panel(checker, plane, extension, place):
    run_from(extension, place)
    assert {panel for panel in PANELS if "Made the material" in said(panel)} == {place}


def test_notes_of_a_result_are_a_list_and_an_error_with_its_remedy_is_one_text(extension, checker):
    jobs, TaskReport, Place = extension.jobs.session.jobs, extension.jobs.task.TaskReport, extension.jobs.task.Place

    def lines(level: str) -> list[tuple[str, str]]:
        jobs.show_report(TaskReport(level, "made the image wall; no moss; dry"), Place.TEXTURE)
        layout = drawn(bpy.types.IMPASTO_PT_view_3d)
        labels = [options for what, _, options in layout.drawn if what == "label" and "icon" in options]
        return [(label["icon"], label["text"]) for label in labels if label["icon"] in ("INFO", "DOT", "ERROR")]

    assert lines("WARNING")[:3] == [("INFO", "Made the image wall"), ("DOT", "No moss"), ("DOT", "Dry")]
    assert lines("ERROR")[:1] == [("ERROR", "Made the image wall. No moss. Dry")]


def test_reports_vanish_with_another_tool_or_undo(checker, plane, extension):
    bpy.ops.ed.undo_push(message="before")
    run_from(extension, "texture")
    run_from(extension, "style")
    checker.tool = "quilt"
    assert "Made the material" not in said("texture")
    assert "Made the material" in said("style")
    bpy.context.scene.impasto_style.tool = "neighbours"
    assert "Made the material" not in said("style")
    bpy.context.scene.impasto.tool = "checker"
    run_from(extension, "texture")
    assert "Made the material" in said("texture")
    bpy.ops.ed.undo()
    assert "Made the material" not in said("texture")


def test_reports_begin_with_a_capital_and_belong_to_their_file(extension, checker, plane, scene):
    jobs, TaskReport, Place = extension.jobs.session.jobs, extension.jobs.task.TaskReport, extension.jobs.task.Place
    plane.name = "bricks097"
    jobs.show_report(TaskReport("WARNING", "made it; bricks097 has no UVs; bricks0970 is another"), Place.TEXTURE)
    assert "Made it bricks097 has no UVs Bricks0970 is another" in said("texture")

    for place in (Place.TEXTURE, Place.HISTORY, Place.TRAINING):
        jobs.show_report(TaskReport("INFO", "made the material wall"), place)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert list(jobs.reports) == [Place.TRAINING]


class TestWhatIsSeenOfAResult:
    def test_this_material_shows_picture_mapping_and_unapplied_scale(self, checker, plane, extension):
        run_from(extension, "texture")
        layout = drawn(bpy.types.IMPASTO_PT_material_view_3d)
        shown = [arguments[0] for what, arguments, _ in layout.drawn if what == "template_icon"]
        assert len(shown) == 2, "a ball and a plane, and no third: that of its colours is in the history"
        assert "impasto_mapping" in layout.props()

        plane.scale = (1, 3, 1)
        assert "is scaled" not in said("material")
        plane.active_material.impasto_mapping = "BOX"
        assert "Plane is scaled" in said("material")

    def test_clicking_material_preview_moves_no_other_button(self, checker, plane, extension):
        window = bpy.context.window_manager.windows[0]
        area = window.screen.areas[0]
        area.type = "VIEW_3D"
        run_from(extension, "texture")
        with bpy.context.temp_override(window=window, area=area):
            before = drawn(bpy.types.IMPASTO_PT_material_view_3d)
            assert before.operators("impasto.material_preview")
            bpy.ops.impasto.material_preview()
            assert area.spaces.active.shading.type == "MATERIAL"
            after = drawn(bpy.types.IMPASTO_PT_material_view_3d)
            assert [what for what, *_ in after.drawn] == [what for what, *_ in before.drawn]

    def test_long_reports_are_marked_in_the_row_below_the_tabs(self, extension):
        jobs, TaskReport, Place = extension.jobs.session.jobs, extension.jobs.task.TaskReport, extension.jobs.task.Place
        for text, shown in (("Made", "Made"), ("words " * 40, "Words words words …")):
            jobs.show_report(TaskReport("INFO", text.strip()), Place.TEXTURE)
            (line,) = drawn(bpy.types.IMPASTO_PT_intents_view_3d).labels()
            assert line.startswith(shown[:8])
            assert line.endswith("…") == shown.endswith("…")

    def test_several_results_are_shown_beside_each_other(self, checker, plane, extension):
        jobs, TaskReport, Place = extension.jobs.session.jobs, extension.jobs.task.TaskReport, extension.jobs.task.Place
        bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, name="one", material="NONE")
        for name in ("one", "two"):
            bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, name=name)
        jobs.show_report(TaskReport("INFO", "made", materials=("one", "two")), Place.TEXTURE)
        shown = drawn(bpy.types.IMPASTO_PT_view_3d).drawn
        scales = [options["scale"] for what, _, options in shown if what == "template_icon"]
        assert len(scales) == 2
        assert scales[0] == scales[1] < 4

    def test_this_material_is_the_selected_objects_also_in_a_file_that_is_opened_again(
        self, checker, plane, extension, tmp_path
    ):
        run_from(extension, "texture")
        made = plane.active_material.name
        bpy.ops.mesh.primitive_plane_add(size=1)
        bpy.context.object.active_material = bpy.data.materials.new("other")
        assert "other" in said("material")
        assert made not in said("material")
        assert "Made the material" not in said("texture"), "it was made for another object"
        bpy.context.view_layer.objects.active = plane
        assert made in said("material")
        assert "Made the material" in said("texture")
        reopen(tmp_path / "made.blend")
        panel = drawn(bpy.types.IMPASTO_PT_material_view_3d)
        assert made in panel.labels()
        assert "impasto_mapping" in panel.props()
        assert [arguments for what, arguments, _ in panel.drawn if what == "template_icon"]


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


CASES = [("Impasto", "texture", 0), ("Item", "texture", 1), ("Impasto", "endless", 1)]
"""The tab that is open, the panel of the task, of which the endless one is folded, and popups."""


@pytest.mark.parametrize(("category", "place", "popups"), CASES)
def test_errors_in_an_open_panel_have_no_popup(extension, scene, announced, monkeypatch, category, place, popups):
    monkeypatch.setattr(extension.jobs.session, "areas", lambda: [seen_in(category)])
    extension.jobs.session.jobs.drawn.clear()
    fail(extension, place)
    assert announced == ["the picture is empty; choose another"] * popups


def test_panels_do_not_repeat_the_reason_of_a_disabled_button(extension, scene, material):
    request, jobs = extension.endless, extension.jobs.session.jobs
    extension.bridge.surfaces.base_color_of(material)[request.REGULAR] = True
    why = extension.interface.drawing.poll_message("impasto.make_endless")
    assert "its pattern is regular" in why
    jobs.show_report(extension.jobs.task.TaskReport("ERROR", why), extension.jobs.task.Place.ENDLESS)
    text = " ".join(drawn(bpy.types.IMPASTO_PT_endless_view_3d).labels())
    assert text.count("its pattern is regular") == 1
    assert "turn Break Patterns on" in text


def test_errors_of_an_engine_vanish_with_another_engine(extension, scene, monkeypatch):
    TaskReport, Place = extension.jobs.task.TaskReport, extension.jobs.task.Place
    monkeypatch.delenv("IMPASTO_ENGINE")
    chosen = bpy.context.preferences.addons[MODULE].preferences
    jobs = extension.jobs.session.jobs
    jobs.show_report(TaskReport("ERROR", "no Python was found", is_of_engine=True), Place.PREFERENCES)
    jobs.show_report(TaskReport("ERROR", "the picture is empty"), Place.TEXTURE)
    for chosen.engine_python, is_gone in (("", False), (sys.executable, True), ("", False)):
        assert (jobs.report_at(Place.PREFERENCES) is None) == is_gone
        assert jobs.report_at(Place.TEXTURE).text == "the picture is empty"


def test_the_box_of_a_missing_engine_has_each_button_and_the_failure_once(extension, scene, monkeypatch):
    monkeypatch.delenv("IMPASTO_ENGINE")
    monkeypatch.setattr(extension.engine.engine, "own_engine", lambda: None)
    extension.setup.graphics.this_computer()
    report = extension.jobs.task.TaskReport("ERROR", "neither venv nor pip was found", is_of_engine=True)
    extension.jobs.session.jobs.show_report(report, extension.jobs.task.Place.TEXTURE)
    layout = drawn(bpy.types.IMPASTO_PT_view_3d)
    buttons = [arguments[0] for what, arguments, _ in layout.drawn if what == "operator"]
    for name in ("set_up_engine", "check_engine", "open_log"):
        assert buttons.count(f"impasto.{name}") == 1
    assert buttons.count("preferences.addon_show") == 1
    assert sum("neither venv" in text.lower() for text in layout.labels()) == 1


def test_an_image_has_buttons_for_what_can_be_done_with_it(extension, image):
    operators = extension.image.IMAGE_BUTTONS

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


def test_variations_are_labelled_by_words_instead_of_seeds(extension, scene):
    scene.impasto.tool, scene.impasto.source_kind = "checker", "NONE"
    scene.impasto_parameters.checker.width_px = scene.impasto_parameters.checker.height_px = 8
    bpy.ops.impasto.variations()
    assert extension.jobs.session.jobs.outcome.text == "Made four variations"
    looks = drawn(bpy.types.IMPASTO_PT_view_3d).looks("impasto.pick_variation")
    assert {look["text"] for look in looks} == {"Pick"}


@pytest.mark.parametrize("tool", ["bricks", "scratched-metal", "checker"])
def test_the_live_preview_is_right_above_the_sliders_that_it_follows(extension, scene, tool):
    scene.impasto.tool = tool
    groups, about = extension.parameters.groups, extension.engine.catalogue.catalogue[tool]
    sliders = [groups.identifier(name) for name in groups.drawn_parameters(about)]
    shown = drawn(bpy.types.IMPASTO_PT_view_3d).props()
    above = shown[: min(shown.index(slider) for slider in sliders if slider in shown)]
    assert above[-2:] == ["live_preview", "tile_preview"]
