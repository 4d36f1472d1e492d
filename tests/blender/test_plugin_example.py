"""The example in docs/how-to/plugins.md, exactly as printed, is found by the extension and runs in Blender."""

from __future__ import annotations

import os
import re
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import pixels_of
from drawing import drawn

import install

pytestmark = pytest.mark.any_blender
GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "plugins.md"
ENGINE = os.environ.get("IMPASTO_ENGINE", "")


@pytest.fixture(scope="module")
def engine_with_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An engine of its own, with the two files that the guide prints installed into it."""
    folder = tmp_path_factory.mktemp("example")
    blocks = dict(reversed(re.findall(r"```(toml|python)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)))
    (folder / "pyproject.toml").write_text(blocks["toml"], encoding="utf-8")
    (folder / "impasto_posterize.py").write_text(blocks["python"], encoding="utf-8")
    python = install.make_engine(Path(ENGINE), tmp_path_factory.mktemp("engine") / "venv")
    install.install_into(install.site_packages(python), folder)
    return python


@pytest.fixture(scope="module")
def tools_of_example(extension, engine_with_example):
    """The extension has asked that engine for its tools; after these tests it has the session's again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_ENGINE", str(engine_with_example))
        bpy.ops.impasto.refresh_tools()
    yield
    bpy.ops.impasto.refresh_tools()


@pytest.fixture
def example(tools_of_example, scene, monkeypatch, engine_with_example):
    """The scene, with that engine."""
    monkeypatch.setenv("IMPASTO_ENGINE", str(engine_with_example))
    return scene


def test_no_other_test_sees_it(extension):
    assert "posterize" not in extension.engine.catalogue.catalogue


@pytest.mark.slow
def test_it_can_be_chosen_and_its_parameters_become_properties_that_the_panel_draws(example):
    example.impasto.tool = "posterize"
    properties = example.impasto_parameters.posterize.bl_rna.properties
    levels, strength = properties["levels"], properties["strength"]
    assert (levels.type, levels.default, levels.hard_min, levels.hard_max) == ("INT", 4, 2, 32)
    assert levels.description == "Shades of each colour"
    assert (strength.type, strength.default, strength.hard_min, strength.hard_max) == ("FLOAT", 1, 0, 1)
    assert strength.description == "How much of the effect is mixed in"
    assert {"levels", "strength"} <= set(drawn(bpy.types.IMPASTO_PT_view_3d).props())


@pytest.mark.slow
def test_it_makes_a_posterized_image(example, image):
    before = set(bpy.data.images)
    call = {"tool": "posterize", "parameters": '{"levels": 2}', "image": image.name, "estimator": "none"}
    assert bpy.ops.impasto.run(**call, material="NONE") == {"FINISHED"}
    made = [new for new in bpy.data.images if new not in before and new["impasto_map"] == "base_color"]
    assert len(made) == 1
    assert set(np.unique(pixels_of(made[0])[..., :3])) == {0.0, 1.0}
    assert len(np.unique(pixels_of(image)[..., :3])) > 2
