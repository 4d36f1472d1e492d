"""Files as an earlier version wrote them (`tests/earlier`) are read, made again and gone on from."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from batches import done_names, plan_of, run_plan

from impasto import Host, Recipe, RunOptions, Step, read_maps, read_recipe, run
from impasto.batch.plan import Output, Plan, Recipes
from impasto.batch.record import Record, jobs_of
from impasto.data.dataset import read_dataset
from impasto.library.models import ModelLibrary
from impasto.running.inputs import read_input
from impasto.running.rerun import rerun

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
