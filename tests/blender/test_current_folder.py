"""Blender may be started in any folder: what lies there is not run by what Impasto starts."""

import bpy
import pytest

from traps import set_traps


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
