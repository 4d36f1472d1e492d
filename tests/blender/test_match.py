"""Materials from words and pictures in Blender: found by a matcher, run, and shown as live sliders in the panel."""

from __future__ import annotations

import re
from functools import partial

import bpy
import numpy as np
import pytest
from conftest import cases, coordinates, packed_image, pixels_of, png, refused
from drawing import drawn, texts_of_number
from styling import made, recipe_of

SMALL = {"width_px": 32, "height_px": 32}


@pytest.fixture
def settings(scene, extension):
    """The panel for words, set to the matcher that counts them."""
    scene.impasto.estimator = "none"
    scene.impasto_match.matcher = "word-count"
    yield scene.impasto_match
    extension.generate.variations.live.clear()


def test_words_make_a_material_and_set_the_panels_sliders(settings, scene, plane, extension):
    settings.text = "one two three"
    scene.impasto.tool = "checker"
    checker = scene.impasto_parameters.checker
    checker.width_px = checker.height_px = 64
    checker.contrast, scene.impasto.seed = 0.2, 7
    assert bpy.ops.impasto.match() == {"FINISHED"}
    recipe = recipe_of(plane.active_material)
    assert plane.active_material.name == "one two three"
    parameters = recipe["steps"][0]["parameters"]
    assert (parameters["squares"], parameters["contrast"], parameters["width_px"]) == (3, 0.7, 64)
    assert recipe["seed"] == scene.impasto.seed == 7
    assert recipe["matched"] == {"matcher": "word-count", "text": "one two three", "notes": "words were counted"}
    assert (scene.impasto.tool, checker.squares, round(checker.contrast, 3)) == ("checker", 3, 0.7), "as the recipe is"
    assert "words were counted" in made()["report"].lower()
    offered = [name for name, *_ in extension.tools.lists.items_of("matcher")(None, None)]
    assert (offered[0], {"word-count", "mean-color", "match-photograph"} <= set(offered)) == ("phrase", True)


def test_a_material_that_has_all_maps_gets_no_layer_that_estimates_them(settings, scene, plane):
    scene.impasto.estimator = "photo-maps"
    bpy.ops.impasto.match(text="red bricks", matcher="phrase", seed=5, **SMALL)
    assert [step["tool"] for step in recipe_of(plane.active_material)["steps"]] == ["bricks"]
    bpy.ops.impasto.run(tool="bricks", name="again", **SMALL)
    assert [step["tool"] for step in recipe_of(plane.active_material)["steps"]] == ["bricks"]
    bpy.ops.impasto.restore_settings(entry=f"MATERIAL:{plane.active_material.name}")
    assert scene.impasto.estimator == "photo-maps", "for the next photograph"


def test_making_after_a_match_gives_the_same(settings, scene, plane):
    bpy.ops.impasto.match(text="one two", seed=5, **SMALL)
    matched = pixels_of(bpy.data.images[made()["images"][0]])
    scene.impasto_parameters.checker.width_px = scene.impasto_parameters.checker.height_px = 32
    bpy.ops.impasto.generate()
    np.testing.assert_array_equal(pixels_of(bpy.data.images[made()["images"][0]]), matched)
    assert made()["materials"] == ["one two.001"], "named after the words, too"
    assert recipe_of(bpy.data.materials["one two.001"])["matched"]["text"] == "one two"
    bpy.ops.impasto.generate(tool="checker")
    assert recipe_of(bpy.data.images[made()["images"][0]])["matched"] == {}, "not what the panel shows"


def test_a_picture_is_matched_from_a_file_or_an_image(settings, scene, plane, tmp_path):
    (tmp_path / "wall.png").write_bytes(png(coordinates(24, 32)))
    bpy.ops.impasto.match(matcher="mean-color", source=str(tmp_path / "wall.png"), **SMALL)
    assert plane.active_material.name == "wall"
    from_file = tuple(scene.impasto_parameters.checker.color)
    assert from_file == pytest.approx((0.5, 0.5, 40 / 255), abs=0.01)
    packed_image("floor.png", coordinates(24, 32))
    settings.matcher, settings.source_kind, settings.image = "mean-color", "IMAGE", bpy.data.images["floor.png"]
    bpy.ops.impasto.match(**SMALL)
    assert tuple(scene.impasto_parameters.checker.color) == from_file
    assert recipe_of(plane.active_material)["matched"]["name"] == "floor.png"
    checker = scene.impasto_parameters.checker
    checker.width_px = checker.height_px = 32
    bpy.ops.impasto.match_image(image="floor.png")
    assert plane.active_material.name == "floor.001"


@pytest.mark.slow
def test_matchers_get_the_pictures_real_width(settings, scene, plane, tmp_path):
    settings.matcher, settings.source_kind, settings.filepath = "mean-color", "FILE", str(tmp_path / "wall.png")
    (tmp_path / "wall.png").write_bytes(png(coordinates(24, 32)))
    for panel in (bpy.types.IMPASTO_PT_match_image_editor, bpy.types.IMPASTO_PT_this_image):
        assert texts_of_number(drawn(panel), scene.impasto, "width_m") == ["Unknown"]
    packed_image("floor.png", coordinates(24, 32))
    scene.unit_settings.scale_length = 0.5
    for set_to, wanted in ((0.0, None), (5.0, "2.5 m wide")):
        scene.impasto.width_m = set_to
        for match in (bpy.ops.impasto.match, partial(bpy.ops.impasto.match_image, image="floor.png")):
            match()
            assert ("m wide" in made()["report"]) == bool(wanted)
            assert (wanted or "") in made()["report"]
    bpy.ops.impasto.match_image(image="floor.png", width_m=0.25)
    assert "0.25 m wide" in made()["report"], "as given in the call, in metres"
    settings.matcher = "word-count"  # words say it themselves
    assert not texts_of_number(drawn(bpy.types.IMPASTO_PT_match_image_editor), scene.impasto, "width_m")


@pytest.mark.any_blender
def test_one_of_four_variations_of_a_phrase_can_be_continued(settings, scene, extension):
    settings.matcher, settings.text = "phrase", "wet mossy cobblestones"
    scene.impasto.tool = "checker"
    scene.impasto_parameters.checker.width_px = scene.impasto_parameters.checker.height_px = 64
    assert bpy.ops.impasto.match_variations() == {"FINISHED"}
    four = extension.generate.variations.variations_of("phrase")
    assert len({variation.pixels.tobytes() for variation in four}) == 4
    buttons = drawn(bpy.types.IMPASTO_PT_match_view_3d).operators("impasto.pick_variation")
    assert [button.index for button in buttons] == [0, 1, 2, 3]
    assert scene.impasto.tool == "checker", "nothing is taken yet"
    bpy.ops.impasto.pick_variation(index=2)
    step = four[2].recipe.steps[0]
    assert (scene.impasto.tool, scene.impasto.seed, scene.impasto.lock_seed) == (step.tool, four[2].seed, True)
    shown = extension.parameters.properties.parameters_of(scene, extension.engine.catalogue.catalogue[step.tool])
    for name, value in step.parameters.items():
        assert name in ("width_px", "height_px") or shown[name] == pytest.approx(value, rel=1e-5), name
    assert "something was changed" not in " ".join(drawn(bpy.types.IMPASTO_PT_match_view_3d).labels())
    settings.text = "dry cobblestones"
    assert "something was changed" in " ".join(drawn(bpy.types.IMPASTO_PT_match_view_3d).labels())


@pytest.mark.essential
def test_words_change_the_panels_result_or_a_named_material(settings, scene, plane):
    bpy.ops.impasto.match(text="one two", seed=4, **SMALL)
    scene.impasto_parameters.checker.squares = 10
    settings.change = "and three more"
    bpy.ops.impasto.change_by_words()
    assert scene.impasto_parameters.checker.squares == 13
    recipe = recipe_of(plane.active_material)
    assert (recipe["seed"], recipe["matched"]["text"]) == (4, "one two; and three more")
    assert plane.active_material.name == "one two.001"

    bpy.ops.impasto.match(text="one two three four", **SMALL)
    bpy.ops.impasto.change_by_words(start_from="one two", text="more")
    assert scene.impasto_parameters.checker.squares == 3
    assert recipe_of(plane.active_material)["steps"][0]["parameters"]["width_px"] == 32
    refused("no material and no image", "change_by_words", start_from="two", text="more")

    scene.impasto.tool = "slow"
    scene.impasto.tool = "checker"
    bpy.ops.impasto.change_by_words(text="more", **SMALL)
    assert recipe_of(plane.active_material)["matched"]["text"] == "more"
    assert plane.active_material.name == "Checker"


@pytest.mark.any_blender
@pytest.mark.parametrize(("text", "why"), cases("match"))
def test_phrases_without_meaning_are_refused_in_a_sentence(settings, scene, plane, text, why):
    scene.impasto.tool = "checker"
    before = scene.impasto_parameters.checker.squares
    refused(re.escape(why), "match", text=text, matcher="phrase" if text[-1:] in "🧱s" else "word-count", **SMALL)
    assert (scene.impasto_parameters.checker.squares, plane.active_material) == (before, None)


def test_a_click_without_words_or_a_picture_says_what_is_missing(settings, scene):
    for settings.text, is_asked in (("", True), ("one", False)):
        labels = " ".join(drawn(bpy.types.IMPASTO_PT_match_view_3d).labels())
        assert ("Describe a material, such as one two three" in labels) == is_asked
    settings.matcher = "mean-color"
    layout = drawn(bpy.types.IMPASTO_PT_match_view_3d)
    assert "Choose a source" in " ".join(layout.labels())
    assert {"source_kind", "filepath"} <= set(layout.props())
    assert layout.operators("impasto.match_variations") == [], "it finds the same for every seed"
    assert layout.operators("impasto.change_by_words") == []


@pytest.mark.any_blender
def test_typed_words_are_completed(extension, settings):
    suggest = extension.match.panel.suggestions
    known = ["wet cobblestones", "mossy", "moss", "潮湿", "青砖"]
    assert suggest(known, "mos") == ["mossy", "moss"]
    assert suggest(known, "wet mos") == ["wet mossy", "wet moss"]
    assert suggest(known, "WET") == ["wet cobblestones"]
    assert suggest(known, "wet ") == ["wet cobblestones"]
    assert suggest(known, "old moss") == ["old mossy", "old moss"]
    assert suggest(known, "old mosses") == ["old mosses"], "the plural of a known word"
    assert suggest(known, "old xyz") == [], "no known word begins like this"
    assert suggest(known, "很潮") == ["很潮湿"]
    assert suggest(known, "") == known
    assert suggest([str(number) for number in range(1000)], "") == [str(number) for number in range(40)]


def test_recipes_with_lengths_angles_and_choices_are_shown_exactly(extension, settings, scene):
    """All values of a step come back from the panel as they were, in a scene of other units, too."""
    scene.unit_settings.scale_length = 0.5
    recipe = extension.generate.variations.Recipe
    found = {"tool": "bricks", "parameters": {"bond": "herringbone", "width_m": 1.3, "mortar_color": [0.1, 0.2, 0.3]}}
    show = extension.generate.request
    assert show.show_recipe(scene, recipe.from_dict({"steps": [found], "seed": 3}))
    shown = show.shown_recipe(scene)
    assert (shown.seed, shown.steps[0].tool) == (3, "bricks")
    back = {name: shown.steps[0].parameters[name] for name in found["parameters"]}
    assert back["bond"] == "herringbone"
    assert back["width_m"] == pytest.approx(1.3)
    assert list(back["mortar_color"]) == pytest.approx([0.1, 0.2, 0.3])


@pytest.fixture
def four(settings, scene, extension):
    """Four variations of a phrase, of 64 pixels; no favourites."""
    scene.impasto_parameters.quilt.width_px = scene.impasto_parameters.quilt.height_px = 64
    bpy.ops.impasto.match_variations(matcher="phrase", text="mossy red bricks")
    settings.matcher = "phrase"
    yield extension.generate.variations.variations_of("phrase")
    extension.generate.favourites.clear()


@pytest.mark.any_blender
def test_favourites_are_marked_by_their_stars_and_more_like_them_are_shown(four, extension, scene):
    assert drawn(bpy.types.IMPASTO_PT_match_view_3d).operators("impasto.more_like") == []
    refused("no favourites", "more_like")
    for index in (0, 3, 1):
        bpy.ops.impasto.favourite(index=index)
    bpy.ops.impasto.favourite(index=1)
    assert extension.generate.favourites.favourites() == (four[0].recipe, four[3].recipe)
    panel = drawn(bpy.types.IMPASTO_PT_match_view_3d)
    assert [given.index for given in panel.operators("impasto.favourite")] == [0, 1, 2, 3]
    assert len(panel.operators("impasto.more_like")) == 1
    scene.impasto.variety = 0.0
    bpy.ops.impasto.lock_parameter(name="moss")
    for name in ("color", "moss"):
        bpy.ops.impasto.lock_parameter(name=name)
    locks = drawn(bpy.types.IMPASTO_PT_match_view_3d)
    assert {"color", "moss", "bond"} <= {given.name for given in locks.operators("impasto.lock_parameter")}
    assert extension.generate.favourites.locked_parameters() == {"color"}, "the second click let the moss vary again"
    refused("no favourite has", "lock_parameter", name="width_px")
    bpy.ops.impasto.more_like()
    children = extension.generate.variations.variations_of("phrase")
    assert len({child.pixels.tobytes() for child in children}) == 4
    low, high = sorted(variation.recipe.steps[0].parameters["moss"] for variation in (four[0], four[3]))
    for child in children:
        assert low <= child.recipe.steps[0].parameters["moss"] <= high, "without variety, between the favourites"
    colors = [variation.recipe.steps[0].parameters["color"] for variation in (four[0], four[3])]
    assert all(list(child.recipe.steps[0].parameters["color"]) in map(list, colors) for child in children)
    bpy.ops.impasto.pick_variation(index=1)
    assert scene.impasto_parameters.bricks.moss == pytest.approx(children[1].recipe.steps[0].parameters["moss"])
    assert extension.generate.favourites.favourites(), "they stay for another round"
    bpy.ops.impasto.clear_favourites()
    assert extension.generate.favourites.locked_parameters() == set()
    assert not bpy.ops.impasto.clear_favourites.poll()
    bpy.ops.impasto.favourite(index=0)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert extension.generate.favourites.favourites() == ()


@pytest.mark.any_blender
def test_scripts_name_materials_to_be_mixed(settings, scene, extension, plane):
    for text in ("one two", "one two three four five six"):
        bpy.ops.impasto.match(text=text, **SMALL)
    bpy.ops.impasto.more_like(favourites='["one two", "one two three four five six"]', variety=0)
    children = extension.generate.variations.latest_variations(bpy.context)
    assert all(2 <= child.recipe.steps[0].parameters["squares"] <= 6 for child in children)
    bpy.ops.impasto.more_like(favourites='["one two"]', variety=1, locked='["squares"]')
    children = extension.generate.variations.latest_variations(bpy.context)
    assert {child.recipe.steps[0].parameters["squares"] for child in children} == {2}
    refused("JSON list of names", "more_like", favourites='"one two"')
    refused("to be kept", "more_like", favourites='["one two"]', locked='["nonsense"]')


@pytest.mark.any_blender
def test_variations_of_the_panels_own_are_mixed_if_they_need_no_source(settings, scene, extension, image):
    scene.impasto.tool, scene.impasto.source_kind = "bricks", "NONE"
    scene.impasto_parameters.bricks.width_px = scene.impasto_parameters.bricks.height_px = 32
    bpy.ops.impasto.variations()
    bpy.ops.impasto.favourite(index=0)
    bpy.ops.impasto.more_like()
    assert len(extension.generate.variations.variations_of("bricks")) == 4
    assert "something was changed" not in " ".join(drawn(bpy.types.IMPASTO_PT_view_3d).labels())
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.image = "checker", "IMAGE", image
    scene.impasto_parameters.checker.width_px = scene.impasto_parameters.checker.height_px = 32
    bpy.ops.impasto.variations()
    refused("of a source cannot be mixed", "favourite", index=0)
    extension.generate.favourites.clear()


def test_one_undo_step_takes_the_material_and_the_sliders_back_and_the_live_preview_follows(settings, scene, extension):
    scene.impasto.tool, scene.impasto.live_preview = "slow", True
    extension.generate.variations.live.clear()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.impasto.match(text="one two three four five", **SMALL)
    assert bpy.app.timers.is_registered(extension.generate.variations.live.timer), "a picture of the sliders is due"
    bpy.ops.ed.undo()
    assert (bpy.context.scene.impasto.tool, bpy.data.materials.keys()) == ("slow", [])
    bpy.ops.ed.redo()
    assert bpy.context.scene.impasto.tool == "checker"
    assert bpy.context.scene.impasto_parameters.checker.squares == 5
    assert bpy.data.materials.keys() == ["one two three four five"]


@pytest.mark.slow
def test_the_panel_of_another_file_is_left_alone(settings, scene, extension):
    request, matcher = extension.match.request, extension.engine.catalogue.catalogue.matcher("word-count")
    result = extension.generate.request.without_source(bpy.context)
    target = extension.bridge.target.target_of(bpy.context, "NEW", "two words")
    task = request.MatchRequest(matcher, "one two", result, "two words").task(target, scene)
    task.start()
    assert task.wait(60)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.scene.impasto.tool = "slow"
    report = task.conclude()
    assert "were kept in" in report.text
    assert (bpy.context.scene.impasto.tool, bpy.data.materials.keys()) == ("slow", [])
