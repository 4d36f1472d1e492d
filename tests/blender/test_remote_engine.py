"""An engine on another machine, over a real ssh server on loopback."""

from __future__ import annotations

import os

import bpy
import numpy as np
import pytest
from conftest import MODULE, pixels_of, png
from ssh_server import served, serving

pytestmark = [served, pytest.mark.any_blender]


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
    path = tmp_path / "photo.png"
    path.write_bytes(png(np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)))
    return path


def made(plane, photo, **more):
    given = {"source": str(photo), "width_px": 48, "height_px": 40, "seed": 3, "estimator": "none"}
    assert bpy.ops.impasto.run(tool="quilt", **given, **more) == {"FINISHED"}
    nodes = plane.active_material.node_tree.nodes
    return pixels_of(next(node.image for node in nodes if node.type == "TEX_IMAGE"))


@pytest.mark.slow
def test_it_makes_the_same_pixels_from_the_same_picture(plane, photo, tmp_path, request):
    here = made(plane, photo)
    request.getfixturevalue("farm")
    assert bpy.ops.impasto.check_engine() == {"FINISHED"}
    assert np.array_equal(made(plane, photo, out_dir=str(tmp_path / "out")), here)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["photo_base_color.png"], "files are written here"


def test_addresses_that_are_none_or_not_trusted_and_trainings_are_refused_and_change_nothing(farm, photo):
    with pytest.raises(RuntimeError, match="training data are not sent to another machine"):
        bpy.ops.impasto.train(tool="train-torus", data=str(photo), name="far")
    farm.engine_address = farm.engine_address.replace("farm", "stranger", 1)
    before = len(bpy.data.images), len(bpy.data.materials)
    with pytest.raises(RuntimeError, match="host key of stranger is unknown"):
        bpy.ops.impasto.run(tool="checker")
    assert (len(bpy.data.images), len(bpy.data.materials)) == before

    farm.engine_address = "a b"
    with pytest.raises(RuntimeError, match="is no address of an engine"):
        bpy.ops.impasto.run(tool="checker")
