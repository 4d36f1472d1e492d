"""The choice of a training's precision and threads: measured once, cached, overridden."""

import json
import os
import platform
import shutil
import subprocess
import sys

import pytest
import torch

from impasto import device
from impasto.errors import DeviceError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("IMPASTO_PRECISION", raising=False)
    before = torch.get_num_threads()
    yield tmp_path / "cache" / "training.json"
    torch.set_num_threads(before)


@pytest.mark.skipif(not torch.__version__.endswith("+cpu"), reason="only a build for processors is known by its name")
def test_a_build_for_processors_is_known_without_importing_torch(monkeypatch):
    """Its import takes longer than many jobs."""
    code = "import sys; from impasto.device import choose_device; "
    code += "print(choose_device('auto'), 'torch' in sys.modules)"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-c", code]
    ran = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert ran.stdout.split() == [b"cpu", b"False"]
    monkeypatch.setattr(device, "version", lambda name: "2.13.0")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device.available_devices.__wrapped__()[:2] == ("cuda:0", "cuda:1"), "of any other build they are counted"


def test_it_is_measured_once_and_cached(own_cache, monkeypatch):
    calls = []
    monkeypatch.setattr(device, "_benchmark", lambda: calls.append(1) or ("bfloat16", 1))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [device.training_precision("cpu") for _ in range(3)] == ["bfloat16"] * 3
    assert len(calls) == 1
    assert torch.get_num_threads() == 1
    (machine,) = json.loads(own_cache.read_text())
    assert torch.__version__ in machine


def test_of_two_precisions_the_faster_and_few_threads(monkeypatch):
    fast = {"float32": 1.0, "bfloat16": 0.4}
    monkeypatch.setattr(device.os, "cpu_count", lambda: 4)
    monkeypatch.setattr(device, "_seconds_of_a_step", lambda precision: fast[precision] / torch.get_num_threads())
    assert device._benchmark() == ("bfloat16", 4)
    fast["bfloat16"] = 1.5
    assert device._benchmark()[0] == "float32"
    monkeypatch.setattr(device, "_seconds_of_a_step", lambda precision: fast[precision])
    assert device._benchmark() == ("float32", 1)


def test_a_real_measurement_can_be_made_even_within_inference():
    with torch.inference_mode():
        precision, threads = device._benchmark()
    assert precision in ("float32", "bfloat16")
    assert 1 <= threads <= os.cpu_count()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": 1}'])
def test_a_broken_cache_is_measured_anew(content, own_cache, monkeypatch):
    own_cache.parent.mkdir()
    own_cache.write_text(content)
    monkeypatch.setattr(device, "_benchmark", lambda: ("float32", 1))
    assert device.training_precision("cpu") == "float32"
    assert "float32" in own_cache.read_text()
    shutil.rmtree(own_cache.parent)
    own_cache.parent.write_text("a file is in the way")
    assert device.training_precision("cpu") == "float32"


def test_the_user_decides_and_inference_leaves_threads_alone(monkeypatch):
    monkeypatch.setattr(device, "_benchmark", lambda: ("bfloat16", 7))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    assert (device.fast_precision("cpu"), device.fast_precision("mps")) == ("bfloat16", "float32")
    assert torch.get_num_threads() == before
    monkeypatch.setenv("IMPASTO_PRECISION", "float32")
    assert device.training_precision("cpu") == "float32"
    monkeypatch.setenv("IMPASTO_PRECISION", "half")
    with pytest.raises(DeviceError, match="half"):
        device.training_precision("cpu")


TRAINS = """
import torch
from impasto import device
device._benchmark = lambda: ("bfloat16", {measured})
device.choose_device("cpu")
device.training_precision("cpu")
print(torch.get_num_threads())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("given", "measured", "threads"), [("1", 2, 1), ("", 1, 1), (None, 1, 1)])
def test_a_training_takes_the_threads_that_the_user_set_and_else_those_of_the_benchmark(given, measured, threads):
    """In a process of its own, since OpenMP reads its variable once."""
    environment = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    environment |= {} if given is None else {"OMP_NUM_THREADS": given}
    command = [sys.executable, "-P", "-c", TRAINS.format(measured=measured)]
    for _ in range(2 if given else 1):  # the second time there is a cache
        ran = subprocess.run(command, env=environment, capture_output=True, check=True)
        assert int(ran.stdout) == threads


FAULTS = """
import resource
import numpy as np
from impasto.device import keep_freed_memory, release_memory

def rounds(count):
    for _ in range(count):
        blocks = [np.ones(2**20) for _ in range(4)]
        del blocks
        {after}
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

{before}
start = rounds(4)
print(rounds(16) - start)
"""


TWO = min(2, os.cpu_count() or 1)
PRODUCT = """
import os, sys
import impasto.engine.worker
from impasto.device import compute_products_in_one_thread
assert "numpy" not in sys.modules
compute_products_in_one_thread()
import numpy
numpy.ones((800, 800)) @ numpy.ones((800, 800))
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize(
    ("given", "threads"), [({}, 1), ({"OMP_NUM_THREADS": "2"}, TWO), ({"OPENBLAS_NUM_THREADS": "2"}, TWO)]
)
def test_numpy_computes_in_one_thread_unless_the_user_decides(given, threads):
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    command = [sys.executable, "-P", "-c", PRODUCT]
    assert int(subprocess.run(command, env=clean | given, capture_output=True, check=True).stdout) == threads


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_freed_memory_is_kept_for_the_next_blocks_or_given_back():
    """Page faults of 16 rounds of four blocks of 8 MiB: each page of each round, unless they are kept."""

    def faults(before: str = "", after: str = "pass") -> int:
        command = [sys.executable, "-P", "-c", FAULTS.format(before=before, after=after)]
        return int(subprocess.run(command, capture_output=True, check=True).stdout)

    usual, kept = faults(), faults("keep_freed_memory()")
    given_back = faults("keep_freed_memory()", "release_memory()")
    assert kept < 0.05 * usual
    assert given_back > 0.5 * usual
