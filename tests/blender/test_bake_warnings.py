# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings before a bake, in the panel and in reports, and the clicks that mend what they name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import bake, module, state
from blends import from_library
from conftest import refused
from drawing import Layout
from solids import choose, cube
from strips import material, plane

pytestmark = pytest.mark.usefixtures("scene")


def panel(*, later: bool = True) -> Layout:
    """The Bake section; later: once the warnings are there."""
    module("bake.panel").draw_bake(Layout(), bpy.context)
    if later:
        module("bake.objects.warnings").deferred_warnings.catch_up()
    layout = Layout()
    module("bake.panel").draw_bake(layout, bpy.context)
    return layout


def said(layout: Layout) -> str:
    return " ".join(layout.labels())


def hidden(obj: bpy.types.Object) -> None:
    obj.hide_render = True


def uneven(obj: bpy.types.Object) -> None:
    obj.scale = (1, 2, 1)


def mirrored(obj: bpy.types.Object) -> None:
    obj.scale = (-1, 1, 1)


def shared(obj: bpy.types.Object) -> None:
    bpy.context.scene.impasto_bake.material = "NEW"
    bpy.context.collection.objects.link(bpy.data.objects.new("Twin", obj.data))


def rows(obj: bpy.types.Object) -> None:
    obj.modifiers.new("Rows", "ARRAY")


def half(obj: bpy.types.Object) -> None:
    obj.modifiers.new("Half", "MIRROR").offset_u = 1.0


def crossing(obj: bpy.types.Object) -> None:
    for loop in obj.data.polygons[0].loop_indices:
        obj.data.uv_layers[0].data[loop].uv[0] += 0.5


def flat(obj: bpy.types.Object) -> None:
    for loop in obj.data.polygons[0].loop_indices:
        obj.data.uv_layers[0].data[loop].uv = (0.1, 0.1)


WARNINGS = {
    "Strip is hidden in renders, but is baked; show it": hidden,
    "Strip is scaled unevenly; apply it": uneven,
    "Strip is mirrored by a negative scale; apply it": mirrored,
    "the mesh of Strip is also that of Twin, whose material is replaced, too; make it a single user": shared,
    "the modifier Rows of Strip makes faces that share pixels with others; apply it": rows,
    "2 of 4 faces reach out of the 0–1 square": half,
    "2 of 2 faces overlap others in UVMap; they share pixels; pack": crossing,
    "1 of 2 faces have no area in UVMap, and are not baked; unwrap": flat,
}


@pytest.mark.parametrize("text", WARNINGS)
def test_warnings_before_a_bake_equal_the_report_after_it(text: str, capsys) -> None:
    obj = plane(material(), material(), faces=2)
    WARNINGS[text](obj)
    bpy.context.view_layer.update()
    before = state()
    told = said(panel()).replace(". ", "; ")
    assert text.lower() in told.lower()
    assert state() == before
    bake(maps={"roughness"})
    assert text.lower() in capsys.readouterr().out.replace(". ", "; ").lower()


def test_warnings_belong_to_the_file_and_are_not_computed_while_drawing() -> None:
    obj = plane(material())
    layout = panel()
    assert not layout.operators("impasto.bake_remedy")
    flat(obj)
    assert "no area" not in said(panel(later=False)), "known without having been computed"
    bpy.context.view_layer.update()
    obj.data.update()
    bpy.context.view_layer.update()
    assert "no area" in said(panel()), "a change of the mesh is not noticed"
    bpy.ops.wm.read_homefile(use_empty=True)
    assert module("bake.objects.warnings").deferred_warnings.answer("") is None


def press(layout: Layout) -> None:
    """Click the only button of a remedy."""
    (button,) = layout.operators("impasto.bake_remedy")
    bpy.ops.impasto.bake_remedy(uid=button.uid, remedy=button.remedy)


@pytest.mark.parametrize("change", [hidden, uneven, mirrored, shared])
def test_a_click_fixes_only_what_the_warning_names(change: Callable) -> None:
    """Another selected object of the same kind stays as it is, and so do the selection and the mode."""
    other = plane(material("other"))
    other.name, other.scale = "Other", (1, 3, 1)
    obj = plane(material())
    other.select_set(False)
    change(obj)
    bpy.context.view_layer.update()
    bpy.ops.object.mode_set(mode="EDIT")
    places = np.array([obj.matrix_world @ vertex.co for vertex in obj.data.vertices])
    selected = set(bpy.context.selected_objects)
    press(panel())
    assert not panel().operators("impasto.bake_remedy")
    assert obj.mode == "EDIT"
    assert (bpy.context.active_object, set(bpy.context.selected_objects)) == (obj, selected)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert np.allclose([obj.matrix_world @ vertex.co for vertex in obj.data.vertices], places)
    assert tuple(other.scale) == (1, 3, 1)


def selection(mesh: bpy.types.Mesh) -> list[list[bool]]:
    return [[one.select for one in items] for items in (mesh.vertices, mesh.edges, mesh.polygons)]


def test_a_mesh_without_uvs_is_unwrapped_by_a_click_and_its_selection_stays() -> None:
    obj = plane(material(), material(), faces=2)
    obj.data.uv_layers.remove(obj.data.uv_layers[0])
    obj.data.polygons.foreach_set("select", [True, False])
    selected = selection(obj.data)
    layout = panel()
    assert said(layout).count("Strip has no UV map") == 1, "said by the warning and by the button"
    press(layout)
    assert len(obj.data.uv_layers) == 1
    uvs = np.array([loop.uv for loop in obj.data.uv_layers[0].data])
    assert np.ptp(uvs, axis=0).min() > 0.3
    assert selection(obj.data) == selected
    assert bake(maps={"roughness"}) == {"FINISHED"}
    assert not panel().operators("impasto.bake_remedy")


def test_refused_remedies_say_why_and_change_nothing() -> None:
    obj = plane(material())
    uneven(obj)
    bpy.context.collection.objects.link(bpy.data.objects.new("Twin", obj.data))
    bpy.context.view_layer.update()
    before, layout = state(), panel()
    refused(r"Apply Scale did not work: .*multi user.*; do it by Blender's own menus", press, layout)
    assert state() == before


def test_a_linked_object_is_made_local_by_a_click(tmp_path: Path) -> None:
    obj = plane(material())
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {obj})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    from_library(tmp_path / "library.blend", objects="Strip")
    assert not panel().operators("impasto.bake_remedy"), "only where its material is replaced"
    bpy.context.scene.impasto_bake.material = "NEW"
    assert "linked from another file" in said(panel())
    press(panel())
    assert bpy.context.view_layer.objects.active.is_editable
    assert not panel().operators("impasto.bake_remedy")
    assert bake(maps={"roughness"}) == {"FINISHED"}
    assert bpy.context.active_object.name == "Strip"


def test_a_mesh_that_is_inside_out_is_turned_by_a_click() -> None:
    obj = cube(2, lambda points: points, "Box", smooth=False)
    obj.data.materials.append(material())
    obj.data.flip_normals()
    obj.data.polygons.foreach_set("select", [index % 2 == 0 for index in range(len(obj.data.polygons))])
    choose(obj)
    selected = selection(obj.data)
    assert "The faces of Box point inwards" in said(panel())
    press(panel())
    assert all(face.normal.dot(face.center) > 0 for face in obj.data.polygons)
    assert selection(obj.data) == selected
    assert not panel().operators("impasto.bake_remedy")
