"""The choice of an engine, and the button that makes one: a real venv or folder, a real pip, a local index."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import bpy
import pytest
from conftest import MODULE, cases, refused
from packages import fake_wheel, fill, requirements, served
from styling import wait_until

from traps import set_traps


@pytest.fixture(autouse=True)
def pip_without_settings(monkeypatch):
    """None of this machine's settings of pip: what is not on the test's index is nowhere."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def preferences(extension, scene, monkeypatch):
    """Impasto's preferences, with no engine from the environment; what is set up is forgotten afterwards."""
    monkeypatch.delenv("IMPASTO_ENGINE")
    chosen = bpy.context.preferences.addons[MODULE].preferences
    yield chosen
    for name in ("engine_python", "engine_address", "pip_arguments", "torch_build", "wheels_folder"):
        chosen.property_unset(name)
    (extension.engine.engine.user_folder() / extension.engine.engine.RECORD).unlink(missing_ok=True)
    extension.engine.engine.own_engine.cache_clear()


@pytest.fixture
def online(preferences):
    bpy.context.preferences.system.use_online_access = True
    yield preferences
    bpy.context.preferences.system.use_online_access = False


@pytest.fixture
def wheels(extension, tmp_path):
    """A folder with wheels of all that the engine needs."""
    folder = tmp_path / "wheels"
    for name in requirements(extension.engine.engine.wheel()):
        fake_wheel(folder, name)
    return folder


@pytest.fixture
def index(extension, tmp_path):
    """A package index: `simple` is PyPI's part, `cpu` and `cu130` are PyTorch's."""
    folder = tmp_path / "index"
    fill(folder / "simple", [name for name in requirements(extension.engine.engine.wheel()) if name != "torch"])
    torch = extension.setup.graphics.TORCH
    fake_wheel(folder / "simple/torch", "torch", torch)
    for tag in ("cpu", "cu130"):
        fake_wheel(folder / tag / "torch", "torch", f"{torch}+{tag}")
    return folder


@pytest.fixture
def without_pythons(tmp_path, monkeypatch):
    """No Python of the user: Blender's own serves, which is quicker than a venv."""
    (tmp_path / "nothing").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def build_for(extension, address, tag):
    """A build of the catalogue, from the index on this machine."""
    builds = extension.setup.graphics
    of_catalogue = builds.CUDA[0].linux if tag.startswith("cu") else builds.cpu_build("Linux", "x86_64")
    return replace(of_catalogue, index=f"{address}/{tag}", disk_mb=30)


@pytest.fixture
def plan(extension, tmp_path):
    """A plan for a folder of this test, of the index at an address."""

    def make(address="", tag="cpu", folder="engines", **more):
        arguments = ("--index-url", f"{address}/simple", "--retries", "1", *more.pop("arguments", ()))
        chosen = build_for(extension, address, tag)
        wheel, version = extension.engine.engine.wheel(), extension.engine.catalogue.catalogue.version
        own = {"pip_arguments": arguments, **more}
        return extension.setup.installer.InstallPlan(tmp_path / folder, wheel, version, lambda: chosen, **own)

    return make


def carry_out(extension, plan):
    """The engine that a plan makes; raises what the panel would say."""
    task = extension.jobs.task.Task("Setting up", plan.carry_out, lambda made: made)
    task.start()
    assert task.wait(120)
    if task._error:
        raise task._error
    return task._result


def is_said(extension, plan, text):
    """The plan cannot be carried out, and an error says this within a line, without a traceback."""
    with pytest.raises(extension.setup.installer.WorkerError) as raised:
        carry_out(extension, plan)
    said = str(raised.value)
    return text in said and "Traceback" not in said and "\n" not in said and len(said) < 400


def torch_of(made):
    """The version of torch in an engine."""
    probe = f"import sys; sys.path.insert(0, {made.packages!r}); import torch; print(torch.__version__)"
    return subprocess.run([made.python, "-I", "-c", probe], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.essential
@pytest.mark.parametrize(
    "whose", [pytest.param("a user's Python", marks=pytest.mark.any_blender), "Blender's own Python"]
)
def test_set_up_engine_works_offline_from_a_folder_of_wheels(extension, preferences, wheels, monkeypatch, whose):
    assert not bpy.app.online_access
    folder = Path(sys.executable).parent if whose == "a user's Python" else wheels
    monkeypatch.setenv("PATH", str(folder))
    preferences.wheels_folder = str(wheels)
    assert bpy.ops.impasto.set_up_engine() == {"FINISHED"}
    made = extension.engine.engine.find()
    assert bool(made.packages) == (whose == "Blender's own Python")
    extension.engine.engine.forget_checks()
    assert bpy.ops.impasto.check_engine() == {"FINISHED"}
    assert torch_of(made) == "99.0"
    assert not extension.setup.installer.is_unfinished()


@pytest.mark.slow
@pytest.mark.any_blender
def test_exactly_the_chosen_build_is_taken_from_the_index(
    extension, plan, index, tmp_path, monkeypatch, without_pythons
):
    """PyPI has a torch as well. What lies in the current folder is not run; an engine that is gone is made anew."""
    for name in ("pip", "json", "venv", "ensurepip"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    with served(index) as (address, asked):
        of_plan = plan(address, "cu130")
        gone = extension.engine.engine.Engine(str(of_plan.folder / "engine-old/bin/python"))
        (of_plan.folder / "engine-old").mkdir(parents=True)
        made = carry_out(extension, replace(of_plan, repairs=gone))
    assert torch_of(made) == f"{extension.setup.graphics.TORCH}+cu130"
    taken = [path for path in asked if path.endswith(".whl") and "/torch-" in path]
    assert [path.split("/")[1] for path in taken] == ["cu130"]
    assert not (tmp_path / "ran").exists()
    assert made != gone
    of_plan.tidy(made)
    assert [Path(made.packages)] == list(of_plan.folder.glob("engine-*"))


@pytest.mark.slow
@pytest.mark.any_blender
def test_interrupted_set_ups_resume_and_damaged_engines_are_repaired(extension, plan, index, monkeypatch):
    """In a path with spaces and umlauts, with a venv of the user's Python."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    (index / "simple/safetensors").rename(index / "gone")
    with served(index) as (address, _asked):
        of_plan = plan(address, folder="Für Blender/Größe ß")
        assert is_said(extension, of_plan, "no wheel of safetensors")
        (left,) = of_plan.folder.glob("engine-*")
        began = (left / "pyvenv.cfg").stat().st_mtime_ns
        (index / "gone").rename(index / "simple/safetensors")
        made = carry_out(extension, of_plan)
        assert Path(made.python).is_relative_to(left)
        assert (left / "pyvenv.cfg").stat().st_mtime_ns == began
        for package in ("torch", "pluggy"):
            (module,) = left.rglob(f"{package}/__init__.py")
            module.write_text("")
        mended = carry_out(extension, replace(of_plan, repairs=made))
    assert mended == made
    assert torch_of(mended) == f"{extension.setup.graphics.TORCH}+cpu"


def test_a_second_simultaneous_set_up_is_refused(extension, plan):
    of_plan = plan()
    of_plan.folder.mkdir()
    with extension.setup.installer._only_one(of_plan.folder):
        assert is_said(extension, of_plan, "another Blender sets up the engine")
    assert not list(of_plan.folder.glob("engine-*"))


@pytest.mark.any_blender
def test_without_network_one_sentence_says_so(extension, plan, without_pythons):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        of_plan = plan(f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert is_said(extension, of_plan, "127.0.0.1 cannot be reached; check the network")


ELSEWHERE = "http://index.example"
"""A package index that only a proxy can reach."""


@pytest.mark.slow
@pytest.mark.any_blender
def test_the_packages_come_through_a_proxy_of_the_environment(extension, plan, index, without_pythons, monkeypatch):
    monkeypatch.delenv("no_proxy", raising=False)
    with served(index) as (proxy, asked):
        monkeypatch.setenv("http_proxy", proxy)
        made = carry_out(extension, plan(ELSEWHERE, arguments=("--trusted-host", "index.example")))
    assert torch_of(made) == f"{extension.setup.graphics.TORCH}+cpu"
    assert asked
    assert all(address.startswith(f"{ELSEWHERE}/") for address in asked)


@pytest.mark.any_blender
def test_a_proxy_that_refuses_is_said_in_one_sentence(extension, plan, index, without_pythons):
    """This one makes no tunnels, which https needs."""
    with served(index) as (proxy, _asked):
        of_plan = plan(ELSEWHERE.replace("http", "https"), arguments=("--proxy", proxy))
        assert is_said(extension, of_plan, "check the network (a proxy goes into Extra Arguments)")


@pytest.mark.any_blender
def test_packages_without_wheels_are_not_compiled(extension, plan, index, without_pythons):
    (wheel,) = (index / "simple/kornia").iterdir()
    wheel.rename(wheel.with_name("kornia-99.0.tar.gz"))
    with served(index) as (address, asked):
        assert is_said(extension, plan(address), "there is no wheel of kornia")
    assert not [path for path in asked if path.endswith(".tar.gz")]


@pytest.mark.any_blender
@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
def test_without_venv_and_pip_it_says_what_to_install(extension, plan, without_pythons, monkeypatch, tmp_path):
    """A Python as Debian splits it: without pip and ensurepip."""
    bare = tmp_path / "python-of-debian"
    hide = "import sys; sys.modules.update(pip=None, ensurepip=None)"
    real = Path(sys.executable).resolve()
    bare.write_text(f'#!/bin/sh\nshift 5\ncode=$1\nshift\nexec {real} -I -c "{hide}\n$code" "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    of_plan = plan()
    assert is_said(extension, of_plan, "install Python from python.org (on Debian and Ubuntu: python3-venv)")
    assert not list(of_plan.folder.glob("engine-*")), "another attempt could not go on with it"


@contextmanager
def small_disk(folder, size):
    """A file system of this size, mounted on a folder."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "impasto-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.any_blender
@pytest.mark.parametrize("found_out", ["before", pytest.param("while it is filled", marks=pytest.mark.slow)])
def test_a_full_disk_is_said_in_one_sentence(extension, plan, index, tmp_path, monkeypatch, found_out):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    with small_disk(tmp_path / "small", "3M"), served(index) as (address, _asked):
        of_plan = plan(address, folder="small/engines")
        if found_out != "before":
            build = replace(of_plan.build(), disk_mb=0)
            of_plan = replace(of_plan, build=lambda: build)
            (tmp_path / "small/filler").write_bytes(bytes(2_600_000))
        full = "(No space left on device); check that the folder can be"
        assert is_said(extension, of_plan, "GB left; make room" if found_out == "before" else full)


def test_failed_set_ups_leave_the_old_engine(extension, online, tmp_path, without_pythons):
    before = extension.engine.engine.find()
    online.wheels_folder = str(tmp_path)
    refused("has no wheel of torch", "set_up_engine")
    online.wheels_folder, online.pip_arguments = "", "--no-index --find-links /nowhere"
    refused("there is no wheel of torch", "set_up_engine")
    assert extension.engine.engine.find() == before
    log = extension.engine.engine.newest_log().read_text(encoding="utf-8")
    assert "No matching distribution found for torch" in log


@pytest.mark.slow
@pytest.mark.any_blender
def test_a_set_up_can_be_cancelled_at_once(extension, plan, index, without_pythons):
    with served(index) as (address, _asked):
        of_plan = plan(address)
        task = extension.jobs.task.Task("Setting up", of_plan.carry_out, lambda made: made)
        task.start()
        wait_until(lambda: list(of_plan.folder.glob("engine-*")))
        task.cancel()
        assert task.wait(10)
        assert task.conclude().level == "CANCELLED"
        assert carry_out(extension, of_plan), "the next one goes on"


POSIX_ONLY = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


def stand_in(folder: Path, says: str) -> str:
    """A program that answers as an unfit Python would."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.any_blender
def test_the_environment_wins_over_the_preferences(extension, preferences, monkeypatch):
    preferences.engine_python = "/chosen/python"
    assert extension.engine.engine.find().python == "/chosen/python"
    monkeypatch.setenv("IMPASTO_ENGINE", "/farm/python")
    assert extension.engine.engine.find().python == "/farm/python"


def test_no_engine_and_one_that_does_not_exist_are_named(preferences):
    for path, said in (("", "Impasto has no engine yet"), ("/nowhere/python3", "/nowhere/python3 does not exist")):
        preferences.engine_python = path
        refused(f"{said}; press Set Up Engine", "run", tool="checker")


@pytest.mark.any_blender
@POSIX_ONLY
@pytest.mark.parametrize(("says", "message"), cases("unfit"))
def test_unsuitable_pythons_are_named(preferences, tmp_path, says, message):
    preferences.engine_python = stand_in(tmp_path, says) if says else str(tmp_path)
    refused(message, "check_engine")


@pytest.mark.any_blender
@pytest.mark.parametrize(("packages", "said"), cases("bare"))
def test_a_python_without_torch_or_this_impasto_is_named_with_what_to_run(preferences, tmp_path, packages, said):
    preferences.engine_python = str(bare_python(tmp_path, packages))
    refused(said, "check_engine")


def bare_python(folder: Path, packages: tuple[str, ...], version: str = "0.0.1") -> Path:
    """A real Python with nothing but the metadata of these packages."""
    subprocess.run([sys.executable, "-P", "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / ("venv/Scripts/python.exe" if os.name == "nt" else "venv/bin/python")
    ask = [python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
    for name in packages:
        about = site / f"{name}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return python


def test_unknown_tools_refresh_the_description(extension, scene):
    """The bundled description has the first-party tools only; the engine has more."""
    catalogue = extension.engine.catalogue.catalogue
    (extension.engine.engine.user_folder() / "description.json").unlink(missing_ok=True)
    catalogue.load()
    extension.parameters.properties.refresh()
    assert "checker" not in catalogue
    assert bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, estimator="none") == {"FINISHED"}
    assert "checker" in catalogue
    assert bpy.ops.impasto.check_engine() == {"FINISHED"}
    catalogue.load()
    assert "checker" in catalogue, "what the engine said is kept for the next session"


def test_offline_the_button_says_so_and_nothing_is_started(extension, preferences):
    assert not bpy.app.online_access
    engines = extension.engine.engine.user_folder() / "engine"
    before = set(engines.glob("engine-*"))
    refused(r"offline.*Allow Online Access", "set_up_engine")
    assert set(engines.glob("engine-*")) == before


@pytest.mark.slow
@pytest.mark.any_blender
@pytest.mark.usefixtures("plane")
def test_nothing_in_the_current_folder_is_run(extension, tmp_path, monkeypatch):
    """The check of the engine, the worker, the command, and Blender in the background."""
    marker = set_traps(tmp_path)
    monkeypatch.chdir(tmp_path)
    extension.engine.engine.forget_checks()
    extension.jobs.session.jobs.close()
    assert bpy.ops.impasto.check_engine() == {"FINISHED"}
    assert bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, estimator="none") == {"FINISHED"}
    assert extension.command_line.run(["tools"]) == 0
    assert bpy.ops.impasto.bake(width_px=16, height_px=16, samples=1) == {"FINISHED"}
    assert extension.setup.pip.find_python() != str(tmp_path / "python3")
    assert not marker.exists(), marker.read_text()


def test_pythons_in_the_current_folder_are_ignored(extension, tmp_path, monkeypatch):
    for name in ("python3", "python3.11"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {tmp_path / 'was-run.txt'}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{tmp_path}:")
    assert extension.setup.pip.find_python() is None
    assert not (tmp_path / "was-run.txt").exists()
