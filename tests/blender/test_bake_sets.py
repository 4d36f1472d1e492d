# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of maps that several objects share: each object's part is as it is in a bake of its own."""

from __future__ import annotations

import json
from dataclasses import replace

import bpy
import numpy as np
import pytest
from baking import (
    BYTE,
    SIZE_PX,
    bake,
    in_background,
    material,
    module,
    pixels,
    plane,
    principled,
    state,
    without_images,
)

pytestmark = pytest.mark.usefixtures("scene")
MAPS = {"base_color", "roughness", "normal"}
SHIFT = {"First": (0.0, 0.0), "Second": (0.5, 0.0), "Third": (0.0, 0.5)}


def noisy(name: str) -> bpy.types.Material:
    """A material whose colour depends on generated and whose bump on object coordinates: neither survives joining."""
    made = material(name)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    noise, coordinates, bump = (nodes.new(f"ShaderNode{kind}") for kind in ("TexNoise", "TexCoord", "Bump"))
    links.new(coordinates.outputs["Generated"], noise.inputs["Vector"])
    links.new(noise.outputs["Color"], principled(made).inputs["Base Color"])
    waves = nodes.new("ShaderNodeTexWave")
    links.new(coordinates.outputs["Object"], waves.inputs["Vector"])
    links.new(waves.outputs["Fac"], bump.inputs["Height"])
    links.new(bump.outputs["Normal"], principled(made).inputs["Normal"])
    return made


def quarter(name: str, made: bpy.types.Material) -> bpy.types.Object:
    """A selected plane somewhere in space, whose island fills most of a quarter of the square."""
    obj = plane(made)
    obj.name = name
    obj.location, obj.rotation_euler = (3.0 * len(bpy.data.objects), 1.0, 0.5), (0.4, 0.2, 0.1)
    for loop in obj.data.uv_layers[0].data:
        loop.uv = [0.05 + 0.4 * value + shift for value, shift in zip(loop.uv, SHIFT[name], strict=True)]
    return obj


def three() -> list[bpy.types.Object]:
    shared = noisy("shared")
    objects = [quarter("First", noisy("own")), quarter("Second", shared), quarter("Third", shared)]
    objects[1].modifiers.new("Bevel", "SUBSURF").render_levels = 3
    return objects


def differences(samples: int) -> dict[str, np.ndarray]:
    """Differences between a set and the single bakes of its objects, away from their edges, by map."""
    bake(maps=MAPS, margin_px=0, samples=samples)
    bake(maps=MAPS, margin_px=0, samples=samples, target="ONE")
    found: dict[str, np.ndarray] = {}
    size = SIZE_PX // 2
    for name in MAPS:
        together = pixels(f"Third_{name}.001")
        for owner, (left, low) in SHIFT.items():
            part = np.s_[int(low * SIZE_PX) + 4 :, int(left * SIZE_PX) + 4 :]
            alone = pixels(f"{owner}_{name}")[part][: size - 8, : size - 8]
            found[f"{name} of {owner}"] = together[part][: size - 8, : size - 8] - alone
        assert name == "roughness" or together[..., 0].std() > 0.01
    return found


def test_a_set_of_several_objects_is_their_single_bakes_together_but_for_noise() -> None:
    three()
    assert {what: np.abs(off).max() for what, off in differences(samples=1).items() if np.abs(off).max() > BYTE} == {}

    bpy.data.batch_remove(bpy.data.images)
    found = differences(samples=16)
    assert {what: off.mean() for what, off in found.items() if abs(off.mean()) > BYTE / 2} == {}
    colors = {what: off.std() for what, off in found.items() if not what.startswith("normal")}  # steep, so noisier
    assert {what: noise for what, noise in colors.items() if noise > 4 * BYTE} == {}


def test_an_object_whose_modifiers_move_its_uvs_has_no_window() -> None:
    first, second, third = three()
    for obj in (second, third):
        bpy.data.objects.remove(obj)
    second = quarter("Second", material("moved", base_color=(1, 0, 0, 1)))
    warp = second.modifiers.new("Warp", "UV_WARP")
    warp.uv_layer, warp.offset = "UVMap", (0.0, 0.5)
    bpy.context.view_layer.update()
    bake(maps={"base_color"}, margin_px=0, target="ONE")
    baked, half = pixels("Second_base_color"), SIZE_PX // 2
    assert np.allclose(baked[half + 8 : -8, half + 8 : -8, :3], (1, 0, 0), atol=BYTE)
    assert not np.allclose(baked[8 : half - 8, 8 : half - 8, :3], (1, 0, 0), atol=0.1), first.name


def test_the_margin_of_one_object_never_covers_another() -> None:
    colors = {"First": (1, 0, 0, 1), "Second": (0, 1, 0, 1), "Third": (0, 0, 1, 1)}
    for name, color in colors.items():
        quarter(name, material(name, base_color=color))
    bake(maps={"base_color"}, margin_px=32, target="ONE", margin_type="EXTEND")
    baked, half = pixels("Third_base_color"), SIZE_PX // 2
    quarters = {"First": baked[:half, :half], "Second": baked[:half, half:], "Third": baked[half:, :half]}
    for name, part in quarters.items():
        assert np.allclose(part[6:-6, 6:-6, :3], colors[name][:3], atol=BYTE), name
        assert np.allclose(part[:2, 6:-6, :3].max(axis=-1), 1.0, atol=BYTE), f"{name} has no margin"


def test_the_new_material_is_on_all_objects_and_shows_the_uv_map_of_each() -> None:
    objects = three()
    bake(maps={"base_color", "roughness"}, target="ONE", material="NEW")
    assert {obj.active_material.name for obj in objects} == {"Third Baked"}
    about = json.loads(bpy.data.images["Third_base_color"]["impasto_baked"])
    assert about["objects"].split(", ") == ["Third", "First", "Second"]
    assert about["materials"] == ["own", "shared"]
    assert about["uv_map"] == "UVMap"

    objects[0].data.uv_layers[0].name = "Other"
    bake(maps={"roughness"}, target="ONE", material="NEW")
    nodes = objects[0].active_material.node_tree.nodes
    assert [node.uv_map for node in nodes if node.type == "UVMAP"] == [""]


def test_objects_occlude_each_other_in_a_set() -> None:
    lower, upper = quarter("First", material("low")), quarter("Second", material("high"))
    for obj, height in ((lower, 0.0), (upper, 0.05)):
        obj.location, obj.rotation_euler = (0, 0, height), (0, 0, 0)
    options = {"maps": {"ambient_occlusion"}, "samples": 16, "margin_px": 0}
    bake(**options)
    bake(**options, target="ONE")
    middle = SIZE_PX // 4, SIZE_PX // 4
    assert pixels("First_ambient_occlusion")[middle][0] > 0.95
    assert pixels("Second_ambient_occlusion.001")[middle][0] < 0.3


def test_objects_that_overlap_and_linked_duplicates_are_named(capsys: pytest.CaptureFixture) -> None:
    objects = three()
    bake(maps={"roughness"}, target="ONE")
    assert "overlap" not in capsys.readouterr().out
    for loop in objects[1].data.uv_layers[0].data:
        loop.uv[0] -= 0.5
    bake(maps={"roughness"}, target="ONE")
    assert "the UV islands of First, Second overlap; they share pixels" in capsys.readouterr().out
    bpy.ops.wm.read_homefile(use_empty=True)
    first = quarter("First", noisy("own"))
    twin = bpy.data.objects.new("Twin", first.data)
    bpy.context.collection.objects.link(twin)
    twin.select_set(True)
    bake(maps={"roughness"}, target="ONE", material="NEW")
    assert "the UV islands of First, Twin overlap" in capsys.readouterr().out
    assert {item.active_material.name for item in (first, twin)} == {"First Baked"}


def test_a_set_changes_nothing_but_its_images_and_what_cannot_be_baked_is_named() -> None:
    objects = three()
    before = state()
    bake(maps=MAPS, target="ONE")
    assert without_images(state()) == without_images(before)
    objects[-1].data.uv_layers.remove(objects[-1].data.uv_layers[0])
    before = state()
    with pytest.raises(RuntimeError, match="Third has no UV map"):
        bake(target="ONE")
    assert state() == before


@pytest.mark.slow
def test_each_map_is_shown_as_it_comes() -> None:
    """Its colours are those of the file; the window's own task shows it in the panels."""
    obj, shown = quarter("First", material("red", base_color=(1, 0, 0, 1))), []

    class Shown(module("jobs.task").Task):
        def show(self, preview: np.ndarray) -> None:
            super().show(preview)
            shown.append(self.preview)

    process, options = (
        module("bake.process.background"),
        module("bake.settings").BakeOptions(maps=("base_color", "normal"), width_px=600, height_px=300),
    )
    given = process.prepare([module("bake.objects.sets").BakeSet.of(obj)] * 2, options)
    task = Shown("Bake", lambda task: process.bake_all(task, given), lambda baked: baked)
    task.start()
    assert task.wait(120)
    assert len(task.conclude()) == 2
    assert [(one.shape, one.dtype.name) for one in shown] == [
        ((100, 200, 3), "uint8")
    ] * 3  # the last one needs no picture
    assert shown[0][75, 50].tolist() == [255, 0, 0], "the lower left quarter"
    assert shown[1][75, 50].tolist() == [128, 128, 255]


@pytest.mark.slow
def test_seconds_of_maps_are_kept_and_say_what_a_bake_will_take() -> None:
    costs, settings = module("bake.process.costs"), module("bake.settings")
    costs.record.path.unlink(missing_ok=True)
    costs.record.__init__()
    options = settings.BakeOptions(maps=("base_color", "normal"), width_px=SIZE_PX, height_px=SIZE_PX)
    assert costs.estimate(options, 1) == "About 301 MiB of memory", "nothing was baked yet"
    in_background([module("bake.objects.sets").BakeSet.of(quarter("First", material("red")))], maps=options.maps)
    kept = json.loads(costs.record.path.read_text())
    assert kept == costs.record.rates
    assert set(kept) == {"base_color", "normal"}
    assert min(kept.values()) > 0
    assert costs.estimate(options, 1).endswith(" s and 301 MiB of memory")
    assert costs.estimate(replace(options, maps=("base_color", "height")), 1).startswith("About 301 MiB"), (
        "an unknown map"
    )


def test_the_time_left_is_that_of_the_remaining_maps_at_the_rates_of_this_bake() -> None:
    costs, settings = module("bake.process.costs"), module("bake.settings")
    spent = costs.Costs(settings.BakeOptions(width_px=1000, height_px=500, samples=3), {"normal": 1e-5, "height": 1e-5})
    assert spent.seconds_of(["normal", "height"]) == pytest.approx(40)
    assert spent.left(["normal", "height"]) == "about 40 s left"
    assert spent.left(["base_color"]) == "", "never baked"
    spent.add("normal", 60.0, tiles=1)
    spent.add("normal", 200.0, tiles=2)
    assert spent.left(["normal", "height"]) == "about 1.7 min left", "80 s and 20 s"
    assert spent.left(["base_color"]) == "about 1.3 min left", "as the others"
    assert spent.left([]) == ""
