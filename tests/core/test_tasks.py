"""Tasks: hosts ask for the tool that does one, and know no tool by its name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from impasto.cli.main import make_parser
from impasto.errors import ParameterError, PluginError
from impasto.plugins.checks import check_tool
from impasto.plugins.registry import registry
from impasto.tools import TASKS, Filter, Parameters, describe, sliders_field

ROOT = Path(__file__).parents[2]
HOSTS = ("core/impasto/cli", "blender_addon")
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


def literals(file: Path) -> Iterator[str]:
    """The texts of a module that are no docstrings."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


@pytest.mark.parametrize("folder", HOSTS)
def test_hosts_know_no_tool_and_no_matcher_by_its_name(folder):
    own = [plugin.tools for plugin in registry().plugins if plugin.distribution == "impasto"]
    names = "|".join(re.escape(name) for tools in own for name in tools)
    named = re.compile(rf"(?<![\w-])({names})(?![\w-])")
    presets = ROOT / folder / "shipped" / "presets"  # in a folder for each tool
    files = [path for path in sorted((ROOT / folder).rglob("*.py")) if not path.is_relative_to(presets)]
    assert len(files) > 10
    texts = ((file, text) for file in files for text in literals(file) if text not in TASKS)
    found = [f"{file.name}: {text}" for file, text in texts if named.search(text) or text in registry().matchers]
    assert found == []


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
