"""Declarations of tools that are accepted or refused, and errors of `validate`."""

import argparse
from typing import Literal

import pytest

from impasto.cli.options import add_parameters, given_parameters
from impasto.errors import ParameterError, PluginError
from impasto.plugins.checks import check_tool
from impasto.schemas import limits_of, readable, readable_default
from impasto.tools import (
    UNKNOWN_AZIMUTH,
    Angle,
    Color,
    Field,
    Filter,
    LightAzimuth,
    Parameters,
    Point,
    describe,
    display_hints,
    validate,
    visible_if,
    without_effect,
    zero_means,
)


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
    turn: Angle = Field(90.0, ge=-180, le=180, description="An angle")
    size: float = Field(1.0, description="A size", json_schema_extra=display_hints(low=0.5, high=2, decimals=4))
    block_px: int = Field(0, ge=0, le=9, description="A size", json_schema_extra=zero_means("automatic", 5))


def test_every_allowed_type_is_accepted_and_described():
    tool = tool_with(Everything)
    check_tool(tool)
    properties = describe(tool)["parameters"]["properties"]
    assert properties["amount"]["visible_if"] == {"flag": [True]}
    assert properties["color"]["format"] == "color"
    assert readable_default(properties["color"]) == "#ff8000"
    assert properties["method"]["enum"] == ["fast", "best"]
    assert (properties["turn"]["format"], properties["turn"]["maximum"]) == ("angle", 180)
    assert properties["size"].items() >= {"soft_minimum": 0.5, "soft_maximum": 2, "decimals": 4}.items()
    assert (properties["block_px"]["zero"], properties["block_px"]["start"]) == ("automatic", 5)


AUTOMATIC, AZIMUTH, POINT = zero_means("automatic", 5), {"format": "azimuth"}, {"format": "point"}
REFUSED = [
    (Everything, {"default": Everything()}, "odd"),
    (list[float], {"default": [0.0]}, "odd"),
    (float | None, {"default": None}, "odd"),
    (float, {}, "odd"),
    (float, {"default": 0.5, "description": None}, "odd"),
    (int, {"default": 0, "le": 2**40}, "odd"),
    (int, {"default": 1, "ge": 0, "json_schema_extra": AUTOMATIC}, "odd means 'automatic' by 0; write Field"),
    (int, {"default": 0, "ge": -1, "json_schema_extra": AUTOMATIC}, "odd means 'automatic' by 0"),
    (int, {"default": 0, "ge": 0, "le": 4, "json_schema_extra": AUTOMATIC}, "odd means 'automatic' by 0"),
    (int, {"default": 0, "ge": 0, "json_schema_extra": {"zero": "automatic"}}, "odd means 'automatic' by 0"),
    (float, {"default": 1.0, "json_schema_extra": {"soft_minimum": "0"}}, "odd has display hints"),
    (float, {"default": 1.0, "json_schema_extra": {"soft_maximum": None}}, "odd has display hints"),
    (float, {"default": 1.0, "json_schema_extra": {"decimals": 2.5}}, "odd has display hints"),
    (float, {"default": 1.0, "json_schema_extra": {"decimals": 9}}, "odd has display hints"),
    (float, {"default": 0.0, "json_schema_extra": AZIMUTH}, "odd has the format azimuth; write light_azimuth"),
    (float, {"default": 0.0, "ge": 0, "le": 360, "json_schema_extra": AZIMUTH}, "odd has the format azimuth"),
    (float, {"default": 0.0, "json_schema_extra": POINT}, "odd has the format point; write top_left: Point"),
    (tuple[float, float], {"default": (0.0, 0.0), "json_schema_extra": POINT}, "odd has the format point"),
]


@pytest.mark.parametrize(("kind", "field", "said"), REFUSED)
def test_what_hosts_cannot_draw_is_refused(kind, field, said):
    class Odd(Parameters):
        odd: kind = Field(**{"description": "Odd", **field})

    with pytest.raises(PluginError, match=said):
        check_tool(tool_with(Odd))


@pytest.mark.parametrize("name", ["With Space", "camelCase", "under_score", "", "-x"])
def test_names_that_are_no_options_are_refused(name):
    with pytest.raises(PluginError, match="hyphens"):
        check_tool(tool_with(Everything, name))


class Lit(Parameters):
    light_azimuth: LightAzimuth = Field(UNKNOWN_AZIMUTH, description="Where the light comes from")


def test_an_azimuth_is_unknown_or_within_a_turn():
    tool = tool_with(Lit)
    check_tool(tool)
    schema = describe(tool)["parameters"]["properties"]["light_azimuth"]
    assert (schema["format"], schema["minimum"], schema["maximum"], schema["default"]) == ("azimuth", -1, 360, -1)
    assert validate(tool, {"light_azimuth": 270}).light_azimuth == 270
    with pytest.raises(ParameterError, match="less than or equal to 360"):
        validate(tool, {"light_azimuth": 361})


class Placed(Parameters):
    top_left: Point = Field((0.1, 0.2), description="A corner")


def test_a_point_may_lie_outside_the_picture_but_not_too_far():
    tool = tool_with(Placed)
    check_tool(tool)
    schema = describe(tool)["parameters"]["properties"]["top_left"]
    assert (schema["format"], limits_of(schema)) == ("point", "-1 to 2")
    assert validate(tool, {"top_left": [-0.1, 1.2]}).top_left == (-0.1, 1.2)
    with pytest.raises(ParameterError, match="top_left Y got 3: input should be less than or equal to 2"):
        validate(tool, {"top_left": [0.5, 3]})


def test_a_point_is_two_numbers_on_the_command_line_also_negative_ones():
    tool, parser = tool_with(Placed), argparse.ArgumentParser()
    add_parameters(parser, tool)
    assert given_parameters(parser.parse_args(["--top-left", "-0.1", "0.25"]), tool) == {"top_left": [-0.1, 0.25]}
    assert "--top-left X Y A corner (-1 to 2, default: 0.1,0.2)" in " ".join(parser.format_help().split())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"amount": 2.0}, "amount got 2.0: input should be less than or equal to 1"),
        ({"count": "many"}, "count got 'many'"),
        ({"amount": float("nan")}, "amount"),
        ({"method": "slow"}, "'fast' or 'best'"),
        ({"amuont": 0.5}, "no parameter 'amuont'; did you mean 'amount'\\? choose from amount, block_px, color"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(given, said):
    with pytest.raises(ParameterError, match=said):
        validate(tool_with(Everything), given)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (visible_if("method", "bets"), "method is 'bets', which it can never be; method can be fast, best"),
        (visible_if("method", True), "which it can never be"),
        (visible_if("flag", 1), "which it can never be; flag can be True, False"),
        (visible_if("count", 10), "count is 10, which it can never be; count can be any integer from 1 to 9"),
        (visible_if("count", True), "which it can never be"),
        (visible_if("method", ("fast", "best")), "which it can never be"),
        (visible_if("shift", 0.0), "that is a tuple"),
        (visible_if("color", 0.0), "that is a tuple"),
        (visible_if("metod", "fast"), "no other parameter; did you mean 'method'"),
        (visible_if("late", 1.0), "no other parameter"),
        (visible_if("method"), r"method is \[\]"),
        ({"visible_if": {"method": "best"}}, "method is 'best'; write visible_if"),
        ({"visible_if": "method"}, "has the condition 'method'"),
    ],
)
def test_a_condition_that_can_never_hold_is_refused_with_its_field(condition, said):
    class Conditional(Everything):
        late: float = Field(0.5, description="Comes and goes", json_schema_extra=condition)

    with pytest.raises(PluginError, match="example: parameter late .*" + said):
        check_tool(tool_with(Conditional))
    for good in (visible_if("method", "fast", "best"), visible_if("flag", False), visible_if("count", 1, 9)):

        class Possible(Everything):
            late: float = Field(0.5, description="Comes and goes", json_schema_extra=good)

        check_tool(tool_with(Possible))


def test_what_was_given_in_vain_is_found_and_defaults_are_not():
    tool = tool_with(Everything)
    assert without_effect(tool, {"flag": False, "amount": 0.7}) == ["amount"]
    assert without_effect(tool, {"amount": 0.7}) == without_effect(tool, {"flag": False}) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1 + 0.2, "0.3"),
        (1e-6, "0.000001"),
        (1e6, "1000000"),
        (2**31 - 1, "2,147,483,647"),
        (1024, "1024"),
        (1.0, "1"),
        (True, "on"),
        ([0.1 + 0.2, 1.0], "0.3,1"),
    ],
)
def test_numbers_are_written_as_people_write_them(value, shown):
    assert readable(value) == shown
