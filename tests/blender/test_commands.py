"""The command line through Blender, and the scripts of the documentation."""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from blends import show_image
from conftest import coordinates, png

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCRIPTS = DOCS / "scripts"


@pytest.fixture
def photo(tmp_path):
    (tmp_path / "wall.png").write_bytes(png(coordinates(24, 32)))
    return tmp_path / "wall.png"


@pytest.mark.any_blender
@pytest.mark.slow
def test_the_command_takes_the_engines_arguments_and_passes_its_output_and_exit_codes_on(run, tmp_path, capsys):
    assert run("tools", "--blend", tmp_path / "none.blend") == 3
    said = capsys.readouterr()
    assert "checker" in said.out
    assert "wrote no maps" in said.err
    assert not (tmp_path / "none.blend").exists()

    assert run("generate", "checker", "--nonsense") == 2
    assert run("maps", "/nowhere.png", "--out", tmp_path) == 3


@pytest.mark.slow
@pytest.mark.any_blender
@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to a group of processes")
def test_control_c_ends_the_command_with_its_own_exit_code(extension, tmp_path):
    (tmp_path / "t.csv").write_text("recipe,name,parameter.seconds\nslow,one,60\n")
    enable_and_run = (
        f"import sys, bpy, addon_utils; addon_utils.enable({extension.__name__!r}, default_set=True); "
        f"sys.exit(sys.modules[{extension.__name__!r}].command_line.run(sys.argv[1:]))"
    )
    arguments = ("batch", tmp_path / "t.csv", "--out", tmp_path / "out", "--json")
    command = [sys.executable, "-P", "-c", enable_and_run, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stdout is not None
        first = next(line for line in running.stdout if line.startswith("{"))
        os.killpg(running.pid, signal.SIGINT)
        running.stdout.read()  # to its end, for a closed pipe has an exit code of its own
    assert "progress" in json.loads(first)
    assert running.returncode == 130


@pytest.mark.any_blender
def test_without_an_engine_the_command_says_the_remedy(run, monkeypatch, capsys):
    monkeypatch.delenv("IMPASTO_ENGINE")
    assert run("tools") == 7
    assert "Set Up Engine" in capsys.readouterr().err


@pytest.mark.slow
def test_blend_option_keeps_the_files_data_and_takes_phrases(run, photo, tmp_path):
    blend = tmp_path / "scene.blend"
    bpy.ops.mesh.primitive_monkey_add()
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.wm.read_homefile(use_empty=True)
    assert run("generate", "checker", "--source", photo, "--out", tmp_path, f"--blend={blend}", "--json") == 0
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    assert "Suzanne" in bpy.data.objects
    normal = bpy.data.materials["wall"].node_tree.nodes["Impasto Normal"].image
    assert normal.packed_file
    assert normal.colorspace_settings.name == "Non-Color"
    phrase = ("generate", "phrase", "wet mossy cobblestones", "--size", "64x64", "--out", tmp_path)
    assert run(*phrase, "--blend", blend) == 0
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    assert "wet-mossy-cobblestones" in bpy.data.materials


def run_script(monkeypatch, name, *arguments):
    """As `blender -b --python SCRIPT -- ARGUMENTS` does; a .blend that it has written is opened."""
    monkeypatch.setattr(sys, "argv", ["blender", "-b", "--python", name, "--", *map(str, arguments)])
    runpy.run_path(str(SCRIPTS / name), run_name="__main__")
    for written in (path for path in map(str, arguments) if path.endswith(".blend")):
        bpy.ops.wm.open_mainfile(filepath=written)


@pytest.mark.slow
def test_script_material_from_photo(scene, photo, tmp_path, monkeypatch):
    run_script(monkeypatch, "material_from_photo.py", photo, tmp_path / "out.blend", "--size", "64", "--width-m", "2")
    assert bpy.data.objects["Plane"].active_material.name == "wall"


def test_script_material_from_words(scene, plane, tmp_path, monkeypatch, capsys):
    script = ("material_from_words.py", "mossy red bricks", tmp_path / "out.blend", "--change", "no moss")
    run_script(monkeypatch, *script, "--size", "64")
    assert "mossy red bricks.001" in capsys.readouterr().out
    moss = [json.loads(item["impasto_recipe"])["steps"][0]["parameters"]["moss"] for item in bpy.data.materials]
    assert moss[0] > moss[1] == 0
    assert [item.name for item in bpy.data.materials] == ["mossy red bricks", "mossy red bricks.001"]


def test_script_library_from_folder(scene, photo, tmp_path, monkeypatch):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(SystemExit, match=r"broken\.png"):
        run_script(monkeypatch, "library_from_folder.py", tmp_path, tmp_path / "library.blend", "--size", "32")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "library.blend"))
    assert [material.name for material in bpy.data.materials] == ["wall"]
    assert bpy.data.materials["wall"].asset_data.tags[0].name == "Impasto"


def test_script_endless_material(scene, tmp_path, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    (tmp_path / "sand.png").write_bytes(png(noise))
    script = ("endless_material.py", tmp_path / "sand.png", tmp_path / "out.blend", "--seed", "5")
    run_script(monkeypatch, *script, "--bake", tmp_path / "baked", "--size", "48")
    assert (tmp_path / "baked" / "sand_baked_base_color.png").exists()
    node = bpy.data.materials["sand"].node_tree.nodes["Impasto Endless"]
    assert node.inputs["Seed"].default_value == 5
    images = [inner.image for inner in node.node_tree.nodes if inner.type == "TEX_IMAGE"]
    assert images
    assert all((image.packed_file and image.has_data) or image.size[0] for image in images)


def test_script_seamless_images(extension, scene, image, tmp_path, monkeypatch):
    bpy.context.object.active_material = extension.bridge.materials.new("wall")
    show_image(bpy.context.object.active_material, image)
    run_script(monkeypatch, "seamless_images.py", tmp_path / "out.blend")
    nodes = bpy.data.materials["wall"].node_tree.nodes
    assert [node.image.name for node in nodes if node.type == "TEX_IMAGE"] == ["bricks_seamless_base_color"]
    assert "bricks.png" in bpy.data.images


@pytest.fixture
def crate(extension, material) -> bpy.types.Object:
    """An unwrapped cube that shows the material's image, and no plane."""
    bpy.data.objects.remove(bpy.context.object)
    bpy.ops.mesh.primitive_cube_add(size=2)
    made = bpy.context.object
    made.name = "Crate"
    made.data.materials.append(material)
    texture = material.node_tree.nodes["my texture"]
    material.node_tree.links.remove(texture.inputs["Vector"].links[0])
    texture.extension = "REPEAT"
    made.select_set(False)
    return made


def test_script_bake_objects_from_high_to_low_with_tiles(extension, crate, tmp_path, monkeypatch):
    extension.jobs.session.jobs.close()  # so that bakes are done here
    bpy.context.scene.impasto_bake.samples = 1
    bpy.ops.mesh.primitive_plane_add()
    bpy.context.object.name = "Sheet"
    bpy.context.object.data.materials.append(crate.active_material)
    run_script(monkeypatch, "bake_objects.py", tmp_path / "own", "--size", "16", "--maps", "base_color", "roughness")
    expected = {f"{name}_{map_}.png" for name in ("Crate", "Sheet") for map_ in ("base_color", "roughness")}
    assert {path.name for path in (tmp_path / "own").iterdir()} == expected
    script = ("bake_objects.py", tmp_path / "one", "Sheet", "Crate", "--one-set", "--size", "16", "--maps", "roughness")
    run_script(monkeypatch, *script)
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["Sheet_roughness.png"]
    bpy.context.object.hide_set(True)
    with pytest.raises(SystemExit, match="is called Sheet; choose from Crate"):
        run_script(monkeypatch, "bake_objects.py", tmp_path / "none", "Crate", "Sheet")
    assert not (tmp_path / "none").exists()

    high = crate.copy()
    bpy.context.collection.objects.link(high)
    high.name, crate.name = "Crate_high", "Crate_low"
    options = ("--high-to-low", "--tiles", "--size", "16", "--maps", "roughness")
    run_script(monkeypatch, "bake_objects.py", tmp_path / "tiles", *options)
    assert [path.name for path in (tmp_path / "tiles").iterdir()] == ["Crate_low_roughness.1001.png"]


@pytest.mark.slow
def test_script_cover_object(crate, photo, tmp_path, monkeypatch):
    script = ("cover_object.py", "Crate", photo, tmp_path / "out.blend", "--size", "32", "--repeat-m", "1.5")
    run_script(monkeypatch, *script)
    covered = bpy.data.objects["Crate"].active_material
    recipe = json.loads(covered["impasto_recipe"])
    step = recipe["steps"][0]
    assert (covered.name, step["tool"], step["parameters"]["repeat_m"]) == ("wall", "cover-object", 1.5)
    assert recipe["inputs"]["mesh"]["name"] == "Crate.ply"
    assert covered.node_tree.nodes["Impasto Base Color"].image.packed_file


@pytest.mark.essential
def test_script_repaint_object(crate, photo, tmp_path, monkeypatch):
    script = ("repaint_object.py", "Crate", photo, tmp_path / "out.blend", "--seed", "5")
    run_script(monkeypatch, *script, "--parameters", '{"strength": 0.5}')
    painted = bpy.data.objects["Crate"].active_material
    image = painted.node_tree.nodes["my texture"].image
    recipe = json.loads(image["impasto_recipe"])
    assert painted.name != "bricks"
    assert image.packed_file
    assert (recipe["seed"], recipe["steps"][0]["parameters"]["strength"]) == (5, 0.5)
    assert recipe["inputs"]["mesh"]["name"] == "Crate.ply"


@pytest.mark.parametrize("script", ["cover_object.py", "repaint_object.py"])
def test_scripts_for_one_object_say_that_there_is_none(crate, photo, tmp_path, monkeypatch, script):
    with pytest.raises(SystemExit, match="there is no object Box"):
        run_script(monkeypatch, script, "Box", photo, tmp_path / "out.blend")
    assert not (tmp_path / "out.blend").exists()


CALL = re.compile(r"^bpy\.ops\.impasto\.", re.MULTILINE)


def calls_in_the_documentation():
    """Each call of an operator in the pages, as an expression of Python."""
    for page in sorted(DOCS.rglob("*.md")):
        for block in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            if CALL.search(block):
                nodes = ast.walk(ast.parse(block))
                found = [node for node in nodes if isinstance(node, ast.Call) and CALL.match(ast.unparse(node.func))]
                yield from ((page.name, node) for node in found)


def test_documented_operator_calls_have_valid_properties(extension):
    calls = list(calls_in_the_documentation())
    assert {"guide.md", "text.md", "style.md"} <= {page for page, _ in calls}
    for page, call in calls:
        name = ast.unparse(call.func).rpartition(".")[2]
        assert name in dir(bpy.ops.impasto), (page, name)
        known = getattr(bpy.ops.impasto, name).get_rna_type().properties.keys()
        assert {keyword.arg for keyword in call.keywords} <= set(known), (page, ast.unparse(call))


@pytest.mark.slow
def test_the_example_of_words_runs(scene, plane, extension):
    scene.impasto_parameters.quilt.width_px = scene.impasto_parameters.quilt.height_px = 32
    page = (DOCS / "how-to" / "text.md").read_text(encoding="utf-8")
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "impasto.match(" in block]
    exec(block.replace("1024", "32"), {"bpy": bpy})
    assert {"wet mossy cobblestones", "dry cobblestones"} <= set(bpy.data.materials.keys())
    assert len(extension.generate.variations.latest_variations(bpy.context)) == 4
