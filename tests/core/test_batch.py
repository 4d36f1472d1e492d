"""`impasto batch`: what it makes, what it skips, what it lists, and what it says about failures."""

import json
import random

import pytest
from batches import bytes_of, checkers, done_names, failures_in, left_over, write_csv, write_photos, write_recipe

from impasto.batch.record import DONE_FILE
from impasto.io.files import read_recipe


@pytest.fixture
def recipe(tmp_path):
    return write_recipe(tmp_path / "r.json", ("tint", {}), ("checker", {"squares": 2}), seed=5)


def test_a_folder_of_pictures_with_one_recipe(impasto, recipe, tmp_path):
    write_photos(tmp_path / "photos", 3)
    done = impasto("batch", recipe, tmp_path / "photos", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["made"], said["done_before"], said["failed"]) == (3, 0, 0)
    assert {path.name for path in (tmp_path / "out").glob("*_base_color.png")} == {
        f"p{number}_base_color.png" for number in range(3)
    }
    made = read_recipe(tmp_path / "out" / "p1_height.png")
    assert [step.tool for step in made.steps] == ["tint", "checker"]
    assert made.inputs["source"]["name"] == "p1.png"
    assert left_over(tmp_path / "out") == []


def test_a_job_that_is_done_is_not_done_again_until_its_recipe_or_input_changes(impasto, recipe, tmp_path):
    photos = write_photos(tmp_path / "photos", 3)
    arguments = ("batch", recipe, tmp_path / "photos", "--out", tmp_path / "out", "--json")

    def made() -> tuple[int, int]:
        done = impasto(*arguments)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout.splitlines()[-1])
        return said["made"], said["done_before"]

    assert made() == (3, 0)
    assert made() == (0, 3)
    photos[1].write_bytes(photos[2].read_bytes())
    assert made() == (1, 2)
    (tmp_path / "out" / "p0_normal.png").unlink()
    assert made() == (1, 2)
    write_recipe(recipe, ("tint", {}), ("checker", {"squares": 4}), seed=5)
    assert made() == (3, 0)


def test_a_result_that_somebody_has_changed_is_not_replaced(impasto, recipe, tmp_path):
    write_photos(tmp_path / "photos", 1)
    arguments = ("batch", recipe, tmp_path / "photos", "--out", tmp_path / "out")
    impasto(*arguments)
    painted = tmp_path / "out" / "p0_base_color.png"
    painted.write_bytes(b"painted over")
    refused = impasto(*arguments)
    assert refused.returncode == 3
    assert painted.read_bytes() == b"painted over"
    assert impasto(*arguments, "--force").returncode == 0
    assert painted.read_bytes() != b"painted over"


def test_several_seeds_of_a_tool_without_a_source(impasto, tmp_path):
    done = impasto("batch", "checker", "--seeds", 3, "--pattern", "{tool}-{seed:03}", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    seeds = {path.name: read_recipe(path).seed for path in tmp_path.glob("*_height.png")}
    assert seeds == {f"checker-00{seed}_height.png": seed for seed in range(3)}


def test_bytes_do_not_depend_on_the_order_or_the_number_of_workers(impasto, tmp_path):
    photos = write_photos(tmp_path, 6)
    rows = [
        {"recipe": "photo-maps", "source": path.name, "seed": number, "name": path.stem}
        for number, path in enumerate(photos)
    ]
    write_csv(tmp_path / "a.csv", rows)
    random.Random(1).shuffle(rows)
    write_csv(tmp_path / "b.csv", rows)
    for table, workers in (("a.csv", 1), ("b.csv", 3)):
        done = impasto("batch", tmp_path / table, "--workers", workers, "--out", tmp_path / table[0])
        assert done.returncode == 0, done.stderr
    assert len(bytes_of(tmp_path / "a")) >= 5 * 6
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")


def test_a_failed_job_is_listed_and_the_others_are_made_and_it_alone_is_tried_again(impasto, tmp_path):
    rows = checkers(3)
    rows.insert(1, {"recipe": "raises", "name": "bad", "source": "p0.png"})
    photo = write_photos(tmp_path, 1)[0]
    table = write_csv(tmp_path / "t.csv", [{**rows[0], "source": ""}, *rows[1:]])
    done = impasto("batch", table, "--out", tmp_path / "out")
    assert done.returncode == 7
    assert "bad (row 3): ZeroDivisionError" in done.stderr
    (failure,) = failures_in(tmp_path / "out")
    assert (failure["row"], failure["name"], failure["error"], failure["tries"]) == (3, "bad", "WorkerError", 1)
    assert sorted(done_names(tmp_path / "out")) == ["c0", "c1", "c2"]
    again = impasto("batch", "--retry", "--out", tmp_path / "out", "--json")
    assert again.returncode == 7
    assert json.loads(again.stdout.splitlines()[-1])["failures"][0]["name"] == "bad"
    failure["job"]["recipe"]["steps"][0]["tool"] = "tint"  # as if the tool had been mended
    (tmp_path / "out" / "failures.jsonl").write_text(json.dumps(failure) + "\n")
    mended = impasto("batch", "--retry", "--out", tmp_path / "out")
    assert mended.returncode == 0, mended.stderr
    assert failures_in(tmp_path / "out") == []
    assert read_recipe(tmp_path / "out" / "bad_base_color.png").inputs["source"]["name"] == photo.name
    assert impasto("batch", "--retry", "--out", tmp_path / "out").returncode == 2


def test_a_dry_run_lists_sizes_and_what_is_done_and_makes_nothing(impasto, tmp_path):
    table = write_csv(tmp_path / "t.csv", checkers(2))
    out = tmp_path / "out"
    listed = impasto("batch", table, "--out", out, "--dry-run")
    assert listed.returncode == 0, listed.stderr
    assert "c0    checker  16x16  to make" in listed.stdout
    assert not out.exists()
    impasto("batch", table, "--out", out)
    write_csv(table, checkers(5))
    before = sorted(out.iterdir())
    said = json.loads(impasto("batch", table, "--out", out, "--dry-run", "--json").stdout)
    assert [job["done"] for job in said["jobs"]] == [True, True, False, False, False]
    assert said["jobs"][0]["size_px"] == [16, 16]
    assert (said["to_make"], said["pixels"], said["bytes"]) == (3, 3 * 16 * 16, 3 * 16 * 16 * 10)
    assert sorted(out.iterdir()) == before


def test_a_torn_line_of_the_record_costs_one_job(impasto, tmp_path):
    table = write_csv(tmp_path / "t.csv", checkers(3))
    arguments = ("batch", table, "--out", tmp_path / "out", "--workers", 1, "--json")
    impasto(*arguments)
    record = tmp_path / "out" / DONE_FILE
    record.write_bytes(record.read_bytes()[:-40])
    done = impasto(*arguments)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["made"], said["done_before"]) == (1, 2)
    assert json.loads(impasto(*arguments).stdout.splitlines()[-1])["done_before"] == 3
