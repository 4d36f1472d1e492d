"""Kinds of style in the panel: thumbnails of all of them, a click that takes one, and settings left to the stylizer."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest
from conftest import packed_image
from drawing import drawn
from styling import recipe_of, settle

KINDS = ["none", "oil", "pointillism", "ink", "watercolor", "print", "gold", "pencil"]


@pytest.fixture
def painting(scene) -> bpy.types.Image:
    """A picture of soft spots."""
    spots = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    return packed_image("spots.png", spots.repeat(4, 0).repeat(4, 1))


@pytest.fixture
def patches(scene, image, painting):
    """The panel, set to the stylizer that knows kinds, with a picture and a style."""
    settings = scene.impasto_style
    settings.tool, settings.subject, settings.image = "patches-style", "IMAGE", image
    group = scene.impasto_parameters.patches_style
    group.input_style, group.quality = painting, "quick"
    return group


@pytest.mark.slow
@pytest.mark.any_blender
def test_all_kinds_are_shown_and_one_is_taken(extension, scene, patches):
    assert not bpy.ops.impasto.pick_style_kind.poll()
    assert bpy.ops.impasto.style_kinds() == {"FINISHED"}
    settle(extension.jobs.session.jobs)
    pictures = extension.stylize.kinds.kind_thumbnails(bpy.context)
    assert list(pictures) == KINDS
    assert {picture.shape for picture in pictures.values()} == {(32, 48, 3)}
    assert (pictures["none"] == pictures["oil"]).all(), "they differ by relief only"
    assert (pictures["none"] != pictures["ink"]).any()
    assert bpy.ops.impasto.pick_style_kind(kind="ink") == {"FINISHED"}
    assert patches.kind == "ink"
    shown = drawn(bpy.types.IMPASTO_PT_style_view_3d)
    assert [button.kind for button in shown.operators("impasto.pick_style_kind")] == KINDS
    scene.impasto_style.tool = "flat"
    assert not extension.stylize.kinds.kind_thumbnails(bpy.context)
    with pytest.raises(RuntimeError, match="this stylizer has no settings for kinds of style"):
        bpy.ops.impasto.style_kinds()
    assert not drawn(bpy.types.IMPASTO_PT_style_view_3d).operators("impasto.style_kinds")


@pytest.mark.any_blender
def test_only_what_was_set_is_told_and_the_kind_chooses_the_rest(extension, scene, patches):
    patches.kind, patches.preservation = "ink", 1.0
    request = extension.stylize.request.from_scene(bpy.context)
    assert {name: request.parameters[name] for name in ("kind", "preservation", "quality")} == {
        "kind": "ink",
        "preservation": 1.0,
        "quality": "quick",
    }
    assert "detail" not in request.parameters
    assert bpy.ops.impasto.stylize(name="inked") == {"FINISHED"}
    settle(extension.jobs.session.jobs)
    (step,) = recipe_of(bpy.data.images["inked"])["steps"]
    assert (step["parameters"]["kind"], step["parameters"]["preservation"]) == ("ink", 1.0)
    assert step["parameters"]["detail"] > 1


@pytest.mark.any_blender
@pytest.mark.parametrize(("kind", "stands_out"), [("oil", True), ("ink", False)])
def test_strokes_of_oil_stand_out_of_a_material(extension, scene, painting, material, plane, kind, stands_out):
    given = json.dumps({"kind": kind, "quality": "quick"})
    bpy.ops.impasto.stylize(tool="patches-style", surface=material.name, style="spots.png", parameters=given)
    settle(extension.jobs.session.jobs)
    assert plane.active_material != material
    shader = plane.active_material.node_tree.nodes["Principled BSDF"]
    assert shader.inputs["Normal"].is_linked == stands_out
