"""Means by which the plugins' tests stay quick: parameters, and values left out under the older NumPy."""

import pytest

QUICK: dict[str, dict[str, int | str]] = {
    "patch-synthesis": {"quality": "quick"},
    "patches-style": {"quality": "quick"},
    "gatys": {"iterations": 12},
    "neighbours": {"steps": 12},
    "cnn-texture": {"iterations": 4},
}
"""Parameters that make the slow tools as quick as can be, for tests of what does not depend on how long they run."""


def repeated(*values: object) -> list[object]:
    """Values of a parameter with which a test runs no NumPy code that it does not run with its other values."""
    return [pytest.param(value, marks=pytest.mark.any_numpy) for value in values]
