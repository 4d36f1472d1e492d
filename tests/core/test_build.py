"""The task runner: which tests run where, and what they need first."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tasks import testing  # noqa: E402
from tasks.environments import CORE, CORE_NUMPY_1, TESTS, Environment  # noqa: E402
from tasks.messages import BuildError  # noqa: E402
from tasks.phrase_model import copy_sets  # noqa: E402
from tasks.testing import NEWEST_BLENDER, all_sessions, sessions  # noqa: E402


def chosen(*paths: str, only: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    return {session.name: session.paths for session in sessions(only, paths)}


@pytest.mark.parametrize(
    ("path", "session"),
    [
        ("core/test_wire.py", "core"),
        ("tests/core/test_wire.py", "core"),
        ("plugins/test_quilt.py::test_it_tiles", "core"),
        ("blender/test_jobs.py", NEWEST_BLENDER),
        ("hostile", "core"),
        ("windows", "windows"),
    ],
)
def test_a_path_chooses_its_session(path, session):
    assert chosen(path) == {session: (f"tests/{path.removeprefix('tests/')}",)}


def test_paths_of_several_folders_are_each_run_in_their_own_session():
    assert chosen("core/test_wire.py", "blender", "plugins") == {
        "core": ("tests/core/test_wire.py", "tests/plugins"),
        NEWEST_BLENDER: ("tests/blender",),
    }


def test_another_session_of_the_same_folder_can_be_asked_for():
    assert chosen("blender/test_jobs.py", only=("blender-4.2",)) == {"blender-4.2": ("tests/blender/test_jobs.py",)}
    assert chosen("core/test_wire.py", only=("core-numpy-1",)) == {"core-numpy-1": ("tests/core/test_wire.py",)}


def test_without_paths_the_core_and_one_blender_run_and_all_but_windows_if_asked():
    names = [session.name for session in all_sessions()]
    assert list(chosen()) == ["core", NEWEST_BLENDER]
    assert [session.name for session in sessions((), is_all=True)] == [name for name in names if name != "windows"]
    assert [session.name for session in sessions((), is_all=True, windows=True)] == names
    assert all((ROOT / path).is_file() for session in all_sessions() for path in session.files)


def test_an_environment_on_another_is_made_anew_with_it():
    other = replace(TESTS, extends=replace(CORE, requirements=(*CORE.requirements, "more")))
    assert CORE_NUMPY_1.base == TESTS
    assert replace(CORE_NUMPY_1, base=other).folder != CORE_NUMPY_1.folder


@pytest.mark.parametrize("path", ["core/test_nothing.py", "", "..", "blender_addon/menus.py"])
def test_a_path_without_tests_is_refused_with_an_example(path):
    with pytest.raises(BuildError, match=r"core/test_wire\.py"):
        chosen(path)


def test_a_session_that_none_of_the_paths_belongs_to_is_refused():
    with pytest.raises(BuildError, match=r"no test of tests/core/test_wire\.py runs in blender-4\.2"):
        chosen("core/test_wire.py", only=("blender-4.2",))
    with pytest.raises(BuildError, match="--only takes core, "):
        chosen(only=("kore",))


PROBES = {
    "test_a.py": """
import pytest

@pytest.mark.slow
def test_long(): pass

@pytest.mark.register("name")
@pytest.mark.parametrize("name", [f"{letter}-{number}" for letter in "abcd" for number in range(10)])
def test_each(name): pass
""",
    "test_b.py": "def test_broken(): raise ValueError('so it is')",
    "test_c.py": "def test_fine(): pass",
}


@pytest.fixture
def pytest_of_probes(tmp_path):
    """pytest over a few tests with our options; returns the names of those that ran, by process, and of the failed."""
    (tmp_path / "tests").mkdir()
    for name in ("conftest.py", "choosing.py", "sharing.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests")
    for name, text in PROBES.items():
        (tmp_path / "tests" / name).write_text(text)

    def run(*options, processes=1):
        command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", *options]
        names = [f"probe-{number}" for number in range(processes)]
        running = [
            subprocess.Popen([*command, f"--seconds={name}.json", f"--junitxml={name}.xml"], cwd=tmp_path)
            for name in names
        ]
        assert [one.wait() for one in running].count(1) == 1
        ran = [list(json.loads((tmp_path / f"{name}.json").read_text())["tests"]) for name in names]
        return ran, testing.failures(tmp_path, [*names, "killed"])

    return run


@pytest.mark.essential
def test_slow_tests_run_only_if_asked_for_and_a_dozen_cases_of_a_register_by_seed(pytest_of_probes):
    (ran,), failed = pytest_of_probes("--seed=1")
    assert len(ran) == 12 + 2
    assert {name.split("[")[1][0] for name in ran if "[" in name} == set("abcd"), "each way to work is among them"
    assert failed == [
        "FAILED [probe-0] tests.test_b::test_broken: ValueError: so it is",
        "FAILED [killed]: it ended without results",
    ]
    assert pytest_of_probes("--seed=1")[0] == [ran]
    assert pytest_of_probes("--seed=2")[0] != [ran]
    (everything,), _ = pytest_of_probes("--all")
    assert len(everything) == 40 + 3


@pytest.mark.essential
def test_processes_share_files_so_that_each_runs_once(pytest_of_probes, tmp_path):
    (tmp_path / "order.json").write_text(json.dumps(["tests/test_c.py", "tests/test_b.py", "tests/test_a.py"]))
    (tmp_path / "claims").mkdir()
    both, _ = pytest_of_probes("--share=claims", "--order=order.json", processes=2)
    assert len({*both[0], *both[1]}) == len(both[0] + both[1]) == 14
    (tmp_path / "alone").mkdir()
    (ran,), _ = pytest_of_probes("--share=alone", "--order=order.json")
    assert ran[:2] == ["tests/test_c.py::test_fine", "tests/test_b.py::test_broken"]


MAKING = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tasks import environments
environments.BUILD = Path(sys.argv[2])
probe = environments.Environment("probe", ())

def call(command, **_):
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
        folder = tmp_path / "data" / "pbr" / name
        folder.mkdir(parents=True)
        noise = np.random.default_rng(len(name)).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{name}_base_color.png")
    labels = {"wood": "planks", "wood_wood": "veneer", "wood_wood_planks": "planks", "wood_floor": ""}
    about = {"labels": labels, "held_out": ["wood_seen_last"]}
    copy_sets(about, tmp_path / "data", tmp_path / "learned", tmp_path / "unseen", Path(sys.executable))
    found = {
        folder: sorted(str(one.relative_to(folder)) for one in folder.glob("*/*")) for folder in tmp_path.iterdir()
    }
    assert found[tmp_path / "learned"] == ["planks/wood_wood_planks", "veneer/wood_wood1"]
    assert found[tmp_path / "unseen"] == ["planks/wood_seen_last"]
