# SPDX-License-Identifier: GPL-3.0-or-later
"""Only What Changed: maps are baked again if anything that they depend on is another, and only then."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from baking import SIZE_PX, bake, in_background, material, module, pixels, plane, principled

pytestmark = pytest.mark.usefixtures("scene")
SHAPE, SURFACE = {"position", "edge_mask"}, {"base_color", "normal"}
MAPS = SHAPE | SURFACE
OPTIONS = {"maps": MAPS, "only_changed": True}


def textured(name: str) -> bpy.types.Material:
    """Red times an image that was never saved, shown by a group."""
    made, group = material(name, roughness=0.3), bpy.data.node_groups.new("Group", "ShaderNodeTree")
    group.interface.new_socket("Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    nodes, links = group.nodes, group.links
    shown, end = nodes.new("ShaderNodeTexImage"), nodes.new("NodeGroupOutput")
    shown.image = bpy.data.images.new("painted", 4, 4)
    shown.image.pixels.foreach_set(np.linspace(0, 1, 64, dtype=np.float32))
    links.new(shown.outputs["Color"], end.inputs[0])
    node = made.node_tree.nodes.new("ShaderNodeGroup")
    node.node_tree = group
    made.node_tree.links.new(node.outputs[0], principled(made).inputs["Base Color"])
    return made


def baked_anew(**properties: object) -> set[str]:
    """Bake, and return the maps that were not kept."""
    before = set(bpy.data.images)
    assert bake(**{**OPTIONS, **properties}) == {"FINISHED"}
    return {image["impasto_map"] for image in set(bpy.data.images) - before}


def test_what_is_as_it_was_is_kept_and_counted(extension) -> None:
    plane(textured("one"))
    assert baked_anew() == MAPS
    assert baked_anew() == set()
    assert extension.jobs.session.jobs.made.text.startswith("4 unchanged maps were kept")
    assert baked_anew(maps=MAPS | {"roughness"}) == {"roughness"}
    assert "Baked roughness of Strip; 4 unchanged maps were kept" in extension.jobs.session.jobs.made.text
    assert baked_anew(only_changed=False) == MAPS


def animate() -> None:
    socket = principled(bpy.data.materials["one"]).inputs["Roughness"]
    socket.keyframe_insert("default_value", frame=1)
    baked_anew()
    bpy.context.scene.frame_set(20)


CHANGES = {
    'bpy.data.meshes["Strip"].vertices[0].co.z += 0.1': MAPS,
    'bpy.data.meshes["Strip"].uv_layers[0].data[0].uv[0] += 0.01': MAPS,
    'bpy.data.objects["Strip"].modifiers.new("Smooth", "SUBSURF").show_viewport = False': MAPS,  # it is rendered
    'bpy.data.images["painted"].pixels[0] = 0.5': SURFACE,
    'bpy.data.node_groups["Group"].nodes["Image Texture"].interpolation = "Closest"': SURFACE,
    'principled(bpy.data.materials["one"]).inputs["Roughness"].default_value = 0.4': SURFACE,
    "animate()": SURFACE,
    'bpy.data.images.remove(bpy.data.images["Strip_normal"])': {"normal"},
    'bpy.data.images["Strip_normal"].pixels[0] = 0.25': {"normal"},
    'bpy.data.images["Strip_normal"].pixels[0] = 0.25; bpy.data.images["Strip_normal"].pack()': {"normal"},
    'principled(bpy.data.materials["one"]).location.x += 100': set(),
    'bpy.data.objects["Strip"].data.polygons[0].select = True': set(),
    'bpy.data.objects["Strip"].hide_render = True': set(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_maps_that_depend_on_what_changed_or_are_gone_or_painted_on_are_baked_again(change: str) -> None:
    plane(textured("one"))
    baked_anew()
    exec(change)
    assert baked_anew() == CHANGES[change]
    assert baked_anew() == set()


@pytest.mark.parametrize(
    ("changed", "maps"),
    [
        ({"samples": 2}, MAPS),
        ({"anti_aliasing": "4"}, MAPS),
        ({"height_px": 32}, MAPS),
        ({"margin_px": 3}, MAPS),
        ({"edge_radius": 0.1}, {"edge_mask"}),
        ({"file_format": "TARGA"}, set()),
    ],
)
def test_settings_count_for_the_maps_that_they_change(changed: dict, maps: set[str]) -> None:
    plane(textured("one"))
    baked_anew()
    assert baked_anew(**changed) == maps


def test_each_tile_of_an_image_counts(extension) -> None:
    obj = plane(material("tiled"))
    png = extension.bridge.encode.encode_png
    for last in (0.2, 0.8):
        tiles = {1001: png(np.full((4, 4, 3), 0.5), 8), 1002: png(np.full((4, 4, 3), last), 8)}
        image = extension.bridge.tiles.add("tiles", "base_color", tiles, None)
        nodes = obj.active_material.node_tree.nodes
        node = nodes.get("Image Texture") or nodes.new("ShaderNodeTexImage")
        node.image = image
        obj.active_material.node_tree.links.new(node.outputs[0], principled(obj.active_material).inputs["Base Color"])
        assert baked_anew() >= SURFACE
        assert baked_anew() == set()


def test_high_objects_and_the_cage_count() -> None:
    low, high = plane(None), plane(textured("one"))
    low.name, high.name, high.location.z = "Box_low", "Box_high", 0.02
    bpy.ops.object.select_all(action="DESELECT")
    low.select_set(True)
    bpy.context.view_layer.update()
    named = {"surface": "NAMED", "maps": {"normal", "position"}}
    assert baked_anew(**named) == {"normal", "position"}
    assert baked_anew(**named) == set()
    high.data.vertices[0].co.z += 0.02
    assert baked_anew(**named) == {"normal", "position"}
    assert baked_anew(**named, extrusion=0.5, ray_distance=1.0) == {"normal", "position"}
    cage = low.copy()
    cage.data, cage.name = low.data.copy(), "Box_cage"
    bpy.context.collection.objects.link(cage)
    cage.data.vertices[0].co.z += 0.5
    assert baked_anew(**named) == {"normal", "position"}


@pytest.mark.slow
def test_in_a_window_the_same_maps_are_kept() -> None:
    obj = plane(textured("one"))
    baked_anew()
    bpy.data.images["Strip_normal"].pixels[0] = 0.25
    options = module("bake.settings").BakeOptions(
        maps=("base_color", "normal", "position"), width_px=SIZE_PX, height_px=SIZE_PX, samples=1
    )
    sets = [module("bake.objects.sets").BakeSet.of(obj)]
    targets = [module("bake.results").target_of(sets[0], "NONE")]
    request = module("bake.request").BakeRequest(sets, options, targets, only_changed=True)
    report = module("jobs.session").jobs.finish(request.task())
    assert report.text == "Baked normal of Strip; 2 unchanged maps were kept"
    assert pixels("Strip_normal.001")[0, 0, 0] == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
def test_a_linked_object_and_its_override_are_the_same_in_the_background(tmp_path: Path) -> None:
    """Both have one name, which only one of them can have there."""
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {plane(material())})
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = ["Strip"]
    linked = wanted.objects[0]
    own = linked.override_create()
    for item in (linked, own):
        bpy.context.collection.objects.link(item)
    own.location.x = 2
    given = module("bake.objects.sets").BakeSet.of(linked, own)
    options = {"maps": ("base_color", "position", "island_id"), "width_px": 8, "height_px": 8, "samples": 1}
    here = list(module("bake.render.baked_maps").bake_set(given, module("bake.settings").BakeOptions(**options)))
    there, _ = in_background([given], **options)
    assert [one.provenance["fingerprint"] for one in there[0]] == [one.provenance["fingerprint"] for one in here]


def test_kept_maps_are_files_and_images_of_the_material_too(tmp_path: Path) -> None:
    obj = plane(textured("one"))
    baked_anew()
    assert baked_anew(maps=SURFACE | {"roughness"}, out_dir=str(tmp_path), material="UNUSED") == {"roughness"}
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["Strip_base_color.png", "Strip_normal.png", "Strip_roughness.png"]
    assert (tmp_path / names[0]).read_bytes() == bpy.data.images["Strip_base_color"].packed_file.data
    shown = {node.image.name for node in bpy.data.materials["Strip Baked"].node_tree.nodes if node.type == "TEX_IMAGE"}
    assert shown == {"Strip_base_color", "Strip_normal", "Strip_roughness"}
    assert baked_anew(maps=SURFACE | {"roughness"}, material="UNUSED") == set()
    assert "Strip Baked.001" not in bpy.data.materials, "there is one that shows the same images"
    assert baked_anew(maps={"normal"}, out_dir=str(tmp_path), file_format="TARGA") == {"normal"}, "it has no such file"
    assert obj.active_material.name == "one"
    assert "fingerprint" not in json.loads(bpy.data.images["Strip_normal"]["impasto_recipe"])["steps"][0]["parameters"]


def test_all_objects_that_were_baked_before_can_be_baked_again() -> None:
    """Also those of a set of several; objects that never were are left alone."""
    with pytest.raises(RuntimeError, match="No object of the scene has baked images"):
        bake(objects="BAKED")
    for name in ("First", "Second", "Third", "Fourth"):
        plane(material(name)).name = name
    for names in (["First"], ["Second", "Third"]):
        for obj in bpy.context.scene.objects:
            obj.select_set(obj.name in names)
        bpy.context.view_layer.objects.active = bpy.data.objects[names[0]]
        bake(maps={"roughness"}, target="ONE")
    bpy.ops.object.select_all(action="DESELECT")
    principled(bpy.data.materials["Second"]).inputs["Roughness"].default_value = 0.1
    before = set(bpy.data.images)
    bake(maps={"roughness"}, objects="BAKED")
    made = sorted(image["impasto_baked"] for image in set(bpy.data.images) - before)
    assert [json.loads(text)["object"] for text in made] == ["First", "Second", "Third"]
