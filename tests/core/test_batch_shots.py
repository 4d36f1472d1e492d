"""Shots as jobs of a batch and of the worker: repainted into folders of their own, and gone on from by frame."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from batches import done_names, failures_in, outcome, plan_of, run_plan, write_photos
from cases import CASES, each_case
from dask_cluster import DaskCluster
from PIL import Image
from test_film import pan

from impasto.batch.checks import check_plan
from impasto.batch.record import DONE_FILE
from impasto.errors import ImpastoError
from impasto_film.action import RepaintShot
from impasto_film.passes import read_frame
from impasto_film.progress import ShotProgress
from impasto_film.shot import repaint_shot

pytestmark = pytest.mark.usefixtures("misbehaving")


def write_table(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps({"recipe": "tint", "seed": 0} | row) + "\n" for row in rows))
    return path


@pytest.fixture
def table(tmp_path) -> Path:
    """Two shots of three frames, and a picture."""
    for name in ("street", "wall"):
        pan(tmp_path / name, 3)
    write_photos(tmp_path, 1)
    which = {"first": 1, "last": 3, "frame_step": 2}
    rows = [{"shot": "street"}, {"shot": "wall/pan_####.exr", "name": "w", **which}, {"source": "p0.png"}]
    return write_table(tmp_path / "t.jsonl", rows)


def frames_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.slow
def test_shots_are_repainted_beside_pictures_as_the_library_does(impasto, table, tmp_path):
    out = tmp_path / "out"
    line = ("batch", table, "--workers", 2, "--out", out, "--json")
    done = impasto(*line)
    assert json.loads(done.stdout.splitlines()[-1])["made"] == 3
    recipe = next(iter(plan_of(table, out))).recipe
    here = repaint_shot({n: tmp_path / "street" / f"pan_000{n}.exr" for n in (1, 2, 3)}, recipe, {}, tmp_path / "here")
    assert frames_in(out / "street") == {path.name: path.read_bytes() for path in here}
    assert list(frames_in(out / "w")) == ["pan_0001.exr", "pan_0003.exr"]
    assert (out / "p0_base_color.png").exists()
    with Image.open(out / "contact_sheet.png") as sheet:
        assert not any(color == (190, 40, 40) for _, color in sheet.getcolors(2**20)), "no shot is drawn as a failure"
    assert json.loads(impasto(*line).stdout.splitlines()[-1])["done_before"] == 3
    assert json.loads(impasto(*line[:2], "--out", out, "--dry-run", "--json").stdout)["to_make"] == 0


@pytest.mark.slow
def test_workers_of_a_cluster_repaint_shots_that_they_see(fresh_impasto, engine_with_misbehaving, table, tmp_path):
    dask = DaskCluster(engine_with_misbehaving, tmp_path / "dask")
    try:
        dask.add_worker()
        line = ("batch", table, "--cluster", dask.address, "--json")
        done = fresh_impasto(*line, "--out", tmp_path / "out")
        fresh_impasto(*line, "--send", "--out", tmp_path / "sent", code=2)
    finally:
        dask.close()
    assert done.returncode == 0, done.stderr
    assert sorted(done_names(tmp_path / "out")) == ["p0", "street", "w"]
    assert len(frames_in(tmp_path / "out" / "street")) == 3
    assert "frames are not sent to workers" in failures_in(tmp_path / "sent")[0]["message"]
    assert done_names(tmp_path / "sent") == ["p0"]


def test_columns_of_csv_are_those_of_json_lines(table, tmp_path):
    (tmp_path / "t.csv").write_text(
        "recipe,shot,name,first,last,frame_step,keyframes\ntint,wall/pan_####.exr,w,1,3,2,keys\n"
    )
    (job,) = plan_of(tmp_path / "t.csv", tmp_path / "out")
    (film,) = [one.action_values for one in plan_of(table, tmp_path / "out") if one.name == "w"]
    assert replace(job.action_values, keyframes=None) == film
    frames = {f"pan_000{number}.exr": tmp_path / "wall" / f"pan_000{number}.exr" for number in (1, 2, 3)}
    assert RepaintShot().content(film) == [1, 3, 2, frames, {}], "as earlier versions recorded what they had begun"
    assert job.action_values.keyframes == tmp_path / "keys"
    names = CASES["names-of-shots"]
    write_table(table, [{"shot": shot} for shot in names])
    assert [job.name for job in plan_of(table, tmp_path / "out")] == list(names.values())


@each_case("no-shots")
def test_what_is_no_shot_is_said_before_anything_starts(row, said, table, tmp_path):
    with pytest.raises(ImpastoError) as raised:
        check_plan(plan_of(write_table(table, [row]), tmp_path / "out"))
    assert said in str(raised.value).replace(f"{tmp_path}/", "")
    (tmp_path / "out" / "street").mkdir(parents=True)
    with pytest.raises(ImpastoError, match="street is there already, and not from this batch"):
        check_plan(plan_of(write_table(table, [{"shot": "street"}]), tmp_path / "out"))


@pytest.mark.slow
def test_a_shot_with_missing_or_corrupt_frames_fails_alone_and_is_tried_again(engines, table, tmp_path):
    kept = (tmp_path / "street" / "pan_0002.exr").read_bytes()
    (tmp_path / "street" / "pan_0002.exr").unlink()
    (tmp_path / "wall" / "pan_0003.exr").write_bytes(kept[: len(kept) // 2])
    out = tmp_path / "out"
    assert outcome(run_plan(plan_of(table, out), engines)) == (1, 0, 2)
    said = {failure["name"]: failure["message"] for failure in failures_in(out)}
    assert "1 frames are missing in" in said["street"]
    assert "pan_0003.exr" in said["w"]
    (tmp_path / "street" / "pan_0002.exr").write_bytes(kept)
    shutil.copy(tmp_path / "street" / "pan_0003.exr", tmp_path / "wall")
    assert outcome(run_plan(plan_of(table, out), engines)) == (2, 1, 0)
    assert failures_in(out) == []


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.mark.slow
def test_a_shot_goes_on_by_frame_until_its_recipe_or_a_frame_changes(engines, table, tmp_path):
    rows, out = [{"shot": "street"}], tmp_path / "out"
    plan = plan_of(write_table(table, rows), out)
    run_plan(plan, engines)
    whole, before = frames_in(out / "street"), times(out / "street")
    record = out / DONE_FILE
    record.write_bytes(b"".join(line for line in record.read_bytes().splitlines(True) if b"begun" in line))
    (out / "street" / "pan_0002.exr").unlink()  # as if it had been interrupted
    assert outcome(run_plan(plan, engines)) == (1, 0, 0)
    assert frames_in(out / "street") == whole
    after = times(out / "street")
    assert [name for name in whole if after[name] != before[name]] == ["pan_0002.exr"]
    run_plan(plan_of(write_table(table, [{**rows[0], "seed": 3}]), out), engines)
    assert all(after[name] != time for name, time in times(out / "street").items())
    (out / "street" / "pan_0001.exr").write_bytes(b"painted over")
    write_table(table, rows)
    assert outcome(run_plan(plan, engines)) == (0, 0, 1)
    assert "has been changed since it was made" in failures_in(out)[0]["message"]
    assert outcome(run_plan(plan_of(table, out, replace=True), engines)) == (1, 0, 0)
    assert frames_in(out / "street") == whole


@pytest.mark.slow
def test_notes_on_shots_are_told(impasto, table, tmp_path):
    """A keyframe of no frame is named, as for a single shot."""
    keys = tmp_path / "keys"
    keys.mkdir()
    for number in (1, 99):
        shutil.copy(tmp_path / "street" / "pan_0001.exr", keys / f"key_{number:04}.exr")
    write_table(table, [{"shot": "street", "keyframes": "keys"}])
    done = impasto("batch", table, "--workers", 1, "--out", tmp_path / "out")
    assert "note: street: keyframes of none of the frames 1 to 3 are not used: key_0099.exr" in done.stderr
    (made,) = [line for line in (tmp_path / "out" / DONE_FILE).read_text("utf-8").splitlines() if "notes" in line]
    assert "key_0099" in made


def test_the_time_that_is_left_is_that_of_frames_which_are_not_there_yet(tmp_path, monkeypatch):
    said, clock = [], [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    progress = ShotProgress(3, lambda _, message: said.append(message), lambda _: None)
    for number, path in pan(tmp_path / "street", 3).items():  # the first is there already
        clock[0] = 70.0 + 30 * number
        progress.add(read_frame(path).color, number > 1)
        progress.tell(number / 3, f"{number} frames")
    assert said == ["1 frames", "2 frames, about 30 s left", "3 frames"]


def test_the_last_four_frames_are_shown_row_by_row_and_the_newest_last():
    frames, shown = np.random.default_rng(0).random((6, 40, 64, 3), np.float32), []
    progress = ShotProgress(len(frames), lambda *_: None, shown.append)
    for color in frames:
        progress.add(color, True)
    for count, maps in enumerate(shown, 1):
        sheet = np.zeros((82, 130, 3), np.float32)
        corners = ((0, 0), (0, 66), (42, 0), (42, 66))
        for (top, left), color in zip(corners, frames[max(0, count - 4) : count], strict=False):
            sheet[top : top + 40, left : left + 64] = color
        assert np.array_equal(maps["base_color"].pixels, sheet), count
