"""The choice of an engine, errors about one that cannot work, and the button that makes one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import bpy
import pytest
from conftest import MODULE

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


def test_without_an_engine_the_remedy_is_named(preferences):
    with pytest.raises(RuntimeError, match="Impasto has no engine yet; press Set Up Engine"):
        bpy.ops.impasto.run(tool="checker")


@pytest.mark.any_blender
def test_a_python_that_does_not_exist_is_named(preferences):
    preferences.engine_python = "/nowhere/python3"
    with pytest.raises(RuntimeError, match="/nowhere/python3 does not exist; press Set Up Engine"):
        bpy.ops.impasto.run(tool="checker")


@pytest.mark.any_blender
@POSIX_ONLY
def test_a_python_that_is_too_old_is_named(preferences, tmp_path):
    preferences.engine_python = stand_in(tmp_path, """echo '{"version": [3, 9], "packages": {}}'""")
    with pytest.raises(RuntimeError, match=r"is Python 3\.9, which is too old; choose 3\.11 or newer"):
        bpy.ops.impasto.check_engine()


@pytest.mark.any_blender
@POSIX_ONLY
def test_a_program_that_is_no_python_is_named(preferences, tmp_path):
    preferences.engine_python = stand_in(tmp_path, "echo I am no Python >&2; exit 3")
    with pytest.raises(RuntimeError, match="is not a working Python: I am no Python"):
        bpy.ops.impasto.check_engine()


@pytest.mark.any_blender
def test_a_folder_is_no_python(preferences, tmp_path):
    preferences.engine_python = str(tmp_path)
    with pytest.raises(RuntimeError, match="cannot be started"):
        bpy.ops.impasto.check_engine()


@pytest.mark.any_blender
@pytest.mark.parametrize(("packages", "missing"), [((), "torch"), (("torch",), "impasto")])
def test_a_python_without_torch_or_impasto_is_named_with_what_to_run(preferences, tmp_path, packages, missing):
    python = bare_python(tmp_path, packages)
    preferences.engine_python = str(python)
    with pytest.raises(RuntimeError, match=rf"has no {missing}; .*-m pip install .*impasto-.*\.whl"):
        bpy.ops.impasto.check_engine()


@pytest.mark.any_blender
def test_another_version_of_impasto_is_named(preferences, tmp_path):
    preferences.engine_python = str(bare_python(tmp_path, ("torch", "impasto")))
    with pytest.raises(RuntimeError, match=r"has impasto 0\.0\.1, this extension needs"):
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


@pytest.mark.any_blender
def test_a_working_engine_is_said_to_work(scene):
    assert bpy.ops.impasto.check_engine() == {"FINISHED"}


def test_a_tool_that_is_not_known_yet_is_asked_for(extension, scene):
    """The shipped description has the first-party tools only; the engine has more."""
    catalogue = extension.engine.catalogue.catalogue
    (extension.engine.engine.user_folder() / "description.json").unlink(missing_ok=True)
    catalogue.load()
    extension.parameters.properties.refresh()
    assert "checker" not in catalogue
    assert bpy.ops.impasto.run(tool="checker", width_px=8, height_px=8, estimator="none") == {"FINISHED"}
    assert "checker" in catalogue
    catalogue.load()
    assert "checker" in catalogue, "what the engine said is kept for the next session"


def test_offline_the_button_says_so_and_nothing_is_started(extension, preferences):
    assert not bpy.app.online_access
    with pytest.raises(RuntimeError, match=r"offline.*Allow Online Access"):
        bpy.ops.impasto.set_up_engine()
    assert not list((extension.engine.engine.user_folder() / "engine").glob("engine-*"))
