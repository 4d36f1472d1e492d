"""The user's folders: chosen by a variable, or by the conventions of the platform."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows

from impasto.system.folders import user_folder
from impasto.system.libraries import FOLDERS, OPT_OUTS, confine_libraries


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    known = {"CSIDL_LOCAL_APPDATA": str(tmp_path / "AppData" / "Local")}
    monkeypatch.setattr("platformdirs.windows.get_win_folder", known.__getitem__)
    for variable in ("IMPASTO_MODELS", "IMPASTO_CACHE", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("platform", "models", "cache"),
    [
        (Unix, ".local/share/impasto/models", ".cache/impasto"),
        (MacOS, "Library/Application Support/impasto/models", "Library/Caches/impasto"),
        (Windows, "AppData/Local/impasto/models", "AppData/Local/impasto"),
    ],
)
def test_each_platform_has_its_folders(platform, models, cache, home, monkeypatch):
    monkeypatch.setattr(platformdirs, "PlatformDirs", platform)
    assert user_folder("models") == home / models
    assert user_folder("cache") == home / cache


def test_a_variable_chooses_and_an_empty_one_does_not(home, monkeypatch):
    monkeypatch.setattr(platformdirs, "PlatformDirs", Unix)
    monkeypatch.setenv("XDG_DATA_HOME", "")
    assert user_folder("models") == home / ".local/share/impasto/models"
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    assert user_folder("models") == home / "data/impasto/models"
    monkeypatch.setenv("IMPASTO_MODELS", str(home / "mine"))
    assert user_folder("models") == home / "mine"


@pytest.fixture
def unset(monkeypatch, tmp_path):
    """An environment in which no library is told anything, and the cache is a folder of this test's own."""
    for name in (*OPT_OUTS, *FOLDERS):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("unset")
def test_libraries_send_nothing_and_write_into_our_cache_unless_the_user_chose_another(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "own"))
    confine_libraries()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    assert os.environ["KERAS_HOME"] == str(tmp_path / "own")
    assert Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]).is_relative_to(tmp_path / "cache")


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("below", ["file", "x" * 5000])
def test_libraries_keep_their_folders_where_ours_cannot_be_made(below, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / below / "cache"))
    confine_libraries()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    assert not any(os.environ[name] for name in FOLDERS)
