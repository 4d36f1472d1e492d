"""`run` folds tools over the subject and records how, on any executor; recipes are checked and survive JSON."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impasto import Host, Maps, Recipe, RunOptions, Step, device, run
from impasto.errors import Cancelled, DeviceError, ParameterError
from impasto.plugins.registry import registry
from impasto.recipe import name_inputs
from impasto.tools import Filter, Parameters

pytestmark = pytest.mark.usefixtures("misbehaving")
CHECKER = Step("checker", {"width_px": 32, "height_px": 16})


def test_the_same_recipe_gives_the_same_maps_and_another_seed_others():
    one, two, other = (run(Recipe((CHECKER,), seed)).maps.sha256() for seed in (4, 4, 5))
    assert one == two != other


def test_what_was_made_is_recorded_with_defaults_versions_and_inputs(photo):
    recipe = run(Recipe((CHECKER,), 4), {"source": photo}).recipe
    assert recipe.steps[0].parameters["squares"] == 4
    assert recipe.made_with["versions"]["impasto-misbehaving"]
    assert recipe.made_with["device"] == "cpu"
    assert recipe.inputs["source"]["sha256"] == photo.sha256()
    assert run(Recipe((Step("slow", {"seconds": 0}),)), {"source": photo}).recipe.inputs == {}, "it is not looked at"


class Decides(Filter):
    """Chooses its strength by itself, unless it is given."""

    class Given(Parameters):
        strength: float = -1.0

    name, label, description, parameters = "decides", "Decides", "Chooses its strength", Given

    def apply(self, subject, parameters, inputs, context):
        strength = parameters.strength if parameters.strength >= 0 else float(context.rng.random())
        context.decide(parameters.model_copy(update={"strength": strength}))
        return subject.with_arrays({"height": np.full((*subject.size_px, 1), strength)})


def test_what_a_tool_decides_is_recorded_in_its_own_step(photo, monkeypatch):
    monkeypatch.setitem(registry().tools, "decides", Decides())
    recipe = Recipe((Step("decides"), Step("decides", {"strength": 0.25}), Step("decides")), 4)
    made = run(recipe, {"source": photo})
    first, given, last = (step.parameters["strength"] for step in made.recipe.steps)
    assert first != last
    assert given == 0.25
    assert min(first, last) >= 0
    assert made.maps["height"].pixels[0, 0, 0] == pytest.approx(last)
    assert run(made.recipe, {"source": photo}).maps.sha256() == made.maps.sha256()
    assert recipe.steps[0].parameters == {}


def test_named_inputs_reach_the_tool(photo):
    style = Maps.from_arrays({"base_color": np.full((4, 4, 3), 1.0)}, name="white")
    result = run(Recipe((Step("blend", inputs={"style": "painting"}),)), {"source": photo, "painting": style})
    assert np.allclose(result.maps["base_color"].pixels, (photo["base_color"].pixels + 1) / 2)
    assert result.recipe.inputs["painting"]["name"] == "white"


def test_cancelling_raises_what_no_plugin_can_swallow(photo):
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
        (lambda: Recipe(()), "at least one step"),
        (lambda: Recipe((Step("x"),) * 101), "at most 100 steps"),
        (lambda: Step(3), "name of a tool"),
        (lambda: Step("x", {"size": {f"slider {n}": 0 for n in range(65)}}), "parameter size must be a number"),
        (lambda: Step("x", inputs={3: "a"}), "an input's name must be text"),
    ],
)
def test_a_recipe_made_in_python_is_checked_as_one_that_was_read(make, said):
    with pytest.raises(ParameterError, match=said):
        make()
