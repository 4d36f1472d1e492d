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
from conftest import packed_image, png
from drawing import drawn


@pytest.mark.any_blender
def test_a_damaged_record_of_the_engine_or_description_is_not_used(extension, monkeypatch, tmp_path):
    engine, catalogue = extension.engine.engine, extension.engine.catalogue
    good = kept(extension).read_bytes()
    monkeypatch.setattr(engine, "user_folder", lambda create=False: tmp_path)
    for text in ("", "[]", "7", '{"python": 7}', '{"python": ["x"]}', "[" * 5000, '{"python": NaN}'):
        (tmp_path / engine.RECORD).write_text(text)
        assert engine.own_engine.__wrapped__() is None, text
    version = catalogue.catalogue.version
    models = {"tools": [], "plugins": [], "models": [{"name": 7}]}
    for description in ([], {"tools": "x"}, {"tools": [7], "plugins": []}, models):
        (tmp_path / catalogue.KEPT).write_text(json.dumps({"key": catalogue._key(version), "description": description}))
        assert catalogue._read_kept(version) is None, description
    (tmp_path / catalogue.KEPT).write_bytes(good)
    assert catalogue._read_kept(version) is not None


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


def test_a_picture_whose_text_is_damaged_holds_no_recipe(extension, scene, tmp_path: Path):
    path, data = tmp_path / "odd.png", png(np.zeros((4, 4, 4), np.uint8))
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


TABLES = json.loads((Path(__file__).parent / "tampered.json").read_text(encoding="utf-8"))
TAMPERED: dict[str, object] = {
    **TABLES["texts"],
    **{what: json.dumps({**WHOLE, **fields}) for what, fields in TABLES["fields"].items()},
    **{what: with_parameters(**parameters) for what, parameters in TABLES["parameters"].items()},
    **{what: json.dumps({"steps": [{**WHOLE["steps"][0], "mask": mask}]}) for what, mask in TABLES["masks"].items()},
    "deep": "[" * 5000 + "]" * 5000,
    "long": "9" * 5000,
    "deep parameter": with_parameters(width_px=1).replace("1", "[" * 900 + "]" * 900, 1),
    "a number of 400 digits": with_parameters(joint_depth=10**400),
    "many unknown": with_parameters(**{f"unknown_{index}": 1 for index in range(50_000)}),
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
    extension.bridge.replaced.keep([image])
    extension.bridge.replaced.note(image)
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
    "restore_settings": {"entry": "IMAGE:wall_base_color"},
    "edit_layers": {"image": "wall_base_color", "material": ""},
    "rerun": {"image": "wall_base_color"},
    "generate_asset": {"material": "wall", "size_px": 64},
    "continue_larger": {"image": "wall_base_color"},
    "bake": {"maps": {"base_color"}, "samples": 1},
}
READ = ("a list", "null", "deep", "baked of nothing", "made with")
"""Those that matter to an operator that reads no more than the record."""


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_tampered_recipe_is_refused_whole(made, extension, capfd, operator):
    material = bpy.data.materials["wall"]
    wrong = []
    if operator == "bake":
        extension.jobs.session.jobs.close()  # so that it starts no Blender
    for what in READ if operator == "bake" else TAMPERED:
        text = TAMPERED[what]
        made["impasto_recipe"] = material["impasto_recipe"] = text
        extension.history.entries.forget()
        made["impasto_baked"] = text
        before = state(material)
        try:
            result = getattr(bpy.ops.impasto, operator)(**OPERATORS[operator])
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


LEGAL = json.loads((Path(__file__).parent / "legal_descriptions.json").read_text(encoding="utf-8"))
"""Parameters and an input that are extreme but legal."""


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


def test_extreme_but_valid_parameters_are_registered_and_drawn(extension, scene, described, plain):
    schemas = enumerate(LEGAL["legal"].values())
    legal = [{**plain, "name": f"legal-{index}", "parameters": {"properties": schema}} for index, schema in schemas]
    legal += [{**plain, "name": "x" * 48, "inputs": [LEGAL["input"] | {"name": "m" * 48, "many": True}]}]
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


def test_descriptions_that_blender_refuses_leave_the_old_one(extension, scene, described):
    before = kept(extension).read_bytes()
    with pytest.raises(extension.core.errors.PluginError, match="Blender cannot show what the engine has"):
        extension.jobs.description.use_description(unshowable(described))
    assert kept(extension).read_bytes() == before
    assert scene.impasto_parameters.torus
    draw_all(extension, scene)


def test_refused_descriptions_fall_back_to_the_extensions_tools(extension, scene, described):
    saved = json.loads(kept(extension).read_text(encoding="utf-8"))
    kept(extension).write_text(json.dumps(saved | {"description": unshowable(described)}), encoding="utf-8")
    start_again(extension)
    assert not kept(extension).exists()
    assert scene.impasto_parameters.torus
    draw_all(extension, scene)
