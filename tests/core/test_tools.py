"""What a tool may declare, and what `validate` says of wrong parameters."""

from typing import Literal

import pytest

from impasto.errors import ParameterError, PluginError
from impasto.tools import Color, Field, Filter, Parameters, check_tool, describe, validate, visible_if


def tool_with(parameters_: type[Parameters], name_: str = "example"):
    class Example(Filter):
        name, label, description = name_, "Example", "An example"
        parameters = parameters_

        def apply(self, subject, parameters, inputs, context):
            return subject

    return Example()


class Everything(Parameters):
    flag: bool = Field(True, description="A flag")
    count: int = Field(3, ge=1, le=9, description="A count")
    amount: float = Field(0.5, ge=0, le=1, description="An amount", json_schema_extra=visible_if("flag", True))
    method: Literal["fast", "best"] = Field("fast", description="A method")
    shift: tuple[float, float] = Field((0.0, 1.0), description="A shift")
    color: Color = Field((1.0, 0.5, 0.0), description="A colour")
    text: str = Field("", description="A text")


def test_every_allowed_type_is_accepted_and_described():
    tool = tool_with(Everything)
    check_tool(tool)
    properties = describe(tool)["parameters"]["properties"]
    assert properties["amount"]["visible_if"] == {"flag": [True]}
    assert properties["color"]["format"] == "color"
    assert properties["method"]["enum"] == ["fast", "best"]


class Nested(Parameters):
    inner: Everything = Field(Everything(), description="Nested")


class Listed(Parameters):
    values: list[float] = Field([0.0], description="A list")


class Required(Parameters):
    amount: float = Field(description="No default")


class Undescribed(Parameters):
    amount: float = 0.5


class Large(Parameters):
    count: int = Field(0, le=2**40, description="More than Blender's integers hold")


class Optional(Parameters):
    amount: float | None = Field(None, description="Perhaps")


@pytest.mark.parametrize("parameters", [Nested, Listed, Required, Undescribed, Large, Optional])
def test_what_hosts_cannot_draw_is_refused(parameters):
    with pytest.raises(PluginError):
        check_tool(tool_with(parameters))


@pytest.mark.parametrize("name", ["With Space", "camelCase", "under_score", "", "-x"])
def test_names_that_are_no_options_are_refused(name):
    with pytest.raises(PluginError, match="hyphens"):
        check_tool(tool_with(Everything, name))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"amount": 2.0}, "amount got 2.0: input should be less than or equal to 1"),
        ({"count": "many"}, "count got 'many'"),
        ({"amount": float("nan")}, "amount"),
        ({"method": "slow"}, "'fast' or 'best'"),
        ({"amuont": 0.5}, "no parameter 'amuont'; did you mean 'amount'\\? its parameters are: flag, count"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(given, said):
    with pytest.raises(ParameterError, match=said):
        validate(tool_with(Everything), given)
