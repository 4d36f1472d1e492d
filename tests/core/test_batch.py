"""`impasto batch` as a user meets it: files, exit codes, failures, Control-C and going on."""

import contextlib
import json
import os
import signal
import subprocess
import time

import numpy as np
import psutil
import pytest
from batches import checkers, done_names, failures_in, left_over, write_csv, write_photos, write_recipe
from PIL import Image
from worker_jobs import wait_until

from impasto import read_maps, read_recipe
from impasto.batch.contact_sheet import FAILED_COLOR
from impasto.batch.record import DONE_FILE


@pytest.mark.essential
def test_a_folder_of_pictures_with_one_recipe(impasto, tmp_path):
    write_photos(tmp_path / "photos", 3)
    recipe = write_recipe(tmp_path / "r.json", ("tint", {}), ("checker", {"squares": 2}), seed=5)
    arguments = ("batch", recipe, tmp_path / "photos", "--seeds", 2, "--pattern", "{name}-{seed:02}")
    done = impasto(*arguments, "--workers", 1, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["made"], said["done_before"], said["failed"]) == (6, 0, 0)
    assert said["files"] == [str(tmp_path / "out" / name) for name in (DONE_FILE, "contact_sheet.png")]
    made = read_recipe(tmp_path / "out" / "p1-06_height.png")
    assert [step.tool for step in made.steps] == ["tint", "checker"]
    assert (made.seed, made.inputs["source"]["name"]) == (6, "p1.png")
    assert left_over(tmp_path / "out") == []
    before, more = sorted((tmp_path / "out").iterdir()), (*arguments[:3], "--seeds", 3, *arguments[5:])
    said = json.loads(impasto(*more, "--out", tmp_path / "out", "--dry-run", "--json").stdout)
    assert [job["done"] for job in said["jobs"]].count(True) == 6
    assert said["to_make"] == 3
    assert sorted((tmp_path / "out").iterdir()) == before


@pytest.mark.slow
def test_a_failed_job_is_listed_and_the_others_are_made_and_it_alone_is_tried_again(impasto, tmp_path):
    rows = [{**row, "source": ""} for row in checkers(3)]
    rows.insert(1, {"recipe": "raises", "name": "bad", "source": "p0.png"})
    photo, out = write_photos(tmp_path, 1)[0], tmp_path / "out"
    done = impasto("batch", write_csv(tmp_path / "t.csv", rows), "--workers", 1, "--out", out)
    assert done.returncode == 7
    assert "bad (row 3): ZeroDivisionError" in done.stderr
    assert done.stdout.splitlines()[0].startswith("3 made, 0 done before, 1 failed, in ")
    (failure,) = failures_in(out)
    assert (failure["row"], failure["name"], failure["error"], failure["tries"]) == (3, "bad", "WorkerError", 1)
    assert sorted(done_names(out)) == ["c0", "c1", "c2"]
    with Image.open(out / "contact_sheet.png") as image:
        cells = np.asarray(image).reshape(image.height, 4, -1, 3)
    assert (cells == FAILED_COLOR).all(3).any((0, 2)).tolist() == [False, True, False, False]
    failure["job"]["recipe"]["steps"][0] = {"tool": "tint"}  # as if the tool had been mended
    (out / "failures.jsonl").write_text(json.dumps(failure) + "\n")
    mended = impasto("batch", "--retry", "--out", out, "--json")
    assert mended.returncode == 0, mended.stderr
    assert json.loads(mended.stdout.splitlines()[-1])["made"] == 1
    assert failures_in(out) == []
    assert read_recipe(out / "bad_base_color.png").inputs["source"]["name"] == photo.name
    assert impasto("batch", "--retry", "--out", out).returncode == 2


def seconds_until_ended(running: subprocess.Popen) -> float:
    """Seconds until a program has ended in which this thread could compute, which are fewer where much else runs."""
    started, limit = time.thread_time(), time.monotonic() + 300
    while running.poll() is None:
        assert time.monotonic() < limit
    return time.thread_time() - started


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")
def test_control_c_ends_within_two_seconds_and_the_same_command_goes_on(engine_with_misbehaving, impasto, tmp_path):
    rows = checkers(8, **{"recipe": "slow", "parameter.seconds": 0.6})
    table, out = write_csv(tmp_path / "t.csv", rows), tmp_path / "out"
    arguments = ["batch", str(table), "--out", str(out), "--workers", "2"]
    command = [engine_with_misbehaving, "-P", "-m", "impasto", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        wait_until(lambda: (out / DONE_FILE).exists() and len(done_names(out)) >= 2)
        time.sleep(0.2)
        engines = psutil.Process(running.pid).children()
        assert len(engines) == 2
        running.send_signal(signal.SIGINT)
        assert seconds_until_ended(running) < 2
        _, stderr = running.communicate()
    assert running.returncode == 130, stderr
    names = done_names(out)
    assert f"cancelled; {len(names)} of 8 are done, and the same command goes on with the others" in stderr
    assert not any(alive(engine) for engine in engines)
    assert left_over(out) == []
    for path in out.glob("*.png"):
        assert read_maps(path).size_px == (16, 16)
    again = impasto(*arguments, "--json")
    said = json.loads(again.stdout.splitlines()[-1])
    assert (said["made"], said["done_before"]) == (8 - len(names), len(names))
    assert sorted(done_names(out)) == sorted(f"c{number}" for number in range(8))


@pytest.mark.essential
@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")
def test_a_batch_that_is_killed_leaves_no_half_result_and_goes_on(engine_with_misbehaving, impasto, tmp_path):
    rows = checkers(6, **{"recipe": "slow", "parameter.seconds": 0.4})
    table, out = write_csv(tmp_path / "t.csv", rows), tmp_path / "out"
    command = [engine_with_misbehaving, "-P", "-m", "impasto", "batch", table, "--out", out, "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        wait_until(lambda: (out / DONE_FILE).exists() and len(done_names(out)) >= 2)
        engines = psutil.Process(running.pid).children()
        running.kill()
    wait_until(lambda: not any(alive(engine) for engine in engines), 20)
    again = impasto("batch", table, "--out", out)
    assert again.returncode == 0, again.stderr
    assert sorted(done_names(out)) == sorted(f"c{number}" for number in range(6))
    assert left_over(out) == []


def alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False
