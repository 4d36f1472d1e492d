"""Files, recipes, descriptions that others wrote or damaged never stop the extension: it says what is wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from conftest import packed_image
from drawing import drawn

DAMAGED = ["", "[]", "7", '{"python": 7}', '{"python": ["x"]}', "[" * 5000, '{"python": NaN}']
DESCRIPTIONS = [
    [],
    {"tools": "x"},
    {"tools": [7], "plugins": []},
    {"tools": [], "plugins": [], "models": [{"name": 7}]},
]


@pytest.mark.any_blender
@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_record_of_the_engine_is_none(extension, text):
    record = extension.engine.engine.user_folder(create=True) / extension.engine.engine.RECORD
    before = record.read_bytes() if record.exists() else None
    try:
        record.write_text(text)
        assert extension.engine.engine._Record().engine is None
    finally:
        record.unlink()
        if before is not None:
            record.write_bytes(before)


@pytest.mark.any_blender
@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_a_damaged_description_is_not_used(extension, description):
    catalogue = extension.engine.catalogue
    kept = extension.engine.engine.user_folder(create=True) / catalogue.KEPT
    before = kept.read_bytes()
    try:
        key = catalogue._key(catalogue.catalogue.version)
        kept.write_text(json.dumps({"key": key, "description": description}))
        assert catalogue._read_kept(catalogue.catalogue.version) is None
        kept.write_bytes(before)
        assert catalogue._read_kept(catalogue.catalogue.version) is not None
    finally:
        kept.write_bytes(before)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "..", "a\0b", "x" * 3000])
def test_a_recipe_never_reads_outside_of_its_folder(extension, scene, tmp_path, name):
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "below").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "below" / "a.blend"))
    image = bpy.data.images.new("made", 4, 4)
    about = {"steps": [{"tool": "quilt"}], "inputs": {"source": {"name": name, "sha256": "0"}}}
    image[extension.bridge.images.RECIPE] = json.dumps(about)
    recipe = extension.bridge.images.recipe_of(image)
    with pytest.raises(extension.bridge.recipe_inputs.FileError, match="neither an image"):
        extension.bridge.recipe_inputs.inputs_of(recipe, image)


@pytest.mark.any_blender
@pytest.mark.parametrize("text", ["[]", "{", '{"steps": [7]}', '{"steps": [{"tool": 7}]}', "9" * 5000])
def test_a_damaged_recipe_is_refused_in_a_sentence(extension, scene, text):
    image = bpy.data.images.new("made", 4, 4)
    image[extension.bridge.images.RECIPE] = text
    with pytest.raises(extension.bridge.recipe_inputs.FileError.__base__) as caught:
        extension.bridge.images.recipe_of(image)
    assert len(str(caught.value)) < 300


def test_a_picture_whose_text_is_damaged_holds_no_recipe(extension, scene, tmp_path: Path):
    path = tmp_path / "odd.png"
    pixels = np.zeros(4 * 4 * 4, np.float32)
    image = bpy.data.images.new("odd", 4, 4)
    image.pixels.foreach_set(pixels)
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    data = path.read_bytes()
    for text in (b"[1]", b"{", b"\xff"):
        body = b"iTXtimpasto\0\0\0\0\0" + text
        path.write_bytes(data[:33] + len(body[4:]).to_bytes(4, "big") + body + bytes(4) + data[33:])
        loaded = bpy.data.images.load(str(path))
        with pytest.raises(extension.bridge.recipe_inputs.FileError):
            extension.bridge.images.recipe_of(loaded)
        bpy.data.images.remove(loaded)


WHOLE = {"steps": [{"tool": "bricks", "parameters": {"width_px": 16, "height_px": 16}}], "seed": 1}


def with_parameters(**parameters: object) -> str:
    step = {**WHOLE["steps"][0], "parameters": {**WHOLE["steps"][0]["parameters"], **parameters}}
    return json.dumps({**WHOLE, "steps": [step]})


TAMPERED: dict[str, object] = {
    "no text": 5,
    "a list": [1.0, 2.0],
    "a group": {"steps": 1},
    "no JSON": "{",
    "a list in JSON": "[]",
    "null": "null",
    "no steps": '{"steps": []}',
    "a step of text": '{"steps": ["bricks"]}',
    "deep": "[" * 5000 + "]" * 5000,
    "deep parameter": with_parameters(width_px=1).replace("1", "[" * 900 + "]" * 900, 1),
    "NaN": with_parameters(joint_depth=0).replace('"joint_depth": 0', '"joint_depth": NaN'),
    "a number of 400 digits": with_parameters(joint_depth=10**400),
    "unknown tool": '{"steps": [{"tool": "nothing"}]}',
    "trainer": '{"steps": [{"tool": "train-texture"}]}',
    "a number for a text": with_parameters(bond=5),
    "a list for a text": with_parameters(bond=[1, 2]),
    "text for a size": with_parameters(width_px="x"),
    "a huge size": with_parameters(width_px=10**30),
    "a list for a size": with_parameters(height_px=[1, 2]),
    "a list for a number": with_parameters(joint_depth=[1, 2]),
    "text for a number": with_parameters(width_m="x"),
    "a huge number": with_parameters(width_m=1e300),
    "a short colour": with_parameters(color=[1.0]),
    "text for a colour": with_parameters(color="red"),
    "an object for a number": with_parameters(joint_depth={"a": 1}),
    "a boolean for a size": with_parameters(width_px=True),
    "many unknown": with_parameters(**{f"unknown_{index}": 1 for index in range(50_000)}),
    "baked of nothing": '{"steps": [{"tool": "bake"}]}',
    "baked of a list": '{"steps": [{"tool": "bake", "parameters": {"object": [1, 2]}}]}',
    "baked later": '{"steps": [{"tool": "bricks"}, {"tool": "bake"}]}',
    "a mask of no image": json.dumps({"steps": [{**WHOLE["steps"][0], "mask": {"kind": "image", "input": "gone"}}]}),
    "a mask of no map": json.dumps({"steps": [{**WHOLE["steps"][0], "mask": {"kind": "noise", "maps": ["gone"]}}]}),
    "a mask of text": '{"steps": [{"tool": "bricks", "mask": "x"}]}',
    "inputs of a tool": '{"steps": [{"tool": "bricks", "inputs": {"style": 5}}]}',
    "inputs": '{"steps": [{"tool": "bricks"}], "inputs": {"source": {"name": 5, "sha256": ""}}}',
    "an input's path": json.dumps({**WHOLE, "inputs": {"source": {"name": "a\0b", "sha256": "0"}}}),
    "a huge width": json.dumps({**WHOLE, "inputs": {"source": {"name": "a", "sha256": "0", "width_m": 1e300}}}),
    "made with": json.dumps({**WHOLE, "made_with": {"models": [1]}}),
}
HARMLESS = {
    "generate_asset": ("text for a size", "a huge size", "a list for a size", "a boolean for a size"),
    "rerun": ("a boolean for a size",),
    "restore_settings": ("a mask of no map",),
}
"""Those that an operator may take, since it sets what is wrong itself; for all others `TAKEN`."""
TAKEN = ("an input's path", "a huge width", "a mask of no image")


@pytest.fixture
def made(plane, extension):
    """A material with layers whose image has a recipe; the Impasto panel is set to something else."""
    material = extension.bridge.materials.new("wall")
    plane.active_material = material
    image = packed_image("wall_base_color", np.full((8, 8, 3), 90, np.uint8))
    extension.bridge.materials.apply_maps(material, {"base_color": image}, extension.bridge.materials.Look())
    bpy.ops.impasto.edit_layers(material="wall", recipe=json.dumps(WHOLE))
    extension.bridge.recent.keep([image])
    extension.bridge.recent.note(image)
    scene = bpy.context.scene
    scene.impasto.tool = "checker"
    scene.impasto_bake.width_px = scene.impasto_bake.height_px = 8
    return image


def state(material: bpy.types.Material) -> list:
    """All that an operator could have changed."""
    owners = [material.impasto_layers, *material.impasto_layers.layers, bpy.context.scene.impasto]
    values = [
        (prop.identifier, str(getattr(owner, prop.identifier)))
        for owner in owners
        for prop in owner.bl_rna.properties
        if prop.type not in ("COLLECTION", "POINTER")
    ]
    groups = [layer.parameters for layer in material.impasto_layers.layers if hasattr(layer, "parameters")]
    return [values, [str(group.to_dict()) for group in groups], sorted(bpy.data.materials.keys())]


OPERATORS = {
    "restore_settings": lambda image, text: {"entry": f"IMAGE:{image.name}"},
    "edit_layers": lambda image, text: {"image": image.name, "material": ""},
    "rerun": lambda image, text: {"image": image.name},
    "generate_asset": lambda image, text: {"material": "wall"},
    "continue_larger": lambda image, text: {"image": image.name},
    "bake": lambda image, text: {"maps": {"base_color"}, "samples": 1},
}


READ = ("no text", "a list", "a group", "null", "deep", "many unknown", "baked of nothing", "made with")
"""Those that matter to an operator that reads no more than the record."""


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_tampered_recipe_is_refused_whole(made, extension, capfd, operator):
    material = bpy.data.materials["wall"]
    wrong = []
    for what in READ if operator == "bake" else TAMPERED:
        text = TAMPERED[what]
        made["impasto_recipe"] = material["impasto_recipe"] = text
        extension.history.entries.forget()
        made["impasto_baked"] = text
        before = state(material)
        try:
            result = getattr(bpy.ops.impasto, operator)(**OPERATORS[operator](made, text))
        except RuntimeError as error:
            result = str(error)
        printed = capfd.readouterr().err
        is_refused = isinstance(result, str) and ";" in result and "(a bug" not in result and "Traceback" not in result
        is_taken = what in (*TAKEN, *HARMLESS.get(operator, ()))
        is_right = result == {"FINISHED"} if operator == "bake" else is_refused or is_taken
        changed = state(material) != before and result != {"FINISHED"}
        if not is_right or "Traceback" in printed or changed:
            wrong.append((what, result if isinstance(result, set) else result[-300:], changed, printed[-200:]))
    assert not wrong, "\n".join(map(str, wrong))


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
