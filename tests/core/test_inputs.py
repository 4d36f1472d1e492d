"""Inputs that take many values, and what belongs to each: checked when a tool is loaded, and before it runs."""

from typing import Annotated

import numpy as np
import pytest

from impasto import Maps, Step
from impasto.errors import ParameterError, PluginError
from impasto.plugins.checks import check_tool
from impasto.running.inputs import check_inputs, values_of, with_numbers_for_each
from impasto.tools import Field, Filter, Input, Parameters, describe, for_each, validate


class MixParameters(Parameters):
    amount: tuple[Annotated[float, Field(ge=0, le=2)], ...] = Field(
        (), description="How much of each", json_schema_extra=for_each("color", 0.5)
    )


class Mix(Filter):
    name, label, description = "mix", "Mix", "Mixes colours"
    parameters = MixParameters
    inputs = (
        Input("color", "a colour", many=True),
        Input("where", "where it is mixed in", required=False, for_each="color"),
        Input("guide", "a guide", required=False),
    )

    def apply(self, subject, parameters, inputs, context):
        return subject


MIX = Mix()


def grey(value: float) -> Maps:
    return Maps.from_arrays({"base_color": np.full((2, 2, 3), value)})


GIVEN = {name: grey(index / 4) for index, name in enumerate(("red", "blue", "sky", "plan"))}


def test_a_tool_is_given_a_tuple_for_what_takes_many_and_defaults_for_what_is_left_out():
    inputs = {"color": ["red", "blue", "red"], "where": ["", "sky"], "guide": "plan"}
    values = values_of(MIX, Step("mix", inputs=inputs), GIVEN)
    assert values["color"] == (GIVEN["red"], GIVEN["blue"], GIVEN["red"])
    assert values["where"] == (None, GIVEN["sky"], None)
    assert values["guide"] is GIVEN["plan"]
    alone = values_of(MIX, Step("mix", inputs={"color": "red"}), GIVEN)
    assert alone == {"color": (GIVEN["red"],), "where": (None,)}
    step = Step("mix", inputs={"color": ["red", "blue", "sky"]})
    assert with_numbers_for_each(MIX, validate(MIX, {"amount": [2]}), step).amount == (2.0, 0.5, 0.5)
    assert describe(MIX)["parameters"]["properties"]["amount"]["default_of_each"] == 0.5
    more = Step("mix", inputs={"color": "red", "where": ["sky", ""]})
    check_inputs([more], [MIX], {name: GIVEN[name] for name in more.input_names})


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"color": ["red", "green"]}, "color is 'green', which was not given"),
        ({"color": ["red", ""]}, "color is '', which was not given"),
        ({"color": "red", "where": ["", "sky"]}, "more values for where than for color: 'sky' belongs to none"),
        ({"color": "red", "guide": ["plan", "plan"]}, "mix takes one guide, got 2"),
        ({"where": "sky"}, "'sky' belongs to none"),
        ({}, "mix needs the input color"),
    ],
)
def test_values_that_fit_nowhere_are_refused(inputs, said):
    step = Step("mix", inputs=inputs)
    given = {name: GIVEN[name] for name in step.input_names if name in GIVEN}
    with pytest.raises(ParameterError, match=said):
        check_inputs([step], [MIX], given)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ((Input("color", "x", many=True, kind="dataset"),), "takes many, but is no picture"),
        ((Input("color", "x", many=True), Input("where", "y", for_each="color")), "where is for each color"),
        ((Input("color", "x"),), "amount is for each 'color'"),
        ((Input("color", "x", many=True), Input("a", "y", required=False, for_each="b")), "a is for each 'b'"),
    ],
)
def test_declarations_that_no_host_could_follow_are_refused(inputs, said):
    tool = Mix()
    tool.inputs = inputs
    with pytest.raises(PluginError, match=said):
        check_tool(tool)
    for default, extra, why in (((1.0,), for_each("color", 1.0), "is for each value"), ((), {}, "is a list")):

        class Wrong(Parameters):
            amount: tuple[float, ...] = Field(default, description="How much", json_schema_extra=extra)

        tool = Mix()
        tool.parameters = Wrong
        with pytest.raises(PluginError, match=why):
            check_tool(tool)
