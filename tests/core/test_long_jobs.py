"""Jobs that take long are paused, stopped with what there is, superseded, and go on without their client."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from worker_jobs import CHECKER, recipe, wait_until

from impasto import Maps, Recipe, Step
from impasto.engine.client import Client
from impasto.engine.requests import JobInput, View
from impasto.errors import Cancelled, WorkerError


@pytest.fixture
def library(tmp_path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def long_client(worker_command, tmp_path, library):
    """A client whose detached jobs go on after it."""
    made = Client(worker_command, tmp_path / "long.log", environment={"IMPASTO_MODELS": str(library)}, outlives=True)
    yield made
    made.close()


@pytest.fixture
def wall(tmp_path) -> JobInput:
    """A picture to learn from. The half by which a report judges has one colour, so that the report is quick."""
    from impasto.io.files import write_maps

    pixels = np.random.default_rng(0).random((96, 96, 3))
    pixels[:, 48:] = 0.5
    return JobInput(path=write_maps(Maps.from_arrays({"base_color": pixels}), tmp_path, "wall")[0], licence="CC0-1.0")


def learning(steps: int) -> Recipe:
    return Recipe((Step("learn", {"name": "wall", "steps": steps}, {"dataset": "dataset"}),))


@pytest.mark.slow
def test_a_paused_job_can_be_cancelled_and_ends_with_its_client(long_client, library, wall):
    job = long_client.submit(learning(10000), {"dataset": wall})
    waiting = long_client.submit(CHECKER)
    waiting.stop()
    with pytest.raises(Cancelled):
        waiting.wait()
    wait_until(lambda: job.fraction > 0)
    job.pause()
    wait_until(lambda: job.state == "paused")
    pid = long_client.pid
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait()
    assert long_client.submit(CHECKER).wait()
    assert long_client.pid == pid
    assert (library / "wall.checkpoint").exists()
    detached = long_client.submit(learning(10000), {"dataset": wall}, detach=True)
    wait_until(lambda: detached.fraction > 0)
    detached.pause()
    wait_until(lambda: detached.state == "paused")
    (library / "wall.checkpoint").unlink()
    long_client.close()
    wait_until((library / "wall.checkpoint").exists)


@pytest.mark.essential
@pytest.mark.parametrize("is_paused", [False, True])
def test_a_stopped_job_keeps_its_result(is_paused, long_client, library, wall):
    job = long_client.submit(learning(10000), {"dataset": wall})
    wait_until(lambda: job.fraction > 0)
    if is_paused:
        job.pause()
        wait_until(lambda: job.state == "paused")
    job.stop()
    assert job.state == "stopping"
    answer = job.wait()
    assert list(answer.models) == [library / "wall.safetensors"]
    assert answer.figures["steps"] < 10000


def test_a_newer_preview_supersedes_older_ones_running_or_waiting(shared_client):
    previews = [shared_client.submit(recipe("slow"), supersedes="preview") for _ in range(3)]
    other = shared_client.submit(CHECKER)
    last = shared_client.submit(CHECKER, supersedes="preview", deliver=View("preview"))
    for older in previews:
        with pytest.raises(Cancelled):
            older.wait()
    assert other.wait()
    assert last.wait().arrays["preview"].shape == (48, 64, 3)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
@pytest.mark.parametrize("is_detached", [False, True])
def test_a_worker_that_is_asked_to_end_leaves_a_checkpoint_and_no_more(is_detached, long_client, library, wall):
    """As where the user logs out, or the machine goes down."""
    job = long_client.submit(learning(10000), {"dataset": wall}, detach=is_detached)
    wait_until(lambda: job.fraction > 0)
    began = time.monotonic()
    os.kill(long_client.pid, signal.SIGTERM)
    with pytest.raises((Cancelled, WorkerError)):
        job.wait()
    assert time.monotonic() - began < 3
    wait_until(lambda: [path.name for path in library.iterdir()] == ["wall.checkpoint"], 3)
