"""Recipes survive JSON, and a wrong one names its wrong field."""

import pytest

from impasto import Recipe, Step
from impasto.errors import ParameterError
from impasto.recipe import name_inputs


def test_an_input_has_one_name_or_a_list_of_names():
    text = '{"steps": [{"tool": "x", "inputs": {"start": "a", "style": ["a", "b"], "mask": ["", "c"]}}]}'
    step = Recipe.from_json(text).steps[0]
    assert (step.names_of("start"), step.names_of("style"), step.names_of("guide")) == (("a",), ("a", "b"), ())
    assert step.names_of("mask") == ("", "c")
    assert step.input_names == {"a", "b", "c"}
    assert Recipe.from_json(Recipe((step,)).to_json()).to_json() == Recipe((step,)).to_json()


def test_values_are_named_after_their_input_and_place():
    inputs, named = name_inputs({"style": ["night", "wave"], "mask": [None, "sky"], "start": ["small"], "guide": []})
    assert inputs == {"style": ["style", "style-2"], "mask": ["", "mask-2"], "start": "start"}
    assert named == {"style": "night", "style-2": "wave", "mask-2": "sky", "start": "small"}
    assert Step("x", inputs=inputs).input_names == named.keys()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Recipe(()), "at least one step"),
        (lambda: Recipe((Step("x"),) * 101), "at most 100 steps"),
        (lambda: Recipe((Step("x"),), 2**31), "between 0 and"),
        (lambda: Recipe((Step("x"),), 1.5), "whole number"),
        (lambda: Recipe((Step("x"),), inputs={"source": "a.png"}), "inputs must be objects by name"),
        (lambda: Step(3), "name of a tool"),
        (lambda: Recipe.from_json('{"steps": [{"tool": "x"}], "seeds": 1}'), "no field 'seeds'"),
        (lambda: Step("x", {"size": float("nan")}), "parameter size must be a number"),
        (lambda: Step("x", {"size": {"width": {"px": 3}}}), "parameter size must be a number"),
        (lambda: Step("x", {"size": {f"slider {n}": 0 for n in range(65)}}), "parameter size must be a number"),
        (lambda: Step("x", inputs={"guide": 3}), "input guide must be a name, or a list of 1 to 16 names"),
        (lambda: Step("x", inputs={"style": []}), "input style must be a name, or a list"),
        (lambda: Step("x", inputs={"style": ["a"] * 17}), "input style must be a name, or a list of 1 to 16"),
        (lambda: Step("x", inputs={3: "a"}), "an input's name must be text"),
    ],
)
def test_a_recipe_made_in_python_is_checked_as_one_that_was_read(make, said):
    with pytest.raises(ParameterError, match=said):
        make()
