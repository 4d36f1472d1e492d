"""Behaviour of all first-party tools: schema, seeds, odd pictures, cancelling, leaving the subject alone.

A tool that needs a model is given one that took two steps, and one that needs published weights some of their layout.
A trainer makes no maps, and a tool may need pictures that belong together: only what they declare is tested here, and
the rest with their plugins.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from quick import QUICK

from impasto.data.dataset import Dataset, dataset_of
from impasto.evaluation.behaviour import CHECKS, declaration_problem, maker, picture, takes_sets
from impasto.plugins import registry
from impasto.recipe import Recipe, Step
from impasto.runner import Result, run
from impasto.texture import Maps

pytestmark = pytest.mark.usefixtures("small_weights")
TOOLS = sorted(registry().tools)
MAKERS = [name for name in TOOLS if registry().tool(name).kind != "trainer" and not takes_sets(registry().tool(name))]
FROM_COLOURS = ("cnn-texture", "find-landmarks")
"""Those that make a new base colour from the subject's alone."""
ON_A_SUBJECT = [
    name
    for name in MAKERS
    if "model" not in (tool := registry().tool(name)).parameters.model_fields
    and tool.uses_subject
    and tool.keeps_size
    and name not in FROM_COLOURS
]
"""Those that change or add to their subject's maps; the others make new ones, most from their model alone."""
EVERY_MAKER = [
    pytest.param(name, marks=pytest.mark.any_numpy) if registry().tool(name).group else name
    for name in MAKERS
    if registry().tool(name).task != "stylize"
]
"""All but the stylizers, the slowest, for which test_every_stylizer.py holds the same; materials hardly use NumPy."""


TINY = {
    "train-torus": {"steps": 2, "canvas_px": 96, "crop_px": 48, "batch": 1, "width": 0.125},
    "train-vae": {"steps": 2, "crop_px": 80, "batch": 1, "width": 8},
    "train-gan": {"steps": 2, "batch": 2, "width": 16},
    "train-conditional-gan": {"steps": 2, "batch": 2, "width": 16},
    "train-progressive-gan": {"steps": 2, "batch": 2, "width": 16, "crop_px": 32},
}


@pytest.fixture(autouse=True, scope="module")
def library_with_tiny_models(tmp_path_factory):
    """A library of models that holds one for each generator that needs one."""
    folder = tmp_path_factory.mktemp("models")
    for trainer in TINY:
        train_tiny(trainer, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_MODELS", str(folder))
        yield


def train_tiny(trainer: str, folder: Path) -> Result:
    """Train a model of the trainer's name for two steps, into a folder."""
    takes_dataset = any(item.kind == "dataset" for item in registry().tool(trainer).inputs)
    given = {"dataset": two_classes()} if takes_dataset else {"source": picture(128, 128)}
    step = Step(trainer, {**TINY[trainer], "name": trainer}, {"dataset": "dataset"} if takes_dataset else {})
    return run(Recipe((step,)), given, models_folder=folder)


def two_classes() -> Dataset:
    """A picture of each of two classes."""
    one, other = (dataset_of(picture(128, 128, seed), label=str(seed)) for seed in (0, 1))
    return replace(one, samples=(*one.samples, *other.samples))


def make(name: str, subject: Maps, **how) -> Maps:
    """The tool's result for the subject, as fast as possible; `how` is as for `impasto.evaluation.behaviour.Make`."""
    return maker(registry().tool(name), QUICK.get(name))(subject, **how)


def test_the_first_party_tools_are_here():
    assert {"quilt", "photo-maps", "tint", "torus", "train-torus", "vae", "train-vae"} <= set(TOOLS)


@pytest.mark.parametrize("name", TOOLS)
def test_it_can_be_drawn_by_any_host_and_runs_on_its_defaults(name):
    assert not declaration_problem(registry().tool(name), maker(registry().tool(name)))


@pytest.mark.parametrize("name", EVERY_MAKER)
@pytest.mark.parametrize(
    "behaviour", [behaviour for behaviour, problem_of in CHECKS.items() if problem_of != declaration_problem]
)
def test_it_behaves_as_every_tool_does(name, behaviour):
    tool = registry().tool(name)
    assert not CHECKS[behaviour](tool, maker(tool, QUICK.get(name)))


@pytest.mark.parametrize("name", [name for name in ON_A_SUBJECT if name != "cnn-texture"])  # of colours alone, anew
def test_other_maps_of_the_subject_are_not_lost(name):
    subject = picture(64, 64).with_arrays({"opacity": np.full((64, 64), 0.25)})
    made = make(name, subject)
    assert np.allclose(made["opacity"].pixels, 0.25, atol=1e-3)
