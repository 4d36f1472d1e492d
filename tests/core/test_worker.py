"""A real worker: progress, cancelling, pausing, stopping, crashes, hangs, stray prints; nothing is mocked."""

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hostile.browser_pictures import blank_png
from worker_jobs import CHECKER, is_alive, recipe, wait_until

from impasto import Maps, Recipe, RunOptions, Sink, Step
from impasto.engine.client import Client
from impasto.engine.messages import Delivery, JobInput, ResultView
from impasto.errors import Cancelled, FileError, ProtocolError, WorkerError
from impasto.system.process import start


@pytest.mark.essential
def test_the_worker_makes_the_same_pixels_as_run(shared_client, misbehaving, photo):
    from impasto.running.runner import run

    answer = shared_client.submit(CHECKER, {"source": photo}).wait()
    here = run(CHECKER, {"source": photo})
    assert np.array_equal(answer.maps["base_color"].pixels, here.maps["base_color"].pixels)
    assert answer.recipe.to_json() == here.recipe.to_json()


def test_with_a_cache_only_changed_steps_are_computed(shared_client, photo):
    def made(strength: float, *, keeps_steps: bool = True) -> tuple[bool, ...]:
        steps = Recipe((CHECKER.steps[0], Step("tint", {"strength": strength})), 77)
        answer = shared_client.submit(steps, {"source": photo}, RunOptions(keeps_steps=keeps_steps)).wait()
        assert len(answer.seconds) == 2
        return answer.reused

    assert made(0.1, keeps_steps=False) == made(0.1, keeps_steps=False) == (False, False)
    assert [made(0.1), made(0.2), made(0.1)] == [(False, False), (True, False), (True, True)]


def test_encoded_files_hold_the_recipe(shared_client, tmp_path):
    from impasto.io.files import read_recipe

    answer = shared_client.submit(CHECKER, deliver=Delivery("encoded", "png16")).wait()
    (tmp_path / "a.png").write_bytes(answer.arrays["base_color"].tobytes())
    assert read_recipe(tmp_path / "a.png") == answer.recipe


def test_files_are_written_and_a_path_is_read_by_the_worker(shared_client, tmp_path, photo):
    from impasto.io.files import write_maps

    source = write_maps(photo, tmp_path, "photo")[0]
    sink = Sink(tmp_path / "out", "x", replace=False)
    answer = shared_client.submit(CHECKER, {"source": source}, RunOptions(sink=sink), scale={"width_m": 2.0}).wait()
    assert answer.paths[0].name == "x_base_color.png"
    assert all(path.exists() for path in answer.paths)
    assert answer.recipe.inputs["source"]["name"] == source.name
    assert answer.width_m == 2.0 * 64 / photo.size_px[1]
    with pytest.raises(FileError, match="is there already"):
        shared_client.submit(CHECKER, {"source": source}, RunOptions(sink=sink)).wait()
    shared_client.submit(CHECKER, {"source": source}, RunOptions(sink=replace(sink, replace=True))).wait()


def test_progress_and_previews_arrive_while_it_runs(shared_client):
    big = Maps.from_arrays({"base_color": np.full((600, 1400, 3), 0.5)})
    job = shared_client.submit(recipe("slow", seconds=30), {"source": big})
    wait_until(lambda: job.fraction > 0.01 and job.preview is not None)
    assert job.message.startswith("Waiting for")
    assert job.preview.dtype == np.uint8
    assert max(job.preview.shape[:2]) <= 512
    pid, started = shared_client.pid, time.monotonic()
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait()
    assert time.monotonic() - started < 3
    shared_client.submit(CHECKER).wait()
    assert shared_client.pid == pid, "the worker lives on"


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["hang", "swallow"])
def test_tools_that_ignore_cancel_are_ended_within_three_seconds(tool, client):
    job = client.submit(recipe(tool, seconds=60))
    wait_until(lambda: job.message != "Waiting for the worker")
    started = time.monotonic()
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait()
    assert time.monotonic() - started < 3
    assert client.submit(CHECKER).wait()


def test_a_job_is_cancelled_while_a_large_picture_is_read(shared_client, tmp_path):
    """Between rows, by the worker itself: it is not killed."""
    blank_png(9000, 8, 2, 3)(tmp_path / "large.png")
    shared_client.submit(CHECKER).wait()
    pid = shared_client.pid
    job = shared_client.submit(recipe("quilt", width_px=64, height_px=64), {"source": tmp_path / "large.png"})
    wait_until(lambda: job.message == "looking at large.png")
    job.cancel()
    with pytest.raises(Cancelled):
        job.wait()
    assert shared_client.submit(CHECKER).wait().maps
    assert shared_client.pid == pid


def test_cancelling_one_of_two_waiting_jobs_leaves_the_other(shared_client):
    first = shared_client.submit(recipe("slow", seconds=1, width_px=64, height_px=64))
    second = shared_client.submit(CHECKER)
    third = shared_client.submit(CHECKER)
    second.cancel()
    assert first.wait()
    assert third.wait()
    with pytest.raises(Cancelled):
        second.wait()


@pytest.mark.essential
def test_a_dead_worker_is_an_error_and_a_fresh_one_takes_over(shared_client):
    for tool in ("die", "die-while-sending"):
        with pytest.raises(WorkerError, match=r"SIGKILL|exit code 3") as caught:
            shared_client.submit(recipe(tool)).wait()
        assert ("choose a smaller size" in caught.value.remedy) == ("SIGKILL" in caught.value.message)
    assert shared_client.submit(CHECKER).wait()


@pytest.mark.slow
def test_a_stopped_worker_can_still_be_cancelled_and_frees_the_caller_before_it_has_ended(client):
    job = client.submit(recipe("slow"))
    wait_until(lambda: job.fraction > 0)
    os.kill(client.pid, signal.SIGSTOP)
    started = time.monotonic()
    job.cancel()
    assert not job.done()
    with pytest.raises(Cancelled):
        job.wait()
    assert time.monotonic() - started < 3


@pytest.mark.essential
def test_stray_prints_and_traces_go_to_the_log_and_not_onto_the_wire(client, tmp_path):
    described = client.describe().wait()
    assert {"checker", "quilt", "photo-maps"} <= {tool["name"] for tool in described["tools"]}
    broken = next(plugin for plugin in described["plugins"] if plugin["name"] == "broken")
    assert "raises on import" in broken["error"]
    client.submit(recipe("chatty")).wait()
    with pytest.raises(WorkerError, match="ZeroDivisionError: the bug in this tool"):
        client.submit(recipe("raises")).wait()
    client.close()
    wait_until(lambda: "hello on stderr" in (tmp_path / "worker.log").read_text())
    logged = (tmp_path / "worker.log").read_text()
    assert "hello on stdout" in logged
    assert "impasto_misbehaving.py" in logged, "the trace of the bug"
    assert "hello on file descriptor 1" in logged


@pytest.mark.slow
def test_an_idle_worker_ends_and_gives_its_memory_back(worker_command, tmp_path):
    client = Client([*worker_command, "--low-priority"], tmp_path / "log", idle_s=0.2)
    client.submit(CHECKER).wait()
    wait_until(lambda: client.pid is None)
    assert client.submit(CHECKER).wait()
    client.close()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="POSIX names the priority of a process")
def test_a_worker_of_low_priority_leaves_the_processor_to_others(worker_command, tmp_path):
    client = Client([*worker_command, "--low-priority"], tmp_path / "log")
    client.describe().wait()
    assert os.getpriority(os.PRIO_PROCESS, client.pid) >= min(os.getpriority(os.PRIO_PROCESS, 0) + 5, 19)
    client.close()


def test_the_worker_ends_when_its_client_does(worker_command, tmp_path):
    """As when Blender crashes: only the pipe's end tells the worker."""
    import subprocess

    code = (
        "import sys, time, os\nfrom pathlib import Path\nfrom impasto.engine.client import Client\n"
        "from impasto.recipe import Recipe, Step\n"
        f"client = Client({worker_command!r}, Path({str(tmp_path / 'log')!r}))\n"
        "job = client.submit(Recipe((Step('slow'),)))\n"
        "while job.fraction == 0: time.sleep(0.01)\n"
        "print(client.pid, flush=True)\nos._exit(1)"
    )
    printed = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False).stdout
    wait_until(lambda: not is_alive(int(printed)), 6)


def test_a_preview_is_the_real_result_under_a_light_scaled_down(shared_client):
    """Within 1.5 of 255: it is rounded to 8 bits, then after scaling each axis."""
    from impasto.surface.thumbnail import lit_picture

    made = Recipe((Step("checker", {"width_px": 256, "height_px": 128}), Step("photo-maps")), 5)
    real = lit_picture(shared_client.submit(made).wait().maps)
    preview = shared_client.submit(made, deliver=ResultView("preview", longest_px=64)).wait().arrays["preview"]
    assert preview.shape == (32, 64, 3)
    assert np.abs(preview - 255 * real.reshape(32, 4, 64, 4, 3).mean((1, 3))).max() < 1.5


GREETING = """import sys; print('{"type": "hello", "protocol": 99, "version": "1"}', flush=True); sys.stdin.read()"""


@pytest.mark.parametrize(
    ("command", "error", "said"),
    [
        (["no-python"], WorkerError, "no-python"),
        ([sys.executable, "-I", "-S", "-m", "impasto.engine.worker"], WorkerError, r"exit code 1.*log"),
        ([sys.executable, "-c", GREETING], ProtocolError, r"protocol 99.*repair"),
        ([sys.executable, "-c", "print('Welcome!', flush=True); input()"], ProtocolError, "Welcome"),
    ],
    ids=["no program", "no impasto", "other protocol", "no worker"],
)
def test_programs_that_are_no_engine_are_refused_with_a_repair(command, error, said, tmp_path):
    client = Client(command, tmp_path / "log")
    with pytest.raises(error, match=said):
        client.describe().wait()


def test_an_engine_that_has_ended_before_its_first_job_fails_it(tmp_path, monkeypatch):
    """As ssh does where nobody answers, at times sooner than the job is handed over."""

    def started(*arguments, **streams):
        popen = start(*arguments, **streams)
        popen.wait()
        return popen

    monkeypatch.setattr("impasto.engine.client.start", started)
    client = Client([sys.executable, "-P", "-c", "raise SystemExit(3)"], tmp_path / "log")
    with pytest.raises(WorkerError, match="the worker died"):
        client.submit(CHECKER).result(timeout=300)
    client.close()


def test_the_log_rotates(worker_command, tmp_path):
    code = "import os; [os.write(2, b'x' * 999 + b'\\n') for _ in range(2500)]; os._exit(1)"
    client = Client([sys.executable, "-P", "-c", code], tmp_path / "log")
    with pytest.raises(WorkerError):
        client.describe().wait()
    wait_until(lambda: (tmp_path / "log.2").exists())
    time.sleep(0.2)
    assert sum(path.stat().st_size for path in tmp_path.glob("log*")) < 3.2 * 2**20


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
def test_a_job_that_is_stopped_while_it_runs_or_is_paused_keeps_its_result(long_client, library, wall):
    for is_paused in (False, True):
        job = long_client.submit(learning(10000), {"dataset": wall})
        wait_until(lambda job=job: job.fraction > 0)
        if is_paused:
            job.pause()
            wait_until(lambda job=job: job.state == "paused")
        job.stop()
        assert job.state == "stopping"
        answer = job.wait()
        assert list(answer.models) == [library / "wall.safetensors"]
        assert answer.figures["steps"] < 10000
        answer.models[0].unlink()


def test_a_newer_preview_supersedes_older_ones_running_or_waiting(shared_client):
    previews = [shared_client.submit(recipe("slow"), supersedes="preview") for _ in range(3)]
    other = shared_client.submit(CHECKER)
    last = shared_client.submit(CHECKER, supersedes="preview", deliver=ResultView("preview"))
    for older in previews:
        with pytest.raises(Cancelled):
            older.wait()
    assert other.wait()
    assert last.wait().arrays["preview"].shape == (48, 64, 3)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
@pytest.mark.parametrize("is_detached", [False, True])
def test_a_worker_that_is_asked_to_end_leaves_only_a_checkpoint(is_detached, long_client, library, wall):
    """As where the user logs out, or the machine goes down."""
    job = long_client.submit(learning(10000), {"dataset": wall}, detach=is_detached)
    wait_until(lambda: job.fraction > 0)
    began = time.monotonic()
    os.kill(long_client.pid, signal.SIGTERM)
    with pytest.raises((Cancelled, WorkerError)):
        job.wait()
    assert time.monotonic() - began < 3
    wait_until(lambda: [path.name for path in library.iterdir()] == ["wall.checkpoint"], 3)
