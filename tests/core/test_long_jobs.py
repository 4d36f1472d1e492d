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
from impasto.library.models import read_model


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
def test_a_paused_job_waits_and_goes_on(shared_client):
    job = shared_client.submit(recipe("slow", seconds=0.5))
    assert job.state == "waiting"
    job.pause()
    assert job.state == "pausing"
    wait_until(lambda: job.state == "paused")
    fraction = job.fraction
    time.sleep(0.7)
    assert not job.done()
    assert job.fraction == fraction
    job.resume()
    assert job.wait()


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["slow", "learn"])
def test_a_paused_job_can_be_cancelled(tool, long_client, library, wall):
    given = {"dataset": wall}
    job = long_client.submit(learning(10000), given) if tool == "learn" else long_client.submit(recipe("slow"))
    wait_until(lambda: job.fraction > 0)
    job.pause()
    wait_until(lambda: job.state == "paused")
    pid = long_client.pid
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait()
    assert long_client.submit(CHECKER).wait()
    assert long_client.pid == pid
    assert (library / "wall.checkpoint").exists() == (tool == "learn")


@pytest.mark.slow
def test_a_picture_that_is_no_file_is_sent_and_nobody_can_delete_it(long_client, library, wall, tmp_path):
    """Several hosts shared a folder of such pictures, which each of them emptied."""
    content = wall.path.read_bytes()
    wall.path.unlink()
    before = set(tmp_path.iterdir())
    sent = JobInput(files={"image of a .blend.png": np.frombuffer(content, np.uint8)}, licence=wall.licence)
    job = long_client.submit(learning(3), {"dataset": sent})
    assert job.wait().models == (library / "wall.safetensors",)
    (source,) = read_model(library / "wall.safetensors").card["data"]
    assert (source["name"], source["licence"]) == ("image of a .blend.png", "CC0-1.0")
    assert set(tmp_path.iterdir()) - before <= {library, tmp_path / "long.log"}


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


def test_the_picture_grows_from_step_to_step(shared_client):
    """The result of the first step is shown while the second one works."""
    seen = []
    job = shared_client.submit(
        Recipe((Step("blotches", {"width_px": 64, "height_px": 64}), Step("slow", {"seconds": 0.5})))
    )
    while not job.done():
        if job.preview is not None:
            seen.append(job.preview.copy())
        time.sleep(0.01)
    assert job.exception() is None
    assert any(picture.std() > 1 for picture in seen)  # the second step shows plain grey


def test_stopping_a_job_that_waits_for_its_turn_cancels_it(shared_client):
    first = shared_client.submit(recipe("slow"))
    second = shared_client.submit(CHECKER)
    second.stop()
    with pytest.raises(Cancelled):
        second.wait()
    first.cancel()


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
def test_the_end_of_stdin_leaves_a_checkpoint(long_client, library, wall):
    job = long_client.submit(learning(10000), {"dataset": wall})
    wait_until(lambda: job.fraction > 0)
    long_client.close()
    assert (library / "wall.checkpoint").exists()
    with pytest.raises(Cancelled):
        job.wait()


@pytest.mark.slow
def test_a_detached_job_goes_on_after_its_client_and_logs_into_a_file(long_client, library, wall, tmp_path):
    job = long_client.submit(learning(30), {"dataset": wall}, detach=True)
    wait_until(lambda: job.fraction > 0)
    long_client.close()
    with pytest.raises(Cancelled):
        job.wait()
    assert not (library / "wall.safetensors").exists()
    wait_until((library / "wall.safetensors").exists)
    wait_until(lambda: "took" in (tmp_path / "long.log").read_text())


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


@pytest.mark.slow
def test_a_detached_job_that_is_paused_ends_with_its_client(long_client, library, wall):
    job = long_client.submit(learning(10000), {"dataset": wall}, detach=True)
    wait_until(lambda: job.fraction > 0)
    job.pause()
    wait_until(lambda: job.state == "paused")
    long_client.close()
    wait_until((library / "wall.checkpoint").exists)


@pytest.mark.slow
def test_only_a_client_that_outlives_detaches(client):
    job = client.submit(recipe("slow"), detach=True)
    wait_until(lambda: job.fraction > 0)
    assert not job.is_detached
    client.close()
    with pytest.raises(Cancelled):
        job.wait()
