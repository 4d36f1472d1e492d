"""Markers of tests that do not run in every session of their folder."""

from __future__ import annotations

import pytest

MARKERS = {
    "any_numpy": "runs NumPy code that unmarked tests run too: left out under the older NumPy",
    "farm": "starts clusters, servers or Blenders and mostly waits for them: run in a session beside the others",
    "any_blender": "meets no part of Blender that differs between versions: left out in the older Blenders",
}


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
