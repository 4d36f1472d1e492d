"""Tools as plugins declare them: parameters, inputs, groups and tasks that are accepted or refused, and `validate`."""

import argparse
import json
import math
from typing import Annotated, Literal

import numpy as np
import pytest
from cases import CASES, each_case

from impasto import Maps, Step, Tool
from impasto.cli.main import make_parser
from impasto.cli.options import add_parameters, given_parameters
from impasto.declarations import check_tool
from impasto.descriptions import GROUPS
from impasto.errors import ParameterError, PluginError
from impasto.plugins.registry import registry
from impasto.running.inputs import check_inputs, values_of, with_numbers_for_each
from impasto.schemas import limits_of, readable, readable_default
from impasto.tools import (
    TASKS,
    UNKNOWN_AZIMUTH,
    Angle,
    Color,
    Estimator,
    Field,
    Filter,
    Generator,
    Input,
    LightAzimuth,
    Parameters,
    Point,
    Stylizer,
    Trainer,
    by_group,
    describe,
    display_hints,
    for_each,
    sliders_field,
    validate,
    visible_if,
    without_effect,
    zero_means,
)


def made(kind: type[Tool], **attributes: object) -> Tool:
    """A tool of a kind, as a third party's plugin declares it."""
    texts = {"name": "example", "label": "Example", "description": "An example"}
    return type("Example", (kind,), {**texts, **attributes, "apply": lambda *_: None})()


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
    tool = made(Filter, parameters=Everything)
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
    (int, {"default": 0, "ge": 0, "le": 4, "json_schema_extra": AUTOMATIC}, "odd means 'automatic' by 0"),
    (int, {"default": 0, "ge": 0, "json_schema_extra": {"zero": "automatic"}}, "odd means 'automatic' by 0"),
    (float, {"default": 1.0, "json_schema_extra": {"soft_minimum": "0"}}, "odd has display hints"),
    (float, {"default": 1.0, "json_schema_extra": {"decimals": 2.5}}, "odd has display hints"),
    (float, {"default": 0.0, "json_schema_extra": AZIMUTH}, "odd has the format azimuth; write light_azimuth"),
    (float, {"default": 0.0, "ge": 0, "le": 360, "json_schema_extra": AZIMUTH}, "odd has the format azimuth"),
    (float, {"default": 0.0, "json_schema_extra": POINT}, "odd has the format point; write top_left: Point"),
    (int, {"default": 5, "le": 2}, "odd has the default 5; it can be any integer"),
    (int, {"default": "1"}, "odd has the default '1'"),
    (float, {"default": math.nan}, "odd has the default nan"),
    (float, {"default": 1e300}, "odd does not fit in 32 bits"),
    (Literal["a", "b"], {"default": "c"}, "odd has the default 'c'; it can be a, b"),
    (Literal["", "b"], {"default": "b"}, "odd has the choices"),
    (str, {"default": "a\0b"}, "null character"),
    (tuple[(float,) * 40], {"default": (0.0,) * 40}, "odd is a list"),
    (tuple[float, float], {"default": (0.0,)}, "odd has the default"),
    (tuple[float, float], {"default": (0.0, 0.0), "json_schema_extra": {"format": "color"}}, "write color: Color"),
    (dict[str, float], {"default": {}}, "a type that hosts cannot draw"),
    (str, {"default": "", "json_schema_extra": {"format": "class"}}, "odd is of a model, and the tool runs none"),
]


@pytest.mark.parametrize(("kind", "field", "said"), REFUSED)
def test_parameters_that_hosts_cannot_draw_are_refused(kind, field, said):
    class Odd(Parameters):
        odd: kind = Field(**{"description": "Odd", **field})

    with pytest.raises(PluginError, match=said):
        check_tool(made(Filter, parameters=Odd))


class Lit(Parameters):
    light_azimuth: LightAzimuth = Field(UNKNOWN_AZIMUTH, description="Where the light comes from")


class Placed(Parameters):
    top_left: Point = Field((0.1, 0.2), description="A corner")


@pytest.mark.parametrize(
    ("kind", "name", "about", "good", "wrong", "said"),
    [
        (Lit, "light_azimuth", ("azimuth", "-1 to 360", -1), 270, 361, "less than or equal to 360"),
        (
            Placed,
            "top_left",
            ("point", "-1 to 2", [0.1, 0.2]),
            (-0.1, 1.2),
            (0.5, 3),
            "top_left Y got 3: input should be less than",
        ),
    ],
)
def test_an_azimuth_is_unknown_or_within_a_turn_and_a_point_not_too_far_outside(kind, name, about, good, wrong, said):
    tool = made(Filter, parameters=kind)
    check_tool(tool)
    schema = describe(tool)["parameters"]["properties"][name]
    assert (schema["format"], limits_of(schema), schema["default"]) == about
    assert getattr(validate(tool, {name: good}), name) == good
    with pytest.raises(ParameterError, match=said):
        validate(tool, {name: wrong})


def test_a_point_is_two_numbers_on_the_command_line_also_negative_ones():
    tool, parser = made(Filter, parameters=Placed), argparse.ArgumentParser()
    add_parameters(parser, tool)
    assert given_parameters(parser.parse_args(["--top-left", "-0.1", "0.25"]), tool) == {"top_left": [-0.1, 0.25]}
    assert "--top-left X Y A corner (-1 to 2, default: 0.1,0.2)" in " ".join(parser.format_help().split())


@each_case("wrong-parameters")
def test_a_wrong_parameter_is_named_with_its_value(given, said):
    with pytest.raises(ParameterError, match=said):
        validate(made(Filter, parameters=Everything), given)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (visible_if("method", "bets"), "method is 'bets', which it can never be; method can be fast, best"),
        (visible_if("flag", 1), "which it can never be; flag can be True, False"),
        (visible_if("count", 10), "count is 10, which it can never be; count can be any integer from 1 to 9"),
        (visible_if("method", ("fast", "best")), "which it can never be"),
        (visible_if("shift", 0.0), "that is a tuple"),
        (visible_if("metod", "fast"), "no other parameter; did you mean 'method'"),
        (visible_if("method"), r"method is \[\]"),
        ({"visible_if": {"method": "best"}}, "method is 'best'; write visible_if"),
    ],
)
def test_a_condition_that_can_never_hold_is_refused_with_its_field(condition, said):
    class Conditional(Everything):
        late: float = Field(0.5, description="Comes and goes", json_schema_extra=condition)

    with pytest.raises(PluginError, match="example: parameter late .*" + said):
        check_tool(made(Filter, parameters=Conditional))
    for good in (visible_if("method", "fast", "best"), visible_if("flag", False), visible_if("count", 1, 9)):

        class Possible(Everything):
            late: float = Field(0.5, description="Comes and goes", json_schema_extra=good)

        check_tool(made(Filter, parameters=Possible))


def test_unused_parameters_are_found_unless_they_are_defaults():
    tool = made(Filter, parameters=Everything)
    assert without_effect(tool, {"flag": False, "amount": 0.7}) == ["amount"]
    assert without_effect(tool, {"amount": 0.7}) == without_effect(tool, {"flag": False}) == []


def test_numbers_are_written_as_people_write_them():
    values = (0.1 + 0.2, 1e-6, 1e6, 2**31 - 1, 1024, 1.0, True, [0.1 + 0.2, 1.0])
    shown = ["0.3", "0.000001", "1000000", "2,147,483,647", "1024", "1", "on", "0.3,1"]
    assert [readable(value) for value in values] == shown


@pytest.mark.parametrize(
    ("kind", "group"),
    [(Generator, "Make"), (Filter, "Finish"), (Estimator, "Maps"), (Stylizer, "Style"), (Trainer, "Train")],
)
def test_a_tool_that_names_no_group_has_that_of_its_kind(kind, group):
    tool = made(kind)
    check_tool(tool)
    assert describe(tool)["group"] == group


def test_tools_of_a_group_are_in_order_with_each_subgroup_in_one_piece():
    tools = [
        made(Generator, name=name, subgroup=subgroup, rank=rank)
        for name, subgroup, rank in (
            ("oak", "Wood", 40),
            ("last", "From a photo", 90),
            ("brick", "Masonry", 40),
            ("first", "From a photo", 10),
            ("ash", "Wood", 40),
        )
    ]
    listed = by_group([*tools, made(Filter, name="fill", group="Repair")])
    assert [tool.name for tool in listed["Make"]] == ["first", "last", "brick", "ash", "oak"]
    assert list(listed) == ["Make", "Repair"]


def test_the_command_and_what_hosts_see_list_every_tool_below_its_group(impasto):
    described = json.loads(impasto("tools", "--json").stdout)["tools"]
    groups = [tool["group"] for tool in described]
    assert list(dict.fromkeys(groups)) == list(GROUPS), "a group is in one piece, and none is empty"
    assert groups == sorted(groups, key=list(GROUPS).index)
    wanted = {"lens": "Prepare", "quilt": "Make", "inpaint": "Repair", "photometric-stereo": "Maps", "tint": "Finish"}
    assert wanted.items() <= {tool["name"]: tool["group"] for tool in described}.items()
    lines = impasto("tools").stdout.splitlines()
    headings = [line.partition(":")[0] for line in lines if not line.startswith(" ")]
    assert headings == list(GROUPS)
    assert [line.split()[0] for line in lines if line.startswith("    ")] == [tool["name"] for tool in described]


def test_the_tool_of_the_lowest_rank_does_a_task_unless_another_is_chosen():
    assert {task: tools[0].name for task in TASKS if (tools := registry().tools_for(task))} == CASES["usual-tools"]
    assert [tool.name for tool in registry().tools_for("stylize")][:3] == ["patches-style", "neighbours", "wct"]
    sizes = {tool.name: describe(tool)["preview_px"] for tool in registry().tools_for("stylize")}
    assert {name: size for name, size in sizes.items() if size} == {"wct": 384, "patches-style": 256}


class Sliding(Parameters):
    sliders: dict[str, float] = sliders_field()


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        *(({"name": name}, "hyphens") for name in ("With Space", "camelCase", "under_score", "", "-x")),
        *(({"name": name}, "hyphens") for name in ("__class__", "a.b", "a\0b", "3d", "x" * 49)),
        ({"inputs": (Input("__class__", ""),)}, "input called '__class__'"),
        ({"inputs": (Input("mask", "", kind="sound"),)}, "mask has the kind 'sound'"),
        ({"label": "a\0b"}, "null character"),
        ({"group": "Mend"}, r"example has the group 'Mend'.*use one of Prepare, Make, Repair"),
        ({"subgroup": 3}, "has no subgroup"),
        ({"task": "blurring"}, "example has the task 'blurring'"),
        ({"parameters": Sliding}, "sliders is of a model, and the tool runs none"),
        ({"rank": "first"}, "rank"),
        ({"inputs": (Input("object", "", kind="mesh"),)}, "mesh"),
    ],
)
def test_a_declaration_that_no_host_could_follow_is_refused(declared, said):
    with pytest.raises(PluginError, match=said):
        check_tool(made(Filter, **declared))


def test_sliders_are_given_by_name_on_the_command_line():
    words = ["generate", CASES["usual-tools"]["generate"], "--out", "textures", "--sliders"]
    given = make_parser().parse_args([*words, "contrast=1.5,detail=-1"])
    assert given.parameter_sliders == {"contrast": 1.5, "detail": -1.0}
    with pytest.raises(ParameterError, match="is not NAME=NUMBER"):
        make_parser().parse_args([*words, "contrast"])
    models = {model["name"]: model for model in registry().model_library().catalogue()["models"]}
    slider = models["tiles"]["sliders"][0]
    assert slider.keys() == {"name", "label", "description", "low", "high", "default"}
    assert (slider["low"], slider["high"], slider["default"]) == (-3, 3, 0)


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


def test_many_valued_inputs_are_tuples_with_defaults():
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


@each_case("values-that-fit-nowhere")
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
