"""The mesh that goes with textures: which triangles are sent, from which objects, and when none can be."""

from __future__ import annotations

import importlib
import json

import bpy
import numpy as np
import pytest
from blends import edit_faces
from conftest import pixels_of, refused
from styling import made, recipe_of, settle, stylize

RUN = {"tool": "survey", "estimator": "none"}


@pytest.fixture
def mesh_of(extension, cube, material):
    """Function that gives the mesh of objects that show a material, as a rule of the cube."""
    surface = extension.bridge.meshes.MeshSurface
    return lambda *items, of=material: surface(of, list(items or [cube])).mesh(bpy.context)


@pytest.fixture
def cube(material) -> bpy.types.Object:
    """A cube, unwrapped by Smart UV Project, that shows the material by its UVs; it alone is selected."""
    node = material.node_tree.nodes["my texture"]
    material.node_tree.links.remove(node.inputs["Vector"].links[0])
    node.extension = "REPEAT"
    bpy.ops.mesh.primitive_cube_add(size=2, location=(1, 2, 3))
    item = bpy.context.object
    edit_faces(bpy.ops.uv.smart_project, island_margin=0.05)
    item.data.materials.append(material)
    return item


def noise(name: str, side: int) -> bpy.types.Image:
    """An image of smooth noise."""
    image = bpy.data.images.new(name, side, side)
    coarse = np.random.default_rng(side).random((side // 8, side // 8, 4)).repeat(8, 0).repeat(8, 1)
    coarse[..., 3] = 1
    image.pixels.foreach_set(coarse.astype(np.float32).ravel())
    image.pack()
    return image


def sent(name: str = "bricks – red_base_color") -> dict | None:
    """Record of the mesh in the recipe of an image."""
    return recipe_of(bpy.data.images[name])["inputs"].get("mesh")


@pytest.mark.slow
def test_sent_meshes_have_the_objects_triangles_islands_and_seams(mesh_of, cube, material):
    mesh = mesh_of()
    assert len(mesh) == 12
    first, second = mesh.seams
    assert len(first) == len(second) == 12
    assert mesh.name == "Cube.ply"
    assert mesh.positions.reshape(-1, 3).min(0).tolist() == [0, 1, 2]
    assert mesh.positions.reshape(-1, 3).max(0).tolist() == [2, 3, 4]
    cube.data.calc_loop_triangles()
    for triangle, positions, uvs in zip(cube.data.loop_triangles, mesh.positions, mesh.uvs, strict=True):
        places = [cube.matrix_world @ cube.data.vertices[index].co for index in triangle.vertices]
        np.testing.assert_allclose(positions, places, atol=1e-6)
        own = [cube.data.uv_layers.active.data[loop].uv for loop in triangle.loops]
        np.testing.assert_allclose(uvs, own, atol=1e-6)


def test_only_faces_with_the_material_are_sent_in_metres_with_mapped_uvs(mesh_of, cube, material):
    cube.data.materials.append(bpy.data.materials.new("other"))
    cube.data.polygons[0].material_index = 1
    before = mesh_of()
    assert len(before) == 10
    bpy.context.scene.unit_settings.system, bpy.context.scene.unit_settings.scale_length = "METRIC", 0.01
    tree = material.node_tree
    mapping, coordinates = tree.nodes["Mapping"], tree.nodes.new("ShaderNodeTexCoord")
    mapping.inputs["Scale"].default_value, mapping.inputs["Location"].default_value = (0.5, 0.25, 1), (0.5, 0, 0)
    tree.links.new(coordinates.outputs["UV"], mapping.inputs["Vector"])
    tree.links.new(mapping.outputs["Vector"], tree.nodes["my texture"].inputs["Vector"])
    mesh = mesh_of()
    np.testing.assert_allclose(mesh.positions, before.positions * 0.01, rtol=1e-5)
    np.testing.assert_allclose(mesh.uvs, before.uvs * (0.5, 0.25) + (0.5, 0), atol=1e-6)


def test_direction_attributes_are_sent_in_scene_orientation(mesh_of, cube, material, tmp_path):
    assert mesh_of().directions is None
    attribute = cube.data.attributes.new("direction", "FLOAT_VECTOR", "POINT")
    attribute.data.foreach_set("vector", [1.0, 0.0, 0.0] * 8)
    cube.rotation_euler[2] = np.pi / 2
    bpy.context.view_layer.update()
    mesh = mesh_of()
    np.testing.assert_allclose(mesh.directions, np.broadcast_to([0.0, 1.0, 0.0], (12, 3, 3)), atol=1e-6)
    path = tmp_path / "cube.ply"
    bpy.ops.wm.ply_export(filepath=str(path), export_uv=True, export_triangulated_mesh=True)
    assert (b"property float direction_x\n") in path.read_bytes()


def test_blenders_export_gives_the_command_the_same_mesh(extension, mesh_of, cube, material, tmp_path):
    cube.rotation_euler = (0.1, 0.2, 0.3)
    bpy.context.view_layer.update()
    path = tmp_path / "Cube.ply"
    how = {"export_uv": True, "export_triangulated_mesh": True, "export_selected_objects": True}
    bpy.ops.wm.ply_export(filepath=str(path), **how)
    mesh_of_ply = importlib.import_module(f"{extension.__name__}.core.io.ply").mesh_of_ply
    exported, own = mesh_of_ply(path.read_bytes(), path.name), mesh_of()
    assert (len(exported), len(exported.seams[0])) == (12, 12)
    for ours, theirs in ((own.positions, exported.positions), (own.uvs, exported.uvs)):
        corners = [np.unique(np.round(values.reshape(-1, values.shape[-1]), 4), axis=0) for values in (ours, theirs)]
        np.testing.assert_allclose(corners[0], corners[1], atol=2e-4)


@pytest.mark.slow
def test_an_image_of_directions_goes_with_the_mesh(extension, cube, material, style, settings, image):
    flow = noise("flow", 16)
    stylize(subject="MATERIAL", directions="flow", material="NONE")
    assert recipe_of(bpy.data.images["bricks – red_base_color"])["inputs"]["directions"]["name"] == "flow"
    bpy.ops.impasto.rerun(image="bricks – red_base_color")
    assert " is not the " not in made()["report"]
    settings.subject, settings.directions = "MATERIAL", flow
    assert extension.stylize.preview.live.action(bpy.context).inputs.keys() >= {"mesh", "directions"}
    settings.material = "NONE"
    bpy.ops.impasto.stylize()
    assert "directions" in recipe_of(bpy.data.images["bricks – red_base_color.002"])["inputs"]
    settings.across_seams = False
    bpy.ops.impasto.stylize()
    assert "directions" not in recipe_of(bpy.data.images["bricks – red_base_color.003"])["inputs"]
    size = {"width_px": 64, "height_px": 64, "estimator": "none"}
    bpy.ops.impasto.run(tool="cover-object", image=style.name, directions="flow", name="covered", **size)
    assert "directions" in recipe_of(bpy.data.images["covered_base_color"])["inputs"]
    refused("no image and no file called", stylize, subject="MATERIAL", directions="lost.png")


def test_sent_meshes_include_modifiers_mirroring_and_edit_mode(mesh_of, cube, material):
    cube.modifiers.new("finer", "SUBSURF").levels = 1
    cube.modifiers["finer"].subdivision_type = "SIMPLE"
    mesh = mesh_of()
    assert len(mesh) == 48
    assert len(mesh.seams[0]) == 24
    cube.modifiers.clear()
    for scale_x in (1, -1):
        cube.scale = (scale_x, 1, 1)
        bpy.context.view_layer.update()
        corners = mesh_of().positions
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        outwards = corners.mean(1) - (1, 2, 3)
        assert ((normals * outwards).sum(1) > 0).all()

    before = mesh_of()
    bpy.ops.object.mode_set(mode="EDIT")
    assert mesh_of().sha256() == before.sha256()
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide(number_cuts=1)
    assert len(mesh_of()) == 48
    bpy.ops.object.mode_set(mode="OBJECT")


@pytest.mark.slow
def test_all_objects_that_share_the_material_are_one_mesh(mesh_of, cube, material, style):
    bpy.ops.object.duplicate()
    other = bpy.context.object
    other.location.x += 10
    bpy.context.view_layer.update()
    mesh = mesh_of(other, cube)
    assert (len(mesh), mesh.name) == (24, "bricks.ply")
    assert mesh.positions[..., 0].min() == 0
    assert mesh.positions[..., 0].max() == 12
    bpy.data.objects["Cube"].select_set(True)
    stylize(surface=material.name)
    assert sent() == {"name": mesh.name, "sha256": mesh.sha256()}


@pytest.mark.slow
def test_materials_are_repainted_across_seams_by_default(extension, mesh_of, cube, material, settings):
    mesh = mesh_of()
    stylize(subject="MATERIAL")
    assert sent() == {"name": "Cube.ply", "sha256": mesh.sha256()}
    stylize(surface=material.name, across_seams=False)
    assert sent("bricks – red_base_color.001") is None
    stylize(image="bricks.png")
    assert sent("bricks – red") is None
    applied = extension.batch.chosen.AppliedRecipe.of_image(bpy.data.images["bricks – red_base_color"])
    assert set(applied.inputs) == {"style"}, "other materials have other meshes"
    settings.subject, settings.across_seams = "MATERIAL", False
    bpy.ops.impasto.stylize()
    assert sent("bricks – red_base_color.002") is None


@pytest.mark.slow
def test_live_previews_are_painted_across_seams_like_results(extension, scene, cube, material, settings, mesh_of):
    settings.subject, settings.tool = "MATERIAL", "patches-style"
    group = scene.impasto_parameters.patches_style
    group.input_style = noise("style", 64)
    material.node_tree.nodes["my texture"].image = noise("atlas", 512)
    live = extension.stylize.preview.live
    inputs = live.action(bpy.context).inputs
    whole, small = mesh_of(), inputs["source"]()
    assert inputs["mesh"]().files["mesh.ply"].tobytes() == extension.core.io.ply.ply_of(whole)
    assert small.arrays["base_color"].shape == (256, 256, 3)
    settings.live_preview = True
    settle(extension.jobs.session.jobs, live)
    assert live.error == ""
    across = live.pixels
    assert max(across.shape) <= 256
    settings.across_seams = False
    assert "mesh" not in live.action(bpy.context).inputs
    settle(extension.jobs.session.jobs, live)
    assert across.shape != live.pixels.shape or (across != live.pixels).any()
    settings.subject, settings.image, settings.across_seams = "IMAGE", bpy.data.images["atlas"], True
    assert "mesh" not in live.action(bpy.context).inputs, "a picture lies on no object"


def test_filters_run_across_the_seams_of_the_textures_object(cube, material, image):
    before = dict.fromkeys(bpy.data.images)
    bpy.ops.impasto.run(**RUN, image=image.name, material="ACTIVE")
    (new,) = (item for item in bpy.data.images if item not in before)
    assert sent(new.name)["name"] == "Cube.ply"
    assert recipe_of(new)["steps"][0]["inputs"] == {}
    bpy.ops.impasto.run(**RUN, image=image.name, material="NONE", name="flat", across_seams=False)
    assert sent("flat_base_color") is None
    bpy.ops.impasto.run(**RUN, image=image.name, material="NONE", name="turned", preparation='{"rotate": 90}')
    assert sent("turned_base_color") is None, "it does not lie on the object any more"
    bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, estimator="none", image=image.name, material="NONE")
    assert sent("bricks_base_color.001") is None, "a generator makes a texture of its own"


def test_without_a_usable_mesh_a_report_or_an_error_says_so(cube, material, style):
    cube.select_set(False)
    bpy.context.view_layer.objects.active = None
    stylize(surface=material.name)
    assert "not across seams: no selected mesh object shows the material bricks" in made()["report"]
    refused("no selected mesh object shows the material bricks", stylize, surface=material.name, across_seams=True)
    cube.select_set(True)
    bpy.context.view_layer.objects.active = cube
    material.node_tree.nodes["my texture"].projection = "BOX"
    stylize(surface=material.name, material="NONE")
    assert "not across seams: the textures of bricks are projected from the sides of a box" in made()["report"]
    refused("projected from the sides of a box", stylize, surface=material.name, across_seams=True)
    material.node_tree.nodes["my texture"].projection = "FLAT"
    cube.data.uv_layers.remove(cube.data.uv_layers[0])
    refused("has no UVs", stylize, surface=material.name, across_seams=True)
    refused("no texture of the active object's material", "run", tool="negative", image=style.name, across_seams=True)


def test_regions_are_filled_across_seams_and_mend_tiling_ignores_them(extension, cube, material, image, monkeypatch):
    catalogue = extension.engine.catalogue.catalogue
    usual = {"fill": "plug", "mend": "negative"}
    monkeypatch.setattr(catalogue, "usual", lambda task: usual.get(task) or type(catalogue).usual(catalogue, task))
    shown = extension.bridge.surfaces.map_nodes
    bpy.ops.impasto.paint_region(image=image.name, points="[[0.25, 0.5], [0.5, 0.5]]", radius_px=4)
    bpy.ops.impasto.fill_region(image=image.name)
    filled = shown(material)["base_color"].image
    assert sent(filled.name)["name"] == "Cube.ply"
    bpy.ops.impasto.mend_tiling(image=filled.name)
    mended = shown(material)["base_color"].image
    assert mended != filled
    assert sent(mended.name) is None
    bpy.context.scene.impasto_region.across_seams = False
    bpy.ops.impasto.heal_stroke(image=mended.name, points="[[0.25, 0.5]]", radius_px=4)
    assert sent(shown(material)["base_color"].image.name) is None


def test_make_again_uses_the_mesh_of_the_images_object(cube, plane, material, style):
    stylize(subject="MATERIAL", material="ACTIVE")
    painted = sent()
    bpy.ops.impasto.rerun(image="bricks – red_base_color")
    assert sent("bricks – red_base_color.001") == painted
    assert "mesh" not in made()["report"]
    cube.location.x += 1
    bpy.ops.impasto.rerun(image="bricks – red_base_color")
    assert "input mesh" in made()["report"]
    bpy.data.objects.remove(cube)
    plane.active_material = None
    refused(r"the mesh Cube\.ply is neither shown", "rerun", image="bricks – red_base_color")


def test_tools_with_a_mesh_input_get_all_selected_faces(mesh_of, cube, material, style):
    cube.data.materials.append(bpy.data.materials.new("other"))
    cube.data.polygons[0].material_index = 1
    whole = mesh_of(of=None)
    assert (len(whole), whole.name) == (12, "Cube.ply")
    bpy.ops.impasto.run(**RUN, image=style.name, material="NONE")
    assert sent("red_base_color") == {"name": "Cube.ply", "sha256": whole.sha256()}
    cube.data.materials.clear()
    assert mesh_of(of=None).sha256() == whole.sha256()
    bpy.ops.object.delete()
    refused("no mesh object with faces is selected", "run", **RUN, image=style.name, across_seams=True)


@pytest.mark.parametrize("name", ["MIRROR", "ARRAY"])
def test_faces_overlapping_by_modifiers_keep_the_seams(mesh_of, cube, material, name):
    modifier = cube.modifiers.new("Copies", name)
    if name == "ARRAY":
        modifier.relative_offset_displace = 0, 0, 0
    mesh = mesh_of()
    assert (len(mesh), len(mesh.seams[0]), mesh.crowded_edges) == (24, 24, 0)


def test_an_object_is_covered_with_a_photograph(extension, scene, mesh_of, cube, style):
    settings, request_poll_message = scene.impasto, extension.generate.request.request_poll_message
    settings.tool, settings.source_kind, settings.image = "cover-object", "IMAGE", style
    assert request_poll_message(bpy.context) == ""
    size = {"width_px": 64, "height_px": 64, "estimator": "none"}
    bpy.ops.impasto.run(tool="cover-object", image=style.name, **size)
    assert cube.active_material.name == "red"
    assert sent("red_base_color")["sha256"] == mesh_of(of=None).sha256()
    bpy.ops.object.delete()
    assert request_poll_message(bpy.context) == "Select a mesh object"
    refused("no mesh object with faces is selected", "run", tool="cover-object", image=style.name, **size)


def test_faces_are_filled_from_their_islands_or_across_seams(extension, cube, material, monkeypatch):
    catalogue = extension.engine.catalogue.catalogue
    monkeypatch.setattr(catalogue, "usual", {"fill": "plug"}.get)
    cube.select_set(False)
    bpy.context.view_layer.objects.active = None
    for face in cube.data.polygons:
        face.select = face.index == 0
    shown = extension.bridge.surfaces.map_nodes
    bpy.ops.impasto.fill_faces(object=cube.name)
    assert recipe_of(shown(material)["base_color"].image)["inputs"].keys() == {"source", "mask", "islands"}
    bpy.ops.impasto.fill_faces(object=cube.name, across_seams=True)
    assert recipe_of(shown(material)["base_color"].image)["inputs"].keys() == {"source", "mask", "mesh"}


def test_a_batch_has_a_mesh_for_each_material_of_the_selected_objects(extension, cube, material, tmp_path, mesh_of):
    bpy.ops.mesh.primitive_plane_add()
    bpy.context.object.data.materials.append(bpy.data.materials.new("plain"))
    cube.select_set(True)
    request, output = extension.batch.request, extension.batch.request.BatchOutput(str(tmp_path))
    applied = extension.batch.chosen.AppliedRecipe.of_request(extension.tools.request.Request("flat"))

    def meshes_of(**given) -> dict[str, str | None]:
        table, _ = request.BatchRequest(applied, output, **given)._write(bpy.context)
        rows = map(json.loads, table.read_text(encoding="utf-8").splitlines())
        return {row["name"]: row.get("inputs", {}).get("mesh") for row in rows}

    assert meshes_of() == {"bricks": "mesh/bricks.ply", "plain": None}
    whole = mesh_of()
    mesh_of_ply = importlib.import_module(f"{extension.__name__}.core.io.ply").mesh_of_ply
    written = (tmp_path / "from_blender" / "mesh" / "bricks.ply").read_bytes()
    assert mesh_of_ply(written, "bricks.ply").sha256() == whole.sha256()
    assert meshes_of(across_seams=False) == {"bricks": None, "plain": None}
    node, shader = material.node_tree.nodes["my texture"], material.node_tree.nodes["Principled BSDF"]
    gamma = material.node_tree.nodes.new("ShaderNodeGamma")
    material.node_tree.links.new(node.outputs["Color"], gamma.inputs["Color"])
    material.node_tree.links.new(gamma.outputs["Color"], shader.inputs["Base Color"])
    assert meshes_of()["bricks"] is None, "it is baked on a plane"


@pytest.mark.slow
def test_layers_of_a_result_across_seams_run_on_the_mesh_again(cube, material):
    painting = noise("painting", 64).name
    stylize(subject="MATERIAL", tool="patches-style", style=painting, parameters={"longest_px": 64})
    first = bpy.data.images[made()["images"][0]]
    bpy.ops.impasto.edit_layers(image=first.name)
    assert "choose its input" not in made()["report"]
    stack = cube.active_material.impasto_layers
    assert (stack.across_seams, [layer.tool for layer in stack.layers]) == (True, ["patches-style"])
    bpy.ops.impasto.run_layers()
    again = bpy.data.images[made()["images"][0]]
    assert recipe_of(again)["inputs"]["mesh"] == recipe_of(first)["inputs"]["mesh"]
    np.testing.assert_array_equal(pixels_of(again), pixels_of(first))
    stack.across_seams = False
    bpy.ops.impasto.run_layers()
    assert "mesh" not in recipe_of(bpy.data.images[made()["images"][0]])["inputs"]
