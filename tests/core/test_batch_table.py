"""Tables of jobs and records of failed ones: what they mean, and all that is wrong, said before anything starts."""

import json
import os

import pytest
from batches import SMALL, checkers, failures_in, plan_of, write_csv, write_photos, write_recipe
from cases import CASES, each_case

from impasto.batch import engines as workers
from impasto.batch import table as tables
from impasto.batch.checks import check_plan, size_of
from impasto.batch.names import check_pattern, fill_in
from impasto.batch.plan import Output, Plan, Recipes
from impasto.batch.record import DONE_FILE, FAILURES_FILE, Record, failure_of
from impasto.batch.record import jobs_of as jobs_to_retry
from impasto.batch.units import parse_memory, parse_time, readable_bytes, readable_time
from impasto.errors import FileError, ImpastoError, ParameterError

pytestmark = pytest.mark.usefixtures("misbehaving")


def jobs_of(table, **output):
    plan = plan_of(table, table.parent / "out", **output)
    check_plan(plan)
    return list(plan)


def mistakes_of(table, **output) -> str:
    with pytest.raises(ImpastoError) as raised:
        jobs_of(table, **output)
    return raised.value.message


def test_csv_columns_and_json_fields_mean_the_same(tmp_path):
    write_photos(tmp_path, 2)
    same = {"recipe": "blend", "source": "p0.png", "name": "wall"}
    row = {**same, "input.style": "p1.png", "seed": "7", "width_m": "1.5"}
    fields = {**same, "inputs": {"style": "p1.png"}, "seed": 7, "width_m": 1.5}
    (tmp_path / "t.jsonl").write_text(json.dumps(fields) + "\n\n")
    (job,), (other,) = jobs_of(write_csv(tmp_path / "t.csv", [row])), jobs_of(tmp_path / "t.jsonl")
    assert job.to_dict() | {"row": 1} == other.to_dict()
    assert job.recipe.steps[0].inputs == {"style": "style"}
    assert (job.recipe.seed, job.name, job.width_m) == (7, "wall", 1.5)
    assert job.inputs == {"source": tmp_path / "p0.png", "style": tmp_path / "p1.png"}


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-8")])
def test_tables_of_spreadsheets_are_understood(delimiter, encoding, tmp_path):
    cells = [["recipe", "name", "parameter.color", "parameter.offset"], ["checker", "Wände", "#ff8800", "[1, 0.5]"], []]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in cells)
    (tmp_path / "t.csv").write_text(text, encoding=encoding)
    (job,) = jobs_of(tmp_path / "t.csv")
    assert job.name == "Wände"
    assert job.recipe.steps[0].parameters["color"] == pytest.approx([1, 0.533333, 0], abs=1e-6)
    assert job.recipe.steps[0].parameters["offset"] == [1, 0.5]


def test_parameters_belong_to_the_step_that_has_them_and_recipes_are_complete(tmp_path):
    write_recipe(tmp_path / "r.json", ("checker", {"squares": 2}), ("tint", {}), ("tint", {}))
    row = {"recipe": "r.json", "parameter.diagonal": "true", "parameter.note": "7", "parameter.3.strength": "0.25"}
    (job,) = jobs_of(write_csv(tmp_path / "t.csv", [row]))
    first, second, third = (step.parameters for step in job.recipe.steps)
    assert (first["squares"], first["diagonal"], first["note"], first["contrast"]) == (2, True, "7", 0.7)
    assert second["strength"] != third["strength"] == 0.25


def test_a_row_takes_named_settings_of_one_of_its_tools(tmp_path):
    write_recipe(tmp_path / "r.json", ("asphalt", {"stains": 1}), ("weathering", {}))
    rows = [
        {"recipe": "r.json", "name": "road", "settings": "old-road", "parameter.worn": "0.5"},
        {"recipe": "r.json", "name": "sooty", "settings": "Sooty", "parameter.worn": ""},
    ]
    road, sooty = (
        [step.parameters for step in job.recipe.steps] for job in jobs_of(write_csv(tmp_path / "t.csv", rows))
    )
    assert [road[0][name] for name in ("worn", "smoothness", "stains", "width_m")] == [0.5, 0.2, 0.4, 2]
    assert (sooty[0]["stains"], sooty[1]["dirt"] > 0.5, road[1]["dirt"]) == (1, True, 0.4)
    assert "weathering has no settings called 'New'" in mistakes_of(
        write_csv(tmp_path / "t.csv", [{"recipe": "r.json", "settings": "New"}])
    )


def test_every_mistake_is_listed_by_its_row(tmp_path):
    write_photos(tmp_path, 1)
    (tmp_path / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    write_recipe(tmp_path / "r.json", ("checker", {}), ("tint", {}), ("tint", {}))
    wrong = CASES["mistakes-in-rows"]
    rows = [
        *checkers(1),
        *({"recipe": "checker", "name": f"n{number}", **row} for number, row in enumerate(wrong.values())),
    ]
    columns = {name: "" for row in rows for name in row}
    said = mistakes_of(write_csv(tmp_path / "t.csv", [columns | row for row in rows])).splitlines()
    assert said[0] == f"nothing was started, because of {len(wrong)} mistakes:"
    for number, (line, text) in enumerate(zip(said[1:], wrong, strict=True), start=3):
        assert line.startswith(f"  row {number}: "), line
        assert text in line
    assert not (tmp_path / "out").exists()


@each_case("empty-names")
def test_an_empty_file_name_is_a_mistake_and_not_the_current_folder(empty, tmp_path):
    (tmp_path / "t.jsonl").write_text(json.dumps({"recipe": "blend", "name": "n", **empty}))
    assert "is empty; write a file's name, or leave the field out" in mistakes_of(tmp_path / "t.jsonl")


def test_similar_mistakes_share_a_line_and_the_search_ends_at_a_thousand(tmp_path):
    rows = [{"recipe": "tint", "source": f"{number}.png"} for number in range(4)]
    said = mistakes_of(write_csv(tmp_path / "t.csv", rows)).splitlines()
    assert said[0] == "nothing was started, because of 4 mistakes:"
    assert said[1].startswith(f"  rows 2, 3, 4 and 1 more: cannot read {tmp_path / '0.png'}")
    rows += [{"recipe": f"absent{number}", "name": number} for number in range(5000)]
    said = mistakes_of(write_csv(tmp_path / "t.csv", rows)).splitlines()
    assert said[0] == "nothing was started, because of more than 1,000 mistakes:"
    assert said[2].startswith("  rows 6, 7, 8 and 994 more: there is no tool called 'absent0'")
    assert len(said) == 3
    rows = [{"recipe": "tint", "source": f"x.{chr(ord('a') + index)}", "name": index} for index in range(25)]
    said = mistakes_of(write_csv(tmp_path / "t.csv", rows)).splitlines()
    assert (len(said), said[-1]) == (22, "  and 5 other kinds")


def test_tables_have_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    table = write_csv(tmp_path / "t.csv", checkers(4))
    assert "row 5: the table has more than 3 rows" in mistakes_of(table)
    monkeypatch.setattr(tables, "MAX_BYTES", 10)
    with pytest.raises(FileError, match="larger than 10 bytes"):
        plan_of(table, tmp_path)


def test_files_from_elsewhere_are_not_replaced(tmp_path):
    table = write_csv(tmp_path / "t.csv", checkers(2))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "c1_normal.png").write_bytes(b"")
    assert "c1_normal.png is there already, and not from this batch" in mistakes_of(table)
    assert len(jobs_of(table, replace=True)) == 2
    assert len(jobs_of(table, pattern="new-{name}")) == 2


def test_names_are_made_by_the_pattern():
    about = {"name": "wall", "index": 7, "seed": 3, "recipe": "brick", "tool": "quilt"}
    assert fill_in("{name}_{index:03}-{seed}.{recipe}.{tool}", **about) == "wall_007-3.brick.quilt"
    with pytest.raises(ParameterError, match="the name of the files"):
        fill_in("{name}/{seed}", **about)
    for wrong in ("{evil}", "{name.__class__}", "{name[0]}", "{}", "{name", "{seed!r}", "{index:99999}", "{name:04}"):
        with pytest.raises(ParameterError, match="pattern"):
            check_pattern(wrong)
    assert check_pattern("T_{map}", ("object", "map")) == "T_{map}"
    with pytest.raises(ParameterError, match="unknown field 'seed'"):
        check_pattern("{seed}_{map}", ("object", "map"))


def test_times_and_amounts_of_memory_are_written_as_people_write_them():
    assert [parse_time(text) for text in ("90s", "10min", "1.5h", "2 min")] == [90, 600, 5400, 120]
    assert [parse_memory(text) for text in ("512MiB", "4GiB", "4G", "1.5gb")] == [2**29, 2**32, 2**32, 3 * 2**29]
    for parse, wrong in ((parse_time, "10"), (parse_time, "0s"), (parse_memory, "4"), (parse_memory, "-1GiB")):
        with pytest.raises(ParameterError, match="write"):
            parse(wrong)
    assert [readable_time(seconds) for seconds in (0.25, 45, 90, 5400)] == ["0.2 s", "45 s", "1.5 min", "1.5 h"]
    assert readable_bytes(3 * 2**29) == "1.5 GiB"


def test_a_worker_for_each_core_or_card_within_the_memory(monkeypatch, tmp_path):
    """Pretended graphics cards: listed by the variable, or by a program of the driver's name."""
    monkeypatch.setattr(workers, "_cores", lambda: 8)
    monkeypatch.setattr(workers, "MEMORY_BYTES", 2**20)
    monkeypatch.setattr(workers, "versions_of", lambda tools: {"torch": "2.9.0+cu130"})
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert workers.share(100) == workers.Share(8, 1)
    assert workers.share(3) == workers.Share(3, 1)
    assert workers.share(100, threads=4) == workers.Share(2, 4)
    assert workers.share(100, workers=5) == workers.Share(5, 1)
    assert workers.share(100, memory_bytes=2**60) == workers.Share(1, 1)
    if os.name != "nt":
        driver = tmp_path / "nvidia-smi"
        driver.write_text("#!/bin/sh\necho 0\necho 1\n")
        driver.chmod(0o755)
        assert workers.share(100) == workers.Share(2, 4, ("0", "1"))
        driver.write_text("#!/bin/sh\nexit 9\n")
        assert workers.share(100) == workers.Share(8, 1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 5,6")
    assert workers.share(100, "cuda") == workers.Share(3, 2, ("3", "5", "6"))
    assert workers.share(100, "cpu") == workers.Share(8, 1)
    monkeypatch.setattr(workers, "versions_of", lambda tools: {"torch": "2.13.0+cpu"})
    assert workers.share(100) == workers.Share(8, 1)


def test_rows_can_have_a_text_for_a_matcher(tmp_path):
    rows = [
        {"recipe": "word-count", "text": "one two", "seed": "4", "name": "two", "parameter.width_px": "16"},
        {"recipe": "checker", "text": "", "seed": "", "name": "", "parameter.width_px": ""},
    ]
    job, plain = jobs_of(write_csv(tmp_path / "t.csv", rows))
    assert (job.recipe.steps[0].parameters["squares"], job.recipe.seed, job.name) == (2, 4, "two")
    assert job.recipe.steps[0].parameters["width_px"] == 16
    assert job.recipe.matched == {"matcher": "word-count", "text": "one two", "notes": "words were counted"}
    assert not plain.recipe.matched
    wrong = [{"recipe": "word-count", "text": "a cat"}, {"recipe": "word-count"}, {"recipe": "checker", "text": "one"}]
    for row, said in zip(wrong, ("no number of squares", "the text is empty", "takes no text"), strict=True):
        assert said in mistakes_of(write_csv(tmp_path / "wrong.csv", [row]))


def test_result_sizes_are_known_if_the_recipe_states_them(tmp_path):
    write_photos(tmp_path, 1)
    write_recipe(tmp_path / "r.json", ("transform", {}), ("checker", {}))
    rows = [
        {"recipe": "checker", "name": "a"} | {f"parameter.{name}": 40 for name in SMALL},
        {"recipe": "checker", "name": "b", "source": "p0.png", "parameter.width_px": 40},
        {"recipe": "photo-maps", "name": "c", "source": "p0.png"},
        {"recipe": "r.json", "name": "d", "source": "p0.png"},
    ]
    columns = {name: "" for row in rows for name in row}
    jobs = jobs_of(write_csv(tmp_path / "t.csv", [columns | row for row in rows]))
    assert [size_of(job) for job in jobs] == [(40, 40), (24, 40), (24, 32), None]


def failed_jobs(out, count):
    """The lines of so many jobs that have failed."""
    plan = plan_of(write_csv(out.with_name("t.csv"), checkers(count)), out)
    with Record(out) as record:
        for job in plan:
            record.fail(failure_of(job, FileError("not now", ""), 1))
    return failures_in(out)


def plan_of_failures(out, lines):
    """The jobs of these lines, as --retry plans them."""
    (out / FAILURES_FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Plan(lambda: jobs_to_retry(Record(out).failures()), Recipes(out), Output(out))


@each_case("mistakes-in-failures")
def test_mistakes_in_failed_jobs_are_reported_before_any_retry(step, said, tmp_path):
    out = tmp_path / "out"
    good, edited = failed_jobs(out, 2)
    plan = plan_of_failures(out, [good, edited])
    assert [job.to_dict() for job in plan] == [good["job"], edited["job"]], "as they were"
    edited["job"]["recipe"]["steps"] = [step]
    with pytest.raises(ParameterError, match="nothing was started, because of 1 mistake") as listed:
        check_plan(plan_of_failures(out, [good, edited]))
    assert f"row 3: {said}" in listed.value.message
    good["job"]["name"] = "../evil"
    with pytest.raises(ParameterError, match=r"the name of the files '\.\./evil'"):
        check_plan(plan_of_failures(out, [good]))


def test_damaged_lines_of_the_record_are_skipped(tmp_path):
    good = {"name": "a", "key": "k", "files": {}, "seconds": 1.0}
    above = {**good, "name": "above", "files": {"../evil.png": 1}}
    wrong = [b"\xff\xfe", b"[1]", b'{"name": 7}', b'{"begun": []}', b"{" * 5000]
    lines = [*wrong, *(json.dumps(line).encode() for line in (above, good))]
    (tmp_path / DONE_FILE).write_bytes(b"\n".join(lines) + b"\n")
    (tmp_path / "failures.jsonl").write_bytes(b'{"name": "b"}\n7\n')
    record = Record(tmp_path)
    assert record.recorded_result("a").key == "k"
    assert record.recorded_result("above") is None
    assert not list(record.failures())
