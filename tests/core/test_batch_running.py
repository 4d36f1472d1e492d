"""Batches in real engines and by the command: going on, failures, lost engines, limits, bytes that stay the same."""

import json
import os
import random
import signal
import subprocess
import threading
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import psutil
import pytest
from batches import (
    bytes_of,
    checkers,
    done_names,
    failures_in,
    left_over,
    outcome,
    plan_of,
    run_plan,
    start,
    write_csv,
    write_photos,
    write_recipe,
)
from PIL import Image
from worker_jobs import is_alive, processes, wait_until

from impasto import read_maps, read_recipe
from impasto.batch.contact_sheet import FAILED_COLOR
from impasto.batch.engines import Limits, local_engines
from impasto.batch.record import DONE_FILE, Record
from impasto.batch.running import BatchProgress, run_jobs
from impasto.errors import FileError
from impasto.system.locks import held
from impasto.system.untrusted import file_error

pytestmark = pytest.mark.usefixtures("misbehaving")


@pytest.fixture
def photos(tmp_path):
    """Three pictures, and a table with a row for each."""
    found = write_photos(tmp_path, 3)
    write_recipe(tmp_path / "r.json", ("tint", {}), ("checker", {"squares": 2}), seed=5)
    write_csv(tmp_path / "t.csv", [{"recipe": "r.json", "source": path.name} for path in found])
    return found


@pytest.mark.slow
def test_finished_jobs_run_again_only_if_recipe_or_input_changes(engines, photos, tmp_path):
    out = tmp_path / "out"

    def made() -> tuple[int, int, int]:
        return outcome(run_plan(plan_of(tmp_path / "t.csv", out), engines))

    assert made() == (3, 0, 0)
    assert made() == (0, 3, 0)
    photos[1].write_bytes(photos[2].read_bytes())
    assert made() == (1, 2, 0)
    (out / "p0_normal.png").unlink()
    assert made() == (1, 2, 0)
    write_recipe(tmp_path / "r.json", ("tint", {}), ("checker", {"squares": 4}), seed=5)
    assert made() == (3, 0, 0)
    assert left_over(out) == []


@pytest.mark.slow
def test_edited_results_are_not_replaced(engines, photos, tmp_path):
    plan = plan_of(tmp_path / "t.csv", tmp_path / "out")
    run_plan(plan, engines)
    painted = tmp_path / "out" / "p0_base_color.png"
    painted.write_bytes(b"painted over")
    for _ in range(2):
        assert outcome(run_plan(plan, engines)) == (0, 2, 1)
        assert painted.read_bytes() == b"painted over"
        assert "has been changed since it was made" in failures_in(tmp_path / "out")[0]["message"]
    assert outcome(run_plan(plan_of(tmp_path / "t.csv", tmp_path / "out", replace=True), engines)) == (1, 2, 0)
    assert failures_in(tmp_path / "out") == []


@pytest.mark.slow
def test_files_whose_record_was_lost_in_a_crash_are_made_again(engines, photos, tmp_path):
    plan = plan_of(tmp_path / "t.csv", tmp_path / "out")
    run_plan(plan, engines, in_flight=1)
    record = tmp_path / "out" / DONE_FILE
    record.write_bytes(record.read_bytes()[:-40])  # a torn line
    assert outcome(run_plan(plan, engines)) == (1, 2, 0)
    lines = record.read_bytes().splitlines(keepends=True)
    record.write_bytes(b"".join(line for line in lines if b"begun" in line))
    assert outcome(run_plan(plan, engines)) == (3, 0, 0)


@pytest.mark.essential
def test_bytes_do_not_depend_on_the_order_or_the_number_of_workers(engines, tmp_path):
    rows = [
        {"recipe": "photo-maps", "source": path.name, "seed": number, "name": path.stem}
        for number, path in enumerate(write_photos(tmp_path, 4))
    ]
    write_csv(tmp_path / "a.csv", rows)
    random.Random(1).shuffle(rows)
    write_csv(tmp_path / "b.csv", rows)
    run_plan(plan_of(tmp_path / "a.csv", tmp_path / "a"), engines)
    run_plan(plan_of(tmp_path / "b.csv", tmp_path / "b"), engines, in_flight=1)
    assert len(bytes_of(tmp_path / "a")) >= 5 * 4
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")


@pytest.mark.slow
def test_sixty_mixed_jobs_survive_engines_that_are_killed(engines, tmp_path):
    """Nothing is lost and nothing is doubled; what cannot be made is listed."""
    rows = checkers(57)
    for number in (10, 30):
        rows[number]["recipe"] = "slow"
        rows[number]["parameter.seconds"] = 0.5
    rows += [{"recipe": "die", "name": "d0", "source": "p0.png"}]
    rows += [{"recipe": "raises", "name": f"r{number}", "source": "p0.png"} for number in range(2)]
    random.Random(2).shuffle(rows)
    write_photos(tmp_path, 1)
    columns = {name: "" for row in rows for name in row}
    table = write_csv(tmp_path / "t.csv", [columns | row for row in rows])
    killed: list[int] = []

    def kill_two() -> None:
        for after in (8, 24):
            wait_until(lambda after=after: (out / DONE_FILE).exists() and len(done_names(out)) >= after)
            engine = processes("impasto.engine.worker")[0]
            killed.append(engine.pid)
            engine.kill()

    out = tmp_path / "out"
    killing = threading.Thread(target=kill_two)
    killing.start()
    progress = run_plan(plan_of(table, out), engines)
    killing.join()
    assert len(killed) == 2
    killed_twice = [one for one in failures_in(out) if one["name"] not in ("d0", "r0", "r1")]  # both hit one job: rare
    assert len(killed_twice) <= 1
    assert all(one["tries"] == 2 for one in killed_twice)
    assert outcome(progress) == (57 - len(killed_twice), 0, 3 + len(killed_twice))
    names = sorted(row["name"] for row in rows)
    assert sorted(done_names(out) + [failure["name"] for failure in failures_in(out)]) == names
    tries = {failure["name"]: failure["tries"] for failure in failures_in(out)}
    assert (tries["d0"], tries["r0"]) == (2, 1)
    assert len(list(out.glob("*_base_color.png"))) == 57 - len(killed_twice)
    assert left_over(out) == []


LONG = {"recipe": "hang", "parameter.seconds": 60}
LARGE = {"recipe": "hog", "parameter.mib": 4096}


@pytest.mark.parametrize(
    ("job", "limits", "message", "remedy"),
    [
        (LONG, Limits(time_s=4), "took longer than 4 s", "--time-limit"),
        pytest.param(LARGE, Limits(memory_bytes=2**30), "needed more than 1 GiB of memory", "", marks=pytest.mark.slow),
    ],
)
def test_a_job_over_a_limit_fails_with_the_remedy_and_the_others_are_made(
    job, limits, message, remedy, engines, tmp_path
):
    rows = [{**dict.fromkeys(job, ""), **row} for row in checkers(2)]
    plan = plan_of(write_csv(tmp_path / "t.csv", [{**rows[0], **job, "name": "h"}, *rows]), tmp_path / "out")
    started = time.monotonic()
    assert outcome(run_plan(plan, engines, limits=limits)) == (2, 0, 1), failures_in(tmp_path / "out")
    assert time.monotonic() - started < 30 or "parameter.mib" in job
    (failure,) = failures_in(tmp_path / "out")
    assert (failure["message"], failure["tries"]) == (message, 1)
    assert remedy in failure["remedy"]


@pytest.mark.slow
def test_engines_take_graphics_cards_in_turn_and_have_their_threads(worker_command, monkeypatch, tmp_path):
    """Pretended cards: no tool of this test uses them."""
    monkeypatch.setattr("impasto.batch.engines.COMMAND", worker_command)
    plan = plan_of(write_csv(tmp_path / "t.csv", checkers(4, **{"recipe": "slow", "parameter.seconds": 1})), tmp_path)
    seen = {}

    def look(progress) -> None:
        for engine in processes("impasto.engine.worker"):
            seen.setdefault(engine.pid, engine.environ())

    before = {engine.pid for engine in processes("impasto.engine.worker")}
    with local_engines(2) as pool:
        run_plan(plan, pool, limits=Limits(threads=3, gpus=("4", "7")), on_progress=look)
    found = [about for pid, about in seen.items() if pid not in before]
    assert sorted(about["CUDA_VISIBLE_DEVICES"] for about in found) == ["4", "7"]
    assert {about["OMP_NUM_THREADS"] for about in found} == {"3"}


def test_jobs_are_taken_only_as_engines_have_room(engines, tmp_path):
    plan, taken, ahead = plan_of(write_csv(tmp_path / "t.csv", checkers(12)), tmp_path / "out"), [], []
    progress = BatchProgress(12)
    jobs = (taken.append(job) or job for job in plan)
    with Record(plan.output.folder) as record:
        tell = lambda now: ahead.append(len(taken) - now.handled)  # noqa: E731
        run_jobs(jobs, record, engines, progress, limits=Limits(), in_flight=3, on_progress=tell)
    assert progress.made == 12
    assert max(ahead) <= 3 + 1


@pytest.mark.slow
def test_an_engine_that_holds_too_much_memory_is_restarted_between_jobs(engines, tmp_path):
    """The engine is started anew if it keeps too much; here a limit that PyTorch alone takes half of."""
    table = write_csv(tmp_path / "t.csv", checkers(2))
    run_plan(plan_of(table, tmp_path / "out"), engines)
    before = {engine.pid: engine.memory_info().rss for engine in processes("impasto.engine.worker")}
    limits = Limits(memory_bytes=int(1.9 * max(before.values())))
    assert outcome(run_plan(plan_of(table, tmp_path / "other"), engines, limits=limits)) == (2, 0, 0)
    assert not before.keys() & {engine.pid for engine in processes("impasto.engine.worker")}


class Failing(Executor):
    """An executor on which every job ends with an error, or only the first ones, and then goes to another.

    is_made: the jobs that end with it are made before, as by a machine that dies just afterwards.
    """

    def __init__(
        self, error: Exception, then: Executor | None = None, count: int = 10**9, is_made: bool = False
    ) -> None:
        self.error, self.then, self.count, self.is_made, self.submitted = error, then, count, is_made, 0

    def submit(self, function, /, *arguments, **more):
        self.submitted += 1
        if self.then and self.submitted > self.count:
            return self.then.submit(function, *arguments, **more)
        if self.then and self.is_made:
            self.then.submit(function, *arguments, **more).result()
        future: Future = Future()
        future.set_exception(self.error)
        return future


def test_three_jobs_in_a_row_with_a_full_disk_end_the_batch(tmp_path):
    plan = plan_of(write_csv(tmp_path / "t.csv", checkers(50)), tmp_path / "out")
    full = Failing(file_error(OSError(28, os.strerror(28)), Path("x"), "write"))
    with pytest.raises(FileError, match=r"the last 3 jobs could not write their files.*check the disk"):
        run_plan(plan, full, in_flight=1)
    assert full.submitted == 3
    assert [failure["row"] for failure in failures_in(tmp_path / "out")] == [2, 3, 4]


@pytest.mark.slow
def test_jobs_of_a_lost_machine_are_tried_again(engines, tmp_path):
    plan = plan_of(write_csv(tmp_path / "t.csv", checkers(3)), tmp_path / "out")
    losing = Failing(RuntimeError("the machine is gone"), engines, count=1)
    assert outcome(run_plan(plan, losing)) == (3, 0, 0)
    plan = plan_of(write_csv(tmp_path / "t.csv", checkers(1)), tmp_path / "other")
    assert outcome(run_plan(plan, Failing(RuntimeError("the machine is gone")))) == (0, 0, 1)
    (failure,) = failures_in(tmp_path / "other")
    assert (failure["error"], failure["tries"]) == ("WorkerError", 2)
    assert "the machine is gone" in failure["message"]


def test_jobs_with_lost_results_replace_their_own_files(engines, tmp_path):
    plan = plan_of(write_csv(tmp_path / "t.csv", checkers(2)), tmp_path / "out")
    losing = Failing(RuntimeError("the machine is gone"), engines, count=1, is_made=True)
    assert outcome(run_plan(plan, losing)) == (2, 0, 0)
    assert sorted(done_names(tmp_path / "out")) == ["c0", "c1"]


@pytest.mark.slow
def test_a_vanished_input_fails_only_its_job(engines, photos, tmp_path):
    plan = plan_of(tmp_path / "t.csv", tmp_path / "out")
    run_plan(plan, engines)
    record, progress = Record(plan.output.folder), BatchProgress(3)
    photos[1].unlink()
    with record:
        run_jobs(plan, record, engines, progress, limits=Limits(), in_flight=2)
    assert outcome(progress) == (0, 2, 1)
    assert progress.exit_code == FileError.exit_code


def test_retries_wait_for_a_lost_machine_that_still_writes(engines, tmp_path):
    plan = plan_of(write_csv(tmp_path / "t.csv", checkers(1)), tmp_path / "out")
    run_plan(plan_of(tmp_path / "t.csv", tmp_path / "before"), engines)  # starts the engine
    locked, released = threading.Event(), []

    def write_slowly() -> None:
        with held(tmp_path / "out" / "c0"):
            locked.set()
            time.sleep(2)
            released.append(time.time())

    lost = threading.Thread(target=write_slowly)
    lost.start()
    locked.wait()
    assert outcome(run_plan(plan, engines)) == (1, 0, 0)
    lost.join()
    assert (tmp_path / "out" / "c0_base_color.png").stat().st_mtime >= released[0]


def test_remaining_time_ignores_the_start_of_engines():
    assert BatchProgress(100).left_s is None
    assert BatchProgress(100).words == "0/100"
    now = time.monotonic()
    first = BatchProgress(100, made=2, started_s=now - 20, first_s=now)
    assert first.left_s == pytest.approx(10 * 98, rel=0.05)
    later = BatchProgress(100, made=19, failed=2, before=4, started_s=now - 40, first_s=now - 20)
    assert later.left_s == pytest.approx(1 * 75, rel=0.05)
    assert later.words == "25/100, 2 failed, 1.3 min left"


@pytest.mark.essential
def test_one_recipe_is_applied_to_a_folder_of_pictures(impasto, tmp_path):
    write_photos(tmp_path / "photos", 3)
    recipe = write_recipe(tmp_path / "r.json", ("tint", {}), ("checker", {"squares": 2}), seed=5)
    arguments = ("batch", recipe, tmp_path / "photos", "--seeds", 2, "--pattern", "{name}-{seed:02}")
    done = impasto(*arguments, "--workers", 1, "--out", tmp_path / "out", "--json")
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
def test_failed_jobs_are_listed_and_only_they_are_retried(impasto, tmp_path):
    rows = [{**row, "source": ""} for row in checkers(3)]
    rows.insert(1, {"recipe": "raises", "name": "bad", "source": "p0.png"})
    photo, out = write_photos(tmp_path, 1)[0], tmp_path / "out"
    done = impasto("batch", write_csv(tmp_path / "t.csv", rows), "--workers", 1, "--out", out, code=7)
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
    assert json.loads(mended.stdout.splitlines()[-1])["made"] == 1
    assert failures_in(out) == []
    assert read_recipe(out / "bad_base_color.png").inputs["source"]["name"] == photo.name
    impasto("batch", "--retry", "--out", out, code=2)


def seconds_until_ended(running: subprocess.Popen) -> float:
    """Seconds until a program has ended in which this thread could compute, which are fewer where much else runs."""
    started, limit = time.thread_time(), time.monotonic() + 300
    while running.poll() is None:
        assert time.monotonic() < limit
    return time.thread_time() - started


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")
def test_control_c_ends_a_batch_within_two_seconds_and_the_command_resumes_it(
    engine_with_misbehaving, impasto, tmp_path
):
    rows = checkers(8, **{"recipe": "slow", "parameter.seconds": 0.6})
    table, out = write_csv(tmp_path / "t.csv", rows), tmp_path / "out"
    arguments = ["batch", str(table), "--out", str(out), "--workers", "2"]
    with start(engine_with_misbehaving, *arguments) as running:
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
    assert not any(is_alive(engine) for engine in engines)
    assert left_over(out) == []
    for path in out.glob("*.png"):
        assert read_maps(path).size_px == (16, 16)
    again = impasto(*arguments, "--json")
    said = json.loads(again.stdout.splitlines()[-1])
    assert (said["made"], said["done_before"]) == (8 - len(names), len(names))
    assert sorted(done_names(out)) == sorted(f"c{number}" for number in range(8))


@pytest.mark.essential
@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")
def test_a_killed_batch_leaves_no_partial_result_and_resumes(engine_with_misbehaving, impasto, tmp_path):
    rows = checkers(6, **{"recipe": "slow", "parameter.seconds": 0.4})
    table, out = write_csv(tmp_path / "t.csv", rows), tmp_path / "out"
    with start(engine_with_misbehaving, "batch", table, "--out", out, "--workers", 2) as running:
        wait_until(lambda: (out / DONE_FILE).exists() and len(done_names(out)) >= 2)
        engines = psutil.Process(running.pid).children()
        running.kill()
    wait_until(lambda: not any(is_alive(engine) for engine in engines), 20)
    impasto("batch", table, "--out", out, "--workers", 1)
    assert sorted(done_names(out)) == sorted(f"c{number}" for number in range(6))
    assert left_over(out) == []
