"""Tasks: hosts ask for the tool that does one, and know no tool by its name."""

import pytest

from impasto.cli.main import make_parser
from impasto.errors import ParameterError, PluginError
from impasto.plugins.checks import check_tool
from impasto.plugins.registry import registry
from impasto.tools import TASKS, Filter, Parameters, describe, sliders_field

USUAL = {
    "seamless": "quilt",
    "generate": "torus",
    "maps": "photo-maps",
    "stereo": "photometric-stereo",
    "stylize": "patches-style",
    "train": "train-torus",
    "prepare": "transform",
    "straighten": "straighten",
    "scale": "real-scale",
    "fill": "inpaint",
    "landmarks": "find-landmarks",
    "mend": "mend-tiling",
    "extend": "extend",
    "endless": "histogram-blending",
}


class Blur(Filter):
    name, label, description = "blur", "Blur", "Blurs"

    def apply(self, subject, parameters, inputs, context):
        return subject


def test_the_tool_of_the_lowest_rank_does_a_task_unless_another_is_chosen():
    assert {task: tools[0].name for task in TASKS if (tools := registry().tools_for(task))} == USUAL
    assert [tool.name for tool in registry().tools_for("stylize")][:4] == [
        "patches-style",
        "neighbours",
        "wct",
        "gatys",
    ]


def test_a_task_that_no_host_knows_is_refused():
    blur = Blur()
    blur.task = "blurring"
    with pytest.raises(PluginError, match="blur has the task 'blurring'"):
        check_tool(blur)


def test_stylizers_that_are_fast_enough_for_previews_say_how_large():
    sizes = {tool.name: describe(tool)["preview_px"] for tool in registry().tools_for("stylize")}
    assert {name: size for name, size in sizes.items() if size} == {"wct": 384, "patches-style": 256}


def test_sliders_are_given_by_name_on_the_command_line():
    words = ["generate", USUAL["generate"], "--out", "textures", "--sliders"]
    given = make_parser().parse_args([*words, "contrast=1.5,detail=-1"])
    assert given.parameter_sliders == {"contrast": 1.5, "detail": -1.0}
    with pytest.raises(ParameterError, match="is not NAME=NUMBER"):
        make_parser().parse_args([*words, "contrast"])


def test_the_catalogue_says_all_that_a_host_needs_to_draw_a_models_sliders():
    models = {model["name"]: model for model in registry().model_library().catalogue()["models"]}
    slider = models["tiles"]["sliders"][0]
    assert slider == {
        "name": slider["name"],
        "label": slider["name"].capitalize(),
        "description": "",
        "low": -3.0,
        "high": 3.0,
        "default": 0.0,
    }


def test_what_belongs_to_a_model_needs_one():
    class Sliding(Parameters):
        sliders: dict[str, float] = sliders_field()

    blur = Blur()
    blur.parameters = Sliding
    with pytest.raises(PluginError, match="sliders is of a model, and the tool runs none"):
        check_tool(blur)
