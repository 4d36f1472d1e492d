"""The user's folders: chosen by a variable, or by the conventions of the platform."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from impasto.system.folders import user_folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for variable in ("IMPASTO_MODELS", "IMPASTO_CACHE", "XDG_DATA_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("platform", "models", "cache"),
    [
        ("linux", ".local/share/impasto/models", ".cache/impasto"),
        ("darwin", "Library/Application Support/impasto/models", "Library/Caches/impasto"),
        ("win32", "AppData/Local/impasto/models", "AppData/Local/impasto"),
    ],
)
def test_each_platform_has_its_folders(platform, models, cache, home, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    assert user_folder("models") == home / models
    assert user_folder("cache") == home / cache


def test_a_variable_chooses_and_an_empty_one_does_not(home, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "")
    assert user_folder("models") == home / ".local/share/impasto/models"
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    assert user_folder("models") == home / "data/impasto/models"
    monkeypatch.setenv("IMPASTO_MODELS", str(home / "mine"))
    assert user_folder("models") == home / "mine"
