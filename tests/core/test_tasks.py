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
    assert [tool.name for tool in registry().tools_for("stylize")][:3] == ["patches-style", "neighbours", "wct"]
    sizes = {tool.name: describe(tool)["preview_px"] for tool in registry().tools_for("stylize")}
    assert {name: size for name, size in sizes.items() if size} == {"wct": 384, "patches-style": 256}


def test_tasks_and_sliders_that_no_host_could_offer_are_refused():
    class Sliding(Parameters):
        sliders: dict[str, float] = sliders_field()

    for change, said in (
        ({"task": "blurring"}, "blur has the task 'blurring'"),
        ({"parameters": Sliding}, "sliders is of a model, and the tool runs none"),
    ):
        with pytest.raises(PluginError, match=said):
            check_tool(type("Odd", (Blur,), change)())


def test_sliders_are_given_by_name_on_the_command_line():
    words = ["generate", USUAL["generate"], "--out", "textures", "--sliders"]
    given = make_parser().parse_args([*words, "contrast=1.5,detail=-1"])
    assert given.parameter_sliders == {"contrast": 1.5, "detail": -1.0}
    with pytest.raises(ParameterError, match="is not NAME=NUMBER"):
        make_parser().parse_args([*words, "contrast"])
    models = {model["name"]: model for model in registry().model_library().catalogue()["models"]}
    slider = models["tiles"]["sliders"][0]
    assert slider.keys() == {"name", "label", "description", "low", "high", "default"}
    assert (slider["low"], slider["high"], slider["default"]) == (-3, 3, 0)
