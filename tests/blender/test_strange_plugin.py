"""Engines of others: with a stranger's tools in the place of ours or with none, with the example of
docs/how-to/plugins.md exactly as printed, and over a real ssh server on loopback.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import bpy
import numpy as np
import pytest
from blends import maps_of
from conftest import ENGINE, MODULE, packed_image, pixels_of, png, refused
from drawing import drawn
from ssh_server import serving

import install

pytestmark = pytest.mark.any_blender
STRANGE = Path(__file__).parents[1] / "strange"
RED, BLUE = (200, 40, 20), (20, 40, 200)


def engine_with(folder: Path, *plugins: Path) -> Path:
    """An engine with these plugins in the place of ours."""
    python = install.make_engine(ENGINE, folder / "venv", plugins)
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
    assert {tool["name"][0] for tool in catalogue if tool["kind"] != "group"} == {"z"}
    for tool in catalogue:
        if tool["kind"] in ("generator", "filter"):
            strange.impasto.tool = tool["name"]
            draw_every_panel()


@pytest.mark.slow
def test_tools_of_a_foreign_plugin_make_images_and_materials(red):
    bpy.ops.impasto.make_seamless(image=red.name)
    assert np.allclose(made_image(), RED, atol=1)
    bpy.ops.impasto.estimate_maps(image=red.name)
    assert np.allclose(made_image(), RED, atol=1)
    bpy.ops.impasto.run(tool="zool", parameters='{"letters": 50, "width_px": 16, "height_px": 16}')
    assert bpy.context.active_object.active_material
    bpy.ops.impasto.match(text="0123456789", matcher="zither")
    assert np.allclose(made_image(), 26, atol=1)


def test_foreign_stylizers_region_and_point_tools_work(strange, red, extension):
    strange.impasto_style.tool, strange.impasto_style.image = "zephyr", red
    strange.impasto_parameters.zephyr.input_style = packed_image("blue.png", np.full((8, 8, 3), BLUE, np.uint8))
    bpy.ops.impasto.stylize()
    assert np.allclose(made_image(), BLUE, atol=1)

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
        assert [tool["name"] for tool in extension.engine.catalogue.catalogue] == ["group"], engine
        draw_every_panel()
        for operator in (bpy.ops.impasto.make_seamless, bpy.ops.impasto.find_landmarks, bpy.ops.impasto.mend_tiling):
            with pytest.raises(RuntimeError):
                operator(image=image.name)


GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "plugins.md"


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
    yield from asked(engine_with_example)


@pytest.fixture
def example(tools_of_example, scene, monkeypatch):
    """The scene, with that engine."""
    monkeypatch.setenv("IMPASTO_ENGINE", str(tools_of_example))
    return scene


@pytest.mark.slow
def test_foreign_tools_can_be_chosen_and_drawn(example):
    example.impasto.tool = "posterize"
    properties = example.impasto_parameters.posterize.bl_rna.properties
    expected = {
        "levels": ("INT", 4, 2, 32, "Shades of each colour"),
        "strength": ("FLOAT", 1, 0, 1, "How much of the effect is mixed in"),
    }
    for name, about in expected.items():
        one = properties[name]
        assert (one.type, one.default, one.hard_min, one.hard_max, one.description) == about
    assert {"levels", "strength"} <= set(drawn(bpy.types.IMPASTO_PT_view_3d).props())


@pytest.mark.slow
def test_the_example_plugin_makes_a_posterized_image(example, image):
    before = set(bpy.data.images)
    call = {"tool": "posterize", "parameters": '{"levels": 2}', "image": image.name, "estimator": "none"}
    assert bpy.ops.impasto.run(**call, material="NONE") == {"FINISHED"}
    made = [new for new in bpy.data.images if new not in before and new["impasto_map"] == "base_color"]
    assert len(made) == 1
    assert set(np.unique(pixels_of(made[0])[..., :3])) == {0.0, 1.0}
    assert len(np.unique(pixels_of(image)[..., :3])) > 2


@pytest.fixture
def farm(extension, scene, tmp_path, monkeypatch):
    """The address of a machine with the engine of these tests, and preferences with no other engine."""
    preferences = bpy.context.preferences.addons[MODULE].preferences
    with serving(tmp_path / "ssh") as server:
        monkeypatch.setenv("PATH", f"{server.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        address = f"ssh://farm{os.environ['IMPASTO_ENGINE']}"
        monkeypatch.delenv("IMPASTO_ENGINE")
        preferences.engine_address = address
        yield preferences
        extension.jobs.session.jobs.close()
    preferences.property_unset("engine_address")


@pytest.fixture
def photo(tmp_path):
    (tmp_path / "photo.png").write_bytes(png(np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)))
    return tmp_path / "photo.png"


def made(plane, photo, **more):
    given = {"source": str(photo), "width_px": 48, "height_px": 40, "seed": 3, "estimator": "none"}
    assert bpy.ops.impasto.run(tool="quilt", **given, **more) == {"FINISHED"}
    return pixels_of(maps_of(plane.active_material)["base_color"])


@pytest.mark.slow
def test_remote_engines_make_the_same_pixels(plane, photo, tmp_path, request):
    here = made(plane, photo)
    request.getfixturevalue("farm")
    assert bpy.ops.impasto.check_engine() == {"FINISHED"}
    assert np.array_equal(made(plane, photo, out_dir=str(tmp_path / "out")), here)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["photo_base_color.png"], "files are written here"


@pytest.mark.slow
def test_invalid_or_untrusted_addresses_and_remote_trainings_are_refused(farm, photo):
    refused("training data are not sent to another machine", "train", tool="train-torus", data=str(photo), name="far")
    farm.engine_address = farm.engine_address.replace("farm", "stranger", 1)
    refused("host key of stranger is unknown", "run", tool="checker")
    farm.engine_address = "a b"
    refused("is no address of an engine", "run", tool="checker")
