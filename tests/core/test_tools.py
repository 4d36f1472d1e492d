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


class Shown(Parameters):
    turn: Angle = Field(90.0, ge=-180, le=180, description="An angle")
    size: float = Field(1.0, description="A size", json_schema_extra=display_hints(low=0.5, high=2, decimals=4))


def test_an_angle_and_hints_on_how_a_number_is_shown_are_in_the_schema():
    tool = tool_with(Shown)
    check_tool(tool)
    properties = describe(tool)["parameters"]["properties"]
    assert (properties["turn"]["format"], properties["turn"]["maximum"]) == ("angle", 180)
    hints = {name: properties["size"][name] for name in ("soft_minimum", "soft_maximum", "decimals")}
    assert hints == {"soft_minimum": 0.5, "soft_maximum": 2, "decimals": 4}


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


@pytest.mark.parametrize("more", [{}, {"ge": 0, "le": 360}, {"ge": -1}])
def test_an_azimuth_of_other_limits_is_refused(more):
    class Odd(Parameters):
        toward: float = Field(0.0, description="A direction", json_schema_extra={"format": "azimuth"}, **more)

    with pytest.raises(PluginError, match="toward has the format azimuth; write light_azimuth: LightAzimuth"):
        check_tool(tool_with(Odd))


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


@pytest.mark.parametrize("kind", [tuple[float, float], tuple[float, float, float], float])
def test_a_point_of_another_type_is_refused(kind):
    class Odd(Parameters):
        corner: kind = Field(0.0, description="A corner", json_schema_extra={"format": "point"})

    with pytest.raises(PluginError, match="corner has the format point; write top_left: Point"):
        check_tool(tool_with(Odd))


@pytest.mark.parametrize("hint", [{"soft_minimum": "0"}, {"soft_maximum": None}, {"decimals": 2.5}, {"decimals": 9}])
def test_hints_that_no_host_can_follow_are_refused(hint):
    class Odd(Parameters):
        size: float = Field(1.0, description="A size", json_schema_extra=hint)

    with pytest.raises(PluginError, match="size has display hints"):
        check_tool(tool_with(Odd))


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
        ({"amuont": 0.5}, "no parameter 'amuont'; did you mean 'amount'\\? choose from amount, color, count"),
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


@pytest.mark.parametrize(
    "condition", [visible_if("method", "fast", "best"), visible_if("flag", False), visible_if("count", 1, 9)]
)
def test_a_condition_that_can_hold_is_accepted(condition):
    class Conditional(Everything):
        late: float = Field(0.5, description="Comes and goes", json_schema_extra=condition)

    check_tool(tool_with(Conditional))


def test_what_0_means_is_for_hosts_to_say():
    class Open(Parameters):
        block_px: int = Field(0, ge=0, le=9, description="A size", json_schema_extra=zero_means("automatic", 5))

    tool = tool_with(Open)
    check_tool(tool)
    schema = describe(tool)["parameters"]["properties"]["block_px"]
    assert (schema["zero"], schema["start"]) == ("automatic", 5)


@pytest.mark.parametrize(
    "field",
    [
        {"default": 1, "ge": 0, "json_schema_extra": zero_means("automatic", 5)},
        {"default": 0, "ge": -1, "json_schema_extra": zero_means("automatic", 5)},
        {"default": 0, "ge": 0, "le": 4, "json_schema_extra": zero_means("automatic", 5)},
        {"default": 0, "ge": 0, "json_schema_extra": {"zero": "automatic"}},
    ],
)
def test_a_meaning_of_0_that_hosts_could_not_show_is_refused(field):
    class Odd(Parameters):
        block_px: int = Field(description="A size", **field)

    with pytest.raises(PluginError, match="block_px means 'automatic' by 0; write Field"):
        check_tool(tool_with(Odd))


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


def test_a_colour_is_shown_as_it_may_be_given():
    assert readable_default(describe(tool_with(Everything))["parameters"]["properties"]["color"]) == "#ff8000"


def test_tools_are_listed_as_artists_want_them_and_those_that_teach_come_last():
    from impasto.plugins.installation import description

    names = [tool["name"] for tool in description()["tools"]]
    generators = ["quilt", "cnn-texture", "torus", "vae", "gan", "conditional-gan", "progressive-gan"]
    assert [name for name in names if name in generators] == generators
    trainers = [name for name in names if name.startswith("train-")]
    assert trainers[:4] == ["train-torus", "train-vae", "train-fast-style", "train-stackgan"]
    assert all(name.endswith("-gan") for name in trainers[4:])


def test_a_rank_that_is_no_number_is_refused():
    tool = tool_with(Everything)
    tool.rank = "first"
    with pytest.raises(PluginError, match="rank"):
        check_tool(tool)
