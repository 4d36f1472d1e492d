"""Small pictures in the panel: one that follows every change, and four seeds to choose from.

Timers never fire without a window, so the tests call what the timers call.
"""

from __future__ import annotations

import json
import time

import bpy
import numpy as np
import pytest
from drawing import drawn

LIMIT_S = 120.0


@pytest.fixture
def checker(scene, extension):
    """The panel, set to a quick generator that needs no source."""
    settings = scene.impasto
    settings.tool, settings.source_kind, settings.estimator = "checker", "NONE", "none"
    yield scene.impasto_parameters.checker
    extension.variations.live.clear()


@pytest.fixture
def live(extension, checker, scene):
    """The live preview, switched on; nothing is due yet."""
    scene.impasto.live_preview = True
    settle(extension)
    return extension.variations.live


def settle(extension) -> None:
    """Tick, as the timers do, until nothing is due and no task runs."""
    jobs, live = extension.jobs.jobs, extension.variations.live
    deadline = time.monotonic() + LIMIT_S
    while live.tick():
        time.sleep(0.01)
    while jobs.tasks:
        assert time.monotonic() < deadline, "it took too long"
        jobs.tick()
        time.sleep(0.01)


def test_a_changed_parameter_makes_a_new_picture(live, extension, checker):
    before = live.pixels
    checker.color = (0.0, 1.0, 0.0)
    settle(extension)
    assert live.pixels.shape == (256, 256, 3)
    assert live.pixels.dtype == np.uint8
    assert live.pixels[..., 1].max() > 200
    assert live.pixels[..., 0].max() == 0
    assert before is not live.pixels


def test_nothing_is_started_until_the_changes_have_paused(live, extension, checker):
    checker.squares = 5
    assert live.tick() > 0
    assert not extension.jobs.jobs.tasks
    settle(extension)


def test_only_the_last_of_many_changes_is_shown(live, extension, scene):
    """The tool that is asked for first takes a minute: the newer picture supersedes it."""
    scene.impasto.tool = "slow"
    live._due_s = 0.0
    assert live.tick() is None
    scene.impasto.tool = "checker"
    scene.impasto_parameters.checker.color = (0.0, 0.0, 1.0)
    settle(extension)
    assert live.pixels[..., 2].max() > 200


def test_it_asks_for_nothing_while_it_is_off(extension, checker, scene):
    checker.squares = 6
    scene.impasto.seed = 3
    assert not bpy.app.timers.is_registered(extension.variations.live.timer)


def test_an_error_is_told_in_the_panel_and_in_no_window(live, extension, scene):
    scene.impasto.tool = "recall"
    scene.impasto_parameters.recall.model = "nowhere"
    settle(extension)
    assert "nowhere" in live.error
    assert extension.jobs.jobs.last_report is None


def test_a_tool_that_keeps_its_sources_size_has_no_small_picture(extension, checker, scene, image):
    assert extension.variations.why_not(bpy.context) == ""
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.image = "tint", "IMAGE", image
    assert "as its source is" in extension.variations.why_not(bpy.context)


def test_four_variations_are_shown_and_one_sets_the_seed(extension, checker, scene):
    assert not bpy.ops.impasto.pick_variation.poll()
    assert bpy.ops.impasto.variations() == {"FINISHED"}
    four = extension.variations.shown(bpy.context)
    assert len({variation.seed for variation in four}) == 4
    assert len({variation.pixels.tobytes() for variation in four}) == 4
    scene.impasto.lock_seed = False
    bpy.ops.impasto.pick_variation(index=2)
    assert (scene.impasto.seed, scene.impasto.lock_seed) == (four[2].seed, True)
    buttons = drawn(bpy.types.IMPASTO_PT_view_3d).operators("impasto.pick_variation")
    assert [button.index for button in buttons] == [0, 1, 2, 3]


def test_variations_are_forgotten_with_the_tool_or_the_file(extension, checker, scene):
    bpy.ops.impasto.variations()
    scene.impasto.tool = "slow"
    assert extension.variations.shown(bpy.context) == ()
    scene.impasto.tool = "checker"
    assert len(extension.variations.shown(bpy.context)) == 4
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.scene.impasto.tool = "checker"
    assert extension.variations.shown(bpy.context) == ()


def test_the_seed_changes_only_while_it_is_unlocked(extension, checker, scene, plane):
    scene.impasto.width_px = scene.impasto.height_px = 8
    scene.impasto.seed = 7
    bpy.ops.impasto.generate()
    assert scene.impasto.seed == 7
    scene.impasto.lock_seed = False
    bpy.ops.impasto.generate()
    assert scene.impasto.seed != 7
    assert json.loads(plane.active_material["impasto_recipe"])["seed"] == scene.impasto.seed
    scene.impasto.seed = 9
    bpy.ops.impasto.generate(seed=5)
    assert scene.impasto.seed == 9
