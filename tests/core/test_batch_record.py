"""The record of a batch as others may leave it: links in its place, and failures that were edited by hand."""

import json
import os

import pytest
from batches import checkers, failures_in, plan_of, write_csv

from impasto.batch.checks import check_plan
from impasto.batch.plan import Output, Plan
from impasto.batch.recipes import Recipes
from impasto.batch.record import DONE_FILE, FAILURES_FILE, Record, failure_of, jobs_of
from impasto.errors import FileError, ParameterError

pytestmark = pytest.mark.usefixtures("misbehaving")


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("name", [DONE_FILE, FAILURES_FILE])
def test_a_record_that_is_a_link_or_a_pipe_is_not_opened(name, tmp_path):
    (tmp_path / "precious").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / name).symlink_to("../precious")
    with pytest.raises(FileError, match=f"{name} is a link"), Record(out):
        pytest.fail("it was opened")
    assert (tmp_path / "precious").read_text() == "mine"
    assert sorted(path.name for path in out.iterdir()) == [name]
    os.mkfifo(tmp_path / name)
    with pytest.raises(FileError, match="no regular file"), Record(tmp_path):
        pytest.fail("it was opened")


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
    return Plan(lambda: jobs_of(Record(out).failures()), Recipes(out), Output(out))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"tool": "checker", "inputs": {"source": "source"}}, "checker has no input 'source'"),
        ({"tool": "quilt"}, "quilt needs the input source"),
        ({"tool": "checker", "parameters": {"squares": 900}}, "checker: squares got 900"),
        ({"tool": "absent"}, "there is no tool called 'absent'"),
    ],
)
def test_a_mistake_in_a_failed_job_is_said_before_any_is_tried_again(step, said, tmp_path):
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


def test_the_record_is_read_even_if_lines_are_damaged(tmp_path):
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
