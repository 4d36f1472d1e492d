"""Numbers of enum items: Blender's buttons hold them as float32, and scenes keep them."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import coordinates, packed_image


def test_numbers_are_exact_as_float32_and_never_shared(extension):
    names = [f"file picture {index}.png" for index in range(20_000)]  # enough that some hashes are the same
    numbers = extension.parameters.enum_numbers.numbers_of(names)
    assert len(set(numbers.values())) == len(names)
    assert all(0 < number == int(np.float32(number)) < 2**24 for number in numbers.values())


def test_a_name_keeps_its_number_whatever_else_is_listed(extension):
    numbers_of = extension.parameters.enum_numbers.numbers_of
    assert numbers_of(["b", "a"])["a"] == numbers_of(["a", "z"])["a"]
    assert numbers_of(["a", "b"], default="b")["b"] == 0


@pytest.mark.parametrize("which", ["tool", "estimator", "trainer", "stylizer"])
def test_the_lists_of_tools_have_numbers_that_buttons_keep(extension, scene, which):
    numbers = [item[-1] for item in extension.tools.lists.items_of(which)(None, None) if item[0]]  # no headings
    assert len(numbers) > 1
    assert len(set(numbers)) == len(numbers)
    assert all(number < 2**24 for number in numbers)


def test_the_gallery_has_numbers_that_buttons_keep(extension, scene):
    for index in range(30):
        packed_image(f"picture {index}", coordinates(8, 8))
    items = extension.stylize.gallery.gallery_items(None, None)
    assert len({item[-1] for item in items}) == len(items) == 31
    assert all(item[-1] < 2**24 for item in items)
    for key, *_ in items:
        bpy.context.scene.impasto_parameters.patches_style.gallery_style = key
        assert bpy.context.scene.impasto_parameters.patches_style.gallery_style == key
