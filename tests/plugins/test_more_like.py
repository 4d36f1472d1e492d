"""Recipes that resemble favourites: between and near them, the same for a seed, and different for others."""

import numpy as np
import pytest

from impasto import Recipe, Step, match, more_like, run
from impasto.errors import ParameterError
from impasto.parameters import properties_of
from impasto.plugins.registry import registry
from impasto.running.more_like import MAX_PARENTS
from impasto.surface.palette import to_oklab
from impasto.tools import validate

RED = match("phrase", "red brick wall", seed=3, size_px=(64, 64)).recipe
GREY = match("phrase", "mossy grey bricks, herringbone", seed=8, size_px=(64, 32)).recipe
TILES = match("phrase", "blue tiles", size_px=(64, 64)).recipe


def values(recipe):
    """All parameters of the first step."""
    step = recipe.steps[0]
    return validate(registry().tool(step.tool), step.parameters).model_dump(mode="json")


def children(favourites, count=24, **how):
    return [values(more_like(favourites, seed=seed, **how).recipe) for seed in range(count)]


def schemas(recipe):
    return properties_of(registry().tool(recipe.steps[0].tool).parameters)


def test_without_variety_children_lie_between_their_parents():
    one, other = values(RED), values(GREY)
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
    one = values(RED)
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
    assert [values(more_like([RED, GREY], seed=seed).recipe)["width_px"] for seed in (0, 1)] == [64, 32]
    assert first.recipe.matched == {"matcher": "more-like", "text": "mossy grey bricks, herringbone + red brick wall"}
    assert more_like([RED], size_px=(16, 32)).recipe.steps[0].parameters["height_px"] == 16
    run(more_like([RED], size_px=(16, 32)).recipe)


def test_locked_parameters_stay():
    locked = ["color", "moss", "joint_m"]
    for seed, child in enumerate(children([RED, GREY], locked=locked, variety=1.0)):
        lead = values((RED, GREY)[seed % 2])
        assert {name: child[name] for name in locked} == {name: lead[name] for name in locked}
    assert len({child["roughness"] for child in children([RED, GREY], locked=locked, variety=1.0)}) > 20


def test_different_materials_are_not_mixed_and_that_is_said():
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
    colors = to_oklab(np.array([values(recipe)["color"] for recipe in generation]))
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
def test_what_cannot_be_varied_is_refused_with_a_remedy(favourites, how, said):
    with pytest.raises(ParameterError, match=said) as caught:
        more_like(favourites, **how)
    assert caught.value.remedy
