"""Materials and objects of a .blend as sources, by a real Blender in the background."""

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from batches import bytes_of, done_names, failures_in, left_over, start, write_csv, write_photos
from cases import each_case
from dask_cluster import DaskCluster
from PIL import Image
from ssh_server import served, serving
from tasks.environments import bpy_environment
from worker_jobs import is_alive, processes, wait_until

from impasto import read_maps, read_recipe
from impasto.batch.checks import check_plan
from impasto.batch.plan import Output, Plan, Recipes, rows_of_sources
from impasto.errors import Cancelled, FileError, ParameterError, WorkerError
from impasto.io.blend import PROGRAM
from impasto.io.datablocks import Datablock
from impasto.io.files import read_size, source_name, sources_in

TESTS = Path(__file__).parents[1]

BLENDER = bpy_environment("5.0").python

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="the program that starts Blender is a shell script"),
    pytest.mark.skipif(not BLENDER.exists(), reason="no Blender yet: run `python build.py test --only blender-5.0`"),
]


@pytest.fixture
def impasto(fresh_impasto):
    """The command in whole processes: as a client of a cluster it has threads to end."""
    return fresh_impasto


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A folder with the files of `blend_files.py`, and a program that is Blender with the extension."""
    folder = tmp_path_factory.mktemp("blend")
    write_photos(folder, 1)[0].rename(folder / "wall.png")
    made = subprocess.run([BLENDER, TESTS / "blend_files.py", folder], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    program = folder / "blender"
    program.write_text(f'#!/bin/sh\nexec "{BLENDER}" -I "{TESTS / "blender_program.py"}" "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.fixture
def scene(files, monkeypatch):
    """scene.blend, which tests leave as it is, and Blender set for this process and those that it starts."""
    monkeypatch.setenv(PROGRAM, str(files / "blender"))
    return files / "scene.blend"


@pytest.fixture
def own_scene(scene, tmp_path):
    """A copy of the same, with files beside it that a test may change."""
    for file in ("scene.blend", "wall.png"):
        shutil.copy2(scene.with_name(file), tmp_path)
    return tmp_path / "scene.blend"


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB"), np.float32) / 255


@pytest.mark.essential
def test_materials_and_mesh_objects_of_a_blend_are_sources(scene):
    found = [scene / "Material" / name for name in ("Bricks", "Empty", "Metal/Steel")]
    assert sources_in(scene) == sources_in(scene / "Material") == found
    assert sources_in(scene / "Object") == [scene / "Object" / name for name in ("Bare", "Wall")]
    assert [read_size(path) for path in (found[0], found[2])] == [(32, 64), (24, 32)]
    assert [source_name(path) for path in found] == ["Bricks", "Empty", "Metal_Steel"]
    assert Datablock.at(scene.with_suffix(".png")) is None
    for name in ("A/B", "A//B", "/A/B", "A/./B"):
        assert Datablock.at(Datablock(scene, "Material", name).path).name_in(["Other", name]) == name


def test_a_material_of_images_is_read_from_them_and_even_values_are_kept(scene):
    maps = read_maps(scene / "Material" / "Metal" / "Steel")
    assert maps.name == "scene.blend/Material/Metal/Steel"
    assert set(maps) == {"base_color", "roughness", "metallic"}
    assert np.abs(maps["base_color"].pixels - pixels(scene.with_name("wall.png"))).max() < 1e-3
    assert (maps["metallic"].pixels == 1).all()
    assert np.allclose(maps["roughness"].pixels, 0.5, atol=1e-3)


def test_procedural_materials_are_baked_and_a_missing_image_fails_only_its_material(own_scene):
    own_scene.with_name("wall.png").unlink()
    with pytest.raises(FileError, match=r"wall\.png.*not there.*pack the resources"):
        read_maps(own_scene / "Material" / "Metal" / "Steel")
    maps = read_maps(own_scene / "Material" / "Bricks")
    blue = maps["base_color"].pixels[..., 2]
    assert blue.shape == (32, 64)
    assert (blue > 0.9).mean() == pytest.approx(0.56, abs=0.05)  # mortar
    assert (blue < 0.1).mean() == pytest.approx(0.38, abs=0.05)  # bricks
    assert np.abs(blue[1] - blue[5]).max() > 0.9  # each second row of bricks is shifted
    assert np.ptp(maps["normal"].pixels[..., 0]) > 0.05


@each_case("no-sources-of-a-blend")
def test_invalid_blend_sources_are_refused_with_a_remedy(scene, path, said):
    scene.with_name("broken.blend").write_bytes(b"no .blend")
    with pytest.raises(FileError, match=said):
        read_size(scene.parent / path)
    if "Bare" in path:
        with pytest.raises(ParameterError, match=said):
            read_maps(scene.parent / path)


def test_without_blender_the_error_has_a_remedy(own_scene, monkeypatch, tmp_path):
    monkeypatch.delenv(PROGRAM)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(FileError, match=rf"no Blender here.*{PROGRAM}"):
        read_size(own_scene / "Material" / "Bricks")
    program = tmp_path / "other"
    program.write_text("#!/bin/sh\necho 'unknown command impasto' >&2\nexit 1\n")
    monkeypatch.setenv(PROGRAM, str(program))
    with pytest.raises(FileError, match="cannot be started"):
        read_size(own_scene / "Material" / "Bricks")
    program.chmod(0o755)
    with pytest.raises(WorkerError, match=r"unknown command impasto.*Impasto extension"):
        read_size(own_scene / "Material" / "Bricks")


def test_a_cancelled_read_ends_its_blender(scene):
    def cancel(_fraction):
        if processes("blender_program"):
            raise Cancelled

    with pytest.raises(Cancelled):
        read_maps(scene.with_name("slow.blend") / "Material" / "Bricks", on_progress=cancel)
    assert processes("blender_program") == []


@pytest.mark.slow
def test_an_ended_batch_leaves_no_blender_process_and_no_file(engine_with_misbehaving, scene, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    out, source = tmp_path / "out", scene.with_name("slow.blend") / "Material" / "Bricks"
    with start(engine_with_misbehaving, "batch", "transform", source, "--out", out) as running:
        wait_until(lambda: processes("blender_program", "bake"), 60)
        time.sleep(2)  # it bakes
        (blender,) = processes("blender_program")
        running.send_signal(signal.SIGINT)  # which kills the engine
        assert "cancelled; 0 of 1" in running.communicate(timeout=30)[1]
    wait_until(lambda: not is_alive(blender), 5)
    wait_until(lambda: not list(tmp_path.glob("impasto-*")), 5)
    assert not list(out.glob("*.png"))
    assert left_over(out) == []


@pytest.mark.slow
def test_a_batch_makes_materials_and_objects_once_and_again_after_an_image_has_changed(impasto, own_scene, tmp_path):
    sources = {"checker": "Object/Wall", "tint": "Material/Bricks", "transform": "Material/Metal/Steel"}
    rows = [{"recipe": tool, "source": f"scene.blend/{path}"} for tool, path in sources.items()]
    table, out = write_csv(tmp_path / "t.csv", rows), tmp_path / "out"
    arguments = ("batch", table, "--workers", 1, "--no-contact-sheet", "--out", out, "--json")
    listed = json.loads(impasto(*arguments, "--dry-run").stdout)["jobs"]
    assert [job["size_px"] for job in listed] == [[64, 32], None, None]
    impasto(*arguments)
    assert read_recipe(out / "Wall_base_color.png").inputs["source"]["name"] == "scene.blend/Object/Wall"
    assert (pixels(out / "Metal_Steel_base_color.png") == pixels(own_scene.with_name("wall.png"))).all()
    before = bytes_of(out)
    Image.new("RGB", (32, 24), "red").save(own_scene.with_name("wall.png"))
    again = json.loads(impasto(*arguments).stdout.splitlines()[-1])
    assert (again["made"], again["done_before"]) == (1, 2)
    after = bytes_of(out)
    assert {name for name in after if after[name] != before[name]} >= {"Metal_Steel_base_color.png"}
    assert pixels(out / "Metal_Steel_base_color.png")[0, 0].tolist() == [1, 0, 0]
    assert left_over(out) == []


def test_sources_with_the_same_output_name_are_refused(scene, tmp_path):
    sources = [file / "Material" / "Bricks" for file in (scene, scene.with_name("packed.blend"))]
    plan = Plan(lambda: rows_of_sources("tint", sources, {}, [0]), Recipes(tmp_path), Output(tmp_path / "out"))
    with pytest.raises(ParameterError, match=r"packed\.blend/Material/Bricks would be called 'Bricks'"):
        check_plan(plan)


@pytest.mark.slow
def test_cluster_workers_read_shared_and_sent_blend_files(impasto, engine_with_misbehaving, scene, tmp_path):
    """One of two workers is on a machine that has no Blender."""

    def run(name, resource, *more):
        arguments = ("--cluster", dask.address, "--resources", f"{resource}=1", "--out", tmp_path / name)
        return impasto("batch", "transform", *more, *arguments, "--json", code=None)

    packed = scene.with_name("packed.blend") / "Material" / "Bricks"
    with closing(DaskCluster(engine_with_misbehaving, tmp_path / "dask")) as dask:
        dask.add_worker("--resources", "BLENDER=1")
        dask.add_worker("--resources", "NONE=1", **{PROGRAM: str(tmp_path / "no-blender")})
        seen = run("seen", "BLENDER", scene / "Material" / "Bricks")
        sent = run("sent", "BLENDER", packed, scene / "Material" / "Metal" / "Steel", "--send")
        none = run("none", "NONE", packed)
    assert (seen.returncode, sent.returncode, none.returncode) == (0, 3, 3), seen.stderr
    assert done_names(tmp_path / "sent") == ["Bricks"]
    (failure,) = failures_in(tmp_path / "sent")
    assert "wall.png, which is not sent" in failure["message"]
    assert "pack its resources" in failure["remedy"]
    for name in ("base_color", "normal"):
        one, other = (pixels(tmp_path / way / f"Bricks_{name}.png") for way in ("seen", "sent"))
        assert (one == other).all()
    (failure,) = failures_in(tmp_path / "none")
    assert "cannot be started" in failure["message"]
    assert "install Blender" in failure["remedy"]


@served
@pytest.mark.slow
def test_an_ssh_engine_gets_maps_from_the_local_blender(engine_with_misbehaving, impasto, scene, tmp_path, monkeypatch):
    source, out = scene / "Material" / "Metal" / "Steel", tmp_path / "out"
    with serving(tmp_path / "ssh") as server:
        monkeypatch.setenv("PATH", f"{server.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        engine = ("--engine", f"ssh://farm{engine_with_misbehaving}")
        done = impasto("apply", "tint", source, "--strength", "0", "--out", out, *engine)
    assert done.returncode == 0, done.stderr
    assert (pixels(out / "Metal_Steel_base_color.png") == pixels(scene.with_name("wall.png"))).all()
    assert (pixels(out / "Metal_Steel_metallic.png") == 1).all()
