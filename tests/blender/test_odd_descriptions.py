"""An engine may describe tools that Blender cannot show: only they are left out, and the next start works."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import bpy
import pytest
from drawing import drawn

pytestmark = pytest.mark.any_blender
NUMBER = {"type": "number"}


def parameter(kind: str, default: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "default": default, "description": "A parameter", **more}


def vector(count: int, default: Any, **more: Any) -> dict[str, Any]:
    return parameter("array", default, prefixItems=[NUMBER] * count, **more)


PARAMETERS = {
    "no default": {"type": "integer", "description": "A parameter"},
    "no type": {"default": 1, "description": "A parameter"},
    "type unknown": parameter("complex", 1),
    "a reference": {"$ref": "#/$defs/X", "default": 1, "description": "A parameter"},
    "int default text": parameter("integer", "1"),
    "int default true": parameter("integer", True),
    "int default of 40 bits": parameter("integer", 2**40),
    "int range reversed": parameter("integer", 3, minimum=5, maximum=2),
    "int default outside": parameter("integer", 10, minimum=0, maximum=2),
    "int minimum text": parameter("integer", 1, minimum="0"),
    "float default text": parameter("number", "1"),
    "float default huge": parameter("number", 1e300),
    "float default not a number": parameter("number", float("nan")),
    "float range reversed": parameter("number", 1.0, minimum=2.0, maximum=0.0),
    "decimals 40": parameter("number", 1.0, decimals=40),
    "usual maximum text": parameter("number", 1.0, soft_maximum="2"),
    "bool default text": parameter("boolean", "yes"),
    "text default number": parameter("string", 3),
    "text default with null": parameter("string", "a\0b"),
    "choices empty": parameter("string", "", enum=[]),
    "choices a text": parameter("string", "a", enum="abc"),
    "choices alike": parameter("string", "a", enum=["a", "a"]),
    "choice empty": parameter("string", "", enum=[""]),
    "choices without the default": parameter("string", "b", enum=["a"]),
    "title null": parameter("integer", 1, title=None),
    "description null": parameter("integer", 1) | {"description": None},
    "description with null": parameter("integer", 1) | {"description": "a\0b"},
    "vector of none": vector(0, []),
    "vector of forty": vector(40, [0.0] * 40),
    "vector without items": parameter("array", [1.0, 2.0]),
    "vector default short": vector(3, [0.0]),
    "vector items without a type": parameter("array", [0.0], prefixItems=[{}]),
    "color of two": vector(2, [0.0, 0.0], format="color"),
    "object": parameter("object", {}),
    "azimuth a text": parameter("string", "", format="azimuth"),
    "point of one": vector(1, [0.0], format="point"),
    "format number": parameter("number", 1.0, format=3),
    "for each of nothing": parameter("array", [], for_each="nothing", items=NUMBER, default_of_each=1.0, relative=True),
    "for each without items": parameter("array", [], for_each="style"),
    "for each without its default": parameter("array", [], for_each="style", items=NUMBER),
    "visible if text": parameter("integer", 1, visible_if="always"),
    "visible if another that is not there": parameter("integer", 1, visible_if={"nothing": [1]}),
    "model of a number": parameter("string", "", format="model", model_of=3),
    "class of no model": parameter("string", "", format="class"),
    "sliders of no model": parameter("object", {}, format="sliders", additionalProperties=NUMBER),
}
NAMES = {
    "empty": "",
    "two words": "a b",
    "of Python's": "__class__",
    "with a dot": "a.b",
    "long": "x" * 300,
    "null": "a\0b",
}
INPUT = {
    "name": "mask",
    "description": "",
    "required": False,
    "kind": "maps",
    "many": False,
    "for_each": "",
    "least": 1,
}
TOOLS = {
    **{f"tool {what}": {"name": name} for what, name in (NAMES | {"digit": "3d", "capital": "Odd"}).items()},
    "tool of an odd kind": {"kind": "wizard"},
    "tool of an odd group": {"group": "Wizards"},
    "tool label with null": {"label": "a\0b"},
    "input for each of nothing": {"inputs": [INPUT | {"for_each": "nothing"}]},
    "input of an odd kind": {"inputs": [INPUT | {"kind": "sound"}]},
    "input with an odd name": {"inputs": [INPUT | {"name": "__class__"}]},
}
LEGAL = {
    "longest name": {"p" * 48: parameter("integer", 1)},
    "name beyond ASCII": {"größe": parameter("integer", 1)},
    "reserved name": {"name": parameter("string", ""), "bl_rna": parameter("integer", 1)},
    "largest integer": {"p": parameter("integer", 1, minimum=-(2**31) + 1, maximum=2**31 - 1)},
    "largest float": {"p": parameter("number", -3e38, minimum=-3e38, maximum=3e38)},
    "longest vector": {"p": vector(32, [0.5] * 32)},
    "one choice": {"p": parameter("string", "a", enum=["a"]), "q": parameter("integer", 2, const=2)},
}


def odd_tools(plain: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All odd tools by what is odd about them."""
    of_names = {f"parameter {what}": {name: parameter("integer", 1)} for what, name in NAMES.items()}
    of_parameters = {what: {"odd": schema} for what, schema in PARAMETERS.items()} | of_names
    made = {what: {"parameters": {"properties": schemas}} for what, schemas in of_parameters.items()} | TOOLS
    return {what: {**plain, "name": f"odd-{index}", **more} for index, (what, more) in enumerate(made.items())}


@pytest.fixture
def described(extension, scene) -> Iterator[dict[str, Any]]:
    """The engine's description, which is used again afterwards."""
    good = extension.engine.catalogue.catalogue.description
    yield copy.deepcopy(dict(good))
    extension.jobs.description.use_description(good)


@pytest.fixture
def plain(described) -> dict[str, Any]:
    """A tool with one parameter and no inputs."""
    return next(tool for tool in described["tools"] if tool["name"] == "tint")


def kept(extension) -> Any:
    return extension.engine.engine.user_folder(create=True) / extension.engine.catalogue.KEPT


def start_again(extension) -> None:
    """Use of the cached description at the next start."""
    extension.parameters.properties.unregister()
    extension.engine.catalogue.catalogue.load()
    extension.parameters.properties.register()


def draw_all(extension, scene) -> None:
    """Draw the panel of each tool that the panel has."""
    for tool in extension.tools.lists.tools_of("tool"):
        scene.impasto.tool = tool["name"]
        drawn(bpy.types.IMPASTO_PT_view_3d)


def test_odd_tools_are_left_out_with_an_error_and_a_remedy_and_the_others_stay(extension, scene, described, plain):
    catalogue, good, odd = extension.engine.catalogue.catalogue, described["tools"], odd_tools(plain)
    extension.jobs.description.use_description(described | {"tools": [*good, *odd.values()]})
    assert [tool["name"] for tool in catalogue] == [tool["name"] for tool in good]
    assert len(odd) == len([plugin for plugin in catalogue.plugins if plugin["error"]]) - failed(described)
    draw_all(extension, scene)
    start_again(extension)
    assert [tool["name"] for tool in catalogue] == [tool["name"] for tool in good]
    assert scene.impasto_parameters.tint

    check, errors = extension.core.descriptions.check_description, extension.core.errors
    for tool in odd.values():
        with pytest.raises(errors.PluginError) as refused:
            check(tool)
        assert refused.value.remedy
        assert len(str(refused.value)) < 400


def failed(described: dict[str, Any]) -> int:
    return len([plugin for plugin in described["plugins"] if plugin["error"]])


def test_what_is_extreme_but_legal_is_registered_and_drawn(extension, scene, described, plain):
    legal = [
        {**plain, "name": f"legal-{index}", "parameters": {"properties": schemas}}
        for index, schemas in enumerate(LEGAL.values())
    ]
    legal += [{**plain, "name": "x" * 48, "inputs": [INPUT | {"name": "m" * 48, "many": True}]}]
    extension.jobs.description.use_description(described | {"tools": [*described["tools"], *legal]})
    catalogue = extension.engine.catalogue.catalogue
    assert {tool["name"] for tool in legal} <= {tool["name"] for tool in catalogue}
    for tool in legal:
        scene.impasto.tool = tool["name"]
        drawn(bpy.types.IMPASTO_PT_view_3d)


def unshowable(described: dict[str, Any]) -> dict[str, Any]:
    """A description that passes all checks, and that Blender refuses: a null character in a slider's label."""
    model = copy.deepcopy(next(model for model in described["models"] if model["tool"] == "torus"))
    slider = {"name": "s", "label": "a\0b", "description": "", "low": 0.0, "high": 1.0, "default": 0.0}
    return described | {"models": [*described["models"], model | {"name": "odd", "sliders": [slider]}]}


def test_what_blender_refuses_is_not_kept_and_what_was_there_stays(extension, scene, described):
    before = kept(extension).read_bytes()
    with pytest.raises(extension.core.errors.PluginError, match="Blender cannot show what the engine has"):
        extension.jobs.description.use_description(unshowable(described))
    assert kept(extension).read_bytes() == before
    assert scene.impasto_parameters.torus
    draw_all(extension, scene)


def test_a_start_with_what_blender_refuses_falls_back_to_the_tools_of_the_extension(extension, scene, described):
    saved = json.loads(kept(extension).read_text(encoding="utf-8"))
    kept(extension).write_text(json.dumps(saved | {"description": unshowable(described)}), encoding="utf-8")
    start_again(extension)
    assert not kept(extension).exists()
    assert scene.impasto_parameters.torus
    draw_all(extension, scene)
