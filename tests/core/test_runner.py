"""`run` folds tools over the subject and records how, on any executor, with meshes; what an earlier version wrote."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from batches import done_names, plan_of, run_plan
from cubes import cube

from impasto import Host, Maps, Recipe, RunOptions, Step, device, read_maps, read_recipe, run
from impasto.batch.plan import Output, Plan, Recipes
from impasto.batch.record import Record, jobs_of
from impasto.data.dataset import read_dataset
from impasto.engine.messages import JobInput
from impasto.errors import Cancelled, DeviceError, FileError, ParameterError
from impasto.io.files import write_maps
from impasto.io.meshes import read_mesh
from impasto.io.metadata import source_type
from impasto.io.ply import ply_of
from impasto.library.models import ModelLibrary
from impasto.options import Sink
from impasto.plugins.registry import registry
from impasto.recipe import name_inputs
from impasto.running.inputs import read_input
from impasto.running.rerun import rerun
from impasto.tools import Filter, Input

pytestmark = pytest.mark.usefixtures("misbehaving")
CHECKER = Step("checker", {"width_px": 32, "height_px": 16})


def test_recipes_record_defaults_versions_and_inputs(photo):
    recipe = run(Recipe((CHECKER,), 4), {"source": photo}).recipe
    assert recipe.steps[0].parameters["squares"] == 4
    assert recipe.made_with["versions"]["impasto-misbehaving"]
    assert recipe.made_with["device"] == "cpu"
    assert recipe.inputs["source"]["sha256"] == photo.sha256()
    assert run(Recipe((Step("slow", {"seconds": 0}),)), {"source": photo}).recipe.inputs == {}, "it is not looked at"


def test_cancelling_raises_an_exception_that_plugins_cannot_swallow(photo):
    asked = iter([False] * 5)
    with pytest.raises(Cancelled):
        run(Recipe((Step("swallow"),)), {"source": photo}, host=Host(is_cancelled=lambda: next(asked, True)))


SCRIPT = """
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import torch
from impasto import Maps, Recipe, Step, run

RECIPE = Recipe((Step("photo-maps"),), 1)
PIXELS = np.random.default_rng(1).random((32, 40, 3), np.float32)


def main():
    torch.set_num_threads(2)
    torch.nn.functional.conv2d(torch.ones(1, 16, 256, 256), torch.ones(16, 16, 3, 3))  # OpenMP has its threads now
    given = {"source": Maps.from_arrays({"base_color": PIXELS})}
    here = run(RECIPE, given).maps
    assert torch.get_num_threads() == 2
    with ExitStack() as stack:
        pools = {}
        for how in sys.argv[1:]:
            if how == "threads":
                pool = ThreadPoolExecutor(2)
            elif how == "dask":
                from distributed import Client

                dask = stack.enter_context(Client(n_workers=1, threads_per_worker=1, dashboard_address=None))
                pool = dask.get_executor()
            else:
                pool = ProcessPoolExecutor(1, multiprocessing.get_context(how))
            pools[how] = stack.enter_context(pool)
        results = {how: pool.submit(run, RECIPE, given) for how, pool in pools.items()}
        for how, result in results.items():
            there = result.result(300).maps
            assert list(there) == list(here), how
            for name in here:
                assert np.allclose(there[name].pixels, here[name].pixels, atol=1e-5), (how, name)
            print(how, flush=True)


if __name__ == "__main__":
    main()
"""
"""The tolerance: a sum in one thread is rounded otherwise than in two."""


def executed(tmp_path: Path, *how: str) -> list[str]:
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # of the processes that begin anew: two are slow beside others
    command = [sys.executable, "-P", tmp_path / "script.py", *how]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split()


@pytest.mark.any_numpy
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has spawn only")
def test_every_executor_makes_the_same_after_torch_ran_here(tmp_path):
    how = ["fork", "threads", "spawn", "forkserver"]
    assert executed(tmp_path, *how) == how


@pytest.mark.any_numpy
@pytest.mark.essential
def test_dask_makes_the_same(tmp_path):
    assert executed(tmp_path, "dask") == ["dask"]


@pytest.mark.any_numpy
@pytest.mark.parametrize("gpu", ["cuda:0", "mps"])
def test_a_gpu_that_the_parent_used_is_refused_in_a_forked_process(gpu, monkeypatch):
    import torch

    monkeypatch.setattr(device, "available_devices", lambda: (gpu, "cpu"))
    assert device.choose_device("auto") == gpu
    monkeypatch.setattr(torch.cuda, "_is_in_bad_fork", lambda: True)
    monkeypatch.setattr(device._Fork, "happened", True)
    given = {"source": Maps.from_arrays({"base_color": np.zeros((8, 8, 3))})}
    with pytest.raises(DeviceError, match="spawn"):
        run(Recipe((Step("tint"),)), given)
    assert run(Recipe((Step("tint"),)), given, RunOptions(device="cpu")).maps


def test_an_input_has_one_name_or_a_list_of_names():
    text = '{"steps": [{"tool": "x", "inputs": {"start": "a", "style": ["a", "b"], "mask": ["", "c"]}}]}'
    step = Recipe.from_json(text).steps[0]
    assert (step.names_of("start"), step.names_of("style"), step.names_of("guide")) == (("a",), ("a", "b"), ())
    assert step.names_of("mask") == ("", "c")
    assert step.input_names == {"a", "b", "c"}
    assert Recipe.from_json(Recipe((step,)).to_json()).to_json() == Recipe((step,)).to_json()


def test_values_are_named_after_their_input_and_place():
    inputs, named = name_inputs({"style": ["night", "wave"], "mask": [None, "sky"], "start": ["small"], "guide": []})
    assert inputs == {"style": ["style", "style-2"], "mask": ["", "mask-2"], "start": "start"}
    assert named == {"style": "night", "style-2": "wave", "mask-2": "sky", "start": "small"}
    assert Step("x", inputs=inputs).input_names == named.keys()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Recipe(()), "1 to 100 items"),
        (lambda: Recipe((Step("x"),) * 101), "1 to 100 items"),
        (lambda: Step("x" * 4097), "step.tool must be at most 4096 characters long"),
        (lambda: Step("x", {"size": {f"slider {n}": 0 for n in range(65)}}), "parameters.size must be one of a number"),
        (lambda: Step("x", inputs={3: "a"}), "a name in step.inputs must be text"),
    ],
)
def test_recipes_made_in_python_are_checked_like_read_ones(make, said):
    with pytest.raises(ParameterError, match=said):
        make()


SURVEY = Recipe((Step("survey"),))
FOUND = {"triangles": 12, "islands": 6, "seams": 12}


class Uses(Filter):
    """Needs the mesh."""

    name, label, description = "uses", "Uses", "Needs a mesh"
    inputs = (Input("mesh", "the object", kind="mesh"),)

    def apply(self, subject, parameters, inputs, context):
        assert context.mesh is inputs["mesh"]
        return subject


def test_every_tool_finds_the_mesh_in_its_context_and_the_recipe_records_it(photo, monkeypatch):
    seen = []

    class Sees(Filter):
        name, label, description = "sees", "Sees", "Looks at the mesh"

        def apply(self, subject, parameters, inputs, context):
            seen.append(context.mesh)
            return subject

    monkeypatch.setitem(registry().tools, "sees", Sees())
    mesh = replace(cube(), name="cube.ply")
    recipe = Recipe((Step("sees"), Step("sees")))
    made = run(recipe, {"source": photo, "mesh": mesh})
    assert seen == [mesh, mesh]
    assert made.recipe.inputs["mesh"] == {"name": "cube.ply", "sha256": mesh.sha256()}
    assert "mesh" not in run(recipe, {"source": photo}).recipe.inputs
    assert seen[2:] == [None, None]
    assert source_type(made.recipe).endswith("/algorithmicallyEnhanced")
    size = {"width_px": 32, "height_px": 32}
    alone = run(Recipe((Step("checker", size), Step("cover-object", size))), {"mesh": cube()})
    assert source_type(alone.recipe).endswith("/algorithmicMedia"), "no picture was changed"


def test_a_tool_that_declares_a_mesh_receives_it_though_no_step_names_it(photo, monkeypatch):
    assert run(SURVEY, {"source": photo, "mesh": cube()}).figures == FOUND
    assert run(SURVEY, {"source": photo}).figures == {"triangles": 0}
    monkeypatch.setitem(registry().tools, "uses", Uses())
    recipe = Recipe((Step("uses"),))
    run(recipe, {"source": photo, "mesh": cube()})
    with pytest.raises(ParameterError, match=r"uses needs the input mesh \(the object\)"):
        run(recipe, {"source": photo})


def test_a_recipe_with_a_mesh_is_never_written_tile_by_tile(photo, tmp_path, monkeypatch):
    size = {"width_px": 64, "height_px": 64}
    recipe = Recipe((Step("blotches", size),))
    covering = Recipe((*recipe.steps, Step("cover-object", size)))
    sink = Sink(tmp_path, "spots")
    with pytest.raises(ParameterError, match="cannot be written tile by tile") as caught:
        run(covering, {"source": photo, "mesh": cube()}, RunOptions(sink=replace(sink, tile_by_tile=True)))
    assert caught.value.remedy
    monkeypatch.setattr("impasto.running.streaming.is_large", lambda size_px: True)
    assert not run(recipe, {"source": photo}, RunOptions(sink=sink)).maps
    sink = replace(sink, name="covered")
    assert run(covering, {"source": photo, "mesh": cube()}, RunOptions(sink=sink)).maps


@pytest.fixture
def made(photo, tmp_path) -> Path:
    """A picture that was made with a mesh, beside the picture and the mesh that it was made of."""
    (source,) = write_maps(photo, tmp_path, "photo")
    (tmp_path / "cube.ply").write_bytes(ply_of(cube()))
    recipe = Recipe((Step("tint"), Step("survey")))
    given = {"source": replace(photo, name=source.name), "mesh": replace(cube(), name="cube.ply")}
    return run(recipe, given, RunOptions(sink=Sink(tmp_path, "made"))).paths[0]


def test_a_file_is_made_again_with_the_mesh_beside_it_or_another(made, tmp_path):
    again = rerun(made, tmp_path / "again")
    assert again.result.figures == FOUND
    assert not [line for line in again.differences if "mesh" in line]
    (tmp_path / "large.ply").write_bytes(ply_of(cube(2.0)))
    other = rerun(made, tmp_path / "other", {"mesh": tmp_path / "large.ply"})
    assert "input mesh: large.ply is not the cube.ply that was used then" in other.differences
    (tmp_path / "cube.ply").unlink()
    with pytest.raises(FileError, match="mesh") as caught:
        rerun(made, tmp_path / "lost")
    assert "--input mesh=FILE" in caught.value.remedy


@pytest.mark.slow
def test_a_worker_reads_a_mesh_that_is_sent_or_at_a_path(shared_client, photo, tmp_path):
    content = ply_of(cube())
    sent = JobInput(files={"mesh.ply": np.frombuffer(content, np.uint8)}, name="Cube.ply")
    answer = shared_client.submit(SURVEY, {"source": photo, "mesh": sent}).result(60)
    assert answer.figures == FOUND
    assert answer.recipe.inputs["mesh"] == {"name": "Cube.ply", "sha256": cube().sha256()}
    (tmp_path / "cube.ply").write_bytes(content)
    assert shared_client.submit(SURVEY, {"source": photo, "mesh": tmp_path / "cube.ply"}).result(60).figures == FOUND
    damaged = JobInput(files={"mesh.ply": np.frombuffer(content[:-40], np.uint8)})
    with pytest.raises(FileError, match=r"mesh\.ply.*is damaged"):
        shared_client.submit(SURVEY, {"source": photo, "mesh": damaged}).result(60)
    assert shared_client.submit(SURVEY, {"source": photo}).result(60).figures == {"triangles": 0}


@pytest.fixture
def ply(tmp_path) -> Path:
    path = tmp_path / "cube.ply"
    path.write_bytes(ply_of(cube()))
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    "action", [("stylize", "--tool", "flat", "--style", "{picture}", "{picture}"), ("apply", "survey", "{picture}")]
)
def test_actions_on_pictures_take_the_mesh_that_they_lie_on(action, impasto, photo, ply, tmp_path):
    (picture,) = write_maps(photo, tmp_path, "photo")
    action = [word.format(picture=picture) for word in action]
    done = impasto(*action, "--mesh", ply, "--out", tmp_path / "out", "--json")
    said = json.loads(done.stdout)
    recipe = read_recipe(said["files"][0])
    assert recipe.inputs["mesh"] == {"name": "cube.ply", "sha256": cube().sha256()}
    assert "mesh" not in recipe.steps[0].inputs


@pytest.mark.slow
def test_the_command_refuses_invalid_meshes_and_rotated_sources(impasto, photo, ply, tmp_path):
    (picture,) = write_maps(photo, tmp_path, "photo")
    arguments = ("apply", "survey", picture, "--out", tmp_path / "out", "--mesh")
    none = impasto(*arguments, picture, code=FileError.exit_code)
    assert "is no mesh that is read" in none.stderr
    turned = impasto(*arguments, ply, "--source-rotate", 90, code=ParameterError.exit_code)
    assert "does not lie on the mesh" in turned.stderr
    impasto(*arguments, ply, "--source-scale", 0.5)


def test_directions_are_read_from_the_file_and_count_in_the_meshs_hash(tmp_path):
    directions = np.random.default_rng(0).random((12, 3, 3), np.float32)
    mesh = replace(cube(), directions=directions)
    path = tmp_path / "cube.ply"
    path.write_bytes(ply_of(mesh))
    found = read_mesh(path)
    assert np.array_equal(found.directions, directions)
    assert found.sha256() == mesh.sha256() != cube().sha256()
    path.write_bytes(ply_of(cube()))
    assert read_mesh(path).sha256() == cube().sha256()
    with pytest.raises(ParameterError, match="no numbers"):
        replace(cube(), positions=np.where(np.arange(3) > 1, np.nan, cube().positions))


EARLIER = Path(__file__).parents[1] / "earlier"
RECIPES, MODELS, BATCH = (EARLIER / name for name in ("recipes", "models", "batch"))
ROUNDED = 1.5 / 255
"""Most that a value may differ: rounding to 8 bits, and that of another processor before it."""


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """The folder of the earlier batches, as a user moved it elsewhere."""
    return shutil.copytree(BATCH, tmp_path / "batch")


@pytest.mark.parametrize("kind", ["png", "exr"])
def test_a_picture_is_made_again_with_the_same_pixels(kind, tmp_path):
    file = RECIPES / f"wall-{kind}_base_color.{kind}"
    made = rerun(file, tmp_path)
    assert len(made.paths) == 6
    for path in made.paths:
        again, before = (read_maps(one) for one in (path, RECIPES / path.name))
        for name, map_ in before.items():
            np.testing.assert_allclose(again[name].pixels, map_.pixels, atol=ROUNDED, err_msg=path.name)


def test_a_recipe_by_itself_makes_what_it_made():
    recipe = Recipe.from_json((RECIPES / "wall.json").read_text())
    stored = read_recipe(RECIPES / "wall-png_normal.png")
    assert [(step.tool, step.name, step.enabled, step.mask) for step in recipe.steps] == [
        (step.tool, step.name, step.enabled, step.mask) for step in stored.steps
    ]
    made = run(recipe, {name: read_input(name, RECIPES / f"{name}.png") for name in ("photo", "where")}).maps
    before = read_maps(RECIPES / "wall-png_base_color.png")["base_color"].pixels
    np.testing.assert_allclose(made["base_color"].pixels, before, atol=ROUNDED)


@pytest.mark.essential
@pytest.mark.parametrize("name", ["torus", "vae", "gan", "fast-style"])
def test_a_model_makes_the_same_picture(name, monkeypatch):
    """Two steps of training teach little, but the weights decide: another file makes another picture."""
    monkeypatch.setenv("IMPASTO_PRECISION", "float32")
    is_stylizer = name == "fast-style"
    step = Step(name, {"model": name} | ({} if is_stylizer else {"width_px": 64, "height_px": 64}))
    source = {"source": read_maps(MODELS / "wall.png")} if is_stylizer else {}
    made = run(Recipe((step,), 5), source, RunOptions(models_folder=MODELS, device="cpu")).maps
    before = read_maps(MODELS / "made" / f"{name}_base_color.png")["base_color"].pixels
    assert before.std() > 0.005, "a blank picture says nothing"
    np.testing.assert_allclose(made["base_color"].pixels, before, atol=ROUNDED)


def test_an_interrupted_training_goes_on(tmp_path, monkeypatch):
    """In its fourth step, with the losses of the three before, and to a model that makes pictures."""
    monkeypatch.setenv("IMPASTO_PRECISION", "float32")
    shutil.copy(MODELS / "longer.checkpoint", tmp_path)
    begun: list[str] = []
    parameters = {"steps": 4, "batch": 2, "width": 16, "name": "longer"}
    made = run(
        Recipe((Step("train-gan", parameters, {"dataset": "dataset"}),), 3),
        {"dataset": read_dataset(MODELS / "wall.png")},
        RunOptions(models_folder=tmp_path, device="cpu"),
        Host(on_progress=lambda _, message: begun.append(message) if message.startswith("Step") else None),
    )
    assert [message.split(",")[0] for message in begun] == ["Step 3 of 4"]
    assert made.figures["steps"] == 4
    assert ModelLibrary(tmp_path).by_name("longer").card["curve"]["step"] == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_batch_that_stopped_half_way_goes_on_and_what_failed_is_tried_again_where_it_is_now(batch, engines):
    record = Record(batch / "out")
    assert {made.name for made in record.results()} == {"a0", "a1"}
    progress = run_plan(plan_of(batch / "table.csv", batch / "out"), engines)
    assert (progress.made + progress.before, progress.failed) == (4, 0)
    assert {made.name for made in Record(batch / "out").results()} == {f"a{n}" for n in range(4)}
    failed = Record(batch / "failed")
    retried = Plan(lambda: jobs_of(failed.failures()), Recipes(batch), Output(batch / "failed"))
    assert run_plan(retried, engines).made == 1
    assert done_names(batch / "failed") == ["late"]
    assert (batch / "failed" / "late_base_color.png").exists()
