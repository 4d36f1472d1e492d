"""What holds for every first-party tool: its schema, seeds, odd pictures, cancelling, leaving the subject alone.

A tool that needs a model is given one that took two steps, and one that needs published weights some of their layout.
A trainer makes no maps, so only what it declares is tested here, and the rest with its plugin.
"""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from quick import QUICK

from impasto.data.dataset import Dataset, dataset_of
from impasto.errors import Cancelled
from impasto.plugins import registry
from impasto.recipe import Recipe, Step
from impasto.runner import Result, run
from impasto.texture import MAP_CHANNELS, Maps
from impasto.tools import check_tool, describe, validate

pytestmark = pytest.mark.usefixtures("small_weights")
TOOLS = sorted(registry().tools)
MAKERS = [name for name in TOOLS if registry().tool(name).kind != "trainer"]
FROM_COLOURS = ("cnn-texture",)
"""Those that make a new base colour from the subject's alone."""
ON_A_SUBJECT = [
    name for name in MAKERS if "model" not in registry().tool(name).parameters.model_fields and name not in FROM_COLOURS
]
"""Those that change or add to their subject's maps; the others make new ones, most from their model alone."""


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


def make(name: str, subject: Maps, seed: int = 0, **how) -> Maps:
    """What the tool makes of the subject; for each input that it needs it is given a picture. `how` is as for `run`."""
    needed = [item.name for item in registry().tool(name).inputs if item.required]
    step = Step(name, QUICK.get(name, {}), {input_: input_ for input_ in needed})
    others = {input_: picture(40, 56, seed=index + 1) for index, input_ in enumerate(needed)}
    return run(Recipe((step,), seed), {"source": subject, **others}, **how).maps


def picture(height: int, width: int, seed: int = 0) -> Maps:
    rng = np.random.default_rng(seed)
    smooth = np.add.outer(np.sin(np.arange(height) / 4), np.cos(np.arange(width) / 5))[..., None] / 6
    return Maps.from_arrays({"base_color": np.clip(0.5 + smooth + 0.2 * rng.random((height, width, 3)), 0, 1)})


def test_the_first_party_tools_are_here():
    assert {"quilt", "photo-maps", "tint", "torus", "train-torus", "vae", "train-vae"} <= set(TOOLS)


@pytest.mark.parametrize("name", TOOLS)
def test_it_can_be_drawn_by_any_host_and_runs_on_its_defaults(name):
    tool = registry().tool(name)
    check_tool(tool)
    assert validate(tool, {}) == tool.parameters()
    assert describe(tool)["description"][0].isupper()


@pytest.mark.parametrize("name", MAKERS)
def test_one_seed_gives_one_picture_and_the_subject_is_left_alone(name):
    subject = picture(72, 88)
    before = subject.sha256()
    results = [make(name, subject, seed=11) for _ in range(2)]
    assert results[0].sha256() == results[1].sha256()
    assert subject.sha256() == before


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (3, 500), (97, 61)], ids=str)
def test_odd_sizes_give_maps_in_range(name, size):
    made = make(name, picture(*size))
    for map_ in made:
        pixels = made[map_].pixels
        assert pixels.shape == (*size, MAP_CHANNELS[map_])
        assert np.isfinite(pixels).all()
        assert pixels.min() >= 0
        assert pixels.max() <= 1


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_one_colour_gives_maps_in_range(name, value):
    flat = Maps.from_arrays({"base_color": np.full((64, 64, 3), value)})
    made = make(name, flat)
    for map_ in made:
        assert np.isfinite(made[map_].pixels).all()
        assert 0 <= made[map_].pixels.min() <= made[map_].pixels.max() <= 1


@pytest.mark.parametrize("name", MAKERS)
def test_a_cancelled_job_ends_before_it_is_done(name):
    calls = []

    def cancelled_at_the_second_look() -> bool:
        calls.append(time.monotonic())
        return len(calls) > 1

    with pytest.raises(Cancelled):
        make(name, picture(128, 128), is_cancelled=cancelled_at_the_second_look)


@pytest.mark.parametrize("name", [name for name in ON_A_SUBJECT if name != "cnn-texture"])  # of colours alone, anew
def test_other_maps_of_the_subject_are_not_lost(name):
    subject = picture(64, 64).with_arrays({"opacity": np.full((64, 64), 0.25)})
    made = make(name, subject)
    assert np.allclose(made["opacity"].pixels, 0.25, atol=1e-3)
