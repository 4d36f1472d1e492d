"""A source is turned, cut and made smaller before the tool sees it: in the panel and for scripts, as a step."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from conftest import png


def color_of(material):
    return material.node_tree.nodes["Impasto Base Color"].image


@pytest.fixture
def recipe_of(extension):
    return extension.bridge.images.recipe_of


@pytest.fixture
def photo(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "photo.png"
    path.write_bytes(png(rng.integers(0, 255, (60, 80, 3), np.uint8)))
    return path


def test_scripts_prepare_the_source(plane, photo, recipe_of):
    given = {"source": str(photo), "width_m": 2.0, "source_crop": (0, 0, 0.75, 1), "source_scale": 0.5}
    assert bpy.ops.impasto.run(tool="quilt", estimator="none", **given) == {"FINISHED"}
    image = color_of(plane.active_material)
    assert tuple(image.size) == (30, 30)
    first = recipe_of(image).steps[0]
    assert (first.tool, first.parameters) == ("transform", {"rotate": 0, "crop": [0, 0, 0.75, 1], "scale": 0.5})
    assert "1.5" in plane.active_material.node_tree.nodes["Impasto Mapping"].label


def test_the_panel_prepares_the_source_and_make_again_does_so_too(plane, scene, photo, recipe_of):
    settings = scene.impasto
    settings.tool, settings.source_kind, settings.filepath = "quilt", "FILE", str(photo)
    settings.estimator = "none"
    settings.source_rotate, settings.source_scale = math.radians(90), 0.7
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    image = color_of(plane.active_material)
    assert tuple(image.size) == (42, 56)
    assert recipe_of(image).steps[0].parameters == {"rotate": 90, "crop": [0, 0, 1, 1], "scale": 0.7}
    settings.source_rotate, settings.source_scale = 0, 1
    assert bpy.ops.impasto.generate() == {"FINISHED"}
    assert [step.tool for step in recipe_of(color_of(plane.active_material)).steps] == ["quilt"]
