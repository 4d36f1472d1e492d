"""Scripts for render farms: Flamenco's job type against a stub of its API, and the commands that it makes, for real."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import quickjs
from batches import bytes_of, checkers, done_names, write_csv

DOCS = Path(__file__).parents[2] / "docs"
SCRIPTS = DOCS / "scripts"
PART = SCRIPTS / "batch_part.py"
FLAMENCO = """
const compiled = [];
function need(value, what) { if (typeof value !== "string" || !value.trim()) throw new Error(what + " is required"); }
const author = Object.freeze({
    Task(name, type) {
        need(name, "author.Task(name, type): name");
        need(type, "author.Task(name, type): type");
        const commands = [];
        return Object.freeze({ name, type, commands, addCommand(command) { commands.push(command); } });
    },
    Command(name, parameters) {
        need(name, "author.Command(name, parameters): name");
        return Object.freeze({ name, parameters });
    },
});
const print = () => {};
"""
"""Stub of what Flamenco 3 gives to a job type: `author`, and `job` with `settings` and `addTask`."""
SETTING = {"key", "type", "subtype", "choices", "propargs", "description", "label", "default", "eval", "evalInfo"}
SETTING |= {"visible", "required", "editable"}
"""Fields of AvailableJobSetting in Flamenco's API."""


def job_type(expression):
    """Value of an expression after Flamenco has loaded the job type."""
    engine = quickjs.Context()
    engine.eval(FLAMENCO + (SCRIPTS / "impasto_batch.js").read_text("utf-8"))
    return json.loads(engine.eval(f"JSON.stringify({expression})"))


def compiled(**settings):
    """Tasks of a job: those given, and the defaults of the others, as Flamenco's add-on fills them in."""
    known = {one["key"]: one["default"] for one in job_type("JOB_TYPE.settings") if "default" in one}
    job = f"{{settings: {json.dumps({**known, **settings})}, addTask(task) {{ compiled.push(task); }}}}"
    return job_type(f"(compileJob({job}), compiled)")


def test_the_job_type_describes_its_settings_as_flamenco_wants_them():
    about = job_type("JOB_TYPE")
    assert about["label"] == "Impasto Batch"
    for setting in about["settings"]:
        assert setting.keys() <= SETTING
        assert setting["type"] in ("string", "int32", "float", "bool")
        assert setting.get("subtype", "file_path") in ("file_path", "dir_path", "file_name", "hashed_file_path")
        assert setting.get("visible", "visible") in ("visible", "hidden", "submission", "web")
        assert setting.get("required") or "default" in setting, "else it may be undefined"
    job = json.loads(shlex.split(code_of("curl"))[-1])
    assert job["type"] == (SCRIPTS / "impasto_batch.js").stem.replace("_", "-"), "as documented"
    assert job["settings"].keys() <= {one["key"] for one in about["settings"]}
    assert len(compiled(**job["settings"])) == job["settings"]["parts"]


def test_each_part_is_a_task_with_one_command():
    given = {"table": "/farm/t.csv", "out": "/farm/out", "script": "/farm/batch_part.py"}
    tasks = compiled(**given, parts=2, options="--workers 4  --tries 3")
    assert [task["name"] for task in tasks] == ["part 1 of 2", "part 2 of 2"]
    assert {task["type"] for task in tasks} == {"misc"}, "which workers of Flamenco do unless they are told not to"
    for number, task in enumerate(tasks, start=1):
        (command,) = task["commands"]
        assert command["name"] == "exec"
        parameters = command["parameters"]
        assert parameters.keys() == {"exe", "args"}
        assert parameters["exe"] == "python"
        start = ["/farm/batch_part.py", "/farm/t.csv", str(number), "2", "--out", "/farm/out"]
        assert parameters["args"] == [*start, "--workers", "4", "--tries", "3"]
    assert len(compiled(**given)) == 10


def run_all(commands, **how):
    return [subprocess.run(command, capture_output=True, text=True, check=False, **how) for command in commands]


@pytest.mark.slow
def test_the_commands_of_all_tasks_make_each_row_once(engine_with_misbehaving, impasto, tmp_path):
    table = write_csv(tmp_path / "t.csv", checkers(5))
    settings = {"table": str(table), "out": str(tmp_path / "out"), "script": str(PART)}
    tasks = compiled(**settings, parts=3, python=str(engine_with_misbehaving), options="--json --no-contact-sheet")
    commands = [[one["exe"], *one["args"]] for task in tasks for one in [task["commands"][0]["parameters"]]]
    for done in run_all(commands):
        assert done.returncode == 0, done.stderr
    made = [tmp_path / "out" / f"part-{number}-of-3" for number in (1, 2, 3)]
    assert [sorted(done_names(folder)) for folder in made] == [["c0", "c3"], ["c1", "c4"], ["c2"]]
    whole = impasto("batch", table, "--out", tmp_path / "whole", "--workers", 1)
    assert whole.returncode == 0, whole.stderr
    assert {name: data for folder in made for name, data in bytes_of(folder).items()} == bytes_of(tmp_path / "whole")
    again = json.loads(run_all(commands[:1])[0].stdout.splitlines()[-1])
    assert (again["made"], again["done_before"]) == (0, 2)


@pytest.mark.slow
def test_a_failed_row_fails_its_task_and_not_the_others(engine_with_misbehaving, tmp_path):
    rows = [*checkers(2), {"recipe": "raises", "name": "bad", "source": "c.png"}]
    write_csv(tmp_path / "t.csv", rows)
    (tmp_path / "c.png").write_bytes(b"no picture")
    done = run_all(
        [engine_with_misbehaving, PART, tmp_path / "t.csv", part, "3", "--out", tmp_path / "out"] for part in "134"
    )
    assert [one.returncode for one in done] == [0, 3, 2]
    assert "c.png" in done[1].stderr
    assert "there is no part 4 of 3" in done[2].stderr


def code_of(word):
    """The block of code in docs/how-to/farm.md that begins with a word, as one line."""
    page = (DOCS / "how-to" / "farm.md").read_text("utf-8")
    blocks = re.findall(r"^ *```\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if block.split()[0] == word).replace("\\\n", " ").strip()


@pytest.mark.slow
def test_the_documented_command_for_deadline_makes_all_rows(engine_with_misbehaving, tmp_path):
    words = shlex.split(code_of("deadlinecommand"))
    options = dict(zip(words[2::2], words[3::2], strict=True))
    assert words[1] == "-SubmitCommandLineJob"
    assert options["-chunksize"] == "1", "a task for each part"
    write_csv(tmp_path / "materials.csv", checkers(2))
    first, last = map(int, options["-frames"].split("-"))
    for frame in range(first, last + 1):
        script, *arguments = options["-arguments"].replace("<STARTFRAME>", str(frame)).split()
        assert script == f"/farm/{PART.name}"
        given = [argument.replace("/farm", str(tmp_path)) for argument in arguments]
        (done,) = run_all([[engine_with_misbehaving, PART, *given]])
        assert done.returncode == 0, done.stderr
    made = {name for folder in (tmp_path / "textures").iterdir() for name in done_names(folder)}
    assert made == {"c0", "c1"}


def parts_of(name, text, parts, tmp_path, monkeypatch):
    """Contents of the tables that the parts of a table are written to."""
    (tmp_path / name).write_text(text, "utf-8", newline="")
    sys.path.insert(0, str(SCRIPTS))
    try:
        import batch_part
    finally:
        sys.path.remove(str(SCRIPTS))
    monkeypatch.setattr(batch_part, "impasto", lambda: None)
    for part in range(1, parts + 1):
        given = [str(tmp_path / name), str(part), str(parts), "--out", str(tmp_path / "out")]
        monkeypatch.setattr(sys, "argv", ["batch_part.py", *given])
        batch_part.main()
    return [path.read_text("utf-8") for path in sorted(tmp_path.glob("t.part*"))]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("t.csv", 'recipe;name\r\n"a;b";1\r\n"two\nlines";2\r\n\r\nc;3', ['"a;b";1\nc;3\n', '"two\nlines";2\n']),
        ("t.jsonl", '{"a": "x\u2028y"}\n\n{"b": 2}\n{"c": 3}', ['{"a": "x\u2028y"}\n{"c": 3}\n', '{"b": 2}\n']),
        ("t.csv", "recipe,name\na,1\n", ["a,1\n"]),
    ],
    ids=["csv", "json lines", "fewer rows than parts"],
)
def test_rows_are_dealt_out_whole(name, text, expected, tmp_path, monkeypatch):
    header = "recipe;name\n" if ";" in text else "recipe,name\n" if name == "t.csv" else ""
    assert parts_of(name, text, 2, tmp_path, monkeypatch) == [header + rows for rows in expected]
