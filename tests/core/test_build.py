"""The task runner: which tests run where, and what they need first."""

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tasks import testing  # noqa: E402
from tasks.environments import CORE, CORE_NUMPY_1, Environment  # noqa: E402
from tasks.messages import BuildError  # noqa: E402
from tasks.phrase_model import copy_sets  # noqa: E402
from tasks.testing import NEWEST_BLENDER, Session, all_sessions, sessions  # noqa: E402


def chosen(*paths: str, only: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    return {session.name: session.paths for session in sessions(only, paths)}


@pytest.mark.parametrize(
    ("path", "session"),
    [
        ("core/test_wire.py", "core"),
        ("tests/core/test_wire.py", "core"),
        ("plugins/test_quilt.py::test_it_tiles", "plugins"),
        ("blender/test_jobs.py", NEWEST_BLENDER),
        ("hostile", "hostile"),
        ("windows", "windows"),
    ],
)
def test_a_path_chooses_its_session(path, session):
    assert chosen(path) == {session: (f"tests/{path.removeprefix('tests/')}",)}


def test_paths_of_several_folders_are_each_run_in_their_own_session():
    assert chosen("core/test_wire.py", "plugins", "core/test_recipe.py") == {
        "core": ("tests/core/test_wire.py", "tests/core/test_recipe.py"),
        "plugins": ("tests/plugins",),
    }


def test_another_session_of_the_same_folder_can_be_asked_for():
    assert chosen("blender/test_jobs.py", only=("blender-4.2",)) == {"blender-4.2": ("tests/blender/test_jobs.py",)}
    assert chosen("core/test_wire.py", only=("core-numpy-1",)) == {"core-numpy-1": ("tests/core/test_wire.py",)}


def test_marked_tests_are_left_out_where_they_repeat_others_unless_asked_for_by_path():
    marks = {session.name: session.marks for session in all_sessions()}
    left_out = {name: mark for name, mark in marks.items() if mark}
    older = dict.fromkeys(("blender-4.5", "blender-4.2"), "not any_blender")
    beside = {"core": "not farm", "farm": "farm"}
    assert left_out == {**older, **beside, "core-numpy-1": "not any_numpy"}
    (asked_for,) = sessions(["blender-4.2"], ["blender/test_installer.py"])
    assert asked_for.marks == ""


def test_without_paths_everything_runs_but_windows():
    names = [session.name for session in all_sessions()]
    assert list(chosen()) == [name for name in names if name != "windows"]
    assert [session.name for session in sessions((), (), windows=True)] == names
    assert list(chosen(only=("windows",))) == ["windows"]


def test_only_tests_in_blender_wait_for_the_extension_to_be_built():
    needing = {session.name for session in all_sessions() if session.needs_extension}
    assert needing == {"blender-5.0", "blender-4.5", "blender-4.2", "windows"}


def test_an_environment_on_another_is_made_anew_with_it():
    other = replace(CORE, requirements=(*CORE.requirements, "more"))
    assert CORE_NUMPY_1.base == CORE
    assert replace(CORE_NUMPY_1, base=other).folder != CORE_NUMPY_1.folder


@pytest.mark.parametrize("path", ["core/test_nothing.py", "", "..", "blender_addon/menus.py"])
def test_a_path_without_tests_is_refused_with_an_example(path):
    with pytest.raises(BuildError, match=r"core/test_wire\.py"):
        chosen(path)


def test_a_blender_in_between_runs_what_changed_and_all_if_it_is_asked_for():
    usual = chosen()["blender-4.5"]
    assert all((ROOT / path).is_file() for path in usual)
    assert "tests/blender/test_layers.py" in usual
    assert chosen(only=("blender-4.5",)) == {"blender-4.5": ("tests/blender",)}
    assert chosen()["blender-4.2"] == ("tests/blender",)


def test_a_session_that_none_of_the_paths_belongs_to_is_refused():
    with pytest.raises(BuildError, match=r"no test of tests/core/test_wire\.py runs in plugins"):
        chosen("core/test_wire.py", only=("plugins",))
    with pytest.raises(BuildError, match="--only takes core, plugins"):
        chosen(only=("kore",))


class Here(Environment):
    """The environment that these tests run in."""

    python = Path(sys.executable)  # type: ignore[assignment]


def test_the_profile_of_a_session_is_gone_after_it(tmp_path, monkeypatch):
    program = tmp_path / "test_probe.py"
    program.write_text(
        "import os, pathlib\n"
        "def test_it():\n"
        "    folder = pathlib.Path(os.environ['IMPASTO_PROFILE'])\n"
        "    assert list(folder.iterdir()) == []\n"
        "    (folder / 'userpref.blend').touch()\n"
    )
    monkeypatch.setattr(testing, "BUILD", tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert (
        testing._run_pytest(Session("probe", Here("here", ()), (str(program),)), None, ["-p", "no:cacheprovider"]) == 0
    )
    assert (tmp_path / "results" / "probe.xml").exists()
    assert not list(tmp_path.glob("impasto-profile-*"))


MAKING = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tasks import environments
environments.BUILD = Path(sys.argv[2])
probe = environments.Environment("probe", ())

def call(command):
    if "venv" in command:
        probe.folder.mkdir(parents=True)  # fails where another one makes it
        print("begun", flush=True)
        time.sleep(float(sys.argv[3]))
    else:
        (probe.folder / "packages").touch()

environments.call = call
probe.ready()
assert (probe.folder / "packages").exists()
print("ready")
"""


def making(folder, seconds):
    """A process that makes an environment whose packages take so long to come."""
    command = [sys.executable, "-P", "-c", MAKING, str(ROOT), str(folder), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def said_until(process, text):
    said = ""
    while text not in said and (line := process.stdout.readline()):
        said += line
    return said


def test_failed_tests_are_named_at_the_end(tmp_path):
    probe, results = tmp_path / "test_probe.py", tmp_path / "probe.xml"
    probe.write_text("def test_fine():\n    pass\n\n\ndef test_broken():\n    raise ValueError('so it is')\n")
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={results}", probe]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    broken, without_results = testing.failures([results, tmp_path / "killed.xml"])
    assert broken == "FAILED [probe] test_probe::test_broken: ValueError: so it is"
    assert without_results == "FAILED [killed]: it ended without results"


def test_of_two_that_need_an_environment_one_makes_it_and_the_other_waits(tmp_path):
    first = making(tmp_path, 1.5)
    said_until(first, "begun")
    second = making(tmp_path, 0)
    said = [one.communicate(timeout=300)[0] for one in (first, second)]
    assert [one.returncode for one in (first, second)] == [0, 0], said
    assert f"is being made by process {first.pid}" in said[1]
    assert "begun" not in said[1]
    assert sorted(path.name for path in (tmp_path / "envs").iterdir()) == [Environment("probe", ()).folder.name]


def test_one_that_was_killed_while_it_made_an_environment_is_waited_for_by_nobody(tmp_path):
    killed = making(tmp_path, 600)
    said_until(killed, "begun")
    waiting = making(tmp_path, 0)
    assert "Waiting" in said_until(waiting, "Waiting")
    killed.kill()
    killed.communicate()
    assert "ready" in waiting.communicate(timeout=300)[0]
    assert waiting.returncode == 0


def test_sets_go_to_the_folder_of_the_longest_beginning_of_their_name(tmp_path):
    for name in ("wood_wood1", "wood_wood_planks", "wood_floor", "net_1", "wood_seen_last"):
        (tmp_path / "data" / "pbr" / name).mkdir(parents=True)
    labels = {"wood": "planks", "wood_wood": "veneer", "wood_wood_planks": "planks", "wood_floor": ""}
    about = {"labels": labels, "held_out": ["wood_seen_last"]}
    copy_sets(about, tmp_path / "data", tmp_path / "learned", tmp_path / "unseen")
    found = {
        folder: sorted(str(one.relative_to(folder)) for one in folder.glob("*/*")) for folder in tmp_path.iterdir()
    }
    assert found[tmp_path / "learned"] == ["planks/wood_wood_planks", "veneer/wood_wood1"]
    assert found[tmp_path / "unseen"] == ["planks/wood_seen_last"]
