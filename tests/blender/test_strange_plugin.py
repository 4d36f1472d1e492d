"""The extension with a stranger's tools in the place of ours, and with none: it knows no tool by its name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import packed_image, pixels_of
from drawing import drawn

import install

pytestmark = pytest.mark.any_blender
STRANGE = Path(__file__).parents[1] / "strange"
ENGINE = os.environ.get("IMPASTO_ENGINE", "")
RED, BLUE = (200, 40, 20), (20, 40, 200)


def engine_with(folder: Path, *plugins: Path) -> Path:
    """An engine with these plugins in the place of ours."""
    python = install.make_engine(Path(ENGINE), folder / "venv", plugins)
    install.hide_our_plugins(python)
    return python


def asked(engine: Path):
    """The extension has asked an engine for its tools; afterwards it has the session's again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_ENGINE", str(engine))
        bpy.ops.impasto.refresh_tools()
        yield engine
    bpy.ops.impasto.refresh_tools()


@pytest.fixture(scope="module")
def with_strange(extension, tmp_path_factory):
    yield from asked(engine_with(tmp_path_factory.mktemp("engine"), STRANGE))


@pytest.fixture
def strange(with_strange, scene, monkeypatch):
    """The scene, with an engine that has the strange plugin alone."""
    monkeypatch.setenv("IMPASTO_ENGINE", str(with_strange))
    return scene


@pytest.fixture
def red(strange) -> bpy.types.Image:
    return packed_image("wall.png", np.full((32, 48, 3), RED, np.uint8))


def made_image() -> np.ndarray:
    """Colours 0 to 255 (H, W, 3) of the image that was made last."""
    made = json.loads(bpy.context.window_manager.impasto_made)
    return np.round(255 * pixels_of(bpy.data.images[made["images"][0]])[..., :3])


def draw_every_panel() -> None:
    """Draw all panels of the 3D view, as Blender does where they are open."""
    panels = [getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("IMPASTO_PT_")]
    shown = [panel for panel in panels if panel.bl_space_type == "VIEW_3D"]
    assert len(shown) > 8
    for panel in shown:
        if not hasattr(panel, "poll") or panel.poll(bpy.context):
            drawn(panel)


def test_every_panel_is_drawn_with_each_of_its_tools(strange, red, extension):
    catalogue = extension.engine.catalogue.catalogue
    assert {tool["name"][0] for tool in catalogue} == {"z"}
    for tool in catalogue:
        if tool["kind"] in ("generator", "filter"):
            strange.impasto.tool = tool["name"]
            draw_every_panel()


@pytest.mark.slow
def test_its_tools_make_images_and_materials(red):
    bpy.ops.impasto.make_seamless(image=red.name)
    assert np.allclose(made_image(), RED, atol=1)
    bpy.ops.impasto.estimate_maps(image=red.name)
    assert np.allclose(made_image(), RED, atol=1)
    bpy.ops.impasto.run(tool="zool", parameters='{"letters": 50, "width_px": 16, "height_px": 16}')
    assert bpy.context.active_object.active_material
    bpy.ops.impasto.match(text="0123456789", matcher="zither")
    assert np.allclose(made_image(), 26, atol=1)


def test_its_stylizer_paints(strange, red):
    strange.impasto_style.tool, strange.impasto_style.image = "zephyr", red
    strange.impasto_parameters.zephyr.input_style = packed_image("blue.png", np.full((8, 8, 3), BLUE, np.uint8))
    bpy.ops.impasto.stylize()
    assert np.allclose(made_image(), BLUE, atol=1)


def test_its_tools_for_regions_and_points_do_what_buttons_say(strange, red, extension):
    bpy.ops.impasto.find_landmarks(image=red.name)
    bpy.ops.impasto.fill_region(image=red.name)
    assert not made_image()[:, :20].any()
    assert np.allclose(made_image()[:, 28:], RED, atol=1)
    bpy.ops.impasto.mend_tiling(image=red.name)
    assert not made_image()[0].any()
    bpy.ops.impasto.extend_image(image=red.name, left=16)
    assert made_image().shape == (32, 64, 3)
    catalogue = extension.engine.catalogue.catalogue
    bpy.ops.impasto.run(tool=catalogue.usual("straighten"), image=red.name, material="NONE")
    assert made_image().shape == (16, 24, 3)
    bpy.ops.impasto.generate(tool=catalogue.usual("scale"), image=red.name, material="NONE")
    assert strange.impasto.width_m == pytest.approx(2)


@pytest.mark.slow
def test_without_any_plugin_every_panel_is_drawn_and_buttons_say_what_is_missing(scene, extension, tmp_path, image):
    for engine in asked(engine_with(tmp_path)):
        assert not list(extension.engine.catalogue.catalogue), engine
        draw_every_panel()
        for operator in (bpy.ops.impasto.make_seamless, bpy.ops.impasto.find_landmarks, bpy.ops.impasto.mend_tiling):
            with pytest.raises(RuntimeError):
                operator(image=image.name)
