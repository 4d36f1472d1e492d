"""Recipes that somebody changed by hand: each operator says what is wrong, and changes nothing."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest
from conftest import packed_image

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
}
"""Those that an operator may take, since it sets what is wrong itself; for all others `TAKEN`."""
TAKEN = ("an input's path", "a huge width")


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
