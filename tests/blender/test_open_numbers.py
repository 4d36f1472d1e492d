"""Numbers whose 0 stands for something else: the panel says what, takes a number, and takes it back."""

from __future__ import annotations

import bpy
import pytest
from drawing import drawn


@pytest.fixture
def checker(scene):
    """Parameters of a generator whose width and height are as the source while they are 0."""
    scene.impasto.tool = "checker"
    group = scene.impasto_parameters.checker
    group.width_px = group.height_px = 0
    return group


def shown(group, name: str) -> list[str | None]:
    """Texts with which a group's property is drawn in the texture panel."""
    drawings = drawn(bpy.types.IMPASTO_PT_view_3d).drawn
    return [options.get("text") for what, given, options in drawings if what == "prop" and given == (group, name)]


def test_in_place_of_0_the_panel_says_what_it_means(checker):
    assert shown(checker, "leaves_width_px") == ["As the source"]
    assert shown(checker, "width_px") == []


def test_a_click_on_that_gives_a_number_to_begin_with_and_the_cross_takes_it_back(checker):
    checker.leaves_width_px = False
    assert checker.width_px == 1024
    assert (shown(checker, "width_px"), shown(checker, "leaves_width_px"), shown(checker, "leaves_height_px")) == (
        [""],
        [""],
        ["As the source"],
    )
    checker.width_px = 300
    checker.leaves_width_px = False
    assert checker.width_px == 300, "it was given already"
    checker.leaves_width_px = True
    assert (checker.width_px, shown(checker, "leaves_width_px")) == (0, ["As the source"])


@pytest.mark.parametrize(("scale", "given"), [(1.0, 1.0), (0.01, 100.0)])
def test_a_width_that_is_not_known_reads_so_and_begins_with_a_metre(checker, scene, scale, given):
    scene.unit_settings.scale_length = scale
    assert shown(scene.impasto, "leaves_width_m") == ["Unknown"]
    scene.impasto.leaves_width_m = False
    assert scene.impasto.width_m == pytest.approx(given)
    assert (shown(scene.impasto, "width_m"), shown(scene.impasto, "leaves_width_m")) == ([""], [""])


def test_workers_of_a_batch_are_as_many_as_there_are_cores_until_a_number_is_given(scene):
    settings = scene.impasto_batch
    assert settings.leaves_workers
    settings.leaves_workers = False
    assert settings.workers == 2
