"""The choice of an engine, errors about one that cannot work, and the button that makes one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import bpy
import pytest
from conftest import MODULE

from traps import set_traps

POSIX_ONLY = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


@pytest.fixture
def preferences(scene, monkeypatch):
    """Impasto's preferences, with no engine from the environment."""
    monkeypatch.delenv("IMPASTO_ENGINE")
    chosen = bpy.context.preferences.addons[MODULE].preferences
    yield chosen
    chosen.property_unset("engine_python")
    chosen.property_unset("engine_address")


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
        with pytest.raises(RuntimeError, match=f"{said}; press Set Up Engine"):
            bpy.ops.impasto.run(tool="checker")


@pytest.mark.any_blender
@POSIX_ONLY
@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("""echo '{"version": [3, 9], "packages": {}}'""", r"is Python 3\.9, which is too old; choose 3\.11 or newer"),
        ("echo I am no Python >&2; exit 3", "is not a working Python: I am no Python"),
        ("", "cannot be started"),
    ],
    ids=["too old", "no Python", "a folder"],
)
def test_a_program_that_is_no_fit_python_is_named(preferences, tmp_path, says, message):
    preferences.engine_python = stand_in(tmp_path, says) if says else str(tmp_path)
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.impasto.check_engine()


@pytest.mark.any_blender
@pytest.mark.parametrize(
    ("packages", "said"),
    [
        ((), r"has no torch; .*-m pip install .*impasto-.*\.whl"),
        (("torch",), r"has no impasto; .*-m pip install .*impasto-.*\.whl"),
        (("torch", "impasto"), r"has impasto 0\.0\.1, this extension needs"),
    ],
)
def test_a_python_without_torch_or_this_impasto_is_named_with_what_to_run(preferences, tmp_path, packages, said):
    preferences.engine_python = str(bare_python(tmp_path, packages))
    with pytest.raises(RuntimeError, match=said):
        bpy.ops.impasto.check_engine()


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


def test_a_tool_that_is_not_known_yet_is_asked_for(extension, scene):
    """The shipped description has the first-party tools only; the engine has more."""
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
    with pytest.raises(RuntimeError, match=r"offline.*Allow Online Access"):
        bpy.ops.impasto.set_up_engine()
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


def test_a_python_in_the_current_folder_is_not_taken_for_the_users(extension, tmp_path, monkeypatch):
    for name in ("python3", "python3.11"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {tmp_path / 'was-run.txt'}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{tmp_path}:")
    assert extension.setup.pip.find_python() is None
    assert not (tmp_path / "was-run.txt").exists()
