"""The choice of a training's precision and threads, and a full memory: a clear error, and the next job works."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psutil
import pytest
import torch
from worker_jobs import CHECKER, recipe

from impasto import device
from impasto.cli.main import main
from impasto.errors import DeviceError, out_of_memory


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


LEFT_BYTES = 2**28


@contextmanager
def almost_full(pid: int) -> Iterator[None]:
    """Leave a process some memory, which is enough for small jobs; Linux alone limits that of another one."""
    if not sys.platform.startswith("linux"):
        pytest.skip("limits the memory of a process")
    import resource

    before = resource.prlimit(pid, resource.RLIMIT_AS)
    taken = psutil.Process(pid or None).memory_info().vms
    resource.prlimit(pid, resource.RLIMIT_AS, (taken + LEFT_BYTES, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_AS, before)


@pytest.mark.essential
@pytest.mark.parametrize(
    ("tool", "parameters"),
    [("hog", {}), ("asphalt", {"width_px": 4096, "height_px": 4096})],
    ids=["NumPy", "torch"],
)
def test_a_job_that_needs_more_fails_alone(tool, parameters, shared_client):
    before = shared_client.submit(CHECKER).wait()
    pid = shared_client.pid
    with almost_full(pid):
        with pytest.raises(DeviceError, match="out of memory") as caught:
            shared_client.submit(recipe(tool, **parameters)).wait()
        assert "smaller size" in caught.value.remedy
        after = shared_client.submit(CHECKER).wait()
    assert shared_client.pid == pid
    np.testing.assert_array_equal(after.maps["base_color"].pixels, before.maps["base_color"].pixels)


@pytest.mark.essential
def test_the_command_says_so_and_leaves_what_is_there(tmp_path, capsys):
    out = tmp_path / "out"
    main(["generate", "asphalt", "--size", "32x32", "--out", str(out), "--name", "road", "--quiet"])
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    again = ["generate", "asphalt", "--size", "4096x4096", "--out", str(out), "--name", "road", "--force"]
    with almost_full(0), pytest.raises(SystemExit) as ended:
        main(again)
    assert ended.value.code == DeviceError.exit_code
    assert "choose a smaller size" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_other_errors_are_no_lack_of_memory():
    assert out_of_memory(RuntimeError("a bug")) is None
    assert out_of_memory(ValueError("DefaultCPUAllocator")) is None
