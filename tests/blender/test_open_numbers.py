"""Numbers whose 0 stands for something else: the panel says what, takes a number, and takes it back."""

from __future__ import annotations

import bpy
import pytest
from drawing import drawn, press_set_number, texts_of_number


@pytest.fixture
def checker(scene):
    """Parameters of a generator whose width and height are as the source while they are 0."""
    scene.impasto.tool = "checker"
    group = scene.impasto_parameters.checker
    group.width_px = group.height_px = 0
    return group


def texts(group, name: str) -> list[str]:
    return texts_of_number(drawn(bpy.types.IMPASTO_PT_view_3d), group, name)


def press(group, name: str) -> None:
    press_set_number(drawn(bpy.types.IMPASTO_PT_view_3d), group, name)


def test_in_place_of_0_the_panel_says_what_it_means(checker):
    assert texts(checker, "width_px") == ["As the source"]


def test_a_click_on_that_gives_a_number_to_begin_with_and_the_cross_takes_it_back(checker):
    press(checker, "width_px")
    assert (checker.width_px, checker.height_px) == (1024, 0)
    assert (texts(checker, "width_px"), texts(checker, "height_px")) == (["number", "X"], ["As the source"])
    checker.width_px = 300
    assert texts(checker, "width_px") == ["number", "X"]
    press(checker, "width_px")
    assert (checker.width_px, texts(checker, "width_px")) == (0, ["As the source"])


@pytest.mark.parametrize(("scale", "given"), [(1.0, 1.0), (0.01, 100.0)])
def test_a_width_that_is_not_known_reads_so_and_begins_with_a_metre(checker, scene, scale, given):
    scene.unit_settings.scale_length = scale
    assert texts(scene.impasto, "width_m") == ["Unknown"]
    press(scene.impasto, "width_m")
    assert scene.impasto.width_m == pytest.approx(given)
    assert texts(scene.impasto, "width_m") == ["number", "X"]


def test_workers_of_a_batch_are_as_many_as_there_are_cores_until_a_number_is_given(scene):
    settings = scene.impasto_batch
    assert texts_of_number(drawn(bpy.types.IMPASTO_PT_batch), settings, "workers") == ["One for each core"]
    press_set_number(drawn(bpy.types.IMPASTO_PT_batch), settings, "workers")
    assert settings.workers == 2
