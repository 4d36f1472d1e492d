"""Recipes survive JSON, and a wrong one names its wrong field."""

import pytest

from impasto.errors import ParameterError
from impasto.recipe import Recipe, Step


def test_json_gives_the_same_recipe_back():
    recipe = Recipe((Step("quilt", {"variety": 0.5}, {"guide": "mask"}), Step("photo-maps")), 7)
    assert Recipe.from_json(recipe.to_json()).to_json() == recipe.to_json()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "object with steps"),
        ('{"steps": []}', "at least one step"),
        ('{"steps": [{"parameters": {}}]}', "name of a tool"),
        ('{"steps": [{"tool": "x"}], "seed": -1}', "between 0 and"),
        ('{"steps": [{"tool": "x"}], "seed": true}', "whole number"),
        ('{"steps": [{"tool": "x"}], "seeds": 1}', "no field 'seeds'"),
        ('{"steps": [{"tool": "x", "inputs": 3}]}', "inputs must be an object"),
    ],
)
def test_what_is_wrong_is_named(text, said):
    with pytest.raises(ParameterError, match=said):
        Recipe.from_json(text)
