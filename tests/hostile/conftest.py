"""The option --hostile, and the warm process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from hostile.warm import Warm


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hostile", action="store_true", help="also the hostile files that are slow to make or to read")


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """The process that reads hostile files, with libraries of its own."""
    folder = tmp_path_factory.mktemp("warm")
    own = {f"IMPASTO_{kind.upper()}": str(folder / kind) for kind in ("models", "weights", "cache")}
    made = Warm(folder, {**os.environ, "OMP_NUM_THREADS": "1", **own})
    yield made
    made.stop()
