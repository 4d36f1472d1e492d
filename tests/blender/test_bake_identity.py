# SPDX-License-Identifier: GPL-3.0-or-later
"""Identity masks: flat colours that tell materials, objects and islands apart, the same in each bake."""

from __future__ import annotations

import itertools

import bpy
import numpy as np
import pytest
from baking import BYTE, SIZE_PX, bake, material, module, pixels, plane, srgb

pytestmark = pytest.mark.usefixtures("scene")


def colors_in(name: str) -> set[tuple[int, ...]]:
    """The different colours of an image, in bytes."""
    return {tuple(color) for color in np.rint(pixels(name)[..., :3] * 255).astype(int).reshape(-1, 3)}


def in_bytes(*colors: tuple[float, ...]) -> set[tuple[int, ...]]:
    return {tuple(round(value * 255) for value in color) for color in colors}


def test_each_material_has_one_colour_and_none_blend() -> None:
    plane(material("stone"), material("moss"), faces=3)
    identity = module("bake.maps.identity")
    bake(maps={"material_id"}, samples=16)
    known = identity.colors_of(["stone", "moss"])
    assert colors_in("Strip_material_id") == in_bytes(*known.values())
    assert in_bytes(pixels("Strip_material_id")[SIZE_PX // 2, 2, :3]) == in_bytes(known["stone"])
    assert bpy.data.images["Strip_material_id"].colorspace_settings.name == "Non-Color"


def test_colours_of_an_object_depend_on_its_name() -> None:
    identity = module("bake.maps.identity")
    obj = plane(material())
    obj.color = (0.1, 0.2, 0.3, 1)
    found = []
    for name in ("Left", "Right", "Left"):
        obj.name = name
        bake(maps={"object_id"})
        found.append(colors_in(f"{name}_object_id"))
        assert found[-1] == in_bytes(*identity.colors_of([name]).values())
    assert found[0] != found[1]
    assert np.allclose(obj.color, (0.1, 0.2, 0.3, 1))


def test_each_uv_island_has_one_colour_and_its_margin_too() -> None:
    obj = plane(material(), faces=4)
    uvs = obj.data.uv_layers[0].data
    for index in (2, 3):  # the last two faces become an island of their own, a little apart
        for loop in obj.data.polygons[index].loop_indices:
            uvs[loop].uv = (0.6 + (uvs[loop].uv[0] - 0.5) * 0.5, uvs[loop].uv[1] * 0.5)
    bake(maps={"island_id"}, samples=16, margin_px=4)
    identity = module("bake.maps.identity")
    assert list(identity.uv_islands(obj.data, "UVMap")) == [0, 0, 1, 1]
    first, second = (identity.number_color(number) for number in (0, 1))
    assert colors_in("Strip_island_id") == in_bytes(first, second, (0, 0, 0))
    row = pixels("Strip_island_id")[SIZE_PX // 4, :, :3]
    assert in_bytes(row[34], row[36], row[50]) == in_bytes(first, second)  # 32 + margin, then 38 - margin
    assert len(obj.data.attributes) == len(plane(material(), faces=4).data.attributes)


def test_islands_stay_flat_under_a_subdivision() -> None:
    obj = plane(material(), faces=2)
    for loop in obj.data.polygons[1].loop_indices:
        obj.data.uv_layers[0].data[loop].uv[1] *= 0.5
    modifier = obj.modifiers.new("", "SUBSURF")
    modifier.levels = modifier.render_levels = 2
    bake(maps={"island_id"}, margin_px=2)
    assert len(colors_in("Strip_island_id") - {(0, 0, 0)}) == 2


def test_vertex_colours_come_back_as_they_are() -> None:
    obj = plane(material(), faces=2)
    wanted = ((0.8, 0.2, 0.1), (0.1, 0.4, 0.9))
    attribute = obj.data.color_attributes.new("Paint", "FLOAT_COLOR", "CORNER")
    for polygon, color in zip(obj.data.polygons, wanted, strict=True):
        for loop in polygon.loop_indices:
            attribute.data[loop].color = (*color, 1)
    bake(maps={"vertex_color"}, samples=16)
    for column, color in zip((8, SIZE_PX - 8), wanted, strict=True):
        assert np.allclose(pixels("Strip_vertex_color")[:, column, :3], srgb(color), atol=BYTE)
    assert len(colors_in("Strip_vertex_color")) == 2
    assert bpy.data.images["Strip_vertex_color"].colorspace_settings.name == "sRGB"


@pytest.mark.skipif(bpy.app.version < (5, 0), reason="files have a working space since Blender 5.0")
def test_a_wide_working_space_changes_no_mask() -> None:
    bpy.ops.wm.set_working_color_space(working_space="ACEScg", convert_colors=False)
    plane(material("stone"))
    identity = module("bake.maps.identity")
    bake(maps={"material_id", "object_id", "island_id"})
    assert colors_in("Strip_material_id") == in_bytes(*identity.colors_of(["stone"]).values())
    assert colors_in("Strip_object_id") == in_bytes(*identity.colors_of(["Strip"]).values())
    assert colors_in("Strip_island_id") == in_bytes(identity.number_color(0))


def test_a_mesh_without_vertex_colours_is_told(capsys) -> None:
    plane(material())
    bake(maps={"vertex_color"})
    assert "the mesh has no vertex colours: their map is black" in capsys.readouterr().out
    assert colors_in("Strip_vertex_color") == {(0, 0, 0)}


def test_colours_are_distinct_and_a_name_keeps_its_own_beside_others() -> None:
    identity = module("bake.maps.identity")
    colors = np.array([identity.number_color(number) for number in range(100)])
    assert min(np.abs(a - b).max() for a, b in itertools.combinations(colors, 2)) > 0.1
    assert colors.max(axis=1).min() > 0.2  # the ground is black
    names = [f"Material.{number:03}" for number in range(40)]
    assert len(set(identity.colors_of(names).values())) == len(names)
    assert identity.colors_of(names) == identity.colors_of(reversed(names))
    assert identity.colors_of(["a", "b"])["a"] == identity.colors_of(["a"])["a"]
