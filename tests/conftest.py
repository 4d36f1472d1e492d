"""Markers and options of all tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import choosing
import sharing

MARKERS = {
    "slow": "takes more than a CPU second: only in `build.py test --all`, or named by :: or -k",
    "essential": "takes more than a CPU second, and protects so much that it always runs",
    "register(parameter, cases=12)": "holds for each entry of a register: so many run by default, chosen by --seed",
    "any_numpy": "runs NumPy code that unmarked tests run too: left out under the older NumPy",
    "any_blender": "meets no part of Blender that differs between versions: left out in the older Blenders",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="also slow tests, and every case of every register")
    parser.addoption("--seed", type=int, default=1, metavar="N", help="which cases of each register run (default: 1)")
    parser.addoption("--share", metavar="FOLDER", help="run only files that no other process with this folder claimed")
    parser.addoption("--order", metavar="FILE", help="JSON list of the files, the first to claim first")
    parser.addoption("--seconds", metavar="FILE", help="write the wall and CPU seconds of each test into this file")


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    config.pluginmanager.register(choosing)
    sharing.pytest_configure(config)
