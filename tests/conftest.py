"""Markers of tests for which one environment is enough; all others run in every environment that tests their folder."""

from __future__ import annotations

import pytest

MARKERS = {
    "any_numpy": "runs NumPy code that unmarked tests run too: left out under the older NumPy",
    "any_blender": "meets no part of Blender that differs between versions: left out in the older Blenders",
}


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
