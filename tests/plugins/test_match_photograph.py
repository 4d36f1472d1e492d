"""Recipes of what is shown: photographs are matched by materials, and favourites are varied and mixed."""

from dataclasses import replace

import numpy as np
import pytest

from impasto import Maps, Recipe, Step, match, more_like, run
from impasto.context import Context
from impasto.errors import Cancelled, ParameterError
from impasto.parameters import properties_of
from impasto.plugins.registry import registry
from impasto.running.more_like import MAX_PARENTS
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.palette import to_oklab
from impasto.tools import validate
from impasto_procedural.catalogue import all_materials
from impasto_procedural.matching.classifier import bundled_classifier
from impasto_procedural.matching.colors import fitted_colors
from impasto_procedural.matching.drawing import canvas_seed, draw, picture_of
from impasto_procedural.matching.features import SIDE_PX, features_of
from impasto_procedural.matching.matcher import PhotographMatcher, middle_width_m
from impasto_procedural.matching.search import MatchTarget, MaterialSearch
from impasto_procedural.matching.space import UNSEEN, space_of

MATERIALS = {material.name: material for material in all_materials()}
RED_CLOTH = {"color": (0.55, 0.12, 0.10), "weft_color": (0.80, 0.66, 0.30), "thread_m": 0.003, "width_m": 0.06}


def lab_of(name, seed=0, **values):
    return picture_of(MATERIALS[name], MATERIALS[name].parameters(**values), seed)


def photograph(name, seed=5, **values):
    """A material's picture as a photograph of unknown width."""
    linear = draw(MATERIALS[name], MATERIALS[name].parameters(**values), seed)
    return Maps.from_arrays({"base_color": linear_to_srgb(linear.permute(1, 2, 0).numpy())})


def plain(side_px=SIDE_PX):
    return np.full((side_px, side_px, 3), 0.5, np.float32)


def noisy(side_px=SIDE_PX):
    return np.random.default_rng(0).random((side_px, side_px, 3)).astype(np.float32)


def test_the_match_has_the_width_of_the_photographs_square_or_the_known_width():
    for shape, wanted in (((60, 90), 2.0), ((90, 60), 3.0)):
        picture = Maps.from_arrays({"base_color": np.zeros((*shape, 3), np.float32)}, width_m=3.0)
        assert middle_width_m(picture) == pytest.approx(wanted)
    assert middle_width_m(replace(picture, width_m=None)) is None
    space = space_of(MATERIALS["weave"], 0.2)
    assert space.random(np.random.default_rng(0))["width_m"] == 0.2
    assert "width_m" not in [axis.name for axis in space.axes]


def test_colours_are_found_again():
    wanted = {"color": (0.20, 0.30, 0.55), "second_color": (0.10, 0.16, 0.30), "mortar_color": (0.75, 0.70, 0.45)}
    space = space_of(MATERIALS["bricks"])
    found = fitted_colors(space, space.defaults, lab_of("bricks", **wanted), 0)
    for name, color in wanted.items():
        assert found[name] == pytest.approx(color, abs=0.12), name  # transport mixes what lies at the edges


@pytest.mark.essential
def test_a_known_material_is_found_again_and_again():
    target = MatchTarget.of(lab_of("weave", seed=1, **RED_CLOTH))
    space = space_of(MATERIALS["weave"])
    searches = [MaterialSearch(target, bundled_classifier().deviation, seed=4) for _ in range(2)]
    first, second = (search.best({MATERIALS["weave"]: 1.0})[0] for search in searches)
    assert first.values == second.values
    only_colors = searches[0].with_fitted_colors(searches[0].distance(space, space.defaults))
    assert first.distance < 0.7 * only_colors.distance
    threads = first.values["width_m"] / first.values["thread_m"]
    assert threads == pytest.approx(RED_CLOTH["width_m"] / RED_CLOTH["thread_m"], rel=0.15)


@pytest.mark.slow
def test_matches_keep_parameters_that_photographs_do_not_show():
    shares = []
    notes = []
    context = Context(on_progress=lambda share, message: shares.append(share), on_note=notes.append)
    found = PhotographMatcher(candidates=1).match(photograph("weave", **RED_CLOTH), 3, context)
    (step,) = found.recipe.steps
    assert found.recipe.seed == 3
    assert step.tool in MATERIALS
    assert not UNSEEN & set(step.parameters)
    validate(registry().tool(step.tool), step.parameters)
    assert run(found.recipe).maps["base_color"].size_px == (1024, 1024)
    assert shares == sorted(shares)
    assert any("width is not known" in note for note in notes)


@pytest.mark.slow
def test_the_classifier_knows_most_materials():
    probable = {name: bundled_classifier().probabilities(features_of(lab_of(name, seed=9))) for name in MATERIALS}
    known = [name for name, found in probable.items() if name in list(found)[:5]]
    assert len(known) >= 0.9 * len(MATERIALS)


def test_the_classifier_names_every_material():
    assert set(bundled_classifier().names) == set(MATERIALS)


def test_patterns_at_a_right_angle_are_noted():
    lab = lab_of("planks", seed=1)
    space = space_of(MATERIALS["planks"])
    for target, is_turned in ((lab, False), (lab.rot90(1, (1, 2)), True)):
        search = MaterialSearch(MatchTarget.of(target), bundled_classifier().deviation, seed=1)
        assert search.distance(space, space.defaults).is_turned is is_turned


@pytest.mark.parametrize(
    ("maps", "said"),
    [
        ({"base_color": noisy(16)}, "16x16 px"),
        ({"base_color": plain()}, "one colour"),
        ({"base_color": noisy(), "opacity": np.eye(SIDE_PX, dtype=np.float32)}, "transparent"),
    ],
)
def test_pictures_without_a_material_are_refused_with_a_remedy(maps, said):
    with pytest.raises(ParameterError, match=said) as caught:
        PhotographMatcher().match(Maps.from_arrays(maps), 0, Context())
    assert caught.value.remedy


def test_a_search_can_be_cancelled():
    asked = iter([False, False, False, True, True])
    with pytest.raises(Cancelled):
        PhotographMatcher().match(photograph("weave"), 0, Context(is_cancelled=lambda: next(asked)))


def test_the_search_draws_what_the_recipe_makes():
    sized = {"width_px": 2 * SIDE_PX, "height_px": 2 * SIDE_PX}
    made = run(Recipe((Step("bricks", sized),), 7)).maps["base_color"].pixels
    shown = draw(MATERIALS["bricks"], MATERIALS["bricks"].parameters(), canvas_seed(7)).permute(1, 2, 0).numpy()
    averaged = srgb_to_linear(made).reshape(SIDE_PX, 2, SIDE_PX, 2, 3).mean((1, 3))
    np.testing.assert_allclose(averaged, shown, atol=1e-4)


RED = match("phrase", "red brick wall", seed=3, size_px=(64, 64)).recipe
GREY = match("phrase", "mossy grey bricks, herringbone", seed=8, size_px=(64, 32)).recipe
TILES = match("phrase", "blue tiles", size_px=(64, 64)).recipe


def values_of(recipe):
    """All parameters of the first step."""
    step = recipe.steps[0]
    return validate(registry().tool(step.tool), step.parameters).model_dump(mode="json")


def children(favourites, count=24, **how):
    return [values_of(more_like(favourites, seed=seed, **how).recipe) for seed in range(count)]


def schemas(recipe):
    return properties_of(registry().tool(recipe.steps[0].tool).parameters)


def test_without_variety_children_lie_between_their_parents():
    one, other = values_of(RED), values_of(GREY)
    for child in children([RED, GREY], variety=0):
        for name, schema in schemas(RED).items():
            if schema.get("format") == "color":
                lab = to_oklab(np.array([one[name], other[name], child[name]]))
                whole = np.linalg.norm(lab[1] - lab[0])
                assert np.linalg.norm(lab[2] - lab[0]) + np.linalg.norm(lab[2] - lab[1]) <= whole + 0.01
            elif schema["type"] == "number":
                assert min(one[name], other[name]) - 1e-5 <= child[name] <= max(one[name], other[name]) + 1e-5
            elif not name.endswith("_px"):
                assert child[name] in (one[name], other[name])


def test_variations_of_one_favourite_are_near_it_and_do_not_collapse():
    one = values_of(RED)
    made = children([RED], variety=0.5)
    for name, schema in schemas(RED).items():
        if schema["type"] != "number" or name == "width_m":
            continue
        spread = np.std([child[name] for child in made])
        limits = (schema.get("minimum"), schema.get("maximum"))
        if one[name] in limits:
            assert spread == 0, f"{name} was at its limit"
        else:
            reach = one[name] if name.endswith("_m") else 1.0
            assert 0.03 * reach < spread < 0.25 * reach, name
    assert {child["bond"] for child in made} == {one["bond"]}
    assert {child["width_m"] for child in made} == {one["width_m"]}
    assert not any(child["moss"] for child in made)


def test_the_same_seed_gives_the_same_recipe_and_leaders_take_turns():
    first = more_like([RED, GREY], seed=5)
    assert first == more_like([RED, GREY], seed=5)
    assert first.recipe != more_like([RED, GREY], seed=7).recipe
    assert [values_of(more_like([RED, GREY], seed=seed).recipe)["width_px"] for seed in (0, 1)] == [64, 32]
    assert first.recipe.matched == {"matcher": "more-like", "text": "mossy grey bricks, herringbone + red brick wall"}
    assert more_like([RED], size_px=(16, 32)).recipe.steps[0].parameters["height_px"] == 16
    run(more_like([RED], size_px=(16, 32)).recipe)


def test_locked_parameters_stay():
    locked = ["color", "moss", "joint_m"]
    for seed, child in enumerate(children([RED, GREY], locked=locked, variety=1.0)):
        lead = values_of((RED, GREY)[seed % 2])
        assert {name: child[name] for name in locked} == {name: lead[name] for name in locked}
    assert len({child["roughness"] for child in children([RED, GREY], locked=locked, variety=1.0)}) > 20


def test_different_materials_are_not_mixed_and_a_note_says_so():
    found = [more_like([RED, TILES, GREY], seed=seed) for seed in range(6)]
    assert [item.recipe.steps[0].tool for item in found] == 2 * ["bricks", "ceramic-tiles", "bricks"]
    assert all("not mixed" in item.notes[0] for item in found)
    assert not more_like([RED, GREY]).notes


def test_a_models_latents_and_sliders_are_mixed():
    one, other = (Recipe((Step("torus", {"model": "bricks", "width_px": 64, "height_px": 64}),), s) for s in (1, 2))
    child = more_like([one, other], seed=4)
    made = child.recipe.steps[0].parameters
    assert (child.recipe.seed, made["blend_seed"]) == (1, 2)
    assert 0 < made["blend"] < 1
    assert made["sliders"]
    pictures = [run(recipe).maps["base_color"].pixels for recipe in (one, child.recipe, other)]
    assert all(np.abs(pictures[1] - pictures[index]).mean() > 0.01 for index in (0, 2))
    alone = more_like([one], seed=4).recipe
    assert alone.seed == 1
    assert 0 < alone.steps[0].parameters["blend"] < 0.3
    blended = more_like([child.recipe, other], seed=2).recipe
    assert (blended.seed, blended.steps[0].parameters["blend_seed"]) == (1, 2)


def test_generations_do_not_collapse():
    generation = [RED, GREY]
    for number in range(4):
        generation = [more_like(generation, seed=10 * number + index).recipe for index in range(4)]
    colors = to_oklab(np.array([values_of(recipe)["color"] for recipe in generation]))
    assert np.linalg.norm(colors.std(0)) > 0.01
    assert len({recipe.seed for recipe in generation}) > 1


@pytest.mark.parametrize(
    ("favourites", "how", "said"),
    [
        ([], {}, "0 recipes"),
        ([RED] * (MAX_PARENTS + 1), {}, "17 recipes"),
        ([RED], {"variety": float("nan")}, "0 to 1"),
        ([RED], {"locked": ["mos"]}, "'mos'"),
        ([Recipe((Step("brick"),))], {}, "brick"),
        ([Recipe((Step("bricks", {"moss": 7}),))], {}, "moss got 7"),
    ],
)
def test_favourites_that_cannot_vary_are_refused_with_a_remedy(favourites, how, said):
    with pytest.raises(ParameterError, match=said) as caught:
        more_like(favourites, **how)
    assert caught.value.remedy
