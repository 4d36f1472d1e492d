"""An engine on another machine, over a real ssh server on loopback, and the scripts for render farms, for real."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import quickjs
from batches import bytes_of, checkers, done_names, write_csv
from cases import each_case
from ssh_server import Server, served, serving
from worker_jobs import CHECKER, recipe, wait_until

from impasto import Recipe, Step, read_maps, write_maps
from impasto.about import VERSION
from impasto.engine.client import WORKER, Client
from impasto.engine.messages import JobInput
from impasto.engine.remote import Remote
from impasto.engine.wire import PROTOCOL
from impasto.errors import Cancelled, FileError, ParameterError, ProtocolError, WorkerError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("ssh")) as made:
        yield made


@pytest.fixture
def path(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ssh that knows the server, before all others."""
    monkeypatch.setenv("PATH", f"{server.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def farm(path: None, engine_with_misbehaving: Path, tmp_path: Path) -> Iterator[Client]:
    made = Client(Remote.of(f"ssh://farm{engine_with_misbehaving}"), tmp_path / "remote.log")
    yield made
    made.close()


def fails(host: str, python: object, tmp_path: Path) -> WorkerError:
    client = Client(Remote.of(f"ssh://{host}{python}"), tmp_path / "log")
    with pytest.raises(WorkerError) as caught:
        client.submit(CHECKER).wait()
    client.close()
    return caught.value


@each_case("addresses")
def test_an_address_becomes_a_command_without_a_prompt(address, command):
    made = Remote.of(address).command(*WORKER)
    assert made[:2] == ["ssh", "-T"]
    assert made[-len(command) :] == command
    assert "BatchMode=yes" in made


def test_a_wrong_address_is_refused():
    wrong = (
        "farm|http://farm|ssh://|ssh://-oProxyCommand=x|ssh://-l@farm|ssh://a b|ssh://farm:99999|ssh://me:secret@farm"
    )
    for address in wrong.split("|"):
        with pytest.raises(ParameterError, match="ssh://user@host"):
            Remote.of(address)


@served
class TestServed:
    @pytest.mark.essential
    def test_remote_engines_make_the_same_pixels(self, farm, shared_client, photo):
        there, here = (one.submit(CHECKER, {"source": photo}).wait() for one in (farm, shared_client))
        assert np.array_equal(there.maps["base_color"].pixels, here.maps["base_color"].pixels)
        assert there.recipe.to_json() == here.recipe.to_json()

    @pytest.mark.slow
    def test_a_folder_of_maps_is_sent_as_one(self, farm, photo, tmp_path):
        from impasto import Maps

        maps = Maps.from_arrays({"base_color": photo["base_color"].pixels, "roughness": np.full((48, 64, 1), 0.5)})
        write_maps(maps, tmp_path / "wall", "wall")
        (tmp_path / "wall" / "previews").mkdir()
        answer = farm.submit(Recipe((Step("tint"),)), {"source": tmp_path / "wall"}).wait()
        assert set(answer.maps) == {"base_color", "roughness"}
        assert answer.recipe.inputs["source"]["sha256"] == read_maps(tmp_path / "wall").sha256()
        (tmp_path / "notes.png").write_text("no picture")
        with pytest.raises(FileError, match=r"notes\.png") as caught:
            farm.submit(CHECKER, {"source": tmp_path / "notes.png"}).wait()
        assert "impasto-" not in caught.value.message, "a path there"

    @pytest.mark.essential
    def test_a_cut_connection_ends_its_jobs_with_a_remedy_and_the_next_one_connects_again(self, farm, server):
        job = farm.submit(recipe("slow", seconds=30))
        wait_until(lambda: job.fraction > 0.01)
        workers = running_workers()
        assert workers
        server.cut()
        with pytest.raises(WorkerError, match=r"connection to farm was lost.*try again"):
            job.wait()
        wait_until(lambda: not workers & running_workers())
        second = farm.submit(recipe("slow", seconds=30))
        wait_until(lambda: second.fraction > 0.01)
        second.cancel()
        with pytest.raises(Cancelled):
            second.wait()
        assert farm.submit(CHECKER).wait().size_px == (48, 64)

    def test_an_unknown_host_key_is_never_accepted(self, path, tmp_path):
        error = fails("stranger", sys.executable, tmp_path)
        assert "host key of stranger is unknown" in error.message
        assert "ssh stranger" in error.remedy
        assert "nobody does not answer" in fails("nobody", sys.executable, tmp_path).message

    def test_a_password_is_never_asked_for(self, path, tmp_path):
        began = time.monotonic()
        error = fails("locked", sys.executable, tmp_path)
        assert "asks for a password" in error.message
        assert "ssh-copy-id locked" in error.remedy
        assert time.monotonic() - began < 20

    def test_a_remote_python_that_is_missing_or_lacks_impasto_is_named(self, path, tmp_path):
        assert "no /nowhere/python on farm" in fails("farm", "/nowhere/python", tmp_path).message
        bare = tmp_path / "bare"
        bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
        bare.chmod(0o755)
        error = fails("farm", bare, tmp_path)
        assert "has no impasto" in error.message
        assert VERSION in error.remedy

    def test_another_version_is_refused(self, path, tmp_path):
        old = tmp_path / "old"
        hello = json.dumps({"type": "hello", "protocol": PROTOCOL, "version": "0.0.1"})
        old.write_text(f"#!/bin/sh\necho '{hello}'\ncat > /dev/null\n")
        old.chmod(0o755)
        error = fails("farm", old, tmp_path)
        assert isinstance(error, ProtocolError)
        assert f"has impasto 0.0.1, this is {VERSION}" in error.message

    @pytest.mark.slow
    def test_training_data_are_not_sent(self, farm, tmp_path):
        with pytest.raises(ParameterError, match=r"impasto train.*farm"):
            farm.submit(Recipe((Step("train-torus", {}, {"dataset": "data"}),)), {"data": JobInput(path=tmp_path)})

    @pytest.mark.slow
    def test_the_command_makes_files_there(self, path, impasto, engine_with_misbehaving, photo, tmp_path):
        (picture,) = write_maps(photo, tmp_path / "in", "photo")
        there = impasto(
            "maps", picture, "--out", tmp_path / "there", "--engine", f"ssh://farm{engine_with_misbehaving}", "--json"
        )
        here = impasto("maps", picture, "--out", tmp_path / "here", "--json")
        assert len(json.loads(there.stdout)["files"]) == len(json.loads(here.stdout)["files"]) > 3
        for file in (tmp_path / "here").iterdir():
            assert (tmp_path / "there" / file.name).read_bytes() == file.read_bytes()
        out = ("--out", tmp_path / "out", "--engine", "ssh://stranger")
        assert "host key" in impasto("maps", picture, *out, code=WorkerError.exit_code).stderr
        assert not (tmp_path / "out").exists()


def running_workers() -> set[int]:
    """Process ids of engines that an ssh server started."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            parents = (Path(f"/proc/{parent}/cmdline")).read_bytes()
        except OSError:
            continue
        if b"impasto.engine.worker" in command and b"ssh" not in command.partition(b"\0")[0] and b"sshd" in parents:
            found.add(int(process.name))
    return found


DOCS = Path(__file__).parents[2] / "docs"
SCRIPTS = DOCS / "scripts"
PART = SCRIPTS / "batch_part.py"
FLAMENCO = Path(__file__).with_name("flamenco.js")
SETTING = {"key", "type", "subtype", "choices", "propargs", "description", "label", "default", "eval", "evalInfo"}
SETTING |= {"visible", "required", "editable"}
"""Fields of AvailableJobSetting in Flamenco's API."""


def job_type(expression):
    """Value of an expression after Flamenco has loaded the job type."""
    engine = quickjs.Context()
    engine.eval(FLAMENCO.read_text("utf-8") + (SCRIPTS / "impasto_batch.js").read_text("utf-8"))
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
    impasto("batch", table, "--out", tmp_path / "whole", "--workers", 1)
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


@each_case("rows-dealt-out")
def test_batch_parts_share_out_all_rows(name, text, expected, tmp_path, monkeypatch):
    header = "recipe;name\n" if ";" in text else "recipe,name\n" if name == "t.csv" else ""
    assert parts_of(name, text, 2, tmp_path, monkeypatch) == [header + rows for rows in expected]
