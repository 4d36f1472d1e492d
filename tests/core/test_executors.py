"""`run` on any executor: threads, and processes made by fork, spawn or forkserver after torch ran in the parent."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impasto import Maps, Recipe, Step, device, run
from impasto.errors import DeviceError

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
            there = result.result(60).maps
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
    done = subprocess.run(
        [sys.executable, "-P", tmp_path / "script.py", *how],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has spawn only")
def test_every_executor_makes_the_same_after_torch_ran_here(tmp_path):
    how = ["fork", "threads", "spawn", "forkserver"]
    assert executed(tmp_path, *how) == how


@pytest.mark.essential
def test_dask_makes_the_same(tmp_path):
    assert executed(tmp_path, "dask") == ["dask"]


def test_what_a_scheduler_sends_can_be_pickled(photo):
    recipe = Recipe((Step("tint"),))
    function, arguments = pickle.loads(pickle.dumps((run, (recipe, {"source": photo}))))
    result = pickle.loads(pickle.dumps(function(*arguments)))
    assert np.array_equal(result.maps["base_color"].pixels, run(recipe, {"source": photo}).maps["base_color"].pixels)
    assert result.recipe.steps[0].tool == "tint"


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
    assert run(Recipe((Step("tint"),)), given, device="cpu").maps
