"""A full memory, in a worker and in the command: a clear error with a remedy, nothing lost, and the next job works."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psutil
import pytest
from worker_jobs import CHECKER, recipe

from impasto.cli.main import main
from impasto.engine.client import Client
from impasto.errors import DeviceError, WorkerError, out_of_memory

resource = pytest.importorskip("resource", reason="limits the memory of a process as POSIX does")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits another process")
LEFT_BYTES = 2**28


@contextmanager
def almost_full(pid: int) -> Iterator[None]:
    """Leave a process some memory, which is enough for small jobs."""
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


def test_a_worker_that_the_system_kills_may_have_taken_too_much(tmp_path):
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    client = Client([sys.executable, "-P", "-c", code], tmp_path / "log")
    with pytest.raises(WorkerError, match="SIGKILL") as caught:
        client.submit(CHECKER).wait()
    assert "choose a smaller size" in caught.value.remedy


@pytest.mark.essential
def test_the_command_says_so_and_leaves_what_is_there(tmp_path, capsys):
    main(["generate", "asphalt", "--size", "32x32", "--out", str(tmp_path), "--name", "road", "--quiet"])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again = ["generate", "asphalt", "--size", "4096x4096", "--out", str(tmp_path), "--name", "road", "--force"]
    with almost_full(0), pytest.raises(SystemExit) as ended:
        main(again)
    assert ended.value.code == DeviceError.exit_code
    assert "choose a smaller size" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_other_errors_are_no_lack_of_memory():
    assert out_of_memory(RuntimeError("a bug")) is None
    assert out_of_memory(ValueError("DefaultCPUAllocator")) is None
